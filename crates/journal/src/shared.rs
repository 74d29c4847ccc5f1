//! What the callers, the commit thread and the checkpoint thread of one journal share.

use crate::catalog::Catalog;
use crate::files::Files;
use crate::queue::Queue;
use crate::room::Room;
use crate::{Counters, Error};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::time::Duration;

/// The shared parts of an open journal.
pub(crate) struct Shared {
    pub(crate) files: Arc<Files>,
    pub(crate) queue: Queue,
    pub(crate) room: Room,
    pub(crate) write_bytes_max: usize,
    pub(crate) counts: Counts,
    pub(crate) turns: Turns,
    /// That of the first entry of this process: what an earlier one left half written is older.
    pub(crate) generation: u64,
    catalog: RwLock<Catalog>,
    newest: Mutex<u64>,
    grown: Condvar,
    poison: OnceLock<String>,
    /// Held while a checkpoint is written: one at a time.
    pub(crate) checkpointing: Mutex<()>,
}

impl Shared {
    pub(crate) fn new(
        files: Arc<Files>,
        room: Room,
        write_bytes_max: usize,
        catalog: Catalog,
        generation: u64,
    ) -> Self {
        let newest = Mutex::new(catalog.sequence);
        Self {
            files,
            queue: Queue::default(),
            room,
            write_bytes_max,
            counts: Counts::default(),
            turns: Turns::new(),
            generation,
            catalog: RwLock::new(catalog),
            newest,
            grown: Condvar::new(),
            poison: OnceLock::new(),
            checkpointing: Mutex::new(()),
        }
    }

    pub(crate) fn catalog(&self) -> RwLockReadGuard<'_, Catalog> {
        self.catalog
            .read()
            .expect("nothing panics while it changes the catalog")
    }

    pub(crate) fn catalog_mut(&self) -> RwLockWriteGuard<'_, Catalog> {
        self.catalog
            .write()
            .expect("nothing panics while it changes the catalog")
    }

    /// Wakes who waits for a write.
    pub(crate) fn announce(&self, sequence: u64) {
        *self.newest() = sequence;
        self.grown.notify_all();
    }

    pub(crate) fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        let newest = self.newest();
        if at_most.is_zero() || *newest > seen {
            return *newest;
        }
        let waited = self
            .grown
            .wait_timeout_while(newest, at_most, |newest| *newest <= seen);
        *waited.expect("nothing panics while it counts writes").0
    }

    fn newest(&self) -> MutexGuard<'_, u64> {
        self.newest
            .lock()
            .expect("nothing panics while it counts writes")
    }

    /// Stops the journal for good: what the disk holds is not known any more.
    pub(crate) fn poison(&self, why: &Error) {
        // The first reason is the one to tell; later ones follow from it.
        self.poison.get_or_init(|| why.to_string());
        // Who has looked under the lock, and is about to wait, waits by the time it is free.
        drop(self.turns.lock());
        self.turns.changed.notify_all();
    }

    pub(crate) fn poisoned(&self) -> Option<Error> {
        self.poison.get().map(|why| Error::Poisoned(why.clone()))
    }

    pub(crate) fn why_poisoned(&self) -> Option<String> {
        self.poison.get().cloned()
    }
}

/// Which of the two commit files may be written again.
pub(crate) struct Turns {
    pub(crate) state: Mutex<Turn>,
    pub(crate) changed: Condvar,
}

/// The state of the two commit files.
#[derive(Debug)]
pub(crate) struct Turn {
    /// For a file that is needed until a checkpoint: the number of its last entry.
    pub(crate) needed: [Option<u64>; 2],
    /// A checkpoint is due.
    pub(crate) due: bool,
    /// No more checkpoints.
    pub(crate) stop: bool,
}

impl Turns {
    fn new() -> Self {
        let state = Turn {
            needed: [None; 2],
            due: false,
            stop: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Turn> {
        self.state
            .lock()
            .expect("nothing panics while it holds the turn")
    }

    pub(crate) fn wait<'a>(&self, turn: MutexGuard<'a, Turn>) -> MutexGuard<'a, Turn> {
        self.changed
            .wait(turn)
            .expect("nothing panics while it holds the turn")
    }
}

/// Counters that several threads add to.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) writes: Count,
    pub(crate) records: Count,
    pub(crate) commit_bytes: Count,
    pub(crate) groups: Count,
    pub(crate) syncs: Count,
    pub(crate) checkpoints: Count,
    pub(crate) refused_disk_full: Count,
    pub(crate) removed_records: Count,
    pub(crate) removed_unread_records: Count,
}

impl Counts {
    pub(crate) fn read(&self) -> Counters {
        Counters {
            writes: self.writes.get(),
            records: self.records.get(),
            commit_bytes: self.commit_bytes.get(),
            groups: self.groups.get(),
            syncs: self.syncs.get(),
            checkpoints: self.checkpoints.get(),
            refused_disk_full: self.refused_disk_full.get(),
            removed_records: self.removed_records.get(),
            removed_unread_records: self.removed_unread_records.get(),
        }
    }
}

/// A number that only rises.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
