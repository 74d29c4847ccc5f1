//! What stays were weighed at (mimic-code, `weight_durations`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use clinical::{Code, EventTime, Fact};

use super::stream::is_of;
use super::table::{Row, Table};
use crate::events::{number_or_text, observed};

/// A weight, as it counts.
pub(super) struct Weighed {
    pub(super) subject: i64,
    pub(super) at: EventTime,
    pub(super) stored: EventTime,
    pub(super) fact: Fact,
}

const WEIGHT: &str = " 762 226512 763 224639 ";
const ADMISSION_WEIGHT: &str = " 762 226512 4183 3723 ";
/// Kilograms, pounds and ounces of the newborn.
const NEWBORN: [&str; 3] = ["3580", "3581", "3582"];
const POUND: f64 = 0.45359237;
const OUNCE: f64 = 0.0283495231;

/// The first row of a time, and what all rows of it say.
type Newborn<'a> = (Row<'a>, [Option<f64>; 3]);

/// Says from when on the weight on admission holds, by stay: from two hours before it, but not before what is of the stay
/// before it.
pub(super) fn holds_from(folder: &Path) -> BTreeMap<i64, EventTime> {
    let table = Table::read(folder, "raw/icustays");
    let times = |row: &Row<'_>| Some((row.time("intime")?, row.time("outtime")));
    let mut stays: Vec<_> = table
        .rows()
        .filter_map(|row| Some((row.id("subject_id"), times(&row)?, row.id("icustay_id"))))
        .collect();
    stays.sort_unstable();
    let mut before: Option<(i64, EventTime)> = None;
    let mut found = BTreeMap::new();
    for (subject, (start, end), stay) in stays {
        let ended = before.filter(|(of, _)| *of == subject);
        let between = ended.and_then(|(_, ended)| start.since(ended.min(start)));
        let early = BESIDE.min(between.unwrap_or(Duration::MAX) / 2);
        found.insert(stay, start.minus(early));
        before = Some((subject, end.unwrap_or(start)));
    }
    found
}

/// How long before its stay the weight on admission holds.
const BESIDE: Duration = Duration::from_secs(2 * 3600);

/// Gives all weights of stays that began, oldest first; the first on admission is that of the admission.
pub(super) fn all(charted: &Table, holds_from: &BTreeMap<i64, EventTime>) -> Vec<Weighed> {
    let said =
        |row: &Row<'_>| matches!(row.text("error"), "" | "0") && !row.text("icustay_id").is_empty();
    let mut newborn: BTreeMap<(i64, EventTime), Newborn<'_>> = BTreeMap::new();
    let mut weights: Vec<(EventTime, Row<'_>, bool, String)> = Vec::new();
    for row in charted.rows().filter(said) {
        let (item, number) = (row.text("itemid"), row.number("valuenum"));
        let Some(at) = row.time("charttime") else {
            continue;
        };
        if let Some(place) = NEWBORN.iter().position(|of| *of == item) {
            let key = (row.id("icustay_id"), at);
            let (_, parts) = newborn.entry(key).or_insert((row, [None; 3]));
            let part = number.filter(|value| *value > 0.0);
            parts[place] = parts[place].into_iter().chain(part).reduce(f64::max);
        }
        let at_birth = match item {
            "4183" => row.number("value").and_then(birth_weight),
            "3723" => number.filter(|value| *value < 10.0),
            _ => None,
        };
        let is_admission = is_of(ADMISSION_WEIGHT, item);
        if let Some(value) = at_birth {
            weights.push((at, row, is_admission, value.to_string()));
        } else if is_of(WEIGHT, item) && number.is_some_and(|value| value > 0.0) {
            weights.push((at, row, is_admission, row.text("valuenum").to_owned()));
        }
    }
    for ((_, at), (row, [kilograms, pounds, ounces])) in newborn {
        let by_pounds = || Some(pounds? * POUND + ounces? * OUNCE);
        if let Some(value) = kilograms.or_else(by_pounds) {
            weights.push((at, row, false, value.to_string()));
        }
    }
    weights.sort_by_key(|(at, ..)| *at);
    let mut admitted = BTreeSet::new();
    let weights = weights
        .into_iter()
        .filter_map(|(at, row, is_admission, kilograms)| {
            let stay = row.id("icustay_id");
            let begins = *holds_from.get(&stay)?;
            let is_first = is_admission && admitted.insert(stay);
            let at = if is_first { begins } else { at };
            let resource = format!("weight/{}/{}", row.text("itemid"), row.text("charttime"));
            Some(Weighed {
                subject: row.id("subject_id"),
                at,
                stored: row.time("storetime").unwrap_or(at),
                fact: observed(
                    &resource,
                    Code::loinc("29463-7"),
                    number_or_text(&kilograms, "kg"),
                ),
            })
        });
    weights.collect()
}

/// A weight at birth in grams or in kilograms.
fn birth_weight(value: f64) -> Option<f64> {
    if value > 100.0 {
        Some(value / 1000.0)
    } else {
        Some(value).filter(|value| *value < 10.0)
    }
}
