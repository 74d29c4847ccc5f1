//! Critical results: laboratory values that somebody must be told now.

pub(crate) mod cultures;
mod flagged;
mod judge;
mod range;

use clinical::unit::Unit;
use clinical::{Decimal, EventTime, Severity};

use crate::Parameter;
use crate::chart::read::POSITIVE;
use crate::chart::{BACKFILLED, Entry, HAEMOLYSED, Reading, Unusable};
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};
use judge::{Verdict, judge};
pub use range::{CriticalRange, critical_ranges};
pub(crate) use range::{own_ranges, thresholds};

pub(crate) const READS: &[Parameter] = &[
    Parameter::Potassium,
    Parameter::Sodium,
    Parameter::Calcium,
    Parameter::IonisedCalcium,
    Parameter::Glucose,
    Parameter::Bicarbonate,
    Parameter::Magnesium,
    Parameter::Ph,
    Parameter::CarbonDioxidePressure,
    Parameter::OxygenPressure,
    Parameter::Haemoglobin,
    Parameter::Haematocrit,
    Parameter::Platelets,
    Parameter::WhiteCells,
    Parameter::Bands,
    Parameter::Inr,
    Parameter::Aptt,
    Parameter::Fibrinogen,
    Parameter::Lactate,
    Parameter::Bilirubin,
    Parameter::FlaggedResult,
];

/// Results of the laboratory that other workloads read: no range is for them, so that only the flag of their sender is judged.
pub(crate) const ONLY_FLAGGED: &[Parameter] = &[
    Parameter::Creatinine,
    Parameter::BaseExcess,
    Parameter::ArterialSaturation,
    Parameter::AspartateAminotransferase,
    Parameter::UreaNitrogen,
    Parameter::AlkalinePhosphatase,
    Parameter::Chloride,
    Parameter::DirectBilirubin,
    Parameter::Phosphate,
    Parameter::Troponin,
];

/// What was told last about an analyte, and is still so.
#[derive(Clone, Copy, Debug)]
struct Told<'a> {
    verdict: Verdict,
    at: EventTime,
    /// What showed it; nothing where that is no longer kept.
    entry: Option<&'a Entry>,
}

/// Judges every result that may still be revised.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded {
        from: view.frozen,
        conclusions: Vec::new(),
        wake: None,
    };
    for parameter in READS.iter().filter(|one| **one != Parameter::FlaggedResult) {
        analyte(view, *parameter, &mut concluded.conclusions);
    }
    flagged::conclude(view, &mut concluded.conclusions);
    concluded
}

fn analyte(view: &View<'_>, parameter: Parameter, conclusions: &mut Vec<Conclusion>) {
    let mut told = told_before(view, parameter);
    let results = view
        .chart
        .of(parameter)
        .filter(|entry| entry.at >= view.frozen && !entry.is_withdrawn());
    for (entry, verdict) in worst_at_each_time(view, results) {
        let publish = match verdict {
            // What cannot be judged is no reason to think better of what was critical.
            Verdict::Unknown => told.is_none(),
            Verdict::Corrected if told.is_some_and(|told| told.verdict != verdict) => false,
            Verdict::Normal => told.take().is_some(),
            Verdict::High
            | Verdict::Low
            | Verdict::Positive
            | Verdict::Flagged
            | Verdict::Corrected => {
                let repeat = told.is_some_and(|told| is_repeat(view, entry, verdict, &told));
                if !repeat {
                    told = Some(Told {
                        verdict,
                        at: entry.at,
                        entry: Some(entry),
                    });
                }
                !repeat
            }
        };
        if publish {
            conclusions.push(Conclusion {
                condition: Condition::CriticalResult(parameter),
                as_of: entry.at,
                severity: severity(verdict),
                score: None,
                summary: summary(entry, verdict),
                evidence: vec![Proof {
                    entry: *entry,
                    value: shown(entry),
                    points: None,
                }],
                missing: Vec::new(),
                history: false,
                note: verdict.number(),
            });
        }
    }
}

const fn severity(verdict: Verdict) -> Severity {
    match verdict {
        Verdict::High | Verdict::Low | Verdict::Positive => Severity::Critical,
        Verdict::Flagged | Verdict::Corrected => Severity::High,
        Verdict::Unknown | Verdict::Normal => Severity::None,
    }
}

/// Finds what was told before anything that may still be revised.
fn told_before<'a>(view: &View<'a>, parameter: Parameter) -> Option<Told<'a>> {
    let line = view
        .lines
        .iter()
        .filter(|line| line.condition == Condition::CriticalResult(parameter) && line.asserted)
        .rfind(|line| {
            line.as_of < view.frozen && Verdict::from_number(line.note) != Some(Verdict::Unknown)
        })?;
    let verdict = Verdict::from_number(line.note).filter(|verdict| *verdict != Verdict::Normal)?;
    let then = view.chart.of(parameter);
    let then = then.filter(|entry| entry.at == line.as_of && !entry.is_withdrawn());
    let shown = worst_at_each_time(view, then).pop();
    Some(Told {
        verdict,
        at: line.as_of,
        entry: shown.map(|(entry, _)| entry),
    })
}

