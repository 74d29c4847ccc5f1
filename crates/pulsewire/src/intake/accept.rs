//! One message from its bytes to its durable place in the journal, and the answer that its sender gets.

mod heard;

use std::sync::{Arc, Mutex, PoisonError};

use clinical::{MessageId, PatientKey, ReceivedTime, SiteKey};
use formats::hl7v2::ack::{self, ErrorCode, Fault};
use formats::hl7v2::batch::Batch;
use formats::hl7v2::{self, IssueCode, Message, Severity};
use heard::Heard;
use journal::{Journal, Record, TopicPartition, Write, partition_for};
use mapping::source::Readable;
use tokio::sync::oneshot;

use super::activity::{Activity, Sort};
use super::answer;
use super::keep::Room;
use super::resend::{CONTROL_KEY, First, Known, MESSAGE_ID, Resends};
use super::sources::{NOT_PRODUCTION, NOT_PRODUCTION_TEXT, Source, Sources};
use crate::clock::{Clock, Stopwatch};
use crate::metrics::{Metrics, Outcome, SourceLabel};
use crate::tasks::Tasks;
use crate::topics;

/// What raw HL7 v2 is called on a topic.
pub(crate) const CONTENT_TYPE: &str = "x-application/hl7-v2+er7";

/// Takes messages in.
pub(crate) struct Intake {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) resends: Arc<Resends>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) site_key: SiteKey,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Clock,
    pub(crate) partitions: u16,
    pub(crate) tasks: Tasks,
    pub(crate) last: Mutex<ReceivedTime>,
    pub(crate) room: Room,
    pub(crate) activity: Arc<Activity>,
}

/// The answer to a frame, now or as soon as its message is durable.
pub(crate) enum Pending {
    /// It is known already; nothing where the sender asked for none.
    Now(Option<Vec<u8>>),
    /// The message was refused.
    Refused(Option<Vec<u8>>),
    /// It comes when the journal has the message.
    Later(oneshot::Receiver<Option<Vec<u8>>>),
    /// One for each message of a batch.
    Batch(Vec<Self>, Box<Envelope>),
}

impl Pending {
    /// Whether nothing of the frame was taken.
    pub(crate) fn is_refused(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Now(_) | Self::Later(_) => false,
            Self::Batch(parts, _) => parts.iter().all(Self::is_refused),
        }
    }

    /// Waits for it.
    pub(crate) async fn answer(self) -> Option<Vec<u8>> {
        match self {
            Self::Now(answer) | Self::Refused(answer) => answer,
            // The sender of the answer is the journal's own thread; if it is gone, nothing was promised.
            Self::Later(receiver) => receiver.await.unwrap_or(None),
            Self::Batch(parts, envelope) => {
                let mut answers = Vec::with_capacity(parts.len());
                for part in parts {
                    answers.push(Box::pin(part.answer()).await);
                }
                answer::batch(&envelope, &answers)
            }
        }
    }
}

/// What the answer to a batch needs of it when its messages are stored.
pub(crate) struct Envelope {
    pub(crate) bytes: Vec<u8>,
    pub(crate) batch: Batch,
    pub(crate) at: ReceivedTime,
}

/// A message on its way in.
struct Arrival<'m> {
    bytes: &'m [u8],
    message: &'m Message<'m>,
    /// How its sender's bytes are read, where that is not as UTF-8 or as MSH-18 says.
    readable: Option<&'m Readable<'m>>,
    source: &'m Source,
    id: MessageId,
    control: PatientKey,
    at: ReceivedTime,
    watch: Stopwatch,
}

impl Intake {
    /// Takes in a frame of a sender that showed a certificate which runs out then.
    pub(crate) fn take_of(
        &self,
        bytes: &[u8],
        watch: Stopwatch,
        expires: Option<ReceivedTime>,
    ) -> Pending {
        if let Some(expires) = expires {
            let message = hl7v2::parse(bytes);
            let source = self.sources.of(message.header().as_ref());
            self.showed(&source.name, "mllp", expires);
        }
        self.take(bytes, watch)
    }

    /// Notes when the certificate runs out that a source showed.
    pub(crate) fn showed(&self, source: &str, way: &'static str, expires: ReceivedTime) {
        if self.activity.showed(source, expires) {
            self.metrics.certificate(source, way, expires);
        }
    }

