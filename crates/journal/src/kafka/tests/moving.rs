//! Brokers that are asked too early: a mock of the client library's plays them, so that it happens every time.

use super::*;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

const NOT_LEADER: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
const UNKNOWN: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
const TOO_LARGE: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
const FORBIDDEN: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;

fn mock() -> MockCluster<'static, DefaultProducerContext> {
    let mock = MockCluster::new(1).expect("a port is free");
    mock.create_topic("moving", 2, 1).expect("it is new");
    mock
}

fn ends(mock: &MockCluster<'_, DefaultProducerContext>) -> Ends {
    let config = KafkaConfig::plaintext(mock.bootstrap_servers());
    Ends::open(&config, Prefix("".into())).expect("a client opens")
}

fn partitions() -> [TopicPartition; 2] {
    [at("moving", 0), at("moving", 1)]
}

#[test]
fn ends_are_asked_again_while_brokers_agree_who_leads() {
    let mock = mock();
    let ends = ends(&mock);
    for error in [NOT_LEADER, UNKNOWN] {
        mock.request_errors(RDKafkaApiKey::ListOffsets, &[error; 6]);
        let bounds = ends.bounds(&partitions()).expect("they agree soon");
        assert_eq!(bounds, [Bounds { start: 0, end: 0 }; 2]);
    }
}

#[test]
fn ends_are_asked_of_the_new_leader_when_the_old_one_is_gone() {
    let mock = MockCluster::new(2).expect("ports are free");
    mock.create_topic("moving", 2, 2).expect("it is new");
    for partition in 0..2 {
        let led = mock.partition_leader("moving", partition, Some(1));
        led.expect("there is such a broker");
    }
    let ends = ends(&mock);
    ends.bounds(&partitions()).expect("it leads");
    for partition in 0..2 {
        let led = mock.partition_leader("moving", partition, Some(2));
        led.expect("there is such a broker");
    }
    mock.broker_down(1).expect("it is there");
    let bounds = ends.bounds(&partitions()).expect("the other leads");
    assert_eq!(bounds, [Bounds { start: 0, end: 0 }; 2]);
}

#[test]
fn what_is_not_ours_to_know_is_not_asked_again() {
    let mock = mock();
    let ends = ends(&mock);
    ends.bounds(&partitions()).expect("it leads");
    // Asked again it would be answered.
    mock.request_errors(RDKafkaApiKey::ListOffsets, &[FORBIDDEN]);
    let error = ends.bounds(&partitions()).expect_err("it is forbidden");
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

#[test]
fn a_position_that_is_not_told_is_not_taken_for_none() {
    let mock = mock();
    let config = KafkaConfig::plaintext(mock.bootstrap_servers());
    let positions = Positions::new(config, Prefix("".into()));
    let none = positions.committed("stage", &partitions());
    assert_eq!(none.expect("it is told"), BTreeMap::new());
    mock.request_errors(RDKafkaApiKey::OffsetFetch, &[FORBIDDEN]);
    let error = positions.committed("stage", &partitions());
    let error = error.expect_err("it is forbidden");
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

#[test]
fn a_transaction_that_is_taken_back_names_what_refused_its_record() {
    let mock = mock();
    let config = KafkaConfig::plaintext(mock.bootstrap_servers());
    let (id, prefix) = ("stage.0".to_owned(), Prefix("".into()));
    let opened = Transactions::open(&config, prefix, id, AfterFailure::GoOn);
    let transactions = opened.expect("nobody else has it");
    let write = || one("moving", 0, b"record");
    let commit = |write| {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let done = Box::new(move |result| drop(tell.send(result)));
        transactions.submit(write, Vec::new(), done);
        told.recv().expect("it is told")
    };
    commit(write()).expect("it is committed");
    let refused = |error, hint: &str| {
        mock.request_errors(RDKafkaApiKey::Produce, &[error]);
        let error = commit(write()).expect_err("it is refused");
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(hint), "{error}");
    };
    refused(TOO_LARGE, "max.message.bytes");
    commit(write()).expect("nothing is left of it");
    refused(FORBIDDEN, "docs/kafka.md");
}

#[test]
fn what_cannot_be_asked_now_is_not_waited_for_long() {
    let mock = mock();
    let ends = ends(&mock);
    ends.bounds(&partitions()).expect("it leads");
    mock.broker_down(1).expect("it is there");
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        ends.wait_until_readable(&partitions(), &[0, 0]);
        tell.send(()).expect("it is waited for");
    });
    let waited = told.recv_timeout(Duration::from_secs(60));
    assert!(waited.is_ok(), "what stands behind it waits, too");
}

#[test]
fn an_end_that_a_new_leader_does_not_know_yet_hides_nothing() {
    let mock = Mock::new(2).expect("ports are free");
    let mut config = KafkaConfig::plaintext(mock.bootstrap_servers());
    // The mock knows one end for whoever reads what is committed.
    let isolation = ("isolation.level", "read_uncommitted");
    config
        .overrides
        .insert(isolation.0.to_owned(), isolation.1.to_owned());
    let journal = mocked(&mock, config, &["late"]);
    let led = mock.partition_leader("late", 0, Some(1));
    led.expect("there is such a broker");
    let followed = mock.partition_follower("late", 0, 2);
    followed.expect("there is such a broker");
    let knows = |end| {
        let set = mock.follower_watermarks("late", 0, Some(0), Some(end));
        set.expect("it follows");
    };
    for number in 0..10 {
        journal
            .append(one("late", 0, &[number]))
            .expect("it is written");
    }
    let read = |from, to| {
        let (mut next, mut count) = (from, 0);
        while next < to {
            let batch = journal.read(&at("late", 0), next, 1 << 20);
            let batch = batch.expect("it can be read");
            count += batch.len();
            next = batch.next_offset().expect("there is more");
        }
        (next, count)
    };
    knows(5);
    assert_eq!(read(0, 5), (5, 5));
    knows(10);
    assert_eq!(read(5, 10), (10, 5));
}
