//! What people are told of members and topics is what the brokers have.

use super::*;

#[test]
fn the_members_of_a_group_are_told_with_what_each_has() {
    let Some(brokers) = brokers() else { return };
    let config = KafkaConfig {
        instance: Some("one".to_owned()),
        ..config(&brokers, "members")
    };
    let prefix = config.prefix.clone();
    let journal = KafkaJournal::open(config).expect("the brokers answer");
    for name in ["in", "other"] {
        journal.ensure_topic(&topic(name, 2)).expect("it is made");
    }
    let nobody = journal.members("stage").expect("the brokers answer");
    assert_eq!(nobody.members, []);
    let inputs = ["in".into(), "other".into()];
    let group = journal.join("stage", &inputs, &[]).expect("it joins");
    let assigned = (0..600).find_map(|_| {
        let change = group.poll(Duration::from_millis(50));
        change.expect("it is a member")
    });
    assert_eq!(assigned, Some(Change::Assigned(vec![0, 1])));
    let told = journal.members("stage").expect("the brokers answer");
    assert_eq!(told.state, "Stable");
    let [member] = told.members.as_slice() else {
        panic!("it has one member: {told:?}");
    };
    assert_eq!(member.client, format!("{prefix}one"));
    assert!(
        !member.id.is_empty() && !member.host.is_empty(),
        "{member:?}"
    );
    let all = [at("in", 0), at("in", 1), at("other", 0), at("other", 1)];
    assert_eq!(member.partitions, all);
}

#[test]
fn how_topics_are_kept_is_looked_up() {
    let Some(brokers) = brokers() else { return };
    let journal = KafkaJournal::open(config(&brokers, "survey")).expect("the brokers answer");
    let none = journal.survey().expect("the brokers answer");
    assert!(none.brokers >= 1 && none.topics.is_empty(), "{none:?}");
    journal.ensure_topic(&topic("kept", 3)).expect("it is made");
    let survey = journal.survey().expect("the brokers answer");
    let kept = TopicSurvey {
        name: "kept".into(),
        partitions: 3,
        replication: 1,
        leaderless: 0,
        under_replicated: 0,
        min_insync: Some(1),
        message_bytes_max: Some(limits::WRITE_BYTES_MAX as u64),
        unclean_leaders: false,
    };
    assert_eq!(survey.topics, [kept]);
}
