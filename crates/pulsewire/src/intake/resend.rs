//! Remembers what was accepted, so that a message sent again gets its first answer again and makes no second event.
//!
//! What was answered lately is in memory; once a second it goes to disk, together with the positions in the raw topics
//! up to which the disk is complete. A start reads on from there: nothing is forgotten, and little is read.

mod store;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clinical::{MessageId, PatientKey, ReceivedTime};
use journal::{Journal, Offset, RecordRef, TopicPartition};
use tokio::sync::oneshot;

use store::Store;

use crate::quarantine::REDRIVEN_FROM;

/// How much of a raw topic is read at once at the start.
const READ_BYTES: usize = 1 << 20;
/// At the start, so many messages are in memory before they go to disk.
const CATCH_UP_MESSAGES: usize = 100_000;

/// The raw record's header that holds the message's id.
pub(crate) const MESSAGE_ID: &str = "message-id";
/// The raw record's header that holds the pseudonym of source and control id.
pub(crate) const CONTROL_KEY: &str = "control-key";

/// Why the memory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "the memory of accepted messages cannot be used: {0}; while no process runs it can be deleted, and is rebuilt from the journal"
    )]
    Store(#[from] fjall::Error),
    #[error("the memory of accepted messages cannot be brought up to date: {0}")]
    Journal(#[from] journal::Error),
}

/// The first acceptance of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct First {
    pub(crate) at: ReceivedTime,
    /// Where it is kept; nothing where an earlier version remembered it, which did not say.
    pub(crate) place: Option<(TopicPartition, Offset)>,
}

/// What is known of a message that came in.
pub(crate) enum Known {
    /// Nothing: it is now yours to accept, and you must tell how that ended.
    New {
        /// The sender has used this control id for another body.
        collision: bool,
    },
    /// It is being accepted right now; the answer to that holds for this one too.
    Pending(oneshot::Receiver<Option<First>>),
    /// It was accepted then, and is there.
    Accepted(First),
}

/// Who waits to know how accepting a message ends.
type Waiting = Vec<oneshot::Sender<Option<First>>>;

/// What is not on disk yet.
#[derive(Default)]
struct Recent {
    pending: HashMap<MessageId, Waiting>,
    young: Answered,
    /// What is being written; it is looked at until it can be found on disk.
    older: Option<Arc<Answered>>,
}

impl Recent {
    fn find<T: Clone>(&self, of: impl Fn(&Answered) -> Option<&T>) -> Option<T> {
        let older = || self.older.as_deref().and_then(&of);
        of(&self.young).or_else(older).cloned()
    }
}

/// What was answered since the disk was last written.
#[derive(Default)]
struct Answered {
    messages: HashMap<MessageId, First>,
    controls: HashMap<PatientKey, MessageId>,
    /// For each raw partition, the offset before which all that was kept is answered: answers come in its order.
    positions: HashMap<TopicPartition, Offset>,
}

impl Answered {
    /// An empty one that has room for as much again.
    fn like(&self) -> Self {
        Self {
            messages: HashMap::with_capacity(self.messages.len()),
            controls: HashMap::with_capacity(self.controls.len()),
            positions: HashMap::with_capacity(self.positions.len()),
        }
    }

    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.controls.is_empty() && self.positions.is_empty()
    }

    fn move_on(&mut self, at: &TopicPartition, next: Offset) {
        match self.positions.get_mut(at) {
            Some(position) => *position = next,
            None => {
                self.positions.insert(at.clone(), next);
            }
        }
    }
}

