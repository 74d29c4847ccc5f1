//! The bands of PaO2 by FiO2 under a ventilator (ARDS Definition Task Force. JAMA 2012;307:2526-33, Berlin).

use std::time::Duration;

use clinical::{EventTime, Severity};

use super::{Said, proof};
use crate::Parameter;
use crate::organ::{gas, support};
use crate::workload::{Proof, View};

/// Up to these in mmHg, worst first; what they are called, and how much they matter.
const BANDS: [(i64, &str, Severity); 3] = [
    (100, "severe", Severity::High),
    (200, "moderate", Severity::Medium),
    (300, "mild", Severity::Low),
];

/// Says the band of a gas that was taken at a time while a ventilator ran.
pub(super) fn say(view: &View<'_>, at: EventTime) -> Option<Said> {
    let before = at.minus(Duration::from_micros(1));
    let gases = view.chart.of_between(Parameter::OxygenPressure, before, at);
    let gas = gases
        .filter(|entry| entry.is_usable())
        .filter_map(|pressure| gas::ratio(view.chart, pressure))
        .reduce(|worst, gas| if gas.is_worse(&worst) { gas } else { worst })?;
    if !support::goes_on(view.chart, support::VENTILATOR, at) {
        return None;
    }
    let band = BANDS.iter().find(|(limit, ..)| gas.is_at_most(*limit));
    let (words, severity) = band.map_or(
        ("above all bands", Severity::None),
        |(_, words, severity)| (words, *severity),
    );
    Some(Said {
        severity,
        score: None,
        summary: format!(
            "PaO2/FiO2 {} mmHg under a ventilator: {words} (Berlin, where PEEP is 5 cmH2O or more)",
            gas.shown()
        ),
        evidence: vec![
            Proof {
                entry: *gas.pressure,
                value: format!("PaO2/FiO2 {} mmHg", gas.shown()),
                points: None,
            },
            proof(gas.fraction),
        ],
        missing: Vec::new(),
    })
}
