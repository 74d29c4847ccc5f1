//! What came of one partition and was not read yet, in chunks that are given away as they are.

use crate::record::{Check, Parsed, parse};
use crate::{Batch, Offset};
use std::collections::VecDeque;

/// A chunk that has this much is full.
const CHUNK_BYTES: usize = 256 << 10;

/// What waits to be read of one partition.
#[derive(Default)]
pub(super) struct Waiting {
    /// The next offset to be read.
    next: Offset,
    /// One past the last offset that came.
    fetched: Offset,
    chunks: VecDeque<Chunk>,
    bytes: usize,
}

/// Records that came one after the other.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    count: usize,
    /// One past the last of its offsets.
    next: Offset,
}

impl Waiting {
    /// Nothing has come; the next one to be read is at this offset.
    pub(super) fn from(offset: Offset) -> Self {
        Self {
            next: offset,
            fetched: offset,
            ..Self::default()
        }
    }

    /// The next offset to be read.
    pub(super) fn next(&self) -> Offset {
        self.next
    }

    /// One past the last offset that came.
    pub(super) fn fetched(&self) -> Offset {
        self.fetched
    }

    /// Tells whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Counts what waits.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes over a record that `store` appends; `next` is one past its offset.
    pub(super) fn push(&mut self, next: Offset, store: impl FnOnce(&mut Vec<u8>)) {
        if self
            .chunks
            .back()
            .is_none_or(|chunk| chunk.bytes.len() >= CHUNK_BYTES)
        {
            self.chunks.push_back(Chunk::default());
        }
        if let Some(chunk) = self.chunks.back_mut() {
            let before = chunk.bytes.len();
            store(&mut chunk.bytes);
            chunk.count = chunk.count.saturating_add(1);
            chunk.next = next;
            let added = chunk.bytes.len().saturating_sub(before);
            self.bytes = self.bytes.saturating_add(added);
        }
        self.fetched = next;
    }

    /// Gives a chunk, or about so much of it: at least one record if there is any.
    pub(super) fn give(&mut self, max_bytes: usize) -> Batch {
        let Some(mut chunk) = self.chunks.pop_front() else {
            return Batch::default();
        };
        if chunk.bytes.len() > max_bytes
            && let Some(rest) = chunk.split(max_bytes)
        {
            self.chunks.push_front(rest);
        }
        self.bytes = self.bytes.saturating_sub(chunk.bytes.len());
        self.next = chunk.next;
        Batch::given(chunk.bytes, chunk.count, Some(chunk.next))
    }
}

impl Chunk {
    /// Keeps about so much, at least one record; gives the rest, if there is any.
    fn split(&mut self, max_bytes: usize) -> Option<Self> {
        let (mut cut, mut count, mut next) = (0_usize, 0_usize, self.next);
        while count < self.count && (count == 0 || cut < max_bytes) {
            let rest = self.bytes.get(cut..).unwrap_or_default();
            let Parsed::Record(record, size) = parse(rest, Check::Trusted) else {
                break;
            };
            if count > 0 && cut.saturating_add(size) > max_bytes {
                break;
            }
            next = record.offset.saturating_add(1);
            count = count.saturating_add(1);
            cut = cut.saturating_add(size);
        }
        if count == self.count {
            return None;
        }
        let rest = Self {
            bytes: self.bytes.split_off(cut.min(self.bytes.len())),
            count: self.count.saturating_sub(count),
            next: self.next,
        };
        (self.count, self.next) = (count, next);
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;
    use crate::record::store;

    /// Records of this many bytes each, at every third offset.
    fn waiting(values: &[usize]) -> Waiting {
        let mut waiting = Waiting::from(1);
        for (offset, bytes) in (1..).step_by(3).zip(values) {
            let record = Record {
                value: Some(vec![7; *bytes].into()),
                ..Record::default()
            };
            waiting.push(offset + 1, |out| store(&record, offset, 0, out));
        }
        waiting
    }

    fn given(waiting: &mut Waiting, max_bytes: usize) -> (Vec<Offset>, Option<Offset>) {
        let batch = waiting.give(max_bytes);
        let offsets = batch.iter().map(|record| record.offset).collect();
        (offsets, batch.next_offset())
    }

    #[test]
    fn at_least_one_record_is_given_and_none_twice() {
        let mut waiting = waiting(&[10, 10, 10, 10]);
        assert_eq!(given(&mut waiting, 1), (vec![1], Some(2)));
        assert_eq!(waiting.next(), 2);
        assert_eq!(given(&mut waiting, 150), (vec![4, 7], Some(8)));
        assert_eq!(given(&mut waiting, usize::MAX), (vec![10], Some(11)));
        assert_eq!(given(&mut waiting, usize::MAX), (vec![], None));
        assert_eq!(
            (waiting.next(), waiting.fetched(), waiting.bytes()),
            (11, 11, 0)
        );
    }

    #[test]
    fn a_full_chunk_is_given_before_the_next_one() {
        let mut waiting = waiting(&[CHUNK_BYTES - 1, 10, 10]);
        assert!(waiting.bytes() > CHUNK_BYTES);
        assert_eq!(given(&mut waiting, usize::MAX), (vec![1], Some(2)));
        assert_eq!(given(&mut waiting, usize::MAX), (vec![4, 7], Some(8)));
        assert!(waiting.is_empty());
    }
}
