//! Where a task with a changelog starts: its store is brought up to the changelog's end, a slice at a time.

use crate::changelog::{Change, read};
use crate::recovery::start_anew;
use crate::{ChangelogPosition, Head, Key, Recovery, Store, StoreBatch, Tag, TaskError};
use journal::{Bounds, Journal, Offset, RecordRef, TopicPartition};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is read of a changelog at a time.
const READ_BYTES: usize = 1 << 20;
/// A slice writes about this much to the store.
const SLICE_BYTES: usize = 4 << 20;
/// A slice that finds nothing to be read waits so long for the end of an open transaction.
const WAIT: Duration = Duration::from_millis(100);
/// So much patience costs a wait that nothing has ended.
const WAIT_COST: u32 = 100;
/// So much patience costs a wait that something else in the journal has ended.
const WAKE_COST: u32 = 1;
/// The patience for one place: a minute of waits, well over the time after which brokers take back an open transaction.
const PATIENCE: u32 = 60_000;

/// The restoring of a store from its changelog.
///
/// Compaction removes a deletion some time after it was written, and a store that was away for longer would keep for ever
/// what was deleted. Clocks tell that badly, so the records are counted: each commit's head says how many there were by
/// then. Where fewer are found after the store's place, compaction has been there, and the store is made anew from the
/// changelog's start, which is always right.
#[derive(Debug)]
pub(crate) struct Restore {
    from: TopicPartition,
    /// Before this, everything is to be restored: also what is of a transaction that is still open, since it may be
    /// committed yet.
    until: Offset,
    place: ChangelogPosition,
    /// As of the last commit that was restored.
    head: Head,
    /// Whether nothing was in the store when reading began: what compaction has removed by then is not missed.
    is_anew: bool,
    patience: u32,
}

/// The changes of a slice: the last one of each key and timer.
#[derive(Debug, Default)]
struct Changes {
    states: BTreeMap<Key, Option<Box<[u8]>>>,
    timers: BTreeMap<(Key, Tag), Option<i64>>,
    bytes: usize,
}

impl Restore {
    /// Finds out where to start; wipes a store that does not fit the changelog.
    pub(crate) fn open(
        journal: &dyn Journal,
        store: &mut impl Store,
        from: TopicPartition,
        recovery: &mut Recovery,
    ) -> Result<Self, TaskError> {
        let of = std::slice::from_ref(&from);
        let bounds = one(journal.bounds(of)?)?;
        let until = one(journal.written(of)?)?;
        let head = store.head()?;
        let place = head.as_ref().and_then(|head| head.changelog);
        let mut restore = Self {
            from,
            until,
            place: place.unwrap_or_default(),
            head: head.unwrap_or_default(),
            is_anew: false,
            patience: PATIENCE,
        };
        let why = match place {
            None => "there is no state of this format that was kept with a changelog",
            Some(place) if place.next < bounds.start => {
                "the state is older than what the changelog still holds"
            }
            Some(place) if place.next > until => "the state is ahead of the changelog",
            Some(_) => return Ok(restore),
        };
        restore.start_anew(store, bounds)?;
        recovery.rebuilt = (until > bounds.start).then_some(why);
        Ok(restore)
    }

    /// Gives where it reads on.
    pub(crate) fn position(&self) -> (TopicPartition, Offset) {
        (self.from.clone(), self.place.next)
    }

    /// Counts what is left, control records of the journal included.
    pub(crate) fn left(&self) -> u64 {
        self.until.saturating_sub(self.place.next)
    }

    /// Gives what the restored state is true for.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Gives how much of the changelog is restored.
    pub(crate) fn place(&self) -> ChangelogPosition {
        self.place
    }

