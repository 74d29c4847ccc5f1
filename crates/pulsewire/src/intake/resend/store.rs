//! The memory of accepted messages on disk: by id and by control id, in spans that are deleted whole.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use clinical::{MessageId, PatientKey, ReceivedTime};
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use journal::{Offset, TopicPartition};

use super::{Answered, First};

/// The keyspace that holds the positions up to which the others are complete.
const POSITIONS: &str = "positions";
/// How much memory the store may take for blocks; lookups are rare beyond what is recent.
const CACHE_BYTES: u64 = 32 << 20;

/// The two spans of one window each in which a message can still be remembered.
pub(super) struct Store {
    database: Database,
    positions: Keyspace,
    spans: RwLock<BTreeMap<i64, Keyspace>>,
    window_micros: i64,
}

impl Store {
    pub(super) fn open(
        directory: &Path,
        window: Duration,
        now: ReceivedTime,
    ) -> Result<Self, fjall::Error> {
        let database = Database::builder(directory)
            .cache_size(CACHE_BYTES)
            .open()?;
        let positions = database.keyspace(POSITIONS, KeyspaceCreateOptions::default)?;
        let store = Self {
            database,
            positions,
            spans: RwLock::default(),
            window_micros: i64::try_from(window.as_micros()).unwrap_or(i64::MAX).max(1),
        };
        store.open_spans(now)?;
        Ok(store)
    }

    /// Opens the span of a time and the one before, and deletes what is older.
    fn open_spans(&self, now: ReceivedTime) -> Result<(), fjall::Error> {
        let current = now.micros().div_euclid(self.window_micros);
        if self.spans().contains_key(&current) {
            return Ok(());
        }
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        for span in [current - 1, current] {
            if let Entry::Vacant(vacant) = spans.entry(span) {
                let name = format!("span{span}");
                let keyspace = self
                    .database
                    .keyspace(&name, KeyspaceCreateOptions::default)?;
                vacant.insert(keyspace);
            }
        }
        spans.retain(|span, _| *span >= current - 1);
        drop(spans);
        for name in self.database.list_keyspace_names() {
            let old = name
                .strip_prefix("span")
                .and_then(|number| number.parse::<i64>().ok());
            if old.is_some_and(|span| span < current - 1) {
                let keyspace = self
                    .database
                    .keyspace(&name, KeyspaceCreateOptions::default)?;
                self.database.delete_keyspace(keyspace)?;
            }
        }
        Ok(())
    }

    fn spans(&self) -> RwLockReadGuard<'_, BTreeMap<i64, Keyspace>> {
        self.spans.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: &[u8], now: ReceivedTime) -> Result<Option<fjall::UserValue>, fjall::Error> {
        let current = now.micros().div_euclid(self.window_micros);
        for (_, keyspace) in self.spans().range(current - 1..).rev() {
            if let Some(value) = keyspace.get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    pub(super) fn accepted(
        &self,
        message: MessageId,
        now: ReceivedTime,
    ) -> Result<Option<First>, fjall::Error> {
        let value = self.get(&key(b'm', message.as_bytes()), now)?;
        Ok(value.and_then(|bytes| read_first(&bytes)))
    }

    pub(super) fn control(
        &self,
        control: PatientKey,
        now: ReceivedTime,
    ) -> Result<Option<MessageId>, fjall::Error> {
        Ok(self
            .get(&key(b'c', control.as_bytes()), now)?
            .and_then(|bytes| MessageId::from_slice(&bytes)))
    }

    pub(super) fn position(&self, at: &TopicPartition) -> Result<Option<Offset>, fjall::Error> {
        let value = self.positions.get(position_key(at))?;
        Ok(value
            .and_then(|bytes| bytes.as_ref().try_into().ok())
            .map(u64::from_be_bytes))
    }

    pub(super) fn write(&self, answered: &Answered, now: ReceivedTime) -> Result<(), fjall::Error> {
        self.open_spans(now)?;
        let newest = self
            .spans()
            .last_key_value()
            .map(|(_, keyspace)| keyspace.clone());
        let Some(newest) = newest else { return Ok(()) };
        let mut batch = self.database.batch();
        for (id, first) in &answered.messages {
            batch.insert(&newest, key(b'm', id.as_bytes()), write_first(first));
        }
        for (control, id) in &answered.controls {
            batch.insert(&newest, key(b'c', control.as_bytes()), *id.as_bytes());
        }
        for (at, next) in &answered.positions {
            batch.insert(&self.positions, position_key(at), next.to_be_bytes());
        }
        batch.commit()
    }
}

/// When, at which offset, in which partition of which topic; an earlier version wrote only when.
pub(super) fn write_first(first: &First) -> Vec<u8> {
    let mut bytes = first.at.micros().to_be_bytes().to_vec();
    if let Some((at, offset)) = &first.place {
        bytes.extend_from_slice(&offset.to_be_bytes());
        bytes.extend_from_slice(&at.partition.to_be_bytes());
        bytes.extend_from_slice(at.topic.as_bytes());
    }
    bytes
}

pub(super) fn read_first(bytes: &[u8]) -> Option<First> {
    let (micros, rest) = bytes.split_first_chunk()?;
    let place = || {
        let (offset, rest) = rest.split_first_chunk()?;
        let (partition, topic) = rest.split_first_chunk()?;
        let topic = std::str::from_utf8(topic).ok()?;
        let at = TopicPartition::new(topic, u16::from_be_bytes(*partition));
        Some((at, Offset::from_be_bytes(*offset)))
    };
    Some(First {
        at: ReceivedTime::from_micros(i64::from_be_bytes(*micros)),
        place: place(),
    })
}

fn key(kind: u8, id: &[u8; 16]) -> [u8; 17] {
    let mut key = [kind; 17];
    let (_, rest) = key.split_at_mut(1);
    rest.copy_from_slice(id);
    key
}

fn position_key(at: &TopicPartition) -> Vec<u8> {
    format!("{}/{}", at.topic, at.partition).into_bytes()
}
