//! Writes of several records, and those that carry positions: one transaction each, by a producer with a stable id.
//!
//! What is not known to be committed is tried again, and a producer that was ever in doubt is made anew before the next
//! transaction: its epoch rises, so that nothing delayed of the old one can end a later one.

use super::Prefix;
use super::client::{Context, Delivery, Gathered, refused};
use super::config::{KafkaConfig, SOCKET_TIMEOUT};
use super::single::sendable;
use crate::{Committed, Done, Error, Group, TopicPartition, Write};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::topic_partition_list::Offset as At;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often an idle producer is looked after: tokens are renewed and errors are heard of.
const IDLE_POLL: Duration = Duration::from_millis(200);
/// How many transactions wait; `submit` waits above it.
const QUEUE: usize = 64;
/// A commit that is in doubt is asked for so often again.
const COMMIT_TRIES: u32 = 4;
/// Room in the producer's queue is waited for in steps of this.
const FULL_WAIT: Duration = Duration::from_millis(5);
/// The first look lets a token be fetched before it is needed.
const FIRST_POLL: Duration = Duration::from_millis(20);
/// How long a predecessor's transaction is waited for before taking over is tried again.
const INIT_TIMEOUT: Duration = Duration::from_secs(30);

/// Groups whose positions a transaction carries, each as it names itself to the coordinator.
type Groups = Vec<(Group, ConsumerGroupMetadata)>;

/// A producer of transactions, on a thread of its own.
pub(super) struct Transactions {
    queue: Option<SyncSender<Item>>,
    thread: Option<JoinHandle<()>>,
}

/// What becomes of a producer after a transaction that was not committed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// The next one is tried: each write stands for itself.
    GoOn,
    /// Every later one is refused: they rest on what was not committed.
    Stop,
}

struct Item {
    write: Write,
    groups: Groups,
    done: Done,
}

impl Transactions {
    /// Takes over the id: a predecessor's open transaction is aborted, and it can write no more.
    pub(super) fn open(
        config: &KafkaConfig,
        prefix: Prefix,
        id: String,
        after: AfterFailure,
    ) -> Result<Self, Error> {
        let mut writer = Writer {
            config: config.clone(),
            prefix,
            id,
            producer: None,
            after,
            failed: None,
        };
        writer.producer = Some(writer.take_over()?);
        let (queue, items) = sync_channel(QUEUE);
        let name = "kafka-transactions".to_owned();
        let thread = std::thread::Builder::new().name(name);
        let thread = thread.spawn(move || writer.run(&items));
        let thread = thread.map_err(|error| Error::io("cannot start a thread", error))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Queues a write; `done` is called on the producer's thread.
    pub(super) fn submit(&self, write: Write, groups: Groups, done: Done) {
        let item = Item {
            write,
            groups,
            done,
        };
        let refused = match &self.queue {
            Some(queue) => queue.send(item).err().map(|refused| refused.0),
            None => Some(item),
        };
        if let Some(item) = refused {
            (item.done)(Err(Error::Closed));
        }
    }
}

impl Drop for Transactions {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // A panic of it has dropped what waited, which its callers see.
            drop(thread.join());
        }
    }
}

/// What happened to a transaction, besides being committed.
enum Failure {
    /// Nothing of it will be seen, and the producer goes on.
    Aborted(Error),
    /// The producer is of no use any more.
    Lost(Error),
}

struct Writer {
    config: KafkaConfig,
    prefix: Prefix,
    id: String,
    /// None after doubt: the next transaction begins with a new one.
    producer: Option<BaseProducer<Context>>,
    after: AfterFailure,
    /// Why nothing is written any more.
    failed: Option<Error>,
}

