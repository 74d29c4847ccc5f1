//! The journal on the local disk: commit files in front of segment files.

#[cfg(test)]
mod tests;

use crate::committer::Committer;
use crate::entry::FORMAT_VERSION;
use crate::queue::{Item, Refused};
use crate::reading::{Verified, read_from, verify};
use crate::record::Batch;
use crate::room::Room;
use crate::shared::Shared;
use crate::storage::{Disk, Storage};
use crate::{
    Bounds, Done, Error, Journal, Offset, Status, TopicPartition, TopicSpec, Write, check,
    checkpointer, commit_file, limits, recovery, retention,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How a journal uses its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A segment that would become larger is followed by a new one.
    pub segment_bytes: u64,
    /// The size of each of the two commit files; it bounds a write, and the time that recovery takes.
    pub commit_bytes: u64,
    /// Below this much free space the status warns.
    pub warn_below_bytes: u64,
    /// Below this much free space writes are refused.
    pub refuse_below_bytes: u64,
    /// This many segment files are open at once.
    pub open_files: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            commit_bytes: 64 << 20,
            warn_below_bytes: 2 << 30,
            refuse_below_bytes: 512 << 20,
            open_files: limits::OPEN_FILES_MAX,
        }
    }
}

impl Options {
    /// Gives small files and no low disk rule, for tests and demonstrations.
    pub fn small() -> Self {
        Self {
            segment_bytes: 1 << 20,
            commit_bytes: 1 << 20,
            warn_below_bytes: 0,
            refuse_below_bytes: 0,
            open_files: 64,
        }
    }

    fn check(&self) -> Result<(), Error> {
        let bounds = limits::COMMIT_BYTES_MIN..=limits::COMMIT_BYTES_MAX;
        if !bounds.contains(&self.commit_bytes) {
            let why = "a commit file has 16 KiB to 1 GiB";
            return Err(Error::Option {
                option: "commit_bytes",
                value: self.commit_bytes,
                why,
            });
        }
        if self.segment_bytes == 0 || self.segment_bytes > limits::SEGMENT_BYTES_MAX {
            let why = "a segment has at most 1 GiB";
            return Err(Error::Option {
                option: "segment_bytes",
                value: self.segment_bytes,
                why,
            });
        }
        Ok(())
    }
}

/// The journal of one directory of the local disk, open for writing: one process at a time.
///
/// Dropping it commits what waits and writes a last checkpoint.
pub struct EmbeddedJournal {
    shared: Arc<Shared>,
    committing: Option<JoinHandle<()>>,
    checkpointing: Option<JoinHandle<()>>,
    _lock: Box<dyn Send + Sync>,
}

impl std::fmt::Debug for EmbeddedJournal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("EmbeddedJournal")
            .field("dir", &self.shared.files.dir)
            .finish_non_exhaustive()
    }
}

