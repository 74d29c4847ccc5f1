//! What a charted entry is evidence of, in the words of SEP-1: an infection, inflammation, an organ that fails.

use std::time::Duration;

use clinical::unit::Unit;
use clinical::{Decimal, EventTime, ReceivedTime};

use crate::Parameter;
use crate::chart::read::{
    INFECTION_NOTED, NON_INVASIVE, ORGAN_NOTED, SEPSIS_NOTES, SEVERE_SEPSIS_NOTED, SHOCK_NOTED,
    SUPPORT, VENTILATED,
};
use crate::chart::{Chart, Entry, Reading};
use crate::config::{BundleConfig, hours};
use crate::limit::{Limit, tenths};
use crate::organ::{support, weighed};
use crate::sepsis::infection;

/// SIRS by SEP-1: below 36.0 °C; the limit of fever is the site's to set.
const HYPOTHERMIA: Limit = Limit::Below(tenths(360));
/// The limits of SIRS by SEP-1 besides that of fever: a rate of the heart above 90, of breathing above 20 a minute, white cells
/// above 12 or below 4 × 10⁹/L, more than 10 % bands.
const INFLAMMATION: [(Parameter, Limit, usize); 6] = [
    (Parameter::Temperature, HYPOTHERMIA, TEMPERATURE),
    (Parameter::Pulse, Limit::Above(tenths(900)), 1),
    (Parameter::RespiratoryRate, Limit::Above(tenths(200)), 2),
    (Parameter::WhiteCells, Limit::Above(tenths(120)), 3),
    (Parameter::WhiteCells, Limit::Below(tenths(40)), 3),
    (Parameter::Bands, Limit::Above(tenths(100)), 3),
];
const TEMPERATURE: usize = 0;
/// How many criteria of SIRS there are.
pub(super) const CRITERIA: usize = 4;

/// Organ dysfunction by SEP-1, by a value alone: SBP below 90 or MAP below 65 mmHg, creatinine above 2.0 or bilirubin above
/// 2 mg/dL, platelets below 100 × 10⁹/L, INR above 1.5 or aPTT above 60 s, lactate above 2 mmol/L.
const DYSFUNCTION: [(Parameter, Limit); 8] = [
    (Parameter::SystolicPressure, LOW_SYSTOLIC),
    (Parameter::MeanPressure, LOW_MEAN),
    (Parameter::Creatinine, Limit::Above(tenths(20))),
    (Parameter::Bilirubin, Limit::Above(tenths(20))),
    (Parameter::Platelets, Limit::Below(tenths(1000))),
    (Parameter::Inr, Limit::Above(tenths(15))),
    (Parameter::Aptt, Limit::Above(tenths(600))),
    (Parameter::Lactate, Limit::Above(tenths(20))),
];
const LOW_SYSTOLIC: Limit = Limit::Below(tenths(900));
const LOW_MEAN: Limit = Limit::Below(tenths(650));
/// Less urine than this, mL/kg/h, for two hours is organ dysfunction (SEP-1).
const LITTLE_URINE: Decimal = tenths(5);
const URINE_FOR: Duration = hours(2);
/// Urine is of one collection where it was charted at least so often.
const URINE_APART: Duration = hours(8);

/// What an entry is evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// An infection is suspected, as somebody wrote down.
    Documented,
    /// An infection may be suspected, since somebody looks for one or treats one.
    Ordered,
    /// A criterion of SIRS, by its place.
    Inflammation(usize),
    /// An organ fails.
    Dysfunction,
    /// Severe sepsis or septic shock, as somebody wrote down; an infection with it.
    Sepsis,
}

/// Says what an entry is evidence of.
pub(super) fn of(chart: &Chart, fever: Option<Decimal>, entry: &Entry) -> Option<Evidence> {
    if !entry.is_usable() {
        return None;
    }
    if entry.parameter == Parameter::SepsisNote {
        return match entry.code()? {
            INFECTION_NOTED => Some(Evidence::Documented),
            ORGAN_NOTED => Some(Evidence::Dysfunction),
            SEVERE_SEPSIS_NOTED | SHOCK_NOTED => Some(Evidence::Sepsis),
            _ => None,
        };
    }
    if entry.parameter.is_order() {
        return Some(Evidence::Ordered);
    }
    if entry.parameter == Parameter::RespiratorySupport {
        return is_new_ventilation(chart, entry).then_some(Evidence::Dysfunction);
    }
    if entry.parameter == Parameter::UrineOutput {
        let little = entry.number().and_then(|_| little_urine(chart, entry));
        return little.map(|_| Evidence::Dysfunction);
    }
    let has_fever = entry.parameter == Parameter::Temperature
        && fever.is_some_and(|of| is_beyond(entry, Limit::Above(of)));
    if has_fever {
        return Some(Evidence::Inflammation(TEMPERATURE));
    }
    let met = |parameter: Parameter, limit: Limit| {
        parameter == entry.parameter && is_beyond(entry, limit)
    };
    let inflamed = INFLAMMATION.iter().find(|(of, limit, _)| met(*of, *limit));
    if let Some((.., place)) = inflamed {
        return Some(Evidence::Inflammation(*place));
    }
    let fails = DYSFUNCTION.iter().any(|(of, limit)| met(*of, *limit));
    fails.then_some(Evidence::Dysfunction)
}

