//! One partition in memory: records at rising offsets, with gaps where Apache Kafka has some.

use crate::record::{Batch, Check, Parsed, parse, store};
use crate::{Bounds, Offset, Record, bytes};
use std::collections::{BTreeSet, VecDeque};

/// The records of a partition and what of them can be read.
#[derive(Debug, Default)]
pub(super) struct Partition {
    start: Offset,
    /// One past everything written.
    next: Offset,
    /// The first offset of the transaction that is still open: from there on nothing can be read.
    open: Option<Offset>,
    stored: VecDeque<(Offset, Box<[u8]>)>,
}

impl Partition {
    /// Gives what can be read.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            start: self.start,
            end: self.open.unwrap_or(self.next),
        }
    }

    /// Gives one past everything written.
    pub(super) fn written(&self) -> Offset {
        self.next
    }

    pub(super) fn size_bytes(&self) -> u64 {
        let stored = self.stored.iter();
        stored.map(|(_, stored)| bytes::u64_of(stored.len())).sum()
    }

    /// Adds a record; gives its offset.
    pub(super) fn push(&mut self, record: &Record, sequence: u64) -> Offset {
        let offset = self.next;
        let mut stored = Vec::new();
        store(record, offset, sequence, &mut stored);
        self.stored.push_back((offset, stored.into()));
        self.skip();
        offset
    }

    /// Uses up an offset that no record has.
    pub(super) fn skip(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    /// Hides what is written from here on, until [`Partition::close`].
    pub(super) fn open(&mut self) {
        self.open.get_or_insert(self.next);
    }

    /// Shows what is written again, without the records that were taken back.
    pub(super) fn close(&mut self, taken_back: &[Offset]) {
        self.open = None;
        self.stored
            .retain(|(offset, _)| !taken_back.contains(offset));
        self.skip();
    }

    pub(super) fn remove_before(&mut self, offset: Offset) {
        let offset = offset.min(self.bounds().end);
        let gone = self.place(offset);
        drop(self.stored.drain(..gone));
        self.start = self.start.max(offset);
    }

    /// Keeps the newest record of each key, and of those without a value the ones from `deletes_from` on.
    pub(super) fn compact(&mut self, deletes_from: Offset) {
        let end = self.bounds().end;
        let mut newer = BTreeSet::new();
        let mut left = std::mem::take(&mut self.stored);
        while let Some((offset, stored)) = left.pop_back() {
            let is_kept = match parse(&stored, Check::Trusted) {
                Parsed::Record(record, _) if offset < end => {
                    let is_newest = newer.insert(Box::<[u8]>::from(record.key));
                    is_newest && (record.value.is_some() || offset >= deletes_from)
                }
                Parsed::Record(..) | Parsed::Short(_) | Parsed::Damaged(_) => true,
            };
            if is_kept {
                self.stored.push_front((offset, stored));
            }
        }
    }

    /// Gives the records from an offset within the bounds on, at least one if there is any.
    pub(super) fn read(&self, offset: Offset, max_bytes: usize) -> Batch {
        let end = self.bounds().end;
        let (mut stored, mut count, mut next) = (Vec::new(), 0_usize, end);
        for (at, record) in self.stored.range(self.place(offset)..) {
            let full = count > 0 && stored.len().saturating_add(record.len()) > max_bytes;
            if full || *at >= end {
                next = (*at).min(end);
                break;
            }
            stored.extend_from_slice(record);
            count = count.saturating_add(1);
        }
        Batch::verified(stored, 0, count).followed_by((next > offset).then_some(next))
    }

    /// Counts the records before an offset.
    fn place(&self, offset: Offset) -> usize {
        self.stored.partition_point(|(at, _)| *at < offset)
    }
}
