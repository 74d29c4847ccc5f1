//! How far each subscription was taken in: written to the journal with what was taken in, and read from there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clinical::{MessageId, PatientKey, SiteKey};
use journal::{Journal, Offset, TopicPartition, partition_for};
use serde::{Deserialize, Serialize};

use super::position::{OLD_MICROS, Position, Stands};
use crate::intake::activity::Sign;
use crate::intake::keep::{Received, Way};
use crate::topics;

/// What a position is called on its topic.
const CONTENT_TYPE: &str = "application/vnd.pulsewire.subscription-position+json";
/// How much of the topic is read at once.
const READ_BYTES: usize = 1 << 20;

/// Which subscription of which source; where its server does not say, it has no id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) source: Arc<str>,
    pub(super) subscription: Arc<str>,
}

impl Name {
    fn key(&self, site: &SiteKey) -> PatientKey {
        let text = format!("subscription|{}", self.subscription);
        site.unassigned(&self.source, text.as_bytes())
    }
}

/// What a record of the topic says.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    source: String,
    subscription: String,
    #[serde(flatten)]
    position: Position,
    /// When it was written, in microseconds since the epoch.
    at: i64,
}

/// All positions, as far as the journal was read.
pub(super) struct Book {
    site: SiteKey,
    partitions: u16,
    at: Vec<TopicPartition>,
    all: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    positions: BTreeMap<Name, Position>,
    /// When each was written last.
    written: BTreeMap<Name, i64>,
    next: BTreeMap<u16, Offset>,
}

impl Book {
    /// Reads all that is there.
    pub(super) fn open(
        journal: &dyn Journal,
        partitions: u16,
        site: SiteKey,
    ) -> Result<Self, journal::Error> {
        let at =
            (0..partitions).map(|partition| TopicPartition::new(topics::SUBSCRIPTION, partition));
        let book = Self {
            site,
            partitions,
            at: at.collect(),
            all: Mutex::default(),
        };
        book.read_on(journal)?;
        Ok(book)
    }

    /// Reads what others and this process have written since.
    pub(super) fn read_on(&self, journal: &dyn Journal) -> Result<(), journal::Error> {
        self.read_from(journal, &self.at)
    }

    /// How far a subscription was taken in, by all who share the journal.
    pub(super) fn position(
        &self,
        journal: &dyn Journal,
        name: &Name,
    ) -> Result<Position, journal::Error> {
        let partition = partition_for(name.key(&self.site).as_bytes(), self.partitions);
        let its = TopicPartition::new(topics::SUBSCRIPTION, partition);
        self.read_from(journal, &[its])?;
        Ok(self.known(name))
    }

    /// The same, as far as the journal was read.
    pub(super) fn known(&self, name: &Name) -> Position {
        self.all().positions.get(name).cloned().unwrap_or_default()
    }

    /// Whether a position says what is not written, or was written long ago.
    pub(super) fn is_due(&self, name: &Name, position: &Position, now: i64) -> bool {
        let all = self.all();
        let written = all.written.get(name).copied();
        let is_old = written.is_none_or(|at| now.saturating_sub(at) > OLD_MICROS);
        is_old || all.positions.get(name) != Some(position)
    }

    /// Takes in a position that has been written at a time.
    pub(super) fn note(&self, name: &Name, position: &Position, at: i64) {
        let mut all = self.all();
        all.positions
            .entry(name.clone())
            .or_default()
            .merge(position);
        let written = all.written.entry(name.clone()).or_default();
        *written = at.max(*written);
    }

    /// The subscriptions of which something is missing.
    pub(super) fn behind(&self) -> Vec<Name> {
        let known = self.all();
        let behind = known
            .positions
            .iter()
            .filter(|(_, position)| position.missing().next().is_some());
        behind.map(|(name, _)| name.clone()).collect()
    }

    /// How subscriptions stand at their servers, those that said so.
    pub(super) fn standings(&self) -> Vec<(Name, Stands)> {
        let known = self.all();
        let all = known.positions.iter();
        all.filter_map(|(name, position)| Some((name.clone(), position.standing.clone()?)))
            .collect()
    }

    /// How many events of a source are missing.
    pub(super) fn missing(&self, source: &str) -> u64 {
        let known = self.all();
        let its = known
            .positions
            .iter()
            .filter(|(name, _)| &*name.source == source);
        its.map(|(_, position)| position.missing_count()).sum()
    }

    /// The record that says how far a subscription was taken in.
    pub(super) fn record(&self, name: &Name, position: &Position, at: i64) -> Received {
        let line = Line {
            source: name.source.to_string(),
            subscription: name.subscription.to_string(),
            position: position.clone(),
            at,
        };
        let bytes = serde_json::to_vec(&line).expect("a position is texts and numbers");
        Received {
            topic: topics::SUBSCRIPTION.into(),
            key: name.key(&self.site),
            id: MessageId::derive(&[b"subscription", &bytes]),
            control: None,
            content_type: CONTENT_TYPE,
            source: Arc::clone(&name.source),
            way: Way::Http,
            event_time: None,
            backfill: false,
            headers: Vec::new(),
            sign: Sign {
                signals: vec!["subscription"],
                made: None,
            },
            bytes: bytes.into(),
        }
    }

    fn read_from(
        &self,
        journal: &dyn Journal,
        at: &[TopicPartition],
    ) -> Result<(), journal::Error> {
        for (at, bounds) in at.iter().zip(journal.bounds(at)?) {
            let known = self.all().next.get(&at.partition).copied();
            let mut next = known.unwrap_or(0).max(bounds.start);
            while next < bounds.end {
                let batch = journal.read(at, next, READ_BYTES)?;
                for record in batch.iter() {
                    let line = serde_json::from_slice::<Line>(record.value.unwrap_or_default());
                    match line {
                        Ok(line) => {
                            let name = Name {
                                source: line.source.into(),
                                subscription: line.subscription.into(),
                            };
                            self.note(&name, &line.position, line.at);
                        }
                        Err(error) => {
                            tracing::warn!(%error, offset = record.offset, "a position of a subscription cannot be read; its events are asked for again");
                        }
                    }
                }
                let Some(after) = batch.next_offset() else {
                    break;
                };
                next = after;
            }
            self.all().next.insert(at.partition, next);
        }
        Ok(())
    }

    fn all(&self) -> MutexGuard<'_, Known> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
