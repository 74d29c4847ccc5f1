//! A segment and what is in it, borrowed from the bytes of the file.

use std::borrow::Cow;

use super::delimiters::Delimiters;

/// A segment; it copies nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'b> {
    pub(crate) raw: &'b [u8],
    pub(crate) whole: &'b [u8],
    pub(crate) delimiters: Delimiters,
    pub(crate) number: u32,
    pub(crate) position: usize,
}

impl<'b> Segment<'b> {
    /// Gives its name, such as `CLM`.
    #[must_use]
    pub fn name(&self) -> &'b [u8] {
        let end = memchr::memchr(self.delimiters.element, self.raw);
        self.raw
            .get(..end.unwrap_or(self.raw.len()))
            .unwrap_or_default()
    }

    /// Gives its bytes without what ends it.
    #[must_use]
    pub const fn raw(&self) -> &'b [u8] {
        self.raw
    }

    /// Gives its bytes with its terminator and the line ends behind it.
    #[must_use]
    pub const fn whole(&self) -> &'b [u8] {
        self.whole
    }

    /// Gives its number in the file, counted from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Gives the byte of the file at which it starts.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Gives what splits it.
    #[must_use]
    pub const fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// Gives an element, counted from 1; an empty one where there is none.
    #[must_use]
    pub fn element(&self, number: usize) -> Element<'b> {
        let place = number.checked_sub(1);
        let found = place.and_then(|place| self.elements().nth(place));
        found.unwrap_or(Element {
            raw: b"",
            delimiters: self.delimiters,
            position: self.position + self.raw.len(),
        })
    }

    /// Goes through the elements behind the name.
    pub fn elements(&self) -> impl Iterator<Item = Element<'b>> + use<'b> {
        let delimiters = if matches!(self.name(), b"ISA") {
            self.delimiters.of_header()
        } else {
            self.delimiters
        };
        let of = Element {
            raw: self.raw,
            delimiters,
            position: self.position,
        };
        pieces(of, Some(delimiters.element)).skip(1)
    }
}

/// An element, one repetition of it, or a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'b> {
    raw: &'b [u8],
    delimiters: Delimiters,
    position: usize,
}

impl<'b> Element<'b> {
    /// Gives its bytes.
    #[must_use]
    pub const fn raw(&self) -> &'b [u8] {
        self.raw
    }

    /// Reports whether there is nothing in it but blanks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.trim_ascii().is_empty()
    }

    /// Gives the byte of the file at which it starts.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Gives its text without blanks around it; what is not UTF-8 is read as windows-1252.
    #[must_use]
    pub fn text(&self) -> Cow<'b, str> {
        let raw = self.raw.trim_ascii();
        match std::str::from_utf8(raw) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(raw).0,
        }
    }

    /// Goes through its repetitions; itself where nothing repeats.
    pub fn repetitions(&self) -> impl Iterator<Item = Self> + use<'b> {
        pieces(*self, self.delimiters.repetition)
    }

    /// Goes through its components; itself where it has only one.
    pub fn components(&self) -> impl Iterator<Item = Self> + use<'b> {
        pieces(*self, self.delimiters.component)
    }

    /// Gives a component, counted from 1; an empty one where there is none.
    #[must_use]
    pub fn component(&self, number: usize) -> Self {
        let place = number.checked_sub(1);
        let found = place.and_then(|place| self.components().nth(place));
        found.unwrap_or(Self { raw: b"", ..*self })
    }
}

/// Splits at a byte; gives the whole where nothing splits it.
fn pieces<'b>(of: Element<'b>, at: Option<u8>) -> impl Iterator<Item = Element<'b>> + use<'b> {
    let mut rest = Some(of);
    std::iter::from_fn(move || {
        let now = rest.take()?;
        let end = at.and_then(|at| memchr::memchr(at, now.raw));
        let Some(end) = end else {
            return Some(now);
        };
        rest = Some(Element {
            raw: now.raw.get(end + 1..).unwrap_or_default(),
            position: now.position + end + 1,
            ..now
        });
        Some(Element {
            raw: now.raw.get(..end).unwrap_or_default(),
            ..now
        })
    })
}
