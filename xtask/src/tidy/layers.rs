//! Who may know whom: the table of ARCHITECTURE.md, held against the manifests.

use std::process::Command;

use serde_json::Value;

use super::none;
use crate::step::root;

/// A crate of ours, and the crates of ours that it may know.
const MAY_KNOW: [(&str, &[&str]); 13] = [
    ("clinical", &[]),
    ("formats", &[]),
    ("mapping", &["clinical", "formats"]),
    ("schema", &["formats", "mapping"]),
    ("journal", &[]),
    ("stream", &["journal"]),
    ("workloads", &["clinical"]),
    ("alerts", &["clinical"]),
    ("backtest", &["alerts", "clinical", "formats", "workloads"]),
    ("ui", &[]),
    (
        "pulsewire",
        &[
            "alerts",
            "backtest",
            "clinical",
            "formats",
            "journal",
            "mapping",
            "schema",
            "stream",
            "ui",
            "workloads",
        ],
    ),
    ("fuzz", &["clinical", "formats", "mapping"]),
    ("xtask", &[]),
];

/// What only the shell may use: a runtime, sockets, a command line, a log.
const SHELL_ONLY: [&str; 7] = [
    "tokio", "axum", "ureq", "rustls", "clap", "tracing", "hyper",
];

/// The dependencies of the workspace's crates: crate, dependency, kind (null is a normal one).
fn dependencies() -> Vec<(String, String, bool)> {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let edges = packages.iter().flat_map(|package| {
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        let all = package["dependencies"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        all.into_iter().map(move |dependency| {
            let to = dependency["name"].as_str().unwrap_or_default().to_owned();
            (name.clone(), to, dependency["kind"].is_null())
        })
    });
    edges.collect()
}

/// What cargo knows of the workspace.
pub(super) fn metadata(arguments: &[&str]) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo answers");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

#[test]
fn a_crate_knows_only_whom_it_may() {
    let ours: Vec<&str> = MAY_KNOW.iter().map(|(name, _)| *name).collect();
    let offences = dependencies().into_iter().filter(|(from, to, normal)| {
        let may = MAY_KNOW
            .iter()
            .find(|(name, _)| name == from)
            .map_or(&[][..], |(_, may)| may);
        *normal && ours.contains(&to.as_str()) && !may.contains(&to.as_str())
    });
    none(
        &offences
            .map(|(from, to, _)| format!("{from} must not know {to}"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_crate_is_in_the_table() {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let names = packages
        .iter()
        .filter_map(|package| package["name"].as_str());
    let missing = names.filter(|name| !MAY_KNOW.iter().any(|(known, _)| known == name));
    none(
        &missing
            .map(|name| format!("{name} is not in the table of who may know whom"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn only_the_shell_touches_the_world() {
    let offences = dependencies().into_iter().filter(|(from, to, normal)| {
        *normal && from != "pulsewire" && SHELL_ONLY.contains(&to.as_str())
    });
    none(
        &offences
            .map(|(from, to, _)| format!("{from} must not use {to}"))
            .collect::<Vec<_>>(),
    );
}
