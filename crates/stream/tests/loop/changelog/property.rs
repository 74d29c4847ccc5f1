//! Whatever crashes, faults, takeovers and compactions: outputs and state are those of a straight run without a changelog.

use super::changelog;
use crate::crash::{any_history, any_limits};
use crate::shaky::{Failure, Shaky};
use crate::world::{
    drain, journal_like_kafka, memory_journal, open_logged, put, spec, stored, written,
};
use journal::{Journal, MemoryJournal, Record};
use proptest::prelude::*;
use std::sync::Arc;
use stream::{Limits, MemoryStore, StageSpec, Task};

/// So many instances take turns; each has a store of its own, which is stale when its turn comes.
const INSTANCES: usize = 3;

/// What happens after a batch.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    Flush,
    Crash,
    /// A write fails after so many more, and with it the task.
    FailedWrite(i64),
    /// A write succeeds after so many more, and its answer is lost.
    LostAnswer(i64),
    LostStore,
    Takeover(usize),
    /// The changelog is compacted, and what deletes is removed, too.
    Compact,
}

#[derive(Clone, Debug)]
struct Plan {
    limits: Limits,
    batches: Vec<(usize, Event)>,
    delayed: bool,
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let event = prop_oneof![
        3 => Just(Event::Nothing),
        2 => Just(Event::Flush),
        2 => Just(Event::Crash),
        2 => (0..4_i64).prop_map(Event::FailedWrite),
        2 => (0..4_i64).prop_map(Event::LostAnswer),
        1 => Just(Event::LostStore),
        3 => (0..INSTANCES).prop_map(Event::Takeover),
        1 => Just(Event::Compact),
    ];
    let batches = proptest::collection::vec((1..20_usize, event), 0..60);
    (any_limits(), batches, any::<bool>()).prop_map(|(limits, batches, delayed)| Plan {
        limits,
        batches,
        delayed,
    })
}

/// Carries out a plan, then reads on to the end; gives all outputs, the final store, and what the changelog makes of
/// an empty one.
fn run(memory: &Arc<MemoryJournal>, spec: &StageSpec, plan: &Plan) -> [String; 3] {
    let journal = Arc::new(Shaky::new(memory.clone(), plan.delayed));
    let mut stores = [(); INSTANCES].map(|()| MemoryStore::new());
    let mut here = 0;
    let limits = plan.limits.clone();
    let spec = StageSpec {
        limits,
        ..spec.clone()
    };
    let start = |store: &MemoryStore| {
        open_logged(spec.clone(), journal.clone(), store.clone()).expect("it opens")
    };
    let mut task = start(&stores[here]);
    for (max, event) in &plan.batches {
        match *event {
            Event::FailedWrite(after) => journal.fail_after(after, Failure::NotWritten),
            Event::LostAnswer(after) => journal.fail_after(after, Failure::Written),
            Event::Compact => {
                let end = memory.written(&[changelog()]).expect("it exists")[0];
                memory.compact(&changelog(), end);
            }
            _ => {}
        }
        let mut is_over = task.run_once(*max).is_err();
        match *event {
            Event::Flush => is_over |= task.flush().is_err(),
            Event::Crash => is_over = true,
            Event::LostStore => {
                stores[here] = MemoryStore::new();
                is_over = true;
            }
            Event::Takeover(by) => {
                here = by;
                is_over = true;
            }
            _ => {}
        }
        if is_over {
            drop(task);
            task = start(&stores[here]);
        }
    }
    while finish(&mut task).is_err() {
        drop(task);
        task = start(&stores[here]);
    }
    let empty = MemoryStore::new();
    finish(&mut start(&empty)).expect("nothing fails any more");
    [said(memory), stored(&stores[here]), stored(&empty)]
}

fn finish(task: &mut Task<crate::script::Script, MemoryStore>) -> Result<(), stream::TaskError> {
    drain(task, 50).and_then(|()| task.flush())
}

/// What was written, without the offsets: they are others when commits are others.
fn said(journal: &MemoryJournal) -> String {
    let written = written(journal);
    let lines = written.lines().map(|line| {
        let words = line.split(' ').enumerate();
        let words = words.filter(|(place, _)| *place != 1);
        words.map(|(_, word)| word).collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}

fn fill(journal: &MemoryJournal, history: &[(&'static str, Record)]) {
    for (topic, record) in history {
        put(journal, topic, record.clone());
    }
}

/// Runs without a changelog, a crash or a fault.
fn straight(memory: &Arc<MemoryJournal>, spec: &StageSpec) -> (String, String) {
    let store = MemoryStore::new();
    let processor = Arc::new(crate::script::Script);
    let mut task = Task::open(spec.clone(), 0, processor, memory.clone(), store.clone());
    finish(task.as_mut().expect("it opens")).expect("it runs");
    (said(memory), stored(&store))
}

fn check(
    history: &[(&'static str, Record)],
    plan: &Plan,
    spec: &StageSpec,
    journal: impl Fn() -> Arc<MemoryJournal>,
) -> Result<(), TestCaseError> {
    let (memory, expected) = (journal(), journal());
    fill(&memory, history);
    fill(&expected, history);
    let [written, stored, restored] = run(&memory, spec, plan);
    let (expected_written, expected_stored) = straight(&expected, spec);
    prop_assert_eq!(written, expected_written);
    prop_assert_eq!(&stored, &expected_stored);
    prop_assert_eq!(restored, expected_stored);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn outputs_and_state_are_those_of_a_straight_run(history in any_history(), plan in any_plan()) {
        check(&history, &plan, &spec(Limits::default()), memory_journal)?;
    }

    #[test]
    fn they_are_with_gaps_between_writes(history in any_history(), plan in any_plan()) {
        let history: Vec<_> = history.into_iter().map(|(_, record)| ("a", record)).collect();
        let only_a = StageSpec { inputs: vec!["a".into()], ..spec(Limits::default()) };
        check(&history, &plan, &only_a, journal_like_kafka)?;
    }
}
