//! The edge of the world: the few things a journal asks of a file system.

#[cfg(test)]
pub(crate) mod simulated;

use crate::Error;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

/// The name of the file whose lock says that a process has the directory.
const LOCK: &str = "lock";
/// Directories are for their owner alone: what is in them identifies people.
const DIR_MODE: u32 = 0o700;
/// Files are for their owner alone.
const FILE_MODE: u32 = 0o600;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// An existing file, to read it.
    Read,
    /// An existing file, to change it.
    Write,
    /// A new file; what has the name is emptied.
    Create,
}

/// A file system.
pub(crate) trait Storage: Send + Sync {
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn StorageFile>>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Gives the names in a directory, sorted; none where there is no directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
    /// Takes the directory for this process until the answer is dropped.
    fn lock(&self, dir: &Path) -> Result<Box<dyn Send + Sync>, Error>;
}

/// An open file.
pub(crate) trait StorageFile: Send + Sync {
    /// Reads until the buffer is full or the file ends.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize>;
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()>;
    /// Makes the content and the length durable.
    fn sync(&self) -> io::Result<()>;
    fn set_len(&self, length: u64) -> io::Result<()>;
    fn len(&self) -> io::Result<u64>;
}

/// The file system of the machine.
#[derive(Debug)]
pub(crate) struct Disk;

impl Storage for Disk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(DIR_MODE)
            .create(dir)
    }

    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn StorageFile>> {
        let create = mode == Mode::Create;
        let write = mode != Mode::Read;
        let mut options = File::options();
        options
            .read(true)
            .write(write)
            .create(create)
            .truncate(create)
            .mode(FILE_MODE);
        Ok(Arc::new(options.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let answer = rustix::fs::statvfs(dir)?;
        Ok(answer.f_bavail.saturating_mul(answer.f_frsize))
    }

    fn lock(&self, dir: &Path) -> Result<Box<dyn Send + Sync>, Error> {
        let path = dir.join(LOCK);
        let what = || format!("cannot lock {}", path.display());
        let mut options = File::options();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE);
        let mut file = options
            .open(&path)
            .map_err(|error| Error::io(what(), error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                if file.read_to_string(&mut pid).is_err() || pid.is_empty() {
                    "of an unknown number".clone_into(&mut pid);
                }
                let dir = dir.display().to_string();
                return Err(Error::InUse {
                    dir,
                    pid: pid.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(what(), error)),
        }
        let mut note = || -> io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        note().map_err(|error| Error::io(what(), error))?;
        Ok(Box::new(file))
    }
}

impl StorageFile for File {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let (mut done, mut rest, mut at) = (0_usize, buffer, position);
        while !rest.is_empty() {
            match std::os::unix::fs::FileExt::read_at(self, rest, at) {
                Ok(0) => break,
                Ok(count) => {
                    done = done.saturating_add(count);
                    at = at.saturating_add(crate::bytes::u64_of(count));
                    rest = rest.get_mut(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.write_all_at(bytes, position)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        Self::set_len(self, length)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// Reads a whole file.
pub(crate) fn read_all(file: &dyn StorageFile) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; crate::bytes::usize_of(file.len()?)];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}
