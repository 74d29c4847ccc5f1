//! Value sets: which lists of codes a concept is in, kept as bits instead of the codes.

use std::collections::BTreeMap;

use crate::EventId;

/// The lists that a concept is in, by their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members(u128);

impl Members {
    /// How many lists there can be.
    pub const LISTS: u8 = 128;
    /// In none.
    pub const NONE: Self = Self(0);

    /// In this list alone; nothing where the number is too great.
    pub const fn of(list: u8) -> Option<Self> {
        if list < Self::LISTS {
            Some(Self(1 << list))
        } else {
            None
        }
    }

    /// In both's lists.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Says whether it is in any of these lists.
    pub const fn any(self, lists: Self) -> bool {
        self.0 & lists.0 != 0
    }

    /// Says whether it is in no list.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Gives the numbers of the lists, least first.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..Self::LISTS).filter(move |list| self.0 >> list & 1 == 1)
    }
}

/// Codes and the lists that each is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueSets {
    systems: BTreeMap<Box<str>, BTreeMap<Box<str>, Members>>,
}

impl ValueSets {
    /// Puts a code into a list.
    pub fn add(&mut self, list: Members, system: &str, code: &str) {
        let codes = self.systems.entry(system.into()).or_default();
        let held = codes.entry(code.into()).or_default();
        *held = held.and(list);
    }

    /// Gives the lists that a code is in.
    pub fn members(&self, system: &str, code: &str) -> Members {
        let codes = self.systems.get(system);
        codes
            .and_then(|codes| codes.get(code))
            .copied()
            .unwrap_or_default()
    }

    /// Gives a name for exactly these lists: what was reduced by others says something else.
    pub fn fingerprint(&self) -> u64 {
        let mut parts = Vec::new();
        for (system, codes) in &self.systems {
            for (code, members) in codes {
                parts.push(system.as_bytes().to_vec());
                parts.push(code.as_bytes().to_vec());
                parts.push(members.0.to_be_bytes().to_vec());
            }
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        EventId::derive(&parts).first_eight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_in_the_lists_it_was_put_into_and_the_limit_holds() {
        let list = |number| Members::of(number).unwrap();
        let mut sets = ValueSets::default();
        let empty = sets.fingerprint();
        sets.add(list(0), "http://loinc.org", "1-8");
        sets.add(list(127), "http://loinc.org", "1-8");
        let found = sets.members("http://loinc.org", "1-8");
        assert!(found.any(list(0)) && found.any(list(127)) && !found.any(list(1)));
        assert_eq!(found.numbers().collect::<Vec<_>>(), [0, 127]);
        assert!(sets.members("http://snomed.info/sct", "1-8").is_none());
        assert_eq!(Members::of(128), None);
        assert_ne!(sets.fingerprint(), empty);
    }
}
