//! Whatever the batches, crashes and lost stores: the outputs and the final state are those of a straight run.

use crate::script::ASKS;
use crate::shaky::{Failure, Shaky};
use crate::world::{drain, memory_journal, open, put, stored, tick, written};
use journal::Record;
use proptest::prelude::*;
use std::sync::Arc;
use stream::{Limits, MemoryStore, Store};

/// What happens after a batch.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    Flush,
    /// The process ends after the commit and before the flush.
    Crash,
    /// The process ends right after a flush.
    CrashAfterFlush,
    /// A write fails after so many more, and with it the task.
    FailedWrite(i64),
    /// The process ends and the store is gone.
    LostStore,
}

#[derive(Clone, Debug)]
struct Plan {
    limits: Limits,
    batches: Vec<(usize, Event)>,
    /// Whether commits are answered by another thread, some time later.
    delayed: bool,
}

fn any_record() -> impl Strategy<Value = (&'static str, Record)> {
    let topic = prop_oneof![3 => Just("a"), 1 => Just("b")];
    let ask = prop_oneof![2 => Just(0..2_u8), 1 => Just(0..11_u8)].prop_flat_map(|asks| asks);
    let tag = prop_oneof![Just("t"), Just("s"), Just("*")];
    (topic, 0..6_u8, ask, 0..40_u8, tag, 0..80_i64, 0..12_i64).prop_map(
        |(topic, key, ask, delay, tag, behind, step)| {
            if key == 0 {
                return (topic, tick(step));
            }
            let ask = ASKS[usize::from(ask)];
            let mut record = crate::world::record(&format!("key {key}"), step, ask, delay, tag);
            record.event_time -= behind / 2;
            (topic, record)
        },
    )
}

/// Records whose received times go on by the step each was given.
pub(crate) fn any_history() -> impl Strategy<Value = Vec<(&'static str, Record)>> {
    proptest::collection::vec(any_record(), 1..120).prop_map(|mut records| {
        let mut now = 0;
        for (_, record) in &mut records {
            now += record.received_time;
            record.event_time += now - record.received_time;
            record.received_time = now;
        }
        records
    })
}

pub(crate) fn any_limits() -> impl Strategy<Value = Limits> {
    (
        64..3000_usize,
        1..12_usize,
        1..30_u64,
        1..6_usize,
        any::<bool>(),
    )
        .prop_map(
            |(read_bytes, commit_records, flush_steps, resident_max_keys, tiny)| Limits {
                read_bytes,
                commit_records,
                commit_bytes: if tiny { 100 } else { 1 << 20 },
                flush_steps,
                flush_bytes: if tiny { 1000 } else { 1 << 20 },
                resident_max_keys,
            },
        )
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let event = prop_oneof![
        4 => Just(Event::Nothing),
        1 => Just(Event::Flush),
        2 => Just(Event::Crash),
        1 => Just(Event::CrashAfterFlush),
        2 => (0..4_i64).prop_map(Event::FailedWrite),
        1 => Just(Event::LostStore),
    ];
    let batches = proptest::collection::vec((1..20_usize, event), 0..60);
    (any_limits(), batches, any::<bool>()).prop_map(|(limits, batches, delayed)| Plan {
        limits,
        batches,
        delayed,
    })
}

/// Carries out a plan, then reads on to the end; gives all outputs and the final store.
fn run(history: &[(&'static str, Record)], plan: &Plan) -> (String, String) {
    let memory = memory_journal();
    for (topic, record) in history {
        put(&*memory, topic, record.clone());
    }
    let journal = Arc::new(Shaky::new(memory.clone(), plan.delayed));
    let mut store = MemoryStore::new();
    let start = |store: &MemoryStore| {
        open(journal.clone(), store.clone(), plan.limits.clone()).expect("it opens")
    };
    let mut task = start(&store);
    for (max, event) in &plan.batches {
        if let Event::FailedWrite(after) = event {
            journal.fail_after(*after, Failure::NotWritten);
        }
        let mut failed = task.run_once(*max).is_err();
        if matches!(event, Event::Flush | Event::CrashAfterFlush) {
            failed |= task.flush().is_err();
        }
        if matches!(event, Event::LostStore) {
            drop(task);
            store = MemoryStore::new();
            task = start(&store);
        } else if failed || matches!(event, Event::Crash | Event::CrashAfterFlush) {
            drop(task);
            task = start(&store);
        }
    }
    while drain(&mut task, 50).and_then(|()| task.flush()).is_err() {
        drop(task);
        task = start(&store);
    }
    (written(&*memory), stored(&store))
}

fn straight() -> Plan {
    Plan {
        limits: Limits::default(),
        batches: Vec::new(),
        delayed: false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn outputs_and_state_are_those_of_a_straight_run(history in any_history(), plan in any_plan()) {
        let (written, stored) = run(&history, &plan);
        let (expected_written, expected_stored) = run(&history, &straight());
        prop_assert_eq!(written, expected_written);
        prop_assert_eq!(stored, expected_stored);
    }

    #[test]
    fn a_store_that_is_deleted_or_ahead_is_rebuilt_byte_for_byte(history in any_history(), ahead in any::<bool>()) {
        let journal = memory_journal();
        for (topic, record) in &history {
            put(&*journal, topic, record.clone());
        }
        let store = MemoryStore::new();
        let mut task = open(journal.clone(), store.clone(), Limits::default()).expect("it opens");
        drain(&mut task, 7).expect("it runs");
        task.flush().expect("it flushes");
        drop(task);
        let (expected, before) = (stored(&store), written(&*journal));

        let mut other = MemoryStore::new();
        if ahead {
            let mut head = store.head().expect("readable").expect("it was flushed");
            for (_, offset) in &mut head.offsets {
                *offset += 1;
            }
            let states = vec![(b"wrong".as_slice().into(), Some(b"wrong".as_slice().into()))];
            let batch = stream::StoreBatch { head, states, ..stream::StoreBatch::default() };
            other.apply(batch).expect("it is applied");
        }
        let mut task = open(journal.clone(), other.clone(), Limits::default()).expect("it opens");
        prop_assert!(task.recovery().rebuilt.is_some());
        drain(&mut task, 11).expect("it runs");
        task.flush().expect("it flushes");
        prop_assert_eq!(stored(&other), expected);
        prop_assert_eq!(written(&*journal), before);
    }
}
