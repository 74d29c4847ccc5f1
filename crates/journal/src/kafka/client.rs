//! What clients call back, and what their errors mean to us.

use super::ASK_TIMEOUT;
use super::config::TokenSource;
use crate::{Done, Error};
use rdkafka::ClientConfig;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::ProducerContext;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many events are heard of before a client that nobody polls is asked something.
const EVENTS_AT_ONCE: u32 = 8;
/// A token is there when a new client is first asked something; to fetch it may take longer than this.
const FIRST_TOKEN: Duration = Duration::from_millis(20);

/// A third of the time a question has: for who led, for who leads now, and for asking that one.
const ONE_ANSWER: Duration = Duration::from_secs(ASK_TIMEOUT.as_secs() / 3);
/// A partition that is new or changes its leader is asked about again for so long.
const MOVED_PATIENCE: Duration = Duration::from_secs(5);
/// How long brokers have to agree before they are asked again.
const MOVED_WAIT: Duration = Duration::from_millis(50);

/// How OpenSSL names what the other side says against a certificate.
const SSL_ALERT: &str = "SSL alert number";

/// What every client calls back.
pub(super) struct Context {
    tokens: Option<TokenSource>,
    moves: Mutex<VecDeque<Move>>,
    /// What the member is to its group, as it was when it was given what it has.
    membership: Mutex<Option<Arc<ConsumerGroupMetadata>>>,
    /// What went wrong in the background since something last went well: calls that wait for it only time out.
    trouble: Mutex<Option<(RDKafkaErrorCode, String)>>,
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
    Part(usize, Arc<Mutex<Gathered>>),
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
            membership: Mutex::default(),
            trouble: Mutex::default(),
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

    /// Names the member to a transaction by what its partitions came with: who has lost them meanwhile may know no member's id of
    /// itself any more, and brokers let anybody commit who claims to be no member.
    pub(super) fn membership(&self) -> Option<Arc<ConsumerGroupMetadata>> {
        let membership = self.membership.lock();
        membership.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn trouble(&self) -> MutexGuard<'_, Option<(RDKafkaErrorCode, String)>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something went well: what went wrong before is over.
    pub(super) fn well(&self) {
        self.trouble().take();
    }

    /// Adds what went wrong in the background to an error that says only that nothing came.
    pub(super) fn explain(&self, error: Error) -> Error {
        match (error, &*self.trouble()) {
            (Error::Unavailable { doing, cause }, Some((_, reason))) => Error::Unavailable {
                doing,
                cause: format!("{cause}: {reason}"),
            },
            (error, _) => error,
        }
    }

    /// Tells that we were turned away, where that went wrong in the background.
    pub(super) fn turned_away(&self, doing: &str) -> Option<Error> {
        let trouble = self.trouble();
        let (code, reason) = trouble.as_ref()?;
        Some(Error::Refused {
            doing: doing.to_owned(),
            cause: reason.clone(),
            hint: hint(*code).filter(|_| is_refusal(*code))?,
        })
    }
}

/// Hears of what happens in the background of a client that nobody polls otherwise, and renews its token.
pub(super) fn listen(client: &BaseConsumer<Context>) {
    for _ in 0..EVENTS_AT_ONCE {
        if let Some(Ok(_)) = client.poll(Duration::ZERO) {
            return;
        }
    }
}

/// Asks by a client that nobody polls otherwise; asks again while the brokers agree who is to answer.
pub(super) fn ask<T>(
    client: &BaseConsumer<Context>,
    question: impl Fn(&BaseConsumer<Context>) -> KafkaResult<T>,
    failed: impl FnOnce(&KafkaError) -> Error,
) -> Result<T, Error> {
    listen(client);
    let mut answer = question(client);
    let began = moment();
    while answer.as_ref().is_err_and(is_moving) && began.elapsed() < MOVED_PATIENCE {
        std::thread::park_timeout(MOVED_WAIT);
        listen(client);
        // It goes on believing in a leader that is gone with its broker for a quarter of an hour, unless it looks anew.
        // Where nobody answers that, the question is not answered either.
        drop(client.fetch_metadata(None, MOVED_PATIENCE));
        answer = question(client);
    }
    match answer {
        Ok(answer) => {
            client.context().well();
            Ok(answer)
        }
        Err(error) => {
            listen(client);
            Err(client.context().explain(failed(&error)))
        }
    }
}

/// Asks whoever leads or coordinates; asks whoever does so now where that one does not answer, since it may be gone.
pub(super) fn ask_leader<T>(
    client: &BaseConsumer<Context>,
    question: impl Fn(&BaseConsumer<Context>, Duration) -> KafkaResult<T>,
    failed: impl FnOnce(&KafkaError) -> Error,
) -> Result<T, Error> {
    let question = |client: &BaseConsumer<Context>| {
        let answer = question(client, ONE_ANSWER);
        let Err(error) = &answer else {
            return answer;
        };
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::OperationTimedOut) {
            return answer;
        }
        drop(client.fetch_metadata(None, ONE_ANSWER));
        question(client, ONE_ANSWER)
    };
    ask(client, question, failed)
}

