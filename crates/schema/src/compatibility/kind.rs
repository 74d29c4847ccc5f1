//! The differences between two schemas by name: what each means, and whether a reader breaks by it.

mod array;
mod avro;
mod combined;
mod object;
mod value;

use super::Policy;

pub(crate) use array::*;
pub(crate) use avro::*;
pub(crate) use combined::*;
pub(crate) use object::*;
pub(crate) use value::*;

/// What sort of difference there is between what was written and what is read, named as registries name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    name: &'static str,
    effect: Effect,
    words: &'static str,
}

/// What a difference does to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Nothing,
    Breaks,
    /// Only if the writer wrote what its schema allows but does not name.
    BreaksWhenStrict,
}

impl Kind {
    /// Gives its name, such as `PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Tells whether a reader breaks by it.
    pub fn breaks(self, policy: Policy) -> bool {
        match self.effect {
            Effect::Nothing => false,
            Effect::Breaks => true,
            Effect::BreaksWhenStrict => policy == Policy::Strict,
        }
    }

    /// Says what it is, with names for who reads and who wrote.
    pub fn words(self, reader: &str, writer: &str) -> String {
        self.words
            .replace("{reader}", reader)
            .replace("{writer}", writer)
    }

    /// Lists all there are.
    pub fn all() -> impl Iterator<Item = Self> {
        let single = [
            value::ALL,
            object::ALL,
            array::ALL,
            combined::ALL,
            avro::ALL,
        ];
        let limits = value::LIMITS.iter().flatten();
        single.into_iter().flatten().chain(limits).copied()
    }
}

const fn fine(name: &'static str, words: &'static str) -> Kind {
    Kind {
        name,
        effect: Effect::Nothing,
        words,
    }
}

const fn breaks(name: &'static str, words: &'static str) -> Kind {
    Kind {
        name,
        effect: Effect::Breaks,
        words,
    }
}

const fn breaks_when_strict(name: &'static str, words: &'static str) -> Kind {
    Kind {
        name,
        effect: Effect::BreaksWhenStrict,
        words,
    }
}
