//! Members of a consumer group: which partitions are theirs, and the journal as the task of one of them sees it.
//!
//! A member only holds its place; what it reads comes from a client that is told the offsets. Its partitions are given up
//! after its tasks have finished, never in the middle of one.

use super::Cluster;
use super::place::{Member, Place};
use super::reader::{Looking, Reader};
use super::transaction::{AfterFailure, Transactions};
use crate::{
    Batch, Bounds, Done, Error, Group, Journal, Offset, Topic, TopicPartition, TopicSpec, Write,
};
use rdkafka::consumer::Consumer as _;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A member of a consumer group, with the reader that its tasks share.
pub struct KafkaGroup {
    cluster: Arc<Cluster>,
    name: Group,
    inputs: Vec<Topic>,
    appended: BTreeSet<Topic>,
    place: Place,
    reader: Arc<Reader>,
}

/// What has become of a member's partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These are its partitions from now on, of every input.
    Assigned(Vec<u16>),
    /// It is to give up all of them: finish the tasks, drop them, then call [`KafkaGroup::release`].
    Revoking,
    /// Others may have them already: drop the tasks without finishing, then call [`KafkaGroup::release`].
    Lost,
}

impl KafkaGroup {
    /// Joins; `inputs` have equally many partitions. `appended` are those of them that are written one record at a time: their
    /// offsets have no gaps, so that what was written before something else can be waited for.
    pub(super) fn join(
        cluster: &Arc<Cluster>,
        group: &str,
        inputs: &[Topic],
        appended: &[Topic],
    ) -> Result<Self, Error> {
        let names = inputs.iter().map(|topic| cluster.prefix.of(topic));
        let names = names.map(|name| name.to_string()).collect();
        Ok(Self {
            cluster: Arc::clone(cluster),
            name: group.into(),
            inputs: inputs.to_vec(),
            appended: appended.iter().cloned().collect(),
            place: Place::join(&cluster.config, group, names)?,
            reader: Arc::new(Reader::open(cluster, Looking::Told)?),
        })
    }

    /// Keeps the place in the group; to be called at least every few seconds. Gives what has become of the partitions.
    ///
    /// # Errors
    /// When the group cannot be joined for want of access, and when the place was given to another client of the same name: then it
    /// joins anew after a rest.
    pub fn poll(&self, at_most: Duration) -> Result<Option<Change>, Error> {
        self.place.poll(at_most)
    }

    /// Says that the tasks of all partitions are gone, so that others can have them.
    ///
    /// # Errors
    /// When the client is closed.
    pub fn release(&self) -> Result<(), Error> {
        self.place.release()
    }

    /// Opens the journal for the task of one partition: its producer takes over from whoever had it, and fences them.
    ///
    /// # Errors
    /// When the brokers cannot be reached or do not let us.
    pub fn task(&self, partition: u16) -> Result<TaskJournal, Error> {
        let id = format!("{}{}.{partition}", self.cluster.prefix.0, self.name);
        let prefix = self.cluster.prefix.clone();
        let transactions =
            Transactions::open(&self.cluster.config, prefix, id, AfterFailure::Stop)?;
        Ok(TaskJournal {
            cluster: Arc::clone(&self.cluster),
            group: self.name.clone(),
            partition,
            inputs: self.inputs.clone(),
            appended: self.appended.clone(),
            member: self.place.client(),
            reader: Arc::clone(&self.reader),
            transactions,
            asked: Mutex::default(),
            starts: Mutex::default(),
        })
    }

    /// Waits for news of what its tasks follow.
    pub fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        self.reader.wait(&self.cluster.written, seen, at_most)
    }

    /// Counts, for some partitions, the offsets between where the group stands and the end of what can be read.
    ///
    /// # Errors
    /// When the brokers cannot be reached.
    pub fn lag(&self, partitions: &[u16]) -> Result<u64, Error> {
        let all = partitions.iter().flat_map(|number| self.inputs_of(*number));
        let all: Vec<_> = all.collect();
        let committed = self.cluster.positions.committed(&self.name, &all)?;
        let bounds = self.cluster.ends.bounds(&all)?;
        let lags = all.iter().zip(bounds).map(|(at, bounds)| {
            let from = committed.get(at).copied().unwrap_or(bounds.start);
            bounds.end.saturating_sub(from.max(bounds.start))
        });
        Ok(lags.fold(0, u64::saturating_add))
    }

    fn inputs_of(&self, partition: u16) -> impl Iterator<Item = TopicPartition> {
        let each = self.inputs.iter();
        each.map(move |topic| TopicPartition::new(topic.clone(), partition))
    }
}

/// The journal as one task sees it: what it writes is a transaction of its own producer, with its positions.
pub struct TaskJournal {
    cluster: Arc<Cluster>,
    group: Group,
    partition: u16,
    inputs: Vec<Topic>,
    appended: BTreeSet<Topic>,
    member: Arc<Member>,
    reader: Arc<Reader>,
    transactions: Transactions,
    /// How much of each input had come when the ends were last asked for.
    asked: Mutex<HashMap<TopicPartition, Offset>>,
    /// Where those begin that retention has overtaken since.
    starts: Mutex<HashMap<TopicPartition, Offset>>,
}

