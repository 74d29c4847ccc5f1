//! Units of a file that are kept together: what each is made into, and how it ended.

use std::collections::BTreeMap;

use clinical::MessageId;
use formats::fhir::read::Raw;
use mapping::extract::{About, Bound};

use super::super::cut::{At, Content, Unit};
use super::super::report::{Refused, Report};
use super::{Outcome, Piece, What};

/// A unit as it is made into what is to be kept.
pub(super) struct Made {
    row: u64,
    line: u64,
    after: At,
    what: Result<Vec<What>, Vec<Refused>>,
    /// Which answer to what was sent it is, where it is one.
    answer: Option<String>,
    /// The name of its row, where that counts, and how many such rows there are by then.
    pub(super) equal: Option<(MessageId, u32)>,
}

impl Made {
    pub(super) fn of(
        unit: Unit,
        bound: Option<&Bound>,
        about: &About<'_>,
        equal: Option<(MessageId, u32)>,
    ) -> Self {
        Self {
            row: unit.after.number,
            line: unit.line,
            after: unit.after,
            answer: match &unit.content {
                Content::Acknowledgement(answer) => Some(answer.clone()),
                _ => None,
            },
            what: made(unit, bound, about),
            equal,
        }
    }
}

/// Units that are kept together.
#[derive(Default)]
pub(super) struct Batch {
    /// Each unit's pieces, or why it is refused.
    pub(super) units: Vec<Result<usize, Vec<Refused>>>,
    /// The row and line of each unit.
    places: Vec<(u64, u64)>,
    pub(super) pieces: Vec<Piece>,
    pub(super) bytes: usize,
    pub(super) after: Option<At>,
    /// The answers to what was sent.
    answers: Vec<String>,
    /// What each resource in it says, by the hash of its name.
    said: BTreeMap<[u8; 32], [u8; 32]>,
    has_bundle: bool,
}

impl Batch {
    /// Tells whether a unit may be kept with those that are here.
    ///
    /// What a crash lets be kept again is known by what its resources say: a batch therefore has only one version of each, and
    /// a bundle, in which anything may be, is kept by itself.
    pub(super) fn has_room_for(&self, made: &Made) -> bool {
        let resources = made.what.iter().flatten().filter_map(resource);
        let mut named = resources.map(Named::of);
        self.units.is_empty()
            || (!self.has_bundle
                && named.all(|named| match named {
                    Named::Bundle => false,
                    Named::As(name, content) => {
                        self.said.get(&name).is_none_or(|said| *said == content)
                    }
                    Named::No => true,
                }))
    }

    /// Takes in what a unit is made into.
    pub(super) fn take(&mut self, made: Made, is_history: bool) {
        self.after = Some(made.after);
        self.answers.extend(made.answer);
        self.places.push((made.row, made.line));
        let row = made.row;
        self.units.push(made.what.map(|what| {
            let count = what.len();
            for what in what {
                match resource(&what).map(Named::of) {
                    Some(Named::Bundle) => self.has_bundle = true,
                    Some(Named::As(name, content)) => drop(self.said.insert(name, content)),
                    Some(Named::No) | None => {}
                }
                self.bytes += what.bytes().len();
                self.pieces.push(Piece {
                    row,
                    is_history,
                    what,
                });
            }
            count
        }));
    }

    /// Counts how each unit ended.
    pub(super) fn settle(self, outcomes: Vec<Outcome>, report: &mut Report) {
        let mut outcomes = outcomes.into_iter();
        for answer in self.answers {
            *report.acknowledgements.entry(answer).or_default() += 1;
        }
        for (unit, (row, line)) in self.units.into_iter().zip(self.places) {
            report.rows += 1;
            let made = match unit {
                Ok(made) => made,
                Err(reasons) => {
                    report.refuse(reasons);
                    continue;
                }
            };
            let mut reasons = Vec::new();
            let mut accepted = 0;
            for outcome in outcomes.by_ref().take(made) {
                match outcome {
                    Outcome::Accepted => accepted += 1,
                    Outcome::Known => {}
                    Outcome::Several(records, left_out) => {
                        accepted += records;
                        for kind in left_out {
                            *report.left_out.entry(kind.to_owned()).or_default() += 1;
                        }
                    }
                    Outcome::Refused(code, hint) => reasons.push(Refused {
                        row,
                        line,
                        lines: None,
                        code,
                        column: None,
                        hint,
                    }),
                }
            }
            report.records += accepted;
            if !reasons.is_empty() {
                report.refuse(reasons);
            } else if accepted > 0 {
                report.accepted += 1;
            } else if made > 0 {
                report.already_known += 1;
            } else {
                report.made_nothing += 1;
            }
        }
    }
}

/// How a resource is known.
enum Named {
    /// By the hash of its type and id, with that of what it says.
    As([u8; 32], [u8; 32]),
    Bundle,
    No,
}

impl Named {
    fn of(bytes: &[u8]) -> Self {
        let read = Raw::read(bytes).ok();
        let text = |name: &str| read?.get(name).ok().flatten()?.text().ok();
        match (text("resourceType"), text("id")) {
            (Some(kind), _) if kind == "Bundle" => Self::Bundle,
            (Some(kind), Some(id)) => {
                let name = blake3::hash(format!("{kind}/{id}").as_bytes());
                Self::As(name.into(), blake3::hash(bytes).into())
            }
            _ => Self::No,
        }
    }
}

fn resource(what: &What) -> Option<&[u8]> {
    match what {
        What::Resource(bytes) => Some(bytes),
        What::Message(_) | What::X12(_) => None,
    }
}

/// What a unit is made into, or why it is refused.
pub(in crate::intake::files) fn made(
    unit: Unit,
    bound: Option<&Bound>,
    about: &About<'_>,
) -> Result<Vec<What>, Vec<Refused>> {
    let (row, line) = (unit.after.number, unit.line);
    let lines = unit.after.next_line.saturating_sub(line);
    let refused = |code: &str, column: Option<&str>, hint: &str| Refused {
        row,
        line,
        lines: (lines > 1).then_some(lines),
        code: code.into(),
        column: column.map(Into::into),
        hint: hint.into(),
    };
    match unit.content {
        Content::Message(bytes) => Ok(vec![What::Message(bytes)]),
        Content::Resource(bytes) => Ok(vec![What::Resource(bytes)]),
        Content::X12(bytes) => Ok(vec![What::X12(bytes)]),
        Content::Acknowledgement(_) => Ok(Vec::new()),
        Content::Bad(code, hint) => Err(vec![refused(code, None, &hint)]),
        Content::Row(fields) => {
            let made = bound.map(|bound| bound.row(fields.iter().map(Vec::as_slice), about));
            match made {
                None => Ok(Vec::new()),
                Some(Ok(made)) => Ok(made
                    .into_iter()
                    .map(|one| What::Resource(one.json))
                    .collect()),
                Some(Err(reasons)) => {
                    let reasons = reasons.iter();
                    Err(reasons
                        .map(|why| refused(why.code, why.column.as_deref(), why.hint))
                        .collect())
                }
            }
        }
    }
}
