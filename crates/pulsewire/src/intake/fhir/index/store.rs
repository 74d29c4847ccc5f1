//! The index on disk: entries by the pseudonym of their resource, lists by that of an identifier.

use std::collections::HashMap;
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use journal::{Offset, TopicPartition};

use super::{Entry, Key};

/// How much memory the store may take for blocks.
const CACHE_BYTES: u64 = 32 << 20;

/// The name changes when more is derived of a record than before: then the journal is read again from its beginning.
const POSITIONS: &str = "positions-2";

pub(super) struct Store {
    database: Database,
    entries: Keyspace,
    lists: Keyspace,
    positions: Keyspace,
}

impl Store {
    pub(super) fn open(directory: &Path) -> Result<Self, fjall::Error> {
        let database = Database::builder(directory)
            .cache_size(CACHE_BYTES)
            .open()?;
        let keyspace = |name: &str| database.keyspace(name, KeyspaceCreateOptions::default);
        Ok(Self {
            entries: keyspace("entries")?,
            lists: keyspace("lists")?,
            positions: keyspace(POSITIONS)?,
            database,
        })
    }

    pub(super) fn entry(&self, name: &Key) -> Result<Option<Entry>, fjall::Error> {
        let value = self.entries.get(name)?;
        Ok(value.and_then(|bytes| Entry::decode(&bytes)))
    }

    pub(super) fn list(&self, identifier: &Key) -> Result<Vec<Key>, fjall::Error> {
        let value = self.lists.get(identifier)?;
        Ok(value.map_or_else(Vec::new, |bytes| bytes.as_chunks().0.to_vec()))
    }

    pub(super) fn position(&self, at: &TopicPartition) -> Result<Option<Offset>, fjall::Error> {
        let value = self.positions.get(position_key(at))?;
        Ok(value
            .and_then(|bytes| bytes.as_ref().try_into().ok())
            .map(u64::from_be_bytes))
    }

    pub(super) fn write(
        &self,
        entries: &HashMap<Key, Entry>,
        lists: &HashMap<Key, Vec<Key>>,
        positions: &HashMap<TopicPartition, Offset>,
    ) -> Result<(), fjall::Error> {
        let mut batch = self.database.batch();
        for (name, entry) in entries {
            batch.insert(&self.entries, *name, entry.encode());
        }
        for (identifier, names) in lists {
            match names.is_empty() {
                true => batch.remove(&self.lists, *identifier),
                false => batch.insert(&self.lists, *identifier, names.concat()),
            }
        }
        for (at, next) in positions {
            batch.insert(&self.positions, position_key(at), next.to_be_bytes());
        }
        batch.commit()
    }
}

fn position_key(at: &TopicPartition) -> Vec<u8> {
    format!("{}/{}", at.topic, at.partition).into_bytes()
}
