//! Reading beside the process that writes: no lock, what is in the segments.

use crate::bytes::{u64_of, usize_of};
use crate::catalog::{Added, Catalog};
use crate::checkpoint;
use crate::entry::FORMAT_VERSION;
use crate::files::Files;
use crate::reading::{Source as _, Verified, read_from, verify};
use crate::record::{Batch, Check, Parsed, parse};
use crate::segment::{SEGMENT_HEADER_BYTES, base_of, cannot, check_header, dir_of, path_of};
use crate::storage::{Mode, Storage};
use crate::{
    Bounds, Done, Error, Journal, Offset, Status, TopicPartition, TopicSpec, Write, limits,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::Duration;

/// How often a waiting reader looks for new records.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What is read of a segment's tail at once.
const TAIL_BYTES: usize = 1 << 20;

/// A journal's directory, open for reading only.
///
/// It follows the segments as they grow. Topics and positions of groups are as of the last checkpoint, and bounds of
/// several partitions may differ by the group of writes that is being added. Writes are refused.
pub struct ReadOnlyJournal {
    source: (Files, RwLock<Catalog>),
    looking: Mutex<()>,
    never: Condvar,
}

impl std::fmt::Debug for ReadOnlyJournal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ReadOnlyJournal")
            .field("dir", &self.source.0.dir)
            .finish_non_exhaustive()
    }
}

impl ReadOnlyJournal {
    pub(crate) fn open_on(storage: Arc<dyn Storage>, dir: &Path) -> Result<Self, Error> {
        let found = checkpoint::read(&*storage, dir)?;
        let found = found.ok_or_else(|| Error::NoJournal {
            dir: dir.display().to_string(),
        })?;
        let files = Files::new(storage, dir, found.id, Mode::Read, limits::OPEN_FILES_MAX);
        let catalog = RwLock::new(Catalog::from_checkpoint(found));
        let journal = Self {
            source: (files, catalog),
            looking: Mutex::default(),
            never: Condvar::new(),
        };
        journal.refresh()?;
        Ok(journal)
    }

    /// Looks for what was added or removed since.
    ///
    /// # Errors
    /// When a file is damaged or cannot be read.
    pub fn refresh(&self) -> Result<(), Error> {
        let _held = self.looking.lock().expect("nothing panics while it looks");
        let (files, catalog) = &self.source;
        if let Some(found) = checkpoint::read(&*files.storage, &files.dir)? {
            let mut catalog = catalog
                .write()
                .expect("nothing panics while it changes the catalog");
            catalog.follow(Catalog::from_checkpoint(found));
        }
        let ends: Vec<_> = {
            let catalog = self.source.catalog();
            let end = |(name, partition): (&TopicPartition, &crate::catalog::Partition)| {
                let last = partition
                    .segments
                    .back()
                    .map(|segment| (segment.base, segment.length));
                (name.clone(), partition.end, last)
            };
            catalog.partitions.iter().map(end).collect()
        };
        for (name, end, last) in ends {
            self.follow_partition(&name, end, last)?;
        }
        Ok(())
    }

    fn follow_partition(
        &self,
        name: &TopicPartition,
        end: Offset,
        last: Option<(Offset, u64)>,
    ) -> Result<(), Error> {
        let files = self.source.files();
        let (mut end, mut last) = (end, last);
        loop {
            if let Some((base, length)) = last {
                let tail = tail(files, name, base, length, end)?;
                if let Some(added) = tail {
                    end = added.end;
                    self.add(added);
                }
            }
            if last.is_some_and(|(base, _)| base == end) {
                return Ok(());
            }
            let dir = dir_of(&files.dir, name);
            let present = files
                .storage
                .list(&dir)
                .map_err(|error| cannot("list", &dir, error))?;
            if !present.iter().any(|file| base_of(file) == Some(end)) {
                return Ok(());
            }
            last = Some((end, SEGMENT_HEADER_BYTES));
        }
    }

    fn add(&self, added: Added) {
        let sequence = added.sequence;
        let mut catalog = self.source.catalog_mut();
        catalog.add(added);
        catalog.sequence = catalog.sequence.max(sequence);
        catalog.dirty.clear();
        catalog.grown.clear();
    }

