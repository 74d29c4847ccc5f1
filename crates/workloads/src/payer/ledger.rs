//! What providers did over a day, from the claims of all members: each member's claims add to the weeks of those who gave
//! the services, and a week is judged from all that was added to it.
//!
//! It is in two halves, since claims come by member and a day is a provider's. What a claim adds to a week is written
//! whole, and again when it changes; a week counts the newest of each, so the order of arrival decides nothing.

mod case;
mod claimed;
mod levels;
mod minutes;
mod mix;
mod peers;
mod week;
mod wire;

pub use case::{CaseFacts, DayFacts, IntegrityCase, LevelFacts};
pub use claimed::{Added, LevelOfVisit, WeekClaim, WeekService};
pub(crate) use claimed::{Told, claims, tell};
pub use levels::Levels;
pub use minutes::Minutes;
pub use mix::{Mix, MixKind, WeekMix};
pub use peers::{PeerRules, Peers};
pub(crate) use week::NAME as PROVIDERS;
pub use week::{Judged, OfWeek, Week, Weeks};

use std::collections::BTreeSet;

use clinical::payer::{Day, Link};

/// More time than this on one day is told of: sixteen hours. No rule says so; a site may say otherwise.
const FLAGGED_MINUTES: u32 = 16 * 60;
/// There is no more time than this on a day. Fang and Gong hold the time that is claimed against what can be worked:
/// American Economic Review 107(2), 2017, pages 562 to 591.
const IMPOSSIBLE_MINUTES: u32 = 24 * 60;

/// So many visits of a provider are compared at least. No rule says so; a site may say otherwise.
const VISITS_LEAST: u32 = 30;
/// Visits of so many weeks are looked at together: a quarter of a year.
const WEEKS: u16 = 13;

/// What a site may set of the days of providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerConfig {
    /// How long services take.
    pub minutes: Minutes,
    /// Those who are named as one person and are several: they are not judged.
    pub groups: BTreeSet<Link>,
    /// A day of more minutes than this is told of.
    pub flagged: u32,
    /// A day of more minutes than this cannot have been.
    pub impossible: u32,
    /// Families and levels of visits.
    pub levels: Levels,
    /// So many others a provider is compared with at least; nobody is where there is none.
    pub peers: Option<u32>,
    /// So many visits each of them has at least.
    pub visits: u32,
    /// In so many weeks.
    pub weeks: u16,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            minutes: Minutes::default(),
            groups: BTreeSet::new(),
            flagged: FLAGGED_MINUTES,
            impossible: IMPOSSIBLE_MINUTES,
            levels: Levels::default(),
            peers: None,
            visits: VISITS_LEAST,
            weeks: WEEKS,
        }
    }
}

/// The Monday of a day's week; day 0 was a Thursday.
const fn week_of(day: Day) -> Day {
    day - (day + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests;
