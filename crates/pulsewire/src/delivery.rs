//! Carries news about alerts to the people they concern: at least once, known by its id, tried again until it arrives.
//!
//! What is due is in the journal, and so is every try with the time of the next: a restart goes on where it was.

mod console;
mod queue;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clinical::{Delivery, DeliveryKind, wire};
use journal::{Journal, Offset, Record, TopicPartition, Write, partition_for};

use crate::clock::Clock;
use crate::config::{Channel, ChannelKind};
use crate::engine::{Change, Engine, Share};
use crate::metrics::{DeliveryLabels, Metrics};
use crate::tasks::{Stop, Tasks};
use crate::topics;
pub(crate) use queue::{Attempt, Ended};
use queue::{Due, Queue, Retry};
pub(crate) use webhook::agent;

/// How much is read from the journal at once.
const READ_BYTES: usize = 256 << 10;
/// How long the loop waits for news before it looks at the clock and at the word to stop.
const WAIT: Duration = Duration::from_millis(200);

/// Where time runs faster, the loop waits no less than this.
const WAIT_LEAST: Duration = Duration::from_millis(50);
/// How long a channel rests before it looks again for what it could not read.
const REST: Duration = Duration::from_secs(1);

/// What carries news: says that it was taken, or why not.
trait Carry: Send {
    fn carry(&mut self, delivery: &Delivery, json: &[u8]) -> Result<(), String>;
}

/// What the channels need of the rest.
pub(crate) struct Shared {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) engine: Engine,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Clock,
    pub(crate) partitions: u16,
}

/// Why a channel cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error("delivery.{name}: {what}")]
    Channel { name: String, what: String },
    #[error("delivery.{name}: {source}")]
    Thread {
        name: String,
        source: std::io::Error,
    },
}

/// Starts every channel, each on a thread of its own: a slow one holds up no other.
pub(crate) fn start(
    shared: &Arc<Shared>,
    channels: &BTreeMap<String, Channel>,
    tasks: &Tasks,
) -> Result<(), Error> {
    for (name, channel) in channels {
        let carry: Box<dyn Carry> = match &channel.kind {
            ChannelKind::Console => Box::new(console::Console),
            ChannelKind::Webhook { url, ca, timeout } => {
                let open = webhook::Webhook::new(url, ca.as_deref(), *timeout);
                Box::new(open.map_err(|what| Error::Channel {
                    name: name.clone(),
                    what,
                })?)
            }
        };
        let retry = Retry {
            first: channel.retry_first,
            longest: channel.retry_longest,
            give_up_after: channel.give_up_after,
        };
        let group = format!("delivery.{name}");
        let share = shared
            .engine
            .share(&group, &[topics::DELIVERY.into()], &[])?;
        let mut runner = Runner::new(Arc::clone(shared), name.clone(), retry, (share, carry));
        let run = move |stop: Stop| runner.run(&stop);
        tasks
            .thread("delivery", run)
            .map_err(|source| Error::Thread {
                name: name.clone(),
                source,
            })?;
    }
    Ok(())
}

/// One channel at work.
struct Runner {
    shared: Arc<Shared>,
    name: String,
    group: journal::Group,
    /// Each channel's news is shared out among the processes that deliver.
    share: Share,
    partitions: Vec<u16>,
    retry: Retry,
    queue: Queue,
    next: BTreeMap<TopicPartition, Offset>,
    carry: Box<dyn Carry>,
}

impl Runner {
    fn new(
        shared: Arc<Shared>,
        name: String,
        retry: Retry,
        (share, carry): (Share, Box<dyn Carry>),
    ) -> Self {
        let group = format!("delivery.{name}").into();
        let partitions = share.held_at_the_start(shared.partitions).collect();
        Self {
            shared,
            name,
            group,
            share,
            partitions,
            retry,
            queue: Queue::new(retry),
            next: BTreeMap::new(),
            carry,
        }
    }

