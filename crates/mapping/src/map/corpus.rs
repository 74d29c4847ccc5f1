//! Over the shared corpora: no message makes the mapping panic, every piece is accounted for, every output is JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use formats::fhir::validate::Severity;
use formats::hl7v2;
use proptest::prelude::*;

use super::*;
use crate::coverage::Outcome;
use crate::identity::split;

/// The events whose messages must be accounted for to the last piece.
const IN_SCOPE: [&str; 82] = [
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09", "A10", "A11", "A12", "A13",
    "A14", "A15", "A16", "A17", "A18", "A21", "A22", "A23", "A24", "A25", "A26", "A27", "A28",
    "A29", "A31", "A34", "A35", "A36", "A37", "A38", "A40", "A41", "A42", "A43", "A44", "A45",
    "A47", "A54", "A55", "A60", "R01", "R30", "R32", "W01", "O01", "O21", "O19", "O09", "O11",
    "O25", "O13", "O17", "S12", "S13", "S14", "S15", "S16", "S17", "S26", "T01", "T02", "T04",
    "T06", "T08", "T10", "T11", "V04", "P01", "P03", "P05", "P11", "R22", "R23", "R24", "PC1",
    "PC2", "PC3", "I12", "I14",
];

/// Gives the folder of the shared corpora, where it is.
pub(crate) fn shared() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    #[expect(clippy::disallowed_methods, reason = "a test finds its corpora by it")]
    let folder = std::env::var("PULSEWIRE_SHARED").map_or(default, PathBuf::from);
    folder.join("corpora").is_dir().then_some(folder)
}

/// Finds the files of messages in a folder.
pub(crate) fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, out);
        } else if path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("hl7") || end == "txt")
        {
            out.push(path);
        }
    }
}

#[test]
fn what_the_corpora_become_is_valid() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut paths = Vec::new();
    files(&shared.join("corpora"), &mut paths);
    paths.sort();
    let (source, site) = (Source::new("corpus"), SiteKey::new([7; 32]));
    let mut validator = formats::fhir::validate::Validator::default();
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut bundles = 0;
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let whole = hl7v2::parse(&bytes);
        if whole.header().is_none() {
            continue;
        }
        let parts = match identity::subjects(&whole, &source) {
            Subjects::Several(_) => split(&whole).unwrap(),
            _ => vec![bytes.clone()],
        };
        for part in parts {
            let message = hl7v2::parse(&part);
            let mapped = map(&message, &source, &site, ReceivedTime::from_micros(0));
            bundles += 1;
            let issues = validator.validate(&crate::bundle::bundle(&mapped));
            for issue in issues {
                if issue.severity == Severity::Error {
                    let digits = |c: char| c.is_ascii_digit();
                    let place = issue.path.split(digits).collect::<String>();
                    let key = format!("{place}: {}", issue.text);
                    let entry = wrong
                        .entry(key)
                        .or_insert_with(|| (0, path.display().to_string()));
                    entry.0 += 1;
                }
            }
        }
    }
    println!("{bundles} bundles");
    assert!(bundles > 700);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_message_of_the_corpora_is_accounted_for() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut paths = Vec::new();
    files(&shared.join("corpora"), &mut paths);
    paths.sort();
    let (source, site) = (Source::new("corpus"), SiteKey::new([7; 32]));
    let mut lost: BTreeMap<String, usize> = BTreeMap::new();
    let (mut messages, mut without_patient, mut resources, mut pieces) = (0, 0, 0, 0);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let whole = hl7v2::parse(&bytes);
        if whole.header().is_none() {
            continue;
        }
        let parts = match identity::subjects(&whole, &source) {
            Subjects::Several(_) => split(&whole).unwrap(),
            _ => vec![bytes.clone()],
        };
        for part in parts {
            let message = hl7v2::parse(&part);
            let mapped = map(&message, &source, &site, ReceivedTime::from_micros(0));
            let (Subjects::One(_) | Subjects::Merge { .. }) = mapped.subjects else {
                without_patient += 1;
                continue;
            };
            messages += 1;
            resources += mapped.drafts.len();
            serde_json::from_slice::<serde::de::IgnoredAny>(&crate::bundle::bundle(&mapped))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let report = mapped.coverage.report(&message);
            pieces += report.lines.len();
            assert_eq!(mapped.coverage.unexplained(&message), report.unexplained());
            let event = message
                .header()
                .map(|header| header.trigger_event().into_owned());
            if !event.is_some_and(|event| IN_SCOPE.contains(&&*event)) {
                continue;
            }
            for line in &report.lines {
                if matches!(line.outcome, Outcome::Unmapped { reason: None }) {
                    // `PID[1]-3[2].4` is told as `PID-3.4`.
                    let parts = line.path.split('[').enumerate();
                    let place: String = parts
                        .map(|(number, part)| match (number, part.split_once(']')) {
                            (0, _) => part,
                            (_, rest) => rest.map_or("", |(_, rest)| rest),
                        })
                        .collect();
                    *lost.entry(place).or_default() += 1;
                }
            }
        }
    }
    println!(
        "{messages} messages, {without_patient} without a patient, {resources} resources, {pieces} pieces"
    );
    assert!(lost.is_empty(), "lost without a reason: {lost:#?}");
}

fn field() -> impl Strategy<Value = String> {
    let text = "[A-Za-z0-9<>.,:^~&\\\\\" +-]{0,24}";
    prop_oneof![
        Just(String::new()),
        Just("\"\"".to_owned()),
        "20[0-9]{2}[01][0-9][0-3][0-9]([0-2][0-9][0-5][0-9])?([+-][01][0-9]00)?",
        text,
    ]
}

fn message() -> impl Strategy<Value = String> {
    let names = [
        "EVN", "PD1", "NK1", "PV1", "PV2", "ORC", "OBR", "OBX", "NTE", "ZZZ",
    ];
    let segment = (
        prop::sample::select(names.to_vec()),
        prop::collection::vec(field(), 0..40),
    );
    let patient = prop::collection::vec(field(), 0..40);
    (patient, prop::collection::vec(segment, 0..8)).prop_map(|(patient, segments)| {
        let mut text = "MSH|^~\\&|A|B|||20260301||ORU^R01|1|P|2.5\rPID|||7^^^H^MR|".to_owned();
        text.push_str(&patient.join("|"));
        for (name, fields) in segments {
            text.push_str(&format!("\r{name}|{}", fields.join("|")));
        }
        text
    })
}

proptest! {
    #[test]
    fn whatever_the_fields_hold_the_output_is_json_and_all_is_accounted_for(text in message()) {
        let message = hl7v2::parse(text.as_bytes());
        let (source, site) = (Source::new("here"), SiteKey::new([7; 32]));
        let mapped = map(&message, &source, &site, ReceivedTime::from_micros(0));
        let bundle = crate::bundle::bundle(&mapped);
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&bundle).is_ok());
        let report = mapped.coverage.report(&message);
        prop_assert!(!report.lines.is_empty());
        prop_assert_eq!(mapped.coverage.unexplained(&message), report.unexplained());
        let again = map(&message, &source, &site, ReceivedTime::from_micros(0));
        prop_assert_eq!(crate::bundle::bundle(&again), bundle);
    }
}
