//! SDNN, RMSSD and pNN50 of the beats of a window, in whole numbers: the same beats give the same digits everywhere.
//!
//! By the Task Force of the ESC and NASPE (Circulation 1996;93:1043-65). What is measured by frequency (LF, HF) is left
//! out: it depends on how beats are resampled and tapered, on which no two programs agree.

use std::time::Duration;

/// How many digits stand behind the point of a measure.
pub const DIGITS: u8 = 5;
/// A microsecond in units of a measure, which are hundred-thousandths of a millisecond.
const UNITS_OF_A_MICROSECOND: u128 = 100;
/// One hundred percent in units of a measure.
const ALL: u128 = 10_000_000;
/// Intervals that no heart has, by the rates that clinical/data/plausibility.tsv allows: 350 and 10 a minute.
const SHORTEST: i64 = 171_428;
const LONGEST: i64 = 6_000_000;
/// An interval that differs from the one before it by more than a fifth is ectopic or an artefact (Malik M et al. Eur
/// Heart J 1989;10:1060-74).
const MOST_CHANGE: (u64, u64) = (1, 5);
/// Successive differences of more than this count for pNN50 (Task Force 1996).
const FIFTY_MILLISECONDS: u64 = 50_000;
/// Of less than this share of a window in valid beats nothing is said: the lower bound of what is usual, 80 to 90 %.
const LEAST_VALID: (u128, u128) = (4, 5);

/// A beat that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// When it was, in microseconds.
    pub at: i64,
    /// The time since the beat before it, in microseconds.
    pub interval: i64,
}

/// What is measured of a window, each in hundred-thousandths (see [`DIGITS`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// The mean interval, in ms.
    pub mean: i64,
    /// The standard deviation of the intervals, in ms.
    pub sdnn: i64,
    /// The root of the mean square of successive differences, in ms.
    pub rmssd: i64,
    /// How many of 100 successive differences are greater than 50 ms.
    pub pnn50: i64,
    /// How many of 100 beats are valid.
    pub valid: i64,
}

/// Why nothing is said of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Too many of the beats that were heard are ectopic or artefacts.
    Ectopic,
    /// Valid beats do not fill enough of it.
    Unheard,
}

/// Measures the beats of a window, which are in order of time.
///
/// # Errors
/// When less than 80 % of the beats are valid, or these fill less than 80 % of the window.
pub fn measure(beats: &[Beat], window: Duration) -> Result<Measures, Rejected> {
    let valid: Vec<bool> = (0..beats.len()).map(|at| is_valid(beats, at)).collect();
    let intervals: Vec<u64> = beats
        .iter()
        .zip(&valid)
        .filter(|(_, valid)| **valid)
        .map(|(beat, _)| beat.interval.unsigned_abs())
        .collect();
    let (count, heard) = (intervals.len() as u128, beats.len() as u128);
    let is_enough = |part: u128, whole: u128| part * LEAST_VALID.1 >= whole * LEAST_VALID.0;
    if !is_enough(count, heard) {
        return Err(Rejected::Ectopic);
    }
    let sum: u128 = intervals.iter().map(|interval| u128::from(*interval)).sum();
    let differences = differences(beats, &valid);
    if !is_enough(sum, window.as_micros()) || count < 2 || differences.is_empty() {
        return Err(Rejected::Unheard);
    }
    let steps = differences.len() as u128;
    let great = differences.iter().filter(|d| **d > FIFTY_MILLISECONDS);
    // The sum of squared distances from the mean, times the count.
    let spread = count * squares(&intervals) - sum * sum;
    Ok(Measures {
        mean: units(rounded(sum * UNITS_OF_A_MICROSECOND, count)),
        sdnn: root(spread, count * (count - 1)),
        rmssd: root(squares(&differences), steps),
        pnn50: units(rounded(great.count() as u128 * ALL, steps)),
        valid: units(rounded(count * ALL, heard)),
    })
}

/// Says whether an interval is one of a heart that beats by its own rhythm: the first, which has none before it, is held
/// against the next.
fn is_valid(beats: &[Beat], place: usize) -> bool {
    let interval = |place: usize| beats.get(place).map(|beat| beat.interval);
    let Some(own) = interval(place) else {
        return false;
    };
    let beside = place.checked_sub(1).map_or_else(|| interval(1), interval);
    let is_near = |beside: i64| {
        u128::from(own.abs_diff(beside)) * u128::from(MOST_CHANGE.1)
            <= u128::from(beside.unsigned_abs()) * u128::from(MOST_CHANGE.0)
    };
    (SHORTEST..=LONGEST).contains(&own) && beside.is_none_or(is_near)
}

/// The differences of valid intervals that follow one another without a beat between them that was not heard.
fn differences(beats: &[Beat], valid: &[bool]) -> Vec<u64> {
    let pairs = beats.iter().zip(beats.iter().skip(1));
    let both = valid.iter().zip(valid.iter().skip(1));
    let is_next = |one: &Beat, next: &Beat| {
        next.at.saturating_sub(one.at) <= next.interval.saturating_add(next.interval / 2)
    };
    pairs
        .zip(both)
        .filter(|((one, next), (a, b))| **a && **b && is_next(one, next))
        .map(|((one, next), _)| next.interval.abs_diff(one.interval))
        .collect()
}

