//! The benchmarks, one after the other; each prints its own table of ratios measured in one run.

use crate::step::{Failed, Step};

/// Crates with a benchmark, and its name.
const BENCHES: [(&str, &str); 3] = [
    ("formats", "parse"),
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
