//! What a site says of its emergency departments: which units they are, and where in them nobody is treated.

use std::collections::{BTreeMap, BTreeSet};

use super::board::UnitBeds;
use super::clock::{ClockRule, own_clocks};
use super::sign::{SignRule, disposition, own_signs};
use super::visit::Disposition;

/// What stands for the unit of a visit whose messages name no place.
pub const NO_UNIT: &str = "not said";

/// What a site says of its departments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// The units that are emergency departments; where none is named, of each visit the one where it was an emergency first.
    pub units: BTreeSet<Box<str>>,
    /// The rooms and beds in which patients wait, and are not treated.
    pub waiting: BTreeSet<Box<str>>,
    /// The site's own codes of those who left before anyone of standing saw them.
    pub left_unseen: BTreeSet<Box<str>>,
    /// How many beds there are, by unit.
    pub beds: BTreeMap<Box<str>, UnitBeds>,
    /// When clocks warn and breach.
    pub clocks: Vec<ClockRule>,
    /// What observations and orders say.
    pub signs: Vec<SignRule>,
    /// Whether findings are made of what clocks tell.
    pub tells: bool,
}

impl Default for Department {
    fn default() -> Self {
        Self {
            units: BTreeSet::new(),
            waiting: BTreeSet::new(),
            left_unseen: BTreeSet::new(),
            beds: BTreeMap::new(),
            clocks: own_clocks(),
            signs: own_signs(),
            tells: false,
        }
    }
}

impl Department {
    /// Gives how a visit ended, by the code of where the patient went.
    pub(super) fn ended(&self, code: &str) -> Option<Disposition> {
        match self.left_unseen.contains(code) {
            true => Some(Disposition::LeftUnseen),
            false => disposition(code),
        }
    }

    /// Says whether patients wait at a place.
    pub(super) fn is_waiting(&self, place: &str) -> bool {
        parts(place).any(|part| self.waiting.contains(part))
    }
}

/// Gives the unit of a place: what stands first in its words.
pub(super) fn unit_of(place: &str) -> &str {
    parts(place).next().unwrap_or_default()
}

/// Gives the place without its unit.
pub(super) fn within(place: &str) -> String {
    parts(place).skip(1).collect::<Vec<_>>().join(" / ")
}

fn parts(place: &str) -> impl Iterator<Item = &str> {
    place.split(" / ").map(str::trim)
}
