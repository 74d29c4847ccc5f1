//! Organ failure: SOFA for every hour, each organ by its worst of a day.

pub(crate) mod coma;
pub(crate) mod gas;
pub(crate) mod hours;
mod infusion;
pub(crate) mod sofa;
mod sofa2;
pub(crate) mod stretch;
pub(crate) mod support;

use std::time::Duration;

use clinical::{Decimal, Severity};

use crate::Parameter;
use crate::chart::Entry;
use crate::state::Line;
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};
use hours::{Hour, hour_of, hours, start_of};
pub(crate) use infusion::{weighed, weight};
use sofa::{Convention, MIMIC_III, PUBLISHED, Part, System, URINE_HOURS};
use stretch::{Stretch, span_at, stretches};
use support::Help;

pub(crate) const READS: &[Parameter] = &[
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

pub(crate) const SECOND_READS: &[Parameter] = &[
    Parameter::OxygenPressure,
    Parameter::OxygenSaturation,
    Parameter::OxygenFraction,
    Parameter::RespiratorySupport,
    Parameter::CirculatorySupport,
    Parameter::KidneyReplacement,
    Parameter::DeliriumDrug,
    Parameter::Platelets,
    Parameter::Bilirubin,
    Parameter::MeanPressure,
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Dobutamine,
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
    Parameter::Milrinone,
    Parameter::Weight,
    Parameter::ComaScale,
    Parameter::ComaEye,
    Parameter::ComaVerbal,
    Parameter::ComaMotor,
    Parameter::Creatinine,
    Parameter::Potassium,
    Parameter::Ph,
    Parameter::Bicarbonate,
    Parameter::UrineOutput,
];

/// Beside them, mimic-code counts the hours of a stay from the first heart rate.
pub(crate) const MIMIC_READS: &[Parameter] = &with_pulse();

const fn with_pulse() -> [Parameter; READS.len() + 1] {
    let mut reads = [Parameter::Pulse; READS.len() + 1];
    let mut place = 0;
    while place < READS.len() {
        reads[place] = READS[place];
        place += 1;
    }
    reads
}

/// How far before an hour its score looks: the hours of a day, each with a day of urine, and the settings before them
/// that say whether a ventilator ran.
pub(crate) const LOOKS_BACK: Duration = crate::config::hours(24 + 24 + 24 + 1);

/// Scores as the table was published.
pub(crate) fn published(view: &View<'_>) -> Concluded {
    conclude(view, PUBLISHED, Condition::OrganFailure)
}

/// Scores as mimic-code does for MIMIC-III.
pub(crate) fn mimic_iii(view: &View<'_>) -> Concluded {
    conclude(view, MIMIC_III, Condition::OrganFailureMimic)
}

/// Scores by the table of 2025.
pub(crate) fn second(view: &View<'_>) -> Concluded {
    conclude(view, sofa2::CONVENTION, Condition::OrganFailure2)
}

/// The score of one hour.
#[derive(Clone, Debug)]
pub(crate) struct Scored<'a> {
    pub(crate) hour: i64,
    pub(crate) parts: [Option<Part<'a>>; 6],
}

impl Scored<'_> {
    fn points(&self) -> [Option<u8>; 6] {
        self.parts.map(|part| part.map(|part| part.points))
    }

    pub(crate) fn total(&self) -> u8 {
        self.points().into_iter().flatten().sum()
    }
}

/// So many hours ahead of time are looked at for when time alone changes the score.
const AHEAD: i64 = 26;

/// Says for every hour that may have changed what the score is, where it differs from that of the hour before.
fn conclude(view: &View<'_>, convention: Convention, condition: Condition) -> Concluded {
    // The first weight is that of drugs and urine before it was charted, too; where none was ever charted, nothing rests on one.
    let before = view.from.minus(Duration::from_micros(1));
    let own = span_at(view, convention, view.from);
    let weighed = view.chart.last(Parameter::Weight, before);
    let weighed_late = weighed.is_none_or(|entry| entry.at < own.since)
        && view.chart.of(Parameter::Weight).next().is_some();
    let reach = if weighed_late && (convention.second || infusion::any_by_minute(view.chart)) {
        view.frozen
    } else {
        match convention.help {
            Help::Charted(_) => view.from,
            Help::Runs => support::reaches_back(view.chart, view.from),
        }
    };
    // An hour of which a part is frozen is frozen.
    let first = hour_of(reach).max(hour_of(view.frozen) + 1);
    let now = hour_of(view.watermark);
    let mut concluded = Concluded {
        from: start_of(first).max(view.frozen),
        conclusions: Vec::new(),
        wake: None,
    };
    if first > now {
        return concluded;
    }
    let scores = scores(view, convention, first - 1, now + AHEAD);
    for pair in scores.windows(2) {
        let [before, score] = pair else { continue };
        if before.points() == score.points() {
            continue;
        }
        if score.hour > now {
            concluded.wake = Some(start_of(score.hour).plus(Duration::from_micros(1)));
            break;
        }
        concluded.conclusions.push(conclusion(condition, score));
    }
    // What scores all that way ahead ends later: a day of urine stands for two.
    let scores_on = |last: &&Scored<'_>| last.parts.iter().any(Option::is_some);
    if concluded.wake.is_none() && scores.last().filter(scores_on).is_some() {
        concluded.wake = Some(start_of(now + AHEAD));
    }
    if convention.drugs_for_an_hour {
        let own = span_at(view, convention, view.watermark);
        let runs = infusion::runs_for_an_hour_at(view.chart, own, view.watermark);
        concluded.wake = concluded.wake.into_iter().chain(runs).min();
    }
    concluded
}

