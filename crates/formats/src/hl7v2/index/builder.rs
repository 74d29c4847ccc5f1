//! Puts the index together from what the scan finds in each block.

use super::super::issue::{Issue, IssueCode};
use super::super::separators::Separators;
use super::scan::{BLOCK_BYTES, Block, Scanner};
use super::{Entry, Index, NAME_IRREGULAR, is_header};
use crate::limits::Limits;

/// Fills the last block; neither a separator, nor a NUL, nor non-ASCII.
const PADDING: u8 = b' ';

/// Turns the positions found in blocks into field ends and segments.
pub(super) struct Builder<'b> {
    index: &'b mut Index,
    bytes: &'b [u8],
    limits: &'b Limits,
    /// Where the block starts.
    base: u32,
    segment_start: u32,
    /// The place among the field ends of the first one of the segment.
    first: u32,
    lines: usize,
    terminator: u8,
    separators: Separators,
    /// A segment shorter than this cannot have too many repetitions or components.
    long_from: usize,
    /// A segment shorter than this is within every limit.
    suspicious_bytes: u32,
}

impl<'b> Builder<'b> {
    pub(super) fn new(
        index: &'b mut Index,
        bytes: &'b [u8],
        start: usize,
        separators: Separators,
        terminator: u8,
        limits: &'b Limits,
    ) -> Self {
        let long_from = limits.repetitions.min(limits.components);
        let least = long_from.min(limits.fields).min(limits.segment_bytes);
        Self {
            index,
            bytes,
            limits,
            base: offset(start),
            segment_start: offset(start),
            first: 0,
            lines: 0,
            terminator,
            separators,
            long_from,
            suspicious_bytes: offset(least),
        }
    }

    /// Indexes everything; false if there are line feeds that may end segments.
    pub(super) fn run(&mut self, body: &[u8], mixed_ends: &[usize]) -> bool {
        self.skip_line_feeds();
        let mut scanner = Scanner::new(self.separators.field, self.terminator);
        let is_complete = if mixed_ends.is_empty() {
            self.blocks::<false>(body, &[], &mut scanner)
        } else {
            self.blocks::<true>(body, mixed_ends, &mut scanner)
        };
        let is_complete = is_complete && self.finish();
        self.index.stopped_at = self.bytes.len();
        if !is_complete {
            let at = self.segment_start as usize;
            self.index.stopped_at = at;
            self.index
                .issues
                .push(Issue::at(IssueCode::TooManySegments, at));
        }
        self.index.has_non_ascii = scanner.has_non_ascii();
        self.index.has_nul = scanner.least() == 0;
        !is_complete || self.terminator == b'\n' || scanner.least() > b'\n'
    }

    /// Takes all blocks; false if a limit says to stop.
    fn blocks<const IS_MIXED: bool>(
        &mut self,
        body: &[u8],
        mixed_ends: &[usize],
        scanner: &mut Scanner,
    ) -> bool {
        let (blocks, tail) = body.as_chunks::<BLOCK_BYTES>();
        let mut mixed_ends = mixed_ends.iter().copied().peekable();
        let mut block_start = 0;
        let mut padded = [PADDING; BLOCK_BYTES];
        if let Some(start) = padded.get_mut(..tail.len()) {
            start.copy_from_slice(tail);
        }
        let last = (!tail.is_empty()).then_some(&padded);
        for blocks in [blocks, last.map_or(&[], std::slice::from_ref)] {
            for block in blocks {
                let mut found = scanner.block(block);
                if IS_MIXED {
                    let block_end = block_start + BLOCK_BYTES;
                    while let Some(place) = mixed_ends.next_if(|&place| place < block_end) {
                        let bit = 1 << (place - block_start);
                        found.all |= bit;
                        found.segment_ends |= bit;
                    }
                    block_start = block_end;
                }
                if !self.block(found) {
                    return false;
                }
            }
        }
        true
    }

