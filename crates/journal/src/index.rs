//! The sparse index of a segment: in memory, complete for what this process wrote, looked up on demand for the rest.

use crate::bytes::{Fields, u64_of, usize_of};
use crate::record::{FIXED_BYTES, PREFIX_BYTES};
use crate::segment::SEGMENT_HEADER_BYTES;
use crate::storage::StorageFile;
use crate::{Offset, limits};
use std::io;

/// What is read at once to look through a segment.
const SCAN_BYTES: usize = 1 << 20;

/// An offset, counted from the segment's base, and the position of its record.
pub(crate) type Mark = (u32, u32);

/// Where some of a segment's records stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Ascending; close to one another from `known_from` on.
    marks: Vec<Mark>,
    /// What is before this position was written by an earlier process, and was not looked through since.
    known_from: u64,
    /// Ascending; a few before `known_from`, so that not all of it has to be looked through.
    hints: Vec<Mark>,
}

/// Where to begin to look for an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    At(u64),
    /// A stretch of the segment has to be looked through first.
    Unknown(Gap),
}

/// A stretch of a segment of which nothing is known, from the record of an offset on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) offset: Offset,
    pub(crate) position: u64,
    pub(crate) until: u64,
}

impl Index {
    /// Makes the index of a segment that an earlier process wrote.
    pub(crate) fn unknown(length: u64, hints: Vec<Mark>) -> Self {
        Self {
            marks: Vec::new(),
            known_from: length,
            hints,
        }
    }

    pub(crate) fn add(&mut self, base: Offset, marks: &[(Offset, u64)]) {
        self.marks
            .extend(marks.iter().map(|mark| relative(base, *mark)));
    }

    /// Puts what was found in a gap before what is known.
    pub(crate) fn fill(&mut self, base: Offset, gap: Gap, marks: &[(Offset, u64)]) {
        if gap.until != self.known_from {
            return;
        }
        let begin = std::iter::once((gap.offset, gap.position));
        let found = begin
            .chain(marks.iter().copied())
            .map(|mark| relative(base, mark));
        self.marks.splice(0..0, found);
        self.known_from = gap.position;
    }

    pub(crate) fn find(&self, base: Offset, offset: Offset) -> Place {
        let wanted = offset.saturating_sub(base);
        if let Some((_, position)) = before(&self.marks, wanted) {
            return Place::At(u64::from(position));
        }
        if self.known_from <= SEGMENT_HEADER_BYTES || wanted == 0 {
            return Place::At(SEGMENT_HEADER_BYTES);
        }
        let until = self.known_from;
        let hint = before(&self.hints, wanted).filter(|(_, position)| u64::from(*position) < until);
        let (offset, position) = hint.map_or((base, SEGMENT_HEADER_BYTES), |(offset, position)| {
            (base.saturating_add(u64::from(offset)), u64::from(position))
        });
        Place::Unknown(Gap {
            offset,
            position,
            until,
        })
    }

    /// Gives a few marks, twice as far from the end each: readers mostly go on near the end.
    pub(crate) fn hints(&self, length: u64) -> Vec<Mark> {
        let mut kept: Vec<Mark> = Vec::new();
        let unknown = self
            .hints
            .partition_point(|mark| u64::from(mark.1) < self.known_from);
        let unknown = self.hints.get(..unknown).unwrap_or_default();
        for marks in [self.marks.as_slice(), unknown] {
            loop {
                let near = kept
                    .last()
                    .map_or(0, |mark| length.saturating_sub(u64::from(mark.1)));
                let Some(most) = length.checked_sub(near.saturating_mul(2)) else {
                    break;
                };
                let after = marks.partition_point(|mark| u64::from(mark.1) <= most);
                let Some(mark) = after.checked_sub(1).and_then(|at| marks.get(at)) else {
                    break;
                };
                if kept.last() == Some(mark) {
                    break;
                }
                kept.push(*mark);
            }
        }
        kept.reverse();
        kept
    }
}

fn before(marks: &[Mark], wanted: u64) -> Option<Mark> {
    let after = marks.partition_point(|(offset, _)| u64::from(*offset) <= wanted);
    marks.get(after.checked_sub(1)?).copied()
}

