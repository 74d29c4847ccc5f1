//! The commit files: two, preallocated, used in turn; each group of writes is durable by one sync of one of them.

use crate::bytes::{Fields, u64_of, usize_of};
use crate::entry::{self, ENTRY_ALIGNMENT, ENTRY_MAGIC, Entry, FORMAT_VERSION};
use crate::segment::cannot;
use crate::storage::{Mode, Storage, StorageFile, read_all};
use crate::{Error, limits};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the first entry stands.
pub(crate) const COMMIT_HEADER_BYTES: u64 = 64;
/// What a commit file begins with.
const MAGIC: [u8; 8] = *b"PWcommit";
/// The bytes that the header's checksum covers.
const CHECKSUM_AT: usize = 26;
/// What is zeroed at once.
static ZEROES: [u8; 64 << 10] = [0; 64 << 10];
/// The names of the two.
const NAMES: [&str; 2] = ["commit-0", "commit-1"];

/// Gives the paths of the two commit files.
pub(crate) fn paths(dir: &Path) -> [PathBuf; 2] {
    NAMES.map(|name| dir.join(name))
}

fn header(id: [u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(usize_of(COMMIT_HEADER_BYTES));
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&id);
    let sum = crc32c::crc32c(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out.resize(usize_of(COMMIT_HEADER_BYTES), 0);
    out
}

/// Puts an empty commit file of its full size in place, whole or not at all: later writes to it need no space and no new blocks.
pub(crate) fn create(
    storage: &dyn Storage,
    path: &Path,
    id: [u8; 16],
    size: u64,
) -> io::Result<()> {
    let new = path.with_extension("new");
    let file = storage.open(&new, Mode::Create)?;
    file.write_at(&header(id), 0)?;
    let mut position = COMMIT_HEADER_BYTES;
    while position < size {
        let left = usize_of(size.saturating_sub(position)).min(ZEROES.len());
        file.write_at(ZEROES.get(..left).unwrap_or_default(), position)?;
        position = position.saturating_add(u64_of(left));
    }
    file.sync()?;
    storage.rename(&new, path)?;
    path.parent().map_or(Ok(()), |dir| storage.sync_dir(dir))
}

/// A commit file read whole, to recover from it.
#[derive(Debug)]
pub(crate) struct Recorded {
    path: PathBuf,
    bytes: Vec<u8>,
    seed: u32,
    /// Where the entries that follow one another from the front end.
    pub(crate) end: u64,
    /// The first and the last number of them.
    pub(crate) run: Option<(u64, u64)>,
    generation: u64,
}

impl Recorded {
    /// Reads a commit file; entries of generations before `oldest` are left over and count for nothing.
    pub(crate) fn read(
        storage: &dyn Storage,
        path: &Path,
        id: [u8; 16],
        oldest: u64,
    ) -> Result<Self, Error> {
        let file = match storage.open(path, Mode::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::damaged(path, 0, "this commit file is missing"));
            }
            Err(error) => return Err(cannot("open", path, error)),
        };
        let bytes = read_all(&*file).map_err(|error| cannot("read", path, error))?;
        check_header(&bytes, path, id)?;
        let end = COMMIT_HEADER_BYTES;
        let (path, seed) = (path.to_owned(), entry::seed(id));
        let mut recorded = Self {
            path,
            bytes,
            seed,
            end,
            run: None,
            generation: oldest,
        };
        while let Some(next) = recorded.next_in_run()? {
            recorded.end = next.0;
            recorded.generation = next.1.generation;
            let first = recorded.run.map_or(next.1.sequence, |(first, _)| first);
            recorded.run = Some((first, next.1.sequence));
        }
        Ok(recorded)
    }

    fn next_in_run(&self) -> Result<Option<(u64, entry::Place)>, Error> {
        let Some(found) = self.at(self.end) else {
            return Ok(None);
        };
        if found.version != FORMAT_VERSION || found.kind.is_none() {
            let (file, known) = (self.path.display().to_string(), FORMAT_VERSION);
            return Err(Error::Version {
                file,
                found: found.version,
                known,
            });
        }
        let follows = match self.run {
            Some((_, last)) => {
                found.place.generation == self.generation
                    && last.checked_add(1) == Some(found.place.sequence)
            }
            None => found.place.generation >= self.generation,
        };
        Ok(follows.then(|| (entry::end_of(self.end, &found), found.place)))
    }

    fn at(&self, position: u64) -> Option<Entry<'_>> {
        entry::parse(self.bytes.get(usize_of(position)..)?, self.seed)
    }

    /// Gives the entries from the front, with their positions.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, Entry<'_>)> {
        let mut position = COMMIT_HEADER_BYTES;
        std::iter::from_fn(move || {
            if position >= self.end {
                return None;
            }
            let found = (position, self.at(position)?);
            position = entry::end_of(position, &found.1);
            Some(found)
        })
    }

    /// Refuses when behind the last entry there is one of a later group: then what is missing was acknowledged.
    ///
    /// What is left of the group that was being written when the power went is no damage: nobody was told of it.
    pub(crate) fn check_nothing_follows(&self, next: u64) -> Result<(), Error> {
        let mut position = usize_of(self.end);
        while let Some(rest) = self.bytes.get(position..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(&ENTRY_MAGIC)
                && let Some(found) = entry::parse(rest, self.seed)
                && found.place.generation >= self.generation
                && (found.place.group_first > next || found.place.sequence == next)
            {
                let number = found.place.sequence;
                let what =
                    format!("no valid entry here, but entry {number} follows at byte {position}");
                return Err(self.damaged(self.end, what));
            }
            position = position.saturating_add(ENTRY_ALIGNMENT);
        }
        Ok(())
    }

    pub(crate) fn damaged(&self, position: u64, what: impl Into<String>) -> Error {
        Error::damaged(&self.path, position, what)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn size(&self) -> u64 {
        u64_of(self.bytes.len())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn check_header(bytes: &[u8], path: &Path, id: [u8; 16]) -> Result<(), Error> {
    let covered = bytes.get(..CHECKSUM_AT).unwrap_or_default();
    let mut fields = Fields(bytes.get(CHECKSUM_AT..).unwrap_or_default());
    if covered.is_empty() || fields.u32() != Some(crc32c::crc32c(covered)) {
        return Err(Error::damaged(
            path,
            0,
            "the header of this commit file does not match its checksum",
        ));
    }
    let mut fields = Fields(covered);
    if fields.take(MAGIC.len()) != Some(&MAGIC) {
        return Err(Error::damaged(path, 0, "it is not a commit file"));
    }
    let found = fields.u16().unwrap_or_default();
    if found != FORMAT_VERSION {
        let file = path.display().to_string();
        return Err(Error::Version {
            file,
            found,
            known: FORMAT_VERSION,
        });
    }
    if fields.id() != Some(id) {
        return Err(Error::damaged(
            path,
            0,
            "this commit file belongs to another journal",
        ));
    }
    Ok(())
}

/// Tells whether a directory without a checkpoint holds a commit file with entries: then something is missing.
pub(crate) fn has_entries(storage: &dyn Storage, path: &Path) -> Result<bool, Error> {
    let bytes = match storage.open(path, Mode::Read) {
        Ok(file) => read_all(&*file).map_err(|error| cannot("read", path, error))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot("open", path, error)),
    };
    Ok(bytes.as_chunks::<4>().0.contains(&ENTRY_MAGIC))
}

/// The commit file that is being written.
pub(crate) struct CommitFile {
    files: [Arc<dyn StorageFile>; 2],
    size: u64,
    current: usize,
    position: u64,
    generation: u64,
}

impl CommitFile {
    pub(crate) fn open(
        storage: &dyn Storage,
        dir: &Path,
        size: u64,
        generation: u64,
    ) -> Result<Self, Error> {
        let open = |path: &PathBuf| {
            storage
                .open(path, Mode::Write)
                .map_err(|error| cannot("open", path, error))
        };
        let [first, second] = &paths(dir);
        let files = [open(first)?, open(second)?];
        Ok(Self {
            files,
            size,
            current: 0,
            position: COMMIT_HEADER_BYTES,
            generation,
        })
    }

    /// Makes a group durable.
    pub(crate) fn append(&mut self, group: &[u8]) -> io::Result<()> {
        debug_assert!(self.has_room(group.len()), "the caller has made room");
        let file = self.file();
        file.write_at(group, self.position)?;
        file.sync()?;
        self.position = self.position.saturating_add(u64_of(group.len()));
        Ok(())
    }

    fn file(&self) -> &dyn StorageFile {
        let [first, second] = &self.files;
        if self.current == 0 {
            &**first
        } else {
            &**second
        }
    }

    /// Tells whether so much fits behind what is there.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.position.saturating_add(u64_of(bytes)) <= self.size
    }

    /// Goes on at the front of the other file, which must have become free.
    pub(crate) fn switch(&mut self) {
        self.current = self.other();
        self.position = COMMIT_HEADER_BYTES;
        self.generation = self.generation.saturating_add(1);
    }

    pub(crate) fn current(&self) -> usize {
        self.current
    }

    pub(crate) fn other(&self) -> usize {
        usize::from(self.current == 0)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }
}

/// Gives the size of the largest write that a commit file takes.
pub(crate) fn write_bytes_max(commit_bytes: u64) -> usize {
    let room = commit_bytes.saturating_sub(COMMIT_HEADER_BYTES);
    usize_of(room).min(limits::WRITE_BYTES_MAX)
}
