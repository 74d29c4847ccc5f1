//! The act that every way in ends with: raw records into the journal in one write, and their places once they are durable.

use std::sync::Arc;
use std::time::Duration;

use clinical::{MessageId, PatientKey, ReceivedTime};
use journal::{Headers, Offset, Record, Topic, TopicPartition, Write, partition_for};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::accept::{Intake, seconds};
use super::activity::{Activity, Frame, Sign, Sort};
use super::resend::{CONTROL_KEY, First, Known, MESSAGE_ID};
use crate::clock::Stopwatch;
use crate::metrics::{Metrics, Outcome, SourceLabel};
use crate::topics;

/// What X12 is called on a topic.
pub(crate) const X12: &str = "application/EDI-X12";
/// The raw record's header that says by which way it came; one without it came by MLLP.
pub(crate) const WAY: &str = "way";
/// Stands on a raw record that is history: it is used, and nobody is paged for it.
pub(crate) const BACKFILL: &str = "backfill";
/// The raw record's header that says what its sender did with a resource: create, update or delete.
pub(crate) const INTERACTION: &str = "interaction";
/// Names the identity that went into that of the record's key: 32 hexadecimal digits.
pub(crate) const RETIRED_KEY: &str = "retired-key";
/// How the entry of a deletion links the patient whose the resource is by now, where it was put right to that.
pub(crate) const MOVED_TO: &str = "moved-to";

/// So many bytes of what is to be kept wait for the journal at once, over all ways but MLLP: with that one's, as much as
/// the journal's queue holds. One larger write goes alone.
const WAITING_BYTES_MAX: usize = 16 << 20;
/// When whoever is refused may try again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    Http,
    Mqtt,
    File,
}

impl Way {
    /// Its name, on records and in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Mqtt => "mqtt",
            Self::File => "file",
        }
    }

    /// What whoever came this way is told of how it ended, as a code.
    const fn answer(self, outcome: Outcome) -> &'static str {
        match (self, outcome) {
            (Self::Http, Outcome::Accepted | Outcome::Resent) => "2xx",
            (Self::Http, Outcome::Refused) => "4xx",
            (Self::Http, Outcome::Deferred | Outcome::Closed) => "5xx",
            (_, Outcome::Accepted) => "accepted",
            (_, Outcome::Resent) => "resent",
            (_, Outcome::Refused) => "refused",
            (_, Outcome::Deferred) => "deferred",
            (_, Outcome::Closed) => "closed",
        }
    }

    /// The same of who is to come again because there is too much to do.
    const fn busy(self) -> &'static str {
        match self {
            Self::Http => "429",
            Self::Mqtt | Self::File => self.answer(Outcome::Deferred),
        }
    }
}

/// What came in and is to be kept as one raw record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) topic: Topic,
    /// Whom or what it is about: the pseudonym that decides its partition.
    pub(crate) key: PatientKey,
    /// What is kept under the same id is kept once.
    pub(crate) id: MessageId,
    /// The pseudonym of what its sender calls it: the same with another id counts as a collision. Nothing where its sender
    /// may use a name again.
    pub(crate) control: Option<PatientKey>,
    pub(crate) content_type: &'static str,
    /// The configured name of its sender.
    pub(crate) source: Arc<str>,
    pub(crate) way: Way,
    /// When it was true, in microseconds since the epoch; when it was accepted, where it does not say.
    pub(crate) event_time: Option<i64>,
    pub(crate) backfill: bool,
    /// What its record says besides.
    pub(crate) headers: Headers,
    pub(crate) sign: Sign,
    pub(crate) bytes: Box<[u8]>,
}

/// Where something is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) topic: Topic,
    pub(crate) partition: u16,
    pub(crate) offset: Offset,
    /// When it was accepted.
    pub(crate) at: ReceivedTime,
    /// Whether it was kept before: it is where it was, and nothing was written.
    pub(crate) again: bool,
}

/// Why nothing was kept; each may be tried again.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("more waits for the journal than it takes now: send it again a little later")]
    Busy,
    #[error("the journal cannot take it now ({0}): send it again later")]
    Journal(#[from] journal::Error),
    #[error("it cannot be told whether it was kept before ({0}): send it again later")]
    History(String),
}

