//! One segment of a message and its fields.

use std::ops::Range;

use super::element::{Field, Syntax, Value};
use super::index::{Entry, Index, is_header};

/// One segment: a name and fields.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'m> {
    bytes: &'m [u8],
    index: &'m Index,
    syntax: &'m Syntax,
    /// Where the name and each field end.
    ends: &'m [u32],
    start: u32,
    /// Whether its first field is the field separator itself.
    is_header: bool,
    /// Its place among the segments, counted from 0.
    place: usize,
}

impl<'m> Segment<'m> {
    #[inline]
    pub(super) fn new(
        bytes: &'m [u8],
        index: &'m Index,
        syntax: &'m Syntax,
        place: usize,
        entry: &Entry,
    ) -> Self {
        Self {
            bytes,
            index,
            syntax,
            ends: index.field_ends(entry),
            start: entry.start,
            is_header: is_header(entry.name),
            place,
        }
    }

    /// Returns the name, such as `PID`; anything before the first field separator is one.
    #[must_use]
    pub fn name(&self) -> &'m [u8] {
        let end = self.ends.first().copied().unwrap_or_default();
        self.slice(self.start, end)
    }

    /// Returns its place among the segments of the message, counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.place + 1
    }

    /// Returns the field with this number, counted as HL7 counts: MSH-1 is the field separator.
    ///
    /// Number 0 is the segment's name.
    #[inline]
    #[must_use]
    pub fn field(&self, number: usize) -> Field<'m> {
        if self.is_header && number > 0 {
            return self.header_field(number);
        }
        self.part(number, self.syntax)
    }

    /// Returns the fields in order, from field 1 on.
    pub fn fields(&self) -> impl Iterator<Item = Field<'m>> + use<'m> {
        let segment = *self;
        (1..=self.field_count()).map(move |number| segment.field(number))
    }

    /// Returns the number of the last field.
    #[must_use]
    pub fn field_count(&self) -> usize {
        match self.ends.len() {
            0 | 1 => 0,
            parts if self.is_header => parts,
            parts => parts - 1,
        }
    }

    /// Returns one bit for each field that was sent, field 1's lowest; the last bit is that of all fields from there on.
    #[must_use]
    pub fn sent(&self) -> u128 {
        let has_separator = self.is_header && self.ends.len() > 1;
        let mut sent = u128::from(has_separator);
        let mut bit = 1 << u32::from(self.is_header);
        let last = 1 << (u128::BITS - 1);
        let mut start = self.ends.first().copied().unwrap_or(self.start) + 1;
        for &end in self.ends.get(1..).unwrap_or_default() {
            sent |= if end > start { bit } else { 0 };
            start = end + 1;
            bit = if bit == last { last } else { bit << 1 };
        }
        sent
    }

    /// Returns the bytes of the segment without what ends it.
    #[must_use]
    pub fn raw(&self) -> &'m [u8] {
        self.bytes.get(self.position()).unwrap_or_default()
    }

    /// Returns the bytes between this segment and the next: its end and any blank lines.
    #[must_use]
    pub fn terminator(&self) -> &'m [u8] {
        let start = self.position().end;
        let next = self.index.segments.get(self.place + 1);
        let end = next.map_or(self.index.stopped_at, |next| next.start as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Returns where the segment is in what was parsed.
    #[must_use]
    pub fn position(&self) -> Range<usize> {
        let start = self.start as usize;
        start..self.ends.last().map_or(start, |&end| end as usize)
    }

    /// Returns the whole segment as one value.
    #[must_use]
    pub fn value(&self) -> Value<'m> {
        Value::new(self.raw(), self.position().start, self.syntax)
    }

    fn header_field(&self, number: usize) -> Field<'m> {
        match number {
            1 => {
                let start = self.ends.first().copied().unwrap_or_default();
                let end = if self.ends.len() > 1 {
                    start + 1
                } else {
                    start
                };
                Field::new(self.slice(start, end), start as usize, &Syntax::UNSPLIT)
            }
            2 => self.part(1, &Syntax::UNSPLIT),
            _ => self.part(number - 1, self.syntax),
        }
    }

    #[inline]
    fn part(&self, place: usize, syntax: &'m Syntax) -> Field<'m> {
        let Some(&end) = self.ends.get(place) else {
            return Field::new(&[], self.position().end, syntax);
        };
        let start = match place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
        {
            Some(before) => before + 1,
            None => self.start,
        };
        Field::new(self.slice(start, end), start as usize, syntax)
    }

    #[inline]
    fn slice(&self, start: u32, end: u32) -> &'m [u8] {
        self.bytes
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}
