//! Writes of several records, and those that carry positions: one transaction each, by a producer with a stable id.
//!
//! What is not known to be committed is tried again, and a producer that was ever in doubt makes no other transaction: nothing
//! delayed of it can then end a later one. Whoever goes on from memory must read what is committed before it takes over anew.

use super::Prefix;
use super::client::{Context, Delivery, Gathered, refused};
use super::config::{KafkaConfig, SOCKET_TIMEOUT};
use super::desk::{Desk, Next};
use super::single::sendable;
use crate::{Committed, Done, Error, Group, TopicPartition, Write};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::topic_partition_list::Offset as At;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often an idle producer is looked after: tokens are renewed and errors are heard of.
const IDLE_POLL: Duration = Duration::from_millis(200);
/// A commit that is in doubt is asked for so often again.
const COMMIT_TRIES: u32 = 4;
/// Room in the producer's queue is waited for in steps of this.
const FULL_WAIT: Duration = Duration::from_millis(5);
/// How often it is looked whether the thread has ended.
const END_WAIT: Duration = Duration::from_millis(2);
/// The first look lets a token be fetched before it is needed.
const FIRST_POLL: Duration = Duration::from_millis(20);
/// How long a predecessor's transaction is waited for before it is looked whether we are turned away.
const INIT_STEP: Duration = Duration::from_secs(2);
/// So many such steps are made before taking over is given up, for now: whoever waits must keep its place in the group meanwhile.
const INIT_STEPS: u32 = 5;

/// Why nothing follows a commit that was asked for more than once.
const IN_DOUBT: &str = "the commit before was in doubt for a while";
/// What it means that a transaction is not made now.
const PASSING: &str = "a transaction could not be made";

/// Groups whose positions a transaction carries, each as it names itself to the coordinator.
type Groups = Vec<(Group, Arc<ConsumerGroupMetadata>)>;

/// A producer of transactions, on a thread of its own.
pub(super) struct Transactions {
    desk: Arc<Desk<Work>>,
    thread: Option<JoinHandle<()>>,
}

/// What becomes of a producer after a transaction that was not committed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// The next one takes over again: each write stands for itself.
    GoOn,
    /// Every later one is refused, after a commit in doubt, too: they rest on what was not committed, or may not be the last word.
    Stop,
}

/// A write, and the groups whose positions it carries.
type Work = (Write, Groups);

impl Transactions {
    /// Takes over the id: a predecessor's open transaction is aborted, and it can write no more.
    pub(super) fn open(
        config: &KafkaConfig,
        prefix: Prefix,
        id: String,
        after: AfterFailure,
    ) -> Result<Self, Error> {
        let desk = Desk::new();
        let mut writer = Writer {
            config: config.clone(),
            prefix,
            id,
            desk: Arc::clone(&desk),
            producer: None,
            after,
            failed: None,
        };
        // Taking over, too, may not come back.
        let (sender, taken) = sync_channel(1);
        let name = "kafka-transactions".to_owned();
        let thread = std::thread::Builder::new().name(name);
        let thread = thread.spawn(move || {
            let _end = GivesUp(Arc::clone(&writer.desk));
            let opened = writer.take_over().map(|producer| {
                writer.producer = Some(producer);
            });
            let is_open = opened.is_ok();
            // Nobody waits for it any more where it took too long.
            if sender.send(opened).is_ok() && is_open {
                writer.run();
            }
        });
        let thread = thread.map_err(|error| Error::io("cannot start a thread", error))?;
        let answer = taken.recv_timeout(INIT_STEP.saturating_mul(INIT_STEPS + 1));
        answer.unwrap_or_else(|_| {
            Err(Error::Unavailable {
                doing: "a producer did not take over in time",
                cause: "its coordinator does not answer".to_owned(),
            })
        })?;
        Ok(Self {
            desk,
            thread: Some(thread),
        })
    }

    /// Queues a write; `done` is called on the producer's thread.
    pub(super) fn submit(&self, write: Write, groups: Groups, done: Done) {
        self.desk.put((write, groups), done);
    }

    /// Whether it came to a standstill: then another takes over.
    pub(super) fn is_stuck(&self) -> bool {
        self.desk.is_stuck()
    }
}

impl Drop for Transactions {
    fn drop(&mut self) {
        self.desk.close();
        let Some(thread) = self.thread.take() else {
            return;
        };
        if thread.thread().id() == std::thread::current().id() {
            return;
        }
        while !thread.is_finished() && !self.desk.is_stuck() {
            std::thread::park_timeout(END_WAIT);
        }
    }
}

