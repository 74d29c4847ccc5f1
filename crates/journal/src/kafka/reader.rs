//! Reading by offset from clients that push: what is followed is fetched ahead, the rest is fetched when it is asked for.

use super::ahead::Ahead;
use super::client::{Context, refused};
use super::{Cluster, message};
use crate::{Batch, Error, Offset, TopicPartition, limits};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::Offset as At;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The group that readers name; they never join it.
const READERS: &str = "readers";
/// A wait is made of steps of this, so that others can read meanwhile.
const STEP: Duration = Duration::from_millis(10);
/// So many steps are waited for what is known to be there.
const STEPS_MAX: u32 = 2_000;
/// So many steps are waited for more of what has begun to come.
const MORE_STEPS: u32 = 5;

/// What a reader does besides reading what it is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Looking {
    /// It looks at every read for what came of what it follows, and follows what it is told to.
    Always,
    /// It follows what it has read to the end, too, and looks for what came when it waits: one who goes through many partitions
    /// again and again looks once for all of them.
    Waiting,
    /// It follows what it is told to, and looks for what came when it waits or is asked how far it is.
    Told,
}

/// The two ways to read, each with a client.
pub(super) struct Reader {
    cluster: Arc<Cluster>,
    looking: Looking,
    ahead: Mutex<Ahead>,
    cold: Mutex<Cold>,
}

/// One partition at a time, so that its end is told apart from that of others.
struct Cold {
    consumer: BaseConsumer<Context>,
    at: Option<(TopicPartition, Offset)>,
    /// The end when it was begun.
    end: Offset,
}

