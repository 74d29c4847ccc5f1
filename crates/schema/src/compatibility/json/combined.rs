//! Combinations: `allOf`, `anyOf` and `oneOf`, and schemas that are nothing but one of them.

use serde_json::Value;

use super::super::Difference;
use super::super::kind::{self, Kind};
use super::matching::matching;
use super::{Walk, is_remark};

/// How parts are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Criterion {
    All,
    Any,
    One,
}

impl Criterion {
    const EVERY: [Self; 3] = [Self::All, Self::Any, Self::One];

    const fn keyword(self) -> &'static str {
        match self {
            Self::All => "allOf",
            Self::Any => "anyOf",
            Self::One => "oneOf",
        }
    }
}

/// A combination in a schema.
#[derive(Clone, Copy)]
struct Combined<'s> {
    criterion: Criterion,
    members: &'s [Value],
}

fn combinations(schema: &Value) -> Vec<Combined<'_>> {
    let of = |criterion: Criterion| {
        let members = schema.get(criterion.keyword())?.as_array()?;
        Some(Combined { criterion, members })
    };
    Criterion::EVERY.into_iter().filter_map(of).collect()
}

/// The combination of a schema that says nothing else.
fn only(schema: &Value) -> Option<Combined<'_>> {
    let keywords = schema.as_object()?;
    let mut said = keywords.keys().filter(|keyword| !is_remark(keyword));
    let keyword = said.next()?;
    if said.next().is_some() {
        return None;
    }
    combinations(schema)
        .into_iter()
        .find(|combined| combined.criterion.keyword() == keyword)
}

impl<'s> Walk<'s> {
    /// Compares schemas of which only one is a combination; tells whether that was so.
    pub(super) fn alternatives(&mut self, writer: &'s Value, reader: &'s Value) -> bool {
        match (only(writer), only(reader)) {
            (Some(written), None) if combinations(reader).is_empty() => {
                self.parts_written(written, reader);
                true
            }
            (None, Some(read)) if combinations(writer).is_empty() => {
                self.parts_read(writer, read);
                true
            }
            _ => false,
        }
    }

    /// The writer combines parts, the reader does not.
    fn parts_written(&mut self, written: Combined<'s>, reader: &'s Value) {
        let tries = self.tries(written, |walk, place, member| {
            walk.choosing(written, place, |walk| walk.compare_here(member, reader));
        });
        if written.criterion == Criterion::All {
            // Any one condition of the writer's is enough.
            match best(tries) {
                (true, found) => {
                    self.found.extend(found);
                    if written.members.len() > 1 {
                        self.add(kind::PRODUCT_TYPE_NARROWED);
                    }
                }
                (false, found) => self.found.extend(found),
            }
            return;
        }
        for (_, found) in tries {
            self.found.extend(found);
        }
    }

    /// The reader combines parts, the writer does not.
    fn parts_read(&mut self, writer: &'s Value, read: Combined<'s>) {
        let tries = self.tries(read, |walk, _, member| walk.compare_here(writer, member));
        if read.criterion == Criterion::All {
            for (_, found) in tries {
                self.found.extend(found);
            }
            return;
        }
        let single = read.members.len() == 1;
        match best(tries) {
            (true, found) => {
                self.found.extend(found);
                if !single {
                    self.add(kind::SUM_TYPE_EXTENDED);
                }
            }
            (false, found) if single => self.found.extend(found),
            (false, _) => self.add(kind::TYPE_CHANGED),
        }
    }

    /// Does something while one part of the writer's combination is the one that was written.
    fn choosing(&mut self, written: Combined<'s>, place: usize, work: impl FnOnce(&mut Self)) {
        if written.criterion == Criterion::All {
            return work(self);
        }
        let before = self.place.clone();
        self.place.choose(written.members, place);
        work(self);
        self.place = before;
    }

