//! The stage of kidney injury at every creatinine and every urine of every stay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use clinical::{EventTime, Finding};
use workloads::Config;

use super::table::{Row, Table};
use super::{SKIPPED, folder, standing, stream};
use crate::engine::Engine;

const NAME: &str = "kidney-injury-mimic";
/// Wide enough for all that is charted late: the weight on admission may be charted weeks after it.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long a stage stands without any charting.
const HOLDS: Duration = Duration::from_secs(48 * 3600);

/// The stay of a row, and its time.
fn place(row: Row<'_>) -> (i64, &str) {
    (row.id("icustay_id"), row.text("charttime"))
}

/// The worst stage by creatinine of each time: of several creatinines of one time the reference has a row each.
fn worst(oracle: &Table) -> BTreeMap<(i64, &str), i64> {
    let mut worst: BTreeMap<(i64, &str), i64> = BTreeMap::new();
    for row in oracle.rows() {
        let slot = worst.entry(place(row)).or_default();
        *slot = row.id("aki_stage_creat").max(*slot);
    }
    worst
}

/// What stands of a patient, and when something was charted of the kidneys.
struct Told {
    lines: Vec<(EventTime, Finding)>,
    charted: BTreeSet<EventTime>,
}

impl Told {
    /// Gives what stands at a time; nothing where nothing was charted for so long that it stands no longer.
    fn at(&self, at: EventTime) -> Option<&Finding> {
        let place = self.lines.partition_point(|(as_of, _)| *as_of <= at);
        let (_, finding) = &self.lines[place.checked_sub(1)?];
        let times = || self.charted.range(finding.as_of..=at);
        let mut pairs = times().zip(times().skip(1));
        let is_gap = pairs.any(|(before, next)| before.plus(HOLDS) <= *next);
        (!is_gap).then_some(finding)
    }
}

fn told(folder: &Path) -> BTreeMap<i64, Told> {
    let mut told = BTreeMap::new();
    for (subject, stream) in stream::kidneys(folder) {
        let charted = stream.charted(&["lab/", "output/"]);
        let mut config = Config::of(&[NAME]);
        config.windows.insert(NAME, WINDOW);
        let mut engine = Engine::swift(config);
        stream.run(&mut engine, subject);
        assert_eq!(engine.late, 0, "the window holds all of {subject}");
        let lines = standing(&engine.findings, NAME);
        told.insert(subject, Told { lines, charted });
    }
    told
}

#[test]
fn every_stage_is_that_of_the_reference() {
    let Some(folder) = folder() else {
        println!("{SKIPPED}");
        return;
    };
    let table = Table::read(&folder, "raw/icustays");
    let stays: BTreeMap<i64, (i64, EventTime)> = table
        .rows()
        .filter_map(|row| {
            Some((
                row.id("icustay_id"),
                (row.id("subject_id"), row.time("intime")?),
            ))
        })
        .collect();
    let told = told(&folder);
    let (mut matched, mut total) = (0, 0);
    let oracle = Table::read(&folder, "oracle/kdigo_stages");
    let worst = worst(&oracle);
    for row in oracle.rows() {
        total += 1;
        if row.id("aki_stage_creat") < worst[&place(row)] {
            matched += 1;
            continue;
        }
        let (subject, start) = stays[&row.id("icustay_id")];
        let Some(at) = row.time("charttime") else {
            // A stay of which neither was charted has a row without a time.
            matched += 1;
            continue;
        };
        let finding = told[&subject].at(at);
        // A creatinine may be one of several stays: the evidence has the last stay first.
        let before = Duration::from_secs(6 * 3600);
        let later = stays
            .values()
            .filter(|(of, begun)| *of == subject && *begun > start && begun.minus(before) <= at);
        let by = |what: &str, place: usize| {
            let of = finding?.evidence.iter().filter(|e| *e.what == *what);
            of.filter_map(|e| e.points).nth(place)
        };
        let number = |column: &str| row.text(column).parse::<i32>().ok();
        let has_creatinine = !row.text("creat").is_empty();
        let theirs = (number("aki_stage_creat"), number("aki_stage_uo"));
        let ours = (
            has_creatinine
                .then(|| by("creatinine", later.count()))
                .flatten(),
            // Nothing says whether urine was charted with a creatinine; if it was, it has a stage.
            (theirs.1.is_some() || !has_creatinine)
                .then(|| by("urine output", 0))
                .flatten(),
        );
        let worst = ours.0.max(ours.1).unwrap_or(0);
        if ours == theirs && Some(worst) == number("aki_stage") {
            matched += 1;
        } else if total - matched < 25 {
            println!(
                "{} at {}: {ours:?}, the reference has {theirs:?}: {}",
                row.text("icustay_id"),
                row.text("charttime"),
                finding.map_or("nothing", |finding| &finding.summary)
            );
        }
    }
    println!("KDIGO: {matched} of {total} rows");
    assert_eq!(matched, total);
}
