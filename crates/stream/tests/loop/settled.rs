//! Inputs without one order over topics: they are met by the time they were received, once nothing can come between.

use crate::script::Ask;
use crate::shaky::Shaky;
use crate::world::{journal_like_kafka, open, put, record, written_to};
use std::sync::Arc;
use stream::{Limits, MemoryStore, Task};

/// The received times of what was emitted, in order.
fn times(journal: &Shaky) -> Vec<String> {
    let written = written_to(&*journal.journal, "out");
    let time = |line: &str| line.rsplit(' ').next().map(str::to_owned);
    written.lines().filter_map(time).collect()
}

fn settle(journal: &Shaky, ends: [u64; 2]) {
    *journal.settled.lock().expect("nothing panics with it") = Some(ends.to_vec());
}

fn run(task: &mut Task<crate::script::Script, MemoryStore>) -> (usize, u64) {
    let progress = task.run_once(1000).expect("it runs");
    task.flush().expect("it commits");
    (progress.records, progress.lag)
}

#[test]
fn they_are_met_by_received_time_and_nothing_is_taken_before_it_is_settled() {
    let journal = Arc::new(Shaky::new(journal_like_kafka(), false));
    let at = |topic, at| put(&*journal.journal, topic, record("k", at, Ask::Emit, 0, ""));
    for (topic, time) in [("b", 20), ("a", 10), ("a", 30), ("b", 40)] {
        at(topic, time);
    }
    let mut task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    assert_eq!(run(&mut task), (4, 0));
    assert_eq!(times(&journal), ["10", "20", "30", "40"]);

    at("a", 50);
    settle(&journal, [4, 4]);
    assert_eq!(run(&mut task), (0, 2), "with the control record after it");
    at("b", 45);
    assert_eq!(run(&mut task), (0, 4));
    settle(&journal, [4, 5]);
    assert_eq!(
        run(&mut task).0,
        1,
        "what is settled, and what comes before it"
    );
    settle(&journal, [6, 6]);
    assert_eq!(run(&mut task), (1, 0));
    assert_eq!(times(&journal)[4..], ["45", "50"]);

    at("b", 70);
    at("a", 60);
    settle(&journal, [6, 8]);
    assert_eq!(
        run(&mut task),
        (2, 0),
        "one that is not settled comes before one that is"
    );
    assert_eq!(times(&journal)[6..], ["60", "70"]);
}