    /// Takes one frame in; `watch` was started when its last byte was there.
    pub(crate) fn take(&self, bytes: &[u8], watch: Stopwatch) -> Pending {
        let message = hl7v2::parse(bytes);
        if message
            .issues()
            .iter()
            .any(|issue| issue.code == IssueCode::BatchHeader)
        {
            return self.take_batch(bytes, watch);
        }
        self.take_message(bytes, &message, watch)
    }

    fn take_batch(&self, bytes: &[u8], watch: Stopwatch) -> Pending {
        let batch = hl7v2::batch::split(bytes);
        if batch.messages.is_empty() {
            return self.take_message(bytes, &hl7v2::parse(bytes), watch);
        }
        for issue in &batch.issues {
            tracing::warn!(batch = issue.batch, reason = issue.code.as_str(), %issue, "a batch does not add up; its messages were taken one by one");
        }
        let spans = batch
            .messages
            .iter()
            .map(|message| bytes.get(message.span.clone()).unwrap_or_default());
        let parts = spans
            .map(|span| self.take_message(span, &hl7v2::parse(span), watch))
            .collect();
        let envelope = Envelope {
            bytes: bytes.to_vec(),
            batch,
            at: self.clock.now(),
        };
        Pending::Batch(parts, Box::new(envelope))
    }

    /// Takes a message in as its sender meant it; `plain` says who that is.
    fn take_message(&self, bytes: &[u8], plain: &Message<'_>, watch: Stopwatch) -> Pending {
        let source = self.sources.of(plain.header().as_ref());
        if source.is_read_as(plain) {
            return self.take_read(bytes, plain, None, source, watch);
        }
        let readable = source.mapping.readable(bytes);
        let message = readable.message();
        self.take_read(bytes, &message, Some(&readable), source, watch)
    }

    fn take_read(
        &self,
        bytes: &[u8],
        message: &Message<'_>,
        readable: Option<&Readable<'_>>,
        source: &Source,
        watch: Stopwatch,
    ) -> Pending {
        let control_id = message
            .header()
            .map_or(&b""[..], |header| header.control_id().raw());
        let id = MessageId::derive(&[
            source.name.as_bytes(),
            control_id,
            blake3::hash(bytes).as_bytes(),
        ]);
        let control = self.site_key.unassigned(&source.name, control_id);
        let at = self.stamp();
        let counted = source.counted(&self.metrics);
        counted.frame_bytes.inc_by(bytes.len() as u64);
        counted.last_seen.set(seconds(at));
        let arrival = Arrival {
            bytes,
            message,
            readable,
            source,
            id,
            control,
            at,
            watch,
        };
        if arrival.message.first_error().is_some() {
            return self.refuse(&arrival);
        }
        if !source.takes(message) {
            return self.refuse_test(&arrival);
        }
        match self.resends.ask(id, control, at) {
            Ok(Known::New { collision }) => self.accept(&arrival, collision),
            Ok(Known::Accepted(first)) => self.again(&arrival, first.at),
            Ok(Known::Pending(first)) => self.again_later(&arrival, first),
            Err(error) => self.defer(&arrival, &error.to_string()),
        }
    }

    /// A time later than every other that was given, so that the order of acceptance can be seen in it.
    pub(super) fn stamp(&self) -> ReceivedTime {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = self
            .clock
            .now()
            .max(ReceivedTime::from_micros(last.micros().saturating_add(1)));
        *last
    }

    fn accept(&self, arrival: &Arrival<'_>, collision: bool) -> Pending {
        let (id, at, watch) = (arrival.id, arrival.at, arrival.watch);
        let name = Arc::clone(&arrival.source.name);
        if collision {
            let label = SourceLabel {
                source: name.to_string(),
            };
            self.metrics.collisions.get_or_create(&label).inc();
            tracing::warn!(source = %name, message = %id, "a control id came again with another body; both are kept");
        }
        // The message is borrowed from the connection's buffer: its answer is made before waiting. The other answer is
        // rare, and made when it is needed, of the header alone.
        let answer = arrival.sent(answer::accepted(arrival.message, id, at));
        let head = arrival.head();
        let counted = arrival.source.counted(&self.metrics).accepted.clone();
        let write = self.raw(arrival);
        let event_time = write.records.first().map(|(_, record)| record.event_time);
        let heard = Heard::of(arrival, event_time);
        let activity = Arc::clone(&self.activity);
        let place = write.records.first().map(|(place, _)| place.clone());
        let (sender, receiver) = oneshot::channel();
        let (metrics, resends) = (Arc::clone(&self.metrics), Arc::clone(&self.resends));
        let sources = Arc::clone(&self.sources);
        let done = move |result: Result<journal::Committed, journal::Error>| {
            let answer = match result {
                Ok(offsets) => {
                    resends.accepted(id, at, place.as_ref().zip(offsets.first().copied()));
                    counted.inc();
                    heard.tell(&activity, ack::Outcome::Accepted, Sort::New);
                    metrics.acknowledged.observe(watch.elapsed().as_secs_f64());
                    answer
                }
                Err(error) => {
                    resends.not_accepted(id);
                    metrics.frame(&name, Outcome::Deferred);
                    heard.tell(&activity, ack::Outcome::Failed, Sort::Other);
                    tracing::error!(source = %name, message = %id, %error, "a message could not be stored; its sender was told to send it again");
                    sources.named(&name).answer(&head, |message| {
                        answer::deferred(message, id, at, "the journal cannot take it now")
                    })
                }
            };
            // Whoever waited may have gone: what is stored stays stored.
            let _gone = sender.send(answer).is_err();
        };
        self.journal.submit(write, Box::new(done));
        Pending::Later(receiver)
    }

