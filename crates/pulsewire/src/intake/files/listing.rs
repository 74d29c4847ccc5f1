//! What a folder holds, and whether somebody on this machine still writes a file.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::watch::Seen;

/// The bits of a file's flags that say how it was opened; 0 is for reading alone.
const ACCESS_MODE: u32 = 0o3;

/// Gives the files in a folder: no links, no folders. Names that are not UTF-8 are told apart, as far as they can be read.
pub(super) fn list(folder: &Path) -> io::Result<(Vec<Seen>, Vec<String>)> {
    let mut found = Vec::new();
    let mut unreadable = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // One that went away meanwhile is not there.
        let Ok(about) = entry.path().symlink_metadata() else {
            continue;
        };
        if !about.is_file() {
            continue;
        }
        match entry.file_name().into_string() {
            Ok(name) => found.push(seen(name, &about)),
            Err(name) => unreadable.push(name.to_string_lossy().into_owned()),
        }
    }
    Ok((found, unreadable))
}

/// A file as it stands.
pub(super) fn seen(name: String, about: &fs::Metadata) -> Seen {
    Seen {
        name,
        bytes: about.size(),
        modified: i128::from(about.mtime()) * 1_000_000_000 + i128::from(about.mtime_nsec()),
    }
}

/// Opens a file that nobody put a link or anything else in the place of.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let there = path.symlink_metadata()?;
    if !there.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    let opened = file.metadata()?;
    match (opened.dev(), opened.ino()) == (there.dev(), there.ino()) {
        true => Ok(file),
        false => Err(io::Error::other("another file took its place")),
    }
}

/// Tells whether a process that can be seen has a file open for writing: our own user's, or all if we are root.
///
/// Whoever cannot be seen is known by what settles.
pub(super) fn is_being_written(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return false;
    };
    let own = std::process::id().to_string();
    processes.flatten().any(|process| {
        let name = process.file_name();
        let is_other = name
            .to_str()
            .is_some_and(|name| name != own && name.bytes().all(|byte| byte.is_ascii_digit()));
        is_other && writes(&process.path(), &path)
    })
}

fn writes(process: &Path, path: &Path) -> bool {
    let Ok(open) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    open.flatten().any(|one| {
        let is_it = fs::read_link(one.path()).is_ok_and(|target| target == path);
        is_it && {
            let about = fs::read_to_string(process.join("fdinfo").join(one.file_name()));
            about.is_ok_and(|about| is_for_writing(&about))
        }
    })
}

/// Reads the flags in what the kernel says of an open file.
fn is_for_writing(about: &str) -> bool {
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok());
    flags.is_some_and(|flags| flags & ACCESS_MODE != 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn links_and_folders_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::write(inside("a.csv"), b"123").unwrap();
        fs::create_dir(inside("done")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", inside("b.csv")).unwrap();
        let (found, unreadable) = list(folder.path()).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|seen| (seen.name.as_str(), seen.bytes))
            .collect();
        assert_eq!((names, unreadable), (vec![("a.csv", 3)], vec![]));
        assert!(open(&inside("a.csv")).is_ok());
        assert!(open(&inside("b.csv")).is_err());
        assert!(open(&inside("done")).is_err());
    }

    #[test]
    fn flags_tell_writers_from_readers() {
        assert!(is_for_writing("pos:\t0\nflags:\t0100001\nmnt_id:\t29\n"));
        assert!(is_for_writing("pos:\t0\nflags:\t02\n"));
        assert!(!is_for_writing("pos:\t0\nflags:\t0100000\n"));
        assert!(!is_for_writing(""));
    }

    #[test]
    fn another_process_that_writes_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, b"1").unwrap();
        assert!(!is_being_written(&path));
        let file = File::options().append(true).open(&path).unwrap();
        // It holds the file open until its input ends.
        let child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(file)
            .spawn();
        let mut child = child.unwrap();
        assert!(is_being_written(&path));
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"2").unwrap();
        drop(input);
        child.wait().unwrap();
        assert!(!is_being_written(&path));
    }
}
