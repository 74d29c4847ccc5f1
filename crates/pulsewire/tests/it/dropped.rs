//! The shared files of payers, servers and a hospital, dropped into a watched folder: each row ends in one count, each that is
//! not used has a reason with a name, and each record that was kept becomes something that can be found.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::platform::{Platform, Site, quoted};
use crate::setting::{PATIENCE, corpora, number, wait_at_most};

/// Of each file of the hospital, so many resources; all of them where this variable is 0.
const HOSPITAL: &str = "PULSEWIRE_HOSPITAL_RESOURCES";
const HOSPITAL_RESOURCES: u64 = 150;
const RAW: [&str; 2] = ["healthcare.fhir.received", "healthcare.x12.received"];

/// Why a record may be set aside: which identity goes into which is not clear in these files, each for itself; and the hospital's
/// last results lie after the days on which these tests were written.
const REASONS: [&str; 4] = ["merge-cycle", "already-merged", "self-merge", "from-future"];
/// At most one record of so many states nothing new.
const RESTATED_SHARE: usize = 50;

/// What became of the files.
#[derive(Default)]
struct Found {
    counts: BTreeMap<String, u64>,
}

impl Found {
    fn add(&mut self, what: impl Into<String>, count: u64) {
        if count > 0 {
            *self.counts.entry(what.into()).or_default() += count;
        }
    }

    fn get(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    fn report(&mut self, report: &Value) {
        self.add("files", 1);
        if report["readBefore"].is_string() {
            self.add("files that were read before", 1);
        }
        if let Some(code) = report["failed"]["code"].as_str() {
            self.add(format!("files that failed: {code}"), 1);
        }
        let count = |name: &str| report[name].as_u64().unwrap_or_default();
        for name in [
            "rows",
            "accepted",
            "alreadyKnown",
            "madeNothing",
            "refused",
            "records",
        ] {
            self.add(name, count(name));
        }
        let ends = ["accepted", "alreadyKnown", "madeNothing", "refused"];
        assert_eq!(
            ends.map(count).iter().sum::<u64>(),
            count("rows"),
            "{report}"
        );
        for (table, prefix) in [("reasons", "refused"), ("leftOut", "left out of bundles")] {
            for (name, count) in report[table].as_object().into_iter().flatten() {
                self.add(
                    format!("{prefix}: {name}"),
                    count.as_u64().unwrap_or_default(),
                );
            }
        }
        let coded: u64 = report["reasons"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_u64)
            .sum();
        assert_eq!(coded, count("refused"), "{report}");
    }

    fn show(&self) -> String {
        let lines = self
            .counts
            .iter()
            .map(|(what, count)| format!("{count} {what}\n"));
        lines.collect()
    }
}

/// Drops files, and says what became of them.
fn check(files: &[(String, Vec<u8>)], expected: &Expect) {
    let mut site = Site::default();
    let folder = site.folder().join("drop");
    std::fs::create_dir(&folder).unwrap();
    site.set(
        "files.feed",
        "directory",
        &quoted(&folder.display().to_string()),
    );
    site.set("files.feed", "settle", "\"0s\"");
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let platform = site.start();
    let reports = reports(&folder, files.len(), &platform);
    let mut found = Found::default();
    reports.iter().for_each(|report| found.report(report));
    normalized(&platform);
    let kept = kept(&site);
    // Where a later file names another patient, what it was of the first one is taken back besides.
    let resources = site.records("healthcare.fhir.received").into_iter();
    let moved = resources.filter(|kept| String::from_utf8_lossy(kept.bytes()).contains("moved-to"));
    let moved = moved.count();
    assert_eq!(
        (kept.len() - moved) as u64,
        found.get("records"),
        "each record that is counted is in the journal"
    );
    accounted(&site, &kept);
    println!("{}", found.show());
    expected.assert_eq(&found.show());
}

/// The reports of all files; it takes as long as it takes, if only something comes all the while.
fn reports(folder: &Path, files: usize, platform: &Platform) -> Vec<Value> {
    let ended = || -> Vec<PathBuf> {
        let folders = ["done", "failed"].map(|name| std::fs::read_dir(folder.join(name)));
        let entries = folders.into_iter().flatten().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths
            .filter(|path| path.to_string_lossy().ends_with(".report.json"))
            .collect()
    };
    // A file is moved right after its report is there.
    let is_empty = || {
        let mut left = std::fs::read_dir(folder).unwrap().flatten();
        left.all(|entry| entry.path().is_dir())
    };
    let mut before = (0, 0);
    while before.0 < files || !is_empty() {
        let look = || {
            let received = platform.count(&["pulsewire_intake_received_total{"]);
            let now = (ended().len(), received);
            (now != before || (now.0 == files && is_empty())).then_some(now)
        };
        let looked = wait_at_most(PATIENCE, look);
        before = looked.unwrap_or_else(|| {
            panic!("nothing comes after {before:?} of {files} files and records")
        });
    }
    let read = |path: PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    ended().into_iter().map(read).collect()
}

/// Waits until normalize has taken in all that is there.
fn normalized(platform: &Platform) {
    let of = |name: &str| platform.count(&[name, "stage=\"normalize\""]);
    let mut before = 0;
    let mut idle = 0;
    while idle < 5 {
        let looked = wait_at_most(PATIENCE, || {
            let now = (
                of("pulsewire_stage_lag_records{"),
                of("pulsewire_stage_records_total{"),
            );
            (now.0 == 0 || now.1 != before).then_some(now)
        });
        let (lag, records) =
            looked.unwrap_or_else(|| panic!("normalize stays behind after {before} records"));
        idle = if lag == 0 && records == before && records > 0 {
            idle + 1
        } else {
            0
        };
        before = records;
    }
}

/// The places of what was kept.
fn kept(site: &Site) -> BTreeSet<String> {
    let raw = RAW.iter().flat_map(|topic| {
        site.records(topic)
            .into_iter()
            .map(move |kept| (topic, kept))
    });
    raw.map(|(topic, kept)| format!("{topic}/{}/{}", kept.partition, kept.offset))
        .collect()
}

/// Looks what became of each record that was kept.
fn accounted(site: &Site, kept: &BTreeSet<String>) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for topic in ["healthcare.patient.stream", "healthcare.patient.split"] {
        let records = site.records(topic);
        told.extend(records.iter().map(|record| record.header("raw")));
    }
    assert!(!told.is_empty());
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for (topic, record) in site.records_of_all("healthcare.") {
        if topic.ends_with(".quarantine") {
            told.extend([record.header("origin"), record.header("raw")]);
            *reasons.entry(record.header("reason")).or_default() += 1;
        }
    }
    let silent: Vec<&String> = kept.difference(&told).collect();
    println!("quarantined: {reasons:?}; these state nothing that another did not: {silent:?}");
    let is_known = |reason: &String| REASONS.contains(&reason.as_str());
    assert!(reasons.keys().all(is_known), "{reasons:?}");
    // Two payers' sets state one claim. Which of them comes first depends on the partitions that they are split to.
    assert!(silent.len() * RESTATED_SHARE <= kept.len(), "{silent:?}");
}