    /// Reads a slice and writes it to the store; waits a little where nothing can be read yet.
    pub(crate) fn advance(
        &mut self,
        journal: &dyn Journal,
        store: &mut impl Store,
        recovery: &mut Recovery,
    ) -> Result<(), TaskError> {
        let newest = journal.wait(0, Duration::ZERO);
        let (before, mut changes) = (self.place.next, Changes::default());
        while self.left() > 0 && changes.bytes < SLICE_BYTES {
            let batch = journal.read(&self.from, self.place.next, READ_BYTES)?;
            let Some(next) = batch.next_offset().filter(|next| *next > self.place.next) else {
                break;
            };
            for record in &batch {
                if !self.take(&record, &mut changes)? {
                    let bounds = one(journal.bounds(std::slice::from_ref(&self.from))?)?;
                    self.start_anew(store, bounds)?;
                    journal.follow(&[self.position()])?;
                    recovery.rebuilt = Some(
                        "the changelog was compacted since the state was stored: what was deleted then is not told any more",
                    );
                    return Ok(());
                }
            }
            recovery.restored += batch.len() as u64;
            self.place.next = next;
        }
        if self.place.next > before {
            self.patience = PATIENCE;
            let head = Head {
                changelog: Some(self.place),
                ..self.head.clone()
            };
            store.apply(changes.into_batch(head))?;
        } else if self.left() > 0 {
            self.wait(journal, newest)?;
        }
        Ok(())
    }

    fn start_anew(&mut self, store: &mut impl Store, bounds: Bounds) -> Result<(), TaskError> {
        self.place = ChangelogPosition {
            next: bounds.start,
            records: 0,
        };
        self.head = start_anew(store, Some(self.place))?;
        self.is_anew = true;
        Ok(())
    }

    /// Takes in a record; `false` where records before it are missing.
    fn take(&mut self, record: &RecordRef<'_>, changes: &mut Changes) -> Result<bool, TaskError> {
        self.place.records += 1;
        changes.bytes += record.key.len() + record.value.map_or(0, <[u8]>::len);
        match read(record) {
            Some(Change::State(key, state)) => {
                changes.states.insert(key.into(), state.map(Into::into));
            }
            Some(Change::Timer(key, tag, at)) => {
                changes.timers.insert((key.into(), tag.into()), at);
            }
            Some(Change::Head(records, head)) => {
                if !self.is_anew && records != self.place.records {
                    return Ok(false);
                }
                self.place.records = records;
                self.head = head;
            }
            None => {
                let (changelog, offset) = (self.from.clone(), record.offset);
                return Err(TaskError::ForeignChange { changelog, offset });
            }
        }
        Ok(true)
    }

    fn wait(&mut self, journal: &dyn Journal, newest: u64) -> Result<(), TaskError> {
        let woken = journal.wait(newest, WAIT) > newest;
        let cost = if woken { WAKE_COST } else { WAIT_COST };
        self.patience = self.patience.saturating_sub(cost);
        if self.patience == 0 {
            return Err(TaskError::Unrestored {
                changelog: self.from.clone(),
                offset: self.place.next,
                until: self.until,
            });
        }
        Ok(())
    }
}

/// Gives the next offset of each input once the state is restored.
///
/// The changelog's last head was committed together with the group's positions, so they are the same, and where the group's
/// were forgotten (brokers do that with groups that are away for long), the head's hold.
pub(crate) fn positions(
    journal: &dyn Journal,
    group: &str,
    inputs: &[TopicPartition],
    head: &Head,
    recovery: &mut Recovery,
) -> Result<Vec<Offset>, TaskError> {
    let committed = journal.committed(group)?;
    let bounds = journal.bounds(inputs)?;
    let mut positions = Vec::with_capacity(inputs.len());
    for (input, bounds) in inputs.iter().zip(bounds) {
        let logged = head.offsets.iter().find(|(known, _)| known == input);
        let logged = logged.map(|(_, offset)| *offset);
        let committed = committed.get(input).copied();
        if committed.is_some_and(|at| at != logged.unwrap_or(0)) {
            return Err(TaskError::Positions {
                group: group.to_owned(),
                input: input.clone(),
                committed: committed.unwrap_or(0),
                logged: logged.unwrap_or(0),
            });
        }
        let from = logged.unwrap_or(bounds.start);
        positions.push(from.max(bounds.start));
        recovery.missing += bounds.start.saturating_sub(from);
    }
    Ok(positions)
}

fn one<T>(of: Vec<T>) -> Result<T, TaskError> {
    let found = of.into_iter().next();
    found.ok_or(TaskError::Journal(journal::Error::Closed))
}

impl Changes {
    fn into_batch(self, head: Head) -> StoreBatch {
        let timers = self.timers.into_iter();
        StoreBatch {
            states: self.states.into_iter().collect(),
            timers: timers.map(|((key, tag), at)| (key, tag, at)).collect(),
            head,
        }
    }
}
