//! What was seen of one object: which elements are there, and where those are that a rule asks for.

use super::super::definition::{Member, Part};

/// How many values of an object are kept for the rules.
pub(super) const KEPT_MAX: usize = 4;

/// Where a value stands; nowhere at all where it ends at 0. No resource is so long that this does not hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    at: u32,
    end: u32,
}

impl Span {
    pub(super) fn new(at: usize, end: usize) -> Self {
        let short = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Self {
            at: short(at),
            end: short(end),
        }
    }

    pub(super) const fn at(self) -> usize {
        self.at as usize
    }

    /// Gives what stands there; nothing where there was none.
    pub(super) fn of(self, text: &str) -> Option<&str> {
        let value = text.get(self.at()..self.end as usize);
        value.filter(|value| !value.is_empty())
    }
}

/// A resource that stands in another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource {
    /// The number of its type.
    pub(super) part: u16,
    pub(super) id: Span,
    pub(super) meta: Span,
}

/// An object of a type.
pub(super) struct Object {
    pub(super) part: &'static Part,
    pub(super) at: usize,
    pub(super) end: usize,
    /// The elements that have a value.
    pub(super) values: u64,
    /// The elements that have a sibling with an id or extensions.
    pub(super) shadows: u64,
    pub(super) kept: [Span; KEPT_MAX],
    /// The resource in it, where it has one.
    pub(super) inner: Option<Resource>,
    /// The choices that were there more than once.
    unclear: u64,
    /// Whether a null stands in an array of it.
    pub(super) nulls: bool,
}

impl Object {
    pub(super) fn new(part: &'static Part, at: usize) -> Self {
        Self {
            part,
            at,
            end: at,
            values: 0,
            shadows: 0,
            kept: [Span::default(); KEPT_MAX],
            inner: None,
            unclear: 0,
            nulls: false,
        }
    }

    /// Notes a value of an element, or the sibling that holds its id and extensions.
    pub(super) fn note(&mut self, member: &Member, shadow: bool) -> Fit {
        let bit = 1_u64 << member.element;
        let (own, other) = match shadow {
            false => (&mut self.values, self.shadows),
            true => (&mut self.shadows, self.values),
        };
        let again = *own & bit != 0;
        let beside = other & bit != 0;
        *own |= bit;
        if !member.choice {
            return if again { Fit::Again } else { Fit::Well };
        }
        if !again && !beside {
            return Fit::Well;
        }
        // Finding out reads the object again, so that is done once.
        let known = self.unclear & bit != 0;
        self.unclear |= bit;
        if known { Fit::Again } else { Fit::Unclear }
    }

    /// The elements that have a value, or an extension instead.
    pub(super) const fn elements(&self) -> u64 {
        self.values | self.shadows
    }
}

/// How a member fits with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Well,
    /// It was there already.
    Again,
    /// The same choice was there already, in this form or another.
    Unclear,
}
