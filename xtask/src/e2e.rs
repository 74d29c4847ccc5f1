//! The browser tests: real pages of the real binary in a real Chromium, and the independent FHIR R4 validator.

use std::path::Path;
use std::process::Command;

use crate::step::{Failed, Step, root};

/// Where Debian's package puts the browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Installs what is missing, builds the binary and runs the specs.
pub(crate) fn run() -> Result<(), Failed> {
    install()?;
    Step::cargo("build the binary", &["build", "-p", "pulsewire", "--quiet"]).run()?;
    Step::new(
        "browser and FHIR validation",
        "node",
        &["--test", "--test-concurrency=1"],
    )
    .within("e2e")
    .env("CHROMIUM", CHROMIUM)
    .run()
}

fn install() -> Result<(), Failed> {
    if !Path::new(CHROMIUM).exists() {
        println!("installing Debian's chromium, which the browser tests need");
        Step::new("apt-get update", "apt-get", &["update", "--quiet=2"]).run()?;
        Step::new(
            "apt-get install",
            "apt-get",
            &[
                "install",
                "--quiet=2",
                "--yes",
                "--no-install-recommends",
                "chromium",
            ],
        )
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()?;
    }
    if Command::new("node").arg("--version").output().is_err() {
        return Err(Failed(
            "Node.js 20 or later is needed for the browser tests: install it".into(),
        ));
    }
    if !root().join("e2e/node_modules").exists() {
        println!("installing the npm packages of e2e/package-lock.json");
        Step::new("npm ci", "npm", &["ci", "--no-audit", "--no-fund"])
            .within("e2e")
            .run()?;
    }
    Ok(())
}
