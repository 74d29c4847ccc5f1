//! SIRS and qSOFA of the first day of a stay, each criterion by its worst of the day (mimic-code, `sirs` and `qsofa`).

use std::time::Duration;

use clinical::{Decimal, EventTime, Severity};

use crate::Parameter;
use crate::chart::{Chart, Entry};
use crate::config::hours;
use crate::limit::{Limit, tenths};
use crate::organ::coma;
use crate::person::{Own, apart};
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};

pub(crate) const READS: &[Parameter] = &[
    Parameter::Temperature,
    Parameter::Pulse,
    Parameter::RespiratoryRate,
    Parameter::CarbonDioxidePressure,
    Parameter::WhiteCells,
    Parameter::Bands,
    Parameter::SystolicPressure,
    Parameter::ComaEye,
    Parameter::ComaVerbal,
    Parameter::ComaMotor,
];

/// The day.
const DAY: Duration = hours(24);
/// Laboratory results count from this long before the stay on.
const BEFORE: Duration = hours(6);

/// One criterion: any of these makes it true.
type Criterion = &'static [(Parameter, Limit)];

/// SIRS (Bone 1992).
const SIRS: [Criterion; 4] = [
    &[
        (Parameter::Temperature, Limit::Below(tenths(360))),
        (Parameter::Temperature, Limit::Above(tenths(380))),
    ],
    &[(Parameter::Pulse, Limit::Above(tenths(900)))],
    &[
        (Parameter::RespiratoryRate, Limit::Above(tenths(200))),
        (Parameter::CarbonDioxidePressure, Limit::Below(tenths(320))),
    ],
    &[
        (Parameter::WhiteCells, Limit::Below(tenths(40))),
        (Parameter::WhiteCells, Limit::Above(tenths(120))),
        (Parameter::Bands, Limit::Above(tenths(100))),
    ],
];
/// qSOFA (Singer 2016), with a coma score of 13 or less as mimic-code has it for MIMIC-III.
const QSOFA: [Criterion; 3] = [
    &[(Parameter::SystolicPressure, Limit::AtMost(tenths(1000)))],
    &[(Parameter::ComaScale, Limit::AtMost(tenths(130)))],
    &[(Parameter::RespiratoryRate, Limit::AtLeast(tenths(220)))],
];

/// Says how long an entry matters: as long as it is of a day that may be scored again.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    READS.contains(&entry.parameter).then_some(DAY + BEFORE)
}

/// Scores the first day of every stay.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded {
        from: view.frozen,
        conclusions: Vec::new(),
        wake: None,
    };
    for own in apart(view.stays) {
        let stay = own.stay;
        if stay.start < view.frozen {
            continue;
        }
        let measured = measured(view.chart, &own);
        for (condition, words, criteria) in [
            (Condition::FirstDaySirs, "SIRS", &SIRS[..]),
            (Condition::FirstDayQsofa, "qSOFA", &QSOFA[..]),
        ] {
            let taken = |of: &Conclusion| (of.as_of, of.condition) == (stay.start, condition);
            if concluded.conclusions.iter().any(taken) {
                continue;
            }
            let scored = score((condition, words), stay.start, criteria, &measured);
            concluded.conclusions.extend(scored);
        }
    }
    concluded
}

/// What was measured: the entry, and its value.
type Measured<'a> = (Parameter, &'a Entry, Decimal);

fn measured<'a>(chart: &'a Chart, own: &Own<'_>) -> Vec<Measured<'a>> {
    let stay = own.stay;
    let end = stay.start.plus(DAY);
    let mut coma_at = None;
    chart
        .between(stay.start.minus(BEFORE), end)
        .filter_map(|entry| {
            if coma::is_part(entry.parameter) {
                // What is charted as the stay begins counts here, and of the other signs what comes after.
                let counts = stay.start <= entry.at && entry.at < own.until;
                if !counts || coma_at == Some(entry.at) || !coma::is_charted(entry) {
                    return None;
                }
                coma_at = Some(entry.at);
                let total = coma::total(chart, entry.at, stay.start, coma::is_charted);
                return Some((Parameter::ComaScale, entry, total));
            }
            let counts =
                entry.at > stay.start && entry.at < own.until || !is_bedside(entry.parameter);
            let value = entry.number().filter(|_| counts)?;
            READS
                .contains(&entry.parameter)
                .then_some((entry.parameter, entry, value))
        })
        .collect()
}

fn is_bedside(parameter: Parameter) -> bool {
    matches!(
        parameter,
        Parameter::Temperature
            | Parameter::Pulse
            | Parameter::RespiratoryRate
            | Parameter::SystolicPressure
    )
}

fn score(
    (condition, words): (Condition, &str),
    as_of: EventTime,
    criteria: &[Criterion],
    measured: &[Measured<'_>],
) -> Option<Conclusion> {
    let mut evidence = Vec::new();
    let mut missing = Vec::new();
    let mut total = 0;
    for criterion in criteria {
        let of = || {
            measured
                .iter()
                .filter(|(of, ..)| criterion.iter().any(|(parameter, _)| parameter == of))
        };
        let meets = |of: Parameter, value: Decimal| {
            let mut tests = criterion.iter().filter(|(parameter, _)| *parameter == of);
            tests.any(|(_, meets)| meets.is_met(value))
        };
        let met = of().find(|(of, _, value)| meets(*of, *value));
        match met.or_else(|| of().next_back()) {
            Some((_, entry, value)) => {
                let points = i32::from(met.is_some());
                total += points;
                evidence.push(Proof {
                    entry: **entry,
                    value: value.normalize().to_string(),
                    points: Some(points),
                });
            }
            None => missing.extend(criterion.first().map(|(parameter, _)| Missing {
                parameter: *parameter,
                last: None,
                why: None,
            })),
        }
    }
    let count = criteria.len();
    (!evidence.is_empty()).then(|| Conclusion {
        condition,
        as_of,
        severity: Severity::None,
        score: Some(total),
        summary: format!("{words} {total} of {count} in the first day of the stay"),
        evidence,
        missing,
        history: false,
        note: 0,
    })
}
