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
use crate::state::Line;
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};

pub(crate) const READS: &[Parameter] = &[
    Parameter::Creatinine,
    Parameter::UrineOutput,
    Parameter::Weight,
    Parameter::KidneyReplacement,
    Parameter::ChronicDialysis,
];

/// mimic-code stages by creatinine and urine alone.
pub(crate) const MIMIC_READS: &[Parameter] = &[
    Parameter::Creatinine,
    Parameter::UrineOutput,
    Parameter::Weight,
];

/// How long a stage is what later ones are compared with.
const HOLDS: Duration = hours(48);
/// How far before a time it is looked for what stood then: of the charting before it what holds, and what held there.
const REACHES_BACK: Duration = hours(2 * 48);
/// How far before a time its stage looks: a baseline of seven days, in which a day may have begun, of what stood before it.
pub(crate) const LOOKS_BACK: Duration = hours(8 * 24 + 2 * 48);
/// How long urine matters: a day of it is summed, and the first of it gathered in up to a day.
const URINE_MATTERS: Duration = hours(49 + 2 * 48);
/// How long a weight matters that is not the last.
const WEIGHT_MATTERS: Duration = hours(10 * 24);

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

/// What is known of the kidneys at a time: the stage by each, as far as it holds.
#[derive(Debug, Default)]
struct Standing<'a> {
    by_creatinine: Vec<Staged<'a>>,
    by_urine: Option<Staged<'a>>,
    replaced: Option<Staged<'a>>,
}

impl<'a> Standing<'a> {
    /// Lets go of what holds no longer.
    fn forget(&mut self, at: EventTime) {
        let holds = |staged: &Staged<'_>| staged.entry.at > at.minus(HOLDS);
        self.by_creatinine.retain(holds);
        self.by_urine = self.by_urine.take().filter(holds);
    }

    /// Takes in what was charted at a time.
    fn take(&mut self, view: &View<'a>, convention: Convention, at: EventTime) {
        self.forget(at);
        if let Some(staged) = creatinine::stage(view, convention, at) {
            self.by_creatinine = staged;
        }
        if let Some(staged) = urine::stage(view, convention, at) {
            self.by_urine = staged;
        }
        self.replaced = replacement(view, convention, at);
    }

    fn staged(&self) -> impl Iterator<Item = &Staged<'a>> {
        let by_creatinine = self.by_creatinine.iter();
        by_creatinine.chain(&self.by_urine).chain(&self.replaced)
    }

    /// Gives what is compared with the time before: the stage by each.
    fn stages(&self) -> (Vec<u8>, [Option<u8>; 2]) {
        let stage = |staged: &Staged<'_>| staged.stage;
        (
            self.by_creatinine.iter().map(stage).collect(),
            [&self.by_urine, &self.replaced].map(|by| by.as_ref().map(stage)),
        )
    }

    fn worst(&self) -> Option<&Staged<'a>> {
        self.staged().max_by_key(|of| of.stage)
    }
}

/// Says at every time at which creatinine or urine was charted what the stage is, where it differs from before: from what
/// stood when something was charted last, if that is not too long ago, or from what was told.
fn conclude(view: &View<'_>, convention: Convention, condition: Condition) -> Concluded {
    let from = starts(view, convention);
    let since = from.minus(REACHES_BACK);
    let mut times: Vec<EventTime> = view
        .chart
        .between(since, EventTime::from_micros(i64::MAX))
        .filter(|entry| is_staged(entry, convention))
        .map(|entry| entry.at)
        .collect();
    times.dedup();
    let mut concluded = Concluded {
        from,
        conclusions: Vec::new(),
        wake: None,
    };
    let is_told = |line: &&Line| line.condition == condition && line.asserted && line.as_of < from;
    let mut told = view.lines.iter().rfind(is_told).map_or(0, |line| line.note);
    if let Some(lasting) = dialysed_for_good(view, convention) {
        // What was told before that was known ends when something is charted again.
        let first = times.into_iter().find(|at| *at >= from);
        let ends = first.filter(|_| told > 0);
        let ends = ends.map(|at| not_staged(condition, at, lasting));
        concluded.conclusions.extend(ends);
        return concluded;
    }
    let mut charted: Option<EventTime> = None;
    let mut standing = Standing {
        replaced: replacement(view, convention, since),
        ..Standing::default()
    };
    for at in times {
        // After so long without any charting nothing is left to compare with.
        if charted.is_none_or(|charted| charted <= at.minus(HOLDS)) {
            standing.forget(at);
        }
        let before = standing.stages();
        standing.take(view, convention, at);
        let stage = standing.worst().map_or(0, |worst| worst.stage);
        if at >= from && (standing.stages() != before || stage != told) {
            concluded
                .conclusions
                .push(conclusion(condition, at, &standing));
            told = stage;
        }
        charted = Some(at);
    }
    concluded
}

/// Gives from when on the stages may be other ones than those that were told.
fn starts(view: &View<'_>, convention: Convention) -> EventTime {
    let before = view.from.minus(Duration::from_micros(1));
    // The first weight decides about all urine before it, the first of a stay about that of the stay, and what lasts about
    // everything.
    let weighed = view.chart.last(Parameter::Weight, before).is_some();
    let lasts = view.chart.of(Parameter::ChronicDialysis).next().is_some();
    if weighed && !lasts && !convention.by_stay {
        view.from.minus(hours(24)).max(view.frozen)
    } else {
        view.frozen
    }
}

/// Gives what says that the patient is dialysed for good, at whatever time: there is nothing then to injure acutely.
fn dialysed_for_good<'a>(view: &View<'a>, convention: Convention) -> Option<&'a Entry> {
    let mut said = view.chart.of(Parameter::ChronicDialysis);
    said.rfind(|entry| convention.by_replacement && entry.is_usable())
}

/// Stages who is dialysed: from when that was charted until it is charted to have ended.
fn replacement<'a>(view: &View<'a>, convention: Convention, at: EventTime) -> Option<Staged<'a>> {
    if !convention.by_replacement {
        return None;
    }
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

/// Ends what was told of a patient who is dialysed for good.
fn not_staged(condition: Condition, at: EventTime, lasting: &Entry) -> Conclusion {
    Conclusion {
        condition,
        as_of: at,
        severity: Severity::None,
        score: None,
        summary: "not staged: dialysed for good".to_owned(),
        evidence: vec![Proof {
            entry: *lasting,
            value: "documented".to_owned(),
            points: None,
        }],
        missing: Vec::new(),
        history: false,
        note: 0,
    }
}

fn conclusion(condition: Condition, at: EventTime, standing: &Standing<'_>) -> Conclusion {
    let staged: Vec<&Staged<'_>> = standing.staged().collect();
    let worst = standing.worst();
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
