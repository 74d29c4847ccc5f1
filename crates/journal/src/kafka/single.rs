//! Writes of one record: sent at once by an idempotent producer, acknowledged when enough brokers have it.

use super::client::{Context, Delivery, refused, write_error};
use super::config::KafkaConfig;
use super::{Prefix, message};
use crate::{Done, Error, Write};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a full queue is waited for before it is tried again.
const FULL_WAIT: Duration = Duration::from_millis(2);
/// How long closing waits for what was sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The producer of a process's own records.
pub(super) struct Single {
    producer: ThreadedProducer<Context>,
    prefix: Prefix,
}

impl Single {
    pub(super) fn open(config: &KafkaConfig, prefix: Prefix) -> Result<Self, Error> {
        let producer =
            ThreadedProducer::from_config_and_context(&config.producer(), config.context());
        let producer = producer.map_err(|error| {
            refused(
                &error,
                "cannot open a producer",
                "a producer cannot be opened",
            )
        })?;
        Ok(Self { producer, prefix })
    }

    /// Sends a record; waits while the queue is full. A write of none is made as it is.
    pub(super) fn send(&self, write: Write, done: Done) {
        let Some((to, record)) = write.records.into_iter().next() else {
            return done(Ok(Vec::new()));
        };
        let topic = self.prefix.of(&to.topic);
        let opaque = Box::new(Delivery::Single(Mutex::new(Some(done))));
        let mut sent = sendable(&topic, to.partition, &record, opaque);
        loop {
            match self.producer.send(sent) {
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
        drop(self.producer.flush(CLOSE_TIMEOUT));
    }
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
