//! Where we differ from others on purpose: each difference once, with its reason.

use std::cell::Cell;

use super::comparison::{Element, Ours};
use crate::step::{Failed, root};

const TABLE: &str = "xtask/data/conformance/differences.tsv";
/// Why the same instant with another offset is no disagreement.
const OFFSET: &str = "the same instant: an offset is kept as the sender wrote it";

/// The table of deliberate differences.
pub(super) struct Differences(Vec<Row>);

/// Why an element that is expected is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It says what the other converter is and when it ran, and nothing of the message.
    Theirs(String),
    /// We say it otherwise on purpose.
    Otherwise(String),
}

struct Row {
    corpus: String,
    path: String,
    expected: String,
    ours: String,
    beside: String,
    reason: Reason,
    is_used: Cell<bool>,
}

impl Differences {
    /// Reads the table.
    pub(super) fn load() -> Result<Self, Failed> {
        let text = std::fs::read_to_string(root().join(TABLE))
            .map_err(|error| Failed(format!("{TABLE}: {error}")))?;
        Self::parse(&text).map_err(Failed)
    }

    /// Reads rows below a row of names; in patterns, `*` stands for any text and `|` parts alternatives, and `{}` in
    /// ours for what is expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let rows = text.lines().enumerate().skip(1);
        let rows = rows.map(|(number, line)| row(line).ok_or_else(|| {
            let line = number + 1;
            format!("{TABLE}:{line}: write corpus, kind (theirs or otherwise), path, expected, ours, beside and a reason, with tabs between")
        }));
        rows.collect::<Result<_, _>>().map(Self)
    }

    /// Gives the reason why an element differs on purpose, if it does.
    pub(super) fn reason(&self, corpus: &str, element: &Element) -> Option<Reason> {
        match &element.ours {
            Ours::Same => return None,
            Ours::SameInstant(_) => return Some(Reason::Otherwise(OFFSET.to_owned())),
            Ours::Other(_) | Ours::Missing | Ours::NoResource => {}
        }
        let path = element.full_path();
        let words = element.expected.trim_matches('"');
        let row = self.0.iter().find(|row| {
            matches(&row.corpus, corpus)
                && (matches(&row.path, &element.path) || matches(&row.path, &path))
                && matches(&row.expected, &element.expected)
                && matches(&row.ours.replace("{}", words), element.ours.text())
                && element
                    .beside
                    .lines()
                    .any(|value| matches(&row.beside, value))
        });
        row.map(|row| {
            row.is_used.set(true);
            row.reason.clone()
        })
    }

    /// Tells the rows that met nothing so far; they may be deleted, or say something that does not happen.
    pub(super) fn unused(&self) -> Vec<String> {
        let rows = (2..).zip(&self.0).filter(|(_, row)| !row.is_used.get());
        let told = rows.map(|(line, row)| format!("{TABLE}:{line}: {} meets nothing", row.path));
        told.collect()
    }
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [corpus, kind, path, expected, ours, beside, reason] = cells[..] else {
        return None;
    };
    let reason = reason.to_owned();
    Some(Row {
        corpus: corpus.to_owned(),
        path: path.to_owned(),
        expected: expected.to_owned(),
        ours: ours.to_owned(),
        beside: beside.to_owned(),
        reason: match kind {
            _ if reason.is_empty() => return None,
            "theirs" => Reason::Theirs(reason),
            "otherwise" => Reason::Otherwise(reason),
            _ => return None,
        },
        is_used: Cell::new(false),
    })
}

/// Says whether a text is what a pattern allows: `*` stands for any text, `|` parts alternatives.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|pattern| is_glob_of(pattern, text))
}

fn is_glob_of(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = text.split_once(piece).filter(|_| !piece.is_empty()) else {
            if piece.is_empty() {
                continue;
            }
            return false;
        };
        text = after;
    }
    text.ends_with(last)
}
