//! The modified early warning score (Subbe CP et al. QJM 2001;94:521-6, table 1).

use clinical::{Decimal, EventTime, Severity};

use super::{Newest, Said};
use crate::Parameter;
use crate::chart::Entry;
use crate::workload::{Missing, Proof, View};

/// What is scored.
const PARAMETERS: [Parameter; 5] = [
    Parameter::SystolicPressure,
    Parameter::Pulse,
    Parameter::RespiratoryRate,
    Parameter::Temperature,
    Parameter::Consciousness,
];
/// From this on the risk is high (Subbe 2001).
const HIGH: i32 = 5;

/// Points up to and including a value; above the last, the last points.
type Steps = (&'static [(u32, i32)], i32);

/// In tenths of the unit: the table has whole numbers, and a value between two of its rows belongs to the lower one.
const SYSTOLIC: Steps = (&[(709, 3), (809, 2), (1009, 1), (1999, 0)], 2);
const PULSE: Steps = (&[(399, 2), (509, 1), (1009, 0), (1109, 1), (1299, 2)], 3);
const RESPIRATION: Steps = (&[(89, 2), (149, 0), (209, 1), (299, 2)], 3);
const TEMPERATURE: Steps = (&[(349, 2), (384, 0)], 2);
/// Alert; voice; pain; unresponsive. Confusion stands with voice: the score was made before it was told apart.
const CONSCIOUSNESS: [i32; 5] = [0, 1, 1, 2, 3];

/// Scores the newest values of an hour; told as a whole where all five are there.
pub(super) fn say(view: &View<'_>, at: EventTime) -> Option<Said> {
    let newest = Newest::at(view.chart, at);
    let mut evidence = Vec::new();
    let mut missing = Vec::new();
    let mut total = 0;
    for parameter in PARAMETERS {
        let scored = newest
            .worst(parameter, points)
            .and_then(|entry| Some((entry, points(entry)?)));
        match scored {
            Some((entry, points)) => {
                total += points;
                let value = match entry.code() {
                    Some(code) => crate::chart::read::CONSCIOUSNESS
                        .get(usize::from(code))
                        .map_or(String::new(), |word| (*word).to_owned()),
                    None => crate::critical::shown(entry),
                };
                evidence.push(Proof {
                    entry: *entry,
                    value,
                    points: Some(points),
                });
            }
            None => missing.push(Missing {
                parameter,
                last: None,
                why: None,
            }),
        }
    }
    // A part of the score says something only where that part is high by itself.
    if evidence.is_empty() || !missing.is_empty() && total < HIGH {
        return None;
    }
    let least = if missing.is_empty() { "" } else { "at least " };
    Some(Said {
        severity: if total >= HIGH {
            Severity::Medium
        } else {
            Severity::None
        },
        score: Some(total),
        summary: format!("MEWS {least}{total}"),
        evidence,
        missing,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "nothing else is in the table"
)]
fn points(entry: &Entry) -> Option<i32> {
    if let Some(code) = entry.code() {
        return CONSCIOUSNESS.get(usize::from(code)).copied();
    }
    let (steps, above) = match entry.parameter {
        Parameter::SystolicPressure => SYSTOLIC,
        Parameter::Pulse => PULSE,
        Parameter::RespiratoryRate => RESPIRATION,
        Parameter::Temperature => TEMPERATURE,
        _ => return None,
    };
    let tenths = (entry.number()? * Decimal::TEN).trunc();
    let met = steps
        .iter()
        .find(|(limit, _)| tenths <= Decimal::from(*limit));
    Some(met.map_or(above, |(_, points)| *points))
}
