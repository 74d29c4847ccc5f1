//! The journal in memory: the same rules, for tests and simulation, with failures on demand.

mod partition;

use self::partition::Partition;
use crate::{
    Batch, Bounds, Committed, Done, Error, Group, Journal, Offset, PartitionStatus, Record, Status,
    Topic, TopicPartition, TopicSpec, Write, bytes, check, limits,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// A journal that forgets everything when it is dropped.
///
/// `done` is called before `submit` returns, on the caller's thread.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    topics: BTreeMap<Topic, TopicSpec>,
    partitions: BTreeMap<TopicPartition, Partition>,
    groups: BTreeMap<Group, BTreeMap<TopicPartition, Offset>>,
    newest: u64,
    status: Status,
    fail_next: VecDeque<Error>,
    disk_full: bool,
    poison: Option<String>,
    like_kafka: bool,
    open: Option<OpenTransaction>,
}

/// A transaction that was begun and not ended.
#[derive(Debug, Default)]
struct OpenTransaction {
    records: BTreeMap<TopicPartition, Vec<Offset>>,
    offsets: Vec<(Group, TopicPartition, Offset)>,
}

impl MemoryJournal {
    /// Makes an empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty journal that promises no more than Apache Kafka: each write takes one offset more in its partitions,
    /// and records have no order over topics.
    pub fn like_kafka() -> Self {
        let journal = Self::default();
        journal.state().like_kafka = true;
        journal
    }

    /// Writes a transaction that stays open: its records, and what comes after them in their partitions, cannot be read
    /// until it is ended. There is one at a time.
    ///
    /// # Errors
    /// As with [`Journal::submit`].
    pub fn open_transaction(&self, write: Write) -> Result<(), Error> {
        self.state().begin(write)
    }

    /// Commits the open transaction, if there is one.
    pub fn commit_transaction(&self) {
        self.state().end(true);
        self.changed.notify_all();
    }

    /// Takes back the open transaction, if there is one: its records are never read.
    pub fn abort_transaction(&self) {
        self.state().end(false);
        self.changed.notify_all();
    }

    /// Keeps only the newest record of each key, as compaction does, and of those without a value the ones from
    /// `deletes_from` on.
    pub fn compact(&self, partition: &TopicPartition, deletes_from: Offset) {
        if let Some(partition) = self.state().partitions.get_mut(partition) {
            partition.compact(deletes_from);
        }
    }

    /// Lets the next write fail, once; several calls let as many writes fail, in order.
    pub fn fail_next_write(&self, error: Error) {
        self.state().fail_next.push_back(error);
    }

    /// Refuses every write as a full disk does, until it is called with `false`.
    pub fn set_disk_full(&self, full: bool) {
        self.state().disk_full = full;
    }

    /// Stops the journal as a failed sync does: every later write is refused.
    pub fn poison(&self, why: &str) {
        self.state().poison = Some(why.to_owned());
    }

    /// Removes the records before an offset, as retention does.
    pub fn remove_before(&self, partition: &TopicPartition, offset: Offset) {
        if let Some(partition) = self.state().partitions.get_mut(partition) {
            partition.remove_before(offset);
        }
    }

    /// Tells how the journal is.
    pub fn status(&self) -> Status {
        let state = self.state();
        let partitions: Vec<_> = state
            .partitions
            .iter()
            .map(|(name, partition)| PartitionStatus {
                partition: name.clone(),
                bounds: partition.bounds(),
                bytes: partition.size_bytes(),
                segments: 1,
            })
            .collect();
        Status {
            newest: state.newest,
            records: partitions
                .iter()
                .map(|one| one.bounds.end.saturating_sub(one.bounds.start))
                .sum(),
            bytes: partitions.iter().map(|one| one.bytes).sum(),
            partitions,
            groups: state.groups.clone(),
            poisoned: state.poison.clone(),
            disk: if state.disk_full {
                crate::Disk::Full
            } else {
                crate::Disk::Enough
            },
            ..state.status.clone()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds the state")
    }
}

impl State {
    fn commit(&mut self, write: Write) -> Result<Committed, Error> {
        if let Some(why) = &self.poison {
            return Err(Error::Poisoned(why.clone()));
        }
        if let Some(error) = self.fail_next.pop_front() {
            return Err(error);
        }
        if self.disk_full {
            self.status.counters.refused_disk_full =
                self.status.counters.refused_disk_full.saturating_add(1);
            return Err(Error::DiskFull {
                free_bytes: 0,
                limit_bytes: 1,
            });
        }
        check::write(&write, limits::WRITE_BYTES_MAX)?;
        let touched = write
            .records
            .iter()
            .map(|(to, _)| to)
            .chain(write.offsets.iter().map(|(_, of, _)| of));
        for partition in touched {
            self.partition(partition)?;
        }
        let (newest, committed) = self.push(&write.records);
        if self.like_kafka {
            let touched: BTreeSet<_> = write.records.iter().map(|(to, _)| to).collect();
            for to in touched {
                self.partitions.get_mut(to).expect("written to").skip();
            }
        }
        for (group, of, offset) in write.offsets {
            self.groups.entry(group).or_default().insert(of, offset);
        }
        self.newest = newest;
        let counters = &mut self.status.counters;
        counters.writes = counters.writes.saturating_add(1);
        counters.groups = counters.groups.saturating_add(1);
        counters.records = counters
            .records
            .saturating_add(bytes::u64_of(committed.len()));
        Ok(committed)
    }