/// Takes the worst result of each time: duplicates from two interfaces count once, conflicts as the worse one.
fn worst_at_each_time<'a>(
    view: &View<'_>,
    results: impl Iterator<Item = &'a Entry>,
) -> Vec<(&'a Entry, Verdict)> {
    let mut worst: Vec<(&Entry, Verdict)> = Vec::new();
    for entry in results {
        let Some(verdict) = judge(view, entry) else {
            continue;
        };
        match worst.last_mut() {
            Some(held) if held.0.at == entry.at => {
                if is_worse((entry, verdict), *held) {
                    *held = (entry, verdict);
                }
            }
            Some(_) | None => worst.push((entry, verdict)),
        }
    }
    worst
}

/// Says whether one result of a time is worse than another.
fn is_worse((entry, verdict): (&Entry, Verdict), held: (&Entry, Verdict)) -> bool {
    let value = |entry: &Entry| entry.bounded().map(|(value, _)| value);
    let (now, then) = (value(entry), value(held.0));
    match verdict {
        Verdict::High | Verdict::Flagged if held.1 == verdict => now > then,
        Verdict::Low if held.1 == verdict => now < then,
        Verdict::High
        | Verdict::Low
        | Verdict::Flagged
        | Verdict::Positive
        | Verdict::Corrected
        | Verdict::Unknown
        | Verdict::Normal => verdict > held.1,
    }
}

/// Says whether what was told covers a result: the same direction, not long after, and not worse by the delta of its range.
fn is_repeat(view: &View<'_>, entry: &Entry, verdict: Verdict, told: &Told<'_>) -> bool {
    // Of what was loaded as history nobody was told.
    let is_history = |of: &Entry| of.is(BACKFILLED);
    if told.verdict != verdict
        || verdict == Verdict::Corrected
        || told.entry.is_some_and(is_history) && !is_history(entry)
        || entry
            .at
            .since(told.at)
            .is_none_or(|passed| passed >= view.config.critical.repeat)
    {
        return false;
    }
    // Both in the unit of the range, which is the laboratory's own.
    let values = judge::delta_of(view, entry).and_then(|range| {
        let (now, then) = (entry.in_unit(range.unit)?, told.entry?.in_unit(range.unit)?);
        Some((now, then, range.delta))
    });
    let Some((now, then, delta)) = values else {
        return true;
    };
    match verdict {
        Verdict::High => now < then + delta,
        Verdict::Low => now > then - delta,
        // A flag does not say of every result which way it is critical.
        Verdict::Flagged => now < then + delta && now > then - delta,
        Verdict::Positive | Verdict::Corrected | Verdict::Unknown | Verdict::Normal => true,
    }
}

fn summary(entry: &Entry, verdict: Verdict) -> String {
    let name = entry.parameter.words();
    let value = shown(entry);
    let mut text = match verdict {
        Verdict::High => format!("{name} {value}, critically high"),
        Verdict::Low => format!("{name} {value}, critically low"),
        Verdict::Positive => format!("{name} positive"),
        Verdict::Flagged => format!("{name} {value}, critical by the laboratory's own flag"),
        Verdict::Corrected => format!(
            "{name} was corrected, and to what cannot be evaluated: {value}; ask the laboratory"
        ),
        Verdict::Unknown => format!("{name} cannot be evaluated: {value}"),
        Verdict::Normal => format!("{name} {value}, no longer critical"),
    };
    if entry.is(HAEMOLYSED) {
        text.push_str("; specimen haemolysed");
    }
    text
}

/// Writes a number with its unit; what is said in one breath, as `22/min` and `95%`, stands together.
pub(crate) fn with_unit(value: Decimal, unit: Unit) -> String {
    let unit = unit.words();
    let space = match unit {
        "" | "%" | "/min" => "",
        _ => " ",
    };
    format!("{value}{space}{unit}")
}

/// Writes a value as it was sent.
pub(crate) fn shown(entry: &Entry) -> String {
    match entry.reading {
        Reading::Number {
            value,
            unit,
            comparator,
        } => {
            let sign = comparator.map_or("", clinical::Comparator::code);
            format!("{sign}{}", with_unit(value, unit))
        }
        Reading::Coded(POSITIVE) => "positive".into(),
        Reading::Coded(_) => "not positive".into(),
        Reading::Unusable(Unusable::Unit) => "its unit is not known".into(),
        Reading::Unusable(Unusable::Words) => {
            "the result cannot be read as a number (digits with a decimal point)".into()
        }
        Reading::Unusable(Unusable::Implausible) => "the value is not possible".into(),
        Reading::Unusable(Unusable::Time) => "its time is not possible".into(),
        Reading::Withdrawn(_) => "taken back".into(),
    }
}
