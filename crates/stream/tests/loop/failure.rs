//! What fails is put aside with its cause, leaves no trace in the state, and holds nobody up.

use crate::script::Ask;
use crate::world::{drain, memory_journal, open, put, record, stored, tick, written, written_to};
use expect_test::expect;
use journal::{Error, Journal, Record, TopicPartition, Write};
use stream::{Limits, MemoryStore, Store, StoreBatch, Task, TaskError};

#[test]
fn a_failed_step_goes_to_quarantine_and_the_rest_goes_on() {
    let journal = memory_journal();
    let mut seen_before = record("k", 13, Ask::Fail, 1, "content");
    seen_before.headers = vec![
        ("source-system".into(), b"adt".as_slice().into()),
        ("reason".into(), b"older".as_slice().into()),
    ];
    for record in [
        record("k", 10, Ask::SetTimer, 90, "t"),
        record("k", 11, Ask::Panic, 1, "content"),
        record("other", 12, Ask::EmitElsewhere, 1, ""),
        seen_before,
        record("k", 14, Ask::SetFailingTimer, 1, "x"),
        tick(15),
        record("k", 16, Ask::EmitTooMuch, 0, ""),
    ] {
        put(&*journal, "a", record);
    }
    put(&*journal, "b", record("late", -60, Ask::EmitIfLate, 0, ""));
    let mut task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    let progress = task.run_once(4).expect("it runs");
    assert_eq!(progress.failed_keys_in_a_row, 3, "k, other, k");
    drain(&mut task, 1000).expect("it runs");
    expect![[r#"
        a.quarantine 0 k @11/11 reason=panicked detail=the step broke off at a broken invariant; the process\'s log names the place stage=stage version=7 origin=a/0/1 \u{7}\u{1}content
        a.quarantine 1 other @12/12 reason=undeclared-topic detail=the stage emits to elsewhere: add it to the outputs of its spec stage=stage version=7 origin=a/0/2 \t\u{1}
        a.quarantine 2 k @13/13 source-system=adt reason=asked-to-fail detail=it was asked to stage=stage version=7 origin=a/0/3 \u{6}\u{1}content
        a.quarantine 3 k @15/15 reason=asked-to-fail detail=it was asked to stage=stage version=7 origin=timer timer-tag=2178 timer-at=15 -
        a.quarantine 4 k @16/16 reason=output-too-large detail=a record of 50331779 bytes is over 12582912: divide it stage=stage version=7 origin=a/0/6 \u{b}\0
        b.late 0 late @-60/-60 reason=late detail=it came after the window of the stage stage=stage version=7 origin=b/0/0 \u{5}\0
    "#]]
    .assert_eq(&["a.quarantine", "b.late", "out"].map(|topic| written_to(&*journal, topic)).concat());
    let counters = task.counters();
    assert_eq!(
        (counters.quarantined, counters.late, counters.timers),
        (5, 1, 1)
    );
    assert_eq!(
        (counters.records, counters.steps, counters.timers_fired),
        (8, 7, 1)
    );
}

#[test]
fn a_failed_step_leaves_state_and_timers_as_they_were() {
    let run = |with_failures: bool| {
        let (journal, store) = (memory_journal(), MemoryStore::new());
        put(&*journal, "a", record("k", 10, Ask::SetTimer, 90, "t"));
        for ask in [Ask::Fail, Ask::Panic, Ask::EmitElsewhere] {
            let tick = tick(11);
            let failing = record("k", 11, ask, 1, "");
            put(&*journal, "a", if with_failures { failing } else { tick });
        }
        let mut task = open(journal, store.clone(), Limits::default()).expect("it opens");
        drain(&mut task, 1000).expect("it runs");
        task.flush().expect("it flushes");
        stored(&store)
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn a_failed_commit_stops_the_task_and_the_next_one_goes_on_from_what_is_committed() {
    let (journal, store) = (memory_journal(), MemoryStore::new());
    put(&*journal, "a", record("k", 10, Ask::Emit, 0, ""));
    let mut task = open(journal.clone(), store.clone(), Limits::default()).expect("it opens");
    journal.fail_next_write(Error::Closed);
    assert!(matches!(
        drain(&mut task, 10),
        Err(TaskError::Journal(Error::Closed))
    ));
    assert!(matches!(task.run_once(10), Err(TaskError::Stopped)));
    assert!(matches!(task.flush(), Err(TaskError::Stopped)));
    assert_eq!(written(&*journal), "");
    drop(task);
    let mut task = open(journal.clone(), store, Limits::default()).expect("it opens");
    drain(&mut task, 10).expect("it runs");
    assert_eq!(written(&*journal).lines().count(), 1);
}

#[test]
fn a_stage_without_its_topics_does_not_start() {
    let mut spec = crate::world::spec(Limits::default());
    spec.outputs.push("missing".into());
    let opened = Task::open(
        spec,
        0,
        std::sync::Arc::new(crate::script::Script),
        memory_journal(),
        MemoryStore::new(),
    );
    let Err(error) = opened else {
        panic!("a topic is missing")
    };
    expect![
        "stage stage needs topic missing with 1 partitions: create it before the stage is started"
    ]
    .assert_eq(&error.to_string());
}

#[test]
fn outputs_and_positions_are_committed_as_one() {
    let journal = memory_journal();
    for at in 0..25 {
        put(&*journal, "a", record("k", at, Ask::Emit, 0, ""));
    }
    let before = journal.status().counters.writes;
    let limits = Limits {
        commit_records: 10,
        ..Limits::default()
    };
    let mut task = open(journal.clone(), MemoryStore::new(), limits).expect("it opens");
    drain(&mut task, 1000).expect("it runs");
    assert_eq!(journal.status().counters.writes - before, 3);
    assert_eq!(task.counters().commits, 3);
    let committed = journal.committed("stage").expect("it is known");
    assert_eq!(committed.get(&TopicPartition::new("a", 0)), Some(&25));
}

#[test]
fn positions_alone_are_committed_only_now_and_then() {
    let journal = memory_journal();
    let second = 1_000_000;
    let mut task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    let mut committed = Vec::new();
    for at in 0..25 {
        put(&*journal, "a", tick(at * second));
        drain(&mut task, 10).expect("it runs");
        let position = journal
            .committed("stage")
            .expect("it is known")
            .get(&TopicPartition::new("a", 0))
            .copied();
        if committed.last() != Some(&position) {
            committed.push(position);
        }
    }
    assert_eq!(committed, [Some(1), Some(11), Some(21)]);
}

#[test]
fn what_retention_removed_is_counted() {
    let journal = memory_journal();
    for at in 0..9 {
        put(&*journal, "a", record("k", at, Ask::Emit, 0, ""));
    }
    let input = TopicPartition::new("a", 0);
    let offsets = vec![("stage".into(), input.clone(), 2)];
    journal
        .append(Write {
            offsets,
            ..Write::default()
        })
        .expect("it is written");
    journal.remove_before(&input, 5);
    let mut task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    assert_eq!(task.recovery().missing, 5);
    drain(&mut task, 10).expect("it runs");
    assert_eq!(task.counters().skipped, 5);
    put(
        &*journal,
        "a",
        Record {
            key: b"k".as_slice().into(),
            ..Record::default()
        },
    );
    put(
        &*journal,
        "a",
        Record {
            key: b"k".as_slice().into(),
            ..Record::default()
        },
    );
    journal.remove_before(&input, 10);
    drain(&mut task, 10).expect("it runs");
    assert_eq!(task.counters().skipped, 6);
}

#[test]
fn state_is_flushed_in_a_quiet_moment_each_minute() {
    let (journal, store) = (memory_journal(), MemoryStore::new());
    let mut task = open(journal.clone(), store.clone(), Limits::default()).expect("it opens");
    drain(&mut task, 10).expect("it runs");
    assert_eq!(task.counters().flushes, 0, "there was nothing");
    let minute = 60_000_000;
    for (at, flushes) in [(0, 1), (minute - 1, 1), (minute, 2), (minute + 1, 2)] {
        put(&*journal, "a", tick(at));
        drain(&mut task, 10).expect("it runs");
        assert_eq!(task.counters().flushes, flushes, "at {at}");
    }
    let head = store.head().expect("readable").expect("it was flushed");
    assert_eq!((head.watermark, head.offsets[0].1), (minute, 3));
}

#[test]
fn a_timer_that_sets_itself_for_ever_ends_in_quarantine() {
    let journal = memory_journal();
    put(
        &*journal,
        "a",
        record("k", 10, Ask::SetTimer, 5, "=for ever"),
    );
    put(&*journal, "a", tick(15));
    let mut task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    drain(&mut task, 10).expect("it runs");
    expect![[r#"
        a.quarantine 0 k @15/15 reason=timer-chain detail=100000 timers in a row set one that is due at once: set it later stage=stage version=7 origin=timer timer-tag=3d666f722065766572 timer-at=15 -
    "#]]
    .assert_eq(&written_to(&*journal, "a.quarantine"));
    assert_eq!(
        (task.counters().timers_fired, task.counters().timers),
        (100_001, 0)
    );
}

#[test]
fn a_stored_state_that_cannot_be_read_stops_the_task_and_says_what_to_do() {
    let (journal, mut store) = (memory_journal(), MemoryStore::new());
    put(&*journal, "a", record("k", 10, Ask::Emit, 0, ""));
    drop(open(journal.clone(), store.clone(), Limits::default()).expect("it opens"));
    let batch = StoreBatch {
        states: vec![(b"k".as_slice().into(), Some(b"?".as_slice().into()))],
        ..StoreBatch::default()
    };
    store.apply(batch).expect("it is applied");
    let mut task = open(journal.clone(), store, Limits::default()).expect("it opens");
    let error = task.run_once(10).expect_err("the state is not one");
    expect!["a stored state cannot be read (state: not a state of this version): use the newer program, or delete the state directory: it is rebuilt from the journal"]
        .assert_eq(&error.to_string());
    assert_eq!(written(&*journal), "", "nothing is put aside for it");
}

#[test]
fn a_task_can_be_handed_to_a_thread() {
    let mut task = open(memory_journal(), MemoryStore::new(), Limits::default()).expect("it opens");
    let thread = std::thread::spawn(move || task.run_once(1).map(|progress| progress.lag));
    assert!(matches!(thread.join(), Ok(Ok(0))));
}
