//! A task whose records nobody can use rests where it is: the quarantine stays small, and nothing is lost or out of order.

use crate::crash::any_limits;
use crate::script::{Ask, Script};
use crate::world::{
    journal_like_kafka, memory_journal, open, open_logged, put, record, spec, tick, written,
    written_to,
};
use journal::{Journal, MemoryJournal, Record};
use proptest::prelude::*;
use std::sync::Arc;
use stream::{Breaker, Limits, MemoryStore, Task, WINDOW_RECORDS};

const HALF: usize = WINDOW_RECORDS / 2;

type Tested = Task<Script, MemoryStore>;

fn systemic(reason: &str) -> bool {
    reason == "asked-to-fail"
}

/// A record of a sender that fails, or is used.
fn sent(by: &str, at: i64, ask: Ask) -> Record {
    let headers = vec![("source-system".into(), by.as_bytes().into())];
    let record = record(&format!("key {}", at % 7), at, ask, 1, "");
    Record { headers, ..record }
}

/// Records of one sender that all fail.
fn failing(count: usize) -> Vec<Record> {
    let times = (0..).take(count);
    times.map(|at| sent("lab", at, Ask::Fail)).collect()
}

fn watched(task: Tested) -> Tested {
    task.with_breaker(Breaker::new(systemic, "source-system"))
}

fn set_aside(journal: &dyn Journal) -> usize {
    let all = ["a.quarantine", "b.quarantine"].map(|topic| written_to(journal, topic));
    all.iter().map(|topic| topic.lines().count()).sum()
}

fn filled(records: &[Record]) -> (Arc<MemoryJournal>, Tested) {
    let journal = memory_journal();
    for record in records {
        put(&*journal, "a", record.clone());
    }
    let task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    (journal, watched(task))
}

/// How many records each of so many calls takes, and how many are in quarantine then.
fn takes(records: &[Record], calls: usize) -> (Vec<usize>, usize) {
    let (journal, mut task) = filled(records);
    let calls = (0..calls).map(|_| task.run_once(1000).expect("it runs").records);
    (calls.collect(), set_aside(&*journal))
}

#[test]
fn when_most_fail_for_a_systemic_reason_the_next_one_waits_where_it_is() {
    assert_eq!(takes(&failing(HALF - 1), 2), (vec![HALF - 1, 0], HALF - 1));
    assert_eq!(takes(&failing(HALF), 2), (vec![HALF, 0], HALF));
    assert_eq!(takes(&failing(HALF + 1), 9).1, HALF);
    let (journal, mut task) = filled(&failing(HALF + 1));
    for _ in 0..3 {
        let progress = task.run_once(1000).expect("it runs");
        assert_eq!(progress.resting_for, Some("asked-to-fail"));
        assert_eq!((progress.lag, progress.committed), (1, true));
        assert_eq!(set_aside(&*journal), HALF);
    }
    let other = |at| sent("lab", at, Ask::Panic);
    let panics: Vec<_> = (0..).map(other).take(2 * WINDOW_RECORDS).collect();
    assert_eq!(
        takes(&panics, 1).0,
        [2 * WINDOW_RECORDS],
        "that is the record's own"
    );
}

#[test]
fn what_can_be_used_before_is_looked_back_at_no_further_than_the_window() {
    let used = |count: usize| {
        let times = (1000..).take(count);
        times.map(|at| sent("lab", at, Ask::Emit))
    };
    let mut records = Vec::from_iter(used(WINDOW_RECORDS));
    records.extend(failing(WINDOW_RECORDS));
    assert_eq!(takes(&records, 2).0, [WINDOW_RECORDS + HALF, 0]);
    let half = (0..4 * WINDOW_RECORDS).map(|at| {
        let ask = [Ask::Fail, Ask::Emit][at % 2];
        sent("lab", i64::try_from(at).unwrap_or_default(), ask)
    });
    let half = Vec::from_iter(half);
    assert_eq!(takes(&half, 1).0, [half.len()], "no more than half fail");
}

#[test]
fn who_fails_alone_holds_nobody_up() {
    let mut records = vec![sent("monitor", -1, Ask::Emit)];
    records.extend(failing(2 * WINDOW_RECORDS));
    assert_eq!(takes(&records, 1).0, [2 * WINDOW_RECORDS + 1]);
    records.push(sent("monitor", 900, Ask::Fail));
    records.extend(failing(1));
    assert_eq!(
        takes(&records, 2).0,
        [2 * WINDOW_RECORDS + 1, 0],
        "now both would"
    );
}

#[test]
fn a_person_can_let_it_go_on_and_it_watches_again_once_something_is_used() {
    let mut records = failing(HALF + 9);
    records.push(tick(100));
    records.push(sent("lab", 101, Ask::Emit));
    records.extend(failing(HALF));
    let (journal, mut task) = filled(&records);
    assert_eq!(task.run_once(1000).expect("it runs").records, HALF);
    task.pass_breaker();
    let progress = task.run_once(1000).expect("it runs");
    assert_eq!(
        (progress.records, progress.resting_for.is_some()),
        (11, true)
    );
    assert_eq!(set_aside(&*journal), HALF + 9);
    task.pass_breaker();
    let progress = task.run_once(1000).expect("it runs");
    assert_eq!((progress.lag, progress.resting_for), (0, None));
}

