//! Every reason for which a record is set aside: a code that never changes, and what to do about it.

use std::sync::OnceLock;

use serde::Serialize;

/// One line a reason, tab-separated, under a line with the names of the columns.
const TABLE: &str = include_str!("reasons.tsv");

/// Why a record was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ReasonCode {
    /// The code that stands on the record.
    pub(crate) code: &'static str,
    /// Which stations set records aside for it.
    pub(crate) stages: Vec<&'static str>,
    pub(crate) severity: &'static str,
    /// Where the cause lies.
    pub(crate) cause: Cause,
    /// Whether sending it through again can help.
    pub(crate) redrive: Redrive,
    /// What it means, in words.
    pub(crate) what: &'static str,
    /// What to do, in one sentence.
    pub(crate) advice: &'static str,
}

/// Where the cause of a reason lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cause {
    /// In this one message.
    Message,
    /// In how the site is set up.
    Site,
    /// In the program, or in what else writes to its topics.
    Program,
}

/// Whether sending a record through again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Redrive {
    /// As it is, once the cause is mended.
    Yes,
    /// Only a corrected copy.
    Edited,
    /// Never: its sender was told that it was not taken, or there is nothing to send.
    No,
}

impl ReasonCode {
    /// Reads a code; nothing where this version does not know it.
    pub(crate) fn parse(code: &str) -> Option<&'static Self> {
        all().iter().find(|known| known.code == code)
    }
}

/// Whether a code speaks of more than the one message: what comes next will fail as well.
pub(crate) fn is_systemic(code: &str) -> bool {
    ReasonCode::parse(code).is_some_and(|known| known.cause != Cause::Message)
}

/// All of them.
pub(crate) fn all() -> &'static [ReasonCode] {
    static ALL: OnceLock<Vec<ReasonCode>> = OnceLock::new();
    ALL.get_or_init(|| TABLE.lines().skip(1).filter_map(read).collect())
}

/// What to do about a code, known or not.
pub(crate) fn advice(code: &str) -> &'static str {
    ReasonCode::parse(code).map_or(
        "Look at the record and its detail, correct it at the source, and have it sent again.",
        |known| known.advice,
    )
}

fn read(line: &'static str) -> Option<ReasonCode> {
    let mut cells = line.split('\t');
    Some(ReasonCode {
        code: cells.next()?,
        stages: cells.next()?.split(", ").collect(),
        severity: cells.next()?,
        cause: match cells.next()? {
            "message" => Cause::Message,
            "site" => Cause::Site,
            "program" => Cause::Program,
            _ => return None,
        },
        redrive: match cells.next()? {
            "yes" => Redrive::Yes,
            "edited" => Redrive::Edited,
            "no" => Redrive::No,
            _ => return None,
        },
        what: cells.next()?,
        advice: cells.next()?,
    })
}

#[cfg(test)]
mod tests;
