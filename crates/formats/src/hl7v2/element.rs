//! The pieces of a segment: field, repetition, component, subcomponent, each a view of the message's own bytes.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Range;

use super::charset::Charset;
use super::escape;
use super::separators::Separators;

/// A piece of a message: its bytes, where they are, and how they are read.
///
/// A piece that the message does not have is empty, so that reading never fails.
#[derive(Debug)]
pub struct Element<'m, Level> {
    raw: &'m [u8],
    start: usize,
    syntax: &'m Syntax,
    level: PhantomData<Level>,
}

/// One field, with all its repetitions.
pub type Field<'m> = Element<'m, level::Field>;
/// One repetition of a field.
pub type Repetition<'m> = Element<'m, level::Repetition>;
/// One component of a repetition.
pub type Component<'m> = Element<'m, level::Component>;
/// One subcomponent of a component.
pub type Subcomponent<'m> = Element<'m, level::Subcomponent>;
/// Whatever a [`super::Path`] led to.
pub type Value<'m> = Element<'m, level::Any>;

/// The levels of [`Element`]; they have no values.
pub mod level {
    /// A field.
    #[derive(Debug, Clone, Copy)]
    pub enum Field {}
    /// A repetition.
    #[derive(Debug, Clone, Copy)]
    pub enum Repetition {}
    /// A component.
    #[derive(Debug, Clone, Copy)]
    pub enum Component {}
    /// A subcomponent.
    #[derive(Debug, Clone, Copy)]
    pub enum Subcomponent {}
    /// Any of them, or a whole segment.
    #[derive(Debug, Clone, Copy)]
    pub enum Any {}
}

/// Holds what is needed to take a piece apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    pub(super) separators: Separators,
    pub(super) charset: Charset,
    /// Whether every piece is known to be the UTF-8 text that it stands for, but for its escape sequences.
    pub(super) is_text: bool,
}

impl Syntax {
    /// That of content which nothing splits, such as MSH-2.
    pub(super) const UNSPLIT: Self = Self {
        separators: Separators::UNSPLIT,
        charset: Charset::Ascii,
        is_text: false,
    };
}

impl<Level> Clone for Element<'_, Level> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Level> Copy for Element<'_, Level> {}

impl<'m, Level> Element<'m, Level> {
    #[inline]
    pub(super) fn new(raw: &'m [u8], start: usize, syntax: &'m Syntax) -> Self {
        Self {
            raw,
            start,
            syntax,
            level: PhantomData,
        }
    }

    /// Returns the bytes as they were sent.
    #[inline]
    #[must_use]
    pub fn raw(&self) -> &'m [u8] {
        self.raw
    }

    /// Returns the text, its escape sequences and character set decoded.
    ///
    /// An explicit null is two quotation marks; ask [`Element::is_null`] first.
    #[must_use]
    pub fn text(&self) -> Cow<'m, str> {
        escape::decode(self.raw, self.syntax.separators, self.syntax.charset)
    }

    /// Returns the bytes where they are the text as it stands, without anything that must be written otherwise
    /// elsewhere: no escape sequence, quotation mark, backslash, control character or white space at an end.
    #[inline]
    #[must_use]
    pub fn plain(&self) -> Option<&'m [u8]> {
        let ([first, ..], [.., last]) = (self.raw, self.raw) else {
            return None;
        };
        // Some white space is not ASCII: what may be is left to who looks closer.
        let is_plain = self.syntax.is_text
            && first.is_ascii_graphic()
            && last.is_ascii_graphic()
            && crate::fhir::json::escape::is_plain(self.raw)
            && !self.has_escape();
        is_plain.then_some(self.raw)
    }

    /// Reports whether there may be an escape sequence other than with a backslash.
    #[inline]
    fn has_escape(&self) -> bool {
        let escape = self.syntax.separators.escape;
        escape != b'\\' && self.raw.contains(&escape)
    }

    /// Reports whether nothing was sent here, which leaves what was known as it is.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Reports whether two quotation marks were sent, which deletes what was known.
    #[inline]
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.raw == b"\"\""
    }

    /// Reports whether there is nothing here but white space.
    #[inline]
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.raw.trim_ascii().is_empty()
    }

    /// Reports whether there is content here: not blank and not an explicit null.
    #[inline]
    #[must_use]
    pub fn is_valued(&self) -> bool {
        !self.is_blank() && !self.is_null()
    }

    /// Returns where the bytes are in what was parsed.
    #[inline]
    #[must_use]
    pub fn position(&self) -> Range<usize> {
        self.start..self.start + self.raw.len()
    }

    #[inline]
    pub(super) fn separators(&self) -> &'m Separators {
        &self.syntax.separators
    }

    #[inline]
    pub(super) fn at_level<Other>(&self) -> Element<'m, Other> {
        Element::new(self.raw, self.start, self.syntax)
    }

    fn parts<Part>(&self, separator: u8) -> Parts<'m, Part> {
        Parts {
            rest: Some(self.at_level()),
            separator,
        }
    }

    /// Finds the part with this number, counted from 1, before the first `stop`.
    #[inline]
    pub(super) fn part<Part>(&self, number: usize, separator: u8, stop: u8) -> Element<'m, Part> {
        let mut remaining = number;
        let mut start = 0;
        loop {
            let rest = self.raw.get(start..).unwrap_or_default();
            let found = find(rest, separator, stop).map_or(self.raw.len(), |at| start + at);
            let is_last = self.raw.get(found) != Some(&separator);
            remaining = remaining.wrapping_sub(1);
            if remaining == 0 {
                return self.slice(start, found);
            }
            if is_last {
                return self.slice(found, found);
            }
            start = found + 1;
        }
    }

    #[inline]
    pub(super) fn slice<Part>(&self, start: usize, end: usize) -> Element<'m, Part> {
        let raw = self.raw.get(start..end).unwrap_or_default();
        Element::new(raw, self.start + start, self.syntax)
    }
}

