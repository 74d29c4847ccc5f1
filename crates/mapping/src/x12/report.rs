//! What of a transaction set was mapped, what was left out on purpose, and what was lost: nothing is lost silently.

use formats::fhir::json;
use formats::x12::{Element, Segment, Set};

use super::tables::ignored;

/// A piece that went into a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) target: &'static str,
}

/// What of a transaction set was mapped; [`Coverage::report`] sets it against the whole set.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// In the order of their starts.
    marks: Vec<Mark>,
    /// The farthest end of what starts up to each, and what that is.
    ends: Vec<(usize, &'static str)>,
}

/// What became of each populated piece of a set, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One line for each piece that has no parts of its own.
    pub lines: Vec<Line>,
}

/// What became of one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it is, such as `CLM[1]-5.1`.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in a resource, at this element.
    Mapped(&'static str),
    /// It was left out on purpose, for this reason.
    Ignored(&'static str),
    /// It was left out, and no table says why.
    Unmapped,
}

impl Coverage {
    pub(super) fn new(mut marks: Vec<Mark>) -> Self {
        marks.sort_unstable();
        let mut farthest = (0, "");
        let ends = marks.iter().map(|mark| {
            if mark.end > farthest.0 {
                farthest = (mark.end, mark.target);
            }
            farthest
        });
        let ends = ends.collect();
        Self { marks, ends }
    }

    /// Takes in that whole segments went into a resource.
    pub(super) fn with(mut self, segments: &[&Segment<'_>], target: &'static str) -> Self {
        let whole = |segment: &&Segment<'_>| Mark {
            start: segment.position(),
            end: segment.position() + segment.raw().len(),
            target,
        };
        self.marks.extend(segments.iter().map(whole));
        Self::new(self.marks)
    }

    /// Goes through the segments of which something is lost without a reason.
    pub(super) fn left<'f, 'b>(
        &self,
        set: &Set<'f, 'b>,
    ) -> impl Iterator<Item = &'f Segment<'b>> + use<'_, 'f, 'b> {
        set.segments().iter().filter(|segment| {
            let mut is_lost = false;
            self.segment(segment, 0, &mut |_, outcome| {
                is_lost |= outcome == Outcome::Unmapped;
            });
            is_lost
        })
    }

    /// Says what became of each populated piece of the set that it was made from.
    pub fn report(&self, set: &Set<'_, '_>) -> Report {
        let mut report = Report::default();
        self.each(set, |path, outcome| {
            let path = path();
            report.lines.push(Line { path, outcome });
        });
        report
    }

    /// Counts the pieces that were lost without a reason.
    pub fn unexplained(&self, set: &Set<'_, '_>) -> usize {
        let mut count = 0;
        self.each(set, |_, outcome| {
            count += usize::from(outcome == Outcome::Unmapped);
        });
        count
    }

    fn each(&self, set: &Set<'_, '_>, mut tell: impl FnMut(&dyn Fn() -> String, Outcome)) {
        let mut counts: Vec<(&[u8], usize)> = Vec::new();
        for segment in set.segments() {
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
            self.segment(segment, ordinal, &mut tell);
        }
    }

    fn segment(
        &self,
        segment: &Segment<'_>,
        ordinal: usize,
        tell: &mut impl FnMut(&dyn Fn() -> String, Outcome),
    ) {
        let name = String::from_utf8_lossy(segment.name());
        let qualifier = segment.element(1).text();
        for (element, number) in segment.elements().zip(1_usize..) {
            for (repetition, turn) in element.repetitions().zip(1_usize..) {
                let parts = repetition.components().count();
                for (part, place) in repetition.components().zip(1_usize..) {
                    if part.is_empty() {
                        continue;
                    }
                    let path = || {
                        let turn = if turn > 1 {
                            format!("[{turn}]")
                        } else {
                            String::new()
                        };
                        let place = if parts > 1 {
                            format!(".{place}")
                        } else {
                            String::new()
                        };
                        format!("{name}[{ordinal}]-{number}{turn}{place}")
                    };
                    tell(&path, self.outcome((segment, &qualifier), number, part));
                }
            }
        }
    }

    fn outcome(
        &self,
        (segment, qualifier): (&Segment<'_>, &str),
        number: usize,
        piece: Element<'_>,
    ) -> Outcome {
        let (start, end) = (piece.position(), piece.position() + piece.raw().len());
        let after = self.marks.partition_point(|mark| mark.start <= start);
        let over = after.checked_sub(1).and_then(|place| self.ends.get(place));
        if let Some((_, target)) = over.filter(|(farthest, _)| end <= *farthest) {
            return Outcome::Mapped(target);
        }
        match ignored(segment.name(), qualifier, number) {
            Some(reason) => Outcome::Ignored(reason),
            None => Outcome::Unmapped,
        }
    }
}

impl Report {
    /// Counts the pieces that were lost without a reason.
    pub fn unexplained(&self) -> usize {
        let lost = |line: &&Line| line.outcome == Outcome::Unmapped;
        self.lines.iter().filter(lost).count()
    }

    /// Writes one JSON object a line; it holds nothing of what stands in the set.
    pub fn to_json_lines(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for line in &self.lines {
            out.extend(json::object(|object| {
                object.string("path", &line.path);
                match line.outcome {
                    Outcome::Mapped(target) => {
                        object.string("outcome", "mapped").string("element", target);
                    }
                    Outcome::Ignored(reason) => {
                        object.string("outcome", "ignored").string("reason", reason);
                    }
                    Outcome::Unmapped => {
                        object.string("outcome", "unmapped");
                    }
                }
            }));
            out.push(b'\n');
        }
        out
    }
}