/// Scores every hour from one to another.
pub(crate) fn scores<'a>(
    view: &View<'a>,
    convention: Convention,
    first: i64,
    last: i64,
) -> Vec<Scored<'a>> {
    let mut scores = Vec::with_capacity(usize::try_from(last - first + 1).unwrap_or_default());
    for stretch in stretches(view, convention, first, last) {
        let mut rows = hours(view.chart, convention, &stretch, view.watermark);
        judge_urine(view, convention, &mut rows);
        score(convention, &stretch, &rows, &mut scores);
    }
    scores
}

/// Judges the kidneys of each hour by the urine of its day.
fn judge_urine(view: &View<'_>, convention: Convention, rows: &mut [(i64, Hour<'_>)]) {
    let has_urine = rows.iter().any(|(_, hour)| hour.urine.is_some());
    for place in 0..rows.len() {
        let judges = rows
            .get(place)
            .is_some_and(|(_, hour)| match convention.second {
                true => hour.urine.is_some() || hour.blood.is_some(),
                false => has_urine,
            });
        if !judges {
            continue;
        }
        let day = rows
            .get(place.saturating_sub(URINE_HOURS - 1)..=place)
            .unwrap_or_default();
        let part = if convention.second {
            let end = day.last().map(|(number, _)| hours::end_of(*number));
            sofa2::kidneys(day, end.and_then(|end| infusion::weight(view.chart, end)))
        } else {
            urine(convention, day)
        };
        if let Some((_, hour)) = rows.get_mut(place) {
            let slot = &mut hour.parts[System::Renal as usize];
            if let Some(part) = part
                && slot.is_none_or(|held| held.points < part.points)
            {
                *slot = Some(part);
            }
        }
    }
}

/// Scores the hours of a stretch, after those before it.
fn score<'a>(
    convention: Convention,
    stretch: &Stretch,
    rows: &[(i64, Hour<'a>)],
    scores: &mut Vec<Scored<'a>>,
) {
    let own = scores.len();
    let mut worst: [Worst<'a>; 6] = [None; 6];
    for (place, (number, hour)) in rows.iter().enumerate() {
        let earliest = place.saturating_sub(convention.hours_before);
        for (organ, (worst, part)) in worst.iter_mut().zip(&hour.parts).enumerate() {
            // Most hours say nothing new of an organ: its day is gone through where the worst of it is over.
            let first = match worst.take_if(|(of, _)| *of < earliest) {
                Some(_) => earliest,
                None if part.is_some() => place,
                None => continue,
            };
            for (of, (_, hour)) in rows.iter().enumerate().take(place + 1).skip(first) {
                follow(worst, of, hour.parts.get(organ).copied().flatten());
            }
        }
        if *number < stretch.first {
            continue;
        }
        let score = Scored {
            hour: *number,
            parts: worst.map(|worst| worst.map(|(_, part)| part)),
        };
        match scores.get_mut(own..).and_then(<[_]>::last_mut) {
            // Of an hour that stands several times the last is what is known when it is over.
            Some(last) if last.hour == score.hour => *last = score,
            Some(_) | None => scores.push(score),
        }
    }
}

/// The worst of an organ in a day, and its place among the hours.
type Worst<'a> = Option<(usize, Part<'a>)>;

/// Takes in what the next hour says of an organ; of two that are as bad the later one stands.
fn follow<'a>(worst: &mut Worst<'a>, place: usize, part: Option<Part<'a>>) {
    if let Some(part) = part
        && worst.is_none_or(|(_, held)| part.points >= held.points)
    {
        *worst = Some((place, part));
    }
}

