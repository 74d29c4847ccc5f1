//! What the team does already, as findings that ask for nothing: alerts that it answers can be held back.

use clinical::{Decimal, EventTime, Severity};

use crate::Parameter;
use crate::bundle::shown;
use crate::chart::Entry;
use crate::chart::read::{COMFORT_CARE, DONE};
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};

pub(crate) const READS: &[Parameter] = &[
    Parameter::Antimicrobial,
    Parameter::Crystalloid,
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Dobutamine,
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
    Parameter::Milrinone,
    Parameter::SepsisNote,
];

/// The actions, by their places: the word in their condition, and what they say.
const ACTIONS: [(&str, &str); 3] = [
    ("antimicrobial", "an antimicrobial was given"),
    (
        "circulation",
        "fluid was given or a drug for the circulation runs",
    ),
    ("comfort-care", "comfort alone is cared for"),
];
const ANTIMICROBIAL: u8 = 0;
const CIRCULATION: u8 = 1;
const COMFORT: u8 = 2;

/// Gives the one word of an action.
pub(crate) fn action_word(place: u8) -> &'static str {
    ACTIONS
        .get(usize::from(place))
        .map_or("unknown", |(word, _)| word)
}

/// Says of every time what was done then.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut conclusions: Vec<Conclusion> = Vec::new();
    let just_before = view.frozen.minus(std::time::Duration::from_micros(1));
    let end = EventTime::from_micros(i64::MAX);
    for entry in view.chart.between(just_before, end) {
        let Some(place) = action(entry) else { continue };
        let condition = Condition::TeamAction(place);
        let proof = Proof {
            entry: *entry,
            value: shown(entry),
            points: None,
        };
        let said = conclusions
            .iter_mut()
            .find(|said| (said.as_of, said.condition) == (entry.at, condition));
        match said {
            Some(said) => said.evidence.push(proof),
            None => conclusions.push(conclusion(condition, place, entry.at, proof)),
        }
    }
    Concluded {
        from: view.frozen,
        conclusions,
        wake: None,
    }
}

fn action(entry: &Entry) -> Option<u8> {
    let given = || entry.number().is_some_and(|amount| amount > Decimal::ZERO);
    match (entry.parameter, entry.code()) {
        (Parameter::Antimicrobial, Some(DONE)) => Some(ANTIMICROBIAL),
        (Parameter::SepsisNote, Some(COMFORT_CARE)) => Some(COMFORT),
        (Parameter::Crystalloid, None) if given() => Some(CIRCULATION),
        _ if entry.is_running() => Some(CIRCULATION),
        _ => None,
    }
}

fn conclusion(condition: Condition, place: u8, as_of: EventTime, proof: Proof) -> Conclusion {
    let summary = ACTIONS
        .get(usize::from(place))
        .map_or("unknown", |(_, words)| words);
    Conclusion {
        condition,
        as_of,
        severity: Severity::None,
        score: None,
        summary: summary.into(),
        evidence: vec![proof],
        missing: Vec::new(),
        history: false,
        note: 0,
    }
}
