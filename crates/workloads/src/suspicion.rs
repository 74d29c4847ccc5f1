//! Suspected infection: an antimicrobial and a culture of one another's days (Seymour 2016), read in two ways.

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::read::DONE_THAT_DAY;
use crate::chart::{Chart, Entry};
use crate::config::hours;
use crate::sepsis::infection::{self, suspicions};
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};

pub(crate) const READS: &[Parameter] = &[Parameter::Culture, Parameter::Antimicrobial];

/// A culture first: the antimicrobial follows within this time; a day more where only the day is known.
const CULTURE_FIRST: Duration = hours(72);
const CULTURE_FIRST_BY_DAY: Duration = hours(96);
/// An antimicrobial first: the culture follows within this time.
const ANTIMICROBIAL_FIRST: Duration = hours(24);

/// Says when an infection was suspected, once for each.
pub(crate) fn published(view: &View<'_>) -> Concluded {
    let conclusions = suspicions(view.chart)
        .into_iter()
        .filter(|suspicion| suspicion.confirmed && suspicion.at >= view.frozen)
        .map(|suspicion| {
            conclusion(
                Condition::SuspectedInfection,
                suspicion.at,
                suspicion.at,
                suspicion.because.into_iter(),
            )
        })
        .collect();
    Concluded {
        from: view.frozen,
        conclusions,
        wake: None,
    }
}

/// Says for every time at which antimicrobials were given whether that makes a suspicion, and since when.
pub(crate) fn mimic_iii(view: &View<'_>) -> Concluded {
    let conclusions = doses(view.chart)
        .into_iter()
        .filter(|dose| dose.at >= view.frozen)
        .filter_map(|dose| {
            let since = dose.suspected().next()?;
            let because = dose
                .antimicrobials
                .iter()
                .chain(&dose.before)
                .chain(dose.after.iter().filter(|entry| entry.at > dose.at));
            Some(conclusion(
                Condition::SuspectedInfectionMimic,
                dose.at,
                since,
                because.copied(),
            ))
        })
        .collect();
    Concluded {
        from: view.frozen,
        conclusions,
        wake: None,
    }
}

/// Antimicrobials given at one time, with the cultures that make a pair with them.
#[derive(Debug)]
pub(crate) struct Dose<'a> {
    pub(crate) at: EventTime,
    pub(crate) antimicrobials: Vec<&'a Entry>,
    /// Cultures up to three days before.
    pub(crate) before: Vec<&'a Entry>,
    /// Cultures up to a day after.
    pub(crate) after: Vec<&'a Entry>,
}

impl Dose<'_> {
    /// Gives since when an infection was suspected, by each culture that says so: those before it, or else those after.
    pub(crate) fn suspected(&self) -> impl Iterator<Item = EventTime> {
        let by = if self.before.is_empty() {
            &self.after
        } else {
            &self.before
        };
        by.iter().map(|culture| culture.at)
    }
}

/// Finds the doses with their cultures (mimic-code, `suspicion_of_infection`), oldest first.
pub(crate) fn doses(chart: &Chart) -> Vec<Dose<'_>> {
    let acts = || chart.entries().iter().filter(|entry| entry.is_usable());
    let cultures: Vec<&Entry> = acts()
        .filter(|entry| entry.parameter == Parameter::Culture)
        .collect();
    let mut doses: Vec<Dose<'_>> = Vec::new();
    for entry in acts().filter(|entry| entry.parameter == Parameter::Antimicrobial) {
        if let Some(dose) = doses.last_mut().filter(|dose| dose.at == entry.at) {
            dose.antimicrobials.push(entry);
            continue;
        }
        let at = entry.at;
        let near = |within: &dyn Fn(&Entry) -> bool| {
            let near = cultures.iter().copied();
            near.filter(|culture| within(culture)).collect()
        };
        doses.push(Dose {
            at,
            antimicrobials: vec![entry],
            before: near(&|culture| culture.at <= at && at <= culture.at.plus(span(culture))),
            after: near(&|culture| at <= culture.at && culture.at <= at.plus(ANTIMICROBIAL_FIRST)),
        });
    }
    doses
}

fn span(culture: &Entry) -> Duration {
    if culture.code() == Some(DONE_THAT_DAY) {
        CULTURE_FIRST_BY_DAY
    } else {
        CULTURE_FIRST
    }
}

fn conclusion<'a>(
    condition: Condition,
    as_of: EventTime,
    since: EventTime,
    because: impl Iterator<Item = &'a Entry>,
) -> Conclusion {
    Conclusion {
        condition,
        as_of,
        severity: Severity::None,
        score: None,
        summary: format!("infection suspected since {since}"),
        evidence: because.map(proof).collect(),
        missing: Vec::new(),
        history: false,
        note: 1,
    }
}

/// Shows an act.
pub(crate) fn proof(entry: &Entry) -> Proof {
    Proof {
        entry: *entry,
        value: infection::words(entry).into(),
        points: None,
    }
}
