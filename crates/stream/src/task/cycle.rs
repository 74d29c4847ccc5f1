//! Step, commit, flush: when what was stepped is committed, and when what is committed is flushed.

use crate::changelog::Changelog;
use crate::commit::Commits;
use crate::context::output_bytes;
use crate::spec::quarantine_topic;
use crate::stepper::Stepper;
use crate::{Counters, Head, Key, Processor, Store, StoreBatch, TaskError};
use journal::{Group, Journal, Offset, Record, RecordRef, TopicPartition, Write};
use std::collections::BTreeMap;

/// Positions without outputs are committed once the records' received times have come this much further.
const IDLE_COMMIT_MICROS: i64 = 10 * 1_000_000;

/// State is flushed in a quiet moment once the records' received times have come this much further since the last one:
/// seldom enough to cost nothing, and long before retention removes what a restart would step again.
const QUIET_FLUSH_MICROS: i64 = 60 * 1_000_000;

/// With a changelog, what is taken in while a commit is on its way waits for it only above so many commits' worth.
const GATHER_MAX: usize = 4;

/// What changes while the inputs are being read: state, effects, and how far both are safe.
pub(crate) struct Cycle<P: Processor, S: Store> {
    pub(crate) stepper: Stepper<P>,
    pub(crate) store: S,
    commits: Commits,
    pub(crate) positions: Vec<(TopicPartition, Offset)>,
    /// Which of them have moved since the last commit.
    moved: Vec<bool>,
    /// Whether none was committed yet by this task.
    all_positions: bool,
    /// Where each commit's changes of the state go; without it, the inputs are stepped again where the state is lost.
    pub(crate) changelog: Option<Changelog>,
    /// Where it stands in the journal how many outputs are committed ahead of the positions they belong to.
    ahead_at: (Group, TopicPartition),
    /// Outputs to come that an earlier run has committed already; `None` when none ever was.
    ahead: Option<u64>,
    /// Records taken in since the last commit was sent off.
    uncommitted: usize,
    event_time: i64,
    received: i64,
    received_at_commit: i64,
    received_at_flush: i64,
    steps_at_flush: u64,
    flushes: u64,
    evicted: u64,
}

impl<P: Processor, S: Store> Cycle<P, S> {
    /// Goes on at the given positions; `committed_ahead` are the positions of the stage's [`ahead_group`].
    pub(crate) fn new(
        stepper: Stepper<P>,
        store: S,
        positions: Vec<(TopicPartition, Offset)>,
        committed_ahead: &BTreeMap<TopicPartition, Offset>,
        changelog: Option<Changelog>,
    ) -> Self {
        let ahead_at = ahead_partition(&positions);
        let ahead = committed_ahead.get(&ahead_at).copied();
        Self {
            ahead_at: (ahead_group(&stepper.spec().name), ahead_at),
            ahead,
            stepper,
            store,
            commits: Commits::default(),
            positions,
            moved: Vec::new(),
            all_positions: true,
            changelog,
            uncommitted: 0,
            event_time: i64::MIN,
            received: i64::MIN,
            received_at_commit: i64::MIN,
            received_at_flush: i64::MIN,
            steps_at_flush: 0,
            flushes: 0,
            evicted: 0,
        }
    }

    /// Gives the totals and what is held.
    pub(crate) fn counters(&self) -> Counters {
        Counters {
            late: self.stepper.effects.late,
            commits: self.commits.made(),
            flushes: self.flushes,
            evicted: self.evicted,
            resident_keys: self.stepper.resident.len(),
            timers: self.stepper.timers.len(),
            state_bytes: self.stepper.resident.stored_bytes(),
            ..self.stepper.counters
        }
    }

    /// Tells whether a record is not to be taken for now.
    pub(crate) fn must_wait(
        &mut self,
        at: (usize, &TopicPartition),
        record: RecordRef<'_>,
    ) -> Result<bool, TaskError> {
        self.stepper.must_wait(&self.store, at, record)
    }

    pub(crate) fn take(
        &mut self,
        journal: &dyn Journal,
        (input, from): (usize, &TopicPartition),
        record: RecordRef<'_>,
    ) -> Result<(), TaskError> {
        self.stepper.record(&self.store, (input, from), record)?;
        let (_, position) = self.positions.get_mut(input).expect("one for each input");
        if let Some(moved) = self.moved.get_mut(input) {
            *moved = true;
        }
        *position = record.offset + 1;
        (self.event_time, self.received) = (record.event_time, record.received_time);
        self.uncommitted += 1;
        if self.is_commit_full(1) && (self.may_commit_now()? || self.is_commit_full(GATHER_MAX)) {
            self.commit(journal)?;
            self.keep_bounds(journal)?;
        }
        Ok(())
    }

