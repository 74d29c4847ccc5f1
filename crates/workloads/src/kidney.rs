//! Kidney injury: the stages of KDIGO by creatinine, by urine, and by what does the kidneys' work.

mod creatinine;
mod urine;

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::Entry;
use crate::chart::read::RUNS;
use crate::config::hours;
use crate::person::{Own, apart};
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};

pub(crate) const READS: &[Parameter] = &[
    Parameter::Creatinine,
    Parameter::UrineOutput,
    Parameter::Weight,
    Parameter::KidneyReplacement,
];

/// mimic-code stages by creatinine and urine alone.
pub(crate) const MIMIC_READS: &[Parameter] = &[
    Parameter::Creatinine,
    Parameter::UrineOutput,
    Parameter::Weight,
];

/// How far before a time its stage looks: a baseline of seven days.
pub(crate) const LOOKS_BACK: Duration = hours(8 * 24);
/// How long urine matters: a day of it is summed.
const URINE_MATTERS: Duration = hours(25);
/// How long a weight matters that is not the last.
const WEIGHT_MATTERS: Duration = hours(10 * 24);

/// How long a stage is what later ones are compared with.
const HOLDS: Duration = hours(48);

/// How the guideline is read where it leaves a choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convention {
    /// Whether only what was measured around a stay is compared, and each stay judges by its own.
    pub(crate) by_stay: bool,
    /// Whether spans are counted in hours and days of the clock that were begun.
    pub(crate) by_clock: bool,
    /// Whether who is dialysed is of stage 3.
    pub(crate) by_replacement: bool,
    /// Whether products are compared as binary fractions, in which 0.6 is less than one and a half times 0.4.
    pub(crate) in_binary: bool,
}

/// As published: spans as they are, and all that is known of the patient.
const PUBLISHED: Convention = Convention {
    by_stay: false,
    by_clock: false,
    by_replacement: true,
    in_binary: false,
};
/// As `kdigo_stages` of mimic-code computes it for MIMIC-III.
const MIMIC_III: Convention = Convention {
    by_stay: true,
    by_clock: true,
    by_replacement: false,
    in_binary: true,
};

/// What one time says of a kidney.
#[derive(Clone, Debug)]
struct Staged<'a> {
    stage: u8,
    entry: &'a Entry,
    shown: String,
}

/// Judges as published.
pub(crate) fn published(view: &View<'_>) -> Concluded {
    conclude(view, PUBLISHED, Condition::KidneyInjury)
}

/// Judges as mimic-code does for MIMIC-III.
pub(crate) fn mimic_iii(view: &View<'_>) -> Concluded {
    conclude(view, MIMIC_III, Condition::KidneyInjuryMimic)
}

/// Says how long an entry matters.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is read")]
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    match entry.parameter {
        Parameter::Creatinine | Parameter::KidneyReplacement => Some(LOOKS_BACK),
        Parameter::UrineOutput => Some(URINE_MATTERS),
        Parameter::Weight => Some(WEIGHT_MATTERS),
        _ => None,
    }
}

/// Says whether a stage may change by what an entry says.
fn is_staged(entry: &Entry, convention: Convention) -> bool {
    let by_replacement =
        convention.by_replacement && entry.parameter == Parameter::KidneyReplacement;
    let measured = matches!(
        entry.parameter,
        Parameter::Creatinine | Parameter::UrineOutput
    );
    entry.is_usable() && (measured || by_replacement)
}

