//! A part of a field at any level, so that one data type's table serves fields, components and subcomponents.

use std::borrow::Cow;
use std::ops::Range;

use formats::hl7v2::{Component, Repetition, Split, Subcomponent, level};

/// A part of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'m> {
    /// One repetition.
    Repetition(Repetition<'m>),
    /// A component of it.
    Component(Component<'m>),
    /// A subcomponent of that.
    Subcomponent(Subcomponent<'m>),
}

/// The parts of a piece, if they were looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parts<'m> {
    /// They were not.
    Unknown,
    /// Of a repetition.
    Components(Split<'m, level::Component>),
    /// Of a component.
    Subcomponents(Split<'m, level::Subcomponent>),
}

impl<'m> Parts<'m> {
    /// Gives the part with this number of the piece that they are of.
    #[inline]
    pub(crate) fn of(&self, piece: Piece<'m>, number: usize) -> Option<Piece<'m>> {
        match self {
            Self::Components(split) => Some(Piece::Component(split.part(number))),
            Self::Subcomponents(split) => Some(Piece::Subcomponent(split.part(number))),
            Self::Unknown => piece.part(number),
        }
    }

    /// Gives one bit for each part that was sent, the first one's lowest.
    pub(crate) fn sent(&self) -> u32 {
        match self {
            Self::Components(split) => split.sent(),
            Self::Subcomponents(split) => split.sent(),
            Self::Unknown => u32::MAX,
        }
    }
}

impl<'m> Piece<'m> {
    /// Looks for all parts at once.
    pub(crate) fn split(self) -> Parts<'m> {
        match self {
            Self::Repetition(piece) => Parts::Components(piece.split()),
            Self::Component(piece) => Parts::Subcomponents(piece.split()),
            Self::Subcomponent(_) => Parts::Unknown,
        }
    }

    /// Gives the bytes where they are the text as it stands, without anything to escape or to trim.
    #[inline]
    pub(crate) fn plain(self) -> Option<&'m [u8]> {
        match self {
            Self::Repetition(piece) => piece.plain(),
            Self::Component(piece) => piece.plain(),
            Self::Subcomponent(piece) => piece.plain(),
        }
    }

    /// Gives the part with this number; what has no parts is its own first one.
    #[inline]
    pub(crate) fn part(self, number: usize) -> Option<Self> {
        match self {
            Self::Repetition(piece) => Some(Self::Component(piece.component(number))),
            Self::Component(piece) => Some(Self::Subcomponent(piece.subcomponent(number))),
            Self::Subcomponent(_) => (number == 1).then_some(self),
        }
    }

    /// Gives the first part that is not itself made of parts.
    #[inline]
    pub(crate) fn first(self) -> Self {
        Self::Subcomponent(match self {
            Self::Repetition(piece) => piece.first(),
            Self::Component(piece) => piece.subcomponent(1),
            Self::Subcomponent(piece) => piece,
        })
    }

    /// Gives the parts, the last valued one last.
    pub(crate) fn parts(self) -> Vec<Self> {
        match self {
            Self::Repetition(piece) => piece.components().map(Self::Component).collect(),
            Self::Component(piece) => piece.subcomponents().map(Self::Subcomponent).collect(),
            Self::Subcomponent(_) => vec![self],
        }
    }

    /// Gives the decoded text without white space around it; nothing for white space and for an explicit null.
    pub(crate) fn text(self) -> Option<Cow<'m, str>> {
        if let Some(plain) = self.plain()
            && let Ok(text) = std::str::from_utf8(plain)
        {
            return Some(Cow::Borrowed(text));
        }
        self.exact().map(pictured)
    }

    /// Gives the decoded text as it was sent, with its control characters: what is encoded again has room for them.
    pub(crate) fn exact(self) -> Option<Cow<'m, str>> {
        let text = match self {
            _ if self.is_null() => return None,
            Self::Repetition(piece) => piece.text(),
            Self::Component(piece) => piece.text(),
            Self::Subcomponent(piece) => piece.text(),
        };
        let trimmed = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        (!trimmed.is_empty()).then_some(trimmed)
    }

    /// Gives the bytes as sent.
    #[inline]
    pub(crate) fn raw(self) -> &'m [u8] {
        match self {
            Self::Repetition(piece) => piece.raw(),
            Self::Component(piece) => piece.raw(),
            Self::Subcomponent(piece) => piece.raw(),
        }
    }

    /// Says whether there is nothing here but white space and separators.
    #[inline]
    pub(crate) fn is_blank(self) -> bool {
        let raw = self.raw();
        match raw.first() {
            None => true,
            Some(byte) if byte.is_ascii_alphanumeric() => false,
            Some(_) => self.has_blank_parts(raw),
        }
    }

    fn has_blank_parts(self, raw: &[u8]) -> bool {
        if raw.trim_ascii_start().is_empty() {
            return true;
        }
        let may_separate = |byte: &u8| byte.is_ascii_punctuation() || byte.is_ascii_whitespace();
        let is_part = matches!(self, Self::Subcomponent(_));
        !is_part && raw.iter().all(may_separate) && self.parts().into_iter().all(Self::is_blank)
    }

    /// Says whether the sender deletes what was known.
    #[inline]
    pub(crate) fn is_null(self) -> bool {
        let raw = self.raw();
        raw.contains(&b'"') && raw.trim_ascii() == b"\"\""
    }

    /// Says whether there is content.
    #[inline]
    pub(crate) fn is_valued(self) -> bool {
        match self.raw() {
            [] => false,
            [first, ..] if first.is_ascii_alphanumeric() => true,
            _ => !self.is_blank() && !self.is_null(),
        }
    }

    /// Gives how deep it is.
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::Repetition(_) => 0,
            Self::Component(_) => 1,
            Self::Subcomponent(_) => 2,
        }
    }

    /// Gives the place in the message.
    #[inline]
    pub(crate) fn position(self) -> Range<usize> {
        match self {
            Self::Repetition(piece) => piece.position(),
            Self::Component(piece) => piece.position(),
            Self::Subcomponent(piece) => piece.position(),
        }
    }
}

/// Gives a text with the pictures that Unicode has of control characters (U+2400 and on) in their places: no string of FHIR R4
/// holds any but tabs and line ends, and what was sent is not to be lost.
pub(crate) fn pictured(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_control = |c: char| c < ' ' && !matches!(c, '\t' | '\r' | '\n');
    if !text.contains(is_control) {
        return text;
    }
    let picture = |c: char| char::from_u32(PICTURES + u32::from(c)).unwrap_or(c);
    let each = text
        .chars()
        .map(|c| if is_control(c) { picture(c) } else { c });
    Cow::Owned(each.collect())
}

/// The picture of U+0000.
const PICTURES: u32 = 0x2400;
