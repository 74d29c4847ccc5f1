//! One segment of a message and its fields.

use std::ops::Range;

use super::element::{Field, Syntax, Value};
use super::index::{Entry, is_header};
use super::separators::Separators;

/// One segment: a name and fields.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'m> {
    bytes: &'m [u8],
    /// Where the name and each field end.
    ends: &'m [u32],
    entry: Entry,
    /// Where the next segment starts.
    next: usize,
    number: usize,
    syntax: Syntax,
}

impl<'m> Segment<'m> {
    #[inline]
    pub(super) fn new(
        bytes: &'m [u8],
        ends: &'m [u32],
        entry: Entry,
        next: usize,
        number: usize,
        syntax: Syntax,
    ) -> Self {
        Self {
            bytes,
            ends,
            entry,
            next,
            number,
            syntax,
        }
    }

    /// Returns the name, such as `PID`; anything before the first field separator is one.
    #[must_use]
    pub fn name(&self) -> &'m [u8] {
        let end = self.ends.first().copied().unwrap_or_default();
        self.slice(self.entry.start, end)
    }

    /// Returns its place among the segments of the message, counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns the field with this number, counted as HL7 counts: MSH-1 is the field separator.
    ///
    /// Number 0 is the segment's name.
    #[inline]
    #[must_use]
    pub fn field(&self, number: usize) -> Field<'m> {
        if is_header(self.entry.name) && number > 0 {
            return self.header_field(number);
        }
        self.place(number, self.syntax)
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
            parts if is_header(self.entry.name) => parts,
            parts => parts - 1,
        }
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
        self.bytes.get(start..self.next).unwrap_or_default()
    }

    /// Returns where the segment is in what was parsed.
    #[must_use]
    pub fn position(&self) -> Range<usize> {
        let start = self.entry.start as usize;
        start..self.ends.last().map_or(start, |&end| end as usize)
    }

    /// Returns the whole segment as one value.
    #[must_use]
    pub fn value(&self) -> Value<'m> {
        Value::new(self.raw(), self.position().start, self.syntax)
    }

    fn header_field(&self, number: usize) -> Field<'m> {
        let unsplit = Syntax {
            separators: Separators::UNSPLIT,
            ..self.syntax
        };
        match number {
            1 => {
                let start = self.ends.first().copied().unwrap_or_default();
                let end = if self.ends.len() > 1 {
                    start + 1
                } else {
                    start
                };
                Field::new(self.slice(start, end), start as usize, unsplit)
            }
            2 => self.place(1, unsplit),
            _ => self.place(number - 1, self.syntax),
        }
    }

    #[inline]
    fn place(&self, place: usize, syntax: Syntax) -> Field<'m> {
        let Some(&end) = self.ends.get(place) else {
            return Field::new(&[], self.position().end, syntax);
        };
        let start = match place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
        {
            Some(before) => before + 1,
            None => self.entry.start,
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
