//! Sepsis: SIRS and qSOFA where an infection is suspected. It screens; it does not diagnose.

mod criteria;
pub(crate) mod infection;

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::Entry;
use crate::config::hours;
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};
use criteria::{Met, is_criterion, met};
use infection::{Suspicion, suspicions};

pub(crate) const READS: &[Parameter] = &[
    Parameter::RespiratoryRate,
    Parameter::SystolicPressure,
    Parameter::Pulse,
    Parameter::Consciousness,
    Parameter::ComaScale,
    Parameter::Temperature,
    Parameter::CarbonDioxidePressure,
    Parameter::WhiteCells,
    Parameter::Bands,
    Parameter::Culture,
    Parameter::Antimicrobial,
];

/// Either screen is positive from this many criteria on (Bone 1992; Singer 2016).
const POSITIVE: usize = 2;

/// How far before a screen it looks: it may be of a suspicion a day before it, of a criterion met a day before that, by a laboratory
/// result of yet a day before.
pub(crate) const LOOKS_BACK: Duration = hours(3 * 24 + 1);

/// Says how long an entry matters: as long as a screen may rest on the criterion that it meets.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    is_criterion(entry).then_some(LOOKS_BACK)
}

/// Says for every suspicion whether the criteria were met around it, and since when.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut conclusions: Vec<Conclusion> = Vec::new();
    for suspicion in suspicions(view.chart) {
        let Some(conclusion) = screen(view, &suspicion) else {
            continue;
        };
        // A possible and a confirmed suspicion may become positive at one time; the confirmed one is said.
        match conclusions
            .iter_mut()
            .find(|other| other.as_of == conclusion.as_of)
        {
            Some(other) if other.severity < conclusion.severity => *other = conclusion,
            Some(_) => {}
            None => conclusions.push(conclusion),
        }
    }
    conclusions.retain(|conclusion| conclusion.as_of >= view.frozen);
    Concluded {
        from: view.frozen,
        conclusions,
        wake: None,
    }
}

/// Screens around one suspicion; the onset is the first time at which suspicion and criteria were both there.
fn screen(view: &View<'_>, suspicion: &Suspicion<'_>) -> Option<Conclusion> {
    let config = &view.config.sepsis;
    let age = view.person.age_years(suspicion.at);
    if age.is_some_and(|age| age < config.least_age_years) {
        return None;
    }
    // Both ends count.
    let before = config.around_suspicion + Duration::from_micros(1);
    let (start, end) = (
        suspicion.at.minus(before),
        suspicion.at.plus(config.around_suspicion),
    );
    let mut times: Vec<EventTime> = view
        .chart
        .between(start, end)
        .filter(|entry| is_criterion(entry))
        .map(|entry| entry.at)
        .collect();
    times.dedup();
    let positives: Vec<(EventTime, Met<'_>)> = times
        .into_iter()
        .map(|at| (at, met(view.chart, at, config)))
        .filter(|(_, met)| met.sirs.len() >= POSITIVE || met.qsofa.len() >= POSITIVE)
        .collect();
    let (first, _) = positives.first()?;
    let quick = positives
        .iter()
        .find(|(_, met)| met.qsofa.len() >= POSITIVE);
    let (_, shown) = quick.or(positives.first())?;
    let severity = match (suspicion.confirmed, quick.is_some()) {
        (true, true) => Severity::High,
        (true, false) | (false, true) => Severity::Medium,
        (false, false) => Severity::Low,
    };
    let score = shown.sirs.len().max(shown.qsofa.len());
    Some(Conclusion {
        condition: Condition::SepsisScreen,
        as_of: suspicion.at.max(*first),
        severity,
        score: i32::try_from(score).ok(),
        summary: summary(suspicion, shown, age.is_none()),
        evidence: evidence(suspicion, shown),
        missing: unusable(view, start, end),
        history: false,
        note: 0,
    })
}

/// Names the criteria of which a value was there around the suspicion that could not be used, and no other.
fn unusable(view: &View<'_>, start: EventTime, end: EventTime) -> Vec<Missing> {
    let around = |parameter| view.chart.of_between(parameter, start, end);
    let criteria = READS.iter().filter(|parameter| !parameter.is_order());
    criteria
        .filter(|parameter| !around(**parameter).any(Entry::is_usable))
        .filter_map(|parameter| {
            let why = around(*parameter).rev().find_map(Entry::why_unusable)?;
            Some(Missing {
                parameter: *parameter,
                last: None,
                why: Some(why),
            })
        })
        .collect()
}

fn summary(suspicion: &Suspicion<'_>, met: &Met<'_>, age_unknown: bool) -> String {
    let mut parts = Vec::new();
    if met.qsofa.len() >= POSITIVE {
        parts.push(format!("qSOFA {} of 3", met.qsofa.len()));
    }
    if met.sirs.len() >= POSITIVE {
        parts.push(format!("SIRS {} of 4", met.sirs.len()));
    }
    let infection = if suspicion.confirmed {
        "suspected infection"
    } else {
        "possible infection"
    };
    let words: Vec<&str> = suspicion
        .because
        .iter()
        .map(|entry| infection::words(entry))
        .collect();
    let age = if age_unknown {
        "; age not known, screened as an adult"
    } else {
        ""
    };
    format!(
        "sepsis screen positive: {} with {infection} ({}){age}",
        parts.join(" and "),
        words.join(", ")
    )
}

fn evidence(suspicion: &Suspicion<'_>, met: &Met<'_>) -> Vec<Proof> {
    let mut proofs: Vec<Proof> = suspicion
        .because
        .iter()
        .map(|entry| Proof {
            entry: **entry,
            value: infection::words(entry).into(),
            points: None,
        })
        .collect();
    for entry in met.sirs.iter().chain(&met.qsofa) {
        if !proofs.iter().any(|proof| proof.entry == **entry) {
            proofs.push(Proof {
                entry: **entry,
                value: criteria::shown(entry),
                points: None,
            });
        }
    }
    proofs
}
