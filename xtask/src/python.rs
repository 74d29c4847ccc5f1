//! Python environments of their own, so that steps use what others wrote in Python and nothing is installed beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::step::root;

/// Holds the text of what was wanted when an environment was made.
const STAMP: &str = "requirements.txt";

/// The interpreter of an environment in the folder `home` that has what the file `wanted` names, made at the first call; or
/// why it cannot be had.
pub(crate) fn environment(wanted: &str, home: &str) -> Result<PathBuf, String> {
    let wanted = root().join(wanted);
    let text = std::fs::read(&wanted).map_err(|error| format!("{}: {error}", wanted.display()))?;
    let home = root().join(home);
    let stamp = home.join(STAMP);
    let python = home.join("bin/python");
    if std::fs::read(&stamp).is_ok_and(|kept| kept == text) {
        return Ok(python);
    }
    println!("bringing Python packages by pip, once");
    match std::fs::remove_dir_all(&home) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {error}", home.display()));
        }
        _ => {}
    }
    make(&home, &python, &wanted)?;
    std::fs::write(&stamp, text).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(python)
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
    let (hint, file) = ("it must reach PyPI or a mirror", wanted.display());
    run(&mut install).map_err(|why| format!("pip could not bring what {file} names: {why}; {hint}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
