//! Every message of the shared corpora through the real sender and the real platform: each ends in one counted state.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::kept::drain;
use crate::platform::{Platform, Site, run, said};
use crate::setting::{corpora, wait_for};

/// Kinds of files that hold HL7 v2.
const KINDS: [&str; 4] = ["hl7", "HL7", "er7", "txt"];

/// A merge goes to the other identity and back, and a message may be divided before.
const ROUNDS: u64 = 4;
/// Why a message may be set aside; anything else would be a fault of ours.
const REASONS: [&str; 7] = [
    "no-patient",
    "about-no-patient",
    "merge-incomplete",
    "from-future",
    "merge-cycle",
    "self-merge",
    "already-merged",
];

#[test]
fn every_frame_of_the_corpora_ends_in_one_counted_state() {
    let Some(corpora) = corpora() else { return };
    let site = Site::default();
    let mut platform = site.start();
    let report = send(&corpora, &platform);
    let number = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(number("unanswered"), 0, "{report}");
    assert!(platform.is_alive());
    let outcomes: BTreeMap<&str, u64> = ["Accepted", "Resent", "Refused", "Deferred", "Closed"]
        .into_iter()
        .map(|outcome| (outcome, platform.frames(outcome)))
        .collect();
    println!("{outcomes:?}");
    let codes = report["acknowledgements"].as_object().unwrap().values();
    let codes: u64 = codes.filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(codes + number("unasked"), number("sent"));
    let all = outcomes.values().sum::<u64>();
    assert_eq!(
        all,
        number("sent"),
        "every frame ends in one state: {outcomes:?}"
    );
    assert_eq!((outcomes["Deferred"], outcomes["Closed"]), (0, 0));

    let more = drain(&platform, &site, ROUNDS);
    wait_for("normalize to have no lag", || {
        let of = |name: &str| platform.count(&[name, "stage=\"normalize\""]);
        (of("pulsewire_stage_lag_records{") == 0 && of("pulsewire_stage_records_total{") > 0)
            .then_some(())
    });
    accounted(&site, &outcomes, more);
    assert!(platform.stop().success());
    let verified = site.command(&["state", "--verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
}

/// Sends every message there is; gives the sender's report.
fn send(corpora: &Path, platform: &Platform) -> serde_json::Value {
    let mut files = Vec::new();
    walk(corpora, &mut files);
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let to = format!("mllp://{}", platform.mllp);
    let mut arguments = vec!["send", "--to", &to, "--json", "--connections", "4"];
    arguments.extend(files.iter().map(String::as_str));
    let report = serde_json::from_str(&said(&run(&arguments))).expect("the report is JSON");
    println!("{} files: {report}", files.len());
    report
}

/// What intake counted is in the journal, and the journal says what became of it.
fn accounted(site: &Site, outcomes: &BTreeMap<&str, u64>, more: u64) {
    const REFUSED: &str = "healthcare.hl7v2.refused";
    let raw = site.records_of_all("healthcare.hl7v2.");
    let refused = raw.iter().filter(|(topic, _)| topic == REFUSED).count() as u64;
    assert_eq!(
        refused, outcomes["Refused"],
        "a copy of each refused frame is kept"
    );
    let kept: BTreeSet<String> = raw
        .iter()
        .filter(|(topic, _)| !topic.ends_with(".quarantine") && topic != REFUSED)
        .map(|(topic, kept)| format!("{topic}/{}/{}", kept.partition, kept.offset))
        .collect();
    assert_eq!(kept.len() as u64, outcomes["Accepted"] + more);
    explained(site, &kept);
    let reasons = reasons(site);
    println!("{} kept, quarantined: {reasons:?}", kept.len());
    assert!(
        reasons
            .keys()
            .all(|reason| REASONS.contains(&reason.as_str())),
        "{reasons:?}"
    );
}

/// Each message in a raw topic made events or a split, or is in quarantine with its reason.
fn explained(site: &Site, kept: &BTreeSet<String>) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for topic in [
        "healthcare.patient.stream",
        "healthcare.patient.split",
        "healthcare.patient.split.quarantine",
    ] {
        told.extend(
            site.records(topic)
                .iter()
                .map(|record| record.header("raw")),
        );
    }
    for (topic, record) in site.records_of_all("healthcare.hl7v2.") {
        if topic.ends_with(".quarantine") {
            told.insert(record.header("origin"));
        }
    }
    let silent: Vec<&String> = kept.difference(&told).collect();
    assert!(
        silent.is_empty(),
        "{} messages went in and nothing says what became of them: {silent:?}",
        silent.len()
    );
}

fn reasons(site: &Site) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for (topic, record) in site.records_of_all("healthcare.") {
        if topic.ends_with(".quarantine") {
            *reasons.entry(record.header("reason")).or_default() += 1;
        }
    }
    reasons
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, found);
        } else if path
            .extension()
            .is_some_and(|kind| KINDS.iter().any(|known| kind == *known))
        {
            let text = std::fs::read(&path).unwrap();
            if text.windows(4).any(|window| window == b"MSH|") {
                found.push(path);
            }
        }
    }
}
