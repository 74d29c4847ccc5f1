//! The table against the sources: no code is written on a record that it does not know.

use std::path::{Path, PathBuf};

use formats::device;
use formats::hl7v2::{IssueCode, Severity};
use mapping::identity::{Lacking, PartsTooLong};
use mapping::normalize::Reason;
use mapping::x12::{BalanceIssueCode, Refusal};

use super::*;

/// What a code may be given by instead of its own words or a constant; each is looked at below.
const GIVEN_BY: [&str; 6] = [
    "issue.code.word()",
    "refusal.reason.code()",
    "refusal.code()",
    "code",
    "PartsTooLong::CODE",
    "lacking.code()",
];

/// Why a device's message cannot be read.
const OF_DEVICES: [device::Reason; 7] = [
    device::Reason::Malformed,
    device::Reason::NoDevice,
    device::Reason::OtherDevice,
    device::Reason::NoTime,
    device::Reason::NoCode,
    device::Reason::TooMuch,
    device::Reason::Empty,
];

/// The words of a constant, wherever in these files it is.
fn constant(files: &[PathBuf], name: &str) -> Option<String> {
    let begin = format!("const {name}: &str = \"");
    let mut found = files.iter().filter_map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        let (_, words) = text.split_once(&begin)?;
        Some(words.split('"').next()?.to_owned())
    });
    found.next()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap();
    for entry in entries.map(|entry| entry.unwrap().path()) {
        let is_test = entry.ends_with("tests") || entry.ends_with("tests.rs");
        if entry.is_dir() && !is_test {
            sources(&entry, found);
        } else if !is_test && entry.extension().is_some_and(|ending| ending == "rs") {
            found.push(entry);
        }
    }
}

#[test]
fn every_line_is_read_and_every_code_stands_once() {
    assert_eq!(all().len(), TABLE.lines().count() - 1);
    let mut codes: Vec<_> = all().iter().map(|known| known.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all().len());
    for known in all() {
        assert!(
            ["low", "medium", "high"].contains(&known.severity),
            "{known:?}"
        );
        assert!(known.advice.ends_with('.'), "{known:?}");
    }
}

#[test]
fn no_code_stands_on_a_record_that_the_table_does_not_know() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for name in ["stream", "pulsewire"] {
        sources(&crates.join(name).join("src"), &mut files);
    }
    let mut met = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let (text, _) = text
            .split_once("#[cfg(test)]\nmod tests")
            .unwrap_or((&text, ""));
        for call in text.split("StepError::new(").skip(1) {
            met += 1;
            let first = call.trim_start();
            let given = first.split(',').next().unwrap_or_default();
            let code = match first.strip_prefix('"') {
                Some(words) => words.split('"').next().map(str::to_owned),
                None if GIVEN_BY.contains(&given) => continue,
                None => constant(&files, given),
            };
            let file = file.display();
            let code = code.unwrap_or_else(|| {
                panic!("{file}: {given}: name the code, so that this test sees it")
            });
            assert!(
                ReasonCode::parse(&code).is_some(),
                "{file}: `{code}` needs a line in reasons.tsv"
            );
        }
    }
    assert!(met > 15, "only {met} were found");
}

#[test]
fn the_codes_that_others_give_are_known() {
    let mut given: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    given.extend(clinical::plausible::Reason::ALL.map(clinical::plausible::Reason::code));
    given.extend(OF_DEVICES.map(device::Reason::code));
    given.push(PartsTooLong::CODE);
    given.extend(Lacking::CODES);
    given.extend([Refusal::NotMapped, Refusal::SeveralMembers].map(Refusal::code));
    given.extend(BalanceIssueCode::ALL.map(BalanceIssueCode::word));
    given.push(crate::stages::INVALID);
    let refused = IssueCode::ALL
        .iter()
        .filter(|code| code.severity() == Severity::Error);
    given.extend(refused.map(|code| code.as_str()));
    for code in given {
        assert!(
            ReasonCode::parse(code).is_some(),
            "`{code}` needs a line in reasons.tsv"
        );
    }
}

#[test]
fn the_guide_names_every_code() {
    let guide = include_str!("../../../../../docs/quarantine.md");
    for known in all() {
        let row = format!("| `{}` | ", known.code);
        let line = guide.lines().find(|line| line.starts_with(&row));
        let line =
            line.unwrap_or_else(|| panic!("docs/quarantine.md has no row for {}", known.code));
        assert!(line.contains(known.advice), "{line}");
    }
}
