//! What every file must keep to: a first sentence, a length, words that are not used, links that lead somewhere.

use std::path::Path;

use super::{files, none, read, texts};
use crate::step::root;

/// A Rust file may be this long.
const LINES_MAX: usize = 500;
/// A file in the repository may be this large.
const BYTES_MAX: u64 = 200_000;
/// Own script shipped to browsers may be this long in all.
const SCRIPT_LINES_MAX: usize = 300;
/// Names that say nothing of what is in a file.
const EMPTY_NAMES: [&str; 10] = [
    "utils", "util", "common", "helpers", "misc", "types", "manager", "handler", "impl", "v2",
];
/// Marks of unfinished work, and words that belittle the reader; split so that this file does not hold them.
const WORDS: [&str; 8] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("black", "list"),
    concat!("white", "list"),
    concat!("obvious", "ly"),
    concat!("un", "implemented!"),
    concat!("to", "do!("),
];

#[test]
fn every_rust_file_says_in_its_first_line_what_it_is_for() {
    let silent = texts("rs")
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "));
    none(
        &silent
            .map(|(file, _)| format!("{}: first line is no `//! ` sentence", file.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_rust_file_is_longer_than_a_person_reads_at_once() {
    let long = texts("rs")
        .into_iter()
        .map(|(file, text)| (file, text.lines().count()));
    let long = long.filter(|(_, lines)| *lines > LINES_MAX);
    none(
        &long
            .map(|(file, lines)| format!("{}: {lines} lines, at most {LINES_MAX}", file.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let empty = files().into_iter().filter(|file| {
        let stem = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        file.extension().is_some_and(|e| e == "rs")
            && (EMPTY_NAMES.contains(&stem) || stem == "mod")
    });
    none(
        &empty
            .map(|file| format!("{}: name it for what is in it", file.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_is_large() {
    let large = files().into_iter().filter_map(|file| {
        let bytes = root().join(&file).metadata().ok()?.len();
        let generated = ["Cargo.lock", "package-lock.json", "model.lgb.txt"]
            .iter()
            .any(|name| file.ends_with(name));
        (bytes > BYTES_MAX && !generated).then(|| format!("{}: {bytes} bytes", file.display()))
    });
    none(&large.collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_unfinished_and_nothing_belittles() {
    let mut found = Vec::new();
    for ending in ["rs", "md", "toml", "html", "css", "js", "mjs"] {
        for (file, text) in texts(ending) {
            for (number, line) in text.lines().enumerate() {
                let words = WORDS.iter().filter(|word| line.contains(*word));
                found.extend(
                    words.map(|word| format!("{}:{}: `{word}`", file.display(), number + 1)),
                );
            }
        }
    }
    none(&found);
}

#[test]
fn no_test_is_ignored_and_none_sleeps() {
    let marks = [concat!("#[", "ignore"), concat!("thread::", "sleep(")];
    let mut found = Vec::new();
    // A benchmark keeps to a schedule, and waits for it.
    let tested = texts("rs")
        .into_iter()
        .filter(|(file, _)| !file.components().any(|part| part.as_os_str() == "benches"));
    for (file, text) in tested {
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!(
                    "{}:{}: {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    none(&found);
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut dead = Vec::new();
    for (file, text) in texts("md") {
        for target in links(&text) {
            let path = target.split('#').next().unwrap_or_default();
            let outside =
                target.contains("://") || target.starts_with("mailto:") || path.is_empty();
            let folder = file.parent().unwrap_or(Path::new(""));
            if !outside && !root().join(folder).join(path).exists() {
                dead.push(format!("{}: {target}", file.display()));
            }
        }
    }
    none(&dead);
}

/// The targets of `[words](target)` in a Markdown text.
fn links(text: &str) -> Vec<&str> {
    let parts = text.split("](").skip(1);
    parts
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .collect()
}

#[test]
fn the_architecture_names_every_crate_and_every_test_it_promises() {
    let text = read(Path::new("ARCHITECTURE.md"));
    let members = std::fs::read_dir(root().join("crates")).expect("crates lie in crates/");
    let missing = members.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        (!text.contains(&format!("`{name}`")))
            .then(|| format!("ARCHITECTURE.md does not name `{name}`"))
    });
    let mut missing: Vec<String> = missing.collect();
    let sources: String = texts("rs")
        .into_iter()
        .chain(texts("mjs"))
        .map(|(_, text)| text)
        .collect();
    for name in text
        .split("test `")
        .skip(1)
        .filter_map(|rest| rest.split('`').next())
    {
        if !sources.contains(&format!("fn {name}")) && !sources.contains(name) {
            missing.push(format!(
                "ARCHITECTURE.md names the test `{name}`, which is not there"
            ));
        }
    }
    none(&missing);
}

#[test]
fn our_own_script_stays_small() {
    let own = texts("js").into_iter().filter(|(file, _)| {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        file.starts_with("crates/ui/assets") && !name.starts_with("htmx")
    });
    let lines: usize = own.map(|(_, text)| text.lines().count()).sum();
    assert!(
        lines <= SCRIPT_LINES_MAX,
        "{lines} lines of script, at most {SCRIPT_LINES_MAX}"
    );
}

#[test]
fn every_scenario_ends_in_an_expectation() {
    let silent = texts("scenario")
        .into_iter()
        .filter(|(_, text)| !text.contains("expect"));
    none(
        &silent
            .map(|(file, _)| format!("{} expects nothing", file.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_metric_is_in_the_reference() {
    let source = read(Path::new("crates/pulsewire/src/metrics.rs"));
    let reference = read(Path::new("docs/operating.md"));
    let joined: String = source.split_whitespace().collect();
    let registered = ["r.register(\"", "r.register_with_unit(\""]
        .map(|call| joined.split(call).skip(1).collect::<Vec<_>>());
    let names: Vec<&str> = registered
        .concat()
        .into_iter()
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(names.len() > 10, "the metrics are registered by name");
    let missing = names
        .iter()
        .filter(|name| !reference.contains(&format!("`{name}")));
    none(
        &missing
            .map(|name| format!("docs/operating.md does not explain {name}"))
            .collect::<Vec<_>>(),
    );
}
