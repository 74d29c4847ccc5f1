//! What is followed: it is fetched ahead by a client that pushes and waits here to be read, unless nobody reads it.

use super::client::Context;
use super::reader::{after, reading};
use super::waiting::Waiting;
use super::{Cluster, message};
use crate::{Batch, Error, Offset, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::Offset as At;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Messages taken over in one go.
const TAKE_MAX: usize = 10_000;
/// Nothing is fetched ahead while so much waits to be read.
const AHEAD_BYTES_MAX: usize = 16 << 20;
/// What is not read between two waits is let go where it is in the way of others.
const UNREAD_WAITS: u64 = 2;
/// Where it cannot be asked what became of a partition, it is asked again after this.
const ASK_REST: Duration = Duration::from_secs(1);

/// What is fetched ahead.
pub(super) struct Ahead {
    consumer: BaseConsumer<Context>,
    /// Whether what nobody reads is let go; where it is not, whoever follows it reads it.
    lets_go: bool,
    parts: HashMap<TopicPartition, Part>,
    /// What was followed and is no more.
    left: HashSet<TopicPartition>,
    /// What was followed and is to be followed again once somebody reads it.
    let_go: HashSet<TopicPartition>,
    waiting_bytes: usize,
    /// Counts what came.
    news: u64,
    /// Counts how often it was waited for news.
    waits: u64,
    /// One of them is fetched no more, and it is not known yet which one and why.
    suspicion: Option<Suspicion>,
}

/// A partition that is followed.
struct Part {
    waiting: Waiting,
    /// How often it had been waited for news when it was last read.
    read_at: u64,
    /// The brokers have nothing at the offset that comes next: it is fetched no more.
    is_outside: bool,
}

/// When it was last asked in vain.
struct Suspicion {
    asked: Option<Instant>,
}

impl Ahead {
    /// Follows nothing yet.
    pub(super) fn new(consumer: BaseConsumer<Context>, lets_go: bool) -> Self {
        Self {
            consumer,
            lets_go,
            parts: HashMap::new(),
            left: HashSet::new(),
            let_go: HashSet::new(),
            waiting_bytes: 0,
            news: 0,
            waits: 0,
            suspicion: None,
        }
    }

    /// Counts what came.
    pub(super) fn news(&self) -> u64 {
        self.news
    }

    /// Gives one past the last offset that came of a partition that is followed.
    pub(super) fn fetched(&self, at: &TopicPartition) -> Option<Offset> {
        Some(self.parts.get(at)?.waiting.fetched())
    }

    /// Gives the next offset of a partition that is followed, where all is read and the brokers have nothing there.
    pub(super) fn outside(&self, at: &TopicPartition) -> Option<Offset> {
        let part = self.parts.get(at)?;
        let is_read = part.is_outside && part.waiting.is_empty();
        is_read.then(|| part.waiting.next())
    }

    /// Tells whether a partition was followed until nobody read it or the brokers had nothing there.
    pub(super) fn was_let_go(&self, at: &TopicPartition) -> bool {
        self.let_go.contains(at) || self.outside(at).is_some()
    }

    /// Follows these partitions from the given offsets on.
    pub(super) fn follow(
        &mut self,
        from: &[(TopicPartition, Offset)],
        cluster: &Cluster,
    ) -> Result<(), Error> {
        let at_another = |(at, offset): &&(TopicPartition, Offset)| {
            let part = self.parts.get(at);
            part.is_none_or(|part| part.is_outside || part.waiting.next() != *offset)
        };
        let from: Vec<_> = from.iter().filter(at_another).cloned().collect();
        self.drop_parts(from.iter().map(|(at, _)| at), cluster)?;
        if from.iter().any(|(at, _)| self.left.remove(at)) {
            // What was on its way from where it stood before must not be taken for what comes now.
            self.take(Duration::ZERO, cluster);
        }
        self.assign(from.iter().map(|(at, offset)| (at, *offset)), cluster)?;
        for (at, offset) in from {
            self.let_go.remove(&at);
            let part = Part {
                waiting: Waiting::from(offset),
                read_at: self.waits,
                is_outside: false,
            };
            self.parts.insert(at, part);
        }
        Ok(())
    }

    /// Follows these partitions no more.
    pub(super) fn unfollow(
        &mut self,
        of: &[TopicPartition],
        cluster: &Cluster,
    ) -> Result<(), Error> {
        for at in of {
            self.let_go.remove(at);
        }
        self.drop_parts(of.iter(), cluster)
    }

    /// Reads what waits from an offset on, after a look for what came where a cluster is given; nothing where that offset is
    /// not what is followed.
    pub(super) fn read(
        &mut self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
        looks: Option<&Cluster>,
    ) -> Option<Batch> {
        let stands_there = |part: &&mut Part| part.waiting.next() == offset;
        let part = self.parts.get_mut(from).filter(stands_there)?;
        part.read_at = self.waits;
        if part.waiting.is_empty()
            && let Some(cluster) = looks
        {
            self.take_what_came(Duration::ZERO, cluster);
        }
        let part = self.parts.get_mut(from).filter(stands_there)?;
        if part.is_outside && part.waiting.is_empty() {
            return None;
        }
        let batch = part.waiting.give(max_bytes);
        self.waiting_bytes = self.waiting_bytes.saturating_sub(batch.size_bytes());
        Some(batch)
    }

    /// Somebody waits for news: what is not read until it is waited again is read by nobody.
    pub(super) fn begin_wait(&mut self) {
        self.waits = self.waits.saturating_add(1);
    }

    /// Takes over what came; looks for nothing where much waits that is about to be read.
    pub(super) fn take_what_came(&mut self, wait: Duration, cluster: &Cluster) -> bool {
        if self.is_full() && self.lets_go {
            self.let_go_of_what_nobody_reads(cluster);
        }
        let looks = !self.is_full();
        if looks {
            self.take(wait, cluster);
        }
        looks
    }

    fn is_full(&self) -> bool {
        self.waiting_bytes >= AHEAD_BYTES_MAX
    }

    /// Takes over what came, and waits so long for the first of it.
    pub(super) fn take(&mut self, wait: Duration, cluster: &Cluster) {
        let mut wait = wait;
        for _ in 0..TAKE_MAX {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => {
                    if let Some(at) = message::place(&message, &cluster.prefix)
                        && let Some(part) = self.parts.get_mut(&at)
                        && after(&message) > part.waiting.fetched()
                    {
                        let before = part.waiting.bytes();
                        part.waiting.push(after(&message), |out| {
                            message::store_message(&message, out);
                        });
                        let added = part.waiting.bytes().saturating_sub(before);
                        self.waiting_bytes = self.waiting_bytes.saturating_add(added);
                        self.news = self.news.saturating_add(1);
                    }
                }
                Some(Err(error)) if ends_fetching(&error) => {
                    self.suspicion.get_or_insert(Suspicion { asked: None });
                }
                Some(Err(_)) => {}
                None => break,
            }
            wait = Duration::ZERO;
        }
        if let Some(suspicion) = &self.suspicion
            && suspicion.asked.is_none_or(|at| at.elapsed() >= ASK_REST)
        {
            self.look_into_it(cluster);
        }
    }

    /// Finds out which partition is fetched no more, which the client does not tell: those that the brokers do not have any
    /// more are so to whoever reads, and all others are begun again where they stand.
    fn look_into_it(&mut self, cluster: &Cluster) {
        let inside = self.parts.iter().filter(|(_, part)| !part.is_outside);
        let names: Vec<_> = inside.map(|(at, _)| at.clone()).collect();
        let mut again = Vec::with_capacity(names.len());
        let done = cluster.ends.bounds(&names).and_then(|bounds| {
            for (at, bounds) in names.iter().zip(bounds) {
                if let Some(part) = self.parts.get_mut(at) {
                    let next = part.waiting.fetched();
                    part.is_outside = next < bounds.start || next > bounds.end;
                    if !part.is_outside {
                        again.push((at, next));
                    }
                }
            }
            self.unassign(again.iter().map(|(at, _)| *at), cluster)?;
            self.assign(again.iter().copied(), cluster)
        });
        self.suspicion = match done {
            Ok(()) => None,
            Err(_) => Some(Suspicion { asked: Some(now()) }),
        };
        // Whoever waits is to look at what is outside now.
        self.news = self
            .news
            .saturating_add(u64::from(self.suspicion.is_none()));
    }

    /// Nobody has read it since it was last waited for news, though there was some: it is not to keep others from coming.
    fn let_go_of_what_nobody_reads(&mut self, cluster: &Cluster) {
        let waits = self.waits;
        let is_unread = |part: &Part| {
            !part.waiting.is_empty() && waits.saturating_sub(part.read_at) >= UNREAD_WAITS
        };
        let unread = self.parts.iter().filter(|(_, part)| is_unread(part));
        let unread: Vec<_> = unread.map(|(at, _)| at.clone()).collect();
        // What the client cannot let go stays.
        if self.drop_parts(unread.iter(), cluster).is_ok() {
            self.let_go.extend(unread);
        }
    }

    fn drop_parts<'a>(
        &mut self,
        of: impl Iterator<Item = &'a TopicPartition>,
        cluster: &Cluster,
    ) -> Result<(), Error> {
        let known: Vec<_> = of.filter(|at| self.parts.contains_key(*at)).collect();
        self.unassign(known.iter().copied(), cluster)?;
        for at in known {
            let dropped = self.parts.remove(at).map_or(0, |part| part.waiting.bytes());
            self.left.insert(at.clone());
            self.waiting_bytes = self.waiting_bytes.saturating_sub(dropped);
        }
        Ok(())
    }

    fn assign<'a>(
        &self,
        from: impl Iterator<Item = (&'a TopicPartition, Offset)>,
        cluster: &Cluster,
    ) -> Result<(), Error> {
        let at = |offset| At::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        let list = cluster
            .prefix
            .list(from.map(|(of, offset)| (of, at(offset))));
        if list.count() == 0 {
            return Ok(());
        }
        let assigned = self.consumer.incremental_assign(&list);
        assigned.map_err(|error| reading(&error))
    }

    fn unassign<'a>(
        &self,
        of: impl Iterator<Item = &'a TopicPartition>,
        cluster: &Cluster,
    ) -> Result<(), Error> {
        let list = cluster.prefix.list(of.map(|at| (at, At::Invalid)));
        if list.count() == 0 {
            return Ok(());
        }
        let unassigned = self.consumer.incremental_unassign(&list);
        unassigned.map_err(|error| reading(&error))
    }
}

/// Whether a client fetches a partition no more after it, and says so only once.
fn ends_fetching(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "when it is asked again comes into no record"
)]
fn now() -> Instant {
    Instant::now()
}