/// Says whether an entry can count at all, whatever the site set.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the bundle does not read never counts"
)]
pub(super) fn may_count(entry: &Entry) -> bool {
    let is_met = |parameter: Parameter, limit: Limit| {
        parameter == entry.parameter && is_beyond(entry, limit)
    };
    match entry.parameter {
        // A limit of fever is above what is no fever.
        Parameter::Temperature => {
            is_beyond(entry, HYPOTHERMIA) || is_beyond(entry, Limit::Above(NO_FEVER))
        }
        Parameter::SystolicPressure | Parameter::MeanPressure => is_low_pressure(entry),
        Parameter::Pulse | Parameter::RespiratoryRate => INFLAMMATION
            .iter()
            .any(|(of, limit, _)| is_met(*of, *limit)),
        parameter => super::READS.contains(&parameter),
    }
}

/// No limit of fever is below this.
const NO_FEVER: Decimal = BundleConfig::FEVER.0;

/// SEP-1 gives 18.0 mg/dL for a lactate of 2 mmol/L; what came in mg/dL is held against its limits so, 36 for 4 mmol/L.
const LACTATE_MG_DL: Decimal = tenths(90);

/// Says whether an entry is beyond a limit, in the unit in which the measure gives it.
pub(super) fn is_beyond(entry: &Entry, limit: Limit) -> bool {
    match entry.reading {
        Reading::Number {
            value,
            unit: Unit::MilligramPerDecilitre,
            comparator,
        } if entry.parameter == Parameter::Lactate => {
            limit.holds(value / LACTATE_MG_DL, comparator)
        }
        Reading::Number { .. }
        | Reading::Coded(_)
        | Reading::Unusable(_)
        | Reading::Withdrawn(_) => entry.is_beyond(limit),
    }
}

/// Says whether a blood pressure is too low.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "nothing else is a blood pressure"
)]
pub(super) fn is_low_pressure(entry: &Entry) -> bool {
    let limit = match entry.parameter {
        Parameter::SystolicPressure => LOW_SYSTOLIC,
        Parameter::MeanPressure => LOW_MEAN,
        _ => return false,
    };
    is_beyond(entry, limit)
}

/// Says whether a ventilator, invasive or not, was not there before.
fn is_new_ventilation(chart: &Chart, entry: &Entry) -> bool {
    let breathes = |entry: &Entry| matches!(entry.code(), Some(VENTILATED | NON_INVASIVE));
    let just_before = entry.at.minus(Duration::from_micros(1));
    breathes(entry)
        && !chart
            .of_between(entry.parameter, entry.at.minus(support::GAP), just_before)
            .any(breathes)
}

/// Gives when it could be known what an entry is evidence of, which little urine is with what was charted before it.
pub(super) fn known(chart: &Chart, entry: &Entry) -> ReceivedTime {
    let urine = entry.parameter == Parameter::UrineOutput;
    let beside = urine.then(|| little_urine(chart, entry)).flatten();
    beside.map_or(entry.known, |known| known.max(entry.known))
}

/// Says whether little urine came in the two hours up to a time, or longer where it was charted less often, and since
/// when all was known that says so.
fn little_urine(chart: &Chart, entry: &Entry) -> Option<ReceivedTime> {
    let (from, until) = (entry.at.minus(URINE_APART), entry.at);
    let charted = || {
        let urine = |of: &&Entry| of.parameter == Parameter::UrineOutput && of.is_usable();
        chart.between(from, until).filter(urine)
    };
    let begins = until.minus(URINE_FOR);
    let since = charted().rev().map(|of| of.at).find(|at| *at <= begins)?;
    let weighed = weighed(chart, entry.at)?;
    let came: Decimal = charted()
        .filter(|of| of.at > since)
        .filter_map(Entry::number)
        .sum();
    let minutes = Decimal::from((until.micros() - since.micros()) / 60_000_000);
    let limit = LITTLE_URINE * weighed.number()? * minutes / Decimal::from(60);
    let counted = charted().filter(|of| of.at >= since).map(|of| of.known);
    let known = counted.max()?.max(weighed.known);
    (came < limit).then_some(known)
}

/// Gives the entries of a parameter from one time to another, both included.
pub(super) fn charted(
    chart: &Chart,
    parameter: Parameter,
    from: EventTime,
    until: EventTime,
) -> impl DoubleEndedIterator<Item = &Entry> {
    chart
        .of_between(parameter, from.minus(Duration::from_micros(1)), until)
        .filter(|entry| entry.is_usable())
}

/// Writes an entry as it is shown.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is shown as it is elsewhere"
)]
pub(crate) fn shown(entry: &Entry) -> String {
    let word = |list: &[&str]| {
        let place = entry.code().map(usize::from);
        let word = place.and_then(|place| list.get(place));
        (*word.unwrap_or(&"not known")).into()
    };
    match entry.parameter {
        Parameter::SepsisNote => word(&SEPSIS_NOTES),
        Parameter::RespiratorySupport => word(&SUPPORT),
        Parameter::Culture | Parameter::BloodCulture | Parameter::Antimicrobial => {
            infection::words(entry).into()
        }
        _ => crate::critical::shown(entry),
    }
}
