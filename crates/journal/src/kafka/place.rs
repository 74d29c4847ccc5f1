//! A place in a consumer group: joined, kept, and taken again by a new client where the coordinator gave it away.

use super::client::{Context, Move, moment, refused};
use super::config::KafkaConfig;
use super::group::Change;
use crate::Error;
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who lost the place joins anew after this; twice as long each time it is lost again soon.
const REST: Duration = Duration::from_secs(1);
/// Two processes of one name take the place from each other no more often than this.
const REST_AT_MOST: Duration = Duration::from_secs(60);

/// A client that only holds a place: it fetches nothing.
pub(super) struct Place {
    config: KafkaConfig,
    group: Box<str>,
    topics: Vec<String>,
    held: Mutex<Held>,
}

struct Held {
    client: Arc<Member>,
    /// Since when the client is of no use any more, and whether whoever polls knows that the partitions are gone.
    lost: Option<(Instant, bool)>,
    joined: Instant,
    rest: Duration,
}

impl Place {
    pub(super) fn join(
        config: &KafkaConfig,
        group: &str,
        topics: Vec<String>,
    ) -> Result<Self, Error> {
        let client = join(config, group, &topics)?;
        Ok(Self {
            config: config.clone(),
            group: group.into(),
            topics,
            held: Mutex::new(Held {
                client,
                lost: None,
                joined: moment(),
                rest: REST,
            }),
        })
    }

    /// The client that holds the place now: what a task commits is committed for this one alone.
    pub(super) fn client(&self) -> Arc<Member> {
        Arc::clone(&self.held().client)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the place; gives what has become of the partitions.
    pub(super) fn poll(&self, at_most: Duration) -> Result<Option<Change>, Error> {
        let (client, lost) = {
            let held = self.held();
            (Arc::clone(&held.client), held.lost)
        };
        match lost {
            None => self.look(&client, at_most),
            Some((_, false)) => {
                self.held().lost = lost.map(|(since, _)| (since, true));
                Ok(Some(Change::Lost))
            }
            Some((since, true)) => self.join_again(since, at_most),
        }
    }

    fn look(
        &self,
        client: &BaseConsumer<Context>,
        at_most: Duration,
    ) -> Result<Option<Change>, Error> {
        match client.poll(at_most) {
            Some(Err(error)) if is_fatal(&error) => {
                self.held().lost = Some((moment(), false));
                return Err(joining(&error));
            }
            Some(Err(error)) if !matches!(joining(&error), Error::Unavailable { .. }) => {
                return Err(joining(&error));
            }
            // It has no partition assigned to fetch of; connections are made again by themselves.
            Some(_) | None => {}
        }
        let wanted = client.context().moves().pop_front();
        match wanted {
            None => Ok(None),
            Some(Move::Assign(partitions)) => {
                // The reader reads them, this client none.
                client
                    .assign(&TopicPartitionList::new())
                    .map_err(|error| joining(&error))?;
                let numbers: BTreeSet<u16> = partitions
                    .elements()
                    .iter()
                    .filter_map(|one| u16::try_from(one.partition()).ok())
                    .collect();
                Ok(Some(Change::Assigned(numbers.into_iter().collect())))
            }
            Some(Move::Revoke) if client.assignment_lost() => Ok(Some(Change::Lost)),
            Some(Move::Revoke) => Ok(Some(Change::Revoking)),
        }
    }

    fn join_again(&self, since: Instant, at_most: Duration) -> Result<Option<Change>, Error> {
        let mut held = self.held();
        let now = moment();
        let left = held.rest.saturating_sub(now.duration_since(since));
        if !left.is_zero() {
            std::thread::park_timeout(left.min(at_most));
            return Ok(None);
        }
        let soon = now.duration_since(held.joined) < REST_AT_MOST.saturating_mul(2);
        held.rest = match soon {
            true => held.rest.saturating_mul(2).min(REST_AT_MOST),
            false => REST,
        };
        // A client that cannot even be made is made again after the rest.
        held.lost = Some((now, true));
        held.joined = now;
        held.client.context().leave();
        held.client = join(&self.config, &self.group, &self.topics)?;
        held.lost = None;
        Ok(None)
    }

    /// Says that the tasks of all partitions are gone.
    pub(super) fn release(&self) -> Result<(), Error> {
        let held = self.held();
        match held.lost {
            Some(_) => Ok(()),
            None => held.client.unassign().map_err(|error| joining(&error)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.held().client.context().leave();
    }
}

/// A client with a place in a group.
///
/// To let go of one whose partitions went to another may never come back: librdkafka asks about a rebalance while it closes,
/// and the answer waits for a thread that has ended. So another thread lets go, and is waited for no longer than this.
pub(super) struct Member(Option<BaseConsumer<Context>>);

/// How long a member may take to leave.
const LEAVE_AT_MOST: Duration = Duration::from_secs(10);

impl Deref for Member {
    type Target = BaseConsumer<Context>;

    fn deref(&self) -> &Self::Target {
        let client = self.0.as_ref();
        client.expect("it is taken only when it is let go of")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some(client) = self.0.take() else {
            return;
        };
        let (sender, has_left) = sync_channel::<()>(1);
        let leaving = std::thread::Builder::new().name("kafka-leave".to_owned());
        let leaving = leaving.spawn(move || {
            // Without it closing waits for an answer to a revocation.
            drop(client.unassign());
            drop(client);
            drop(sender);
        });
        if leaving.is_ok() {
            // It ends when nobody is left to send.
            has_left.recv_timeout(LEAVE_AT_MOST).unwrap_or_default();
        }
    }
}

fn join(config: &KafkaConfig, group: &str, topics: &[String]) -> Result<Arc<Member>, Error> {
    let client = BaseConsumer::from_config_and_context(&config.member(group), config.context());
    let client: BaseConsumer<Context> = client.map_err(|error| joining(&error))?;
    let topics: Vec<_> = topics.iter().map(String::as_str).collect();
    client.subscribe(&topics).map_err(|error| joining(&error))?;
    Ok(Arc::new(Member(Some(client))))
}

/// Whether this client never does anything again.
fn is_fatal(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageConsumptionFatal(_))
}

fn joining(error: &KafkaError) -> Error {
    // Not always another process: who does not hear that its own request was granted asks again, and so takes its own held.
    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::FencedInstanceId) {
        return Error::Refused {
            doing: "cannot keep the place in a group".to_owned(),
            cause: error.to_string(),
            hint: "it joins again by itself; if this goes on, give each process a kafka.instance of its own",
        };
    }
    refused(
        error,
        "cannot take part in a group",
        "the group's coordinator does not answer",
    )
}
