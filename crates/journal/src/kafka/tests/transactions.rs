//! Transactions that end otherwise than they were begun: a mock of the client library's plays the brokers.

use super::*;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

const BUSY: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
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
        write_timeout: Duration::from_millis(500),
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
    mock.request_errors(RDKafkaApiKey::EndTxn, &[BUSY; 4]);
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
