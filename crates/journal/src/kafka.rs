//! The journal on Apache Kafka: its partitions, groups and transactions, behind the trait of every journal.
//!
//! A write of one record is sent at once; one of several, or with positions, is a transaction. What is read is
//! what was committed. Offsets rise without being contiguous, and topics have no common order.

mod config;

mod client;

mod topics;

mod message;

mod ahead;
mod reader;
mod waiting;

mod ends;
mod positions;

mod desk;
mod single;
mod transaction;

mod place;

mod group;

mod members;
mod survey;

#[cfg(test)]
mod tests;

pub use config::{KafkaConfig, Login, Security, Token, TokenSource, setting_fault};
pub use group::{Change, KafkaGroup, TaskJournal};
pub use members::{Member, Membership};
pub use survey::{Survey, TopicSurvey};

use crate::record::stored_bytes;
use crate::{
    Batch, Bounds, Done, Error, Group, Journal, Offset, Topic, TopicPartition, TopicSpec, Write,
    check, limits,
};
use ends::Ends;
use positions::Positions;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::topic_partition_list::{Offset as At, TopicPartitionList};
use reader::{Looking, Reader};
use single::Single;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use topics::Topics;
use transaction::{AfterFailure, Transactions};

/// A question to the brokers is given up after this.
const ASK_TIMEOUT: Duration = Duration::from_secs(15);
/// A record of a transaction has at most so many bytes: what brokers take at once, less what they and we put around it.
pub const RECORD_BYTES_MAX: usize = limits::WRITE_BYTES_MAX - (64 << 10);
/// Deleted keys can be seen in a compacted topic for so long.
pub const KEEPS_DELETES: Duration = topics::KEEPS_DELETES;

/// The journal as one thread or several use it; those that read much take a [`KafkaJournal::reader`] of their own.
pub struct KafkaJournal {
    cluster: Arc<Cluster>,
    reader: Reader,
}

/// What all parts of a process share.
pub(crate) struct Cluster {
    config: KafkaConfig,
    prefix: Prefix,
    topics: Topics,
    ends: Arc<Ends>,
    positions: Positions,
    single: Single,
    /// Made when it is first needed: most processes write one record at a time.
    transactions: Mutex<Option<Arc<Transactions>>>,
    /// Counts what this process wrote, so that those who wait for news look again.
    written: Arc<AtomicU64>,
}

impl std::fmt::Debug for KafkaJournal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KafkaJournal")
            .field("config", &self.cluster.config)
            .finish_non_exhaustive()
    }
}

impl KafkaJournal {
    /// Connects to the brokers.
    ///
    /// # Errors
    /// When they cannot be reached, do not know us, or a setting is unknown.
    pub fn open(config: KafkaConfig) -> Result<Self, Error> {
        let prefix = Prefix(config.prefix.as_str().into());
        let cluster = Cluster {
            topics: Topics::open(&config, prefix.clone())?,
            ends: Arc::new(Ends::open(&config, prefix.clone())?),
            positions: Positions::new(config.clone(), prefix.clone()),
            single: Single::open(&config, prefix.clone())?,
            transactions: Mutex::default(),
            written: Arc::default(),
            config,
            prefix,
        };
        let cluster = Arc::new(cluster);
        let reader = Reader::open(&cluster, Looking::Always)?;
        Ok(Self { cluster, reader })
    }

    /// The same journal with a reader of its own, so that nobody waits for another's reading; what comes of what it has read to
    /// the end is there after a [`Journal::wait`].
    ///
    /// # Errors
    /// When no further client can be opened.
    pub fn reader(&self) -> Result<Self, Error> {
        let cluster = Arc::clone(&self.cluster);
        let reader = Reader::open(&cluster, Looking::Waiting)?;
        Ok(Self { cluster, reader })
    }

    /// Joins a group as a member; see [`KafkaGroup`].
    ///
    /// # Errors
    /// When the member cannot be opened.
    pub fn join(
        &self,
        group: &str,
        inputs: &[Topic],
        appended: &[Topic],
    ) -> Result<KafkaGroup, Error> {
        KafkaGroup::join(&self.cluster, group, inputs, appended)
    }
}

impl Cluster {
    /// Checks that partitions exist, by what is known of their topics.
    fn check(
        &self,
        of: impl IntoIterator<Item = impl std::borrow::Borrow<TopicPartition>>,
    ) -> Result<(), Error> {
        let known = self.topics.known();
        for one in of {
            let one = one.borrow();
            let exists = known.get(&one.topic);
            if exists.is_none_or(|spec| one.partition >= spec.partitions) {
                return Err(Error::NoSuchPartition(one.clone()));
            }
        }
        Ok(())
    }

    fn check_write(&self, write: &Write) -> Result<(), Error> {
        check::write(write, limits::WRITE_BYTES_MAX)?;
        let records = write.records.iter().map(|(to, _)| to);
        self.check(records.chain(write.offsets.iter().map(|(_, of, _)| of)))
    }

