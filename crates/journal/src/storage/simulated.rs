//! A file system in memory that can fail, fill up and lose power.

use super::{Mode, Storage, StorageFile};
use crate::Error;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// What the power cut keeps of a write is decided for so many bytes at once.
const SECTOR_BYTES: usize = 512;

/// A simulated disk; clones are the same disk.
#[derive(Clone, Default)]
pub(crate) struct Simulated(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    free_bytes: u64,
    /// Parts of paths whose syncs fail.
    failing_sync: Option<&'static str>,
    /// Parts of paths whose writes fail.
    failing_write: Option<(&'static str, io::ErrorKind)>,
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

struct OpenFile {
    disk: Simulated,
    number: usize,
    path: PathBuf,
}

impl Simulated {
    pub(crate) fn new() -> Self {
        let disk = Self::default();
        disk.set_free(u64::MAX);
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .expect("nothing panics while it holds the disk")
    }

    pub(crate) fn set_free(&self, bytes: u64) {
        self.state().free_bytes = bytes;
    }

    pub(crate) fn fail_sync(&self, part_of_path: Option<&'static str>) {
        self.state().failing_sync = part_of_path;
    }

    pub(crate) fn fail_write(&self, part_of_path: Option<(&'static str, io::ErrorKind)>) {
        self.state().failing_write = part_of_path;
    }

    /// Copies the disk as it is now, as after a process was killed.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        let state = self.state();
        for (path, number) in &state.names {
            copy.put(path, state.files[*number].now.clone());
        }
        drop(state);
        copy
    }

    /// Gives the disk as it is after a power cut: of what was not synced, some sectors are there, some are not.
    pub(crate) fn cut_power(&self, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let state = self.state();
        let after = Self::new();
        for (path, number) in &state.names {
            let named = state.durable_names.get(path);
            if named != Some(number) && dice.roll() {
                continue;
            }
            after.put(path, state.files[*number].after_power_cut(&mut dice));
        }
        for (path, number) in &state.durable_names {
            let gone = state.names.get(path) != Some(number);
            if gone && !after.exists(path) {
                after.put(path, state.files[*number].after_power_cut(&mut dice));
            }
        }
        after
    }

    fn exists(&self, path: &Path) -> bool {
        self.state().names.contains_key(path)
    }

    pub(crate) fn get(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state.files[state.names[path]].now.clone()
    }

    /// Gives the paths that contain a text.
    pub(crate) fn find(&self, part: &str) -> Vec<PathBuf> {
        let state = self.state();
        state
            .names
            .keys()
            .filter(|path| path.to_string_lossy().contains(part))
            .cloned()
            .collect()
    }

    /// Puts a durable file of this content in place.
    pub(crate) fn put(&self, path: &Path, content: Vec<u8>) {
        let mut state = self.state();
        let number = state.files.len();
        state.files.push(Content {
            now: content.clone(),
            durable: content,
            unsynced: Vec::new(),
        });
        state.names.insert(path.to_owned(), number);
        state.durable_names.insert(path.to_owned(), number);
    }

    pub(crate) fn delete(&self, path: &Path) {
        let mut state = self.state();
        state.names.remove(path);
        state.durable_names.remove(path);
    }
}

/// Chance, decided by a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) & 1 == 1
    }
}

impl Content {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }

    fn after_power_cut(&self, dice: &mut Dice) -> Vec<u8> {
        let mut after = self.durable.clone();
        for change in &self.unsynced {
            match change {
                Change::Length(_) if dice.roll() => change.apply(&mut after),
                Change::Length(_) => {}
                Change::Write(position, bytes) => {
                    let mut at = *position;
                    while at < position + bytes.len() {
                        let end = (at / SECTOR_BYTES + 1) * SECTOR_BYTES;
                        let end = end.min(position + bytes.len());
                        if dice.roll() {
                            let part = bytes[at - position..end - position].to_vec();
                            Change::Write(at, part).apply(&mut after);
                        }
                        at = end;
                    }
                }
            }
        }
        after
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Length(length) => content.resize(*length, 0),
            Self::Write(position, bytes) => {
                let end = position + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*position..end].copy_from_slice(bytes);
            }
        }
    }
}

impl Storage for Simulated {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn StorageFile>> {
        let mut state = self.state();
        let known = state.names.get(path).copied();
        let number = match (known, mode) {
            (Some(number), Mode::Create) => {
                state.files[number].change(Change::Length(0));
                number
            }
            (Some(number), _) => number,
            (None, Mode::Create) => {
                let number = state.files.len();
                state.files.push(Content::default());
                state.names.insert(path.to_owned(), number);
                number
            }
            (None, _) => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(Arc::new(OpenFile {
            disk: self.clone(),
            number,
            path: path.to_owned(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let number = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), number);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = self.state().names.remove(path);
        removed
            .map(|_| ())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        let inside = |path: &Path| path.parent() == Some(dir);
        let names = state.names.clone();
        state.durable_names.retain(|path, _| !inside(path));
        let now = names.into_iter().filter(|(path, _)| inside(path));
        state.durable_names.extend(now);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let mut names: Vec<String> = state
            .names
            .keys()
            .filter_map(|path| path.strip_prefix(dir).ok()?.components().next())
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        names.dedup();
        Ok(names)
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(self.state().free_bytes)
    }

    fn lock(&self, _dir: &Path) -> Result<Box<dyn Send + Sync>, Error> {
        Ok(Box::new(()))
    }
}

impl StorageFile for OpenFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let position = usize::try_from(position).expect("small");
        let content = state.files[self.number]
            .now
            .get(position..)
            .unwrap_or_default();
        let count = content.len().min(buffer.len());
        buffer[..count].copy_from_slice(&content[..count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let position = usize::try_from(position).expect("small");
        if let Some((part, kind)) = state.failing_write
            && self.path.to_string_lossy().contains(part)
        {
            // Half of it is there all the same.
            let half = bytes[..bytes.len() / 2].to_vec();
            state.files[self.number].change(Change::Write(position, half));
            return Err(kind.into());
        }
        state.files[self.number].change(Change::Write(position, bytes.to_vec()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if let Some(part) = state.failing_sync
            && self.path.to_string_lossy().contains(part)
        {
            return Err(io::Error::other("the device failed"));
        }
        let content = &mut state.files[self.number];
        for change in std::mem::take(&mut content.unsynced) {
            change.apply(&mut content.durable);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).expect("small");
        self.disk.state().files[self.number].change(Change::Length(length));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(crate::bytes::u64_of(
            self.disk.state().files[self.number].now.len(),
        ))
    }
}
