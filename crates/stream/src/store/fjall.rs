//! A store on the local disk, in one fjall database for all tasks of a process.

use super::{
    EachState, EachTimer, Head, Store, StoreBatch, StoreError, put_timer_key, split_timer_key,
};
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use std::path::Path;

/// What a task's head is stored under, after its partition.
const HEAD: &[u8] = b"head";
/// A wipe removes this many entries at a time.
const WIPE_ENTRIES: usize = 10_000;

/// What was written lately and is held in memory, of each of the keyspaces.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// The database that the stores of all stages and partitions share.
#[derive(Clone)]
pub struct FjallDatabase(Database);

impl FjallDatabase {
    /// Opens a directory, or makes one.
    ///
    /// # Errors
    /// When it is in use or not a database.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let database = Database::builder(dir).worker_threads(1).open();
        database.map(Self).map_err(failed("open its directory"))
    }

    /// Gives how much the states and timers of a stage take on disk, without what was written lately; nothing where it keeps
    /// none.
    pub fn disk_bytes(&self, stage: &str) -> Option<u64> {
        let size = |holds: &str| {
            let name = format!("{stage}.{holds}");
            // To ask for one that is not there would make it.
            let exists = self.0.keyspace_exists(&name);
            let keyspace = exists.then(|| self.0.keyspace(&name, KeyspaceCreateOptions::default));
            keyspace?.ok().map(|keyspace| keyspace.disk_space())
        };
        Some(size("states")?.saturating_add(size("timers")?))
    }

    /// Gives the store of one partition of a stage.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn store(&self, stage: &str, partition: u16) -> Result<FjallStore, StoreError> {
        let keyspace = |holds: &str| {
            let name = format!("{stage}.{holds}");
            let made = self.0.keyspace(&name, || {
                KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES)
            });
            made.map_err(failed("open a keyspace"))
        };
        Ok(FjallStore {
            states: keyspace("states")?,
            timers: keyspace("timers")?,
            heads: keyspace("heads")?,
            database: self.0.clone(),
            partition,
        })
    }
}

impl std::fmt::Debug for FjallDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallDatabase").finish_non_exhaustive()
    }
}

/// The store of one partition of a stage.
///
/// A batch is in the operating system's hands when it is applied, not on the disk: what a power cut takes away is
/// stepped again from the journal, or restored from the changelog.
pub struct FjallStore {
    database: Database,
    states: Keyspace,
    timers: Keyspace,
    heads: Keyspace,
    partition: u16,
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let partition = &self.partition;
        f.debug_struct("FjallStore")
            .field("partition", partition)
            .finish_non_exhaustive()
    }
}

impl FjallStore {
    /// What the partition's entries begin with.
    fn prefix(&self) -> [u8; 2] {
        self.partition.to_be_bytes()
    }

    fn stored_key(&self, key: &[u8]) -> Vec<u8> {
        [&self.prefix(), key].concat()
    }

    fn scan(
        &self,
        keyspace: &Keyspace,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for entry in keyspace.prefix(self.prefix()) {
            let (key, value) = entry.into_inner().map_err(failed("read entries"))?;
            let key = key.get(2..).ok_or(StoreError::Damaged { what: "a key" })?;
            each(key, &value)?;
        }
        Ok(())
    }

    fn wipe_keyspace(&self, keyspace: &Keyspace) -> Result<(), StoreError> {
        loop {
            let mut batch = self.database.batch();
            for entry in keyspace.prefix(self.prefix()).take(WIPE_ENTRIES) {
                batch.remove(keyspace, entry.key().map_err(failed("read entries"))?);
            }
            if batch.is_empty() {
                return Ok(());
            }
            batch.commit().map_err(failed("remove entries"))?;
        }
    }
}

impl Store for FjallStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        let head = self
            .heads
            .get(self.stored_key(HEAD))
            .map_err(failed("read the head"))?;
        Ok(head.and_then(|bytes| Head::decode(&bytes)))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Box<[u8]>>, StoreError> {
        let state = self
            .states
            .get(self.stored_key(key))
            .map_err(failed("read a state"))?;
        Ok(state.map(|bytes| Box::from(&*bytes)))
    }

    fn scan_states(&self, each: &mut EachState<'_>) -> Result<(), StoreError> {
        self.scan(&self.states, |key, state| {
            each(key, state);
            Ok(())
        })
    }

    fn scan_timers(&self, each: &mut EachTimer<'_>) -> Result<(), StoreError> {
        self.scan(&self.timers, |stored, at| {
            let (key, tag) = split_timer_key(stored)?;
            let at = at
                .try_into()
                .map_err(|_| StoreError::Damaged { what: "a timer" })?;
            each(key, tag, i64::from_be_bytes(at));
            Ok(())
        })
    }

    fn apply(&mut self, changes: StoreBatch) -> Result<(), StoreError> {
        let mut batch = self.database.batch();
        for (key, state) in changes.states {
            match state {
                Some(state) => batch.insert(&self.states, self.stored_key(&key), &*state),
                None => batch.remove(&self.states, self.stored_key(&key)),
            }
        }
        for (key, tag, at) in changes.timers {
            let mut stored = self.prefix().to_vec();
            put_timer_key(&mut stored, &key, &tag);
            match at {
                Some(at) => batch.insert(&self.timers, stored, at.to_be_bytes()),
                None => batch.remove(&self.timers, stored),
            }
        }
        batch.insert(&self.heads, self.stored_key(HEAD), changes.head.encode());
        batch.commit().map_err(failed("write a batch"))
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        // The head goes first: entries without one are never read.
        self.heads
            .remove(self.stored_key(HEAD))
            .map_err(failed("remove the head"))?;
        self.wipe_keyspace(&self.states)?;
        self.wipe_keyspace(&self.timers)
    }
}

fn failed(doing: &'static str) -> impl Fn(fjall::Error) -> StoreError {
    move |error| StoreError::Database {
        doing,
        cause: error.to_string(),
    }
}