fn squares(values: &[u64]) -> u128 {
    let squares = values
        .iter()
        .map(|value| u128::from(*value) * u128::from(*value));
    squares.sum()
}

/// The root of a quotient of squared microseconds, in units, to the nearest.
fn root(part: u128, whole: u128) -> i64 {
    let scaled = part * UNITS_OF_A_MICROSECOND * UNITS_OF_A_MICROSECOND;
    // Half a unit is decided by the square of twice the root.
    units((4 * scaled / whole).isqrt().div_ceil(2))
}

/// A quotient to the nearest.
const fn rounded(part: u128, whole: u128) -> u128 {
    (2 * part + whole) / (2 * whole)
}

fn units(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beats that follow one another, by their intervals in milliseconds.
    fn beats(intervals: &[i64]) -> Vec<Beat> {
        let mut at = 0_i64;
        let beats = intervals.iter().map(|milliseconds| {
            let interval = milliseconds * 1_000;
            at = at.saturating_add(interval);
            Beat { at, interval }
        });
        beats.collect()
    }

    fn measured(intervals: &[i64], seconds: u64) -> Result<Measures, Rejected> {
        measure(&beats(intervals), Duration::from_secs(seconds))
    }

    #[test]
    fn formulas_are_those_of_the_task_force() {
        // Mean 800, deviations -30, 10, 50, -30; differences 40, 40, -80.
        assert_eq!(
            measured(&[770, 810, 850, 770], 3),
            Ok(Measures {
                mean: 80_000_000,
                // The roots of (900 + 100 + 2500 + 900) / 3 and (1600 + 1600 + 6400) / 3.
                sdnn: 3_829_708,
                rmssd: 5_656_854,
                pnn50: 3_333_333,
                valid: 10_000_000,
            })
        );
    }

    #[test]
    fn a_difference_of_fifty_milliseconds_is_not_greater() {
        let pnn50 = |second: i64| measured(&[800, second], 1).map(|measures| measures.pnn50);
        assert_eq!([849, 850, 851].map(pnn50), [Ok(0), Ok(0), Ok(10_000_000)]);
    }

    #[test]
    fn a_fifth_is_no_ectopic_beat_and_more_is() {
        let valid = |second: i64| {
            let mut intervals = vec![800; 10];
            intervals.push(second);
            measured(&intervals, 8).map(|measures| measures.valid)
        };
        assert_eq!(
            [639, 640, 960, 961].map(valid),
            [Ok(9_090_909), Ok(10_000_000), Ok(10_000_000), Ok(9_090_909)]
        );
    }

    #[test]
    fn an_ectopic_beat_changes_nothing_but_how_many_are_valid() {
        let plain = measured(&[800; 40], 32).expect("all are valid");
        let mut intervals = vec![800; 20];
        // A premature beat, the pause after it, and the first that is held against the pause.
        intervals.extend([500, 1_100, 800]);
        intervals.extend([800; 20]);
        let with = measured(&intervals, 32).expect("40 of 43 are valid");
        assert_eq!(
            with,
            Measures {
                valid: 9_302_326,
                ..plain
            }
        );
        assert_eq!((with.sdnn, with.rmssd), (0, 0));
    }

    #[test]
    fn less_than_four_fifths_of_valid_beats_say_nothing() {
        let with_ectopic = |count: usize| {
            let mut intervals = vec![800; 20];
            (0..count).for_each(|_| intervals.extend([500, 800]));
            measured(&intervals, 16).map(|measures| measures.valid)
        };
        // Each takes itself and the one after it: 4 of 24, and 6 of 26.
        assert_eq!(with_ectopic(2), Ok(8_333_333));
        assert_eq!(with_ectopic(3), Err(Rejected::Ectopic));
    }

    #[test]
    fn what_is_not_filled_with_beats_says_nothing() {
        let mut all = beats(&[800; 375]);
        let window = Duration::from_secs(300);
        assert!(measure(&all, window).is_ok());
        all.drain(100..175);
        assert!(measure(&all, window).is_ok());
        all.pop();
        assert_eq!(measure(&all, window), Err(Rejected::Unheard));
        assert_eq!(measure(&[], window), Err(Rejected::Unheard));
    }

    #[test]
    fn beats_on_both_sides_of_a_gap_are_not_successive() {
        let mut all = beats(&[800, 800, 800, 860, 860]);
        let window = Duration::from_secs(4);
        let pnn50 = |all: &[Beat]| measure(all, window).map(|measures| measures.pnn50);
        assert_eq!(pnn50(&all), Ok(2_500_000));
        all.iter_mut().skip(3).for_each(|beat| beat.at += 860_000);
        assert_eq!(pnn50(&all), Ok(0));
    }

    #[test]
    fn what_no_heart_does_is_not_valid() {
        for wrong in [0, -800, 171, 6_001, i64::MAX / 1_000] {
            let told = measured(&[wrong, wrong], 0);
            assert_eq!(told, Err(Rejected::Ectopic), "{wrong}");
        }
        assert!(measured(&[172, 172], 0).is_ok());
        assert!(measured(&[6_000, 6_000], 0).is_ok());
    }
}
