//! The stage by creatinine, against the lowest of two days and of seven (KDIGO 2012, table 2).

use std::time::Duration;

use clinical::unit::{Analyte, Unit, convert_unit};
use clinical::{Decimal, EventTime};

use super::{Convention, DAY, HOUR, Staged, boundaries};
use crate::Parameter;
use crate::chart::{Entry, Reading};
use crate::config::hours;
use crate::person::Stay;
use crate::workload::View;

/// A rise that counts within two days, mg/dL and µmol/L: the guideline gives both, and one is not the other by any factor.
const RISE: Decimal = Decimal::from_parts(3, 0, 0, false, 1);
const RISE_MOLES: Decimal = Decimal::from_parts(265, 0, 0, false, 1);
/// From this on it is stage 3, if it rose at all.
const SEVERE: Decimal = Decimal::from_parts(40, 0, 0, false, 1);
const SEVERE_MOLES: Decimal = Decimal::from_parts(3536, 0, 0, false, 1);
const RISE_SPAN: Duration = hours(48);
const BASELINE_SPAN: Duration = hours(7 * 24);
/// Times the baseline.
const ONE_AND_A_HALF: Decimal = Decimal::from_parts(15, 0, 0, false, 1);
/// What mimic-code takes for a stay: from six hours before it to seven days after its beginning, less six hours.
const BEFORE_STAY: Duration = hours(6);
const HOURS_OF_STAY: i64 = 7 * 24 - 6;

/// Stages the creatinine of a time: once, or for each stay whose seven days it falls in, the last stay first.
pub(super) fn stage<'a>(
    view: &View<'a>,
    convention: Convention,
    at: EventTime,
) -> Option<Vec<Staged<'a>>> {
    let entry = view
        .chart
        .between(at.minus(Duration::from_micros(1)), at)
        .filter(|entry| entry.parameter == Parameter::Creatinine && entry.number().is_some())
        .max_by_key(|entry| entry.number())?;
    let stays: Vec<Option<&Stay>> = if convention.by_stay {
        let around = view.stays.iter().rev();
        around
            .filter(|stay| stay.watched && is_around(stay, at))
            .map(Some)
            .collect()
    } else {
        vec![None]
    };
    let staged = stays
        .into_iter()
        .filter_map(|stay| compare(view, convention, stay, entry));
    Some(staged.collect())
}

fn is_around(stay: &Stay, at: EventTime) -> bool {
    at >= stay.start.minus(BEFORE_STAY)
        && at <= stay.start.plus(BASELINE_SPAN)
        && boundaries(stay.start, at, HOUR) <= HOURS_OF_STAY
}

fn compare<'a>(
    view: &View<'a>,
    convention: Convention,
    stay: Option<&Stay>,
    entry: &'a Entry,
) -> Option<Staged<'a>> {
    // Both are compared in the unit that the result came in: what is turned into another one is a little off.
    let unit_of = unit_of(entry, convention);
    let value = amount(entry, unit_of)?;
    let (rise, severe) = match unit_of == Unit::MicromolePerLitre {
        true => (RISE_MOLES, SEVERE_MOLES),
        false => (RISE, SEVERE),
    };
    let lowest = |span: Duration, unit: i64| {
        let reach = span + hours(24);
        let earlier = view
            .chart
            .between(entry.at.minus(reach), entry.at)
            .filter(|other| other.parameter == Parameter::Creatinine && other.at < entry.at)
            .filter(|other| stay.is_none_or(|stay| is_around(stay, other.at)))
            .filter(|other| {
                if convention.by_clock {
                    let units = span.as_micros() / u128::from(unit.unsigned_abs());
                    u128::try_from(boundaries(other.at, entry.at, unit))
                        .is_ok_and(|between| between <= units)
                } else {
                    other.at >= entry.at.minus(span)
                }
            });
        let measured = earlier.filter_map(|other| Some((amount(other, unit_of)?, other)));
        measured.min_by_key(|(amount, _)| *amount)
    };
    let recent = lowest(RISE_SPAN, HOUR);
    let baseline = lowest(BASELINE_SPAN, DAY);
    let times = |factor: Decimal| {
        baseline.is_some_and(|(low, _)| {
            if convention.in_binary {
                binary(value) >= binary(low) * binary(factor)
            } else {
                value >= low * factor
            }
        })
    };
    let rose = recent.is_some_and(|(low, _)| {
        if convention.in_binary {
            binary(value) >= binary(low) + binary(rise)
        } else {
            value >= low + rise
        }
    });
    let stage = if times(Decimal::from(3)) || value >= severe && (rose || times(ONE_AND_A_HALF)) {
        3
    } else if times(Decimal::TWO) {
        2
    } else {
        u8::from(rose || times(ONE_AND_A_HALF))
    };
    let shown = crate::critical::shown(entry);
    Some(Staged {
        stage,
        entry,
        shown: match baseline {
            Some((_, low)) => {
                format!(
                    "{shown}, lowest of seven days {}",
                    crate::critical::shown(low)
                )
            }
            None => format!("{shown}, nothing to compare it with"),
        },
    })
}

/// Gives the unit in which a result is compared: that of amount or that of mass, as it came.
const fn unit_of(entry: &Entry, convention: Convention) -> Unit {
    match entry.reading {
        Reading::Number {
            unit: Unit::MicromolePerLitre | Unit::MillimolePerLitre,
            ..
        } if !convention.in_binary => Unit::MicromolePerLitre,
        Reading::Number { .. }
        | Reading::Coded(_)
        | Reading::Unusable(_)
        | Reading::Withdrawn(_) => Unit::MilligramPerDecilitre,
    }
}

fn amount(entry: &Entry, wanted: Unit) -> Option<Decimal> {
    match entry.reading {
        Reading::Number {
            value,
            unit,
            comparator: None,
        } => convert_unit(value, unit, wanted, Analyte::Creatinine).ok(),
        Reading::Number { .. }
        | Reading::Coded(_)
        | Reading::Unusable(_)
        | Reading::Withdrawn(_) => None,
    }
}

/// Gives the binary fraction next to a decimal one, as the reference reads it.
fn binary(value: Decimal) -> f64 {
    let digits = value.to_string();
    digits
        .parse()
        .expect("the digits of a decimal are a number")
}
