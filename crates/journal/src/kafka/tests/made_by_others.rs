//! Topics that somebody else has made or changed.

use super::*;
use futures_executor::block_on;
use rdkafka::admin::{
    AdminOptions, AlterConfig, ConfigSource, NewTopic, ResourceSpecifier, TopicReplication,
};

/// A setting of a topic that is none of ours.
const SEGMENT: &str = "segment.bytes";
/// So often it is asked whether a change has been heard of; each time is a question to a broker.
const ASKED_MOST: usize = 2_000;

#[test]
fn a_topic_that_acknowledges_too_soon_is_refused() {
    let Some(brokers) = brokers() else { return };
    let config = config(&brokers, "early");
    let made = |name: &str, least| {
        let journal = KafkaJournal::open(config.clone()).expect("the brokers answer");
        let name = journal.cluster.prefix.of(name);
        let topic = NewTopic::new(&name, 2, TopicReplication::Fixed(1));
        let topic = topic.set("min.insync.replicas", least);
        let admin = &journal.cluster.topics.admin;
        let made = block_on(admin.create_topics([&topic], &AdminOptions::new()));
        made.expect("the brokers answer");
    };
    made("early", "1");
    made("few", "2");
    let asked = KafkaConfig {
        replication: 2,
        min_insync: 2,
        ..config.clone()
    };
    let journal = KafkaJournal::open(asked).expect("the brokers answer");
    for (name, cause) in [
        ("early", "its min.insync.replicas is 1, not 2"),
        ("few", "it is on 1 brokers, not 2"),
    ] {
        let error = journal
            .ensure_topic(&topic(name, 2))
            .expect_err("one broker's loss would lose what is acknowledged");
        let told = error.to_string();
        assert!(matches!(error, Error::Refused { .. }), "{told}");
        assert!(told.contains(cause), "{told}");
        assert!(told.contains("kafka.min_insync"), "{told}");
    }
    // Who asks for no more is content.
    let journal = KafkaJournal::open(config).expect("the brokers answer");
    journal.ensure_topic(&topic("early", 2)).expect("it fits");
}

#[test]
fn what_others_have_set_of_a_topic_stays_when_its_retention_changes() {
    let Some(brokers) = brokers() else { return };
    let journal = KafkaJournal::open(config(&brokers, "others")).expect("the brokers answer");
    journal.ensure_topic(&topic("kept", 1)).expect("it is made");
    let name = journal.cluster.prefix.of("kept");
    let admin = &journal.cluster.topics.admin;
    let change = AlterConfig::new(ResourceSpecifier::Topic(&name))
        .set(SEGMENT, "123456789")
        .set("min.insync.replicas", "3");
    let changed = block_on(admin.alter_configs([&change], &AdminOptions::new()));
    changed.expect("the brokers answer");
    let shorter = TopicSpec {
        retention: Some(Duration::from_secs(3600)),
        ..topic("kept", 1)
    };
    journal.ensure_topic(&shorter).expect("it is changed");
    let asked = [ResourceSpecifier::Topic(&name)];
    // A broker tells of a change once it has heard of it from its controller.
    let told = (0..ASKED_MOST).find_map(|_| {
        let told = block_on(admin.describe_configs(&asked, &AdminOptions::new()));
        let told = told.expect("the brokers answer").pop();
        let told = told.expect("it was asked").expect("it is there");
        let is_set = told.get("retention.ms")?.source == ConfigSource::DynamicTopic;
        is_set.then_some(told)
    });
    let told = told.expect("what was changed is told of");
    let set = |key: &str| {
        let entry = told.get(key).expect("every topic has it");
        assert_eq!(entry.source, ConfigSource::DynamicTopic, "{key}");
        entry.value.clone()
    };
    assert_eq!(set(SEGMENT).as_deref(), Some("123456789"));
    assert_eq!(set("retention.ms").as_deref(), Some("3600000"));
    assert_eq!(set("min.insync.replicas").as_deref(), Some("3"));
}
