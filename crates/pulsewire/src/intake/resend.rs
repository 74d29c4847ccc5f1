//! Remembers what was accepted, so that a message sent again gets its first answer again and makes no second event.
//!
//! What was answered lately is in memory; once a second it goes to disk, together with the positions in the raw topics
//! up to which the disk is complete. A start reads on from there: nothing is forgotten, and little is read.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clinical::{MessageId, PatientKey, ReceivedTime};
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use journal::{Journal, Offset, RecordRef, TopicPartition};
use tokio::sync::oneshot;

/// The keyspace that holds the positions up to which the others are complete.
const POSITIONS: &str = "positions";
/// How much of a raw topic is read at once at the start.
const READ_BYTES: usize = 1 << 20;
/// How much memory the store may take for blocks; lookups are rare beyond what is recent.
const CACHE_BYTES: u64 = 32 << 20;

/// The raw record's header that holds the message's id.
pub(crate) const MESSAGE_ID: &str = "message-id";
/// The raw record's header that holds the pseudonym of source and control id.
pub(crate) const CONTROL_KEY: &str = "control-key";

/// Why the memory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "the memory of accepted messages cannot be used: {0}; it can be deleted and is rebuilt from the journal"
    )]
    Store(#[from] fjall::Error),
    #[error("the memory of accepted messages cannot be brought up to date: {0}")]
    Journal(#[from] journal::Error),
}

/// What is known of a message that came in.
pub(crate) enum Known {
    /// Nothing: it is now yours to accept, and you must tell how that ended.
    New {
        /// The sender has used this control id for another body.
        collision: bool,
    },
    /// It is being accepted right now; the answer to that holds for this one too.
    Pending(oneshot::Receiver<Option<ReceivedTime>>),
    /// It was accepted then.
    Accepted(ReceivedTime),
}

enum Entry {
    Pending(Vec<oneshot::Sender<Option<ReceivedTime>>>),
    Accepted(ReceivedTime),
}

#[derive(Default)]
struct Recent {
    messages: HashMap<MessageId, Entry>,
    controls: HashMap<PatientKey, MessageId>,
}

/// The memory of accepted messages.
pub(crate) struct Resends {
    recent: Mutex<Recent>,
    store: Mutex<Store>,
    window: Duration,
}

/// The two spans of one window each in which a message can still be remembered.
struct Store {
    database: Database,
    positions: Keyspace,
    spans: BTreeMap<i64, Keyspace>,
    window_micros: i64,
}

impl Resends {
    /// Opens the memory and reads what the journal has beyond it.
    pub(crate) fn open(
        directory: &Path,
        window: Duration,
        journal: &dyn Journal,
        raw: &[TopicPartition],
        now: ReceivedTime,
    ) -> Result<Self, Error> {
        let database = Database::builder(directory)
            .cache_size(CACHE_BYTES)
            .open()?;
        let positions = database.keyspace(POSITIONS, KeyspaceCreateOptions::default)?;
        let window_micros = i64::try_from(window.as_micros()).unwrap_or(i64::MAX).max(1);
        let mut store = Store {
            database,
            positions,
            spans: BTreeMap::new(),
            window_micros,
        };
        store.open_spans(now)?;
        let resends = Self {
            recent: Mutex::default(),
            store: Mutex::new(store),
            window,
        };
        resends.catch_up(journal, raw)?;
        resends.flush(journal, raw, now)?;
        Ok(resends)
    }

    /// Asks for a message by its id and by its source and control id.
    pub(crate) fn ask(
        &self,
        message: MessageId,
        control: PatientKey,
        now: ReceivedTime,
    ) -> Result<Known, Error> {
        let mut recent = self.recent();
        match recent.messages.get_mut(&message) {
            Some(Entry::Pending(waiting)) => {
                let (sender, receiver) = oneshot::channel();
                waiting.push(sender);
                return Ok(Known::Pending(receiver));
            }
            Some(Entry::Accepted(at)) => return Ok(Known::Accepted(*at)),
            None => {}
        }
        let other = recent.controls.get(&control).copied();
        let (stored, stored_other) = {
            let store = self.store();
            (
                store.accepted(message, now)?,
                if other.is_none() {
                    store.control(control, now)?
                } else {
                    None
                },
            )
        };
        if let Some(at) = stored.filter(|at| now.since(*at).is_none_or(|age| age <= self.window)) {
            return Ok(Known::Accepted(at));
        }
        let collision = other.or(stored_other).is_some_and(|other| other != message);
        recent.messages.insert(message, Entry::Pending(Vec::new()));
        recent.controls.insert(control, message);
        Ok(Known::New { collision })
    }

    /// Tells how accepting a new message ended: when it was accepted, or nothing if it was not.
    pub(crate) fn ended(
        &self,
        message: MessageId,
        control: PatientKey,
        accepted: Option<ReceivedTime>,
    ) {
        let mut recent = self.recent();
        let before = match accepted {
            Some(at) => recent.messages.insert(message, Entry::Accepted(at)),
            None => {
                recent.controls.remove(&control);
                recent.messages.remove(&message)
            }
        };
        drop(recent);
        if let Some(Entry::Pending(waiting)) = before {
            for sender in waiting {
                // Whoever waited may have gone; then nobody needs the answer.
                let _gone = sender.send(accepted).is_err();
            }
        }
    }

    /// Brings what was answered lately to disk. Call it about once a second.
    pub(crate) fn flush(
        &self,
        journal: &dyn Journal,
        raw: &[TopicPartition],
        now: ReceivedTime,
    ) -> Result<(), Error> {
        // In this order: what can be read now was answered before, so it is among what is written below.
        let bounds = journal.bounds(raw)?;
        let (messages, controls) = {
            let recent = self.recent();
            let accepted = recent
                .messages
                .iter()
                .filter_map(|(id, entry)| match entry {
                    Entry::Accepted(at) => Some((*id, *at)),
                    Entry::Pending(_) => None,
                });
            let messages: Vec<_> = accepted.collect();
            let known: Vec<_> = recent
                .controls
                .iter()
                .map(|(control, id)| (*control, *id))
                .collect();
            (messages, known)
        };
        self.store().write(
            &messages,
            &controls,
            raw.iter().zip(bounds.iter().map(|b| b.end)),
            now,
        )?;
        let mut recent = self.recent();
        for (id, _) in &messages {
            recent.messages.remove(id);
        }
        for (control, id) in &controls {
            let pending = recent.messages.contains_key(id);
            if !pending && recent.controls.get(control) == Some(id) {
                recent.controls.remove(control);
            }
        }
        Ok(())
    }

    fn catch_up(&self, journal: &dyn Journal, raw: &[TopicPartition]) -> Result<(), Error> {
        for (at, bounds) in raw.iter().zip(journal.bounds(raw)?) {
            let mut next = self.store().position(at)?.unwrap_or(0).max(bounds.start);
            while next < bounds.end {
                let batch = journal.read(at, next, READ_BYTES)?;
                batch.iter().for_each(|record| self.take_in(&record));
                let Some(after) = batch.next_offset() else {
                    break;
                };
                next = after;
            }
        }
        Ok(())
    }

    fn take_in(&self, record: &RecordRef<'_>) {
        let id = record
            .header(MESSAGE_ID)
            .and_then(|hex| MessageId::parse(std::str::from_utf8(hex).ok()?));
        let control = record
            .header(CONTROL_KEY)
            .and_then(|hex| PatientKey::parse(std::str::from_utf8(hex).ok()?));
        if let (Some(id), Some(control)) = (id, control) {
            let mut recent = self.recent();
            recent.messages.insert(
                id,
                Entry::Accepted(ReceivedTime::from_micros(record.received_time)),
            );
            recent.controls.insert(control, id);
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Opens the span of a time and the one before, and deletes what is older.
    fn open_spans(&mut self, now: ReceivedTime) -> Result<(), fjall::Error> {
        let current = now.micros().div_euclid(self.window_micros);
        if self.spans.contains_key(&current) {
            return Ok(());
        }
        for span in [current - 1, current] {
            if !self.spans.contains_key(&span) {
                let keyspace = self
                    .database
                    .keyspace(&format!("span{span}"), KeyspaceCreateOptions::default)?;
                self.spans.insert(span, keyspace);
            }
        }
        self.spans.retain(|span, _| *span >= current - 1);
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

    fn get(&self, key: &[u8], now: ReceivedTime) -> Result<Option<fjall::UserValue>, fjall::Error> {
        let current = now.micros().div_euclid(self.window_micros);
        for keyspace in self
            .spans
            .range(current - 1..)
            .rev()
            .map(|(_, keyspace)| keyspace)
        {
            if let Some(value) = keyspace.get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn accepted(
        &self,
        message: MessageId,
        now: ReceivedTime,
    ) -> Result<Option<ReceivedTime>, fjall::Error> {
        let value = self.get(&key(b'm', message.as_bytes()), now)?;
        Ok(value
            .and_then(|bytes| bytes.as_ref().try_into().ok())
            .map(|bytes| ReceivedTime::from_micros(i64::from_be_bytes(bytes))))
    }

    fn control(
        &self,
        control: PatientKey,
        now: ReceivedTime,
    ) -> Result<Option<MessageId>, fjall::Error> {
        Ok(self
            .get(&key(b'c', control.as_bytes()), now)?
            .and_then(|bytes| MessageId::from_slice(&bytes)))
    }

    fn position(&self, at: &TopicPartition) -> Result<Option<Offset>, fjall::Error> {
        let value = self.positions.get(position_key(at))?;
        Ok(value
            .and_then(|bytes| bytes.as_ref().try_into().ok())
            .map(u64::from_be_bytes))
    }

    fn write<'p>(
        &mut self,
        messages: &[(MessageId, ReceivedTime)],
        controls: &[(PatientKey, MessageId)],
        positions: impl Iterator<Item = (&'p TopicPartition, Offset)>,
        now: ReceivedTime,
    ) -> Result<(), fjall::Error> {
        self.open_spans(now)?;
        let newest = self
            .spans
            .last_key_value()
            .map(|(_, keyspace)| keyspace.clone());
        let Some(newest) = newest else { return Ok(()) };
        let mut batch = self.database.batch();
        for (id, at) in messages {
            batch.insert(&newest, key(b'm', id.as_bytes()), at.micros().to_be_bytes());
        }
        for (control, id) in controls {
            batch.insert(&newest, key(b'c', control.as_bytes()), *id.as_bytes());
        }
        for (at, end) in positions {
            batch.insert(&self.positions, position_key(at), end.to_be_bytes());
        }
        batch.commit()
    }
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
