//! What of a message was mapped, what was left out on purpose, and what was lost: nothing is lost silently.

use formats::fhir::definition::Definition;
use formats::fhir::json;
use formats::hl7v2::{Message, Segment};

use crate::explain::paths;
use crate::issue::Issue;
use crate::map::link::Made;
use crate::map::piece::Piece;
use crate::tables::{Ignored, RowInfo, TABLES};

/// A piece of a message that was mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The row of the segment's table.
    pub(crate) outer: u32,
    /// The row of the data type's table, or the same.
    pub(crate) row: u32,
    /// Which of the resources that the message makes was being written.
    pub(crate) made: usize,
}

/// What of a message was mapped; [`Coverage::report`] sets it against the whole message.
#[derive(Debug, Default)]
pub struct Coverage {
    pub(crate) marks: Vec<Mark>,
    issues: Vec<Issue>,
    /// The resources that the message makes, in the order that marks count.
    pub(crate) made: Vec<Made>,
}

/// What became of each populated piece of a message, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One line for each piece that has no parts of its own.
    pub lines: Vec<Line>,
}

/// What became of one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it is, such as `PID[1]-3[2].4.1`.
    pub path: String,
    /// Its decoded text, which may identify a person; nothing of what separates.
    pub text: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in a resource.
    Mapped {
        /// The element, such as `Patient.identifier.value`.
        element: String,
        /// The row of the guide's table, or the key of our decision.
        guide: &'static str,
        /// The table's file and line.
        table: String,
    },
    /// It was left out on purpose.
    Ignored {
        /// Why.
        reason: &'static str,
    },
    /// It was left out and no table says why, or a table says that it is to be mapped yet.
    Unmapped {
        /// What a table says of it.
        reason: Option<&'static str>,
    },
}

impl Coverage {
    pub(crate) const fn new(marks: Vec<Mark>, issues: Vec<Issue>, made: Vec<Made>) -> Self {
        Self {
            marks,
            issues,
            made,
        }
    }

    /// Says what became of each populated piece.
    pub fn report(&self, message: &Message<'_>) -> Report {
        let mut report = Report::default();
        let mut counts: Vec<(&[u8], usize)> = Vec::new();
        for segment in message.segments() {
            let name = segment.name();
            let ordinal = match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    counts.push((name, 1));
                    1
                }
            };
            self.segment(&segment, ordinal, &mut report);
        }
        report
    }

    /// Counts the pieces that were lost without a reason, as the report would.
    pub fn unexplained(&self, message: &Message<'_>) -> usize {
        let mut count = 0;
        self.each_unmapped(message, |_, _, reason| {
            count += usize::from(reason.is_none());
        });
        count
    }

    /// Goes through the pieces that are in no resource and not left out on purpose, as the report would: the segment, the
    /// field's number, and what is known about it.
    pub fn each_unmapped(
        &self,
        message: &Message<'_>,
        mut each: impl FnMut(&str, usize, Option<&'static str>),
    ) {
        let mapped = Spans::of(&self.marks);
        for segment in message.segments() {
            let name = String::from_utf8_lossy(segment.name());
            let rows: Vec<&Ignored> = TABLES
                .ignored
                .iter()
                .filter(|row| row.speaks_of(&name))
                .collect();
            for (field, number) in segment.fields().zip(1..) {
                if field.is_empty() || (name == "MSH" && number <= 2) {
                    continue;
                }
                for repetition in field.repetitions() {
                    leaves(
                        Piece::Repetition(repetition),
                        None,
                        &mut |piece, component| {
                            let range = piece.position();
                            if mapped.cover(&range) {
                                return;
                            }
                            let rows = rows.iter().copied();
                            if let Outcome::Unmapped { reason } =
                                self.unmapped(rows, number, component, &range)
                            {
                                each(&name, number, reason);
                            }
                        },
                    );
                }
            }
        }
    }

    fn segment(&self, segment: &Segment<'_>, ordinal: usize, report: &mut Report) {
        let name = String::from_utf8_lossy(segment.name()).into_owned();
        for (index, field) in segment.fields().enumerate() {
            let number = index + 1;
            let is_separators = name == "MSH" && number <= 2;
            for (index, repetition) in field.repetitions().enumerate() {
                let mut path = format!("{name}[{ordinal}]-{number}");
                if index > 0 {
                    path.push_str(&format!("[{}]", index + 1));
                }
                if is_separators {
                    report.lines.push(Line {
                        path,
                        text: String::new(),
                        outcome: self.outcome(&name, number, None, 0..0),
                    });
                    break;
                }
                self.piece(
                    Piece::Repetition(repetition),
                    &path,
                    (&name, number, None),
                    report,
                );
            }
        }
    }

    fn piece(
        &self,
        piece: Piece<'_>,
        path: &str,
        (name, field, component): (&str, usize, Option<usize>),
        report: &mut Report,
    ) {
        if piece.is_blank() {
            return;
        }
        let parts = match piece {
            Piece::Subcomponent(_) => Vec::new(),
            _ => piece.parts(),
        };
        if parts.len() > 1 || (parts.len() == 1 && matches!(piece, Piece::Repetition(_))) {
            for (index, part) in parts.iter().enumerate() {
                let path = if parts.len() == 1 {
                    path.to_owned()
                } else {
                    format!("{path}.{}", index + 1)
                };
                self.piece(
                    *part,
                    &path,
                    (name, field, component.or(Some(index + 1))),
                    report,
                );
            }
            return;
        }
        report.lines.push(Line {
            path: path.to_owned(),
            text: piece.text().unwrap_or_default().into_owned(),
            outcome: self.outcome(name, field, component, piece.position()),
        });
    }

    fn outcome(
        &self,
        name: &str,
        field: usize,
        component: Option<usize>,
        range: std::ops::Range<usize>,
    ) -> Outcome {
        let covers = |mark: &&Mark| mark.start <= range.start && range.end <= mark.end;
        let tables = &*TABLES;
        let found = self.marks.iter().find(covers).filter(|_| !range.is_empty());
        if let Some(mark) = found
            && let Some(row) = tables.rows.get(mark.row as usize)
        {
            let outer = tables.rows.get(mark.outer as usize).unwrap_or(row);
            return Outcome::Mapped {
                element: paths::path(mark.outer, mark.row).unwrap_or_else(|| element(outer, row)),
                guide: row.guide,
                table: format!("{}:{}", row.file, row.line),
            };
        }
        let rows = tables.ignored.iter().filter(|row| row.speaks_of(name));
        self.unmapped(rows, field, component, &range)
    }

    /// Says what became of a piece that no mark is over, by the rows that speak of its segment.
    fn unmapped<'t>(
        &self,
        mut rows: impl Iterator<Item = &'t Ignored>,
        field: usize,
        component: Option<usize>,
        range: &std::ops::Range<usize>,
    ) -> Outcome {
        let doubted = |issue: &&Issue| range.contains(&issue.position);
        if let Some(issue) = self.issues.iter().find(doubted) {
            return Outcome::Unmapped {
                reason: Some(issue.code.hint()),
            };
        }
        match rows.find(|row| row.covers(field, component)) {
            Some(row) if !row.later => Outcome::Ignored { reason: row.reason },
            row => Outcome::Unmapped {
                reason: row.map(|row| row.reason),
            },
        }
    }
}

