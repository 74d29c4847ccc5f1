//! What was seen of one object: which elements are there, and where those are that a rule asks for.

use super::super::definition::Part;

/// How many values of an object are kept for the rules.
pub(super) const KEPT_MAX: usize = 4;

/// Where a value stands; nowhere at all where it ends at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Span {
    /// Gives what stands there; nothing where there was none.
    pub(super) fn of(self, text: &str) -> Option<&str> {
        text.get(self.at..self.end)
            .filter(|value| !value.is_empty())
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
    /// The elements that have a value, or an extension instead.
    pub(super) elements: u128,
    members: Bits,
    shadows: Bits,
    pub(super) kept: [Span; KEPT_MAX],
    /// The resource in it, where it has one.
    pub(super) inner: Option<Resource>,
    /// Whether a null stands in an array of it.
    pub(super) nulls: bool,
}

impl Object {
    pub(super) fn new(part: &'static Part, at: usize) -> Self {
        Self {
            part,
            at,
            end: at,
            elements: 0,
            members: Bits::default(),
            shadows: Bits::default(),
            kept: [Span::default(); KEPT_MAX],
            inner: None,
            nulls: false,
        }
    }

    /// Notes a member, or the sibling that holds its id and extensions; says how it fits with those before.
    pub(super) fn note(&mut self, place: u16, element: u8, shadow: bool) -> Fit {
        let bit = 1_u128 << element;
        let beside = self.members.has(place) || self.shadows.has(place);
        let there = self.elements & bit != 0;
        self.elements |= bit;
        let bits = if shadow {
            &mut self.shadows
        } else {
            &mut self.members
        };
        if !bits.add(place) {
            Fit::Again
        } else if there && !beside {
            Fit::Choice
        } else {
            Fit::Well
        }
    }

    /// Whether any sibling stands there without its value.
    pub(super) fn has_lone_shadow(&self) -> bool {
        let mut pairs = self.members.0.iter().zip(self.shadows.0);
        pairs.any(|(members, shadows)| shadows & !members != 0)
    }

    pub(super) const fn has_member(&self, place: u16) -> bool {
        self.members.has(place)
    }

    pub(super) const fn has_shadow(&self, place: u16) -> bool {
        self.shadows.has(place)
    }
}

/// How a member fits with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Well,
    /// It was there already.
    Again,
    /// Another form of the same choice was there already.
    Choice,
}

/// A set of members of a part.
#[derive(Clone, Copy, Debug, Default)]
struct Bits([u64; 4]);

impl Bits {
    /// Adds one; says whether it was not there.
    fn add(&mut self, place: u16) -> bool {
        let bit = 1 << (place % 64);
        match self.0.get_mut(usize::from(place / 64)) {
            Some(word) => {
                let new = *word & bit == 0;
                *word |= bit;
                new
            }
            None => true,
        }
    }

    const fn has(&self, place: u16) -> bool {
        let [a, b, c, d] = self.0;
        let word = match place / 64 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        word & (1 << (place % 64)) != 0
    }
}
