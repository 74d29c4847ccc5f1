//! What our workloads conclude of published cases, beside what is expected of them.

use std::path::Path;
use std::process::Command;

use crate::step::{Failed, root};

/// Examples that print how many cases they meet exactly: the crate, and the example's name.
const ORACLES: [(&str, &str); 2] = [("workloads", "measures"), ("mapping", "payer")];

/// Prints the counts of all oracles.
pub(super) fn run(shared: &Path) -> Result<(), Failed> {
    for (package, example) in ORACLES {
        println!("── {example}");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["run", "--quiet", "-p", package, "--example", example])
            .current_dir(root())
            .env("PULSEWIRE_SHARED", shared)
            .status();
        let status =
            status.map_err(|error| Failed(format!("`{example}` cannot be run: {error}")))?;
        if !status.success() {
            return Err(Failed(format!("`{example}` ended with {status}")));
        }
    }
    Ok(())
}
