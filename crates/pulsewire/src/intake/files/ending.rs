//! Where a file goes when it was read: `done` or `failed`, with its report beside it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::report::Report;
use super::watch::REPORT;
use super::{answers, watch};

/// The folder of files that were read.
pub(super) const DONE: &str = "done";
/// The folder of files that failed as a whole.
pub(super) const FAILED: &str = "failed";
/// So many files of one name are told apart.
const SAME_NAME_MAX: u32 = 100_000;

fn target(folder: &Path, is_done: bool) -> PathBuf {
    folder.join(if is_done { DONE } else { FAILED })
}

/// Where files of a folder go.
fn folders(folder: &Path) -> [PathBuf; 2] {
    [folder.join(DONE), folder.join(FAILED)]
}

/// Makes the folders that files go to.
pub(super) fn make_folders(folder: &Path) -> io::Result<()> {
    folders(folder).iter().try_for_each(|folder| make(folder))
}

/// Makes a folder in one that is there, which no link may stand for: whoever writes into the watched one could lead it anywhere.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    match folder.symlink_metadata()?.is_dir() {
        true => Ok(()),
        false => {
            let folder = folder.display();
            Err(io::Error::other(format!(
                "{folder} is a link: put a folder in its place"
            )))
        }
    }
}

/// A name that no file has where this one goes.
pub(super) fn free_name(folder: &Path, name: &str, is_done: bool) -> io::Result<String> {
    let target = target(folder, is_done);
    make(&target)?;
    let is_free = |name: &str| {
        let report = format!("{name}{REPORT}");
        let own = [target.join(name), target.join(report)].into_iter();
        let mut all = own.chain(answers::places(folder, name));
        all.all(|place| place.symlink_metadata().is_err())
    };
    if is_free(name) {
        return Ok(name.to_owned());
    }
    let mut numbered = (2..=SAME_NAME_MAX).map(|number| format!("{name}.{number}"));
    numbered.find(|name| is_free(name)).ok_or_else(|| {
        let target = target.display();
        io::Error::other(format!(
            "{target} holds too many files of this name: move some of them away"
        ))
    })
}

/// Writes a file's report to where it will be, as a whole or not at all.
pub(super) fn write_report(folder: &Path, ends_as: &str, report: &Report) -> io::Result<()> {
    let target = target(folder, report.failed.is_none());
    let unfinished = target.join(format!(".{ends_as}{REPORT}.part"));
    // It names rows and columns of what identifies people.
    write_new(&unfinished, &report.to_json(), 0o600)?;
    fs::rename(&unfinished, target.join(format!("{ends_as}{REPORT}")))
}

/// Writes a file that nobody put a link in the place of; an unfinished one of ours is written anew.
pub(super) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    // Whatever the mask of this process leaves of it.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Moves a file, and what was beside it for it; one that is there already was moved before.
pub(super) fn move_file(folder: &Path, name: &str, ends_as: &str, is_done: bool) -> io::Result<()> {
    let target = target(folder, is_done);
    for suffix in [watch::MANIFEST, watch::DONE, ""] {
        let from = folder.join(format!("{name}{suffix}"));
        match fs::rename(&from, target.join(format!("{ends_as}{suffix}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    File::open(&target)?.sync_all()
}
