//! Sepsis-3 of every stay: whether, since when, by which suspicion and at which score.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{EventTime, Finding};
use workloads::Config;

use super::table::{Row, Table};
use super::{SKIPPED, folder, orders, standing, stream};
use crate::engine::Engine;

const NAMES: [&str; 2] = ["organ-failure-mimic", "sepsis-3-mimic"];

#[test]
fn every_stay_is_judged_as_by_the_reference() {
    let Some(folder) = folder() else {
        println!("{SKIPPED}");
        return;
    };
    let table = Table::read(&folder, "raw/icustays");
    let mut streams = stream::organ_failure(&folder);
    stream::stays(&folder, &mut streams);
    stream::pulses(&folder, &mut streams);
    orders::add(&folder, &mut streams);
    let mut found: BTreeMap<i64, Vec<Finding>> = BTreeMap::new();
    for (subject, stream) in streams {
        let mut config = Config::of(&NAMES);
        config
            .windows
            .insert(NAMES[0], Duration::from_secs(48 * 3600));
        let mut engine = Engine::swift(config);
        stream.run(&mut engine, subject);
        let standing = standing(&engine.findings, NAMES[1]);
        found.insert(
            subject,
            standing.into_iter().map(|(_, finding)| finding).collect(),
        );
    }
    let oracle = Table::read(&folder, "oracle/sepsis3_first");
    let wanted: BTreeMap<i64, _> = oracle
        .rows()
        .map(|row| (row.id("icustay_id"), row))
        .collect();
    let (mut matched, mut total) = (0, 0);
    for row in table.rows() {
        total += 1;
        let (stay, subject) = (row.id("icustay_id"), row.id("subject_id"));
        let (start, end) = (row.time("intime"), row.time("outtime"));
        let (before, after) = beside(&table, row);
        let ours: Vec<&Finding> = found[&subject]
            .iter()
            .filter(|of| start.is_some_and(|start| of.as_of >= start.minus(before)))
            .filter(|of| end.is_some_and(|end| of.as_of <= end.plus(after)))
            .collect();
        let says = ours.first().map(|of| {
            let since = of.summary.rsplit("since ").next().unwrap_or_default();
            (of.as_of, of.score, since.to_owned())
        });
        let theirs = wanted.get(&stay).map(|row| {
            let at = row.time("sofa_time").expect("sepsis has a time");
            let since = row
                .time("suspected_infection_time")
                .expect("suspicion has a time");
            (at, row.text("sofa_score").parse().ok(), since.to_string())
        });
        if says == theirs && ours.len() <= 1 {
            matched += 1;
        } else {
            println!(
                "{stay}: {says:?} ({}), the reference has {theirs:?}",
                ours.len()
            );
        }
    }
    println!(
        "Sepsis-3: {matched} of {total} stays, {} of them with sepsis",
        wanted.len()
    );
    assert_eq!(matched, total);
}

/// How long before a stay and after it findings are of it: of two stays close to one another each has its half of what
/// lies between. An hour is told by its end.
fn beside(table: &Table, row: Row<'_>) -> (Duration, Duration) {
    let most = Duration::from_secs(13 * 3600);
    let half = |ended: Option<EventTime>, begun: Option<EventTime>| {
        let between = begun?.since(ended?)?;
        Some(most.min(between / 2 + Duration::from_secs(3600)))
    };
    let (start, end) = (row.time("intime"), row.time("outtime"));
    let others = || {
        let subject = row.id("subject_id");
        table
            .rows()
            .filter(move |other| other.id("subject_id") == subject)
    };
    let before = others().filter_map(|other| half(other.time("outtime"), start));
    let after = others().filter_map(|other| half(end, other.time("intime")));
    (before.min().unwrap_or(most), after.min().unwrap_or(most))
}