/// Whatever ends the thread, nobody waits for it any more.
struct GivesUp(Arc<Desk<Work>>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

struct Writer {
    config: KafkaConfig,
    prefix: Prefix,
    id: String,
    desk: Arc<Desk<Work>>,
    /// None after doubt or failure: the next transaction begins with a new one.
    producer: Option<BaseProducer<Context>>,
    after: AfterFailure,
    /// Why nothing is written any more.
    failed: Option<Error>,
}

impl Writer {
    fn run(&mut self) {
        loop {
            match self.desk.take(IDLE_POLL) {
                Next::Work((write, groups)) => {
                    let result = self.write(write, &groups);
                    self.desk.answer(result);
                }
                Next::Nothing => {
                    if let Some(producer) = &self.producer {
                        producer.poll(Duration::ZERO);
                    }
                }
                Next::End => return,
            }
        }
    }

    /// Opens a producer and ends what the one before it left open.
    fn take_over(&self) -> Result<BaseProducer<Context>, Error> {
        let (config, context) = (self.config.transactions(&self.id), self.config.context());
        let producer = BaseProducer::from_config_and_context(&config, context);
        let producer: BaseProducer<Context> =
            producer.map_err(|error| refused(&error, &self.doing(), PASSING))?;
        producer.poll(FIRST_POLL);
        let mut failed = Error::Closed;
        for _ in 0..INIT_STEPS {
            let init = || producer.init_transactions(INIT_STEP);
            let Err(error) = self.desk.watched(INIT_STEP, init) else {
                producer.context().well();
                return Ok(producer);
            };
            failed = self.error(&producer, &error);
            if !is_passing(&error) || !matches!(failed, Error::Unavailable { .. }) {
                break;
            }
        }
        Err(failed)
    }

    fn write(&mut self, write: Write, groups: &Groups) -> Result<Committed, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.try_write(write, groups);
        match (self.after, result) {
            // To take the id over again would fence whoever has it now.
            (AfterFailure::Stop, Err(error)) => {
                self.failed = Some(error.clone());
                Err(error)
            }
            (AfterFailure::Stop, Ok(committed)) => {
                if self.producer.is_none() {
                    self.failed = Some(Error::Aborted(IN_DOUBT.to_owned()));
                }
                Ok(committed)
            }
            // A transaction that took too long is ended by the brokers in the same words.
            (AfterFailure::GoOn, Err(Error::Fenced { cause, .. })) => Err(Error::Unavailable {
                doing: "a transaction was ended from elsewhere",
                cause,
            }),
            (AfterFailure::GoOn, result) => result,
        }
    }

    fn try_write(&mut self, write: Write, groups: &Groups) -> Result<Committed, Error> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => self.take_over()?,
        };
        let (committed, doubted) = self.transact(&producer, write, groups)?;
        self.producer = Some(producer).filter(|_| !doubted);
        Ok(committed)
    }

    /// Makes one transaction; tells whether its commit was ever in doubt.
    fn transact(
        &self,
        producer: &BaseProducer<Context>,
        write: Write,
        groups: &Groups,
    ) -> Result<(Committed, bool), Error> {
        producer
            .begin_transaction()
            .map_err(|error| self.failure(producer, &error, None))?;
        let gathered = Arc::new(Mutex::new(Gathered {
            offsets: vec![0; write.records.len()],
            failed: None,
        }));
        for (place, (to, record)) in write.records.iter().enumerate() {
            self.send(producer, place, (to, record), &gathered)?;
        }
        for (group, metadata) in groups {
            let of_group = write.offsets.iter().filter(|(of, ..)| of == group);
            let list = self.prefix.list(of_group.map(|(_, at, offset)| {
                (at, At::Offset(i64::try_from(*offset).unwrap_or(i64::MAX)))
            }));
            let send = || producer.send_offsets_to_transaction(&list, metadata, SOCKET_TIMEOUT);
            self.desk
                .watched(SOCKET_TIMEOUT, send)
                .map_err(|error| self.failure(producer, &error, Some(&gathered)))?;
        }
        let doubted = self.commit(producer, &gathered)?;
        let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((std::mem::take(&mut gathered.offsets), doubted))
    }

    fn send(
        &self,
        producer: &BaseProducer<Context>,
        place: usize,
        (to, record): (&TopicPartition, &crate::Record),
        gathered: &Arc<Mutex<Gathered>>,
    ) -> Result<(), Error> {
        let topic = self.prefix.of(&to.topic);
        let opaque = Box::new(Delivery::Part(place, Arc::clone(gathered)));
        let mut sent = sendable(&topic, to.partition, record, opaque);
        loop {
            match producer.send(sent) {
                Ok(()) => {
                    producer.poll(Duration::ZERO);
                    return Ok(());
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    sent = back;
                    producer.poll(FULL_WAIT);
                }
                Err((error, _)) => {
                    return Err(self.failure(producer, &error, Some(gathered)));
                }
            }
        }
    }

    /// Commits, and asks again while nobody knows whether it is.
    fn commit(
        &self,
        producer: &BaseProducer<Context>,
        gathered: &Arc<Mutex<Gathered>>,
    ) -> Result<bool, Error> {
        let mut doubted = false;
        for _ in 0..COMMIT_TRIES {
            let at_most = self.config.commit_timeout();
            let commit = || producer.commit_transaction(at_most);
            match self.desk.watched(at_most, commit) {
                Ok(()) => return Ok(doubted),
                Err(error) if is_passing(&error) => doubted = true,
                Err(error) => return Err(self.failure(producer, &error, Some(gathered))),
            }
        }
        let unknown = Error::Unavailable {
            doing: "it is not known whether a transaction was committed",
            cause: self.id.clone(),
        };
        Err(producer.context().explain(unknown))
    }

    /// Takes the transaction back where that is asked for.
    fn failure(
        &self,
        producer: &BaseProducer<Context>,
        error: &KafkaError,
        gathered: Option<&Arc<Mutex<Gathered>>>,
    ) -> Error {
        let wants_abort = match error {
            KafkaError::Transaction(told) => !told.is_fatal(),
            _ => producer.client().fatal_error().is_none(),
        };
        if is_fenced(error) || is_fenced_for_good(producer) {
            return self.fenced(error);
        }
        // Before aborting: what is purged then is no cause.
        let cause = self.cause(producer, error, gathered);
        let abort = || producer.abort_transaction(SOCKET_TIMEOUT);
        if wants_abort && self.desk.watched(SOCKET_TIMEOUT, abort).is_ok() {
            return cause;
        }
        if is_fenced_for_good(producer) {
            return self.fenced(error);
        }
        self.error(producer, error)
    }

    /// Why a transaction is taken back: what will be refused again says so, and whatever first went wrong is named.
    fn cause(
        &self,
        producer: &BaseProducer<Context>,
        error: &KafkaError,
        gathered: Option<&Arc<Mutex<Gathered>>>,
    ) -> Error {
        let gathered = gathered.map(|one| one.lock().unwrap_or_else(PoisonError::into_inner));
        let first = gathered.and_then(|one| one.failed.clone());
        match first.unwrap_or_else(|| self.error(producer, error)) {
            refused @ Error::Refused { .. } => refused,
            Error::Unavailable { cause, .. } => Error::Aborted(cause),
            other => Error::Aborted(other.to_string()),
        }
    }

    /// What an error means, with what the client heard of in the background: a call that waits for it only times out.
    fn error(&self, producer: &BaseProducer<Context>, error: &KafkaError) -> Error {
        if is_fenced(error) {
            return self.fenced(error);
        }
        producer.poll(Duration::ZERO);
        let (context, doing) = (producer.context(), self.doing());
        let told = || context.explain(refused(error, &doing, PASSING));
        context.turned_away(&doing).unwrap_or_else(told)
    }

    fn fenced(&self, error: &KafkaError) -> Error {
        Error::Fenced {
            writer: self.id.clone(),
            cause: error.to_string(),
        }
    }

    fn doing(&self) -> String {
        format!("cannot write as {}", self.id)
    }
}

/// Whether nobody knows yet how a commit ended.
fn is_passing(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(told) => told.is_retriable() && !told.txn_requires_abort(),
        KafkaError::Flush(code) => *code == RDKafkaErrorCode::OperationTimedOut,
        _ => false,
    }
}

fn is_fenced_for_good(producer: &BaseProducer<Context>) -> bool {
    let fatal = producer.client().fatal_error();
    fatal.is_some_and(|(code, _)| is_fencing(code))
}

fn is_fenced(error: &KafkaError) -> bool {
    error.rdkafka_error_code().is_some_and(is_fencing)
}

/// Another producer has the id, or another member the group's place.
fn is_fencing(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::FencedInstanceId
    )
}