/// Judges the urine of a day, if enough of a day is known.
fn urine<'a>(convention: Convention, day: &[(i64, Hour<'a>)]) -> Option<Part<'a>> {
    let known = || day.iter().filter_map(|(_, hour)| hour.urine);
    let sum: Decimal = known().map(|(amount, _)| amount).sum();
    let (_, last) = known().next_back()?;
    let (_, first) = known().next()?;
    // An hour's amount is what gathered since the one before: the first of the day speaks of the time before it too.
    let span = last.at.since(first.at)? + Duration::from_secs(3600);
    (span >= convention.least_urine_span || convention.least_urine_span.is_zero())
        .then(|| sofa::urine(last, sum))
}

fn conclusion(condition: Condition, score: &Scored<'_>) -> Conclusion {
    let mut evidence = Vec::new();
    let mut missing = Vec::new();
    let mut words = Vec::new();
    for (system, part) in System::ALL.into_iter().zip(&score.parts) {
        let Some(part) = part else {
            missing.push(Missing {
                parameter: system.parameter(),
                last: None,
                why: None,
            });
            continue;
        };
        if part.points > 0 {
            words.push(format!("{} {}", system.words(), part.points));
        }
        evidence.push(Proof {
            entry: *part.entry,
            value: shown(condition, part),
            points: Some(i32::from(part.points)),
        });
        evidence.extend(part.other.map(|other| Proof {
            entry: *other,
            value: crate::critical::shown(other),
            points: None,
        }));
    }
    let name = if condition == Condition::OrganFailure2 {
        "SOFA-2"
    } else {
        "SOFA"
    };
    let mut summary = format!("{name} {}", score.total());
    if !words.is_empty() {
        summary.push_str(": ");
        summary.push_str(&words.join(", "));
    }
    if !missing.is_empty() {
        let count = score.parts.iter().flatten().count();
        summary.push_str(&format!(" ({count} of 6 organs measured)"));
    }
    Conclusion {
        condition,
        as_of: start_of(score.hour),
        severity: Severity::None,
        score: Some(i32::from(score.total())),
        summary,
        evidence,
        missing,
        history: false,
        note: score.total().min(MOST_NOTED),
    }
}

/// The greatest note that fits beside a line.
const MOST_NOTED: u8 = 127;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what was measured is shown as it was sent"
)]
fn shown(condition: Condition, part: &Part<'_>) -> String {
    match part.entry.parameter {
        Parameter::OxygenPressure => format!("PaO2/FiO2 {} mmHg", part.value),
        Parameter::CirculatorySupport | Parameter::KidneyReplacement => "in use".to_owned(),
        Parameter::DeliriumDrug => "given".to_owned(),
        Parameter::OxygenSaturation => format!("SpO2/FiO2 {}", part.value),
        Parameter::UrineOutput if condition == Condition::OrganFailure2 => {
            format!("{} mL/kg/h", part.value.round_dp(2).normalize())
        }
        Parameter::UrineOutput => format!("{} mL in 24 h", part.value.normalize()),
        Parameter::ComaEye | Parameter::ComaVerbal | Parameter::ComaMotor => {
            format!("Glasgow coma score {}", part.value.normalize())
        }
        _ => crate::critical::shown(part.entry),
    }
}

/// Says how long an entry of organ failure matters when it is no longer among the newest: what scores, and what is
/// needed to read what scores.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    (READS.contains(&entry.parameter) && scores_alone(entry)).then_some(LOOKS_BACK)
}

/// The same where the hours of a stay count from its first heart rate.
pub(crate) fn mimic_matters(entry: &Entry) -> Option<Duration> {
    (MIMIC_READS.contains(&entry.parameter) && scores_alone(entry)).then_some(LOOKS_BACK)
}

/// The same for SOFA-2.
pub(crate) fn second_matters(entry: &Entry) -> Option<Duration> {
    let telling = entry.parameter != Parameter::OxygenSaturation || sofa2::is_telling(entry);
    let read = SECOND_READS.contains(&entry.parameter);
    (read && telling && scores_alone(entry)).then_some(LOOKS_BACK)
}

/// Of the pressures only those that score are needed.
fn scores_alone(entry: &Entry) -> bool {
    let scored = || sofa::scored(entry, sofa::TABLE.mean_pressure);
    entry.parameter != Parameter::MeanPressure || scored().is_none_or(|part| part.points > 0)
}

/// Gives the score that was published for an hour, by the line that stands for it or for one before.
pub(crate) fn score_of(lines: &[Line], condition: Condition, hour: i64) -> Option<u8> {
    let start = start_of(hour);
    let end = lines.partition_point(|line| line.as_of <= start);
    lines
        .get(..end)?
        .iter()
        .rev()
        .find(|line| line.condition == condition && line.asserted)
        .map(|line| line.note)
}