impl Writer {
    fn run(&mut self, items: &Receiver<Item>) {
        loop {
            match items.recv_timeout(IDLE_POLL) {
                Ok(item) => {
                    let result = self.write(item.write, &item.groups);
                    (item.done)(result);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(producer) = &self.producer {
                        producer.poll(Duration::ZERO);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Opens a producer and ends what the one before it left open.
    fn take_over(&self) -> Result<BaseProducer<Context>, Error> {
        let (config, context) = (self.config.transactions(&self.id), self.config.context());
        let producer = BaseProducer::from_config_and_context(&config, context);
        let producer: BaseProducer<Context> = producer.map_err(|error| self.error(&error))?;
        producer.poll(FIRST_POLL);
        producer
            .init_transactions(INIT_TIMEOUT)
            .map_err(|error| self.error(&error))?;
        Ok(producer)
    }

    fn write(&mut self, write: Write, groups: &Groups) -> Result<Committed, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.try_write(write, groups);
        if let Err(error) = &result
            && (self.after == AfterFailure::Stop || matches!(error, Error::Fenced { .. }))
        {
            // To take the id over again would fence whoever has it now.
            self.failed = Some(error.clone());
            self.producer = None;
        }
        result
    }

    fn try_write(&mut self, write: Write, groups: &Groups) -> Result<Committed, Error> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => self.take_over()?,
        };
        match self.transact(&producer, write, groups) {
            Ok((committed, doubted)) => {
                self.producer = Some(producer).filter(|_| !doubted);
                Ok(committed)
            }
            Err(Failure::Aborted(error)) => {
                self.producer = Some(producer);
                Err(error)
            }
            Err(Failure::Lost(error)) => Err(error),
        }
    }

    /// Makes one transaction; tells whether its commit was ever in doubt.
    fn transact(
        &self,
        producer: &BaseProducer<Context>,
        write: Write,
        groups: &Groups,
    ) -> Result<(Committed, bool), Failure> {
        producer
            .begin_transaction()
            .map_err(|error| self.failure(producer, &error))?;
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
            producer
                .send_offsets_to_transaction(&list, metadata, SOCKET_TIMEOUT)
                .map_err(|error| self.failure(producer, &error))?;
        }
        let doubted = self.commit(producer)?;
        let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((std::mem::take(&mut gathered.offsets), doubted))
    }

    fn send(
        &self,
        producer: &BaseProducer<Context>,
        place: usize,
        (to, record): (&TopicPartition, &crate::Record),
        gathered: &Arc<Mutex<Gathered>>,
    ) -> Result<(), Failure> {
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
                Err((error, _)) => return Err(self.failure(producer, &error)),
            }
        }
    }

    /// Commits, and asks again while nobody knows whether it is.
    fn commit(&self, producer: &BaseProducer<Context>) -> Result<bool, Failure> {
        let mut doubted = false;
        for _ in 0..COMMIT_TRIES {
            match producer.commit_transaction(SOCKET_TIMEOUT) {
                Ok(()) => return Ok(doubted),
                Err(error) if is_passing(&error) => doubted = true,
                Err(error) => return Err(self.failure(producer, &error)),
            }
        }
        Err(Failure::Lost(Error::Unavailable {
            doing: "it is not known whether a transaction was committed",
            cause: self.id.clone(),
        }))
    }

    /// Takes the transaction back where that is asked for.
    fn failure(&self, producer: &BaseProducer<Context>, error: &KafkaError) -> Failure {
        let wants_abort = match error {
            KafkaError::Transaction(told) => !told.is_fatal(),
            _ => producer.client().fatal_error().is_none(),
        };
        if is_fenced(error) || is_fenced_for_good(producer) {
            return Failure::Lost(Error::Fenced {
                writer: self.id.clone(),
                cause: error.to_string(),
            });
        }
        if wants_abort && producer.abort_transaction(SOCKET_TIMEOUT).is_ok() {
            return Failure::Aborted(Error::Aborted(error.to_string()));
        }
        if is_fenced_for_good(producer) {
            return Failure::Lost(Error::Fenced {
                writer: self.id.clone(),
                cause: error.to_string(),
            });
        }
        Failure::Lost(self.error(error))
    }

    fn error(&self, error: &KafkaError) -> Error {
        if is_fenced(error) {
            return Error::Fenced {
                writer: self.id.clone(),
                cause: error.to_string(),
            };
        }
        let doing = format!("cannot write as {}", self.id);
        refused(error, &doing, "a transaction could not be made")
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
