//! How the brokers really keep the topics: for whoever looks for trouble before there is any.

use super::client::{ask, refused};
use super::{ASK_TIMEOUT, KafkaJournal};
use crate::{Error, Topic};
use futures_executor::block_on;
use rdkafka::admin::{AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;

/// The brokers, and each topic of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many brokers there are.
    pub brokers: usize,
    /// The topics by name.
    pub topics: Vec<TopicSurvey>,
}

/// How one topic is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSurvey {
    /// Its name.
    pub name: Topic,
    /// How many partitions it has.
    pub partitions: u16,
    /// How many brokers hold the partition that the fewest hold.
    pub replication: u16,
    /// How many partitions no broker leads: they can be neither written nor read.
    pub leaderless: u16,
    /// How many partitions miss a copy for now.
    pub under_replicated: u16,
    /// How many brokers must have a record before it counts as written; who logs in by oauth cannot ask.
    pub min_insync: Option<u16>,
    /// The largest batch of records that is taken; who logs in by oauth cannot ask.
    pub message_bytes_max: Option<u64>,
    /// Whether a broker may lead that does not have every record that counts as written.
    pub unclean_leaders: bool,
}

impl KafkaJournal {
    /// Looks how the topics are kept, now.
    ///
    /// # Errors
    /// When the brokers do not answer or do not let us.
    pub fn survey(&self) -> Result<Survey, Error> {
        let asker = &self.cluster.topics.asker;
        let metadata = ask(
            asker,
            |asker| asker.fetch_metadata(None, ASK_TIMEOUT),
            asking,
        )?;
        let ours = metadata.topics().iter().filter_map(|topic| {
            let name = self.cluster.prefix.topic(topic.name())?;
            let partitions = topic.partitions();
            let count = |is: &dyn Fn(&rdkafka::metadata::MetadataPartition) -> bool| {
                small(partitions.iter().filter(|one| is(one)).count())
            };
            let least = partitions.iter().map(|one| one.replicas().len()).min();
            Some(TopicSurvey {
                name,
                partitions: small(partitions.len()),
                replication: small(least.unwrap_or_default()),
                leaderless: count(&|one| one.leader() < 0),
                under_replicated: count(&|one| one.isr().len() < one.replicas().len()),
                min_insync: None,
                message_bytes_max: None,
                unclean_leaders: false,
            })
        });
        let mut topics: Vec<_> = ours.collect();
        topics.sort_by(|one, other| one.name.cmp(&other.name));
        self.settings(&mut topics)?;
        Ok(Survey {
            brokers: metadata.brokers().len(),
            topics,
        })
    }

    fn settings(&self, topics: &mut [TopicSurvey]) -> Result<(), Error> {
        let names = topics.iter().map(|one| self.cluster.prefix.of(&one.name));
        let names: Vec<_> = names.collect();
        let asked = names.iter().map(|name| ResourceSpecifier::Topic(name));
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() || !self.cluster.topics.administers {
            return Ok(());
        }
        let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT));
        let answer = block_on(self.cluster.topics.admin.describe_configs(&asked, &options));
        let answer = answer.map_err(|error| asking(&error))?;
        for (topic, told) in topics.iter_mut().zip(answer) {
            let told = told.map_err(|code| asking(&KafkaError::AdminOp(code)))?;
            topic.min_insync = number(&told, "min.insync.replicas").map(saturated);
            topic.message_bytes_max = number(&told, "max.message.bytes");
            topic.unclean_leaders = value(&told, "unclean.leader.election.enable") == Some("true");
        }
        Ok(())
    }
}

fn value<'c>(told: &'c ConfigResource, key: &str) -> Option<&'c str> {
    told.get(key).and_then(|entry| entry.value.as_deref())
}

fn number(told: &ConfigResource, key: &str) -> Option<u64> {
    value(told, key).and_then(|value| value.parse().ok())
}

fn saturated(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn small(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn asking(error: &KafkaError) -> Error {
    let passing = "Apache Kafka does not answer (is kafka.brokers right, are the brokers up?)";
    refused(error, "cannot look how the topics are kept", passing)
}
