//! Properties of the repository, held as tests: what a reviewer would otherwise have to say again and again.

mod hostile;
mod layers;
mod licences;
mod text;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::root;

/// The files that belong to the project: those that git tracks or would track.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(listed.status.success(), "git ls-files failed");
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    names
        .lines()
        .map(PathBuf::from)
        .filter(|file| root().join(file).is_file())
        .collect()
}

/// The files with an ending, with their text.
fn texts(ending: &str) -> Vec<(PathBuf, String)> {
    let wanted = files()
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == ending));
    wanted.map(|file| (file.clone(), read(&file))).collect()
}

fn read(file: &Path) -> String {
    let bytes = std::fs::read(root().join(file)).expect("a listed file can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Fails with all offences at once.
fn none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}
