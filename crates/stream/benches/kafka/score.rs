//! The benchmark's score: a small table without clinical meaning.

use crate::chart::{Chart, Reading};

/// How many codes there are.
pub(crate) const CODES_COUNT: usize = 7;

/// The codes that a vital may have; their order is that of every array of codes.
pub(crate) const CODES: [&str; CODES_COUNT] = [
    "8867-4", "9279-1", "59408-5", "8480-6", "8462-4", "8310-5", "9269-2",
];

/// The place of the heart rate.
pub(crate) const HEART_RATE: usize = 0;

/// Three points below the first and above the last; one point between the outer and the inner; in hundredths.
const LIMITS: [[i32; 4]; CODES_COUNT] = [
    [4000, 5000, 10_000, 13_000],
    [800, 1100, 2100, 2500],
    [9000, 9400, 10_000, 10_000],
    [9000, 10_000, 18_000, 22_000],
    [4000, 5000, 10_000, 12_000],
    [3500, 3600, 3820, 3920],
    [900, 1400, 1500, 1500],
];

/// A value this much older than the patient's newest does not count.
const VALID_MILLIS: i64 = 12 * 60 * 60 * 1000;

/// A heart rate this far from the mean of those kept adds a point; in hundredths.
const TREND: i64 = 2000;

/// Gives the score of a chart.
pub(crate) fn of(chart: &Chart) -> u32 {
    let oldest = chart.last.saturating_sub(VALID_MILLIS);
    let newest = chart.newest.iter().zip(&LIMITS);
    let points = newest
        .filter(|(reading, _)| reading.is_known() && reading.time >= oldest)
        .map(|(reading, limits)| points(reading.value, *limits));
    points.sum::<u32>() + trend(chart)
}

/// Gives the band of a score.
pub(crate) fn band_of(score: u32) -> u8 {
    match score {
        0..=2 => 0,
        3..=4 => 1,
        5..=6 => 2,
        7.. => 3,
    }
}

fn points(value: i32, [outer_low, low, high, outer_high]: [i32; 4]) -> u32 {
    if value < outer_low || value > outer_high {
        3
    } else {
        u32::from(value < low || value > high)
    }
}

fn trend(chart: &Chart) -> u32 {
    let kept = chart.heart_rates();
    if kept.is_empty() {
        return 0;
    }
    let newest = chart
        .newest
        .get(HEART_RATE)
        .map_or(0, |reading| reading.value);
    let value = |reading: &Reading| i64::from(reading.value);
    let sum: i64 = kept.iter().map(value).sum();
    let count = i64::try_from(kept.len()).expect("the ring is small");
    u32::from((i64::from(newest) * count - sum).abs() >= TREND * count)
}
