//! What providers did over a day, from the claims of all members: each member's claims add to the weeks of those who gave
//! the services, and a week is judged from all that was added to it.
//!
//! It is in two halves, since claims come by member and a day is a provider's. What a claim adds to a week is written
//! whole, and again when it changes; a week counts the newest of each, so the order of arrival decides nothing.

mod minutes;

mod claimed;

mod case;
mod week;

mod wire;

pub use case::{CaseFacts, IntegrityCase};
pub use claimed::{Added, WeekClaim, WeekService};
pub(crate) use claimed::{Told, claims, tell};
pub use minutes::{MinuteError, Minutes};
pub use week::{Judged, OfWeek, Week, Weeks};

use std::collections::BTreeSet;

use clinical::payer::{Day, Link};

/// More time than this on one day is told of: sixteen hours. No rule says so; a site may say otherwise.
const FLAGGED_MINUTES: u32 = 16 * 60;
/// There is no more time than this on a day. Fang and Gong hold the time that is claimed against what can be worked:
/// American Economic Review 107(2), 2017, pages 562 to 591.
const IMPOSSIBLE_MINUTES: u32 = 24 * 60;

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
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            minutes: Minutes::default(),
            groups: BTreeSet::new(),
            flagged: FLAGGED_MINUTES,
            impossible: IMPOSSIBLE_MINUTES,
        }
    }
}

/// The Monday of a day's week; day 0 was a Thursday.
const fn week_of(day: Day) -> Day {
    day - (day + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests;
