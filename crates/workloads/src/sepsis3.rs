//! Sepsis-3: a suspected infection, and organs that fail around it. The score is the one that was published.

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::Entry;
use crate::config::hours;
use crate::kidney::{HOUR, boundaries};
use crate::organ::hours::{end_of, hour_of, start_of};
use crate::organ::score_of;
use crate::person::{Own, apart};
use crate::sepsis::infection::suspicions_and_renewals;
use crate::suspicion::{doses, proof};
use crate::workload::{Concluded, Conclusion, Condition, View};

/// What the suspicion and the score read: a change of either changes this.
pub(crate) const READS: &[Parameter] = &[
    Parameter::Culture,
    Parameter::Antimicrobial,
    Parameter::Pulse,
    Parameter::OxygenPressure,
    Parameter::OxygenFraction,
    Parameter::RespiratorySupport,
    Parameter::Platelets,
    Parameter::Bilirubin,
    Parameter::MeanPressure,
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Dobutamine,
    Parameter::Weight,
    Parameter::ComaScale,
    Parameter::ComaEye,
    Parameter::ComaVerbal,
    Parameter::ComaMotor,
    Parameter::Creatinine,
    Parameter::UrineOutput,
];

/// Around a suspicion organs are looked at from this long before it, to this long after it (Seymour 2016).
const BEFORE: Duration = hours(48);
const AFTER: Duration = hours(24);
/// An hour that is told may be of a heart rate that was charted so long before its end.
const PULSE_MATTERS: Duration = hours(2);
/// So much more than before is organ failure (Singer 2016).
const RISE: u8 = 2;

/// Says for every suspicion when organs began to fail: two points more than before the days around it, and than nothing
/// where nothing is known.
pub(crate) fn published(view: &View<'_>) -> Concluded {
    let mut found: Vec<Conclusion> = Vec::new();
    for suspicion in suspicions_and_renewals(view.chart, AFTER) {
        let start = hour_of(suspicion.at.minus(BEFORE));
        let now = hour_of(view.watermark);
        let end = hour_of(suspicion.at.plus(AFTER)).min(now);
        let score = |hour| score_of(view.lines, Condition::OrganFailure, hour);
        let baseline = score(start - 1).unwrap_or(0);
        let risen = (start..=end).find_map(|hour| {
            Some((hour, score(hour)?)).filter(|(_, score)| *score >= baseline + RISE)
        });
        let Some((hour, score)) = risen else { continue };
        let onset = start_of(hour);
        if found.iter().any(|of| of.as_of == onset) {
            continue;
        }
        let because = suspicion.because.iter().copied();
        let against = format!("SOFA {score}, {baseline} before");
        found.push(conclusion(
            Condition::Sepsis3,
            (onset, score),
            suspicion.at,
            &against,
            because,
        ));
    }
    found.retain(|conclusion| conclusion.as_of >= view.frozen);
    Concluded {
        from: view.frozen,
        conclusions: found,
        wake: None,
    }
}

/// Says for every stay when sepsis began, as mimic-code does: the first hour around its earliest suspicion with two
/// points or more, of the hours of which the heart rate was charted in the stay.
pub(crate) fn mimic(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded {
        from: view.frozen,
        conclusions: Vec::new(),
        wake: None,
    };
    let doses = doses(view.chart);
    for own in apart(view.stays) {
        if is_settled(view, &own) {
            continue;
        }
        // Where no heart rate is left in the chart, no hour is left that could be told.
        let Some(pulses) = own.pulses(view.chart, view.watermark) else {
            continue;
        };
        let (first, last) = hours_of(pulses);
        let mut times: Vec<_> = doses
            .iter()
            .flat_map(|dose| dose.suspected().map(move |since| (since, dose.at, dose)))
            .collect();
        times.sort_by_key(|(since, at, _)| (*since, *at));
        let found = times.iter().find_map(|(since, _, dose)| {
            let start = hour_of(since.minus(BEFORE)).max(first);
            // An hour counts by its end.
            let end = hour_of(since.plus(AFTER).plus(Duration::from_micros(1))) - 1;
            let score = |hour| score_of(view.lines, Condition::OrganFailureMimic, hour);
            let hour =
                (start..=end.min(last)).find(|hour| score(*hour).is_some_and(|of| of >= RISE))?;
            Some((*since, *dose, hour, score(hour)?))
        });
        let Some((since, dose, hour, score)) = found else {
            continue;
        };
        let because = dose
            .antimicrobials
            .iter()
            .chain(&dose.before)
            .chain(&dose.after);
        let conclusion = conclusion(
            Condition::Sepsis3Mimic,
            (end_of(hour), score),
            since,
            &format!("SOFA {score}"),
            because
                .copied()
                .filter(|entry| entry.at == since || entry.parameter == Parameter::Antimicrobial),
        );
        let taken = |of: &Conclusion| of.as_of == conclusion.as_of;
        if conclusion.as_of >= view.frozen && !concluded.conclusions.iter().any(taken) {
            concluded.conclusions.push(conclusion);
        }
    }
    concluded
}

/// Gives the hours of a stay: as many as there are of the clock from its first heart rate to its last (mimic-code,
/// `icustay_hours`).
fn hours_of((first, last): (EventTime, EventTime)) -> (i64, i64) {
    let begun = hour_of(first);
    (begun, begun + boundaries(first, last, HOUR))
}

/// Says how long an entry matters: the last heart rate of a stay says when its hours end.
pub(crate) fn mimic_matters(entry: &Entry) -> Option<Duration> {
    (entry.parameter == Parameter::Pulse).then_some(PULSE_MATTERS)
}

/// Says whether a stay has its finding already, at a time that is no longer revised.
fn is_settled(view: &View<'_>, own: &Own<'_>) -> bool {
    view.lines.iter().any(|line| {
        line.condition == Condition::Sepsis3Mimic
            && line.asserted
            && line.as_of < view.frozen
            && line.as_of >= own.since
            && line.as_of < own.until
            && own.stay.end.is_none_or(|end| line.as_of <= end.plus(AFTER))
    })
}

fn conclusion<'a>(
    condition: Condition,
    (as_of, score): (EventTime, u8),
    since: EventTime,
    against: &str,
    because: impl Iterator<Item = &'a Entry>,
) -> Conclusion {
    Conclusion {
        condition,
        as_of,
        severity: Severity::High,
        score: Some(i32::from(score)),
        summary: format!("sepsis: {against}, with an infection suspected since {since}"),
        evidence: because.map(proof).collect(),
        missing: Vec::new(),
        history: false,
        note: 1,
    }
}
