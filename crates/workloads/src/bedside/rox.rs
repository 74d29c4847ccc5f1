//! The ROX index under high-flow nasal oxygen (Roca O et al. Am J Respir Crit Care Med 2019;199:1368-76).

use std::time::Duration;

use clinical::{Decimal, EventTime, Severity};

use super::{Newest, SPAN, Said, hundredths, lowest, proof, worst_beside};
use crate::Parameter;
use crate::chart::Entry;
use crate::chart::read::HIGH_FLOW;
use crate::config::hours;
use crate::workload::View;

/// How far back the beginning of high-flow oxygen is looked for; the last limit is that of its twelfth hour.
pub(super) const LOOKS_BACK: Duration = hours(24);
/// At or above this after two, six and twelve hours intubation is unlikely.
const LOW_RISK: Decimal = Decimal::from_parts(488, 0, 0, false, 2);
/// Below these failure is likely: from the second, the sixth, and the twelfth hour on.
const FAILURE: [(Duration, Decimal); 3] = [
    (hours(12), Decimal::from_parts(385, 0, 0, false, 2)),
    (hours(6), Decimal::from_parts(347, 0, 0, false, 2)),
    (hours(2), Decimal::from_parts(285, 0, 0, false, 2)),
];

/// Gives the index while high-flow oxygen runs: saturation by the fraction that is breathed, by the respiratory rate.
pub(super) fn say(view: &View<'_>, at: EventTime) -> Option<Said> {
    let since = high_flow_since(view, at)?;
    let newest = Newest::at(view.chart, at);
    let saturation = newest.worst(Parameter::OxygenSaturation, lowest)?;
    let rate = newest.worst(Parameter::RespiratoryRate, Entry::number)?;
    let fraction = view
        .chart
        .of_between(Parameter::OxygenFraction, at.minus(SPAN), at)
        .rfind(|entry| entry.is_usable())
        .and_then(|newest| worst_beside(view.chart, newest, Entry::number))?;
    let index = index(saturation, fraction, rate)?;
    let running = at.since(since)?;
    let limit = FAILURE.iter().find(|(from, _)| running >= *from);
    let (severity, words) = match limit {
        Some((_, limit)) if index < *limit => (Severity::High, "failure likely"),
        Some(_) if index >= LOW_RISK => (Severity::None, "intubation unlikely"),
        Some(_) => (Severity::Low, "to be looked at again"),
        None => (Severity::None, "too early to say"),
    };
    Some(Said {
        severity,
        score: None,
        summary: format!(
            "ROX index {} after {} of high-flow oxygen: {words}",
            hundredths(index),
            crate::deterioration::span_words(running)
        ),
        evidence: [saturation, fraction, rate]
            .into_iter()
            .map(proof)
            .collect(),
        missing: Vec::new(),
    })
}

/// Divides last, so that the limits are met exactly.
fn index(saturation: &Entry, fraction: &Entry, rate: &Entry) -> Option<Decimal> {
    let percent = saturation.number()? * Decimal::ONE_HUNDRED;
    percent.checked_div(fraction.number()? * rate.number()?)
}

/// Finds since when high-flow oxygen runs, if it is what was charted last.
fn high_flow_since(view: &View<'_>, at: EventTime) -> Option<EventTime> {
    let mut since = None;
    for entry in view.chart.between(at.minus(LOOKS_BACK), at) {
        if entry.parameter == Parameter::RespiratorySupport && entry.is_usable() {
            let runs = entry.code() == Some(HIGH_FLOW);
            since = runs.then(|| since.unwrap_or(entry.at));
        }
    }
    since
}
