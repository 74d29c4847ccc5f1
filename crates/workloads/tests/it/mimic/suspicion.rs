//! Every antimicrobial with the cultures that make an infection suspected.

use std::collections::BTreeMap;
use std::path::Path;

use clinical::{EventTime, Evidence, Fact};
use workloads::Config;

use super::stream::{Streams, event_id};
use super::table::Table;
use super::{SKIPPED, folder, orders, standing};
use crate::engine::Engine;

const NAME: &str = "suspected-infection-mimic";

/// A row of the reference: drug, its time, the culture before, the one after, since when, and what the culture was.
type Row = (
    String,
    EventTime,
    Option<EventTime>,
    Option<EventTime>,
    Option<EventTime>,
    String,
);

#[test]
fn every_suspicion_is_that_of_the_reference() {
    let Some(folder) = folder() else {
        println!("{SKIPPED}");
        return;
    };
    let rows = rows(&folder);
    let stays: BTreeMap<i64, (i64, i64)> = Table::read(&folder, "raw/icustays")
        .rows()
        .map(|row| {
            (
                row.id("icustay_id"),
                (row.id("subject_id"), row.id("hadm_id")),
            )
        })
        .collect();
    let (mut matched, mut total) = (0, 0);
    // A stay shares its admission's rows with the others of the admission: each stay takes from the same.
    let mut left: BTreeMap<i64, BTreeMap<Row, usize>> = BTreeMap::new();
    for row in Table::read(&folder, "oracle/suspicion_of_infection").rows() {
        total += 1;
        let stay = row.id("icustay_id");
        let (subject, _) = stays[&stay];
        let none = BTreeMap::new();
        let of = rows.get(&subject).unwrap_or(&none);
        let Some(since) = row.time("suspected_infection_time") else {
            // Nothing is suspected of it, and nothing was said of it.
            let at = row.time("antibiotic_time");
            let said = of
                .keys()
                .any(|ours| Some(ours.1) == at && ours.0 == row.text("antibiotic_name"));
            matched += usize::from(!said);
            if said && total - matched < 12 {
                println!(
                    "{stay}: {} at {at:?} is said to be suspicious",
                    row.text("antibiotic_name")
                );
            }
            continue;
        };
        let wanted: Row = (
            row.text("antibiotic_name").to_owned(),
            row.time("antibiotic_time").expect("a dose has a time"),
            row.time("last72_charttime"),
            row.time("next24_charttime"),
            Some(since),
            format!(
                "{}/{}",
                row.text("specimen"),
                row.text("positiveculture").trim_end_matches(".0")
            ),
        );
        let left = left.entry(stay).or_insert_with(|| of.clone());
        match left.get_mut(&wanted).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                matched += 1;
            }
            None if total - matched < 12 => println!("{stay}: not ours: {wanted:?}"),
            None => {}
        }
    }
    println!("suspected infection: {matched} of {total} rows");
    assert_eq!(matched, total);
}

/// Gives the rows that our findings make: each antimicrobial with each culture before it and each after.
fn rows(folder: &Path) -> BTreeMap<i64, BTreeMap<Row, usize>> {
    let mut streams = Streams::new();
    orders::add(folder, &mut streams);
    let mut rows: BTreeMap<i64, BTreeMap<Row, usize>> = BTreeMap::new();
    for (subject, mut stream) in streams {
        let named: BTreeMap<_, String> = stream
            .ordered()
            .enumerate()
            .filter_map(|(n, fact)| match fact {
                Fact::Order(order) => {
                    Some((event_id(subject, n), order.codes[0].display.to_string()))
                }
                _ => None,
            })
            .collect();
        let mut engine = Engine::swift(Config::of(&[NAME]));
        stream.run(&mut engine, subject);
        assert_eq!(engine.late, 0);
        let of = rows.entry(subject).or_default();
        for (at, finding) in standing(&engine.findings, NAME) {
            let (drugs, cultures): (Vec<&Evidence>, Vec<&Evidence>) = finding
                .evidence
                .iter()
                .partition(|evidence| *evidence.what == *"antimicrobial");
            let some = |of: Vec<&'_ Evidence>| -> Vec<Option<(EventTime, String)>> {
                let all: Vec<_> = of
                    .into_iter()
                    .map(|e| Some((e.at, named[&e.event].clone())))
                    .collect();
                if all.is_empty() { vec![None] } else { all }
            };
            let before = some(cultures.iter().copied().filter(|e| e.at <= at).collect());
            let after = some(cultures.iter().copied().filter(|e| e.at >= at).collect());
            for drug in drugs {
                for (before, after) in before
                    .iter()
                    .flat_map(|b| after.iter().map(move |a| (b, a)))
                {
                    let by = before.as_ref().or(after.as_ref());
                    let row = (
                        named[&drug.event].clone(),
                        drug.at,
                        before.as_ref().map(|of| of.0),
                        after.as_ref().map(|of| of.0),
                        by.map(|of| of.0),
                        by.map_or(String::new(), |of| of.1.clone()),
                    );
                    *of.entry(row).or_default() += 1;
                }
            }
        }
    }
    rows
}