    /// Tells whether so many commits' worth is taken in.
    fn is_commit_full(&self, commits: usize) -> bool {
        let limits = &self.stepper.spec().limits;
        let mut bytes = self.stepper.effects.bytes;
        if self.changelog.is_some() {
            bytes += self.stepper.resident.dirty_bytes();
        }
        self.uncommitted >= limits.commit_records.saturating_mul(commits)
            || bytes >= limits.commit_bytes.saturating_mul(commits)
    }

    /// Tells whether to commit need not be waited for; a transaction grows meanwhile, where a write may be of some size only.
    fn may_commit_now(&mut self) -> Result<bool, TaskError> {
        Ok(self.changelog.is_none() || self.is_free()?)
    }

    pub(crate) fn end_of_batch(
        &mut self,
        journal: &dyn Journal,
        nothing_read: bool,
    ) -> Result<(), TaskError> {
        // With a changelog, a stage's tasks commit beside each other: to wait for one would hold up all the others.
        let waits = nothing_read && self.changelog.is_none();
        if self.is_commit_due() && (waits || self.is_free()?) {
            self.commit(journal)?;
        }
        if waits {
            self.wait()?;
        }
        let quiet = self.received.saturating_sub(self.received_at_flush);
        if nothing_read && quiet >= QUIET_FLUSH_MICROS && self.is_free()? {
            self.flush(journal)?;
        }
        self.keep_bounds(journal)
    }

    /// Positions alone wait for company: without outputs, to step again is as good as to have committed.
    pub(crate) fn is_commit_due(&self) -> bool {
        let idle = self.received.saturating_sub(self.received_at_commit) >= IDLE_COMMIT_MICROS;
        !self.stepper.effects.records.is_empty() || (self.uncommitted > 0 && idle)
    }

    /// Tells whether no commit is on its way; what one that was made has changed goes to the store.
    pub(crate) fn is_free(&mut self) -> Result<bool, TaskError> {
        let is_free = self.commits.is_free()?;
        self.store_made_changes()?;
        Ok(is_free)
    }

    /// Waits until no commit is on its way, and until the store has what it changed.
    fn wait(&mut self) -> Result<(), TaskError> {
        self.commits.wait()?;
        self.store_made_changes()
    }

    /// Sends off outputs and positions as one write.
    fn commit(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        self.uncommitted = 0;
        self.received_at_commit = self.received;
        if self.changelog.is_some() {
            return self.commit_with_changes(journal);
        }
        if self.stepper.repeating {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.stepper.effects.bytes);
        let mut records = std::mem::take(&mut self.stepper.effects.records);
        self.stepper.effects.records.reserve(records.len());
        let known = self.drop_known(&mut records);
        if bytes > self.stepper.spec().limits.commit_bytes.saturating_mul(2) {
            records = self.commit_ahead(journal, records, known)?;
        }
        let mut offsets = self.group_offsets();
        if let Some(ahead) = self.ahead {
            let (group, at) = self.ahead_at.clone();
            offsets.push((group, at, ahead));
        }
        let write = Write { records, offsets };
        self.commits.submit(journal, write, None)
    }

    /// Sends off outputs, positions and what has changed of the state as one write.
    ///
    /// However much it is, it is not divided: a journal that has changelogs has transactions of any size, and a state that
    /// is committed before its position would be stepped on from twice.
    fn commit_with_changes(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        self.wait()?;
        let counters = &self.stepper.counters;
        self.steps_at_flush = counters.steps + counters.timers_fired;
        let mut changes = self.stepper.take_changes();
        changes.head = self.head();
        let effects = &mut self.stepper.effects;
        effects.bytes = 0;
        let mut records = std::mem::take(&mut effects.records);
        let times = (self.event_time, self.received);
        if let Some(changelog) = &mut self.changelog {
            changelog.append(&mut changes, times, &mut records);
        }
        let offsets = self.group_offsets();
        let write = Write { records, offsets };
        self.commits.submit(journal, write, Some(changes))
    }

    /// Gives the positions that have moved since the last commit; at the first one, all.
    fn group_offsets(&mut self) -> Vec<(Group, TopicPartition, Offset)> {
        let group = &self.stepper.spec().name;
        let all = std::mem::take(&mut self.all_positions);
        let mut moved = Vec::new();
        for (place, (input, offset)) in self.positions.iter().enumerate() {
            if all || self.moved.get(place).copied().unwrap_or_default() {
                moved.push((group.clone(), input.clone(), *offset));
            }
        }
        self.moved.clear();
        self.moved.resize(self.positions.len(), false);
        moved
    }

    fn head(&self) -> Head {
        Head {
            offsets: self.positions.clone(),
            watermark: self.stepper.watermark.0,
            changelog: None,
        }
    }

