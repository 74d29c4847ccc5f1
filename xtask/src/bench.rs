//! The benchmarks, one after the other; each prints its own table of ratios measured in one run.

use crate::step::{Failed, Step};

/// Crates with benchmarks, and their names.
const BENCHES: [(&str, &str); 7] = [
    ("formats", "hl7v2"),
    ("formats", "fhir"),
    ("mapping", "map"),
    ("mapping", "heap"),
    ("journal", "journal"),
    ("stream", "loop"),
    ("pulsewire", "intake"),
];

/// Runs them all.
pub(crate) fn run() -> Result<(), Failed> {
    for (package, bench) in BENCHES {
        println!("\n{package}/{bench}");
        Step::cargo(
            "benchmark",
            &["bench", "--quiet", "-p", package, "--bench", bench],
        )
        .run()?;
    }
    Ok(())
}