    fn run(&mut self, stop: &Stop) {
        let mut seen = 0;
        self.recover_at_last(stop);
        while !stop.is_asked() {
            self.take_part(stop);
            let done = self.read_due().and_then(|()| self.try_due(stop));
            if let Err(error) = done {
                tracing::error!(channel = self.name, %error, "news could not be read or its outcome not kept");
            }
            seen = self
                .shared
                .journal
                .wait(seen, self.shared.clock.in_the_room(WAIT).max(WAIT_LEAST));
        }
    }

    /// Begins anew with the partitions that became its own; what was another's is brought by whoever has it now.
    fn take_part(&mut self, stop: &Stop) {
        let change = match self.share.poll(Duration::ZERO) {
            Ok(None) => return,
            Ok(Some(change)) => change,
            Err(error) => {
                tracing::error!(channel = self.name, %error, "this process cannot take part in delivering");
                return stop.rest(REST);
            }
        };
        self.queue = Queue::new(self.retry);
        match change {
            Change::Assigned(partitions) => {
                self.partitions = partitions;
                self.recover_at_last(stop);
            }
            Change::Revoking | Change::Lost => {
                self.partitions.clear();
                if let Err(error) = self.share.release() {
                    tracing::error!(channel = self.name, %error, "the partitions cannot be given up");
                }
            }
        }
    }

    fn recover_at_last(&mut self, stop: &Stop) {
        while let Err(error) = self.recover() {
            tracing::error!(channel = self.name, %error, "this channel cannot read what is due; it tries again");
            stop.rest(REST);
            if stop.is_asked() {
                return;
            }
        }
    }

    /// Reads what was tried before, so that nothing that arrived is brought again and no delay starts anew.
    fn recover(&mut self) -> Result<(), journal::Error> {
        let committed = self.shared.journal.committed(&self.group)?;
        self.next.clear();
        for partition in self.partitions.clone() {
            for topic in [topics::DELIVERY, topics::DELIVERY_ATTEMPT] {
                let at = TopicPartition::new(topic, partition);
                let start = self.start_of(&at)?;
                self.next.insert(
                    at.clone(),
                    committed.get(&at).copied().unwrap_or(start).max(start),
                );
            }
            let attempts = TopicPartition::new(topics::DELIVERY_ATTEMPT, partition);
            while let Some(batch) = self.read(&attempts)? {
                for record in batch.iter() {
                    let for_us = record.header("channel") == Some(self.name.as_bytes());
                    if let Some(attempt) =
                        record.value.and_then(Attempt::from_json).filter(|_| for_us)
                    {
                        self.queue.remember(attempt);
                    }
                }
            }
        }
        Ok(())
    }

    fn start_of(&self, at: &TopicPartition) -> Result<Offset, journal::Error> {
        Ok(self
            .shared
            .journal
            .bounds(std::slice::from_ref(at))?
            .first()
            .map_or(0, |bounds| bounds.start))
    }