    /// Reads every record that is kept and checks it.
    ///
    /// # Errors
    /// At the first damage.
    pub fn verify(&self) -> Result<Verified, Error> {
        verify(&self.source)
    }

    /// Tells what can be read.
    pub fn status(&self) -> Status {
        let journal_id = crate::status::hex(self.source.0.id);
        Status {
            journal_id,
            ..Status::of(&self.source.catalog(), FORMAT_VERSION)
        }
    }
}

/// Reads what is whole behind the known end of a segment; what is not yet whole is being written.
fn tail(
    files: &Files,
    name: &TopicPartition,
    base: Offset,
    length: u64,
    end: Offset,
) -> Result<Option<Added>, Error> {
    let path = path_of(&files.dir, name, base);
    let Ok(file) = files.get(name, base) else {
        return Ok(None);
    };
    let size = file
        .len()
        .map_err(|error| cannot("measure", &path, error))?;
    if size <= length {
        return Ok(None);
    }
    if length == SEGMENT_HEADER_BYTES {
        check_header(&*file, &path, files.id, name, base)?;
    }
    let partition = name.clone();
    let mut added = Added {
        partition,
        end,
        base,
        length,
        received_max: i64::MIN,
        marks: Vec::new(),
        sequence: 0,
    };
    let mut want = TAIL_BYTES;
    while added.length < size {
        let mut bytes = vec![0; want.min(usize_of(size.saturating_sub(added.length)))];
        let read = file
            .read_at(&mut bytes, added.length)
            .map_err(|error| cannot("read", &path, error))?;
        bytes.truncate(read);
        let (mut rest, begun) = (bytes.as_slice(), added.length);
        let mut needs = 0;
        loop {
            match parse(rest, Check::Verified) {
                Parsed::Record(record, size) if record.offset == added.end => {
                    added.marks.push((record.offset, added.length));
                    added.end = added.end.saturating_add(1);
                    added.length = added.length.saturating_add(u64_of(size));
                    added.received_max = added.received_max.max(record.received_time);
                    added.sequence = added.sequence.max(record.sequence);
                    rest = rest.get(size..).unwrap_or_default();
                }
                Parsed::Short(size) => {
                    needs = size;
                    break;
                }
                Parsed::Record(..) | Parsed::Damaged(_) => break,
            }
        }
        if added.length == begun {
            if needs <= want {
                break;
            }
            want = needs;
        }
    }
    added.marks = thinned(&added.marks);
    Ok((added.end > end).then_some(added))
}

/// Keeps as many marks as an index has.
fn thinned(marks: &[(Offset, u64)]) -> Vec<(Offset, u64)> {
    let mut kept: Vec<(Offset, u64)> = Vec::new();
    for mark in marks {
        let far = kept.last().is_none_or(|(_, position)| {
            mark.1.saturating_sub(*position) >= u64::from(limits::INDEX_INTERVAL_BYTES)
        });
        if far {
            kept.push(*mark);
        }
    }
    kept
}

impl Journal for ReadOnlyJournal {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        match self.source.catalog().has_topic(spec)? {
            true => Ok(()),
            false => Err(Error::ReadOnly),
        }
    }

    fn topics(&self) -> Vec<TopicSpec> {
        self.source.catalog().topics.values().cloned().collect()
    }

    fn submit(&self, _write: Write, done: Done) {
        done(Err(Error::ReadOnly));
    }

    fn read(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, Error> {
        read_from(&self.source, from, offset, max_bytes)
    }

    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        self.refresh()?;
        let catalog = self.source.catalog();
        of.iter()
            .map(|one| Ok(catalog.partition(one)?.bounds()))
            .collect()
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        let catalog = self.source.catalog();
        Ok(catalog.groups.get(group).cloned().unwrap_or_default())
    }

    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        let mut left = at_most;
        loop {
            // What cannot be read now is told by the read that follows.
            drop(self.refresh());
            let newest = self.source.catalog().sequence;
            if newest > seen || left.is_zero() {
                return newest;
            }
            let step = left.min(LOOK_EVERY);
            let held = self.looking.lock().expect("nothing panics while it looks");
            drop(self.never.wait_timeout(held, step));
            left = left.saturating_sub(step);
        }
    }
}