/// Now, to know how long something lasts.
#[expect(
    clippy::disallowed_methods,
    reason = "how long is waited comes into no record"
)]
pub(super) fn moment() -> Instant {
    Instant::now()
}

/// An answer about several partitions is one only if it is one about each.
pub(super) fn answered(about: TopicPartitionList) -> KafkaResult<TopicPartitionList> {
    for one in about.elements() {
        one.error()?;
    }
    Ok(about)
}

/// Opens a client that only asks.
pub(super) fn asker(told: &ClientConfig, context: Context) -> KafkaResult<BaseConsumer<Context>> {
    let needs_token = context.tokens.is_some();
    let client = BaseConsumer::from_config_and_context(told, context)?;
    if needs_token && client.poll(FIRST_TOKEN).is_some() {
        // What it says is remembered by its context.
        listen(&client);
    }
    Ok(client)
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    /// That a partition is read to its end is no error, and happens all the time.
    fn error(&self, error: KafkaError, reason: &str) {
        if error == KafkaError::Global(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        let tell = || {
            let said = format!("{error}: {reason}");
            self.log(RDKafkaLogLevel::Error, "ERROR", &said);
        };
        let Some(code) = error.rdkafka_error_code() else {
            return tell();
        };
        // An alert of the other side comes while reading, as if the network had failed.
        let code = match reason.contains(SSL_ALERT) {
            true => RDKafkaErrorCode::SSL,
            false => code,
        };
        let mut trouble = self.trouble();
        // That all brokers are down says less than why.
        let says_more = code != RDKafkaErrorCode::AllBrokersDown
            && !matches!(*trouble, Some((before, _)) if is_refusal(before) && !is_refusal(code));
        if trouble.is_none() || says_more {
            // It comes again with every attempt to connect.
            if !matches!(*trouble, Some((before, _)) if before == code) {
                tell();
            }
            *trouble = Some((code, reason.to_owned()));
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
                let membership = consumer.group_metadata().map(Arc::new);
                *self
                    .membership
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = membership;
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
            Ok(message) => {
                self.well();
                Ok(u64::try_from(message.offset()).unwrap_or_default())
            }
            Err((error, _)) => Err(self.explain(write_error(error))),
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
    let hint = match error {
        KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) => {
            Some("check the files under kafka.tls and the settings under kafka.override")
        }
        KafkaError::AdminOp(code) => hint(*code),
        _ => error.rdkafka_error_code().and_then(hint),
    };
    match hint {
        Some(hint) => Error::Refused {
            doing: refused.to_owned(),
            cause: error.to_string(),
            hint,
        },
        None => Error::Unavailable {
            doing: passing,
            cause: error.to_string(),
        },
    }
}

/// What to do about an error that comes again.
fn hint(code: RDKafkaErrorCode) -> Option<&'static str> {
    Some(match code {
        RDKafkaErrorCode::TopicAuthorizationFailed
        | RDKafkaErrorCode::GroupAuthorizationFailed
        | RDKafkaErrorCode::ClusterAuthorizationFailed
        | RDKafkaErrorCode::TransactionalIdAuthorizationFailed => {
            "give this user the access that docs/kafka.md lists"
        }
        RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize => {
            "raise max.message.bytes of the topic to 48 MiB, or send it in parts"
        }
        RDKafkaErrorCode::Authentication
        | RDKafkaErrorCode::SaslAuthenticationFailed
        | RDKafkaErrorCode::UnsupportedSASLMechanism => "check kafka.login and its secret's file",
        RDKafkaErrorCode::SSL => "check the certificates under kafka.tls",
        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
            "start a process with every role once: it makes the topics"
        }
        _ => return None,
    })
}

/// Whether a broker was asked that does not lead the partition, or does not know it yet.
fn is_moving(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::ReplicaNotAvailable
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::OffsetNotAvailable
                | RDKafkaErrorCode::FencedLeaderEpoch
                | RDKafkaErrorCode::UnknownLeaderEpoch
                | RDKafkaErrorCode::KafkaStorageError
                | RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::DestroyBroker
        )
    )
}

/// Whether brokers turned us away, or we them, before anything was asked.
fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::UnsupportedSASLMechanism
            | RDKafkaErrorCode::SSL
    )
}