    /// Takes in all news that is due by this channel.
    fn read_due(&mut self) -> Result<(), journal::Error> {
        for partition in self.partitions.clone() {
            let at = TopicPartition::new(topics::DELIVERY, partition);
            while let Some(batch) = self.read(&at)? {
                for record in batch.iter() {
                    if record.header("channel") != Some(self.name.as_bytes()) {
                        continue;
                    }
                    let Some(json) = record.value else { continue };
                    match wire::delivery_from_json(json) {
                        Ok(delivery) => self.queue.add(Due {
                            delivery,
                            json: json.into(),
                            partition,
                            offset: record.offset,
                        }),
                        Err(error) => {
                            tracing::error!(channel = self.name, %error, offset = record.offset, "a delivery in the journal cannot be read");
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, at: &TopicPartition) -> Result<Option<journal::Batch>, journal::Error> {
        let from = self.next.get(at).copied().unwrap_or(0);
        let bounds = self.shared.journal.bounds(std::slice::from_ref(at))?;
        let Some(bounds) = bounds.first().filter(|bounds| bounds.end > from) else {
            return Ok(None);
        };
        let batch = self
            .shared
            .journal
            .read(at, from.max(bounds.start), READ_BYTES)?;
        let next = batch.next_offset();
        if let Some(next) = next {
            self.next.insert(at.clone(), next);
        }
        Ok(next.map(|_| batch))
    }

    /// Tries everything whose time has come, and writes down how each try ended.
    fn try_due(&mut self, stop: &Stop) -> Result<(), journal::Error> {
        while let Some(due) = self.queue.next_due(self.shared.clock.now()) {
            if stop.is_asked() {
                return Ok(());
            }
            let carried = self.carry.carry(&due.delivery, &due.json);
            let attempt = self.queue.ended(&due, carried, self.shared.clock.now());
            self.count(&attempt, &due.delivery);
            self.keep(&attempt, &due)?;
            // A receiver that hangs must not keep what is new from being seen, and tried before what failed.
            self.read_due()?;
        }
        Ok(())
    }

    fn count(&self, attempt: &Attempt, delivery: &Delivery) {
        let outcome = match &attempt.ended {
            Ended::Delivered => "delivered",
            Ended::Failed { .. } => "failed",
            Ended::GivenUp { .. } => "given_up",
        };
        self.shared
            .metrics
            .deliveries
            .get_or_create(&DeliveryLabels {
                channel: self.name.clone(),
                outcome,
            })
            .inc();
        match &attempt.ended {
            Ended::Delivered if delivery.kind == DeliveryKind::Raised => {
                let since = self.shared.clock.now().since(delivery.alert.known_at);
                self.shared
                    .metrics
                    .raised
                    .observe(since.unwrap_or_default().as_secs_f64());
            }
            Ended::Delivered => {}
            Ended::Failed { why, next } => {
                tracing::warn!(channel = self.name, alert = %delivery.alert.id, number = attempt.number, why, %next, "not delivered, will try again");
            }
            Ended::GivenUp { why } => {
                tracing::error!(channel = self.name, alert = %delivery.alert.id, number = attempt.number, why, "not delivered, given up");
            }
        }
    }

    /// Keeps the outcome; where nothing earlier is pending, the group's position moves on with it.
    fn keep(&self, attempt: &Attempt, due: &Due) -> Result<(), journal::Error> {
        let now = self.shared.clock.now().micros();
        let key = *due.delivery.alert.patient.as_bytes();
        let partition = partition_for(&key, self.shared.partitions);
        let record = Record {
            key: key.into(),
            event_time: now,
            received_time: now,
            headers: vec![
                ("content-type".into(), (*b"application/json").into()),
                ("channel".into(), self.name.as_bytes().into()),
            ],
            value: Some(attempt.to_json().into()),
            ..Record::default()
        };
        let at = TopicPartition::new(topics::DELIVERY, due.partition);
        let read = self.next.get(&at).copied().unwrap_or(0);
        let position = self.queue.oldest(due.partition).unwrap_or(read);
        let mut write = Write {
            records: vec![(
                TopicPartition::new(topics::DELIVERY_ATTEMPT, partition),
                record,
            )],
            offsets: vec![(Arc::clone(&self.group), at, position)],
        };
        if self.queue.is_empty() {
            // Nothing is pending, so no earlier try matters any more.
            let partitions = self.partitions.iter();
            let attempts = partitions.map(|p| TopicPartition::new(topics::DELIVERY_ATTEMPT, *p));
            for at in attempts {
                let end = self
                    .shared
                    .journal
                    .bounds(std::slice::from_ref(&at))?
                    .first()
                    .map_or(0, |b| b.end);
                write.offsets.push((Arc::clone(&self.group), at, end));
            }
        }
        self.shared.journal.append(write).map(drop)
    }
}
