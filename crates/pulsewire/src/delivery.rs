//! Carries news about alerts to the people they concern: at least once, known by its id, tried again until it arrives.
//!
//! What is due is in the journal, and so is every try with the time of the next: a restart goes on where it was. Between any two
//! tries it is looked whether the partitions are still this process's, so that a receiver that hangs holds up nobody else's.

mod console;
mod queue;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use clinical::{Delivery, DeliveryId, DeliveryKind, wire};
use journal::{Journal, Offset, Record, TopicPartition, Write, partition_for};

use crate::clock::Clock;
use crate::config::{Channel, ChannelKind};
use crate::engine::{Change, Engine, Share};
use crate::metrics::{DeliveryLabels, Metrics};
use crate::tasks::{Stop, Tasks};
use crate::topics;
pub(crate) use queue::{Attempt, Ended};
use queue::{Due, Failed, Queue, Retry};
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
    fn carry(&mut self, delivery: &Delivery, json: &[u8]) -> Result<(), Failed>;
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
    #[error("heartbeat: {what}")]
    Heartbeat { what: String },
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
    /// Until where the tries of those before us are read before anything is tried; nothing is known of them yet without it.
    tried_until: Option<Vec<(TopicPartition, Offset)>>,
    /// Whether all of them are read.
    is_recovered: bool,
    /// Keeps outcomes as what the group knows us by: it writes nothing more once the partitions are another's.
    keeper: Option<Arc<dyn Journal>>,
    /// Outcomes that are not in the journal yet, each the last of its delivery.
    unkept: BTreeMap<DeliveryId, Outcome>,
}

