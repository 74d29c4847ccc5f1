//! The files that a command line names, and those in the folders that it names.

use std::path::{Path, PathBuf};

use super::Failure;

/// Gives the files, and those in folders in the order of their names.
pub(crate) fn walk(files: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in files {
        if path.is_dir() {
            found.extend(walk(&inside(path)?)?);
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// Reads a file; `holding` says what it should hold.
pub(crate) fn read(path: &Path, holding: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let hint = format!("name files with {holding}");
        Failure::new(format!("{}: {error}", path.display()), hint)
    })
}

fn inside(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries =
        entries.map_err(|error| Failure::new(format!("{}: {error}", folder.display()), ""))?;
    let mut inside: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    inside.sort();
    Ok(inside)
}
