//! The journal in memory: the same rules, for tests and simulation, with failures on demand.

use crate::record::{Batch, store};
use crate::{
    Bounds, Committed, Done, Error, Group, Journal, Offset, PartitionStatus, Status, Topic,
    TopicPartition, TopicSpec, Write, bytes, check, limits,
};
use std::collections::{BTreeMap, VecDeque};
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
}

#[derive(Debug, Default)]
struct Partition {
    start: Offset,
    stored: VecDeque<Box<[u8]>>,
}

impl Partition {
    fn bounds(&self) -> Bounds {
        Bounds {
            start: self.start,
            end: self.start.saturating_add(bytes::u64_of(self.stored.len())),
        }
    }

    fn size_bytes(&self) -> u64 {
        self.stored
            .iter()
            .map(|stored| bytes::u64_of(stored.len()))
            .sum()
    }
}

impl MemoryJournal {
    /// Makes an empty journal.
    pub fn new() -> Self {
        Self::default()
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
        let mut state = self.state();
        if let Some(partition) = state.partitions.get_mut(partition) {
            while partition.start < offset && partition.stored.pop_front().is_some() {
                partition.start = partition.start.saturating_add(1);
            }
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
        let sequence = self.newest.saturating_add(1);
        let mut committed = Vec::with_capacity(write.records.len());
        for (to, record) in &write.records {
            let partition = self.partitions.get_mut(to).expect("looked up above");
            let offset = partition.bounds().end;
            let mut stored = Vec::new();
            store(record, offset, sequence, &mut stored);
            partition.stored.push_back(stored.into());
            committed.push(offset);
        }
        for (group, of, offset) in write.offsets {
            self.groups.entry(group).or_default().insert(of, offset);
        }
        self.newest = sequence;
        let counters = &mut self.status.counters;
        counters.writes = counters.writes.saturating_add(1);
        counters.groups = counters.groups.saturating_add(1);
        counters.records = counters
            .records
            .saturating_add(bytes::u64_of(committed.len()));
        Ok(committed)
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
        let (mut stored, mut count) = (Vec::new(), 0_usize);
        let skip = bytes::usize_of(offset.saturating_sub(start));
        for record in partition.stored.iter().skip(skip) {
            if count > 0 && stored.len().saturating_add(record.len()) > max_bytes {
                break;
            }
            stored.extend_from_slice(record);
            count = count.saturating_add(1);
        }
        Ok(Batch::verified(stored, 0, count))
    }

    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        let state = self.state();
        of.iter()
            .map(|one| state.partition(one).map(Partition::bounds))
            .collect()
    }

    fn committed(&self, group: &str) -> BTreeMap<TopicPartition, Offset> {
        self.state().groups.get(group).cloned().unwrap_or_default()
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
        for (name, rule) in crate::conformance::RULES
            .iter()
            .chain(crate::conformance::ONE_ORDER)
        {
            eprintln!("{name}");
            rule(&|| Box::new(MemoryJournal::new()));
        }
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
