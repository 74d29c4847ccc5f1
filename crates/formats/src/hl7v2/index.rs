//! The two-level index of a message: where its fields end, and which of them each segment has.

mod builder;
mod mixed;
mod scan;

use super::issue::{Issue, IssueCode, Issues};
use super::separators::Separators;
use crate::limits::{Limits, RETAINED_ENTRIES_MAX};
use builder::Builder;

/// Holds where one segment is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Its first byte.
    pub(super) start: u32,
    /// The place among the field ends where its name ends.
    pub(super) first: u32,
    /// The place among the field ends where the segment ends.
    pub(super) last: u32,
    /// Its name, or [`NAME_IRREGULAR`].
    pub(super) name: [u8; 3],
}

/// Stands for a segment name that has not three bytes.
pub(super) const NAME_IRREGULAR: [u8; 3] = [0; 3];

/// Holds the index of one message; its memory is used again for the next one.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Where each field ends; only the first `ends_count` are of this message.
    ends: Vec<u32>,
    ends_count: usize,
    pub(super) segments: Vec<Entry>,
    pub(super) issues: Issues,
    /// Where indexing stopped, because everything was indexed or because of a limit.
    pub(super) stopped_at: usize,
    pub(super) has_non_ascii: bool,
    pub(super) has_nul: bool,
}

impl Index {
    pub(super) fn clear(&mut self) {
        self.ends_count = 0;
        self.segments.clear();
        self.issues.clear();
        self.stopped_at = 0;
        self.has_non_ascii = false;
        self.has_nul = false;
        if self.ends.len() > RETAINED_ENTRIES_MAX {
            self.ends = Vec::new();
            self.segments = Vec::new();
        }
    }

    /// Returns the ends of the fields of a segment, its name first.
    pub(super) fn field_ends(&self, entry: &Entry) -> &[u32] {
        self.ends
            .get(entry.first as usize..=entry.last as usize)
            .unwrap_or_default()
    }

    /// Finds the segments and fields of `bytes`, from `start` on.
    pub(super) fn build(
        &mut self,
        bytes: &[u8],
        start: usize,
        separators: Separators,
        limits: &Limits,
    ) {
        let body = bytes.get(start..).unwrap_or_default();
        let terminator = match memchr::memchr(b'\r', body) {
            Some(_) => b'\r',
            None => b'\n',
        };
        let issues_before = self.issues.kept.len();
        let mut builder = Builder::new(self, bytes, start, separators, terminator, limits);
        let is_regular = builder.run(body, &[]);
        if is_regular {
            return;
        }
        let mixed_ends = mixed::ends(body, separators.field);
        if let Some(place) = mixed_ends.first() {
            self.ends_count = 0;
            self.segments.clear();
            self.issues.kept.truncate(issues_before);
            self.issues.dropped = 0;
            let position = start + place;
            self.issues
                .push(Issue::at(IssueCode::SegmentEndsMixed, position));
            Builder::new(self, bytes, start, separators, terminator, limits).run(body, &mixed_ends);
        }
    }
}

/// Tells the segments whose first field is the field separator itself.
pub(super) fn is_header(name: [u8; 3]) -> bool {
    matches!(&name, b"MSH" | b"FHS" | b"BHS")
}
