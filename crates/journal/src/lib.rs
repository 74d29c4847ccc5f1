//! The durable order of records: what was acknowledged, in the order it was accepted, per topic and partition.
//!
//! It stores keys, times and bytes and knows no medicine. A [`Write`] is atomic over all the topic-partitions it
//! touches and over the group offsets it carries: that is what lets a stage commit its outputs together with
//! the position of the inputs they came from, embedded and on Apache Kafka alike.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

mod record;

mod partitioner;

mod error;

pub mod limits;

mod check;
mod status;

mod memory;

mod embedded;
mod read_only;

mod reading;

mod queue;
mod shared;

mod committer;

mod commit_file;
mod entry;

mod appender;

mod catalog;
mod files;
mod index;
mod segment;

mod checkpointer;
mod retention;

mod checkpoint;

mod recovery;

mod bytes;
mod room;
mod storage;

#[cfg(feature = "kafka")]
pub mod kafka;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use embedded::{EmbeddedJournal, Options};
pub use error::Error;
pub use memory::MemoryJournal;
pub use partitioner::partition_for;
pub use read_only::ReadOnlyJournal;
pub use reading::Verified;
pub use record::{Batch, BatchIter, Headers, Record, RecordRef};
pub use status::{Counters, Disk, PartitionStatus, Status};

use std::collections::BTreeMap;
use std::time::Duration;

/// A position in one topic-partition; the first record is at 0.
pub type Offset = u64;

/// The name of a topic, such as `healthcare.fhir.observation`.
pub type Topic = std::sync::Arc<str>;

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: Topic,
    /// The partition, counted from 0.
    pub partition: u16,
}

impl TopicPartition {
    /// Names a partition of a topic.
    pub fn new(topic: impl Into<Topic>, partition: u16) -> Self {
        Self {
            topic: topic.into(),
            partition,
        }
    }
}

/// How a topic is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// The topic's name.
    pub name: Topic,
    /// How many partitions it has; it cannot change later.
    pub partitions: u16,
    /// Records older than this may be removed, a segment at a time.
    pub retention: Option<Duration>,
    /// A partition larger than this loses its oldest segments.
    pub retention_bytes: Option<u64>,
    /// Only the newest record of each key need be kept. The embedded journal keeps them all.
    pub compacted: bool,
}

/// The first offset still kept and the offset the next record will get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The first offset that can be read.
    pub start: Offset,
    /// One past the last offset that can be read.
    pub end: Offset,
}

/// What is committed together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// The records, in order.
    pub records: Vec<(TopicPartition, Record)>,
    /// Positions that become true with the records: for each group, the next offset it will read.
    pub offsets: Vec<(Group, TopicPartition, Offset)>,
}

/// The name of a consumer group, such as `workloads`.
pub type Group = std::sync::Arc<str>;

/// The offsets that the records of a [`Write`] got, in the order of its records.
pub type Committed = Vec<Offset>;

/// What is called once, when a write is durable or has failed.
///
/// The embedded journal calls it on its own thread (on the caller's when it is closed), after the write has become
/// readable. It must not block: it stands between one group commit and the next; a panic in it stops the
/// journal.
pub type Done = Box<dyn FnOnce(Result<Committed, Error>) + Send>;

/// The order of records, wherever it is kept.
pub trait Journal: Send + Sync {
    /// Creates a topic, or checks that an existing one has as many partitions.
    ///
    /// # Errors
    /// When the topic exists with another number of partitions, or cannot be created.
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error>;

    /// Lists the topics, by name.
    fn topics(&self) -> Vec<TopicSpec>;

    /// Queues a write; `done` is called when it is durable. Waits while the queue is full.
    fn submit(&self, write: Write, done: Done);

    /// Reads records from an offset on, at least one if there is any, else about `max_bytes` of them.
    ///
    /// # Errors
    /// When the offset is no longer kept or not yet written, or what is stored there is damaged.
    fn read(&self, from: &TopicPartition, offset: Offset, max_bytes: usize)
    -> Result<Batch, Error>;

    /// Gives the bounds of several partitions at one moment: no write is half visible in them.
    ///
    /// # Errors
    /// When one of them does not exist.
    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error>;

    /// Says that reading goes on from these offsets: a journal that fetches ahead begins.
    ///
    /// # Errors
    /// When one of the partitions does not exist or the journal cannot be reached.
    fn follow(&self, _from: &[(TopicPartition, Offset)]) -> Result<(), Error> {
        Ok(())
    }

    /// Gives the ends before which records of several topics have their order, where that is not told by
    /// [`RecordRef::sequence`]: ask before [`Journal::bounds`], and whatever was committed before one of these records is
    /// within the bounds. `None` where the bounds are of one moment anyway.
    fn settled(&self, _of: &[TopicPartition]) -> Option<Vec<Offset>> {
        None
    }

    /// Gives one past the last offset written of each partition, whether it can be read yet or is of a transaction that is
    /// still open: what restoring a state must wait for.
    ///
    /// # Errors
    /// When one of them does not exist.
    fn written(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        let bounds = self.bounds(of)?;
        Ok(bounds.into_iter().map(|one| one.end).collect())
    }

    /// Gives the committed positions of a group.
    ///
    /// # Errors
    /// When whoever keeps them cannot be reached: that none is known does not mean that there is none.
    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error>;

    /// Waits until a write later than `seen` is readable or the time is over; gives the newest write's number.
    ///
    /// `wait(0, Duration::ZERO)` only asks.
    fn wait(&self, seen: u64, at_most: Duration) -> u64;

    /// Commits a write and waits until it is durable.
    ///
    /// # Errors
    /// When the write was not made durable.
    fn append(&self, write: Write) -> Result<Committed, Error> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.submit(
            write,
            Box::new(move |result| {
                // The receiver below lives until this has been called.
                drop(sender.send(result));
            }),
        );
        receiver.recv().unwrap_or(Err(Error::Closed))
    }
}
