//! How long readings stand, and those of a sensor that measures regularly but is not always heard.

use std::time::Duration;

use clinical::{Decimal, EventTime};

use super::Reading;

/// The shortest and the longest time between readings that is taken for the beat of a sensor.
const BEAT_MINUTES: std::ops::RangeInclusive<i64> = 1..=15;
const MINUTE: i64 = 60_000_000;

/// A reading, and until when it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) reading: Reading,
    pub(super) until: EventTime,
}

/// Lets each reading stand for its own time alone.
pub(super) fn as_charted(readings: &[Reading]) -> Vec<Held> {
    let held = readings.iter().map(|reading| Held {
        reading: *reading,
        until: reading.at,
    });
    held.collect()
}

/// Lets each reading of a sensor stand until the next one, for a beat at least.
pub(super) fn regular(readings: &[Reading], gap: Duration) -> Vec<Held> {
    let beat = step_of(readings);
    let even = filled(readings, beat, gap);
    let held = even.iter().enumerate().map(|(place, reading)| {
        let due = reading.at.plus(beat);
        let next = even.get(place + 1).map(|next| next.at);
        let heard = next.filter(|next| *next <= reading.at.plus(gap));
        Held {
            reading: *reading,
            until: heard.map_or(due, |next| next.max(due)),
        }
    });
    held.collect()
}

/// Gives the beat of a sensor: the median time between its readings, in whole minutes.
pub(super) fn step_of(readings: &[Reading]) -> Duration {
    let pairs = readings.iter().zip(readings.iter().skip(1));
    let mut beats: Vec<i64> = pairs
        .map(|(one, next)| next.at.micros() - one.at.micros())
        .collect();
    beats.sort_unstable();
    let beat = beats.get(beats.len() / 2).copied().unwrap_or(MINUTE);
    let minutes = (beat + MINUTE / 2)
        .div_euclid(MINUTE)
        .clamp(*BEAT_MINUTES.start(), *BEAT_MINUTES.end());
    Duration::from_secs(minutes.unsigned_abs() * 60)
}

/// Gives the readings, and what was not heard between two of them on a line: as many as the beat has room for, but none
/// where they are farther apart than `gap`. Nothing of it asks what the clock says, so that sensors of any phase are alike.
pub(super) fn filled(readings: &[Reading], beat: Duration, gap: Duration) -> Vec<Reading> {
    let beat = i64::try_from(beat.as_micros()).unwrap_or(i64::MAX).max(1);
    let mut even = Vec::with_capacity(readings.len());
    for (one, next) in readings.iter().zip(readings.iter().skip(1)) {
        even.push(*one);
        if next.at > one.at.plus(gap) {
            continue;
        }
        let apart = next.at.micros() - one.at.micros();
        let beats = (apart + beat / 2) / beat;
        let missing = (1..beats).map(|number| one.at.micros() + apart * number / beats);
        even.extend(missing.map(|at| between(one, next, EventTime::from_micros(at))));
    }
    even.extend(readings.last());
    even
}

fn between(one: &Reading, next: &Reading, at: EventTime) -> Reading {
    let passed = Decimal::from(at.micros() - one.at.micros());
    let whole = Decimal::from(next.at.micros() - one.at.micros());
    let rise = (next.value - one.value) * passed;
    Reading {
        at,
        value: one.value + rise.checked_div(whole).unwrap_or_default(),
    }
}
