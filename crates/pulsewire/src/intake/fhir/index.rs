//! What each resource that came over HTTP last was: where, which version, and by which identifiers it is found.
//!
//! What changed lately is in memory; once a second it goes to disk, together with the positions in the raw topic up to which
//! the disk is complete. A start reads on from there.

mod entry;
mod store;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clinical::SiteKey;
use journal::{Journal, Offset, RecordRef, TopicPartition};

use super::{Token, identity};
use crate::intake::keep::Kept;

pub(crate) use entry::{DELETE, Entry, State, VERSION, hash, identifiers};
use store::Store;

/// How much of the raw topic is read at once at the start.
const READ_BYTES: usize = 1 << 20;
/// At the start, so many resources are in memory before they go to disk.
const CATCH_UP_RESOURCES: usize = 100_000;

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "the index of resources cannot be used: {0}; while no process runs it can be deleted, and is rebuilt from the journal"
    )]
    Store(#[from] fjall::Error),
    #[error("the index of resources cannot be brought up to date: {0}")]
    Journal(#[from] journal::Error),
}

/// The pseudonym of a resource or of an identifier: what they are found by.
pub(super) type Key = [u8; 16];

/// The pseudonym of a resource of a source.
pub(super) fn name(site: &SiteKey, source: &str, resource_type: &str, id: &str) -> Key {
    *site
        .unassigned(source, format!("{resource_type}/{id}").as_bytes())
        .as_bytes()
}

/// The pseudonym of an identifier of resources of a type of a source.
fn identifier(
    site: &SiteKey,
    source: &str,
    resource_type: &str,
    (system, value): (&str, &str),
) -> Key {
    let text = format!(
        "identifier|{resource_type}|{}|{system}|{value}",
        system.len()
    );
    *site.unassigned(source, text.as_bytes()).as_bytes()
}

/// What a resource is found by that has an identifier: the identifier, and its value whatever the system.
pub(super) fn identifiers_of(
    site: &SiteKey,
    source: &str,
    resource_type: &str,
    (system, value): &(String, String),
) -> [Key; 2] {
    let any = Token {
        system: None,
        value: value.clone(),
    };
    let whole = identifier(site, source, resource_type, (system, value));
    [whole, token(site, source, resource_type, &any)]
}

/// The pseudonym of an identifier that is looked for.
pub(super) fn token(site: &SiteKey, source: &str, resource_type: &str, wanted: &Token) -> Key {
    let value = &wanted.value;
    match &wanted.system {
        Some(system) => identifier(site, source, resource_type, (system, value)),
        None => {
            let text = format!("identifier|{resource_type}|any|{value}");
            *site.unassigned(source, text.as_bytes()).as_bytes()
        }
    }
}

/// A change of one resource, worked out before it is kept.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The number of the record that makes it true.
    pub(super) record: usize,
    pub(super) name: Key,
    pub(super) state: State,
    /// What it was found by before.
    pub(super) former: Vec<Key>,
}

/// Changes and where their records are kept, in memory.
#[derive(Debug, Default)]
struct Young {
    entries: HashMap<Key, Entry>,
    /// Which resources have an identifier: all of them, by their names.
    lists: HashMap<Key, Vec<Key>>,
    positions: HashMap<TopicPartition, Offset>,
}

#[derive(Debug, Default)]
struct Recent {
    young: Young,
    older: Option<Arc<Young>>,
}

impl Recent {
    fn find<T: Clone>(&self, of: impl Fn(&Young) -> Option<&T>) -> Option<T> {
        let older = || self.older.as_deref().and_then(&of);
        of(&self.young).or_else(older).cloned()
    }
}

/// The index.
pub(crate) struct Index {
    recent: Mutex<Recent>,
    store: Store,
}

impl Index {
    /// Opens it and reads what the journal has beyond it.
    pub(crate) fn open(
        directory: &Path,
        journal: &dyn Journal,
        raw: &[TopicPartition],
        site: &SiteKey,
    ) -> Result<Self, Error> {
        let index = Self {
            recent: Mutex::default(),
            store: Store::open(directory)?,
        };
        for (at, bounds) in raw.iter().zip(journal.bounds(raw)?) {
            let mut next = index.store.position(at)?.unwrap_or(0).max(bounds.start);
            while next < bounds.end {
                let batch = journal.read(at, next, READ_BYTES)?;
                for record in batch.iter() {
                    index.take_in(at, &record, site)?;
                }
                let Some(after) = batch.next_offset() else {
                    break;
                };
                next = after;
                let many = {
                    let mut recent = index.recent();
                    recent.young.positions.insert(at.clone(), next);
                    recent.young.entries.len() >= CATCH_UP_RESOURCES
                };
                if many {
                    index.flush()?;
                }
            }
        }
        index.flush()?;
        Ok(index)
    }

    /// What a resource last was.
    pub(super) fn get(&self, name: &Key) -> Result<Option<Entry>, Error> {
        let found = self.recent().find(|young| young.entries.get(name));
        match found {
            Some(entry) => Ok(Some(entry)),
            None => Ok(self.store.entry(name)?),
        }
    }

    /// The resources that have an identifier.
    pub(super) fn having(&self, identifier: &Key) -> Result<Vec<Entry>, Error> {
        let mut found = Vec::new();
        for name in self.list(identifier)? {
            found.extend(self.get(&name)?.filter(|entry| !entry.state.deleted));
        }
        Ok(found)
    }

