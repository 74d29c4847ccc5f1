//! Mosquitto itself: Debian's packages, brought by apt-get once and unpacked beside the build.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::failed;
use crate::step::{Failed, root};

/// The broker, and what it needs that not every system has.
const PACKAGES: [&str; 5] = [
    "mosquitto",
    "libmosquitto1",
    "libcjson1",
    "libdlt2",
    "libwrap0",
];
/// Where they are unpacked.
const ROOT: &str = "target/mosquitto/root";
/// The broker in a system.
const PROGRAM: &str = "usr/sbin/mosquitto";
/// Libraries of Debian are in one of these.
const LIBRARIES: [&str; 3] = [
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib",
];

/// Brings the broker if it is neither installed nor there yet.
pub(super) fn resolve() -> Result<(), Failed> {
    if starts(&mut command()) {
        return Ok(());
    }
    println!("bringing Eclipse Mosquitto by apt-get, once");
    let debs = root().join("target/mosquitto/debs");
    std::fs::create_dir_all(&debs).map_err(|error| failed(&debs, &error))?;
    for package in PACKAGES {
        run(Command::new("apt-get")
            .args(["download", package])
            .current_dir(&debs))?;
    }
    let unpacked = root().join(ROOT);
    let entries = std::fs::read_dir(&debs).map_err(|error| failed(&debs, &error))?;
    for entry in entries {
        let deb = entry.map_err(|error| failed(&debs, &error))?.path();
        run(Command::new("dpkg").arg("-x").arg(deb).arg(&unpacked))?;
    }
    if starts(&mut command()) {
        return Ok(());
    }
    Err(Failed(format!(
        "the mosquitto in {} does not start here: install it with `apt-get install mosquitto`",
        unpacked.display()
    )))
}

/// The broker, about to be run: an installed one, or ours.
pub(super) fn command() -> Command {
    let installed = Path::new("/").join(PROGRAM);
    if installed.exists() {
        return Command::new(installed);
    }
    let ours = root().join(ROOT);
    let mut command = Command::new(ours.join(PROGRAM));
    let libraries: Vec<PathBuf> = LIBRARIES.iter().map(|library| ours.join(library)).collect();
    if let Ok(path) = std::env::join_paths(libraries) {
        command.env("LD_LIBRARY_PATH", path);
    }
    command
}

/// Whether the broker runs at all: asked for help, it gives it and says no.
fn starts(command: &mut Command) -> bool {
    let told = command.arg("-h").output();
    told.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).contains("MQTT"))
}

fn run(command: &mut Command) -> Result<(), Failed> {
    let program = command.get_program().to_string_lossy().into_owned();
    let needs = |why: String| {
        Failed(format!(
            "mosquitto cannot be had: {program}: {why}; on Debian or Ubuntu with a reachable mirror it comes by itself, elsewhere install mosquitto"
        ))
    };
    let told: Output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| needs(error.to_string()))?;
    if told.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&told.stderr);
    Err(needs(
        words.lines().last().unwrap_or("it failed").to_owned(),
    ))
}