/// What became of a try, as it is kept.
struct Outcome {
    /// Of the news.
    partition: u16,
    record: (TopicPartition, Record),
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
            tried_until: None,
            is_recovered: false,
            keeper: None,
            unkept: BTreeMap::new(),
        }
    }

    fn run(&mut self, stop: &Stop) {
        let mut seen = 0;
        while !stop.is_asked() {
            self.take_part(stop);
            match self.turn() {
                // More may be due; what is new comes only to one who waits for it.
                Ok(true) => {
                    seen = self.shared.journal.wait(seen, Duration::ZERO);
                    continue;
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(channel = self.name, %error, "news could not be read or its outcome not kept; it tries again");
                    stop.rest(REST);
                }
            }
            let longest = self.shared.clock.in_the_room(WAIT).max(WAIT_LEAST);
            seen = self.shared.journal.wait(seen, longest);
        }
    }

    /// Tries one piece of news whose time has come, the most severe first; tells whether there was one.
    fn turn(&mut self) -> Result<bool, journal::Error> {
        if !self.is_recovered {
            self.is_recovered = self.recover()?;
            return Ok(self.is_recovered);
        }
        // A receiver that hangs must not keep what is new from being seen, and tried before what failed.
        self.read_due()?;
        let tried = self.try_next();
        if !self.unkept.is_empty() {
            self.keep()?;
        }
        Ok(tried)
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
        if change == Change::Revoking
            && !self.unkept.is_empty()
            && let Err(error) = self.keep()
        {
            tracing::error!(channel = self.name, %error, "outcomes are not kept; what arrived may be brought again");
        }
        self.begin_anew();
        match change {
            Change::Assigned(partitions) => self.partitions = partitions,
            Change::Revoking | Change::Lost => {
                self.partitions.clear();
                if let Err(error) = self.share.release() {
                    tracing::error!(channel = self.name, %error, "the partitions cannot be given up");
                }
            }
        }
    }

    fn begin_anew(&mut self) {
        self.queue = Queue::new(self.retry);
        self.next.clear();
        self.tried_until = None;
        self.is_recovered = false;
        self.keeper = None;
        self.unkept.clear();
    }

    /// Reads what was tried before, so that nothing that arrived is brought again and no delay starts anew; tells whether it is
    /// all read.
    fn recover(&mut self) -> Result<bool, journal::Error> {
        let mut until = match self.tried_until.take() {
            Some(until) => until,
            None => self.begin()?,
        };
        until.retain(|(attempts, written)| self.position(attempts) < *written);
        if !until.is_empty() && self.can_be_read(&until)? {
            self.read_tried(&until)?;
            until.retain(|(attempts, written)| self.position(attempts) < *written);
        }
        let is_all = until.is_empty();
        self.tried_until = Some(until);
        Ok(is_all)
    }

    /// What whoever had them before has just written can be read a little later.
    fn can_be_read(&self, until: &[(TopicPartition, Offset)]) -> Result<bool, journal::Error> {
        let (of, written): (Vec<_>, Vec<_>) = until.iter().cloned().unzip();
        let bounds = self.shared.journal.bounds(&of)?;
        let mut each = bounds.iter().zip(written);
        Ok(each.all(|(bounds, written)| bounds.end >= written))
    }

    fn read_tried(&mut self, until: &[(TopicPartition, Offset)]) -> Result<(), journal::Error> {
        // Of what the channels' reader has followed since earlier, nothing may have come yet, which looks like the end.
        let reader = self.shared.engine.reader()?;
        for (attempts, written) in until {
            while self.position(attempts) < *written
                && let Some(batch) = self.read(&*reader, attempts)?
            {
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

    /// Goes to where the group stands; gives until where tries are written by now.
    fn begin(&mut self) -> Result<Vec<(TopicPartition, Offset)>, journal::Error> {
        let committed = self.shared.journal.committed(&self.group)?;
        for partition in self.partitions.clone() {
            for topic in [topics::DELIVERY, topics::DELIVERY_ATTEMPT] {
                let at = TopicPartition::new(topic, partition);
                let start = self.start_of(&at)?;
                let from = committed.get(&at).copied().unwrap_or(start).max(start);
                self.next.insert(at, from);
            }
        }
        let each = self.partitions.iter();
        let attempts: Vec<_> = each
            .map(|number| TopicPartition::new(topics::DELIVERY_ATTEMPT, *number))
            .collect();
        let written = self.shared.journal.written(&attempts)?;
        Ok(attempts.into_iter().zip(written).collect())
    }

    fn start_of(&self, at: &TopicPartition) -> Result<Offset, journal::Error> {
        let bounds = self.shared.journal.bounds(std::slice::from_ref(at))?;
        Ok(bounds.first().map_or(0, |bounds| bounds.start))
    }

    fn end_of(&self, at: &TopicPartition) -> Result<Offset, journal::Error> {
        let bounds = self.shared.journal.bounds(std::slice::from_ref(at))?;
        Ok(bounds.first().map_or(0, |bounds| bounds.end))
    }

    /// Takes in all news that is due by this channel.
    fn read_due(&mut self) -> Result<(), journal::Error> {
        let shared = Arc::clone(&self.shared);
        for partition in self.partitions.clone() {
            let at = TopicPartition::new(topics::DELIVERY, partition);
            while let Some(batch) = self.read(&*shared.journal, &at)? {
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

    fn read(
        &mut self,
        journal: &dyn Journal,
        at: &TopicPartition,
    ) -> Result<Option<journal::Batch>, journal::Error> {
        let bounds = journal.bounds(std::slice::from_ref(at))?;
        let Some(bounds) = bounds.first() else {
            return Ok(None);
        };
        let from = self.position(at).max(bounds.start);
        // What is kept no more is passed over, and is not waited for.
        self.next.insert(at.clone(), from);
        if bounds.end <= from {
            return Ok(None);
        }
        let batch = journal.read(at, from, READ_BYTES)?;
        let next = batch.next_offset();
        if let Some(next) = next {
            self.next.insert(at.clone(), next);
        }
        Ok(next.map(|_| batch))
    }

    /// The offset that is read next.
    fn position(&self, at: &TopicPartition) -> Offset {
        self.next.get(at).copied().unwrap_or(0)
    }

    fn try_next(&mut self) -> bool {
        let Some(due) = self.queue.next_due(self.shared.clock.now()) else {
            return false;
        };
        let carried = self.carry.carry(&due.delivery, &due.json);
        let attempt = self.queue.ended(&due, carried, self.shared.clock.now());
        self.count(&attempt, &due.delivery);
        self.unkept
            .insert(attempt.delivery, self.outcome(&attempt, &due));
        true
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
        let within = alerts::AcknowledgeWithin::default().of(delivery.alert.severity);
        let is_late = delivery.at.plus(within) <= attempt.at;
        if is_late && attempt.ended == Ended::Delivered {
            tracing::info!(channel = self.name, alert = %delivery.alert.id, "delivered after the deadline of the alert");
        }
        match &attempt.ended {
            Ended::Delivered if delivery.kind == DeliveryKind::Raised => {
                let since = self.shared.clock.now().since(delivery.alert.known_at);
                self.shared
                    .metrics
                    .raised
                    .observe(since.unwrap_or_default().as_secs_f64());
            }
            Ended::Delivered => {}
            Ended::Failed { why, next } if is_late => {
                tracing::error!(channel = self.name, alert = %delivery.alert.id, number = attempt.number, why, %next, "not delivered by the deadline of the alert, will try again");
            }
            Ended::Failed { why, next } => {
                tracing::warn!(channel = self.name, alert = %delivery.alert.id, number = attempt.number, why, %next, "not delivered, will try again");
            }
            Ended::GivenUp { why } => {
                tracing::error!(channel = self.name, alert = %delivery.alert.id, number = attempt.number, why, "not delivered, given up");
            }
        }
    }

    fn outcome(&self, attempt: &Attempt, due: &Due) -> Outcome {
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
        let to = TopicPartition::new(topics::DELIVERY_ATTEMPT, partition);
        Outcome {
            partition: due.partition,
            record: (to, record),
        }
    }

    /// Keeps the outcomes; where nothing earlier is pending, the group's position moves on with them.
    fn keep(&mut self) -> Result<(), journal::Error> {
        let write = self.to_keep()?;
        let keeper = match (&self.keeper, self.partitions.first()) {
            (Some(keeper), _) => Arc::clone(keeper),
            (None, Some(first)) => self.share.task(*first)?,
            // Nothing is this process's: whoever has it now finds out.
            (None, None) => {
                self.unkept.clear();
                return Ok(());
            }
        };
        // One that failed writes no more.
        self.keeper = None;
        keeper.append(write)?;
        self.keeper = Some(keeper);
        self.unkept.clear();
        Ok(())
    }

    fn to_keep(&self) -> Result<Write, journal::Error> {
        let records = self.unkept.values().map(|one| one.record.clone());
        let of: BTreeSet<_> = self.unkept.values().map(|one| one.partition).collect();
        let positions = of.into_iter().map(|partition| {
            let at = TopicPartition::new(topics::DELIVERY, partition);
            let read = self.position(&at);
            let position = self.queue.oldest(partition).unwrap_or(read);
            (Arc::clone(&self.group), at, position)
        });
        let mut write = Write {
            records: records.collect(),
            offsets: positions.collect(),
        };
        if self.queue.is_empty() {
            // Nothing is pending, so no earlier try matters any more.
            for partition in &self.partitions {
                let at = TopicPartition::new(topics::DELIVERY_ATTEMPT, *partition);
                let end = self.end_of(&at)?;
                write.offsets.push((Arc::clone(&self.group), at, end));
            }
        }
        Ok(write)
    }
}

#[cfg(test)]
mod tests;