/// Goes through the populated pieces that have no parts of their own, each with its component.
fn leaves(
    piece: Piece<'_>,
    component: Option<usize>,
    each: &mut impl FnMut(Piece<'_>, Option<usize>),
) {
    if piece.is_blank() {
        return;
    }
    let parts = match piece {
        Piece::Subcomponent(_) => Vec::new(),
        Piece::Repetition(_) | Piece::Component(_) => piece.parts(),
    };
    if parts.len() > 1 || (parts.len() == 1 && matches!(piece, Piece::Repetition(_))) {
        for (part, number) in parts.into_iter().zip(1..) {
            leaves(part, component.or(Some(number)), each);
        }
    } else {
        each(piece, component);
    }
}

/// Where marks are, so that those over a place are found without going through all.
struct Spans {
    /// Each start, with the farthest end of what starts up to there.
    ends: Vec<(usize, usize)>,
}

impl Spans {
    fn of(marks: &[Mark]) -> Self {
        let mut ends: Vec<(usize, usize)> =
            marks.iter().map(|mark| (mark.start, mark.end)).collect();
        ends.sort_unstable();
        let mut farthest = 0;
        for (_, end) in &mut ends {
            farthest = farthest.max(*end);
            *end = farthest;
        }
        Self { ends }
    }

    fn cover(&self, range: &std::ops::Range<usize>) -> bool {
        let after = self
            .ends
            .partition_point(|(start, _)| *start <= range.start);
        let before = after.checked_sub(1).and_then(|place| self.ends.get(place));
        !range.is_empty() && before.is_some_and(|(_, end)| range.end <= *end)
    }
}

impl Ignored {
    fn speaks_of(&self, segment: &str) -> bool {
        self.segment == segment
            || (self.segment == "Z*" && segment.starts_with('Z'))
            || (self.segment == "*" && !TABLES.segments.contains(segment))
    }

    fn covers(&self, field: usize, component: Option<usize>) -> bool {
        self.field.is_none_or(|known| known == field)
            && self.component.is_none_or(|known| Some(known) == component)
    }
}

/// Names the element of a row that is in no resource's table; a row of a resource by that alone, whatever led to it.
pub(crate) fn element(outer: &RowInfo, row: &RowInfo) -> String {
    let is_resource = Definition::of(row.target).is_some_and(Definition::is_resource);
    let is_alone = std::ptr::eq(outer, row) || is_resource;
    let mut path = if is_alone { row.target } else { outer.target }.to_owned();
    for row in [outer, row].iter().skip(usize::from(is_alone)) {
        path.push('.');
        let mut depth = 0_u32;
        for c in row.element.trim_end_matches(".*").chars() {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ if depth == 0 => path.push(c),
                _ => {}
            }
        }
    }
    path
}

impl Report {
    /// Counts the pieces that were lost without a reason.
    pub fn unexplained(&self) -> usize {
        let lost = |line: &&Line| matches!(line.outcome, Outcome::Unmapped { reason: None });
        self.lines.iter().filter(lost).count()
    }

    /// Writes one JSON object a line.
    pub fn to_json_lines(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for line in &self.lines {
            out.extend(json::object(|object| {
                object.string("path", &line.path);
                match &line.outcome {
                    Outcome::Mapped {
                        element,
                        guide,
                        table,
                    } => {
                        object
                            .string("outcome", "mapped")
                            .string("element", element)
                            .string("guide", guide)
                            .string("table", table);
                    }
                    Outcome::Ignored { reason } => {
                        object.string("outcome", "ignored").string("reason", reason);
                    }
                    Outcome::Unmapped { reason } => {
                        object
                            .string("outcome", "unmapped")
                            .string("reason", reason.unwrap_or_default());
                    }
                }
            }));
            out.push(b'\n');
        }
        out
    }
}
