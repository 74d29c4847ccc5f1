//! What is known of files across restarts: how far each was read, which were read to their end, and how often a row came.
//!
//! It is written after what it speaks of is durable, and can be deleted: then files are read again, and what was kept of
//! them is recognized by the memory of accepted messages.

use std::path::Path;
use std::time::Duration;

use clinical::{MessageId, ReceivedTime};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use serde::{Deserialize, Serialize};

use super::answers;
use super::cut::At;
use super::report::Report;

/// How long it is known that a file was read.
const KNOWN_FOR: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// How much memory it may take for blocks.
const CACHE_BYTES: u64 = 8 << 20;

/// Why it cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "the memory of files cannot be used: {0}; it can be deleted, and files are then read again"
)]
pub(crate) struct Error(#[from] fjall::Error);

/// How far a file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// What it is: content, source and mapping.
    pub(super) job: String,
    pub(super) at: At,
    pub(super) report: Report,
    /// The name under which it ends, once all of it was read.
    pub(super) ends_as: Option<String>,
}

/// When a file was read to its end, and under which name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) at_micros: i64,
    pub(super) file: String,
}

/// What is known of files.
pub(crate) struct Memory {
    database: Database,
    progress: Keyspace,
    known: Keyspace,
    equal: Keyspace,
    /// The control number of the next answer.
    numbers: Keyspace,
}

impl Memory {
    /// Opens it, and forgets what was long ago.
    pub(crate) fn open(directory: &Path, now: ReceivedTime) -> Result<Self, Error> {
        let database = Database::builder(directory)
            .cache_size(CACHE_BYTES)
            .open()?;
        let keyspace = |name: &str| database.keyspace(name, KeyspaceCreateOptions::default);
        let memory = Self {
            progress: keyspace("progress")?,
            known: keyspace("known")?,
            equal: keyspace("equal")?,
            numbers: keyspace("numbers")?,
            database: database.clone(),
        };
        memory.forget(now)?;
        Ok(memory)
    }

    fn forget(&self, now: ReceivedTime) -> Result<(), Error> {
        let oldest = now.minus(KNOWN_FOR).micros();
        let mut batch = self.database.batch();
        for entry in self.known.iter() {
            let (key, value) = entry.into_inner()?;
            let known = serde_json::from_slice::<Known>(&value);
            if known.map_or(true, |known| known.at_micros < oldest) {
                batch.remove(&self.known, key);
            }
        }
        Ok(batch.commit()?)
    }

    /// How far a file was read, by its place.
    pub(super) fn progress(&self, place: &str) -> Result<Option<Progress>, Error> {
        let value = self.progress.get(place)?;
        // What an older version wrote otherwise is read again from the beginning.
        Ok(value.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Keeps how far a file was read, with how often its rows came.
    pub(super) fn save(
        &self,
        place: &str,
        progress: &Progress,
        equal: &[(MessageId, u32)],
    ) -> Result<(), Error> {
        let mut batch = self.database.batch().durability(Some(PersistMode::Buffer));
        let bytes = serde_json::to_vec(progress).expect("words and numbers always make JSON");
        batch.insert(&self.progress, place, bytes);
        for (row, count) in equal {
            batch.insert(
                &self.equal,
                equal_key(&progress.job, *row),
                count.to_be_bytes(),
            );
        }
        Ok(batch.commit()?)
    }

    /// How many rows of a file that were read said this.
    pub(super) fn equal(&self, job: &str, row: MessageId) -> Result<u32, Error> {
        let value = self.equal.get(equal_key(job, row))?;
        let count = value.and_then(|bytes| bytes.as_ref().try_into().ok());
        Ok(count.map_or(0, u32::from_be_bytes))
    }

    /// When a file of this content was read to its end.
    pub(super) fn known(&self, job: &str) -> Result<Option<Known>, Error> {
        let value = self.known.get(job)?;
        Ok(value.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Remembers that a file was read to its end.
    pub(super) fn remember(&self, job: &str, known: &Known) -> Result<(), Error> {
        let bytes = serde_json::to_vec(known).expect("words and numbers always make JSON");
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.known, job, bytes);
        Ok(batch.commit()?)
    }

    /// Gives the first of so many control numbers that no answer has had; after the greatest comes 1 again.
    pub(super) fn numbers(&self, count: u32) -> Result<u32, Error> {
        let value = self.numbers.get(NEXT)?;
        let found = value.and_then(|bytes| bytes.as_ref().try_into().ok());
        let first = found.map_or(1, u32::from_be_bytes);
        let after = (u64::from(first) - 1 + u64::from(count)) % u64::from(answers::NUMBER_MAX) + 1;
        let after = u32::try_from(after).unwrap_or(1);
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.numbers, NEXT, after.to_be_bytes());
        batch.commit()?;
        Ok(first)
    }

    /// Forgets how far a file was read: it is where it ends.
    pub(super) fn finish(&self, place: &str, job: &str) -> Result<(), Error> {
        let mut batch = self.database.batch();
        batch.remove(&self.progress, place);
        for entry in self.equal.prefix(job) {
            batch.remove(&self.equal, entry.key()?);
        }
        Ok(batch.commit()?)
    }
}

/// Under which the control number of the next answer stands.
const NEXT: &str = "next";

fn equal_key(job: &str, row: MessageId) -> Vec<u8> {
    [job.as_bytes(), row.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_number_is_given_twice_until_all_were() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Memory::open(folder.path(), ReceivedTime::from_micros(0)).unwrap();
        let memory = open();
        assert_eq!(memory.numbers(3).unwrap(), 1);
        drop(memory);
        let memory = open();
        assert_eq!(memory.numbers(answers::NUMBER_MAX - 4).unwrap(), 4);
        assert_eq!(memory.numbers(1).unwrap(), answers::NUMBER_MAX);
        assert_eq!(memory.numbers(1).unwrap(), 1);
    }
}
