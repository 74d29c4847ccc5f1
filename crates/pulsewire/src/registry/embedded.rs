//! Our own registry: the records of one topic of the journal, and what follows from them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use journal::{Journal, Offset, Record, TopicPartition, Write};
use schema::compatibility::{Break, Mode, Schema};
use schema::registry::{Change, Decision, Refusal, Registered, Registry, Scope, Settings, Which};

use super::{Ask, Error, Kept};
use crate::clock::Clock;
use crate::topics;

/// So much is read at once.
const READ_BYTES: usize = 1 << 20;
/// How long what was written may take to become readable, in all and until it is looked for again.
const READABLE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often a registration is tried that another process came before; each time another one was registered.
const TRIES: usize = 10;

/// A registry over one topic. Who asks waits for who asked before.
pub(crate) struct Embedded {
    journal: Arc<dyn Journal>,
    at: TopicPartition,
    clock: Clock,
    state: Mutex<State>,
}

/// What the records up to an offset say.
#[derive(Default)]
struct State {
    registry: Registry,
    next: Option<Offset>,
}

impl Embedded {
    /// A registry over the topic of schemas; nothing is read before it is asked.
    pub(crate) fn new(journal: Arc<dyn Journal>, clock: Clock) -> Self {
        Self {
            journal,
            at: TopicPartition::new(topics::SCHEMAS, 0),
            clock,
            state: Mutex::default(),
        }
    }