/// The memory of accepted messages.
pub(crate) struct Resends {
    recent: Mutex<Recent>,
    store: Store,
    window: Duration,
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
        let resends = Self {
            recent: Mutex::default(),
            store: Store::open(directory, window, now)?,
            window,
        };
        resends.catch_up(journal, raw, now)?;
        Ok(resends)
    }

    /// Asks for a message by its id and by its source and control id.
    pub(crate) fn ask(
        &self,
        message: MessageId,
        control: PatientKey,
        now: ReceivedTime,
    ) -> Result<Known, Error> {
        let other = match self.ask_recent(message, control) {
            Ok(other) => other,
            Err(known) => return Ok(known),
        };
        // The disk is asked while nobody waits for the lock; whoever asks for the same message waits for this one.
        match self.ask_store(message, control, other, now) {
            Ok(Known::Accepted(first)) => {
                let waiting = self.recent().pending.remove(&message);
                answer(waiting, Some(&first));
                Ok(Known::Accepted(first))
            }
            Err(error) => {
                self.not_accepted(message);
                Err(error)
            }
            known => known,
        }
    }

    /// Looks in memory; where the message is unknown it is pending from here on, and what else had its control id is
    /// given.
    fn ask_recent(
        &self,
        message: MessageId,
        control: PatientKey,
    ) -> Result<Option<MessageId>, Known> {
        let mut recent = self.recent();
        if let Some(waiting) = recent.pending.get_mut(&message) {
            let (sender, receiver) = oneshot::channel();
            waiting.push(sender);
            return Err(Known::Pending(receiver));
        }
        if let Some(first) = recent.find(|one| one.messages.get(&message)) {
            return Err(Known::Accepted(first));
        }
        let other = recent.find(|one| one.controls.get(&control));
        recent.pending.insert(message, Vec::new());
        recent.young.controls.insert(control, message);
        Ok(other)
    }

    fn ask_store(
        &self,
        message: MessageId,
        control: PatientKey,
        other: Option<MessageId>,
        now: ReceivedTime,
    ) -> Result<Known, Error> {
        // No message is on disk without its control id, which is there as early: most are new, and one look tells so.
        let stored = self.store.control(control, now)?;
        if stored.is_some() {
            let in_window =
                |first: &First| now.since(first.at).is_none_or(|age| age <= self.window);
            if let Some(first) = self.store.accepted(message, now)?.filter(in_window) {
                return Ok(Known::Accepted(first));
            }
        }
        let other = other.or(stored);
        let collision = other.is_some_and(|other| other != message);
        Ok(Known::New { collision })
    }

    /// Tells that a new message was accepted, when, and where it is.
    pub(crate) fn accepted(
        &self,
        message: MessageId,
        at: ReceivedTime,
        place: Option<(&TopicPartition, Offset)>,
    ) {
        let first = First {
            at,
            place: place.map(|(partition, offset)| (partition.clone(), offset)),
        };
        let mut recent = self.recent();
        recent.young.messages.insert(message, first.clone());
        if let Some((partition, offset)) = place {
            recent.young.move_on(partition, offset.saturating_add(1));
        }
        let waiting = recent.pending.remove(&message);
        drop(recent);
        answer(waiting, Some(&first));
    }

    /// Tells that a new message was not accepted; it may come again.
    pub(crate) fn not_accepted(&self, message: MessageId) {
        // Its control id stays known: it may be that of another message, which must be found by it.
        let waiting = self.recent().pending.remove(&message);
        answer(waiting, None);
    }

    /// Brings what was answered lately to disk. Call it about once a second.
    pub(crate) fn flush(&self, now: ReceivedTime) -> Result<(), Error> {
        let older = {
            let mut recent = self.recent();
            if recent.older.is_none() && !recent.young.is_empty() {
                let next = recent.young.like();
                let young = std::mem::replace(&mut recent.young, next);
                recent.older = Some(Arc::new(young));
            }
            recent.older.clone()
        };
        if let Some(older) = &older {
            self.store.write(older, now)?;
        }
        let written = self.recent().older.take();
        // Freed here, while nobody waits for the lock.
        drop(written);
        Ok(())
    }

    fn catch_up(
        &self,
        journal: &dyn Journal,
        raw: &[TopicPartition],
        now: ReceivedTime,
    ) -> Result<(), Error> {
        for (at, bounds) in raw.iter().zip(journal.bounds(raw)?) {
            let mut next = self.store.position(at)?.unwrap_or(0).max(bounds.start);
            while next < bounds.end {
                let batch = journal.read(at, next, READ_BYTES)?;
                batch.iter().for_each(|record| self.take_in(at, &record));
                let Some(after) = batch.next_offset() else {
                    break;
                };
                next = after;
                let many = {
                    let mut recent = self.recent();
                    recent.young.move_on(at, next);
                    recent.young.messages.len() >= CATCH_UP_MESSAGES
                };
                if many {
                    self.flush(now)?;
                }
            }
        }
        self.flush(now)
    }

    fn take_in(&self, from: &TopicPartition, record: &RecordRef<'_>) {
        if record.header(REDRIVEN_FROM).is_some() {
            // Its sender was answered when it came first, and gets that answer again.
            return;
        }
        let id = record
            .header(MESSAGE_ID)
            .and_then(|hex| MessageId::parse(std::str::from_utf8(hex).ok()?));
        let control = record
            .header(CONTROL_KEY)
            .and_then(|hex| PatientKey::parse(std::str::from_utf8(hex).ok()?));
        if let (Some(id), Some(control)) = (id, control) {
            let first = First {
                at: ReceivedTime::from_micros(record.received_time),
                place: Some((from.clone(), record.offset)),
            };
            let mut recent = self.recent();
            recent.young.messages.insert(id, first);
            recent.young.controls.insert(control, id);
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells those who wait for a message how it ended.
fn answer(waiting: Option<Waiting>, accepted: Option<&First>) {
    for sender in waiting.into_iter().flatten() {
        // Whoever waited may have gone; then nobody needs the answer.
        let _gone = sender.send(accepted.cloned()).is_err();
    }
}

#[cfg(test)]
mod tests;
