//! Against real brokers, where there are some: `PULSEWIRE_KAFKA` names them, `cargo xtask kafka up` starts one.

mod following;
mod groups;
mod made_by_others;
mod members;
mod moving;
mod order;
mod reading;
mod security;
mod transactions;

use super::*;
use crate::Record;
use crate::conformance::RULES;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use std::time::Duration;

/// The brokers to test against; without any it says so.
pub(super) fn brokers() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's brokers are no setting of the product"
    )]
    let brokers = std::env::var("PULSEWIRE_KAFKA").ok();
    if brokers.is_none() {
        eprintln!("skipped: PULSEWIRE_KAFKA names no brokers; `cargo xtask kafka up` starts one");
    }
    brokers
}

/// Topics of a test's own.
pub(super) fn config(brokers: &str, test: &str) -> KafkaConfig {
    KafkaConfig {
        prefix: format!("{test}-{:016x}-", rand_id()),
        ..KafkaConfig::plaintext(brokers)
    }
}

/// Brokers that the client library plays itself.
pub(super) type Mock = MockCluster<'static, DefaultProducerContext>;

/// A journal on mock brokers with topics of one partition. They cannot say how topics are kept, so it is told.
pub(super) fn mocked(mock: &Mock, config: KafkaConfig, topics: &[&str]) -> KafkaJournal {
    let journal = KafkaJournal::open(config).expect("the mock answers");
    for name in topics {
        mock.create_topic(name, 1, 1).expect("it is new");
        let mut known = journal.cluster.topics.known();
        known.insert((*name).into(), topic(name, 1));
    }
    journal
}

pub(super) fn topic(name: &str, partitions: u16) -> TopicSpec {
    TopicSpec {
        name: name.into(),
        partitions,
        retention: None,
        retention_bytes: None,
        compacted: false,
    }
}

pub(super) fn value(value: &[u8]) -> Record {
    Record {
        key: (*b"key").into(),
        value: Some(value.into()),
        ..Record::default()
    }
}

pub(super) fn at(topic: &str, partition: u16) -> TopicPartition {
    TopicPartition::new(topic, partition)
}

pub(super) fn one(topic: &str, partition: u16, what: &[u8]) -> Write {
    Write {
        records: vec![(at(topic, partition), value(what))],
        offsets: Vec::new(),
    }
}

/// Reads on until nothing comes any more.
pub(super) fn all(journal: &dyn Journal, from: &TopicPartition) -> Vec<Vec<u8>> {
    let (mut found, mut next) = (Vec::new(), 0);
    while let Some(after) = {
        let batch = journal.read(from, next, 1 << 20).expect("it can be read");
        let values = batch
            .iter()
            .map(|one| one.value.unwrap_or_default().to_vec());
        found.extend(values);
        batch.next_offset()
    } {
        next = after;
    }
    found
}

#[test]
fn follows_the_rules_of_every_journal() {
    let Some(brokers) = brokers() else { return };
    for (name, rule) in RULES {
        println!("{name}");
        rule(&|| {
            let opened = KafkaJournal::open(config(&brokers, "rules"));
            Box::new(opened.expect("the brokers answer"))
        });
    }
}

#[test]
fn brokers_that_are_not_there_are_named_with_what_to_do() {
    let config = KafkaConfig {
        overrides: [("socket.timeout.ms".to_owned(), "100".to_owned())].into(),
        ..KafkaConfig::plaintext("127.0.0.1:1")
    };
    let error = KafkaJournal::open(config)
        .expect_err("nobody listens there")
        .to_string();
    assert!(error.contains("is kafka.brokers right"), "{error}");
}

#[test]
fn how_a_topic_is_kept_is_told_to_the_brokers_and_read_back() {
    let Some(brokers) = brokers() else { return };
    let config = config(&brokers, "kept");
    let journal = KafkaJournal::open(config.clone()).expect("the brokers answer");
    let kept = TopicSpec {
        retention: Some(Duration::from_secs(3600)),
        retention_bytes: Some(1 << 30),
        ..topic("kept", 3)
    };
    let compacted = TopicSpec {
        compacted: true,
        ..topic("newest", 2)
    };
    journal.ensure_topic(&kept).expect("it is made");
    journal.ensure_topic(&compacted).expect("it is made");
    let again = KafkaJournal::open(config).expect("the brokers answer");
    assert_eq!(again.topics(), [kept.clone(), compacted]);
    let changed = TopicSpec {
        retention: Some(Duration::from_secs(7200)),
        ..kept
    };
    again.ensure_topic(&changed).expect("retention may change");
    assert!(again.topics().contains(&changed));
}
