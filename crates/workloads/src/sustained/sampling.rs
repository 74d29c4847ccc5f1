//! Readings at even times, from those of a sensor that measures regularly but is not always heard.

use std::time::Duration;

use clinical::{Decimal, EventTime};

use super::Reading;

/// The shortest and the longest time between readings that is taken for the beat of a sensor.
const BEAT_MINUTES: std::ops::RangeInclusive<i64> = 1..=15;
const MINUTE: i64 = 60_000_000;

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

/// Gives the value at every multiple of `step`, on a line between the readings around it; where these are farther apart
/// than `gap`, nothing is said.
pub(super) fn resample(readings: &[Reading], step: Duration, gap: Duration) -> Vec<Reading> {
    let beat = i64::try_from(step.as_micros()).unwrap_or(i64::MAX).max(1);
    let mut even = Vec::with_capacity(readings.len());
    for (one, next) in readings.iter().zip(readings.iter().skip(1)) {
        if one.at.micros().rem_euclid(beat) == 0 {
            even.push(*one);
        }
        if next.at > one.at.plus(gap) {
            continue;
        }
        let mut at = one.at.micros().div_euclid(beat).saturating_add(1) * beat;
        while at < next.at.micros() {
            even.push(between(one, next, EventTime::from_micros(at)));
            at += beat;
        }
    }
    even.extend(
        readings
            .last()
            .filter(|last| last.at.micros().rem_euclid(beat) == 0),
    );
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