/// What is done with a task after it was called.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    /// A person lets it go on.
    Pass,
    /// The process ends and another goes on.
    Crash,
}

/// Records of three senders, most of which fail, in two topics.
fn any_history() -> impl Strategy<Value = Vec<(&'static str, Record)>> {
    let topic = prop_oneof![3 => Just("a"), 1 => Just("b")];
    let by = prop_oneof![8 => Just("lab"), 1 => Just("monitor"), 1 => Just("ward")];
    let ask = prop_oneof![8 => Just(Ask::Fail), 2 => Just(Ask::Emit), 1 => Just(Ask::SetTimer)];
    let one = (topic, by, ask).boxed();
    proptest::collection::vec(one, 1..200).prop_map(|all| {
        let numbered = (0..).zip(all);
        let each = numbered.map(|(at, (topic, by, ask))| (topic, sent(by, at, ask)));
        each.collect()
    })
}

fn any_events() -> impl Strategy<Value = Vec<(usize, Event)>> {
    let event = prop_oneof![
        4 => Just(Event::Nothing),
        1 => Just(Event::Pass),
        1 => Just(Event::Crash)
    ];
    proptest::collection::vec((1..60_usize, event), 0..40)
}

/// Carries out what happens, then lets it go on to the end; gives what was written, without the places of commits.
fn run(
    journal: &Arc<MemoryJournal>,
    events: &[(usize, Event)],
    start: &dyn Fn() -> Tested,
) -> String {
    let mut task = start();
    for (max, event) in events {
        let before = set_aside(&**journal);
        let progress = task.run_once(*max).expect("nothing fails");
        if progress.resting_for.is_some() {
            task.run_once(*max).expect("nothing fails");
            assert!(set_aside(&**journal) <= before + progress.records);
        }
        match event {
            Event::Nothing => {}
            Event::Pass => task.pass_breaker(),
            Event::Crash => {
                drop(task);
                task = start();
            }
        }
    }
    loop {
        let progress = task.run_once(50).expect("nothing fails");
        if progress.resting_for.is_some() {
            task.pass_breaker();
        } else if progress.records == 0 && progress.lag == 0 && progress.committed {
            break;
        }
    }
    let written = written(&**journal);
    let lines = written.lines().map(|line| {
        let words = line.split(' ').enumerate().filter(|(place, _)| *place != 1);
        words.map(|(_, word)| word).collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}

fn fill(journal: Arc<MemoryJournal>, history: &[(&'static str, Record)]) -> Arc<MemoryJournal> {
    for (topic, record) in history {
        put(&*journal, topic, record.clone());
    }
    journal
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn to_rest_loses_nothing_and_keeps_the_order(
        history in any_history(),
        events in any_events(),
        limits in any_limits(),
        like_kafka in any::<bool>(),
    ) {
        let made = || match like_kafka {
            true => journal_like_kafka(),
            false => memory_journal(),
        };
        let (journal, straight) = (fill(made(), &history), fill(made(), &history));
        let store = MemoryStore::new();
        let start = || {
            let (journal, store) = (journal.clone(), store.clone());
            match like_kafka {
                true => open_logged(spec(limits.clone()), journal, store),
                false => open(journal, store, limits.clone()),
            }
            .map(watched)
            .expect("it opens")
        };
        let written = run(&journal, &events, &start);
        let plain = MemoryStore::new();
        let expected = run(&straight, &[], &|| match like_kafka {
            true => open_logged(spec(Limits::default()), straight.clone(), plain.clone()),
            false => open(straight.clone(), plain.clone(), Limits::default()),
        }.expect("it opens"));
        prop_assert_eq!(written, expected);
    }

    #[test]
    fn the_quarantine_stays_small(history in any_history(), calls in 1..20_usize, max in 1..80_usize) {
        let journal = fill(memory_journal(), &history);
        let task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
        let mut task = watched(task);
        let mut rests = None;
        for _ in 0..calls {
            let progress = task.run_once(max).expect("nothing fails");
            let now = (progress.resting_for.is_some(), progress.lag, set_aside(&*journal));
            if let Some(before) = rests {
                prop_assert_eq!(now, before, "who rests takes nothing in");
            }
            rests = now.0.then_some(now);
        }
        let (_, taken) = (rests, set_aside(&*journal));
        // Of each window no more than half and one fail, unless another sender is well meanwhile.
        let alone = history.iter().all(|(_, one)| one.headers[0].1.as_ref() == b"lab");
        prop_assert!(!alone || taken <= history.len() / 2 + HALF);
    }
}
