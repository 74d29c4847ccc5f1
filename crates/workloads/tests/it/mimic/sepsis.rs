//! Sepsis-3 of every stay: whether, since when, by which suspicion and at which score.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use clinical::{EventTime, Finding};
use workloads::Config;

use super::table::Table;
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
    let hours = hours(&folder);
    let (mut matched, mut total) = (0, 0);
    for row in table.rows() {
        total += 1;
        let (stay, subject) = (row.id("icustay_id"), row.id("subject_id"));
        let ours: Vec<&Finding> = found[&subject]
            .iter()
            .filter(|of| hours.get(&stay).is_some_and(|own| own.contains(&of.as_of)))
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

/// From when to when hours are of each stay: from the end of its first one to that of the next stay's first one.
fn hours(folder: &Path) -> BTreeMap<i64, Range<EventTime>> {
    let stays = Table::read(folder, "raw/icustays");
    let subject_of: BTreeMap<i64, i64> = stays
        .rows()
        .map(|row| (row.id("icustay_id"), row.id("subject_id")))
        .collect();
    let scored = Table::read(folder, "oracle/pivoted_sofa");
    let first = scored.rows().filter(|row| row.text("hr") == "0");
    let mut begun: Vec<_> = first
        .filter_map(|row| {
            let stay = row.id("icustay_id");
            Some((subject_of[&stay], row.time("endtime")?, stay))
        })
        .collect();
    begun.sort_unstable();
    let end = |(place, (subject, ..)): (usize, &(i64, EventTime, i64))| {
        let next = begun.get(place + 1);
        next.filter(|(of, ..)| of == subject).map(|(_, at, _)| *at)
    };
    let last = EventTime::from_micros(i64::MAX);
    begun
        .iter()
        .enumerate()
        .map(|(place, of)| (of.2, of.1..end((place, of)).unwrap_or(last)))
        .collect()
}
