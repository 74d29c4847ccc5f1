//! SOFA of every hour of every stay.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{EventTime, Finding};
use workloads::Config;

use super::table::{Row, Table};
use super::{SKIPPED, folder, standing, stream};
use crate::engine::Engine;

/// Wide enough for all that is charted late: the latest of it came a day and an hour and a half after its time.
const WINDOW: Duration = Duration::from_secs(48 * 3600);

/// The organs as the reference names them, and what evidence speaks of each.
const ORGANS: [(&str, &[&str]); 6] = [
    ("respiration_24hours", &["PaO2"]),
    ("coagulation_24hours", &["platelets"]),
    ("liver_24hours", &["bilirubin"]),
    (
        "cardiovascular_24hours",
        &[
            "mean arterial pressure",
            "norepinephrine",
            "epinephrine",
            "dopamine",
            "dobutamine",
        ],
    ),
    (
        "cns_24hours",
        &["eye opening", "verbal response", "motor response"],
    ),
    ("renal_24hours", &["creatinine", "urine output"]),
];

#[test]
fn every_hour_is_scored_as_by_the_reference() {
    let Some(folder) = folder() else {
        println!("{SKIPPED}");
        return;
    };
    let stays: BTreeMap<i64, i64> = Table::read(&folder, "raw/icustays")
        .rows()
        .map(|row| (row.id("icustay_id"), row.id("subject_id")))
        .collect();
    let oracle = Table::read(&folder, "oracle/pivoted_sofa");
    let mut scored: BTreeMap<i64, Vec<(EventTime, Finding)>> = BTreeMap::new();
    let mut streams = stream::organ_failure(&folder);
    stream::stays(&folder, &mut streams);
    stream::pulses(&folder, &mut streams);
    for (subject, stream) in streams {
        let mut config = Config::of(&["organ-failure-mimic"]);
        config.windows.insert("organ-failure-mimic", WINDOW);
        let mut engine = Engine::swift(config);
        stream.run(&mut engine, subject);
        assert_eq!(engine.late, 0, "the window holds all of {subject}");
        scored.insert(subject, standing(&engine.findings, "organ-failure-mimic"));
    }
    let mut matched = 0;
    let mut differ: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = 0;
    // An hour in which several gases were taken has several rows; what stands at its end is one of them. An hour in which
    // one stay ends and another begins is told once: as one of the other.
    let mut hours: BTreeMap<(i64, &str), Vec<Row<'_>>> = BTreeMap::new();
    for row in oracle.rows() {
        let hour = (stays[&row.id("icustay_id")], row.text("starttime"));
        hours.entry(hour).or_default().push(row);
    }
    for rows in hours.values() {
        total += rows.len();
        let row = *rows.iter().min_by_key(|row| row.id("hr")).expect("a row");
        let of_last = || rows.iter().filter(|of| of.text("hr") == row.text("hr"));
        let subject = stays[&row.id("icustay_id")];
        let at = row.time("starttime").expect("every hour has a start");
        let empty = Vec::new();
        let lines = scored.get(&subject).unwrap_or(&empty);
        let place = lines.partition_point(|(as_of, _)| *as_of <= at);
        let finding = place.checked_sub(1).map(|place| &lines[place].1);
        let sofa = finding.and_then(|finding| finding.score).unwrap_or(0);
        let of = |speaks| i64::from(finding.map_or(0, |finding| points(finding, speaks)));
        let same = of_last().any(|row| {
            let mut organs = ORGANS.iter();
            i64::from(sofa) == row.id("sofa_24hours")
                && organs.all(|(column, speaks)| of(speaks) == row.id(column))
        });
        if same {
            matched += rows.len();
            continue;
        }
        for (column, speaks) in ORGANS {
            let points = of(speaks);
            if points != row.id(column) {
                let count = differ.entry(column).or_default();
                *count += 1;
                if *count <= 8 {
                    println!(
                        "{column} of {} hour {} ({}): {points}, the reference has {}: {}",
                        row.text("icustay_id"),
                        row.text("hr"),
                        row.text("starttime"),
                        row.text(column),
                        finding.map_or("nothing", |finding| &finding.summary)
                    );
                }
            }
        }
    }
    println!("SOFA: {matched} of {total} hourly rows; differing by organ: {differ:?}");
    assert_eq!(matched, total);
}

fn points(finding: &Finding, speaks: &[&str]) -> i32 {
    let of = finding.evidence.iter();
    of.filter(|evidence| speaks.contains(&&*evidence.what))
        .filter_map(|evidence| evidence.points)
        .sum()
}