/// Says at every time at which creatinine or urine was charted what the stage is, where it differs from before.
fn conclude(view: &View<'_>, convention: Convention, condition: Condition) -> Concluded {
    // The first weight decides about all urine before it, and the first of a stay about that of the stay.
    let before = view.from.minus(Duration::from_micros(1));
    let weighed = view.chart.last(Parameter::Weight, before).is_some();
    let from = if weighed && !convention.by_stay {
        view.from.minus(hours(24)).max(view.frozen)
    } else {
        view.frozen
    };
    let mut times: Vec<EventTime> = view
        .chart
        .between(from.minus(HOLDS), EventTime::from_micros(i64::MAX))
        .filter(|entry| is_staged(entry, convention))
        .map(|entry| entry.at)
        .collect();
    times.dedup();
    let mut concluded = Concluded {
        from,
        conclusions: Vec::new(),
        wake: None,
    };
    // What was said so long ago that nothing shows it any more holds until something is charted again.
    let mut is_over = times.first().is_some_and(|first| *first >= from)
        && view
            .lines
            .iter()
            .any(|line| line.condition == condition && line.asserted && line.as_of < from);
    let (mut by_creatinine, mut by_urine, mut replaced) = (Vec::new(), None, None);
    for at in times {
        let before = stages(&by_creatinine, &by_urine, &replaced);
        let holds = |staged: &Staged<'_>| staged.entry.at > at.minus(HOLDS);
        by_creatinine.retain(holds);
        by_urine = by_urine.filter(holds);
        if let Some(staged) = creatinine::stage(view, convention, at) {
            by_creatinine = staged;
        }
        if let Some(staged) = urine::stage(view, convention, at) {
            by_urine = staged;
        }
        replaced = replacement(view, at).filter(|_| convention.by_replacement);
        let is_changed = stages(&by_creatinine, &by_urine, &replaced) != before;
        if at >= from && (is_changed || std::mem::take(&mut is_over)) {
            let staged = by_creatinine.iter().chain(&by_urine).chain(&replaced);
            concluded
                .conclusions
                .push(conclusion(condition, at, staged));
        }
    }
    concluded
}

/// What is compared with the time before: the stage by each.
fn stages(
    by_creatinine: &[Staged<'_>],
    by_urine: &Option<Staged<'_>>,
    replaced: &Option<Staged<'_>>,
) -> (Vec<u8>, [Option<u8>; 2]) {
    let stage = |staged: &Staged<'_>| staged.stage;
    (
        by_creatinine.iter().map(stage).collect(),
        [by_urine, replaced].map(|by| by.as_ref().map(stage)),
    )
}

/// Stages who is dialysed: from when that was charted until it is charted to have ended.
fn replacement<'a>(view: &View<'a>, at: EventTime) -> Option<Staged<'a>> {
    let last = view.chart.last(Parameter::KidneyReplacement, at)?;
    let instant = Duration::from_micros(1);
    let mut beside = view.chart.between(last.at.minus(instant), last.at);
    let runs = |entry: &&Entry| {
        entry.parameter == Parameter::KidneyReplacement && entry.code() == Some(RUNS)
    };
    Some(Staged {
        stage: 3,
        entry: beside.find(runs)?,
        shown: "runs".to_owned(),
    })
}

fn conclusion<'a>(
    condition: Condition,
    at: EventTime,
    staged: impl Iterator<Item = &'a Staged<'a>>,
) -> Conclusion {
    let staged: Vec<&Staged<'_>> = staged.collect();
    let worst = staged.iter().max_by_key(|of| of.stage);
    let stage = worst.map_or(0, |worst| worst.stage);
    let because = worst.filter(|_| stage > 0).map_or(String::new(), |worst| {
        format!(": {} {}", worst.entry.parameter.words(), worst.shown)
    });
    let by = |parameter: Parameter| staged.iter().any(|of| of.entry.parameter == parameter);
    Conclusion {
        condition,
        as_of: at,
        severity: match stage {
            0 => Severity::None,
            1 => Severity::Low,
            2 => Severity::Medium,
            _ => Severity::High,
        },
        score: Some(i32::from(stage)),
        summary: format!("KDIGO stage {stage}{because}"),
        evidence: staged
            .iter()
            .map(|of| Proof {
                entry: *of.entry,
                value: of.shown.clone(),
                points: Some(i32::from(of.stage)),
            })
            .collect(),
        missing: [Parameter::Creatinine, Parameter::UrineOutput]
            .into_iter()
            .filter(|parameter| !by(*parameter))
            .map(|parameter| Missing {
                parameter,
                last: None,
                why: None,
            })
            .collect(),
        history: false,
        note: stage,
    }
}

/// Gives the stay that charting at a time belongs to: the last that had begun.
fn stay_at<'a>(view: &'a View<'_>, at: EventTime) -> Option<Own<'a>> {
    let stays = apart(view.stays);
    stays.into_iter().rfind(|own| own.since <= at)
}

/// An hour and a day in microseconds.
pub(crate) const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Counts how many boundaries of a unit lie between two times.
pub(crate) fn boundaries(from: EventTime, to: EventTime, unit: i64) -> i64 {
    to.micros().div_euclid(unit) - from.micros().div_euclid(unit)
}