impl std::fmt::Debug for TaskJournal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TaskJournal")
            .field("group", &self.group)
            .field("partition", &self.partition)
            .finish_non_exhaustive()
    }
}

impl TaskJournal {
    fn look(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        let Some(fetched) = self.reader.fetched(of) else {
            return self.cluster.ends.bounds(of);
        };
        let ends = match of.len() > 1 {
            true => self.ends(of, fetched)?,
            false => fetched,
        };
        let starts = self.starts();
        let start = |at: &TopicPartition| starts.get(at).copied().unwrap_or_default();
        let each = of.iter().zip(ends);
        Ok(each
            .map(|(at, end)| Bounds {
                start: start(at),
                end,
            })
            .collect())
    }

    /// Follows again from their start those of which retention has removed what was to be read next.
    fn begin_again(&self, of: &[TopicPartition]) -> Result<(), Error> {
        let outside = self.reader.outside(of);
        if outside.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = outside.iter().map(|(at, _)| at.clone()).collect();
        for ((at, asked), bounds) in outside.into_iter().zip(self.cluster.ends.bounds(&names)?) {
            let Bounds { start, end } = bounds;
            if asked > end {
                return Err(Error::OutOfRange {
                    at,
                    asked,
                    start,
                    end,
                });
            }
            self.starts().insert(at.clone(), start);
            self.reader.follow(&[(at, asked.max(start))])?;
        }
        Ok(())
    }

    fn starts(&self) -> MutexGuard<'_, HashMap<TopicPartition, Offset>> {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ends of what came; of what is written one record at a time, all that is written by now, if anything came since that
    /// was last asked. Whether it is read already says nothing: what is read need not be stepped.
    fn ends(&self, of: &[TopicPartition], fetched: Vec<Offset>) -> Result<Vec<Offset>, Error> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut came = of.iter().zip(&fetched);
        if came.all(|(at, offset)| asked.get(at) == Some(offset)) {
            return Ok(fetched);
        }
        let appended: Vec<_> = of
            .iter()
            .filter(|at| self.appended.contains(&at.topic))
            .cloned()
            .collect();
        let mut written = self.cluster.ends.readable(&appended)?.into_iter();
        let mut ends = fetched.clone();
        for (at, end) in of.iter().zip(&mut ends) {
            if self.appended.contains(&at.topic) {
                *end = written.next().unwrap_or(*end).max(*end);
                self.reader.read_up_to(at, *end)?;
            }
        }
        asked.extend(of.iter().cloned().zip(fetched));
        Ok(ends)
    }
}

impl Journal for TaskJournal {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        self.cluster.topics.ensure(spec)
    }

    fn topics(&self) -> Vec<TopicSpec> {
        self.cluster.topics.known().values().cloned().collect()
    }

    fn submit(&self, write: Write, done: Done) {
        if let Err(error) = self.cluster.check_transaction(&write) {
            return done(Err(error));
        }
        let done = self.cluster.counted(done);
        if write.offsets.iter().any(|(group, ..)| *group != self.group) {
            return done(Err(Error::Refused {
                doing: format!(
                    "cannot commit positions of another group than {}",
                    self.group
                ),
                cause: "a task commits for its own group alone".to_owned(),
                hint: "write them through the journal",
            }));
        }
        match self.member.context().membership() {
            Some(membership) => {
                let groups = vec![(self.group.clone(), membership)];
                self.transactions.submit(write, groups, done);
            }
            None => done(Err(Error::Aborted(format!(
                "this process has no partitions of group {} now",
                self.group
            )))),
        }
    }

    fn read(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, Error> {
        self.cluster.check([from])?;
        self.reader.read(from, offset, max_bytes)
    }

    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        self.begin_again(of)?;
        match self.look(of) {
            Err(_) if !self.reader.outside(of).is_empty() => {
                self.begin_again(of)?;
                self.look(of)
            }
            looked => looked,
        }
    }

    fn follow(&self, from: &[(TopicPartition, Offset)]) -> Result<(), Error> {
        self.cluster.check(from.iter().map(|(at, _)| at))?;
        // A state's changelog is read to an end that is known beforehand, gaps and all: not by what comes.
        let inputs = from
            .iter()
            .filter(|(at, _)| self.inputs.contains(&at.topic));
        self.reader.follow(&inputs.cloned().collect::<Vec<_>>())
    }

    fn settled(&self, of: &[TopicPartition]) -> Option<Vec<Offset>> {
        if of.len() < 2 {
            return None;
        }
        self.reader.fetched(of)
    }

    fn written(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        self.cluster.check(of)?;
        self.cluster.ends.written(of)
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        let each = self.inputs.iter();
        let of: Vec<_> = each
            .map(|topic| TopicPartition::new(topic.clone(), self.partition))
            .collect();
        self.cluster.positions.committed(group, &of)
    }

    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        self.reader.wait(&self.cluster.written, seen, at_most)
    }
}

impl Drop for TaskJournal {
    fn drop(&mut self) {
        let each = self.inputs.iter();
        let of: Vec<_> = each
            .map(|topic| TopicPartition::new(topic.clone(), self.partition))
            .collect();
        // A reader that cannot let go is closed soon, with its group.
        drop(self.reader.unfollow(&of));
    }
}