    /// Answers from what was registered up to now.
    pub(crate) fn read<T>(
        &self,
        answer: impl FnOnce(&Registry) -> Result<T, Refusal>,
    ) -> Result<T, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.catch_up(&mut state)?;
        answer(&state.registry).map_err(Error::Refused)
    }

    /// Decides, writes what makes it true, and answers when that is durable and was read back.
    pub(crate) fn change<T>(
        &self,
        decide: impl FnOnce(&Registry) -> Result<Decision<T>, Refusal>,
    ) -> Result<T, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.catch_up(&mut state)?;
        let decision = decide(&state.registry).map_err(Error::Refused)?;
        if decision.changes.is_empty() {
            return Ok(decision.answer);
        }
        // What another process wrote too late and did not take back, perhaps because it ended, goes first.
        let late = state.registry.take_back_late();
        let end = self.append(late.into_iter().chain(decision.changes))?;
        self.read_to(&mut state, end)?;
        Ok(decision.answer)
    }

    /// Writes records together, and gives the offset after the last one.
    fn append(&self, changes: impl Iterator<Item = Change>) -> Result<Offset, Error> {
        let offsets = self.journal.append(Write {
            records: changes
                .map(|change| (self.at.clone(), self.record(change)))
                .collect(),
            offsets: vec![],
        })?;
        let last = offsets.last().copied().unwrap_or_default();
        Ok(last.saturating_add(1))
    }

    /// Registers a schema. Where another process took the version at the same moment and came first, what was written is taken
    /// back and it is decided anew: only what is the version is answered.
    pub(crate) fn register_as(
        &self,
        subject: &str,
        schema: &Schema,
        id: Option<u32>,
        version: Option<u32>,
    ) -> Result<Registered, Error> {
        for _ in 0..TRIES {
            let registered =
                self.change(|registry| registry.register(subject, schema, id, version))?;
            let which = Which::Number(registered.version);
            let kept = self.read(|registry| {
                let kept = registry.version(subject, which, Scope::WithDeleted);
                Ok(kept.map(|found| found.id))
            })?;
            if kept == Ok(registered.id) {
                return Ok(registered);
            }
            self.take_back_late()?;
        }
        Err(Error::Behind)
    }

    fn take_back_late(&self) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.catch_up(&mut state)?;
        let late = state.registry.take_back_late();
        if late.is_empty() {
            return Ok(());
        }
        let end = self.append(late.into_iter())?;
        self.read_to(&mut state, end)
    }

    /// What a schema would break.
    pub(crate) fn breaks(&self, subject: &str, schema: &Schema) -> Result<Vec<Break>, Error> {
        self.read(|registry| Ok(registry.check(subject, schema)))
    }

    fn record(&self, change: Change) -> Record {
        let now = self.clock.now().micros();
        Record {
            key: change.key.into(),
            event_time: now,
            received_time: now,
            headers: vec![("content-type".into(), (*b"application/json").into())],
            value: change.value.map(Into::into),
            ..Record::default()
        }
    }

    fn catch_up(&self, state: &mut State) -> Result<(), Error> {
        let bounds = match self.journal.bounds(std::slice::from_ref(&self.at)) {
            Ok(bounds) => bounds,
            // A journal that no start of this version has seen.
            Err(journal::Error::NoSuchPartition(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some(bounds) = bounds.first().copied() else {
            return Ok(());
        };
        let begin = state.next.is_none_or(|next| next < bounds.start);
        if begin {
            // What was removed may have deleted something: all of it is read again.
            self.journal.follow(&[(self.at.clone(), bounds.start)])?;
            *state = State {
                registry: Registry::default(),
                next: Some(bounds.start),
            };
        }
        self.read_to(state, bounds.end)
    }

    fn read_to(&self, state: &mut State, end: Offset) -> Result<(), Error> {
        let mut waited = Duration::ZERO;
        while let Some(next) = state.next.filter(|next| *next < end) {
            let seen = self.journal.wait(0, Duration::ZERO);
            let batch = self.journal.read(&self.at, next, READ_BYTES)?;
            for record in &batch {
                state.registry.apply(record.key, record.value)?;
            }
            match batch.next_offset().filter(|after| *after > next) {
                Some(after) => state.next = Some(after),
                None if waited >= READABLE_WITHIN => return Err(Error::Behind),
                None => {
                    self.journal.wait(seen, LOOK_EVERY);
                    waited += LOOK_EVERY;
                }
            }
        }
        Ok(())
    }
}

impl Ask for Embedded {
    fn subjects(&self) -> Result<Vec<String>, Error> {
        self.read(|registry| {
            let subjects = registry.subjects(Scope::Present).into_iter();
            Ok(subjects.map(str::to_owned).collect())
        })
    }

    fn versions(&self, subject: &str) -> Result<Vec<u32>, Error> {
        self.read(|registry| {
            Ok(registry
                .versions(subject, Scope::Present)
                .unwrap_or_default())
        })
    }

    fn version(&self, subject: &str, number: Option<u32>) -> Result<Kept, Error> {
        let which = number.map_or(Which::Latest, Which::Number);
        self.read(|registry| {
            let found = registry.version(subject, which, Scope::Present)?;
            Ok(Kept {
                version: found.version,
                id: found.id,
                language: found.schema.language().name().to_owned(),
                text: found.schema.text().to_owned(),
            })
        })
    }

    fn lookup(&self, subject: &str, schema: &Schema) -> Result<Option<u32>, Error> {
        self.read(|registry| {
            let found = registry.lookup(subject, schema, Scope::Present);
            Ok(found.ok().map(|found| found.id))
        })
    }

    fn check(&self, subject: &str, schema: &Schema) -> Result<Vec<String>, Error> {
        let breaks = self.breaks(subject, schema)?;
        Ok(breaks.iter().map(Break::sentence).collect())
    }

    fn register(&self, subject: &str, schema: &Schema) -> Result<u32, Error> {
        let registered = self.register_as(subject, schema, None, None)?;
        Ok(registered.id)
    }

    fn settings(&self, subject: &str) -> Result<Settings, Error> {
        self.read(|registry| Ok(registry.settings(Some(subject))))
    }

    fn own_settings(&self, subject: &str) -> Result<Option<Settings>, Error> {
        self.read(|registry| Ok(registry.own_settings(subject)))
    }

    fn settle(&self, subject: &str, mode: Mode) -> Result<(), Error> {
        let settings = Settings {
            mode,
            ..self.settings(subject)?
        };
        // What holds for all need not be said of one.
        if settings == self.settings(subject)? {
            return Ok(());
        }
        self.change(|registry| Ok(registry.set_settings(Some(subject), settings)))
            .map(drop)
    }
}

#[cfg(test)]
mod tests;
