//! Transactions that end otherwise than they were begun: a mock of the client library's plays the brokers.

use super::*;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

const BUSY: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
const FORBIDDEN: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
const OLD_EPOCH: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;

fn mock() -> MockCluster<'static, DefaultProducerContext> {
    let mock = MockCluster::new(1).expect("a port is free");
    mock.create_topic("out", 1, 1).expect("it is new");
    mock
}

fn opened(
    mock: &MockCluster<'_, DefaultProducerContext>,
    after: AfterFailure,
) -> impl Fn() -> Result<Vec<Offset>, Error> {
    let config = KafkaConfig {
        write_timeout: Duration::from_secs(2),
        ..KafkaConfig::plaintext(mock.bootstrap_servers())
    };
    let (id, prefix) = ("stage.0".to_owned(), Prefix("".into()));
    let opened = Transactions::open(&config, prefix, id, after);
    let transactions = opened.expect("nobody else has it");
    move || {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let done = Box::new(move |result| drop(tell.send(result)));
        transactions.submit(one("out", 0, b"record"), Vec::new(), done);
        told.recv().expect("it is told")
    }
}

/// Lets the next commit be in doubt: it is answered only when it is asked for again.
fn doubt(mock: &MockCluster<'_, DefaultProducerContext>) {
    mock.request_errors(RDKafkaApiKey::EndTxn, &[BUSY; 6]);
}

#[test]
fn a_task_takes_nothing_over_again_after_a_commit_in_doubt() {
    let mock = mock();
    let commit = opened(&mock, AfterFailure::Stop);
    commit().expect("it is committed");
    doubt(&mock);
    commit().expect("it is committed in the end");
    // Somebody else may have the id by now: whoever opens the task again reads what is committed first.
    for _ in 0..2 {
        let error = commit().expect_err("it rests on what may not be the last word");
        assert!(matches!(error, Error::Aborted(_)), "{error:?}");
    }
}

#[test]
fn writes_that_stand_for_themselves_go_on_after_a_commit_in_doubt() {
    let mock = mock();
    let commit = opened(&mock, AfterFailure::GoOn);
    doubt(&mock);
    commit().expect("it is committed in the end");
    commit().expect("by a new producer");
}

#[test]
fn a_transaction_that_brokers_ended_stops_none_that_stands_for_itself() {
    let mock = mock();
    let commit = opened(&mock, AfterFailure::GoOn);
    commit().expect("it is committed");
    mock.request_errors(RDKafkaApiKey::EndTxn, &[OLD_EPOCH]);
    let error = commit().expect_err("it is not");
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    commit().expect("by a new producer");
}

#[test]
fn a_task_that_was_taken_over_writes_nothing_more() {
    let mock = mock();
    let commit = opened(&mock, AfterFailure::Stop);
    commit().expect("it is committed");
    mock.request_errors(RDKafkaApiKey::EndTxn, &[OLD_EPOCH]);
    for _ in 0..2 {
        let error = commit().expect_err("another has the id");
        assert!(matches!(error, Error::Fenced { .. }), "{error:?}");
    }
}

#[test]
fn a_member_whose_partitions_went_to_another_commits_nothing() {
    let Some(brokers) = brokers() else { return };
    let six = |name: &str| (name.to_owned(), "6000".to_owned());
    let config = KafkaConfig {
        session_timeout: Duration::from_secs(6),
        overrides: [six("max.poll.interval.ms"), six("session.timeout.ms")].into(),
        ..config(&brokers, "replaced")
    };
    let journal = KafkaJournal::open(config.clone()).expect("the brokers answer");
    for name in ["in", "out"] {
        journal.ensure_topic(&topic(name, 2)).expect("it is made");
    }
    let join = |journal: &KafkaJournal| journal.join("stage", &["in".into()], &[]);
    let assigned = |group: &KafkaGroup| {
        for _ in 0..600 {
            let told = group.poll(Duration::from_millis(50));
            if let Some(Change::Assigned(all)) = told.expect("it is a member") {
                return all;
            }
        }
        panic!("it has no partitions after 30 s");
    };
    let write = |offset| Write {
        records: vec![(at("out", 0), value(b"record"))],
        offsets: vec![("stage".into(), at("in", 0), offset)],
    };
    let replaced = join(&journal).expect("it joins");
    assert_eq!(assigned(&replaced), [0, 1]);
    let task = replaced.task(0).expect("it takes over");
    task.append(write(5)).expect("it is a member");
    // It hangs, and never hears of it.
    let other = KafkaJournal::open(config).expect("the brokers answer");
    let other = join(&other).expect("it joins");
    assert_eq!(assigned(&other), [0, 1]);
    let late = task.append(write(3));
    assert!(late.is_err(), "{late:?}");
    let committed = journal.committed("stage").expect("it is known");
    assert_eq!(committed, [(at("in", 0), 5)].into());
}

#[test]
fn a_producer_that_gave_up_for_good_is_made_anew() {
    let mock = mock();
    mock.request_errors(RDKafkaApiKey::InitProducerId, &[FORBIDDEN]);
    let config = KafkaConfig::plaintext(mock.bootstrap_servers());
    let single = Single::open(&config, Prefix("".into())).expect("a client opens");
    let send = || {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let done = Box::new(move |result| drop(tell.send(result)));
        single.send(one("out", 0, b"record"), done);
        told.recv().expect("it is told")
    };
    send().expect_err("it may not write");
    send().expect("now it may");
}