/// The bytes of a short piece, which is gone through faster than a search is called.
const SHORT_BYTES: usize = 16;

/// Finds the first of two bytes.
#[inline]
fn find(bytes: &[u8], one: u8, other: u8) -> Option<usize> {
    if bytes.len() <= SHORT_BYTES {
        return bytes.iter().position(|&byte| byte == one || byte == other);
    }
    memchr::memchr2(one, other, bytes)
}

impl<'m> Field<'m> {
    /// Returns all of it as one repetition, for who knows that it does not repeat.
    #[inline]
    #[must_use]
    pub fn as_repetition(&self) -> Repetition<'m> {
        self.at_level()
    }

    /// Returns the repetitions; an empty field has one, which is empty.
    #[inline]
    #[must_use]
    pub fn repetitions(&self) -> Parts<'m, level::Repetition> {
        self.parts(self.syntax.separators.repetition)
    }

    /// Returns the repetition with this number, counted from 1.
    #[inline]
    #[must_use]
    pub fn repetition(&self, number: usize) -> Repetition<'m> {
        let separators = self.syntax.separators;
        self.part(number, separators.repetition, Separators::NONE)
    }

    /// Returns the component with this number, counted from 1, of the first repetition.
    #[inline]
    #[must_use]
    pub fn component(&self, number: usize) -> Component<'m> {
        let separators = self.syntax.separators;
        self.part(number, separators.component, separators.repetition)
    }
}

impl<'m> Repetition<'m> {
    /// Returns the components; an empty repetition has one, which is empty.
    #[inline]
    #[must_use]
    pub fn components(&self) -> Parts<'m, level::Component> {
        self.parts(self.syntax.separators.component)
    }

    /// Returns the component with this number, counted from 1.
    #[inline]
    #[must_use]
    pub fn component(&self, number: usize) -> Component<'m> {
        let separators = self.syntax.separators;
        self.part(number, separators.component, Separators::NONE)
    }

    /// Returns the first subcomponent of the first component.
    #[inline]
    #[must_use]
    pub fn first(&self) -> Subcomponent<'m> {
        let separators = self.syntax.separators;
        let end = find(self.raw, separators.component, separators.subcomponent);
        self.slice(0, end.unwrap_or(self.raw.len()))
    }
}

impl<'m> Component<'m> {
    /// Returns the subcomponents; an empty component has one, which is empty.
    #[inline]
    #[must_use]
    pub fn subcomponents(&self) -> Parts<'m, level::Subcomponent> {
        self.parts(self.syntax.separators.subcomponent)
    }

    /// Returns the subcomponent with this number, counted from 1.
    #[inline]
    #[must_use]
    pub fn subcomponent(&self, number: usize) -> Subcomponent<'m> {
        let separators = self.syntax.separators;
        self.part(number, separators.subcomponent, Separators::NONE)
    }
}

/// Goes through the parts of an [`Element`].
#[derive(Debug, Clone)]
pub struct Parts<'m, Part> {
    rest: Option<Element<'m, Part>>,
    separator: u8,
}

impl<'m, Part> Iterator for Parts<'m, Part> {
    type Item = Element<'m, Part>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let end = find(rest.raw, self.separator, self.separator);
        self.rest = end.map(|end| rest.slice(end + 1, rest.raw.len()));
        Some(rest.slice(0, end.unwrap_or(rest.raw.len())))
    }
}
