//! When tasks are opened, one after the other and again.

use journal::{EmbeddedJournal, Journal as _, Options, Record, TopicSpec, Write};
use stream::{Context, Input, Limits, StepError, late_topic, quarantine_topic};

use super::slot::{REST_LONGEST, rest_after};
use super::*;
use crate::engine::Engine;

const PARTITIONS: u16 = 6;

/// Knows and does nothing.
struct Nothing;

impl Processor for Nothing {
    type State = ();

    fn step(&self, (): &mut (), _: Input<'_>, _: &mut Context<'_>) -> Result<(), StepError> {
        Ok(())
    }

    fn encode(&self, (): &(), _: &mut Vec<u8>) -> bool {
        false
    }

    fn decode(&self, _: &[u8]) -> Result<(), StepError> {
        Ok(())
    }
}

fn stage(directory: &std::path::Path) -> Stage<Nothing> {
    let journal = EmbeddedJournal::open(&directory.join("journal"), &Options::default()).unwrap();
    let input: journal::Topic = "in".into();
    for name in [input.clone(), quarantine_topic(&input), late_topic(&input)] {
        let spec = TopicSpec {
            name,
            partitions: PARTITIONS,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&spec).unwrap();
    }
    let engine = Engine::Embedded(Arc::new(journal));
    let inputs = vec![input];
    let share = engine.share("stage", &inputs, &[]).unwrap();
    let spec = StageSpec {
        name: "stage".into(),
        version: "1".into(),
        inputs,
        outputs: Vec::new(),
        partitions: PARTITIONS,
        limits: Limits::default(),
    };
    let shared = Arc::new(Shared {
        states: FjallDatabase::open(&directory.join("state")).unwrap(),
        metrics: Arc::default(),
    });
    Stage::open("stage", spec, Nothing, share, &shared).unwrap()
}

fn open(stage: &Stage<Nothing>) -> usize {
    let slots = stage.slots.values();
    slots.filter(|slot| slot.task.is_some()).count()
}

#[test]
fn some_tasks_are_opened_in_a_turn() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let tasks = Tasks::new(runtime.handle().clone());
    let mut stage = stage(directory.path());
    assert_eq!(open(&stage), usize::from(PARTITIONS));
    // As if its group had given it all of them just now.
    for slot in stage.slots.values_mut() {
        *slot = Slot::empty();
    }
    let all = usize::from(PARTITIONS);
    for number in (0..all + OPENED_AT_ONCE).step_by(OPENED_AT_ONCE).skip(1) {
        assert!(stage.turn(&tasks.stop()).0, "to open some is work");
        assert_eq!(open(&stage), number.min(all));
        let waits = number < all;
        assert_eq!(stage.health.recovering.load(Ordering::Relaxed), waits);
        assert!(!stage.health.failing.load(Ordering::Relaxed));
    }
    assert!(!stage.turn(&tasks.stop()).0, "all are open");
}

#[test]
fn what_failed_rests_and_is_not_taken_for_new() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let tasks = Tasks::new(runtime.handle().clone());
    let mut stage = stage(directory.path());
    let slot = stage.slots.get_mut(&2).unwrap();
    slot.fail(&TaskError::Journal(journal::Error::Closed));
    slot.failures = u32::MAX;
    assert!(!stage.turn(&tasks.stop()).0, "it is not opened yet");
    assert_eq!(open(&stage), usize::from(PARTITIONS) - 1);
    assert!(stage.health.failing.load(Ordering::Relaxed));
    // The others go on as ever.
    assert!(!stage.health.recovering.load(Ordering::Relaxed));
}

#[test]
fn what_fails_has_the_lag_of_what_waits() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let tasks = Tasks::new(runtime.handle().clone());
    let mut stage = stage(directory.path());
    let slot = stage.slots.get_mut(&2).unwrap();
    slot.fail(&TaskError::Journal(journal::Error::Closed));
    slot.failures = u32::MAX;
    let journal = stage.share.task(2).unwrap();
    let lag = |stage: &Stage<Nothing>| stage.health.lag.load(Ordering::Relaxed);
    for written in 1..=3 {
        for partition in [1, 2] {
            let to = TopicPartition::new("in", partition);
            let records = vec![(to, Record::default())];
            let offsets = Vec::new();
            journal.append(Write { records, offsets }).unwrap();
        }
        while stage.turn(&tasks.stop()).0 {}
        assert_eq!(lag(&stage), written, "those of the partition that fails");
    }
    let label = StageLabel { stage: "stage" };
    assert_eq!(
        stage.shared.metrics.stage_lag.get_or_create(&label).get(),
        3
    );
    stage.tell_what_waits();
    assert!(lag(&stage) >= 3, "before its first turn, too");
}

#[test]
fn what_fails_for_long_keeps_nothing_new_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let mut stage = stage(directory.path());
    for slot in stage.slots.values_mut() {
        *slot = Slot::empty();
        // It has failed, and has rested.
        slot.failures = 3;
    }
    stage.slots.get_mut(&2).unwrap().failures = 0;
    assert_eq!(stage.due_to_open().first(), Some(&2));
    stage.slots.get_mut(&2).unwrap().failures = 4;
    let due = stage.due_to_open();
    assert_eq!(
        due.first(),
        Some(&0),
        "the first of those that failed least"
    );
    assert!(!due.contains(&2), "{due:?}");
}

#[test]
fn what_fails_again_and_again_rests_longer_and_longer() {
    let seconds: Vec<u64> = (1..=6).map(|times| rest_after(times).as_secs()).collect();
    assert_eq!(seconds, [1, 2, 4, 8, 15, 15]);
    assert_eq!(rest_after(u32::MAX), REST_LONGEST);
}
