//! What is followed comes, whatever becomes of the rest: nobody reads it, or retention is quicker.

use super::*;
use rdkafka::admin::AdminOptions;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

/// Reads on until so many records have come of a partition; gives where it stands then.
fn read_on(journal: &dyn Journal, from: &TopicPartition, offset: Offset, count: usize) -> Offset {
    let (mut next, mut found) = (offset, 0);
    for _ in 0..600 {
        let batch = journal.read(from, next, 1 << 20).expect("it can be read");
        found += batch.len();
        next = batch.next_offset().unwrap_or(next);
        if found >= count {
            return next;
        }
        journal.wait(u64::MAX, Duration::from_millis(50));
    }
    panic!("{found} of {count} records came in 30 s");
}

#[test]
fn what_nobody_reads_keeps_nothing_else_from_coming() {
    let Some(brokers) = brokers() else { return };
    let journal = KafkaJournal::open(config(&brokers, "unread")).expect("the brokers answer");
    for name in ["unread", "news"] {
        journal.ensure_topic(&topic(name, 1)).expect("it is made");
    }
    let reader = journal.reader().expect("a client opens");
    for from in [at("unread", 0), at("news", 0)] {
        // From here on it is followed.
        let batch = reader.read(&from, 0, 1 << 20).expect("it can be read");
        assert!(batch.is_empty());
    }
    let large = vec![b'x'; 1 << 20];
    let before = reader.wait(0, Duration::ZERO);
    for _ in 0..20 {
        journal
            .append(one("unread", 0, &large))
            .expect("it is written");
    }
    // Each of them counts twice: it was written, and it came.
    let full = before + 20 + 16;
    for _ in 0..600 {
        if reader.wait(u64::MAX, Duration::from_millis(50)) >= full {
            break;
        }
    }
    journal
        .append(one("news", 0, b"news"))
        .expect("it is written");
    assert_eq!(read_on(&reader, &at("news", 0), 0, 1), 1);
    assert_eq!(read_on(&reader, &at("unread", 0), 0, 20), 20);
}

#[test]
fn a_partition_that_brokers_refuse_for_a_moment_is_fetched_again() {
    const OUT_OF_RANGE: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    const FORBIDDEN: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    let mock = Mock::new(1).expect("a port is free");
    let config = KafkaConfig::plaintext(mock.bootstrap_servers());
    let journal = mocked(&mock, config, &["in"]);
    let append = |count| {
        for _ in 0..count {
            journal
                .append(one("in", 0, b"record"))
                .expect("it is written");
        }
    };
    let wait = || {
        for _ in 0..50 {
            journal.wait(u64::MAX, Duration::from_millis(10));
        }
    };
    journal.follow(&[(at("in", 0), 0)]).expect("it exists");
    append(2);
    wait();
    // While something waits to be read, and while it cannot be asked what became of it.
    mock.request_errors(RDKafkaApiKey::Fetch, &[OUT_OF_RANGE]);
    mock.request_errors(RDKafkaApiKey::ListOffsets, &[FORBIDDEN]);
    wait();
    append(2);
    assert_eq!(read_on(&journal, &at("in", 0), 0, 4), 4);
    // While nothing waits.
    mock.request_errors(RDKafkaApiKey::Fetch, &[OUT_OF_RANGE]);
    wait();
    append(2);
    assert_eq!(read_on(&journal, &at("in", 0), 4, 2), 6);
}

/// A task that follows two topics with ten records each, of which retention has removed five.
fn overtaken(test: &str, next: Offset) -> Option<(KafkaGroup, TaskJournal)> {
    let journal = KafkaJournal::open(config(&brokers()?, test)).expect("the brokers answer");
    let inputs: [Topic; 2] = ["in".into(), "also".into()];
    let mut gone = TopicPartitionList::new();
    for name in &inputs {
        journal.ensure_topic(&topic(name, 1)).expect("it is made");
        for _ in 0..10 {
            journal
                .append(one(name, 0, b"record"))
                .expect("it is written");
        }
        let name = journal.cluster.prefix.of(name);
        gone.add_partition_offset(&name, 0, At::Offset(5))
            .expect("it is an offset");
    }
    let admin = &journal.cluster.topics.admin;
    let deleted = admin.delete_records(&gone, &AdminOptions::new());
    futures_executor::block_on(deleted).expect("they are removed");
    let group = journal.join("stage", &inputs, &inputs).expect("it joins");
    let task = group.task(0).expect("it takes over");
    task.follow(&[(at("in", 0), next), (at("also", 0), 5)])
        .expect("they exist");
    Some((group, task))
}

#[test]
fn what_retention_has_overtaken_is_followed_again_from_its_start() {
    let Some((_group, task)) = overtaken("overtaken", 0) else {
        return;
    };
    let of = [at("in", 0), at("also", 0)];
    let whole = Bounds { start: 5, end: 10 };
    for _ in 0..600 {
        task.wait(u64::MAX, Duration::from_millis(50));
        let bounds = task.bounds(&of).expect("they exist");
        let settled = task.settled(&of).expect("both are followed");
        if bounds.first() == Some(&whole) && settled == [10, 10] {
            assert_eq!(read_on(&task, &at("in", 0), 5, 5), 10);
            return;
        }
    }
    panic!("it is not followed again");
}

#[test]
fn a_place_behind_the_end_is_refused_and_not_waited_at() {
    let Some((_group, task)) = overtaken("behind", 50) else {
        return;
    };
    let of = [at("in", 0), at("also", 0)];
    for _ in 0..600 {
        task.wait(u64::MAX, Duration::from_millis(50));
        match task.bounds(&of) {
            Ok(_) => {}
            Err(Error::OutOfRange {
                asked: 50, end: 10, ..
            }) => return,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("nobody says so");
}