impl EmbeddedJournal {
    /// Opens a directory, making a journal in it when there is none, and recovers what was acknowledged.
    ///
    /// # Errors
    /// When another process has it, its files are damaged or of a later version, or the disk refuses.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, Error> {
        Self::open_on(Arc::new(Disk), dir, options)
    }

    /// Opens a directory for reading only, beside the process that has it: sees what is in the segments.
    ///
    /// # Errors
    /// When there is no journal in it, or its files are damaged or of a later version.
    pub fn open_read_only(dir: &Path) -> Result<crate::ReadOnlyJournal, Error> {
        crate::ReadOnlyJournal::open_on(Arc::new(Disk), dir)
    }

    pub(crate) fn open_on(
        storage: Arc<dyn Storage>,
        dir: &Path,
        options: &Options,
    ) -> Result<Self, Error> {
        options.check()?;
        let cannot_make = |error| {
            Error::io(
                format!("cannot make the directory {}", dir.display()),
                error,
            )
        };
        storage.create_dir(dir).map_err(cannot_make)?;
        let lock = storage.lock(dir)?;
        let opened = recovery::open(&storage, dir, options)?;
        let room = Room::new(storage, dir.to_owned(), options);
        // Only to know from the start: each write asks again.
        drop(room.take(0));
        let shared = Arc::new(Shared::new(
            Arc::clone(&opened.appender.files),
            room,
            commit_file::write_bytes_max(options.commit_bytes),
            opened.catalog,
            opened.commit_file.generation(),
        ));
        let committer = Committer::new(Arc::clone(&shared), opened.appender, opened.commit_file);
        let mut journal = Self {
            shared,
            committing: None,
            checkpointing: None,
            _lock: lock,
        };
        journal.committing = Some(spawn("journal-commit", move || committer.run())?);
        let shared = Arc::clone(&journal.shared);
        journal.checkpointing = Some(spawn("journal-checkpoint", move || {
            checkpointer::run(&shared);
        })?);
        Ok(journal)
    }

    /// Queues a write if there is space in the queue, else gives it back.
    ///
    /// # Errors
    /// The write and its callback, when the queue is full.
    pub fn try_submit(&self, write: Write, done: Done) -> Result<(), (Write, Done)> {
        let bytes = match check::write(&write, self.shared.write_bytes_max) {
            Ok(bytes) => bytes,
            Err(error) => {
                done(Err(error));
                return Ok(());
            }
        };
        match self
            .shared
            .queue
            .try_push(Item::Write { write, done, bytes })
        {
            Ok(()) => Ok(()),
            Err(Refused::Full(Item::Write { write, done, .. })) => Err((write, done)),
            Err(Refused::Closed(item) | Refused::Full(item)) => {
                refuse_closed(item);
                Ok(())
            }
        }
    }

    /// Makes the segments durable and writes a checkpoint now.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn checkpoint(&self) -> Result<(), Error> {
        checkpointer::take(&self.shared)
    }

    /// Removes segments that are older or more than their topic keeps, and gives how many records that were.
    ///
    /// `now` is in microseconds since the epoch in UTC. A record that a group had not read is counted
    /// in [`crate::Counters::removed_unread_records`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn retain(&self, now: i64) -> Result<u64, Error> {
        retention::retain(&self.shared, now)
    }

    /// Reads every record that is kept and checks it.
    ///
    /// # Errors
    /// At the first damage.
    pub fn verify(&self) -> Result<Verified, Error> {
        verify(&*self.shared)
    }

    /// Tells how the journal is.
    pub fn status(&self) -> Status {
        let shared = &self.shared;
        let seen = shared.room.look();
        let (queued_writes, queued_bytes) = shared.queue.size();
        Status {
            journal_id: crate::status::hex(shared.files.id),
            counters: shared.counts.read(),
            queued_writes,
            queued_bytes,
            disk: seen.disk,
            disk_free_bytes: seen.free_bytes,
            poisoned: shared.why_poisoned(),
            ..Status::of(&shared.catalog(), FORMAT_VERSION)
        }
    }

    /// Commits what waits, writes a last checkpoint and stops.
    ///
    /// # Errors
    /// When the last checkpoint could not be written; what was acknowledged is recovered at the next start.
    pub fn close(mut self) -> Result<(), Error> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), Error> {
        let Some(committing) = self.committing.take() else {
            return Ok(());
        };
        self.shared.queue.close();
        if committing.thread().id() == std::thread::current().id() {
            // Dropped by a callback: what waits is committed, the last checkpoint is left to the next start.
            self.shared.turns.lock().stop = true;
            self.shared.turns.changed.notify_all();
            return Ok(());
        }
        // A panic of a thread was answered by its guard, which poisons the journal.
        drop(committing.join());
        self.shared.turns.lock().stop = true;
        self.shared.turns.changed.notify_all();
        if let Some(checkpointing) = self.checkpointing.take() {
            drop(checkpointing.join());
        }
        checkpointer::take(&self.shared)
    }
}

impl Drop for EmbeddedJournal {
    fn drop(&mut self) {
        // Without it the next start replays the commit files: nothing is lost.
        drop(self.stop());
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let spawned = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body);
    spawned.map_err(|error| Error::io(format!("cannot start the thread {name}"), error))
}

fn refuse_closed(item: Item) {
    match item {
        Item::Write { done, .. } => done(Err(Error::Closed)),
        Item::Topic { done, .. } => drop(done.send(Err(Error::Closed))),
    }
}

impl Journal for EmbeddedJournal {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        check::topic(spec)?;
        // It keeps every record, whatever may be left out.
        let spec = TopicSpec {
            compacted: false,
            ..spec.clone()
        };
        if self.shared.catalog().has_topic(&spec)? {
            return Ok(());
        }
        let (done, answer) = std::sync::mpsc::sync_channel(1);
        let item = Item::Topic { spec, done };
        self.shared.queue.push(item).map_err(|_| Error::Closed)?;
        answer.recv().unwrap_or(Err(Error::Closed))
    }

    fn topics(&self) -> Vec<TopicSpec> {
        self.shared.catalog().topics.values().cloned().collect()
    }

    fn submit(&self, write: Write, done: Done) {
        match check::write(&write, self.shared.write_bytes_max) {
            Ok(bytes) => {
                if let Err(item) = self.shared.queue.push(Item::Write { write, done, bytes }) {
                    refuse_closed(item);
                }
            }
            Err(error) => done(Err(error)),
        }
    }

    fn read(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, Error> {
        read_from(&*self.shared, from, offset, max_bytes)
    }

    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        let catalog = self.shared.catalog();
        of.iter()
            .map(|one| Ok(catalog.partition(one)?.bounds()))
            .collect()
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        let catalog = self.shared.catalog();
        Ok(catalog.groups.get(group).cloned().unwrap_or_default())
    }

    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        self.shared.wait(seen, at_most)
    }
}