    /// Takes one block; false if a limit says to stop.
    #[inline(always)]
    fn block(&mut self, found: Block) -> bool {
        let before = self.index.ends_count;
        let slots = match free_slots(&mut self.index.ends, before) {
            Some(slots) => slots,
            None => {
                self.grow();
                match free_slots(&mut self.index.ends, before) {
                    Some(slots) => slots,
                    None => return false,
                }
            }
        };
        let mut all = found.all;
        let mut count = 0;
        while all != 0
            && let Some(slot) = slots.get_mut(count)
        {
            *slot = self.base + all.trailing_zeros();
            all &= all - 1;
            count += 1;
        }
        self.index.ends_count = before + count;
        let mut segment_ends = found.segment_ends;
        while segment_ends != 0 {
            let bit = segment_ends & segment_ends.wrapping_neg();
            segment_ends ^= bit;
            let earlier = (found.all & (bit - 1)).count_ones();
            if !self.close(self.base + bit.trailing_zeros(), offset(before) + earlier) {
                return false;
            }
        }
        self.base += BLOCK_BYTES_U32;
        true
    }

    #[cold]
    fn grow(&mut self) {
        let wanted = (self.index.ends.len() * 2)
            .max(self.index.ends_count + BLOCK_BYTES)
            .max(self.bytes.len() / EXPECTED_BYTES_PER_FIELD + BLOCK_BYTES);
        self.index.ends.resize(wanted, 0);
    }

    /// Ends the line at `end`, which is the field end at `last`; a line with nothing in it is no segment, but counts.
    #[inline]
    fn close(&mut self, end: u32, last: u32) -> bool {
        if self.lines == self.limits.segments {
            return false;
        }
        self.lines += 1;
        if end > self.segment_start {
            self.segment(end, last);
        }
        self.segment_start = end + 1;
        self.first = last + 1;
        self.skip_line_feeds();
        true
    }

    /// A line feed after a carriage return belongs to the segment's end.
    #[inline]
    fn skip_line_feeds(&mut self) {
        while self.terminator == b'\r'
            && self.bytes.get(self.segment_start as usize) == Some(&b'\n')
        {
            self.segment_start += 1;
        }
    }

    #[inline]
    fn segment(&mut self, end: u32, last: u32) {
        let start = self.segment_start;
        let name = self.regular_name(start);
        let entry = Entry {
            start,
            first: self.first,
            last,
            name: name.unwrap_or(NAME_IRREGULAR),
        };
        let is_repeated_header = entry.name == *b"MSH" && !self.index.segments.is_empty();
        self.index.segments.push(entry);
        if name.is_none() || is_repeated_header || end - start >= self.suspicious_bytes {
            self.check(entry, end);
        }
    }

    /// Returns a name of three capitals or digits, followed by the end of a field.
    #[inline]
    fn regular_name(&self, start: u32) -> Option<[u8; 3]> {
        let rest = self.bytes.get(start as usize..)?;
        let [first, second, third, end] = *rest.first_chunk::<4>()?;
        let is_ended = end == self.separators.field || end == self.terminator;
        (is_ended && is_in_name(first) && is_in_name(second) && is_in_name(third))
            .then_some([first, second, third])
    }

    #[cold]
    fn check(&mut self, entry: Entry, end: u32) {
        let mut entry = entry;
        if entry.name == NAME_IRREGULAR {
            entry.name = self.irregular_name(&entry);
            if let Some(last) = self.index.segments.last_mut() {
                *last = entry;
            }
            if !entry.name.iter().copied().all(is_in_name) {
                self.report(IssueCode::SegmentName, entry.start);
            }
        }
        if &entry.name == b"MSH" {
            // A batch header before the first message is told as what it is.
            let mut earlier = self.index.segments.iter().rev().skip(1);
            if earlier.any(|other| &other.name == b"MSH") {
                self.report(IssueCode::SeveralHeaders, entry.start);
            }
        }
        let length = (end - entry.start) as usize;
        if length > self.limits.segment_bytes {
            self.report(IssueCode::SegmentTooLong, entry.start);
        }
        if (entry.last - entry.first) as usize > self.limits.fields {
            self.report(IssueCode::TooManyFields, entry.start);
        }
        if length >= self.long_from {
            self.check_fields(&entry);
        }
    }

