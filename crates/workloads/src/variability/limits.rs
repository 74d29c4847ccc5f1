//! The limits of heart rate variability with falling pressure: rows of a data file, each with its source.

use std::sync::LazyLock;
use std::time::Duration;

use clinical::Decimal;

use super::DIGITS;

const ROWS: &str = include_str!("../../data/variability_pressure.tsv");

static LIMITS: LazyLock<Limits> =
    LazyLock::new(|| read(ROWS).expect("every limit has its row, as a test shows"));

/// What begins and ends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// How long the window of one value is.
    pub(super) bucket: Duration,
    /// How far back values belong to a patient's own baseline.
    pub(super) baseline: Duration,
    /// How many of them there must be.
    pub(super) baseline_least: usize,
    /// What makes a standard deviation of a median absolute one, times 10 to the [`DIGITS`].
    pub(super) normal_scale: i64,
    /// How many deviations a value must lie below, times 10 to the [`DIGITS`].
    pub(super) deviations: i64,
    /// For how many values, one after another.
    pub(super) below: usize,
    /// Over what time a pressure's slope is taken,
    pub(super) slope_over: Duration,
    /// from at least so many readings,
    pub(super) slope_readings: usize,
    /// which lie at least so far apart.
    pub(super) slope_span: Duration,
    /// How much it must fall an hour, in mmHg times 10 to the [`DIGITS`].
    pub(super) fall: i64,
    /// Below this it need not fall.
    pub(super) low: i64,
    /// How old a pressure may be to be that of a value.
    pub(super) join: Duration,
    /// How long after its rate changed a vasopressor is being titrated.
    pub(super) titration: Duration,
    /// How long a charted rhythm holds.
    pub(super) rhythm: Duration,
    /// After how many values beside the rule it is over.
    pub(super) recovered: usize,
    /// What could be known only so long afterwards is history.
    pub(super) history_after: Duration,
}

/// Gives the limits that hold.
pub(super) fn limits() -> &'static Limits {
    &LIMITS
}

/// Writes a number as whole units of the last digit that is kept.
pub(super) fn units(value: Decimal) -> Option<i64> {
    let scaled = value.checked_mul(Decimal::from(10_i64.pow(DIGITS.into())))?;
    i64::try_from(scaled.round().mantissa() / 10_i128.pow(scaled.round().scale())).ok()
}

fn read(text: &str) -> Option<Limits> {
    let rows = || {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split('\t').collect::<Vec<_>>())
    };
    let value = |name: &str, unit: &str| -> Option<Decimal> {
        let row = rows().find(|row| row.first() == Some(&name))?;
        let [_, value, of, source] = row[..] else {
            return None;
        };
        let is_whole = of == unit && !source.trim().is_empty();
        is_whole.then(|| value.parse().ok())?
    };
    let count = |name: &str| usize::try_from(value(name, "1")?).ok();
    let time = |name: &str, unit: &str, seconds: u64| {
        let count = u64::try_from(value(name, unit)?).ok()?;
        Some(Duration::from_secs(count * seconds))
    };
    let minutes = |name: &str| time(name, "min", 60);
    let hours = |name: &str| time(name, "h", 3_600);
    let bucket = minutes("bucket")?;
    let least = hours("baseline-least")?.as_secs() / bucket.as_secs();
    Some(Limits {
        bucket,
        baseline: hours("baseline-longest")?,
        baseline_least: usize::try_from(least).ok()?,
        normal_scale: units(value("normal-scale", "1")?)?,
        deviations: units(value("deviations", "1")?)?,
        below: count("buckets-below")?,
        slope_over: minutes("slope-over")?,
        slope_readings: count("slope-readings")?,
        slope_span: minutes("slope-span")?,
        fall: units(value("slope-fall", "mm[Hg]/h")?)?,
        low: units(value("low-pressure", "mm[Hg]")?)?,
        join: minutes("join")?,
        titration: minutes("titration")?,
        rhythm: hours("rhythm")?,
        recovered: count("buckets-recovered")?,
        history_after: minutes("history-after")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variability::falling::{CONTEXT, LOOKS_BACK, PRESSURE_LOOKS_BACK};

    #[test]
    fn every_row_is_read_and_every_limit_has_one() {
        let limits = read(ROWS).expect("every limit has its row");
        assert_eq!((limits.baseline_least, limits.normal_scale), (72, 148_260));
        for name in ROWS.lines().filter(|line| !line.starts_with('#')) {
            let name = name.split('\t').next().expect("a row has a name");
            let without: Vec<&str> = ROWS
                .lines()
                .filter(|line| !line.starts_with(&format!("{name}\t")))
                .collect();
            assert_eq!(read(&without.join("\n")), None, "{name} is read by nothing");
        }
    }

    #[test]
    fn what_is_kept_is_enough_for_what_is_looked_at() {
        let limits = limits();
        let buckets = u32::try_from(limits.below.max(limits.recovered)).expect("they are few");
        assert!(CONTEXT >= limits.bucket * buckets + limits.join);
        assert!(LOOKS_BACK >= limits.baseline + CONTEXT);
        assert!(PRESSURE_LOOKS_BACK >= limits.slope_over + CONTEXT);
    }

    #[test]
    fn numbers_are_kept_to_the_last_digit() {
        let units = |text: &str| units(text.parse().expect("a number"));
        assert_eq!(units("25.71470"), Some(2_571_470));
        assert_eq!(units("70"), Some(7_000_000));
        assert_eq!(units("0.000004"), Some(0));
        assert_eq!(units("79228162514264337593543950335"), None);
    }
}