impl Reader {
    pub(super) fn open(cluster: &Arc<Cluster>, looking: Looking) -> Result<Self, Error> {
        let open = |told| {
            let client = BaseConsumer::from_config_and_context(&told, cluster.config.context());
            client.map_err(|error| reading(&error))
        };
        let hot = open(cluster.config.consumer(READERS))?;
        let cold = open(cluster.config.to_the_end(READERS))?;
        Ok(Self {
            cluster: Arc::clone(cluster),
            looking,
            ahead: Mutex::new(Ahead::new(hot, looking != Looking::Told)),
            cold: Mutex::new(Cold {
                consumer: cold,
                at: None,
                end: 0,
            }),
        })
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches these partitions ahead from now on, from the given offsets.
    pub(super) fn follow(&self, from: &[(TopicPartition, Offset)]) -> Result<(), Error> {
        self.ahead().follow(from, &self.cluster)
    }

    /// Fetches these partitions ahead no more.
    pub(super) fn unfollow(&self, of: &[TopicPartition]) -> Result<(), Error> {
        self.ahead().unfollow(of, &self.cluster)
    }

    /// Gives one past the last offset that came of each partition; `None` where one of them is not followed.
    pub(super) fn fetched(&self, of: &[TopicPartition]) -> Option<Vec<Offset>> {
        let mut ahead = self.ahead();
        ahead.take_what_came(Duration::ZERO, &self.cluster);
        of.iter().map(|at| ahead.fetched(at)).collect()
    }

    /// Gives those that are followed and read to where the brokers have nothing, with the next offset of each.
    pub(super) fn outside(&self, of: &[TopicPartition]) -> Vec<(TopicPartition, Offset)> {
        let ahead = self.ahead();
        let each = of.iter();
        each.filter_map(|at| Some((at.clone(), ahead.outside(at)?)))
            .collect()
    }

    /// Reads from an offset on; what is known to be there is waited for.
    pub(super) fn read(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, Error> {
        let max_bytes = max_bytes.min(limits::READ_BYTES_MAX);
        let looks = self.looking == Looking::Always;
        let given = self
            .ahead()
            .read(from, offset, max_bytes, looks.then_some(&*self.cluster));
        if let Some(batch) = given {
            return Ok(batch);
        }
        let batch = self.read_cold(from, offset, max_bytes)?;
        let is_read_up = batch.is_empty() && self.looking == Looking::Waiting;
        if is_read_up || self.ahead().was_let_go(from) {
            let next = batch.next_offset().unwrap_or(offset);
            self.follow(&[(from.clone(), next)])?;
        }
        Ok(batch)
    }

    /// Waits for a followed partition to be fetched up to an end that it is known to have.
    pub(super) fn read_up_to(&self, from: &TopicPartition, end: Offset) -> Result<(), Error> {
        for _ in 0..STEPS_MAX {
            let mut ahead = self.ahead();
            if ahead.fetched(from).is_none_or(|fetched| fetched >= end) {
                return Ok(());
            }
            if ahead.outside(from).is_some() {
                break;
            }
            ahead.take(STEP, &self.cluster);
        }
        Err(slow(from))
    }

    fn read_cold(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, Error> {
        let mut cold = self.cold.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = cold.at.as_ref();
        let begins = goes_on.is_none_or(|(at, next)| at != from || *next != offset);
        if begins && !cold.begin(from, offset, &self.cluster)? {
            return Ok(Batch::default());
        }
        // An end is told by whoever leads: a new leader may not know yet of all that was committed, and more may have been
        // written since. What does not come is passed over only where it does not come again.
        let mut is_again = false;
        // What fails leaves nothing to go on with.
        let mut begun = cold.at.take();
        let (mut bytes, mut count, mut next, mut idle) = (Vec::new(), 0_usize, offset, 0);
        while count == 0 || (bytes.len() < max_bytes && idle < MORE_STEPS) {
            match cold.consumer.poll(STEP) {
                Some(Ok(message)) => {
                    idle = 0;
                    count = count.saturating_add(1);
                    next = after(&message);
                    message::store_message(&message, &mut bytes);
                }
                Some(Err(KafkaError::PartitionEOF(_))) if count > 0 => {
                    return Ok(Batch::given(bytes, count, Some(next)));
                }
                Some(Err(KafkaError::PartitionEOF(_))) if is_again => {
                    let passed = Some(cold.end).filter(|end| *end > offset);
                    return Ok(Batch::given(bytes, count, passed));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    if !cold.begin(from, offset, &self.cluster)? {
                        return Ok(Batch::default());
                    }
                    (is_again, begun) = (true, cold.at.take());
                }
                Some(Err(error)) if is_serious(&error) => return Err(reading(&error)),
                Some(Err(_)) | None => {
                    idle = idle.saturating_add(1);
                    if idle > STEPS_MAX {
                        return Err(slow(from));
                    }
                }
            }
        }
        cold.at = begun.map(|(at, _)| (at, next));
        Ok(Batch::given(bytes, count, Some(next)))
    }

    /// Waits for news: something that came of what is followed, or that this process wrote.
    pub(super) fn wait(&self, written: &AtomicU64, seen: u64, at_most: Duration) -> u64 {
        let mut left = at_most;
        // Who only asks goes on to read what waits since the last time.
        if !at_most.is_zero() {
            self.ahead().begin_wait();
        }
        loop {
            let step = left.min(STEP);
            let mut ahead = self.ahead();
            let looked = ahead.take_what_came(step, &self.cluster);
            let newest = ahead.news().saturating_add(written.load(Ordering::Acquire));
            drop(ahead);
            if newest > seen || left.is_zero() {
                return newest;
            }
            if !looked {
                std::thread::park_timeout(step);
            }
            left = left.saturating_sub(step);
        }
    }
}

impl Cold {
    /// Begins at an offset; tells whether there is anything.
    fn begin(
        &mut self,
        from: &TopicPartition,
        offset: Offset,
        cluster: &Cluster,
    ) -> Result<bool, Error> {
        self.at = None;
        let bounds = cluster.ends.bounds(std::slice::from_ref(from))?;
        let bounds = bounds.first().copied();
        let bounds = bounds.ok_or_else(|| Error::NoSuchPartition(from.clone()))?;
        if offset < bounds.start || offset > bounds.end {
            return Err(Error::OutOfRange {
                at: from.clone(),
                asked: offset,
                start: bounds.start,
                end: bounds.end,
            });
        }
        if offset == bounds.end {
            return Ok(false);
        }
        // What was on its way from where it stood before must not be taken for what is asked for now.
        self.consumer.unassign().map_err(|error| reading(&error))?;
        while self.consumer.poll(Duration::ZERO).is_some() {}
        let at = At::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        let list = cluster.prefix.list(std::iter::once((from, at)));
        self.consumer
            .assign(&list)
            .map_err(|error| reading(&error))?;
        self.at = Some((from.clone(), offset));
        self.end = bounds.end;
        Ok(true)
    }
}

/// One past a message's offset.
pub(super) fn after(message: &BorrowedMessage<'_>) -> Offset {
    use rdkafka::message::Message as _;
    u64::try_from(message.offset())
        .unwrap_or_default()
        .saturating_add(1)
}

/// Whether an error is about what is read, and not about a connection that is made again by itself.
fn is_serious(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(
            RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
        )
    )
}

fn slow(from: &TopicPartition) -> Error {
    Error::Unavailable {
        doing: "what the brokers have of a partition does not come",
        cause: format!("{} {}", from.topic, from.partition),
    }
}

pub(super) fn reading(error: &KafkaError) -> Error {
    refused(
        error,
        "cannot read",
        "the brokers do not give what is to be read",
    )
}
