//! What is kept of one patient between steps, and its bytes.

use std::collections::BTreeMap;

use clinical::{Alert, EventTime};

use crate::budget::{DAY_MICROS, Pool, day_of};
use crate::bytes::{Reader, Writer};
use crate::course::{Course, KEPT_FOR};

mod encoding;
#[cfg(test)]
mod tests;

/// The version of the bytes that [`State::encode`] writes.
pub const VERSION: u8 = VERSION_3;
/// The version before there was a budget.
const VERSION_1: u8 = 1;
/// Since then the lines of a condition stand by workload.
const VERSION_3: u8 = 3;

/// What is kept of one patient: the findings of the last days, the open alerts, who was told what, and the recent past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub(crate) conditions: BTreeMap<Box<str>, Course>,
    /// The last day on which something was concluded, where a budget is kept.
    pub(crate) day: Option<i64>,
    /// Of the key of the budget alone.
    pub(crate) pool: Option<Pool>,
}

impl State {
    /// Names the open alerts, by condition.
    pub fn open_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.conditions.values().filter_map(Course::open_alert)
    }

    /// Says whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Gives the pool of the budget, under its key.
    pub const fn pool(&self) -> Option<&Pool> {
        self.pool.as_ref()
    }

    /// Writes the state as bytes that any later version can read.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.byte(VERSION);
        encoding::write(&mut to, self);
        encoding::write_budget(&mut to, self);
        to.into_bytes()
    }

    /// Reads the state; no bytes are the state of a patient never seen.
    ///
    /// # Errors
    /// When the bytes were not written by [`State::encode`], or by a newer version of it.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut from = Reader::new(bytes);
        let version = from.byte()?;
        if !(VERSION_1..=VERSION).contains(&version) {
            return Err(DecodeError::Version { found: version });
        }
        let mut state = encoding::read(&mut from, version)?;
        if version > VERSION_1 {
            encoding::read_budget(&mut from, &mut state)?;
        }
        from.finish()?;
        Ok(state)
    }

    /// Gives when all that is kept for a while is over, unless something comes; the same all day long.
    pub(crate) fn forgets_at(&self) -> Option<EventTime> {
        let newest = self.conditions.values().map(Course::newest).max()?;
        newest.map(forgotten_at)
    }

    /// Forgets what was kept for a while, and gives when what is left is, unless something comes.
    pub(crate) fn prune(&mut self, watermark: EventTime) -> Option<EventTime> {
        let mut newest = None;
        self.conditions.retain(|_, course| {
            course.prune(watermark);
            newest = newest.max(course.newest());
            !course.is_blank()
        });
        newest.map(forgotten_at)
    }
}

/// When what is kept after a time is forgotten; the same for all of a day, so that few timers are set.
pub(crate) fn forgotten_at(newest: EventTime) -> EventTime {
    let day_ends = day_of(newest).saturating_add(1).saturating_mul(DAY_MICROS);
    EventTime::from_micros(day_ends).plus(KEPT_FOR)
}

/// The bytes of a state could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They were written by a newer program.
    #[error("alert state of version {found}, and this program reads version {VERSION}: upgrade it")]
    Version {
        /// The version found.
        found: u8,
    },
    /// They are not what was written.
    #[error(
        "alert state is damaged at byte {at}, where {what} should be; rebuild the state from the journal"
    )]
    Damaged {
        /// What was expected there.
        what: &'static str,
        /// The place.
        at: usize,
    },
}
