//! Scores of what is charted at the bedside: MEWS, the shock index, the ROX index under high-flow oxygen, and the bands
//! of oxygenation under a ventilator.

mod mews;
mod oxygenation;
mod rox;

use std::cmp::Reverse;
use std::time::Duration;

use clinical::{Decimal, EventTime, RoundingStrategy, Severity};

use crate::Parameter;
use crate::chart::{Chart, Entry};
use crate::config::{hours, minutes};
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};

pub(crate) const READS: &[Parameter] = &[
    Parameter::RespiratoryRate,
    Parameter::OxygenSaturation,
    Parameter::OxygenFraction,
    Parameter::SystolicPressure,
    Parameter::Pulse,
    Parameter::Consciousness,
    Parameter::Temperature,
    Parameter::RespiratorySupport,
    Parameter::OxygenPressure,
];

/// How far apart what is scored together may be, as in a set of NEWS2.
const SPAN: Duration = minutes(60);
/// How far apart pulse and pressure may be for the shock index: they must be of one moment.
const SHOCK_SPAN: Duration = minutes(10);
/// From this on the shock index is told (Allgöwer M, Burri C. Dtsch Med Wochenschr 1967;92:1947-50: 0.5 to 0.7 is usual).
const SHOCK: Decimal = Decimal::from_parts(9, 0, 0, false, 1);
const SEVERE_SHOCK: Decimal = Decimal::from_parts(10, 0, 0, false, 1);

/// Says how long an entry matters: as long as a run of high-flow oxygen may have begun by it, or a score is compared with
/// one of a set before it.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    if entry.parameter == Parameter::RespiratorySupport {
        return Some(LOOKS_BACK);
    }
    READS.contains(&entry.parameter).then_some(SPAN * 2)
}

/// What was charted last of some parameters by a time.
pub(crate) struct Newest<'a> {
    chart: &'a Chart,
    entries: [Option<&'a Entry>; 6],
}

/// Those of which the newest is looked up.
const LOOKED_UP: [Parameter; 6] = [
    Parameter::RespiratoryRate,
    Parameter::Pulse,
    Parameter::SystolicPressure,
    Parameter::Temperature,
    Parameter::Consciousness,
    Parameter::OxygenSaturation,
];

impl<'a> Newest<'a> {
    fn at(chart: &'a Chart, at: EventTime) -> Self {
        let mut entries = [None; 6];
        for entry in chart.between(at.minus(SPAN), at) {
            let place = LOOKED_UP.iter().position(|of| *of == entry.parameter);
            if let Some(slot) = place.and_then(|place| entries.get_mut(place))
                && entry.is_usable()
            {
                *slot = Some(entry);
            }
        }
        Self { chart, entries }
    }

    fn of(&self, parameter: Parameter) -> Option<&'a Entry> {
        let place = LOOKED_UP.iter().position(|of| *of == parameter)?;
        self.entries.get(place).copied().flatten()
    }

    /// Of several values of one time gives the one that is worst by a measure.
    pub(crate) fn worst<W: Ord>(
        &self,
        parameter: Parameter,
        by: impl Fn(&Entry) -> Option<W>,
    ) -> Option<&'a Entry> {
        worst_beside(self.chart, self.of(parameter)?, by)
    }
}

/// Of the values of the time of an entry gives the one that is worst by a measure.
pub(crate) fn worst_beside<'a, W: Ord>(
    chart: &'a Chart,
    newest: &'a Entry,
    by: impl Fn(&Entry) -> Option<W>,
) -> Option<&'a Entry> {
    let instant = Duration::from_micros(1);
    let beside = chart.of_between(newest.parameter, newest.at.minus(instant), newest.at);
    beside
        .filter(|entry| entry.is_usable())
        .filter_map(|entry| Some((entry, by(entry)?)))
        .max_by(|(_, one), (_, other)| one.cmp(other))
        .map(|(entry, _)| entry)
}

/// What is said at a time; nothing where too little is known.
pub(crate) struct Said {
    pub(crate) severity: Severity,
    pub(crate) score: Option<i32>,
    pub(crate) summary: String,
    pub(crate) evidence: Vec<Proof>,
    pub(crate) missing: Vec<Missing>,
}

/// Says at every charted time what each score is, where it differs from that of the time before.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let from = view.from.max(view.frozen);
    let mut concluded = Concluded {
        from,
        conclusions: Vec::new(),
        wake: None,
    };
    let mut times: Vec<EventTime> = view
        .chart
        .between(from.minus(SPAN), EventTime::from_micros(i64::MAX))
        .filter(|entry| entry.is_usable() && READS.contains(&entry.parameter))
        .map(|entry| entry.at)
        .collect();
    times.dedup();
    for (place, at) in times.iter().enumerate().filter(|(_, at)| **at >= from) {
        let before = place
            .checked_sub(1)
            .and_then(|place| times.get(place))
            .filter(|before| **before > at.minus(SPAN));
        for (condition, say) in SCORES {
            let said = say(view, *at);
            let same = before.is_some_and(|before| {
                let key = |said: &Option<Said>| said.as_ref().map(|of| (of.score, of.severity));
                key(&say(view, *before)) == key(&said)
            });
            let Some(said) = said.filter(|_| !same) else {
                continue;
            };
            concluded.conclusions.push(Conclusion {
                condition,
                as_of: *at,
                severity: said.severity,
                score: said.score,
                summary: said.summary,
                evidence: said.evidence,
                missing: said.missing,
                history: false,
                note: 0,
            });
        }
    }
    concluded
}

type Say = fn(&View<'_>, EventTime) -> Option<Said>;

const SCORES: [(Condition, Say); 4] = [
    (Condition::Mews, mews::say),
    (Condition::ShockIndex, shock_index),
    (Condition::RoxIndex, rox::say),
    (Condition::OxygenationBand, oxygenation::say),
];

/// Heart rate by systolic pressure, of one moment; told where it is high, and where it no longer is.
fn shock_index(view: &View<'_>, at: EventTime) -> Option<Said> {
    let newest = Newest::at(view.chart, at);
    let pulse = newest.worst(Parameter::Pulse, Entry::number)?;
    let pressure = newest.worst(Parameter::SystolicPressure, lowest)?;
    if pulse.at.micros().abs_diff(pressure.at.micros()) > minutes_in_micros(SHOCK_SPAN) {
        return None;
    }
    let index = pulse.number()?.checked_div(pressure.number()?)?;
    let severity = if index >= SEVERE_SHOCK {
        Severity::Medium
    } else if index >= SHOCK {
        Severity::Low
    } else {
        Severity::None
    };
    Some(Said {
        severity,
        score: None,
        summary: format!("shock index {}", hundredths(index)),
        evidence: [pulse, pressure].into_iter().map(proof).collect(),
        missing: Vec::new(),
    })
}

/// Writes an index to two places, rounded as people round; what is judged is the index itself.
pub(crate) fn hundredths(index: Decimal) -> String {
    let rounded = index.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.2}")
}

/// Measures what is worse the lower it is.
pub(crate) fn lowest(entry: &Entry) -> Option<Reverse<Decimal>> {
    entry.number().map(Reverse)
}

fn minutes_in_micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Shows an entry that adds no points of its own.
pub(crate) fn proof(entry: &Entry) -> Proof {
    Proof {
        entry: *entry,
        value: crate::critical::shown(entry),
        points: None,
    }
}

/// The longest that a rule of these looks back: support charted a day before the set that is compared with.
pub(crate) const LOOKS_BACK: Duration = hours(24 + 1);