/// Whether to wait where the journal has more to do than it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Its sender is told at once.
    Refuse,
    /// Its sender waits: a file does not go away, and a broker keeps what is not acknowledged.
    Wait,
}

/// The room for what waits for the journal.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(WAITING_BYTES_MAX)))
    }
}

impl Room {
    async fn take(
        &self,
        bytes: usize,
        patience: Patience,
    ) -> Result<OwnedSemaphorePermit, Refusal> {
        let bytes = u32::try_from(bytes.min(WAITING_BYTES_MAX)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0);
        let taken = match patience {
            Patience::Refuse => room.try_acquire_many_owned(bytes).ok(),
            Patience::Wait => room.acquire_many_owned(bytes).await.ok(),
        };
        taken.ok_or(Refusal::Busy)
    }
}

/// What became of each of what is to be kept, so far.
enum Fate {
    /// It is being written.
    New(usize),
    Again(First),
    /// It is being kept by somebody else, or stands twice in what is to be kept.
    Pending(oneshot::Receiver<Option<First>>),
}

/// What the journal was given and is not known to be durable yet.
pub(crate) struct Keeping {
    fates: Vec<Fate>,
    written: Option<oneshot::Receiver<Written>>,
}

impl Keeping {
    /// Waits until all of it is durable, and tells where it is.
    pub(crate) async fn kept(self) -> Result<Vec<Kept>, Refusal> {
        let places = match self.written {
            Some(written) => match written.await {
                Ok(Ok(places)) => places,
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(journal::Error::Closed.into()),
            },
            None => Vec::new(),
        };
        let mut kept = Vec::with_capacity(self.fates.len());
        for fate in self.fates {
            kept.push(settled(fate, &places).await?);
        }
        Ok(kept)
    }
}

impl Intake {
    /// Keeps all of it in one write, or nothing of it; what was kept before is only told where. It ends when all of it is
    /// durable.
    pub(crate) async fn keep(
        &self,
        received: Vec<Received>,
        patience: Patience,
    ) -> Result<Vec<Kept>, Refusal> {
        self.keep_and(received, patience, |_| {}).await
    }

    /// As [`Intake::keep`]; `then` is called with the places of what was written now (nothing stands for what was kept
    /// before), in the order in which the journal writes, and must not block. It is dropped where nothing is written.
    pub(crate) async fn keep_and(
        &self,
        received: Vec<Received>,
        patience: Patience,
        then: impl FnOnce(&[Option<Kept>]) + Send + 'static,
    ) -> Result<Vec<Kept>, Refusal> {
        self.begin(received, patience, then).await?.kept().await
    }

    /// Hands it to the journal and does not wait until it is durable: whoever begins one after the other has them kept in
    /// that order.
    pub(crate) async fn begin(
        &self,
        received: Vec<Received>,
        patience: Patience,
        then: impl FnOnce(&[Option<Kept>]) + Send + 'static,
    ) -> Result<Keeping, Refusal> {
        let watch = Stopwatch::start();
        let bytes = received.iter().map(|one| one.bytes.len()).sum();
        let room = match self.room.take(bytes, patience).await {
            Ok(room) => room,
            Err(refusal) => {
                for one in &received {
                    self.count_as(&one.source, one.way, Outcome::Deferred, one.way.busy());
                }
                return Err(refusal);
            }
        };
        // From here to the journal's queue nothing waits: whoever asks may go away, and what is new still has an end.
        let (fates, written) = self.submit(received, watch, (room, then))?;
        Ok(Keeping { fates, written })
    }

