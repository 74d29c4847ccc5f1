//! Over the shared corpora: results go out as they came in, field by field as far as FHIR keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clinical::{ReceivedTime, SiteKey};
use formats::hl7v2;
use serde_json::Value;

use super::*;
use crate::identity::Subjects;
use crate::source::Source;

fn shared() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    #[expect(clippy::disallowed_methods, reason = "a test finds its corpora by it")]
    let folder = std::env::var("PULSEWIRE_SHARED").map_or(default, PathBuf::from);
    folder.join("corpora").is_dir().then_some(folder)
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_message = |end: &std::ffi::OsStr| end.eq_ignore_ascii_case("hl7") || end == "txt";
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(is_message) {
            out.push(path);
        }
    }
}

/// Maps a message alone; nothing where it is not of one patient.
fn mapped(bytes: &[u8]) -> Option<Vec<u8>> {
    let message = hl7v2::parse(bytes);
    let (source, site) = (Source::new("corpus"), SiteKey::new([7; 32]));
    let mapped = crate::map(&message, &source, &site, ReceivedTime::from_micros(0));
    matches!(mapped.subjects, Subjects::One(_)).then(|| crate::bundle(&mapped))
}

/// Lists the leaves of the resources that results are made of, each resource by its type and place.
fn leaves(bundle: &[u8]) -> BTreeMap<String, String> {
    let bundle: Value = serde_json::from_slice(bundle).unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for entry in bundle["entry"].as_array().into_iter().flatten() {
        let resource = &entry["resource"];
        let kind = resource["resourceType"].as_str().unwrap_or_default();
        if !["Patient", "Encounter", "Observation", "DiagnosticReport"].contains(&kind) {
            continue;
        }
        let count = counts.entry(kind.to_owned()).or_default();
        *count += 1;
        walk(resource, format!("{kind}#{count}"), &mut all);
    }
    all
}

fn walk(value: &Value, path: String, all: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                // Ids are derived, and so is what refers to them; extensions are counted with what they extend.
                if !["id", "reference", "extension"].contains(&name.as_str()) {
                    walk(member, format!("{path}.{name}"), all);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{path}[{index}]"), all);
            }
        }
        leaf => {
            all.insert(path, leaf.to_string());
        }
    }
}

/// How many in a thousand elements may come back as others without being listed: numbered by place, those behind one that
/// moved count as others.
const UNMEANT_PER_MILLE_MAX: usize = 5;

/// Where what comes back is another on purpose, and why.
const DIFFERENCES: [(&str, &str); 14] = [
    ("Patient#.contact", "next of kin are sent by ADT"),
    ("Patient#.generalPractitioner", "sent by ADT"),
    ("Patient#.identifier", "the same number twice is sent once"),
    (
        "Patient#.maritalStatus.coding[].",
        "PID-16 holds the code of a known one alone",
    ),
    ("Encounter#.account", "accounts are sent by ADT"),
    ("Encounter#.hospitalization", "arrangements are sent by ADT"),
    ("Encounter#.priority", "sent by ADT"),
    ("Encounter#.reasonCode", "sent by ADT"),
    (
        "Encounter#.location",
        "where else a stay was is sent by ADT",
    ),
    (
        "Observation#.category",
        "OBX-29 is younger than version 2.5.1",
    ),
    (
        "Observation#.interpretation[].coding[].",
        "OBX-8 holds the code of a known one alone",
    ),
    (
        "Observation#.performer",
        "the same performer twice is sent once",
    ),
    (
        "Observation#.status",
        "no code says that it is unknown: sent as not verified",
    ),
    (
        "DiagnosticReport#.status",
        "no code says that it is unknown: sent as not verified",
    ),
];

/// Gives a path without the numbers in it.
fn plain(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[test]
fn results_go_out_as_they_came_in() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut paths = Vec::new();
    files(&shared.join("corpora"), &mut paths);
    paths.sort();
    let at = EventTime::parse("2026-03-01T10:00:00Z").unwrap();
    let (mut messages, mut total, mut kept) = (0, 0, 0);
    let mut lost: BTreeMap<String, usize> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        if !known.insert(bytes.clone()) {
            continue;
        }
        let parsed = hl7v2::parse(&bytes);
        if parsed
            .header()
            .is_none_or(|header| header.trigger_event() != "R01")
        {
            continue;
        }
        let Some(there) = mapped(&bytes) else {
            continue;
        };
        let Ok(sent) = to_v2(&[&there], &Outbound::default(), at) else {
            continue;
        };
        let [message] = sent.messages.as_slice() else {
            panic!("{}: {} messages", path.display(), sent.messages.len());
        };
        let written = hl7v2::parse(&message.bytes);
        assert_eq!(written.issues(), &[], "{}", path.display());
        let back = mapped(&message.bytes).expect("the message names its patient");
        let (there, back) = (leaves(&there), leaves(&back));
        messages += 1;
        total += there.len();
        for (name, value) in &there {
            if back.get(name) == Some(value) {
                kept += 1;
            } else {
                *lost.entry(plain(name)).or_default() += 1;
            }
        }
    }
    println!("{messages} messages, {kept} of {total} elements came back");
    let is_meant = |path: &String| DIFFERENCES.iter().any(|(start, _)| path.starts_with(start));
    let (meant, other): (Vec<_>, Vec<_>) = lost.iter().partition(|(path, _)| is_meant(path));
    for (path, count) in &meant {
        let why = DIFFERENCES
            .iter()
            .find(|(start, _)| path.starts_with(start));
        println!("{count:6} {path}: {}", why.map_or("", |(_, why)| why));
    }
    for (path, count) in &other {
        println!("{count:6} {path}");
    }
    let unmeant: usize = other.iter().map(|(_, count)| **count).sum();
    assert!(
        unmeant * 1000 <= total * UNMEANT_PER_MILLE_MAX,
        "{unmeant} of {total}: {other:#?}"
    );
}

