//! What became of a file: the counts, the reasons, and the rows that were refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cut::Kind;

/// The most refused rows that a report names; all of them are counted.
pub(crate) const REFUSALS_MAX: usize = 1000;

/// What became of a file. Each of its rows ends in exactly one of the counts, and nothing that stands in one is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Report {
    pub(crate) file: String,
    pub(crate) source: String,
    pub(crate) kind: Option<Kind>,
    pub(crate) bytes: u64,
    pub(crate) blake3: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    pub(crate) backfill: bool,
    pub(crate) began: String,
    pub(crate) ended: String,
    /// Whether a manifest was there and agrees.
    pub(crate) manifest: Verdict,
    /// Rows, messages, lines or transaction sets that were read; a header is none.
    pub(crate) rows: u64,
    /// Those that something new was kept of.
    pub(crate) accepted: u64,
    /// Those all of which was known already.
    pub(crate) already_known: u64,
    /// Those that the mapping makes nothing of.
    pub(crate) made_nothing: u64,
    pub(crate) refused: u64,
    /// The records that were kept of all of them.
    pub(crate) records: u64,
    /// The refused ones by the name of the reason.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// The entries of bundles that are not kept by themselves, by type; of those that were accepted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) left_out: BTreeMap<String, u64>,
    /// The answers to what was sent to its sender, by what they say, such as `999 A`: of those that made nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) acknowledgements: BTreeMap<String, u64>,
    /// The first of the refused ones.
    pub(crate) refusals: Vec<Refused>,
    /// What does not add up in the file's own trailers.
    pub(crate) doubts: Vec<String>,
    /// Why the file failed as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<Failed>,
    /// When a file of the same content was read; then nothing of this one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read_before: Option<String>,
}

/// What a manifest said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    #[default]
    None,
    Agrees,
    Differs,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// Counted from 1, a header left out.
    pub(crate) row: u64,
    /// The line that it begins on.
    pub(crate) line: u64,
    /// How many lines it goes over, where that is more than one: after a quote that is not closed they are other rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lines: Option<u64>,
    /// The name of the reason.
    pub(crate) code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
    /// What to do.
    pub(crate) hint: String,
}

/// Why a file failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    /// The name of the reason.
    pub(crate) code: String,
    pub(crate) detail: String,
}

impl Report {
    /// Takes in a row that was refused, for one reason or several; it counts under the first.
    pub(super) fn refuse(&mut self, reasons: Vec<Refused>) {
        self.refused += 1;
        if let Some(first) = reasons.first() {
            *self.reasons.entry(first.code.clone()).or_default() += 1;
        }
        let room = REFUSALS_MAX.saturating_sub(self.refusals.len());
        self.refusals.extend(reasons.into_iter().take(room));
    }

    /// Adds the counts of another file.
    pub(super) fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.rows += other.rows;
        self.accepted += other.accepted;
        self.already_known += other.already_known;
        self.made_nothing += other.made_nothing;
        self.refused += other.refused;
        self.records += other.records;
        for (own, others) in [
            (&mut self.reasons, &other.reasons),
            (&mut self.left_out, &other.left_out),
            (&mut self.acknowledgements, &other.acknowledgements),
        ] {
            for (name, count) in others {
                *own.entry(name.clone()).or_default() += count;
            }
        }
    }

    /// Tells whether each row ended in one of the counts.
    pub(crate) const fn adds_up(&self) -> bool {
        self.rows == self.accepted + self.already_known + self.made_nothing + self.refused
    }

    pub(super) fn fail(&mut self, code: &str, detail: impl Into<String>) {
        self.failed = Some(Failed {
            code: code.into(),
            detail: detail.into(),
        });
    }

    /// Says in the log how a file ended; its name may be a person's, so its hash stands for it.
    pub(super) fn log(&self, files: &str) {
        let file = self.blake3.get(..12).unwrap_or_default();
        let (rows, accepted, known) = (self.rows, self.accepted, self.already_known);
        let refused = self.refused;
        for (answer, count) in &self.acknowledgements {
            tracing::info!(
                files,
                file,
                answer,
                count,
                "answers to what was sent were read"
            );
        }
        match &self.failed {
            None => {
                tracing::info!(
                    files,
                    file,
                    rows,
                    accepted,
                    known,
                    refused,
                    "a file was read"
                );
            }
            Some(failed) => {
                let reason = failed.code.as_str();
                tracing::error!(
                    files,
                    file,
                    reason,
                    rows,
                    accepted,
                    known,
                    refused,
                    "a file failed: its report says why"
                );
            }
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("words and numbers always make JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_rows_are_counted_beyond_those_that_are_named() {
        let refused = |row| Refused {
            row,
            line: row,
            lines: None,
            code: "id-missing".into(),
            column: None,
            hint: String::new(),
        };
        let limit = u64::try_from(REFUSALS_MAX).unwrap();
        for (rows, named) in [(limit - 1, limit - 1), (limit, limit), (limit + 1, limit)] {
            let mut report = Report::default();
            for row in 1..=rows {
                report.rows += 1;
                report.refuse(vec![refused(row)]);
            }
            assert!(report.adds_up());
            assert_eq!(report.reasons["id-missing"], rows);
            assert_eq!(report.refusals.len() as u64, named);
        }
    }

    #[test]
    fn a_report_is_read_back() {
        let mut report = Report::default();
        report.fail("empty-file", "there is nothing in it");
        let read: Report = serde_json::from_slice(&report.to_json()).unwrap();
        assert_eq!(read, report);
    }
}
