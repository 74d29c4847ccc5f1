//! SIRS and qSOFA of the first day of every stay.

use std::collections::BTreeMap;
use std::path::Path;

use clinical::{Code, EventTime, Finding};
use workloads::Config;

use super::gases::{self, Stay};
use super::stream::{self, Item, Streams, is_of, laboratory};
use super::table::{Row, Table};
use super::{SKIPPED, folder, standing};
use crate::engine::Engine;
use crate::events::{number_or_text, observed};

const NAME: &str = "first-day-mimic";

/// Charted items: the list, the code, the unit, and between what the reference takes its values.
const CHARTED: [(&str, &str, &str, f64, f64); 5] = [
    (" 211 220045 ", "8867-4", "/min", 0.0, 300.0),
    (
        " 51 442 455 6701 220179 220050 ",
        "8480-6",
        "mm[Hg]",
        0.0,
        400.0,
    ),
    (" 615 618 220210 224690 ", "9279-1", "/min", 0.0, 70.0),
    (" 223761 678 ", "8310-5", "[degF]", 70.0, 120.0),
    (" 223762 676 ", "8310-5", "Cel", 10.0, 50.0),
];
const LABORATORY: [Item; 3] = [
    ("51300", "6690-2", "K/uL", 0.0, 1000.0),
    ("51301", "6690-2", "K/uL", 0.0, 1000.0),
    ("51144", "26508-2", "%", 0.0, 100.0),
];

fn streams(folder: &Path) -> Streams {
    let mut streams = Streams::new();
    stream::stays(folder, &mut streams);
    let charted = Table::read(folder, "raw/chartevents");
    for row in charted.rows() {
        chart(row, &mut streams);
    }
    let table = Table::read(folder, "raw/icustays");
    let stays = table.rows().filter_map(|row| {
        Some(Stay {
            id: row.id("icustay_id"),
            subject: row.id("subject_id"),
            admission: row.id("hadm_id"),
            start: row.time("intime")?,
        })
    });
    let stays: Vec<Stay> = stays.collect();
    let labs = Table::read(folder, "raw/labevents");
    for row in labs.rows() {
        // Only results of the stay's own admission are taken.
        let own = row.time("charttime");
        if own.is_some_and(|at| stays.iter().any(|stay| stay.has(row, at))) {
            laboratory(row, &LABORATORY, &mut streams);
        }
    }
    for (subject, at, pressure) in gases::of_first_days(&labs, &charted, &stays) {
        let value = number_or_text(&pressure.to_string(), "mm[Hg]");
        let fact = observed(&format!("gas/{at}"), Code::loinc("2019-8"), value);
        streams.entry(subject).or_default().add(at, at, fact);
    }
    streams
}

fn chart(row: Row<'_>, streams: &mut Streams) {
    let (item, said) = (row.text("itemid"), row.text("value"));
    let Some(at) = row.time("charttime") else {
        return;
    };
    if !matches!(row.text("error"), "" | "0") || row.text("icustay_id").is_empty() {
        return;
    }
    let number = row.number("valuenum");
    let known = CHARTED.iter().find(|(list, ..)| is_of(list, item));
    let fact = if let Some((_, code, unit, above, below)) = known {
        if !number.is_some_and(|value| value > *above && value < *below) {
            return;
        }
        let value = number_or_text(row.text("valuenum"), unit);
        observed(
            &format!("{item}/{}/{said}", row.text("charttime")),
            Code::loinc(code),
            value,
        )
    } else if let Some((code, value)) = stream::coma(item, said, row) {
        observed(
            &format!("{item}/{}/{said}", row.text("charttime")),
            Code::loinc(code),
            value,
        )
    } else {
        return;
    };
    let stream = streams.entry(row.id("subject_id")).or_default();
    stream.add(row.time("storetime").unwrap_or(at), at, fact);
}

#[test]
fn every_stay_scores_as_by_the_reference() {
    let Some(folder) = folder() else {
        println!("{SKIPPED}");
        return;
    };
    let table = Table::read(&folder, "raw/icustays");
    let mut scored: BTreeMap<(&str, i64), Vec<(EventTime, Finding)>> = BTreeMap::new();
    for (subject, stream) in streams(&folder) {
        let mut engine = Engine::swift(Config::of(&[NAME]));
        stream.run(&mut engine, subject);
        for condition in ["first-day-sirs", "first-day-qsofa"] {
            scored.insert((condition, subject), standing(&engine.findings, condition));
        }
    }
    let begun: BTreeMap<i64, EventTime> = table
        .rows()
        .filter_map(|row| Some((row.id("icustay_id"), row.time("intime")?)))
        .collect();
    let mut all = true;
    for (name, condition) in [("sirs", "first-day-sirs"), ("qsofa", "first-day-qsofa")] {
        let (mut matched, mut total) = (0, 0);
        for row in Table::read(&folder, &format!("oracle/{name}")).rows() {
            total += 1;
            let start = begun[&row.id("icustay_id")];
            let ours = scored[&(condition, row.id("subject_id"))]
                .iter()
                .find(|(at, _)| *at == start);
            let score = ours.and_then(|(_, finding)| finding.score).unwrap_or(0);
            let points: i32 = ours.map_or(0, |(_, of)| {
                of.evidence.iter().filter_map(|e| e.points).sum()
            });
            if i64::from(score) == row.id(name) && points == score {
                matched += 1;
            } else {
                println!(
                    "{name} of {}: {score}, the reference has {}: {:?}",
                    row.text("icustay_id"),
                    row.text(name),
                    ours.map(|(_, of)| of
                        .evidence
                        .iter()
                        .map(|e| (&e.what, &e.value, e.points))
                        .collect::<Vec<_>>())
                );
            }
        }
        println!("{name} of the first day: {matched} of {total} stays");
        all &= matched == total;
    }
    assert!(all);
}
