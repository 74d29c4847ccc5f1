//! A patient's state: the newest value of each code, and the last heart rates in the order of their times.

use crate::score::{CODES_COUNT, HEART_RATE};
use crate::vital::Vital;

/// How many heart rates are kept.
const RING_MAX: usize = 32;
const VERSION: u8 = 1;
const NEVER: i64 = i64::MIN;
const READING_BYTES: usize = 12;
/// Version, band, count, newest time.
const FRONT_BYTES: usize = 11;

/// The state of one patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chart {
    /// The newest effective time of any vital.
    pub(crate) last: i64,
    /// The band of the newest score.
    pub(crate) band: u8,
    /// By code.
    pub(crate) newest: [Reading; CODES_COUNT],
    count: u8,
    ring: [Reading; RING_MAX],
}

/// A value and when it was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) time: i64,
    pub(crate) value: i32,
}

const UNKNOWN: Reading = Reading {
    time: NEVER,
    value: 0,
};

impl Reading {
    /// Tells whether there ever was one.
    pub(crate) fn is_known(&self) -> bool {
        self.time != NEVER
    }
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            last: NEVER,
            band: 0,
            newest: [UNKNOWN; CODES_COUNT],
            count: 0,
            ring: [UNKNOWN; RING_MAX],
        }
    }
}

impl Chart {
    /// Gives the kept heart rates, the oldest first.
    pub(crate) fn heart_rates(&self) -> &[Reading] {
        self.ring.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// Takes in a vital; tells whether it is the newest of the patient.
    pub(crate) fn take(&mut self, vital: Vital) -> bool {
        let reading = Reading {
            time: vital.effective,
            value: vital.value,
        };
        if let Some(newest) = self.newest.get_mut(vital.code)
            && reading.time >= newest.time
        {
            *newest = reading;
        }
        if vital.code == HEART_RATE {
            self.insert(reading);
        }
        let is_newest = reading.time > self.last;
        self.last = self.last.max(reading.time);
        is_newest
    }

    /// One of a time that is known takes its place; of more than fit, the oldest goes.
    fn insert(&mut self, reading: Reading) {
        let at = self
            .heart_rates()
            .partition_point(|kept| kept.time <= reading.time);
        if let Some(before) = at
            .checked_sub(1)
            .and_then(|before| self.ring.get_mut(before))
            && before.time == reading.time
        {
            *before = reading;
            return;
        }
        let count = usize::from(self.count);
        let place = if count < RING_MAX {
            self.count += 1;
            self.ring.get_mut(at..=count).and_then(|newer| {
                newer.rotate_right(1);
                newer.first_mut()
            })
        } else {
            self.ring.get_mut(..at).and_then(|older| {
                older.rotate_left(at.min(1));
                older.last_mut()
            })
        };
        if let Some(place) = place {
            *place = reading;
        }
    }

    /// Appends the stored bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(FRONT_BYTES + (CODES_COUNT + RING_MAX) * READING_BYTES);
        out.extend_from_slice(&[VERSION, self.band, self.count]);
        out.extend_from_slice(&self.last.to_be_bytes());
        for reading in self.newest.iter().chain(&self.ring) {
            out.extend_from_slice(&reading.time.to_be_bytes());
            out.extend_from_slice(&reading.value.to_be_bytes());
        }
    }

    /// Reads stored bytes; `None` when they are of another version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION, band, count], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (last, rest) = rest.split_first_chunk()?;
        let mut chart = Self {
            last: i64::from_be_bytes(*last),
            band,
            count,
            ..Self::default()
        };
        let (readings, []) = rest.as_chunks::<READING_BYTES>() else {
            return None;
        };
        let places = chart.newest.iter_mut().chain(&mut chart.ring);
        for (place, reading) in places.zip(readings) {
            let (time, value) = reading.split_first_chunk()?;
            place.time = i64::from_be_bytes(*time);
            place.value = i32::from_be_bytes(value.try_into().ok()?);
        }
        Some(chart)
    }
}
