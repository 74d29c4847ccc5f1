//! What clients call back, and what their errors mean to us.

use super::config::TokenSource;
use crate::{Done, Error};
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::ProducerContext;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What every client calls back.
pub(super) struct Context {
    tokens: Option<TokenSource>,
    moves: Mutex<VecDeque<Move>>,
    /// Nobody is there any more to finish anything: what is to be given up is given up at once.
    leaving: AtomicBool,
}

/// What the group's coordinator wants of a member.
#[derive(Debug)]
pub(super) enum Move {
    /// These are its partitions now.
    Assign(TopicPartitionList),
    /// It is to give up all it has.
    Revoke,
}

/// What is told when a record is delivered.
pub(super) enum Delivery {
    /// A write of its own.
    Single(Mutex<Option<Done>>),
    /// One of a transaction's records: its place among them and where offsets are gathered.
    Part(usize, std::sync::Arc<Mutex<Gathered>>),
}

/// What became of a transaction's records so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) offsets: Vec<u64>,
    pub(super) failed: Option<Error>,
}

impl Context {
    pub(super) fn new(tokens: Option<TokenSource>) -> Self {
        Self {
            tokens,
            moves: Mutex::default(),
            leaving: AtomicBool::new(false),
        }
    }

    /// From now on nobody finishes tasks.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Gives what the coordinator wanted since, in order.
    pub(super) fn moves(&self) -> MutexGuard<'_, VecDeque<Move>> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    /// That a partition is read to its end is no error, and happens all the time.
    fn error(&self, error: KafkaError, reason: &str) {
        if error != KafkaError::Global(RDKafkaErrorCode::PartitionEOF) {
            self.log(
                RDKafkaLogLevel::Error,
                "ERROR",
                &format!("{error}: {reason}"),
            );
        }
    }

    fn generate_oauth_token(
        &self,
        _settings: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let source = self.tokens.as_ref().ok_or("no source of tokens is set")?;
        let token = source()?;
        Ok(OAuthToken {
            token: token.token,
            principal_name: token.principal,
            lifetime_ms: token.expires_ms,
        })
    }
}

impl ConsumerContext for Context {
    /// Only takes note: whoever runs the tasks finishes them first and then answers by `assign` or `unassign`.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        told: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let wanted = match told {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                Move::Assign(partitions.clone())
            }
            _ => Move::Revoke,
        };
        if self.leaving.load(Ordering::Acquire) {
            // It fails only for a client that is closed already.
            drop(consumer.unassign());
            return;
        }
        self.moves().push_back(wanted);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<Delivery>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Box<Delivery>) {
        let result = match result {
            Ok(message) => Ok(u64::try_from(message.offset()).unwrap_or_default()),
            Err((error, _)) => Err(write_error(error)),
        };
        match *delivery {
            Delivery::Single(done) => {
                let done = done.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(done) = done {
                    done(result.map(|offset| vec![offset]));
                }
            }
            Delivery::Part(place, gathered) => {
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                match result {
                    Ok(offset) => {
                        if let Some(slot) = gathered.offsets.get_mut(place) {
                            *slot = offset;
                        }
                    }
                    Err(error) => {
                        gathered.failed.get_or_insert(error);
                    }
                }
            }
        }
    }
}

/// What a record's fate means: most of it passes once the brokers are back.
pub(super) fn write_error(error: &KafkaError) -> Error {
    refused(
        error,
        "a record could not be written",
        "the brokers did not take a record in time",
    )
}

/// Tells what will be refused again from what may pass.
pub(super) fn refused(error: &KafkaError, refused: &str, passing: &'static str) -> Error {
    let hint = match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed,
        ) => "give this user the access that the guide to operating lists",
        Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize) => {
            "raise max.message.bytes of the topic to 48 MiB, or send it in parts"
        }
        Some(
            RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::UnsupportedSASLMechanism,
        ) => "check kafka.login and the password file",
        Some(RDKafkaErrorCode::FencedInstanceId | RDKafkaErrorCode::UnreleasedInstanceId) => {
            "another process has the same kafka.instance: give each its own"
        }
        Some(RDKafkaErrorCode::SSL) => "check the certificates under kafka.tls",
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            "start a process with every role once: it makes the topics"
        }
        _ => {
            return Error::Unavailable {
                doing: passing,
                cause: error.to_string(),
            };
        }
    };
    Error::Refused {
        doing: refused.to_owned(),
        cause: error.to_string(),
        hint,
    }
}
