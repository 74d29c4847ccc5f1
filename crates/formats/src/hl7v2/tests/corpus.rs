//! Tests over the shared corpora of real-looking messages, where they are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use super::*;

#[expect(
    clippy::disallowed_methods,
    reason = "where the corpora are is a setting of the tests"
)]
pub(super) fn corpora() -> Option<PathBuf> {
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
pub(super) fn bench_messages(corpora: &FilePath) -> Vec<Vec<u8>> {
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
pub(super) fn file_messages(corpora: &FilePath) -> Vec<Vec<u8>> {
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

#[test]
fn every_benchmark_message_is_without_error() {
    let Some(corpora) = corpora() else { return };
    let messages = bench_messages(&corpora);
    assert_eq!(messages.len(), 858);
    assert_eq!(errors(&messages), BTreeMap::new());
}