    /// Adds records to their partitions, which were looked up; gives the number of the write and their offsets.
    fn push(&mut self, records: &[(TopicPartition, Record)]) -> (u64, Committed) {
        let newest = self.newest.saturating_add(1);
        let sequence = if self.like_kafka { 0 } else { newest };
        let push = |(to, record): &(TopicPartition, Record)| {
            let partition = self.partitions.get_mut(to).expect("looked up before");
            partition.push(record, sequence)
        };
        (newest, records.iter().map(push).collect())
    }

    fn begin(&mut self, write: Write) -> Result<(), Error> {
        let mut open = OpenTransaction {
            offsets: write.offsets,
            ..OpenTransaction::default()
        };
        for (to, _) in &write.records {
            let partition = self.partitions.get_mut(to);
            partition
                .ok_or_else(|| Error::NoSuchPartition(to.clone()))?
                .open();
        }
        let (_, offsets) = self.push(&write.records);
        for ((to, _), offset) in write.records.into_iter().zip(offsets) {
            open.records.entry(to).or_default().push(offset);
        }
        self.open = Some(open);
        Ok(())
    }

    fn end(&mut self, commit: bool) {
        let Some(open) = self.open.take() else { return };
        for (to, offsets) in &open.records {
            let partition = self.partitions.get_mut(to).expect("it was opened");
            partition.close(if commit { &[] } else { offsets });
        }
        if commit {
            for (group, of, offset) in open.offsets {
                self.groups.entry(group).or_default().insert(of, offset);
            }
        }
        self.newest = self.newest.saturating_add(1);
    }

    fn partition(&self, name: &TopicPartition) -> Result<&Partition, Error> {
        self.partitions
            .get(name)
            .ok_or_else(|| Error::NoSuchPartition(name.clone()))
    }
}

impl Journal for MemoryJournal {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        check::topic(spec)?;
        let mut state = self.state();
        if let Some(known) = state.topics.get(&spec.name)
            && known.partitions != spec.partitions
        {
            let (existing, asked) = (known.partitions, spec.partitions);
            return Err(Error::Partitions {
                topic: spec.name.to_string(),
                existing,
                asked,
            });
        }
        state.topics.insert(spec.name.clone(), spec.clone());
        for partition in 0..spec.partitions {
            state
                .partitions
                .entry(TopicPartition::new(spec.name.clone(), partition))
                .or_default();
        }
        Ok(())
    }

    fn topics(&self) -> Vec<TopicSpec> {
        self.state().topics.values().cloned().collect()
    }

    fn submit(&self, write: Write, done: Done) {
        let result = self.state().commit(write);
        if result.is_ok() {
            self.changed.notify_all();
        }
        done(result);
    }

    fn read(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, Error> {
        let state = self.state();
        let partition = state.partition(from)?;
        let Bounds { start, end } = partition.bounds();
        if offset < start || offset > end {
            return Err(Error::OutOfRange {
                at: from.clone(),
                asked: offset,
                start,
                end,
            });
        }
        Ok(partition.read(offset, max_bytes))
    }

    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        let state = self.state();
        of.iter()
            .map(|one| state.partition(one).map(Partition::bounds))
            .collect()
    }