    /// Sorts what is new from what is known, and hands the new over to the journal.
    fn submit(
        &self,
        received: Vec<Received>,
        watch: Stopwatch,
        (room, then): (
            OwnedSemaphorePermit,
            impl FnOnce(&[Option<Kept>]) + Send + 'static,
        ),
    ) -> Result<(Vec<Fate>, Option<oneshot::Receiver<Written>>), Refusal> {
        let all = received.len();
        let mut fates = Vec::with_capacity(all);
        let mut write = Write::default();
        let mut new = Vec::new();
        for (index, one) in received.into_iter().enumerate() {
            let at = self.stamp();
            self.hear(&one, at);
            let control = one
                .control
                .unwrap_or(PatientKey::from_bytes(*one.id.as_bytes()));
            match self.resends.ask(one.id, control, at) {
                Ok(Known::New { collision }) => {
                    if collision && one.control.is_some() {
                        self.tell_collision(&one);
                    }
                    fates.push(Fate::New(index));
                    new.push(New::of(index, &one, at));
                    write.records.push(self.as_record(one, control, at));
                }
                Ok(Known::Accepted(first)) => {
                    self.count(&one.source, one.way, Outcome::Resent);
                    fates.push(Fate::Again(first));
                }
                Ok(Known::Pending(first)) => {
                    self.count(&one.source, one.way, Outcome::Resent);
                    fates.push(Fate::Pending(first));
                }
                Err(error) => {
                    new.iter().for_each(|new| self.resends.not_accepted(new.id));
                    self.count(&one.source, one.way, Outcome::Deferred);
                    return Err(Refusal::History(error.to_string()));
                }
            }
        }
        if new.is_empty() {
            return Ok((fates, None));
        }
        let (sender, receiver) = oneshot::channel();
        let places: Vec<TopicPartition> = write.records.iter().map(|(at, _)| at.clone()).collect();
        let (metrics, resends) = (Arc::clone(&self.metrics), Arc::clone(&self.resends));
        let activity = Arc::clone(&self.activity);
        let done = move |result: Result<journal::Committed, journal::Error>| {
            let outcome = match result {
                Ok(_) => Outcome::Accepted,
                Err(_) => Outcome::Deferred,
            };
            for new in &new {
                new.count(&metrics, &activity, outcome);
            }
            let written = result.map(|offsets| {
                metrics.acknowledged.observe(watch.elapsed().as_secs_f64());
                let mut kept = vec![None; all];
                for ((new, place), offset) in new.iter().zip(places).zip(offsets) {
                    resends.accepted(new.id, new.at, Some((&place, offset)));
                    if let Some(kept) = kept.get_mut(new.index) {
                        *kept = Some(Kept::new(place, offset, new.at));
                    }
                }
                then(&kept);
                kept
            });
            if let Err(error) = &written {
                new.iter().for_each(|new| resends.not_accepted(new.id));
                tracing::error!(%error, records = new.len(), "what came in could not be stored; its sender was told to send it again");
            }
            drop(room);
            // Whoever waited may have gone: what is stored stays stored.
            let _gone = sender.send(written).is_err();
        };
        self.journal.submit(write, Box::new(done));
        Ok((fates, Some(receiver)))
    }

    /// Takes note that a source is there, though it sends nothing to keep.
    pub(crate) fn seen(&self, source: &str) {
        let counted = self.sources.named(source).counted(&self.metrics);
        counted.last_seen.set(seconds(self.stamp()));
    }

    /// Takes note that a source was heard.
    fn hear(&self, one: &Received, at: ReceivedTime) {
        let counted = self.sources.named(&one.source).counted(&self.metrics);
        counted.frame_bytes.inc_by(one.bytes.len() as u64);
        counted.last_seen.set(seconds(at));
    }

    fn tell_collision(&self, one: &Received) {
        let source = one.source.to_string();
        tracing::warn!(%source, message = %one.id, "what a sender names came again with other content; both are kept");
        let label = SourceLabel { source };
        self.metrics.collisions.get_or_create(&label).inc();
    }

    /// Counts how something that came by a way ended; the way itself calls it for what it refuses.
    pub(crate) fn count(&self, source: &str, way: Way, outcome: Outcome) {
        self.count_as(source, way, outcome, way.answer(outcome));
    }

    fn count_as(&self, source: &str, way: Way, outcome: Outcome, answer: &'static str) {
        self.metrics.frame(source, outcome);
        self.metrics.received(source, way, outcome);
        let heard = Frame {
            way: way.name(),
            signals: &[],
            answer,
            bytes: 0,
            at: self.clock.now(),
            event_time: None,
            sort: Sort::Other,
        };
        self.activity.heard(source, &heard);
    }

