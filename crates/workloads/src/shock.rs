//! Septic shock: sepsis in which a vasopressor is needed and lactate stays high in spite of fluids (Singer 2016).

use std::time::Duration;

use clinical::{Decimal, EventTime, Severity};

use crate::Parameter;
use crate::chart::{Chart, Entry};
use crate::config::hours;
use crate::limit::Limit;
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};

/// What the sepsis before it reads, and what tells shock: a change of either changes this.
pub(crate) const READS: &[Parameter] = &[
    Parameter::Culture,
    Parameter::Antimicrobial,
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
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
    Parameter::Weight,
    Parameter::ComaScale,
    Parameter::ComaEye,
    Parameter::ComaVerbal,
    Parameter::ComaMotor,
    Parameter::Creatinine,
    Parameter::UrineOutput,
    Parameter::Lactate,
    Parameter::Crystalloid,
];

/// The drugs that keep the pressure up.
pub(crate) const VASOPRESSORS: [Parameter; 5] = [
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
];

/// So long after its onset shock is that of a sepsis; sepsis that is found again meanwhile, with shock before it, is the same shock.
pub(crate) const LASTS: Duration = hours(72);
/// Lactate above this, mmol/L (Singer 2016).
const LACTATE: Limit = Limit::Above(Decimal::TWO);
/// Fluids and pressure of so long before it are shown; how much fluid is enough the definition leaves to the clinician.
const SHOWN: Duration = hours(24);

/// Says how long an entry matters when it is no longer among the newest.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    let parameter = entry.parameter;
    if parameter == Parameter::Lactate || VASOPRESSORS.contains(&parameter) {
        return Some(LASTS);
    }
    // What is shown beside it stays as long as it may be told again.
    let shown = [Parameter::Crystalloid, Parameter::MeanPressure].contains(&parameter);
    shown.then_some(SHOWN)
}

/// Says for every sepsis that was found when shock began, where it did.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let onsets = view
        .lines
        .iter()
        .filter(|line| line.condition == Condition::Sepsis3 && line.asserted)
        .map(|line| line.as_of);
    let mut conclusions: Vec<Conclusion> = Vec::new();
    let mut before: Option<EventTime> = None;
    for onset in onsets {
        let is_same = |before: EventTime| onset <= before.plus(LASTS);
        if before.is_some_and(is_same) {
            continue;
        }
        let Some(shock) = first(view, onset) else {
            continue;
        };
        before = Some(onset);
        if shock.at >= view.frozen {
            conclusions.push(conclusion(view.chart, onset, &shock));
        }
    }
    Concluded {
        from: view.frozen,
        conclusions,
        wake: None,
    }
}

/// Shock at a time, with what shows it.
struct Shock<'a> {
    at: EventTime,
    vasopressor: &'a Entry,
    lactate: &'a Entry,
}

/// Finds the first time of a sepsis at which it was shock.
fn first<'a>(view: &View<'a>, onset: EventTime) -> Option<Shock<'a>> {
    let told = |entry: &&Entry| {
        entry.parameter == Parameter::Lactate || VASOPRESSORS.contains(&entry.parameter)
    };
    let changes = view.chart.between(onset, onset.plus(LASTS)).filter(told);
    std::iter::once(onset)
        .chain(changes.map(|entry| entry.at))
        .find_map(|at| shock_at(view, at))
}

fn shock_at<'a>(view: &View<'a>, at: EventTime) -> Option<Shock<'a>> {
    let lactate = view
        .chart
        .last(Parameter::Lactate, at)
        .filter(|entry| entry.at > at.minus(view.config.sepsis.laboratory_span))
        .filter(|entry| entry.is_beyond(LACTATE))?;
    let vasopressor = VASOPRESSORS
        .iter()
        .find_map(|drug| view.chart.running(*drug, at))?;
    Some(Shock {
        at,
        vasopressor,
        lactate,
    })
}

fn conclusion(chart: &Chart, onset: EventTime, shock: &Shock<'_>) -> Conclusion {
    let given: Vec<&Entry> = chart
        .of_between(Parameter::Crystalloid, shock.at.minus(SHOWN), shock.at)
        .filter(|entry| entry.is_usable() && !entry.is_end())
        .collect();
    let pressure = chart
        .last(Parameter::MeanPressure, shock.at)
        .filter(|entry| entry.at > shock.at.minus(SHOWN));
    let shown = [Some(shock.vasopressor), Some(shock.lactate), pressure];
    let shown = shown.into_iter().flatten().chain(given.iter().copied());
    let missing = given.is_empty().then_some(Missing {
        parameter: Parameter::Crystalloid,
        last: None,
        why: None,
    });
    Conclusion {
        condition: Condition::SepticShock,
        as_of: shock.at,
        severity: Severity::Critical,
        score: None,
        summary: format!(
            "septic shock: {} runs and lactate is {}, in sepsis since {onset}",
            shock.vasopressor.parameter.words(),
            crate::critical::shown(shock.lactate),
        ),
        evidence: shown
            .map(|entry| Proof {
                entry: *entry,
                value: crate::critical::shown(entry),
                points: None,
            })
            .collect(),
        missing: missing.into_iter().collect(),
        history: false,
        note: 1,
    }
}