fn relative(base: Offset, (offset, position): (Offset, u64)) -> Mark {
    let small =
        |number| u32::try_from(number).expect("a segment is limited to less than 2^32 bytes");
    (small(offset.saturating_sub(base)), small(position))
}

/// Looks through a gap. It stops where it cannot go on: the reader who comes there tells why.
pub(crate) fn scan(file: &dyn StorageFile, gap: Gap) -> io::Result<Vec<(Offset, u64)>> {
    let mut marks = Vec::new();
    let (mut position, mut offset, mut marked) = (gap.position, gap.offset, gap.position);
    let mut buffer = Vec::new();
    while position < gap.until {
        buffer.resize(
            SCAN_BYTES.min(usize_of(gap.until.saturating_sub(position))),
            0,
        );
        let read = file.read_at(&mut buffer, position)?;
        buffer.truncate(read);
        let mut rest = buffer.as_slice();
        let begun = position;
        while let Some((found, size)) = front(rest) {
            if found != offset {
                return Ok(marks);
            }
            if position.saturating_sub(marked) >= u64::from(limits::INDEX_INTERVAL_BYTES) {
                marks.push((offset, position));
                marked = position;
            }
            position = position.saturating_add(size);
            offset = offset.saturating_add(1);
            match usize::try_from(size).ok().and_then(|size| rest.get(size..)) {
                Some(tail) => rest = tail,
                None => break,
            }
        }
        if position == begun {
            break;
        }
    }
    Ok(marks)
}

/// Reads the offset and the size of a record of which only the front may be there.
fn front(bytes: &[u8]) -> Option<(Offset, u64)> {
    let mut fields = Fields(bytes.get(..FIXED_BYTES)?);
    let length = fields.u32()?;
    fields.u32()?;
    let size = u64::from(length).saturating_add(u64_of(PREFIX_BYTES));
    Some((fields.u64()?, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_few_and_reach_far() {
        let mut index = Index::default();
        let marks: Vec<_> = (0..4096)
            .map(|number| (number * 10, 256 + number * 16_384))
            .collect();
        index.add(0, &marks);
        let length = 256 + 4096 * 16_384;
        let hints = index.hints(length);
        assert_eq!(hints.len(), 13);
        assert_eq!(hints.first(), Some(&(0, 256)));
        // An index that only has the hints gives the same ones on.
        assert_eq!(Index::unknown(length, hints.clone()).hints(length), hints);
    }

    #[test]
    fn a_gap_begins_at_the_nearest_hint_and_closes_when_it_was_filled() {
        let mut index = Index::unknown(100_000, vec![(10, 20_000), (40, 80_000)]);
        index.add(1000, &[(1050, 100_000)]);
        let gap = |offset, position, until| Gap {
            offset,
            position,
            until,
        };
        assert_eq!(index.find(1000, 1050), Place::At(100_000));
        assert_eq!(
            index.find(1000, 1045),
            Place::Unknown(gap(1040, 80_000, 100_000))
        );
        assert_eq!(
            index.find(1000, 1039),
            Place::Unknown(gap(1010, 20_000, 100_000))
        );
        assert_eq!(
            index.find(1000, 1009),
            Place::Unknown(gap(1000, 256, 100_000))
        );
        assert_eq!(index.find(1000, 1000), Place::At(256));
        index.fill(1000, gap(1040, 80_000, 100_000), &[(1048, 96_400)]);
        assert_eq!(index.find(1000, 1045), Place::At(80_000));
        assert_eq!(index.find(1000, 1049), Place::At(96_400));
        assert_eq!(
            index.find(1000, 1039),
            Place::Unknown(gap(1010, 20_000, 80_000))
        );
        // Another thread had looked through the same.
        index.fill(1000, gap(1010, 20_000, 100_000), &[]);
        assert_eq!(
            index.find(1000, 1039),
            Place::Unknown(gap(1010, 20_000, 80_000))
        );
        index.fill(1000, gap(1000, 256, 80_000), &[]);
        assert_eq!(index.find(1000, 1001), Place::At(256));
    }
}