    /// Returns a name of any three bytes; one of another length has none.
    fn irregular_name(&self, entry: &Entry) -> [u8; 3] {
        let end = self.index.field_ends(entry).first().copied();
        let start = entry.start as usize;
        end.and_then(|end| self.bytes.get(start..end as usize))
            .and_then(|name| name.try_into().ok())
            .unwrap_or(NAME_IRREGULAR)
    }

    #[cold]
    fn report(&mut self, code: IssueCode, position: u32) {
        let segment = offset(self.index.segments.len());
        self.index.issues.push(Issue {
            code,
            segment: Some(segment),
            field: None,
            position: position as usize,
        });
    }

    /// Closes the last segment if nothing ended it.
    fn finish(&mut self) -> bool {
        let end = offset(self.bytes.len());
        if end <= self.segment_start {
            return true;
        }
        let last = offset(self.index.ends_count);
        if self.index.ends.len() <= self.index.ends_count {
            self.grow();
        }
        let Some(slot) = self.index.ends.get_mut(self.index.ends_count) else {
            return true;
        };
        *slot = end;
        self.index.ends_count += 1;
        self.close(end, last)
    }

    /// Counts what is inside the fields of a segment long enough to hold too much.
    #[cold]
    fn check_fields(&mut self, entry: &Entry) {
        let mut start = entry.start;
        let mut found = Vec::new();
        for (number, &end) in (0_u32..).zip(self.index.field_ends(entry)) {
            let field = self.bytes.get(start as usize..end as usize);
            if let Some(code) = field.and_then(|field| self.excess(field)) {
                found.push((code, number, start));
            }
            start = end + 1;
        }
        let segment = offset(self.index.segments.len());
        let shift = u32::from(is_header(entry.name));
        for (code, number, position) in found {
            let issue = Issue::in_field(code, segment, number + shift, position as usize);
            self.index.issues.push(issue);
        }
    }

    fn excess(&self, field: &[u8]) -> Option<IssueCode> {
        if field.len() < self.long_from {
            return None;
        }
        if count(field, self.separators.repetition) >= self.limits.repetitions {
            return Some(IssueCode::TooManyRepetitions);
        }
        let mut repetitions = field.split(|&byte| byte == self.separators.repetition);
        let is_over = repetitions.any(|repetition| {
            let components = count(repetition, self.separators.component);
            let subcomponents = count(repetition, self.separators.subcomponent);
            components.max(subcomponents) >= self.limits.components
        });
        is_over.then_some(IssueCode::TooManyComponents)
    }
}

/// Returns the slots that one block can fill at most, if there are so many.
#[inline]
fn free_slots(ends: &mut [u32], count: usize) -> Option<&mut [u32; BLOCK_BYTES]> {
    ends.get_mut(count..)?.first_chunk_mut()
}

/// Tells the bytes of segment names.
#[inline]
pub(super) fn is_in_name(byte: u8) -> bool {
    IN_NAMES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Tells of every byte whether segment names are made of it: capitals and digits.
static IN_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest: &mut [bool] = &mut table;
    let mut byte = 0_u8;
    while let Some((entry, after)) = rest.split_first_mut() {
        *entry = byte.is_ascii_uppercase() || byte.is_ascii_digit();
        byte = byte.wrapping_add(1);
        rest = after;
    }
    table
};

fn count(bytes: &[u8], wanted: u8) -> usize {
    bytes.iter().filter(|&&byte| byte == wanted).count()
}

const BLOCK_BYTES_U32: u32 = 64;

/// Used to guess how much room the index of a message needs.
const EXPECTED_BYTES_PER_FIELD: usize = 8;

/// A message is never longer than [`super::message::MESSAGE_BYTES_MAX`], so that its offsets fit.
fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