    fn list(&self, identifier: &Key) -> Result<Vec<Key>, Error> {
        let found = self.recent().find(|young| young.lists.get(identifier));
        match found {
            Some(list) => Ok(list),
            None => Ok(self.store.list(identifier)?),
        }
    }

    /// Works out what changes are to be written where they are kept; whoever calls it holds the names of the resources and
    /// of their identifiers, the former ones included, until [`Prepared::apply`].
    pub(super) fn prepare(self: &Arc<Self>, changes: Vec<Change>) -> Result<Prepared, Error> {
        let changes = last_of_each(changes);
        let mut lists: HashMap<Key, Vec<Key>> = HashMap::new();
        for change in &changes {
            let now = match change.state.deleted {
                true => &[][..],
                false => &change.state.identifiers,
            };
            let gone = change.former.iter().filter(|one| !now.contains(one));
            for identifier in gone {
                self.listed(&mut lists, identifier)?
                    .retain(|name| *name != change.name);
            }
            for identifier in now {
                let list = self.listed(&mut lists, identifier)?;
                if !list.contains(&change.name) {
                    list.push(change.name);
                }
            }
        }
        Ok(Prepared {
            index: Arc::clone(self),
            changes,
            lists,
        })
    }

    fn listed<'l>(
        &self,
        lists: &'l mut HashMap<Key, Vec<Key>>,
        identifier: &Key,
    ) -> Result<&'l mut Vec<Key>, Error> {
        if !lists.contains_key(identifier) {
            lists.insert(*identifier, self.list(identifier)?);
        }
        Ok(lists.entry(*identifier).or_default())
    }

    /// Brings what changed lately to disk. Call it about once a second.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let older = {
            let mut recent = self.recent();
            if recent.older.is_none() && !recent.young.positions.is_empty() {
                let young = std::mem::take(&mut recent.young);
                recent.older = Some(Arc::new(young));
            }
            recent.older.clone()
        };
        if let Some(older) = &older {
            self.store
                .write(&older.entries, &older.lists, &older.positions)?;
        }
        let written = self.recent().older.take();
        // Freed here, while nobody waits for the lock.
        drop(written);
        Ok(())
    }

    /// Takes in a record of an earlier run.
    fn take_in(
        &self,
        at: &TopicPartition,
        record: &RecordRef<'_>,
        site: &SiteKey,
    ) -> Result<(), Error> {
        let Some(state) = State::of_record(record, site) else {
            return Ok(());
        };
        let name = state.name(site);
        let before = self.get(&name)?.map(|entry| entry.state);
        // Of a resource whose patient changed, records stand in two partitions: the newest version is the one.
        if before
            .as_ref()
            .is_some_and(|before| before.version > state.version)
        {
            return Ok(());
        }
        let mut lists = HashMap::new();
        let before = before.map(|before| before.identifiers).unwrap_or_default();
        for identifier in &before {
            self.listed(&mut lists, identifier)?
                .retain(|one| *one != name);
        }
        if !state.deleted {
            for identifier in &state.identifiers {
                self.listed(&mut lists, identifier)?.push(name);
            }
        }
        let unknown = self.placeholder(&state, record, site)?;
        let entry = |state| Entry {
            state,
            partition: at.partition,
            offset: record.offset,
        };
        let mut recent = self.recent();
        let placed = unknown.map(|(name, state)| (name, entry(state)));
        recent.young.entries.extend(placed);
        recent.young.entries.insert(name, entry(state));
        recent.young.lists.extend(lists);
        Ok(())
    }

    /// The patient whom a record is about and who is not known: how it was kept tells so.
    fn placeholder(
        &self,
        state: &State,
        record: &RecordRef<'_>,
        site: &SiteKey,
    ) -> Result<Option<(Key, State)>, Error> {
        let Some(id) = identity::referred_patient(record.value.unwrap_or_default()) else {
            return Ok(None);
        };
        let key = identity::unidentified(site, &state.source, &id);
        let name = name(site, &state.source, "Patient", &id);
        if state.key != key || self.get(&name)?.is_some() {
            return Ok(None);
        }
        Ok(Some((name, identity::placeholder(&state.source, &id, key))))
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last of several changes of one resource is what it is afterwards.
fn last_of_each(changes: Vec<Change>) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::with_capacity(changes.len());
    let mut places: HashMap<Key, usize> = HashMap::with_capacity(changes.len());
    for change in changes {
        let place = *places.entry(change.name).or_insert(all.len());
        match all.get_mut(place) {
            Some(earlier) => {
                earlier.former.extend(change.former);
                earlier.record = change.record;
                earlier.state = change.state;
            }
            None => all.push(change),
        }
    }
    all
}

/// Changes that come true when their records are durable.
pub(super) struct Prepared {
    index: Arc<Index>,
    changes: Vec<Change>,
    lists: HashMap<Key, Vec<Key>>,
}

impl Prepared {
    /// Makes them true, with where their records are kept.
    pub(super) fn apply(self, kept: &[Option<Kept>]) {
        let mut recent = self.index.recent();
        for change in self.changes {
            let Some(Some(kept)) = kept.get(change.record) else {
                continue;
            };
            let entry = Entry {
                state: State {
                    at: kept.at,
                    ..change.state
                },
                partition: kept.partition,
                offset: kept.offset,
            };
            let at = TopicPartition::new(Arc::clone(&kept.topic), kept.partition);
            recent.young.entries.insert(change.name, entry);
            recent
                .young
                .positions
                .insert(at, kept.offset.saturating_add(1));
        }
        recent.young.lists.extend(self.lists);
    }
}
