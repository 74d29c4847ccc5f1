//! How many published answers the scores give, as their own tests count them.

use std::process::Command;

use crate::step::{Failed, root};

/// The tests that count, by the beginnings of their names.
const TESTS: [&str; 7] = [
    "mimic::",
    "scores::",
    "news2_vectors::",
    "glucose::",
    "throughput::",
    "variability::",
    "risk::",
];
/// What a line that counts ends a number with.
const COUNTED: [&str; 3] = [" rows", " stays", " cases"];

/// Runs the tests that compare with published answers and prints what they count.
pub(super) fn print() -> Result<(), Failed> {
    println!("── scores");
    let output = Command::new("cargo")
        .args(["test", "-q", "-p", "workloads", "--test", "it", "--"])
        .args(["--nocapture", "--test-threads=1"])
        .args(TESTS)
        .current_dir(root())
        .output()
        .map_err(|error| Failed(format!("cargo cannot be started: {error}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let counts = |line: &&str| {
        line.contains(" of ") && COUNTED.iter().any(|what| line.contains(what))
            || line.starts_with("skipped:")
    };
    for line in said.lines().map(|line| line.trim_start_matches('.').trim()) {
        if counts(&line) {
            println!("{line}");
        }
    }
    if output.status.success() {
        Ok(())
    } else {
        Err(Failed(
            "a score differs from its published answers; see `cargo test -p workloads --test it -- --nocapture`"
                .to_owned(),
        ))
    }
}