#[test]
fn the_examples_of_the_specification_go_out_whole() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let folder = shared.join("corpora/fhir-r4-spec-examples");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    let at = EventTime::parse("2026-03-01T10:00:00Z").unwrap();
    let (mut sent_files, mut messages) = (0, 0);
    let mut issues: BTreeMap<String, usize> = BTreeMap::new();
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let sent = match to_v2(&[&bytes], &Outbound::default(), at) {
            Ok(sent) => sent,
            Err(Refusal::NothingToSend) => continue,
            Err(refusal) => panic!("{}: {refusal}", path.display()),
        };
        sent_files += 1;
        for message in &sent.messages {
            messages += 1;
            let parsed = hl7v2::parse(&message.bytes);
            assert_eq!(parsed.issues(), &[], "{}", path.display());
        }
        for issue in &sent.issues {
            let kind = issue.resource.split('/').next().unwrap_or_default();
            let name = format!("{} {kind} {}", issue.code.word(), issue.path);
            *issues.entry(name).or_default() += 1;
        }
    }
    println!("{messages} messages of {sent_files} files");
    for (issue, count) in &issues {
        println!("{count:6} {issue}");
    }
    assert!(sent_files >= SENT_EXAMPLES_MIN, "{sent_files}");
}

/// How many of the specification's examples have a result, a report or a notice in them.
const SENT_EXAMPLES_MIN: usize = 80;

/// Lists the components of the segments that results are made of, each segment by its name and place.
fn components(bytes: &[u8]) -> BTreeMap<(String, usize, String), String> {
    let message = hl7v2::parse(bytes);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for segment in message.segments() {
        let name = String::from_utf8_lossy(segment.name()).into_owned();
        if !["PID", "PV1", "ORC", "OBR", "OBX", "NTE", "SPM"].contains(&name.as_str()) {
            continue;
        }
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        for field in 1..=segment.field_count() {
            for (repetition, content) in (1..).zip(segment.field(field).repetitions()) {
                for (component, part) in (1..).zip(content.components()) {
                    let place = format!("{field}[{repetition}].{component}");
                    let text = part.text().into_owned();
                    if !text.is_empty() {
                        all.insert((name.clone(), *count, place), text);
                    }
                }
            }
        }
    }
    all
}

#[test]
fn what_others_bring_back_we_bring_back() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut paths = Vec::new();
    files(
        &shared.join("corpora/cdc-reportstream/HL7_to_FHIR_to_HL7"),
        &mut paths,
    );
    paths.sort();
    let at = EventTime::parse("2026-03-01T10:00:00Z").unwrap();
    let (mut total, mut same) = (0, 0);
    let mut other: BTreeMap<String, usize> = BTreeMap::new();
    for path in &paths {
        let name = path.to_string_lossy().replace(".hl7", "-expected.hl7");
        let Ok(expected) = std::fs::read(&name) else {
            continue;
        };
        let Some(bundle) = mapped(&std::fs::read(path).unwrap()) else {
            continue;
        };
        let sent = to_v2(&[&bundle], &Outbound::default(), at).unwrap();
        let ours = components(&sent.messages[0].bytes);
        for (place, text) in components(&expected) {
            let field = format!("{}-{}", place.0, place.2);
            if !CORE.contains(&field.as_str()) {
                continue;
            }
            let found = ours.get(&place).map_or("", String::as_str);
            total += 1;
            // FHIR adds the seconds and the offset that HL7 v2 may leave out.
            let is_time = text.len() >= 8 && text.bytes().take(8).all(|byte| byte.is_ascii_digit());
            let time = text.split(['+', '-']).next().unwrap_or_default();
            if found == text || (is_time && found.starts_with(time)) {
                same += 1;
            } else {
                *other.entry(field).or_default() += 1;
            }
        }
    }
    println!("{same} of {total} components as expected");
    // One file of theirs has answers to questions (OBX-29) among its results; ours follow the results.
    assert!(same * 100 >= total * 92, "{same} of {total}: {other:#?}");
}

/// The components that every receiver of results looks at; not the filler's number (OBR-3), of which our reports keep that
/// of ORC where both are sent.
const CORE: [&str; 23] = [
    "PID-3[1].1",
    "PID-5[1].1",
    "PID-5[1].2",
    "PID-7[1].1",
    "PID-8[1].1",
    "PID-11[1].1",
    "PID-11[1].3",
    "PID-11[1].5",
    "OBR-2[1].1",
    "OBR-4[1].1",
    "OBR-4[1].2",
    "OBR-4[1].3",
    "OBR-7[1].1",
    "OBR-25[1].1",
    "OBX-3[1].1",
    "OBX-3[1].2",
    "OBX-3[1].3",
    "OBX-5[1].1",
    "OBX-5[1].2",
    "OBX-5[1].9",
    "OBX-8[1].1",
    "OBX-11[1].1",
    "OBX-14[1].1",
];