    fn as_record(
        &self,
        one: Received,
        control: PatientKey,
        at: ReceivedTime,
    ) -> (TopicPartition, Record) {
        let header = |name: &str, value: &[u8]| (name.into(), value.into());
        let id = one.id.to_string();
        let span = id.get(..16).unwrap_or_default();
        let mut headers: Headers = vec![
            header("content-type", one.content_type.as_bytes()),
            header("source-system", one.source.as_bytes()),
            header(MESSAGE_ID, id.as_bytes()),
            header(CONTROL_KEY, control.to_string().as_bytes()),
            header("traceparent", format!("00-{id}-{span}-01").as_bytes()),
            header(WAY, one.way.name().as_bytes()),
        ];
        if one.backfill {
            headers.push(header(BACKFILL, b"1"));
        }
        headers.extend(one.headers);
        let place = TopicPartition::new(
            one.topic,
            partition_for(one.key.as_bytes(), self.partitions),
        );
        let record = Record {
            key: (*one.key.as_bytes()).into(),
            event_time: one.event_time.unwrap_or(at.micros()),
            received_time: at.micros(),
            seal: 0,
            headers,
            value: Some(one.bytes),
        };
        (place, record)
    }
}

/// Where what is new was written, or why not.
type Written = Result<Vec<Option<Kept>>, journal::Error>;

/// What must be known of a new one when its write has ended.
struct New {
    index: usize,
    id: MessageId,
    at: ReceivedTime,
    source: Arc<str>,
    way: Way,
    bytes: usize,
    sign: Sign,
    sort: Sort,
    topic: Topic,
}

impl New {
    fn of(index: usize, one: &Received, at: ReceivedTime) -> Self {
        Self {
            index,
            id: one.id,
            at,
            source: Arc::clone(&one.source),
            way: one.way,
            bytes: one.bytes.len(),
            sign: Sign {
                signals: one.sign.signals.clone(),
                made: one.sign.made.or(one.event_time),
            },
            sort: match one.backfill {
                true => Sort::Backfill,
                false => Sort::New,
            },
            topic: Topic::clone(&one.topic),
        }
    }

    /// Counts it when its write has ended so.
    fn count(&self, metrics: &Metrics, activity: &Activity, outcome: Outcome) {
        metrics.frame(&self.source, outcome);
        metrics.received(&self.source, self.way, outcome);
        let frame = Frame {
            way: self.way.name(),
            signals: match self.sign.signals.as_slice() {
                [] => &[topics::signal_of(&self.topic)],
                named => named,
            },
            answer: self.way.answer(outcome),
            bytes: self.bytes,
            at: self.at,
            event_time: self.sign.made,
            sort: match outcome {
                Outcome::Accepted => self.sort,
                _ => Sort::Other,
            },
        };
        activity.heard(&self.source, &frame);
    }
}

impl Kept {
    fn new(place: TopicPartition, offset: Offset, at: ReceivedTime) -> Self {
        Self {
            topic: place.topic,
            partition: place.partition,
            offset,
            at,
            again: false,
        }
    }

    fn before(first: First) -> Result<Self, Refusal> {
        let (place, offset) = first
            .place
            .ok_or_else(|| Refusal::History("it is remembered without its place".to_owned()))?;
        Ok(Self {
            again: true,
            ..Self::new(place, offset, first.at)
        })
    }
}

/// Waits until it is known where one is kept.
async fn settled(fate: Fate, written: &[Option<Kept>]) -> Result<Kept, Refusal> {
    match fate {
        Fate::New(index) => written
            .get(index)
            .cloned()
            .flatten()
            .ok_or(Refusal::Journal(journal::Error::Closed)),
        Fate::Again(first) => Kept::before(first),
        Fate::Pending(first) => match first.await {
            Ok(Some(first)) => Kept::before(first),
            _ => Err(Refusal::Busy),
        },
    }
}

#[cfg(test)]
mod tests;
