//! Tests over the shared corpora of real-looking messages, where they are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use super::*;

#[expect(
    clippy::disallowed_methods,
    reason = "where the corpora are is a setting of the tests"
)]
fn corpora() -> Option<PathBuf> {
    let shared = match std::env::var("PULSEWIRE_SHARED") {
        Ok(given) => PathBuf::from(given),
        Err(_) => FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let corpora = shared.join("corpora");
    if corpora.is_dir() {
        return Some(corpora);
    }
    println!("no corpora in {}; set PULSEWIRE_SHARED", shared.display());
    None
}

fn files(folder: &FilePath, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|kind| kind == "hl7" || kind == "txt")
        {
            found.push(path);
        }
    }
}

/// The benchmark messages follow each other, each with its length in four bytes before it.
fn bench_messages(corpora: &FilePath) -> Vec<Vec<u8>> {
    let bytes = fs::read(corpora.join("bench-hl7v2/synthetic-858.bin")).unwrap_or_default();
    let mut rest = bytes.as_slice();
    let mut messages = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (message, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        messages.push(message.to_vec());
        rest = after;
    }
    messages
}

/// Returns the codes of what makes the messages unusable, each with how often it is found.
fn errors(messages: &[Vec<u8>]) -> BTreeMap<&'static str, usize> {
    let mut parser = Parser::default();
    let mut errors = BTreeMap::new();
    for bytes in messages {
        let message = parser.parse(bytes);
        assert_eq!(&rejoin(&message), bytes);
        if let Some(error) = message.first_error() {
            *errors.entry(error.code.as_str()).or_default() += 1;
        }
        parser.reclaim(message);
    }
    errors
}

/// Reads every file with a message, checks that nothing of it is lost, and returns its messages.
fn file_messages(corpora: &FilePath) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    files(corpora, &mut paths);
    let mut messages = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).expect("the corpora can be read");
        if memchr::memmem::find(&bytes, b"MSH").is_none() {
            continue;
        }
        assert_eq!(rejoin(&parse(&bytes)), bytes, "{}", path.display());
        let parts = batch::split(&bytes).messages.into_iter();
        messages.extend(parts.filter_map(|part| Some(bytes.get(part.span)?.to_vec())));
    }
    messages
}

#[test]
fn every_message_of_the_corpora_is_parsed_without_loss() {
    let Some(corpora) = corpora() else { return };
    let messages = file_messages(&corpora);
    // The refused ones are test fixtures of other projects that leave the fields out.
    expect![[r#"
        766 {"control-id-missing": 35, "message-type-missing": 1, "separators-duplicate": 1}"#]]
    .assert_eq(&format!("{} {:?}", messages.len(), errors(&messages)));
}

/// Lists every component as another parser finds it, each with its place.
fn components_elsewhere(text: &str) -> Option<Vec<String>> {
    let message = hl7_parser::Message::parse_with_lenient_newlines(text, true).ok()?;
    let mut found = Vec::new();
    for segment in message.segments() {
        for (number, field) in (1..).zip(segment.fields()) {
            if segment.name == "MSH" && number <= 2 {
                continue;
            }
            for (repeat, repetition) in (1..).zip(field.repeats()) {
                for (part, component) in (1..).zip(repetition.components()) {
                    let text = component.raw_value();
                    found.push(format!("{}-{number}[{repeat}].{part} {text}", segment.name));
                }
            }
        }
    }
    found.retain(|component| !component.ends_with(' '));
    Some(found)
}

fn components_here(text: &str) -> Vec<String> {
    let message = parse(text.as_bytes());
    let mut found = Vec::new();
    for segment in message.segments() {
        let name = String::from_utf8_lossy(segment.name());
        for (number, field) in (1..).zip(segment.fields()) {
            if name == "MSH" && number <= 2 {
                continue;
            }
            for (repeat, repetition) in (1..).zip(field.repetitions()) {
                for (part, component) in (1..).zip(repetition.components()) {
                    let text = String::from_utf8_lossy(component.raw());
                    found.push(format!("{name}-{number}[{repeat}].{part} {text}"));
                }
            }
        }
    }
    found.retain(|component| !component.ends_with(' '));
    found
}

#[test]
fn another_parser_finds_the_same_components() {
    let Some(corpora) = corpora() else { return };
    let mut compared = 0;
    for bytes in bench_messages(&corpora)
        .iter()
        .chain(&file_messages(&corpora))
    {
        let Ok(text) = std::str::from_utf8(bytes) else {
            continue;
        };
        // What we repair, and five encoding characters, others read otherwise.
        let message = parse(bytes);
        let is_plain = message.issues().is_empty() && message.separators() == Separators::STANDARD;
        if let Some(expected) = components_elsewhere(text).filter(|_| is_plain) {
            assert_eq!(components_here(text), expected);
            compared += 1;
        }
    }
    println!("{compared} messages compared");
    assert!(compared > 1_000);
}

#[test]
fn every_benchmark_message_is_without_error() {
    let Some(corpora) = corpora() else { return };
    let messages = bench_messages(&corpora);
    assert_eq!(messages.len(), 858);
    assert_eq!(errors(&messages), BTreeMap::new());
}
