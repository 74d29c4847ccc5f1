//! What stands on the topics, read by a client that is not ours: committed records, or all.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{EventTime, ReceivedTime};
use journal::Record;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::history::Place;
use crate::setting::wait_at_most;

/// All of the topics are read within this.
const PATIENCE: Duration = Duration::from_secs(120);
/// One look.
const LOOK: Duration = Duration::from_millis(100);
/// A question.
const ASK_PATIENCE: Duration = Duration::from_secs(15);
/// Our headers for the two times of a record.
const EVENT_TIME: &str = "event-time";
const RECEIVED_TIME: &str = "received-time";

/// A record where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) place: Place,
    pub(crate) record: Record,
}

impl Kept {
    /// A header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let mut headers = self.record.headers.iter();
        let found = headers.find(|(known, _)| &**known == name);
        found
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    }

    /// The bytes of its value.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.record.value.as_deref().unwrap_or_default()
    }

    /// Reads a message with our headers.
    pub(crate) fn of(message: &BorrowedMessage<'_>, prefix: &str) -> Self {
        let mut record = Record {
            key: message.key().unwrap_or_default().into(),
            value: message.payload().map(Into::into),
            ..Record::default()
        };
        for header in message.headers().into_iter().flat_map(|all| all.iter()) {
            let value = header.value.unwrap_or_default();
            let text = String::from_utf8_lossy(value);
            match header.key {
                EVENT_TIME => {
                    let time = EventTime::parse(&text).expect("a record says when it was true");
                    record.event_time = time.micros();
                }
                RECEIVED_TIME => {
                    let time = ReceivedTime::parse(&text).expect("a record says when it came");
                    record.received_time = time.micros();
                }
                name => record.headers.push((name.into(), value.into())),
            }
        }
        let topic = message.topic();
        Self {
            place: Place {
                topic: topic.strip_prefix(prefix).unwrap_or(topic).to_owned(),
                partition: u16::try_from(message.partition()).expect("partitions are few"),
                offset: u64::try_from(message.offset()).expect("a record has an offset"),
            },
            record,
        }
    }
}

/// A reader that belongs to no group.
pub(crate) fn client(bootstrap: &str, isolation: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "chaos-reader")
        .set("isolation.level", isolation)
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("fetch.wait.max.ms", "50");
    config.create().expect("a client can be made")
}

/// The partitions of all topics whose names begin so, from their beginnings.
pub(crate) fn from_the_beginning(
    reader: &BaseConsumer,
    begins: &str,
) -> Result<TopicPartitionList, KafkaError> {
    let metadata = reader.fetch_metadata(None, ASK_PATIENCE)?;
    let mut list = TopicPartitionList::new();
    let topics = metadata
        .topics()
        .iter()
        .filter(|topic| topic.name().starts_with(begins));
    for topic in topics {
        for partition in topic.partitions() {
            list.add_partition_offset(topic.name(), partition.id(), Offset::Beginning)?;
        }
    }
    Ok(list)
}

/// Reads all there is of the topics under a prefix, partition by partition in order.
pub(crate) fn all(bootstrap: &str, prefix: &str, isolation: &str) -> Vec<Kept> {
    let reader = client(bootstrap, isolation);
    let begins = format!("{prefix}healthcare.");
    let list = wait_at_most(PATIENCE, || from_the_beginning(&reader, &begins).ok());
    let list = list.expect("the brokers list their topics");
    reader.assign(&list).expect("its own partitions");
    let mut left = list.count();
    let mut found: BTreeMap<Place, Kept> = BTreeMap::new();
    let mut trouble = String::new();
    let done = wait_at_most(PATIENCE, || {
        while let Some(next) = reader.poll(LOOK) {
            match next {
                Ok(message) => {
                    let kept = Kept::of(&message, prefix);
                    found.insert(kept.place.clone(), kept);
                }
                Err(KafkaError::PartitionEOF(_)) => left = left.saturating_sub(1),
                Err(error) => trouble = error.to_string(),
            }
            if left == 0 {
                break;
            }
        }
        (left == 0).then_some(())
    });
    assert!(
        done.is_some(),
        "{left} partitions were not read to their end: {trouble}"
    );
    found.into_values().collect()
}
