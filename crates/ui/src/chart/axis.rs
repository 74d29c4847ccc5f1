//! Where the hours and the levels of a chart are marked.

use crate::stamp::Clock;

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
/// How far apart times may be marked.
const TIME_STEPS_US: [i64; 9] = [
    MINUTE_US,
    5 * MINUTE_US,
    15 * MINUTE_US,
    HOUR_US,
    2 * HOUR_US,
    4 * HOUR_US,
    8 * HOUR_US,
    12 * HOUR_US,
    24 * HOUR_US,
];
/// How many times are marked at most.
const TIMES_MAX: i64 = 7;
/// How many levels are marked at most.
const LEVELS_MAX: f64 = 5.0;

/// Gives the times to mark, on whole hours of the site's clock, with their words.
pub(super) fn times(
    clock: &Clock,
    from_us: i64,
    to_us: i64,
) -> impl Iterator<Item = (i64, String)> {
    let length_us = to_us.saturating_sub(from_us).max(1);
    let fits = |step: &i64| length_us / step < TIMES_MAX;
    let step_us = TIME_STEPS_US.into_iter().find(fits);
    let step_us = step_us.unwrap_or(length_us);
    let ahead_us = clock.ahead_us(from_us);
    let local_us = from_us.saturating_add(ahead_us);
    let first_us = (local_us.saturating_add(step_us - 1)).div_euclid(step_us) * step_us - ahead_us;
    (0..=TIMES_MAX)
        .map(move |index| first_us + index * step_us)
        .take_while(move |at| *at <= to_us)
        .map(|at| {
            let hour = clock.format(at, "%H:%M");
            let said = if hour == "00:00" {
                clock.format(at, "%-d %b")
            } else {
                hour
            };
            (at, said)
        })
}

/// Gives the levels to mark, on round numbers, with their words.
pub(super) fn levels(low: f64, high: f64) -> impl Iterator<Item = (f64, String)> {
    let step = round_step((high - low) / LEVELS_MAX);
    let first = (low / step).ceil();
    let decimals = usize::from(step < 1.0);
    (0..=8)
        .map(move |index| (first + f64::from(index)) * step)
        .take_while(move |level| *level <= high + step / 1000.0)
        .map(move |level| (level, format!("{level:.decimals$}")))
}

/// Gives the smallest of 1, 2 and 5 times a power of ten that is no less than asked.
fn round_step(at_least: f64) -> f64 {
    let power = 10_f64.powf(at_least.log10().floor());
    let fits = |step: &f64| *step >= at_least - power / 1000.0;
    let steps = [power, 2.0 * power, 5.0 * power];
    steps.into_iter().find(fits).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_on_whole_hours_of_the_site() {
        let from_us = 1_795_240_000 * 1_000_000;
        let said = |zone: &str, hours: i64| -> Vec<String> {
            let clock = Clock::new(from_us, zone);
            times(&clock, from_us, from_us + hours * HOUR_US)
                .map(|(_, said)| said)
                .collect()
        };
        assert_eq!(
            said("UTC", 6),
            ["06:00", "07:00", "08:00", "09:00", "10:00", "11:00"]
        );
        assert_eq!(
            said("Asia/Kolkata", 24),
            ["12:00", "16:00", "20:00", "22 Nov", "04:00", "08:00"]
        );
        assert_eq!(said("UTC", 0), Vec::<String>::new());
    }

    #[test]
    fn levels_are_round() {
        let said = |low, high| -> Vec<String> { levels(low, high).map(|(_, said)| said).collect() };
        assert_eq!(said(0.0, 20.0), ["0", "5", "10", "15", "20"]);
        assert_eq!(said(34.5, 40.2), ["36", "38", "40"]);
        assert_eq!(said(36.0, 37.5), ["36.0", "36.5", "37.0", "37.5"]);
        assert_eq!(said(-3.0, 3.0), ["-2", "0", "2"]);
    }
}