    /// A task's transaction may be of any size, for a state is not divided; each record must be taken by the brokers.
    fn check_transaction(&self, write: &Write) -> Result<(), Error> {
        check::write(write, usize::MAX)?;
        for (to, record) in &write.records {
            let bytes = stored_bytes(record);
            if bytes > RECORD_BYTES_MAX {
                return Err(Error::Refused {
                    doing: format!(
                        "cannot write {bytes} bytes to {} {} for key {}",
                        to.topic,
                        to.partition,
                        record.key.escape_ascii()
                    ),
                    cause: format!("a record has at most {RECORD_BYTES_MAX} bytes"),
                    hint: "where it is a changelog, the stage knows too much of one key: find out what that key sends, and keep it away",
                });
            }
        }
        let records = write.records.iter().map(|(to, _)| to);
        self.check(records.chain(write.offsets.iter().map(|(_, of, _)| of)))
    }

    /// All partitions of all topics.
    fn partitions(&self) -> Vec<TopicPartition> {
        let known = self.topics.known();
        let each = known.values().flat_map(|spec| {
            (0..spec.partitions).map(|number| TopicPartition::new(spec.name.clone(), number))
        });
        each.collect()
    }

    /// Counts a write when it is made, then tells whoever submitted it.
    fn counted(&self, done: Done) -> Done {
        let written = Arc::clone(&self.written);
        Box::new(move |result| {
            done(result);
            // Whoever waits for news finds the answer there.
            written.fetch_add(1, Ordering::Release);
        })
    }

    /// Tells of a transaction once it can be read: brokers mark each partition a little after they say that it is made.
    fn once_readable(&self, write: &Write, done: Done) -> Done {
        let ends = Arc::clone(&self.ends);
        let to: Vec<_> = write.records.iter().map(|(to, _)| to.clone()).collect();
        Box::new(move |result| {
            if let Ok(offsets) = &result {
                ends.wait_until_readable(&to, offsets);
            }
            done(result);
        })
    }

    fn transactions(&self) -> Result<Arc<Transactions>, Error> {
        let mut slot = self
            .transactions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = slot.as_ref().filter(|open| !open.is_stuck()) {
            return Ok(Arc::clone(open));
        }
        // No two processes have it: what one left open is aborted by the brokers in time.
        let own = match &self.config.instance {
            Some(instance) => instance.clone(),
            None => format!("{:016x}", rand_id()),
        };
        let id = format!("{}journal.{own}", self.prefix.0);
        let open = Arc::new(Transactions::open(
            &self.config,
            self.prefix.clone(),
            id,
            AfterFailure::GoOn,
        )?);
        *slot = Some(Arc::clone(&open));
        Ok(open)
    }

    fn submit(&self, write: Write, done: Done) {
        if let Err(error) = self.check_write(&write) {
            return done(Err(error));
        }
        let done = self.counted(done);
        if write.offsets.is_empty() && write.records.len() <= 1 {
            return self.single.send(write, done);
        }
        let done = self.once_readable(&write, done);
        let groups: Result<Vec<(Group, Arc<ConsumerGroupMetadata>)>, Error> = write
            .offsets
            .iter()
            .map(|(group, ..)| group.clone())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .map(|group| Ok((group.clone(), self.positions.outside(&group)?)))
            .collect();
        match groups.and_then(|groups| Ok((groups, self.transactions()?))) {
            Ok((groups, transactions)) => transactions.submit(write, groups, done),
            Err(error) => done(Err(error)),
        }
    }
}

/// A number that no other process has.
fn rand_id() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(std::process::id())
}

impl Journal for KafkaJournal {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        self.cluster.topics.ensure(spec)
    }

    fn topics(&self) -> Vec<TopicSpec> {
        self.cluster.topics.known().values().cloned().collect()
    }

    fn submit(&self, write: Write, done: Done) {
        self.cluster.submit(write, done);
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
        self.cluster.check(of)?;
        self.cluster.ends.bounds(of)
    }

    fn follow(&self, from: &[(TopicPartition, Offset)]) -> Result<(), Error> {
        self.cluster.check(from.iter().map(|(at, _)| at))?;
        self.reader.follow(from)
    }

    fn written(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        self.cluster.check(of)?;
        self.cluster.ends.written(of)
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        self.cluster
            .positions
            .committed(group, &self.cluster.partitions())
    }

    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        self.reader.wait(&self.cluster.written, seen, at_most)
    }
}

/// What stands before every name on the brokers.
#[derive(Clone, Debug)]
pub(crate) struct Prefix(Arc<str>);

impl Prefix {
    /// A topic's name there.
    fn of(&self, topic: &str) -> String {
        format!("{}{topic}", self.0)
    }

    /// A topic of ours by its name there.
    fn topic(&self, name: &str) -> Option<Topic> {
        name.strip_prefix(&*self.0).map(Into::into)
    }

    /// A partition of ours by its names there.
    fn partition(&self, topic: &str, partition: i32) -> Option<TopicPartition> {
        let partition = u16::try_from(partition).ok()?;
        Some(TopicPartition::new(self.topic(topic)?, partition))
    }

    /// Partitions with offsets, as the client takes them.
    fn list<'a>(&self, of: impl Iterator<Item = (&'a TopicPartition, At)>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (at, offset) in of {
            // It fails only for offsets that cannot be, and ours come from brokers or are names.
            drop(list.add_partition_offset(&self.of(&at.topic), i32::from(at.partition), offset));
        }
        list
    }
}