    fn written(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        let state = self.state();
        of.iter()
            .map(|one| state.partition(one).map(Partition::written))
            .collect()
    }

    fn settled(&self, of: &[TopicPartition]) -> Option<Vec<Offset>> {
        let state = self.state();
        let end = |one| state.partition(one).map_or(0, |one| one.bounds().end);
        state.like_kafka.then(|| of.iter().map(end).collect())
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        Ok(self.state().groups.get(group).cloned().unwrap_or_default())
    }

    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        let state = self.state();
        let (state, _) = self
            .changed
            .wait_timeout_while(state, at_most, |state| {
                state.newest <= seen && !at_most.is_zero()
            })
            .expect("nothing panics while it holds the state");
        state.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{ONE_ORDER, RULES};

    #[test]
    fn follows_the_rules_of_every_journal() {
        for (name, rule) in RULES.iter().chain(ONE_ORDER) {
            eprintln!("{name}");
            rule(&|| Box::new(MemoryJournal::new()));
        }
    }

    /// Lists what can be read: the offsets of the records, and where to read on.
    fn readable(journal: &MemoryJournal, from: &TopicPartition) -> (Vec<Offset>, Option<Offset>) {
        let batch = journal.read(from, 0, usize::MAX).expect("readable");
        let offsets = batch.iter().map(|record| record.offset).collect();
        (offsets, batch.next_offset())
    }

    fn journal_of(keys: &[&str]) -> (MemoryJournal, TopicPartition) {
        let journal = MemoryJournal::like_kafka();
        let spec = TopicSpec {
            name: "t".into(),
            partitions: 1,
            retention: None,
            retention_bytes: None,
            compacted: true,
        };
        journal.ensure_topic(&spec).expect("a new topic");
        for key in keys {
            journal.append(one_of(key)).expect("it is written");
        }
        (journal, TopicPartition::new("t", 0))
    }

    /// Writes a key; in small letters it deletes it.
    fn one_of(key: &str) -> Write {
        let record = Record {
            key: key.to_uppercase().as_bytes().into(),
            value: (key.to_uppercase() == key).then(Box::default),
            ..Record::default()
        };
        Write {
            records: vec![(TopicPartition::new("t", 0), record)],
            offsets: vec![("g".into(), TopicPartition::new("t", 0), 7)],
        }
    }

    #[test]
    fn an_open_transaction_hides_what_comes_after_it_and_leaves_gaps() {
        for (commit, expected) in [(false, vec![0, 3]), (true, vec![0, 2, 3])] {
            let (journal, t) = journal_of(&["A"]);
            journal
                .open_transaction(one_of("B"))
                .expect("it is written");
            journal.append(one_of("C")).expect("it is written");
            assert_eq!(readable(&journal, &t), (vec![0], Some(2)));
            let of = std::slice::from_ref(&t);
            assert_eq!(journal.written(of).expect("it exists"), [5]);
            assert!(journal.read(&t, 2, 1).expect("readable").is_empty());
            if commit {
                journal.commit_transaction();
            } else {
                journal.abort_transaction();
            }
            assert_eq!(readable(&journal, &t), (expected, Some(6)));
            assert_eq!(journal.settled(of), Some(vec![6]));
        }
    }

    #[test]
    fn compaction_keeps_the_newest_of_each_key_and_young_deletions() {
        let (journal, t) = journal_of(&["A", "B", "C", "a", "B", "c"]);
        journal.compact(&t, 10);
        assert_eq!(readable(&journal, &t), (vec![8, 10], Some(12)));
        journal.remove_before(&t, 9);
        let bounds = journal.bounds(std::slice::from_ref(&t)).expect("it exists");
        assert_eq!((bounds[0].start, bounds[0].end), (9, 12));
    }

    #[test]
    fn fails_on_demand() {
        let journal = MemoryJournal::new();
        journal.fail_next_write(Error::Closed);
        assert!(matches!(
            journal.append(Write::default()),
            Err(Error::Closed)
        ));
        assert!(journal.append(Write::default()).is_ok());
        journal.set_disk_full(true);
        assert!(matches!(
            journal.append(Write::default()),
            Err(Error::DiskFull { .. })
        ));
        journal.set_disk_full(false);
        assert!(journal.append(Write::default()).is_ok());
        journal.poison("sync failed");
        assert!(matches!(
            journal.append(Write::default()),
            Err(Error::Poisoned(_))
        ));
    }
}