/// The files in a folder whose names end so, by their names.
fn files(folder: &Path, endings: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let inside = files(&path, endings).into_iter();
            found.extend(inside.map(|(inner, bytes)| (format!("{name}-{inner}"), bytes)));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn shared(folder: &str) -> Option<PathBuf> {
    Some(corpora()?.parent()?.join(folder))
}

#[test]
fn every_file_of_payers_ends_in_counts() {
    let Some(folder) = shared("clinical-data/x12-lfh") else {
        return;
    };
    let files = files(
        &folder,
        &[
            ".270", ".271", ".276", ".277", ".834", ".835", ".837", ".837i",
        ],
    );
    check(
        &files,
        &expect![[r#"
            59 accepted
            61 files
            1 files that were read before
            59 records
            1 refused
            1 refused: set-control-differs
            60 rows
        "#]],
    );
}

#[test]
fn every_claim_of_blue_button_ends_in_counts() {
    let Some(folder) = shared("clinical-data/carin-bb") else {
        return;
    };
    check(
        &files(&folder, &[".json"]),
        &expect![[r#"
        59 accepted
        59 files
        59 records
        59 rows
    "#]],
    );
}

#[test]
fn every_prior_authorization_ends_in_counts() {
    let Some(folder) = shared("clinical-data/davinci-pas") else {
        return;
    };
    check(
        &files(&folder, &[".json", ".erb"]),
        &expect![[r#"
            20 accepted
            30 files
            1 left out of bundles: Parameters
            49 records
            10 refused
            7 refused: not-supported
            3 refused: nothing-kept
            30 rows
        "#]],
    );
}

#[test]
fn every_example_of_the_specification_ends_in_counts() {
    let Some(folder) = shared("corpora/fhir-r4-spec-examples") else {
        return;
    };
    check(
        &files(&folder, &[".json"]),
        &expect![[r#"
        536 accepted
        549 files
        1 left out of bundles: OperationOutcome
        1 left out of bundles: Parameters
        4 left out of bundles: request
        747 records
        13 refused
        10 refused: not-supported
        3 refused: nothing-kept
        549 rows
    "#]],
    );
}

#[test]
fn a_hospital_ends_in_counts() {
    let Some(folder) = shared("clinical-data/clinosim-us1500") else {
        return;
    };
    let wanted = number(HOSPITAL, HOSPITAL_RESOURCES);
    let unzipped = files(&folder, &[".ndjson.gz"])
        .into_iter()
        .map(|(name, bytes)| {
            let mut text = String::new();
            MultiGzDecoder::new(&*bytes)
                .read_to_string(&mut text)
                .unwrap();
            let wanted = usize::try_from(wanted).unwrap();
            let lines = text
                .lines()
                .take(if wanted == 0 { usize::MAX } else { wanted });
            let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
            (name.replace(".gz", ""), lines.into_bytes())
        });
    let files: Vec<_> = unzipped.collect();
    let expected = match wanted {
        0 => expect![[r#"
            107550 accepted
            16 files
            107550 records
            107550 rows
        "#]],
        HOSPITAL_RESOURCES => expect![[r#"
            2012 accepted
            16 files
            2012 records
            2012 rows
        "#]],
        _ => panic!("{HOSPITAL} is 0 or is not said"),
    };
    check(&files, &expected);
}