    fn again(&self, arrival: &Arrival<'_>, first: ReceivedTime) -> Pending {
        self.metrics.frame(&arrival.source.name, Outcome::Resent);
        Heard::of(arrival, None).tell(&self.activity, ack::Outcome::Accepted, Sort::Other);
        Pending::Now(arrival.sent(answer::accepted(arrival.message, arrival.id, first)))
    }

    fn again_later(
        &self,
        arrival: &Arrival<'_>,
        first: oneshot::Receiver<Option<First>>,
    ) -> Pending {
        let (sender, receiver) = oneshot::channel();
        self.metrics.frame(&arrival.source.name, Outcome::Resent);
        Heard::of(arrival, None).tell(&self.activity, ack::Outcome::Accepted, Sort::Other);
        // One stamp decides the answer's bytes: this one's is replaced by the first one's once that is known.
        let (id, head) = (arrival.id, arrival.head());
        let (sources, name) = (Arc::clone(&self.sources), Arc::clone(&arrival.source.name));
        let at = arrival.at;
        let wait = async move {
            let first = first.await;
            let answer = |message: &Message<'_>| match first {
                Ok(Some(ref first)) => answer::accepted(message, id, first.at),
                _ => answer::deferred(message, id, at, "the first try could not be stored"),
            };
            drop(sender.send(sources.named(&name).answer(&head, answer)));
        };
        self.tasks.spawn(wait);
        Pending::Later(receiver)
    }

    fn defer(&self, arrival: &Arrival<'_>, why: &str) -> Pending {
        self.metrics.frame(&arrival.source.name, Outcome::Deferred);
        Heard::of(arrival, None).tell(&self.activity, ack::Outcome::Failed, Sort::Other);
        tracing::error!(source = %arrival.source.name, message = %arrival.id, why, "a message could not be taken");
        Pending::Now(arrival.sent(answer::deferred(
            arrival.message,
            arrival.id,
            arrival.at,
            "its history cannot be read now",
        )))
    }

    /// Answers that it is never taken, and keeps a copy for inspection.
    fn refuse(&self, arrival: &Arrival<'_>) -> Pending {
        let errors = arrival
            .message
            .issues()
            .iter()
            .filter(|issue| issue.severity() == Severity::Error);
        let faults: Vec<Fault<'_>> = errors
            .map(|issue| Fault::from_issue(arrival.message, issue))
            .collect();
        let first = arrival.message.first_error();
        let reason = first.map_or("unreadable", |issue| issue.code.as_str());
        let detail = first.map(ToString::to_string).unwrap_or_default();
        self.turn_away(arrival, &faults, (reason, detail))
    }

    /// Answers that what is no production data is not taken, and keeps a copy for inspection.
    fn refuse_test(&self, arrival: &Arrival<'_>) -> Pending {
        let fault = Fault {
            code: ErrorCode::UnsupportedProcessingId,
            severity: Severity::Error,
            location: "MSH-11".parse().ok(),
            text: NOT_PRODUCTION_TEXT.into(),
        };
        self.turn_away(
            arrival,
            &[fault],
            (NOT_PRODUCTION, NOT_PRODUCTION_TEXT.to_owned()),
        )
    }

    fn turn_away(
        &self,
        arrival: &Arrival<'_>,
        faults: &[Fault<'_>],
        (reason, detail): (&str, String),
    ) -> Pending {
        tracing::warn!(source = %arrival.source.name, message = %arrival.id, reason, "a frame was refused");
        self.metrics.frame(&arrival.source.name, Outcome::Refused);
        Heard::of(arrival, None).tell(&self.activity, ack::Outcome::Refused, Sort::Other);
        let mut record = self.record(arrival, &arrival.id.as_bytes()[..]);
        record
            .headers
            .push(("reason".into(), reason.as_bytes().into()));
        record
            .headers
            .push(("detail".into(), detail.into_bytes().into()));
        let at = TopicPartition::new(topics::REFUSED, partition_for(&record.key, self.partitions));
        let (name, id) = (Arc::clone(&arrival.source.name), arrival.id);
        let done = move |result: Result<journal::Committed, journal::Error>| {
            if let Err(error) = result {
                tracing::error!(source = %name, message = %id, %error, "the copy of a refused frame could not be kept");
            }
        };
        self.journal.submit(
            Write {
                records: vec![(at, record)],
                offsets: vec![],
            },
            Box::new(done),
        );
        let answer = answer::refused(arrival.message, arrival.id, arrival.at, faults);
        Pending::Refused(arrival.sent(Some(answer)))
    }

    /// Answers a frame that is over the limit; nothing of it was read, so there is nothing to keep.
    pub(crate) fn too_long(&self, limit: usize) -> Vec<u8> {
        let source = self.sources.of(None);
        self.metrics.frame(&source.name, Outcome::Refused);
        tracing::warn!(limit, "a frame over the limit was refused");
        let message = hl7v2::parse(b"");
        let text = format!(
            "the message is longer than {limit} bytes: send it in parts, or raise intake.mllp.frame_size"
        );
        let fault = Fault {
            code: ErrorCode::Internal,
            severity: Severity::Error,
            location: None,
            text: text.into(),
        };
        let at = self.stamp();
        answer::refused(
            &message,
            MessageId::derive(&[&at.micros().to_be_bytes()]),
            at,
            &[fault],
        )
    }

    /// The message as its raw topic keeps it, keyed by its patient.
    fn raw(&self, arrival: &Arrival<'_>) -> Write {
        let kind = arrival
            .message
            .header()
            .map(|header| header.message_type().into_owned())
            .unwrap_or_default();
        let key = self
            .sources
            .key(arrival.message, arrival.source, &self.site_key)
            .unwrap_or(arrival.control);
        let record = self.record(arrival, key.as_bytes());
        let at = TopicPartition::new(
            topics::hl7(&kind),
            partition_for(&record.key, self.partitions),
        );
        Write {
            records: vec![(at, record)],
            offsets: vec![],
        }
    }

    fn record(&self, arrival: &Arrival<'_>, key: &[u8]) -> Record {
        let id = arrival.id.to_string();
        let event_time = self
            .sources
            .time(arrival.message, arrival.source)
            .unwrap_or(arrival.at.micros());
        // The trace begins here: its id is the message's, so that a trace can be found from a record and back.
        let span = id.get(..16).unwrap_or_default();
        Record {
            key: key.into(),
            event_time,
            received_time: arrival.at.micros(),
            seal: 0,
            headers: vec![
                ("content-type".into(), CONTENT_TYPE.as_bytes().into()),
                (
                    "source-system".into(),
                    arrival.source.name.as_bytes().into(),
                ),
                (MESSAGE_ID.into(), id.as_bytes().into()),
                (
                    CONTROL_KEY.into(),
                    arrival.control.to_string().into_bytes().into(),
                ),
                (
                    "traceparent".into(),
                    format!("00-{id}-{span}-01").into_bytes().into(),
                ),
            ],
            value: Some(arrival.bytes.into()),
        }
    }
}

impl Arrival<'_> {
    /// An answer in the bytes that its sender reads.
    fn sent(&self, answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match self.readable {
            Some(readable) => answer.map(|answer| readable.as_sent(answer)),
            None => answer,
        }
    }

    /// What was sent up to the end of MSH: all that an answer is made of.
    fn head(&self) -> Vec<u8> {
        let header = self
            .message
            .header()
            .map_or(0, |header| header.segment().raw().len());
        let end = self.message.leading().len() + header;
        let head = self.message.bytes().get(..end).unwrap_or_default().to_vec();
        match self.readable {
            Some(readable) => readable.as_sent(head),
            None => head,
        }
    }
}

pub(super) fn seconds(at: ReceivedTime) -> f64 {
    std::time::Duration::from_micros(u64::try_from(at.micros()).unwrap_or(0)).as_secs_f64()
}
