//! Inputs of several topics whose leaders are not equally quick: mock brokers of the client library's, one of them far away.

use super::*;

/// What an answer of the broker takes that leads `far`.
const FAR: Duration = Duration::from_millis(60);

/// A journal whose topic `near` is led by one broker and `far` by the other.
fn two_leaders() -> (Mock, KafkaJournal) {
    let mock = Mock::new(2).expect("ports are free");
    let config = KafkaConfig::plaintext(mock.bootstrap_servers());
    let journal = mocked(&mock, config, &["near", "far"]);
    for (name, leader) in [("near", 1), ("far", 2)] {
        let led = mock.partition_leader(name, 0, Some(leader));
        led.expect("there is such a broker");
    }
    let delayed = mock.broker_round_trip_time(2, FAR);
    delayed.expect("there is such a broker");
    (mock, journal)
}

/// Waits until there is something to read of a partition and reads it.
fn next_of(task: &TaskJournal, from: &TopicPartition, offset: Offset) -> Batch {
    for _ in 0..1_000 {
        let batch = task.read(from, offset, 1 << 20).expect("it can be read");
        if !batch.is_empty() {
            return batch;
        }
        task.wait(u64::MAX, Duration::from_millis(10));
    }
    panic!("nothing came in 10 s");
}

#[test]
fn what_was_acknowledged_before_is_met_before_though_what_came_after_is_read_already() {
    let (_mock, journal) = two_leaders();
    let inputs = ["near".into(), "far".into()];
    let group = journal.join("stage", &inputs, &inputs).expect("it joins");
    let task = group.task(0).expect("it takes over");
    let of = [at("near", 0), at("far", 0)];
    let [near, far] = &of;
    task.follow(&[(near.clone(), 0), (far.clone(), 0)])
        .expect("they exist");
    for round in 0..10 {
        journal
            .append(one("far", 0, b"first"))
            .expect("it is written");
        journal
            .append(one("near", 0, b"then"))
            .expect("it is written");
        // It comes together with what is read, and the other one is still on its way.
        let then = next_of(&task, near, round);
        assert_eq!(then.next_offset(), Some(round + 1));
        let settled = task.settled(&of).expect("there are two");
        assert_eq!(settled.first(), Some(&(round + 1)));
        let bounds = task.bounds(&of).expect("they exist");
        let end = bounds.last().map(|one| one.end);
        assert_eq!(end, Some(round + 1), "what came first is not seen");
        let first = task.read(far, round, 1 << 20).expect("it can be read");
        assert_eq!(first.next_offset(), end, "it is there already");
    }
}
