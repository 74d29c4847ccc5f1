//! The oxygen of an arterial gas against the oxygen that was breathed.

use std::time::Duration;

use clinical::Decimal;

use crate::Parameter;
use crate::chart::{Chart, Entry};
use crate::config::hours;

/// How old a charted oxygen fraction may be at the time of a gas (mimic-code, `pivoted_bg_art`).
pub(crate) const FRACTION_SPAN: Duration = hours(4);

/// An arterial gas with its oxygen fraction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gas<'a> {
    pub(crate) pressure: &'a Entry,
    pub(crate) fraction: &'a Entry,
    pressure_mmhg: Decimal,
    fraction_percent: Decimal,
}

impl Gas<'_> {
    /// Says whether the ratio is below a limit, without dividing.
    pub(crate) fn is_below(&self, limit: i64) -> bool {
        self.pressure_mmhg * Decimal::ONE_HUNDRED < self.fraction_percent * Decimal::from(limit)
    }

    /// Says whether the ratio is at most a limit.
    pub(crate) fn is_at_most(&self, limit: i64) -> bool {
        self.pressure_mmhg * Decimal::ONE_HUNDRED <= self.fraction_percent * Decimal::from(limit)
    }

    /// Says whether the ratio is lower than another's.
    pub(crate) fn is_worse(&self, other: &Self) -> bool {
        self.pressure_mmhg * other.fraction_percent < other.pressure_mmhg * self.fraction_percent
    }

    /// Gives the ratio in mmHg, rounded to show it.
    pub(crate) fn shown(&self) -> Decimal {
        (self.pressure_mmhg * Decimal::ONE_HUNDRED)
            .checked_div(self.fraction_percent)
            .unwrap_or_default()
            .round()
    }
}

/// Finds what was breathed when a gas was taken: what the report of the gas itself says, else what was charted last.
pub(crate) fn ratio<'a>(chart: &'a Chart, pressure: &'a Entry) -> Option<Gas<'a>> {
    let before = pressure.at.minus(FRACTION_SPAN + Duration::from_micros(1));
    let fractions = chart
        .of_between(Parameter::OxygenFraction, before, pressure.at)
        .rev()
        .filter_map(|entry| Some((entry, entry.number()?)));
    let mut at_once = fractions
        .clone()
        .take_while(|(entry, _)| entry.at == pressure.at);
    let own = at_once.find(|(entry, _)| entry.resource == pressure.resource);
    let charted = || {
        let mut charted = fractions.filter(|(entry, _)| !is_of_a_gas(chart, entry));
        let (first, value) = charted.next()?;
        // Of several at one time the highest counts.
        Some(charted.take_while(|(entry, _)| entry.at == first.at).fold(
            (first, value),
            |held, next| {
                if next.1 > held.1 { next } else { held }
            },
        ))
    };
    let (fraction, fraction_percent) = own.or_else(charted)?;
    Some(Gas {
        pressure,
        fraction,
        pressure_mmhg: pressure.number()?,
        fraction_percent,
    })
}

/// What the report of a gas says of the oxygen is said of that gas alone.
fn is_of_a_gas(chart: &Chart, fraction: &Entry) -> bool {
    let before = fraction.at.minus(Duration::from_micros(1));
    let mut gases = chart.of_between(Parameter::OxygenPressure, before, fraction.at);
    gases.any(|gas| gas.resource == fraction.resource)
}
