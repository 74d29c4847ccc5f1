//! The risk model beside LightGBM, and its features beside those of the training script.

mod features;

mod scores;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the model and its script.
fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/sepsis-risk")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that finds shared data has no configuration"
)]
fn shared() -> PathBuf {
    std::env::var("PULSEWIRE_SHARED").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    )
}

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/risk")
        .join(name);
    std::fs::read_to_string(&path).expect("the committed file is there")
}

/// Runs the training script where its environment is; gives what it printed, or why it was not run.
fn script(arguments: &[&str]) -> Result<String, String> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/risk-venv/bin/python");
    if !python.exists() {
        let hint = "models/sepsis-risk/README.md says how to make it";
        return Err(format!("skipped: no {}; {hint}", python.display()));
    }
    let output = Command::new(python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(models().join("train.py"))
        .args(arguments)
        .output()
        .expect("python runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    Ok(String::from_utf8(output.stdout).expect("it prints text"))
}