    /// Leaves out what an earlier run has committed ahead of its position; counts it.
    fn drop_known(&mut self, records: &mut Vec<(TopicPartition, Record)>) -> u64 {
        let Some(ahead) = &mut self.ahead else {
            return 0;
        };
        let known = records
            .len()
            .min(usize::try_from(*ahead).unwrap_or(usize::MAX));
        records.drain(..known);
        *ahead -= known as u64;
        known as u64
    }

    /// Commits the front of more outputs than fit into one write, and with each piece how many there are by then.
    ///
    /// One record can bring about any number of them: a tick after a long silence lets the timers of all keys fire.
    fn commit_ahead(
        &mut self,
        journal: &dyn Journal,
        mut records: Vec<(TopicPartition, Record)>,
        known: u64,
    ) -> Result<Vec<(TopicPartition, Record)>, TaskError> {
        let limit = self.stepper.spec().limits.commit_bytes;
        let mut ahead = known;
        loop {
            let mut bytes = 0;
            let over = records.iter().position(|(to, record)| {
                bytes += output_bytes(to, record);
                bytes > limit
            });
            let Some(cut) = over
                .map(|over| over.max(1))
                .filter(|cut| *cut < records.len())
            else {
                return Ok(records);
            };
            let rest = records.split_off(cut);
            ahead += records.len() as u64;
            let (group, at) = self.ahead_at.clone();
            let offsets = vec![(group, at, ahead)];
            let write = Write { records, offsets };
            self.commits.submit(journal, write, None)?;
            self.ahead = Some(0);
            records = rest;
        }
    }

    /// Flushes when enough has changed, and makes room when too many keys are in memory.
    fn keep_bounds(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        let limits = self.stepper.spec().limits.clone();
        let counters = &self.stepper.counters;
        let steps = counters.steps + counters.timers_fired;
        if steps - self.steps_at_flush >= limits.flush_steps
            || self.stepper.resident.dirty_bytes() >= limits.flush_bytes
        {
            if self.changelog.is_some() {
                self.commit(journal)?;
            } else {
                self.flush(journal)?;
            }
        }
        if self.stepper.resident.len() > limits.resident_max_keys {
            // Room for an eighth more, so that not every new key makes room for itself alone.
            let keep = limits.resident_max_keys - limits.resident_max_keys / 8;
            if self.changelog.is_some() {
                // What is on its way looks unchanged, and is not in the store before it is made.
                self.wait()?;
            }
            self.evict(keep);
            if self.stepper.resident.len() > keep && self.stepper.resident.is_dirty() {
                self.flush(journal)?;
                self.evict(keep);
            }
        }
        Ok(())
    }

    fn evict(&mut self, keep: usize) {
        self.evicted += self.stepper.resident.evict(keep) as u64;
    }

    /// The store is written only after the journal: it never claims what is not committed.
    pub(crate) fn flush(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        if self.uncommitted > 0 || !self.stepper.effects.records.is_empty() {
            self.commit(journal)?;
        }
        self.wait()?;
        let counters = &self.stepper.counters;
        self.received_at_flush = self.received;
        self.steps_at_flush = counters.steps + counters.timers_fired;
        if self.changelog.is_some() {
            return Ok(());
        }
        let mut batch = self.stepper.take_changes();
        batch.head = self.head();
        self.store_changes(batch)
    }

    /// With a changelog, the changes of a commit go to the store as soon as it is made.
    fn store_made_changes(&mut self) -> Result<(), TaskError> {
        match self.commits.take_made_changes() {
            Some(changes) => self.store_changes(changes),
            None => Ok(()),
        }
    }

    fn store_changes(&mut self, changes: StoreBatch) -> Result<(), TaskError> {
        let is_emptied = |(_, state): &&(Key, Option<Box<[u8]>>)| state.is_none();
        let emptied = changes.states.iter().filter(is_emptied);
        let emptied: Vec<Key> = emptied.map(|(key, _)| key.clone()).collect();
        self.store.apply(changes)?;
        for key in emptied {
            self.stepper.resident.forget(&key);
        }
        self.flushes += 1;
        Ok(())
    }
}

/// Names the group whose position counts the outputs committed ahead.
pub(crate) fn ahead_group(stage: &str) -> Group {
    format!("{stage}.ahead").into()
}

/// Names the partition of that position: one whose positions nobody reads.
fn ahead_partition(positions: &[(TopicPartition, Offset)]) -> TopicPartition {
    let first = positions.first().map(|(input, _)| input);
    first.map_or_else(
        || TopicPartition::new("", 0),
        |input| TopicPartition::new(quarantine_topic(&input.topic), input.partition),
    )
}