    fn tries(
        &mut self,
        combined: Combined<'s>,
        compare: impl Fn(&mut Self, usize, &'s Value),
    ) -> Vec<(bool, Vec<Difference>)> {
        let mut tries = Vec::new();
        for (place, member) in combined.members.iter().enumerate() {
            self.path
                .extend([combined.criterion.keyword().to_owned(), place.to_string()]);
            tries.push(self.attempt(|walk| compare(walk, place, member)));
            self.path.truncate(self.path.len().saturating_sub(2));
            if self.work.is_over() {
                break;
            }
        }
        tries
    }

    /// Compares the combinations that stand in both schemas, beside what else they say.
    pub(super) fn combinations(&mut self, writer: &'s Value, reader: &'s Value) {
        let (mut written, read) = (combinations(writer), combinations(reader));
        for read in read {
            let same = written
                .iter()
                .position(|written| written.criterion == read.criterion)
                .or_else(|| written.len().checked_sub(1));
            match same {
                Some(place) => {
                    let written = written.remove(place);
                    self.both(written, read);
                }
                None => self.parts_read(writer, read),
            }
        }
        for written in written {
            self.add(match written.criterion {
                Criterion::All => kind::PRODUCT_TYPE_NARROWED,
                Criterion::Any | Criterion::One => kind::COMBINED_TYPE_EXTENDED,
            });
        }
    }

    fn both(&mut self, written: Combined<'s>, read: Combined<'s>) {
        if let Some(kind) = criteria(written, read) {
            self.add(kind);
            if kind == kind::COMBINED_TYPE_CHANGED {
                return;
            }
        }
        let all = read.criterion == Criterion::All;
        match written.members.len().cmp(&read.members.len()) {
            std::cmp::Ordering::Less if all => self.add(kind::PRODUCT_TYPE_EXTENDED),
            std::cmp::Ordering::Less => self.add(kind::SUM_TYPE_EXTENDED),
            std::cmp::Ordering::Greater if all => self.add(kind::PRODUCT_TYPE_NARROWED),
            std::cmp::Ordering::Greater => self.add(kind::SUM_TYPE_NARROWED),
            std::cmp::Ordering::Equal => {}
        }
        let count = written.members.len().saturating_mul(read.members.len());
        if !self.charge(count) {
            return;
        }
        let mut pairs: Vec<Vec<Option<Vec<Difference>>>> = Vec::new();
        for (place, member) in written.members.iter().enumerate() {
            self.path
                .extend([written.criterion.keyword().to_owned(), place.to_string()]);
            let mut row = Vec::new();
            for candidate in read.members {
                let (taken, found) = self.attempt(|walk| {
                    walk.choosing(written, place, |walk| walk.compare_here(member, candidate));
                });
                row.push(taken.then_some(found));
                if self.work.is_over() {
                    break;
                }
            }
            pairs.push(row);
            self.path.truncate(self.path.len().saturating_sub(2));
            if self.work.is_over() {
                self.limit_reached();
                return;
            }
        }
        let Some(matched) = matching(&pairs, read.members.len(), &mut self.work) else {
            self.limit_reached();
            return;
        };
        let covered = matched.iter().flatten().count();
        for (column, row) in matched.iter().enumerate() {
            let found = row.and_then(|row| pairs.get(row)?.get(column)?.clone());
            self.found.extend(found.into_iter().flatten());
        }
        if covered < written.members.len().min(read.members.len()) {
            self.add(kind::COMBINED_TYPE_SUBSCHEMAS_CHANGED);
        }
    }
}

/// The try that the reader takes, or the one with the fewest differences.
fn best(tries: Vec<(bool, Vec<Difference>)>) -> (bool, Vec<Difference>) {
    tries
        .into_iter()
        .min_by_key(|(taken, found)| (!taken, found.len()))
        .unwrap_or_default()
}

/// What it means that parts are combined in another way.
fn criteria(written: Combined<'_>, read: Combined<'_>) -> Option<Kind> {
    let one = written.members.len() == 1;
    match (written.criterion, read.criterion) {
        (from, to) if from == to => None,
        (_, Criterion::Any) => Some(kind::COMBINED_TYPE_EXTENDED),
        (_, Criterion::One) if one => Some(kind::COMBINED_TYPE_EXTENDED),
        (_, Criterion::All) if one && read.members.len() == 1 => Some(kind::COMBINED_TYPE_EXTENDED),
        _ => Some(kind::COMBINED_TYPE_CHANGED),
    }
}
