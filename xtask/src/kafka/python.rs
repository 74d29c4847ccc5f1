//! Confluent's Python client in an environment of its own, so that the tests read what we publish by it too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::library::{failed, remove};
use crate::step::{Failed, root};

/// What is wanted, as pip reads it.
const WANTED: &str = "xtask/data/kafka/requirements.txt";
/// Where the environment is.
const HOME: &str = "target/kafka/python";
/// Holds the text of what was wanted when it was made.
const STAMP: &str = "requirements.txt";

/// The interpreter that has the client, made at the first call; none, with the reason printed, where it cannot be had.
pub(super) fn with_client() -> Result<Option<PathBuf>, Failed> {
    let wanted = root().join(WANTED);
    let text = std::fs::read(&wanted).map_err(|error| failed(&wanted, &error))?;
    let home = root().join(HOME);
    let stamp = home.join(STAMP);
    let python = home.join("bin/python");
    if std::fs::read(&stamp).is_ok_and(|kept| kept == text) {
        return Ok(Some(python));
    }
    println!("bringing the Python client by pip, once");
    remove(&home)?;
    if let Err(why) = make(&home, &python, &wanted) {
        println!("tests with the Python client are left out: {why}");
        return Ok(None);
    }
    std::fs::write(&stamp, text).map_err(|error| failed(&stamp, &error))?;
    Ok(Some(python))
}

/// An environment with what is wanted; no package is built from source.
fn make(home: &Path, python: &Path, wanted: &Path) -> Result<(), String> {
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv"]).arg(home);
    let hint = "install Python 3 with venv (on Debian: apt-get install python3-venv)";
    run(&mut environment).map_err(|why| format!("python3 makes no environment: {why}; {hint}"))?;
    let mut install = Command::new(python);
    install
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .arg("--requirement")
        .arg(wanted);
    let hint = "it must reach PyPI or a mirror";
    run(&mut install).map_err(|why| format!("pip could not bring {WANTED}: {why}; {hint}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
