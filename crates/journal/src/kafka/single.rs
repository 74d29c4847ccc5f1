//! Writes of one record: sent at once by an idempotent producer, acknowledged when enough brokers have it.

use super::client::{Context, Delivery, refused, write_error};
use super::config::KafkaConfig;
use super::{Prefix, message};
use crate::{Done, Error, Write};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a full queue is waited for before it is tried again.
const FULL_WAIT: Duration = Duration::from_millis(2);
/// How long closing waits for what was sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The producer of a process's own records.
pub(super) struct Single {
    config: KafkaConfig,
    producer: Mutex<Arc<ThreadedProducer<Context>>>,
    prefix: Prefix,
}

impl Single {
    pub(super) fn open(config: &KafkaConfig, prefix: Prefix) -> Result<Self, Error> {
        Ok(Self {
            config: config.clone(),
            producer: Mutex::new(Arc::new(open(config)?)),
            prefix,
        })
    }

    /// Gives the producer; one that will never send anything again is made anew first.
    fn producer(&self) -> Result<Arc<ThreadedProducer<Context>>, Error> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if producer.client().fatal_error().is_some() {
            *producer = Arc::new(open(&self.config)?);
        }
        Ok(Arc::clone(&producer))
    }

    /// Sends a record; waits while the queue is full. A write of none is made as it is.
    pub(super) fn send(&self, write: Write, done: Done) {
        let Some((to, record)) = write.records.into_iter().next() else {
            return done(Ok(Vec::new()));
        };
        let producer = match self.producer() {
            Ok(producer) => producer,
            Err(error) => return done(Err(error)),
        };
        let topic = self.prefix.of(&to.topic);
        let opaque = Box::new(Delivery::Single(Mutex::new(Some(done))));
        let mut sent = sendable(&topic, to.partition, &record, opaque);
        loop {
            match producer.send(sent) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    sent = back;
                    std::thread::park_timeout(FULL_WAIT);
                }
                Err((error, back)) => {
                    return answer(*back.delivery_opaque, Err(write_error(&error)));
                }
            }
        }
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        // Whoever waits for an answer is told by the delivery, or by the purge that follows.
        let producer = self.producer.get_mut();
        let producer = producer.unwrap_or_else(PoisonError::into_inner);
        drop(producer.flush(CLOSE_TIMEOUT));
    }
}

fn open(config: &KafkaConfig) -> Result<ThreadedProducer<Context>, Error> {
    let producer = ThreadedProducer::from_config_and_context(&config.producer(), config.context());
    producer.map_err(|error| {
        let doing = "cannot open a producer";
        refused(&error, doing, "a producer cannot be opened")
    })
}

fn answer(delivery: Delivery, result: Result<Vec<u64>, Error>) {
    if let Delivery::Single(done) = delivery
        && let Some(done) = done.into_inner().unwrap_or_else(PoisonError::into_inner)
    {
        done(result);
    }
}

/// A record as the producer takes it.
pub(super) fn sendable<'a>(
    topic: &'a str,
    partition: u16,
    record: &'a crate::Record,
    opaque: Box<Delivery>,
) -> BaseRecord<'a, [u8], [u8], Box<Delivery>> {
    let mut sent = BaseRecord::with_opaque_to(topic, opaque)
        .partition(i32::from(partition))
        .timestamp(message::timestamp_ms(record))
        .headers(message::headers(record));
    if !record.key.is_empty() {
        sent = sent.key(&*record.key);
    }
    if let Some(value) = record.value.as_deref() {
        sent = sent.payload(value);
    }
    sent
}
