//! The committed positions of groups, asked from their coordinators.

use super::Prefix;
use super::client::{Context, answered, ask_leader, asker, refused};
use super::config::KafkaConfig;
use crate::{Error, Group, Offset, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerGroupMetadata};
use rdkafka::topic_partition_list::{Offset as At, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A client for each group that was asked for; it never joins.
pub(super) struct Positions {
    config: KafkaConfig,
    prefix: Prefix,
    clients: Mutex<BTreeMap<Group, Arc<BaseConsumer<Context>>>>,
}

impl Positions {
    pub(super) fn new(config: KafkaConfig, prefix: Prefix) -> Self {
        Self {
            config,
            prefix,
            clients: Mutex::default(),
        }
    }

    fn client(&self, group: &str) -> Result<Arc<BaseConsumer<Context>>, Error> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(group) {
            return Ok(Arc::clone(client));
        }
        let (config, context) = (self.config.consumer(group), self.config.context());
        let client = asker(&config, context);
        let client = client.map_err(|error| asking("open a client", &error))?;
        let client = Arc::new(client);
        clients.insert(group.into(), Arc::clone(&client));
        Ok(client)
    }

    /// Names a group to a transaction without being a member of it.
    pub(super) fn outside(&self, group: &str) -> Result<Arc<ConsumerGroupMetadata>, Error> {
        let metadata = self.client(group)?.group_metadata();
        metadata.map(Arc::new).ok_or_else(|| Error::Unavailable {
            doing: "a group cannot be named",
            cause: group.to_owned(),
        })
    }

    /// Gives where a group stands in these partitions; those it never committed are left out.
    pub(super) fn committed(
        &self,
        group: &str,
        of: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        let client = self.client(group)?;
        let question = |client: &BaseConsumer<Context>, at_most| {
            let asked = self.prefix.list(of.iter().map(|one| (one, At::Invalid)));
            // That one is not told does not mean that there is none.
            answered(client.committed_offsets(asked, at_most)?)
        };
        let answer = ask_leader(&client, question, |error| {
            asking("ask for committed positions", error)
        })?;
        Ok(self.found(&answer))
    }

    fn found(&self, answer: &TopicPartitionList) -> BTreeMap<TopicPartition, Offset> {
        let elements = answer.elements();
        let found = elements.iter().filter_map(|element| {
            let At::Offset(offset) = element.offset() else {
                return None;
            };
            let at = self
                .prefix
                .partition(element.topic(), element.partition())?;
            Some((at, u64::try_from(offset).ok()?))
        });
        found.collect()
    }
}

fn asking(doing: &str, error: &rdkafka::error::KafkaError) -> Error {
    let passing = "a group's coordinator does not answer";
    refused(error, &format!("cannot {doing}"), passing)
}
