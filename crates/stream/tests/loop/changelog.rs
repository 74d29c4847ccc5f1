//! The state in a changelog: whoever takes over, with whatever store, goes on as if nothing had happened.

mod property;

use crate::script::{Ask, Script};
use crate::shaky::Shaky;
use crate::world::{
    CHANGELOG, drain, journal_like_kafka, open_logged, put, record, spec, stored, tick, written,
};
use expect_test::expect;
use journal::{Error, Journal, MemoryJournal, Record, TopicPartition, Write};
use std::sync::Arc;
use stream::{FjallDatabase, Limits, MemoryStore, Task, TaskError};

fn changelog() -> TopicPartition {
    TopicPartition::new(CHANGELOG, 0)
}

fn open(
    journal: Arc<dyn Journal>,
    store: &MemoryStore,
) -> Result<Task<Script, MemoryStore>, TaskError> {
    open_logged(spec(Limits::default()), journal, store.clone())
}

/// Takes over with a store, reads on to the end, and gives the task.
fn run(journal: &Arc<MemoryJournal>, store: &MemoryStore) -> Task<Script, MemoryStore> {
    let mut task = open(journal.clone(), store).expect("it opens");
    drain(&mut task, 100).expect("it runs");
    task.flush().expect("it commits");
    task
}

/// Writes down what a changelog makes of an empty store.
fn restored(journal: &Arc<MemoryJournal>) -> String {
    let store = MemoryStore::new();
    drop(run(journal, &store));
    stored(&store)
}

fn emit(journal: &MemoryJournal, key: &str, at: i64) {
    put(journal, "a", record(key, at, Ask::Emit, 0, ""));
}

#[test]
fn a_commit_carries_outputs_positions_and_what_changed() {
    let (journal, store) = (journal_like_kafka(), MemoryStore::new());
    put(&*journal, "a", record("k", 10, Ask::SetTimer, 9, "tag"));
    put(&*journal, "a", record("gone", 11, Ask::Emit, 9, ""));
    drop(run(&journal, &store));
    put(&*journal, "a", record("gone", 20, Ask::Forget, 0, ""));
    drop(run(&journal, &store));
    let batch = journal.read(&changelog(), 0, usize::MAX).expect("readable");
    let text = |record: journal::RecordRef<'_>| {
        let key = String::from_utf8_lossy(record.key)
            .escape_debug()
            .to_string();
        let length = record.value.map(<[u8]>::len);
        format!(
            "{} {key} @{}/{} {length:?}\n",
            record.offset, record.event_time, record.received_time
        )
    };
    expect![[r#"
        0 sk @11/11 Some(17)
        1 sgone @11/11 Some(17)
        2 t\0\0\0\u{1}ktag @11/11 Some(8)
        3 w @11/11 Some(45)
        5 sk @20/20 Some(17)
        6 sgone @20/20 None
        7 t\0\0\0\u{1}ktag @20/20 None
        8 w @20/20 Some(45)
    "#]]
    .assert_eq(&batch.iter().map(text).collect::<String>());
}

#[test]
fn what_comes_while_a_commit_is_on_its_way_is_gathered_for_the_next_one() {
    let journal = journal_like_kafka();
    for at in 0..4 {
        emit(&journal, &format!("k{at}"), at);
    }
    let slow = Arc::new(Shaky::new(journal.clone(), false));
    let limits = Limits {
        commit_records: 1,
        ..Limits::default()
    };
    let store = MemoryStore::new();
    let mut task = open_logged(spec(limits), slow.clone(), store).expect("it opens");
    slow.hold();
    // It would wait for an answer that never comes.
    assert_eq!(task.run_once(4).expect("it runs").records, 4);
    slow.let_go();
    task.flush().expect("it commits");
    assert_eq!(task.counters().commits, 2);
    let straight = journal_like_kafka();
    for at in 0..4 {
        emit(&straight, &format!("k{at}"), at);
    }
    drop(run(&straight, &MemoryStore::new()));
    assert_eq!(restored(&journal), restored(&straight));
}

#[test]
fn another_with_an_empty_store_takes_over_in_the_middle() {
    let (journal, first) = (journal_like_kafka(), MemoryStore::new());
    for at in 0..9 {
        emit(&journal, &format!("k{}", at % 2), at);
    }
    let mut task = open(journal.clone(), &first).expect("it opens");
    task.run_once(4).expect("it runs");
    task.flush().expect("it commits");
    // A commit of the first one is not made: its state has no trace of it.
    task.run_once(2).expect("it runs");
    journal.fail_next_write(Error::Aborted("a fault".to_owned()));
    let failed = drain(&mut task, 1);
    drop(task);

    let second = MemoryStore::new();
    let task = run(&journal, &second);
    let recovery = task.recovery();
    assert_eq!((recovery.rebuilt.is_some(), recovery.repeated), (true, 0));
    assert!(recovery.restored > 0);
    assert!(failed.is_err());
    let straight = journal_like_kafka();
    for at in 0..9 {
        emit(&straight, &format!("k{}", at % 2), at);
    }
    let store = MemoryStore::new();
    drop(run(&straight, &store));
    assert_eq!(stored(&second), stored(&store));
    let said = |journal: &MemoryJournal| -> Vec<String> {
        let lines = written(journal);
        lines
            .lines()
            .map(|line| line.split(' ').skip(2).collect())
            .collect()
    };
    assert_eq!(said(&journal), said(&straight));
}

#[test]
fn a_failed_commit_leaves_the_store_as_it_was() {
    let (journal, store) = (journal_like_kafka(), MemoryStore::new());
    emit(&journal, "k", 10);
    drop(run(&journal, &store));
    let before = stored(&store);
    emit(&journal, "k", 20);
    let mut task = open(journal.clone(), &store).expect("it opens");
    journal.fail_next_write(Error::Aborted("a fault".to_owned()));
    assert!(matches!(
        drain(&mut task, 10),
        Err(TaskError::Journal(Error::Aborted(_)))
    ));
    assert!(matches!(task.flush(), Err(TaskError::Stopped)));
    drop(task);
    assert_eq!(stored(&store), before);
    drop(run(&journal, &store));
    assert_eq!(written(&*journal).lines().count(), 2);
    assert_eq!(stored(&store), restored(&journal));
}

#[test]
fn an_open_transaction_at_takeover_is_waited_for() {
    for is_committed in [true, false] {
        let (journal, store) = (journal_like_kafka(), MemoryStore::new());
        emit(&journal, "k", 10);
        drop(run(&journal, &store));
        emit(&journal, "k", 20);

        // Another instance commits the second record just when it is taken over.
        let ahead = journal_like_kafka();
        emit(&ahead, "k", 10);
        drop(run(&ahead, &MemoryStore::new()));
        emit(&ahead, "k", 20);
        let before = ahead.written(&[changelog()]).expect("it exists")[0];
        drop(run(&ahead, &MemoryStore::new()));
        let batch = ahead
            .read(&changelog(), before, usize::MAX)
            .expect("readable");
        let records = batch.iter().map(|record| (changelog(), record.to_record()));
        let write = Write {
            records: records.collect(),
            offsets: vec![("stage".into(), TopicPartition::new("a", 0), 3)],
        };
        journal.open_transaction(write).expect("it is written");

        let mut task = open(journal.clone(), &store).expect("it opens");
        for _ in 0..2 {
            let progress = task.run_once(10).expect("it waits");
            assert_eq!((progress.recovering, progress.records), (true, 0));
            assert_eq!((progress.committed, progress.lag), (false, 2));
        }
        if is_committed {
            journal.commit_transaction();
        } else {
            journal.abort_transaction();
        }
        drain(&mut task, 10).expect("it runs");
        task.flush().expect("it commits");
        assert_eq!(task.counters().steps, u64::from(!is_committed));
        assert_eq!(task.recovery().rebuilt, None);
        assert_eq!(stored(&store), restored(&ahead));
    }
}

#[test]
fn a_transaction_that_stays_open_ends_the_wait_with_what_to_do() {
    let mut journal = Shaky::new(journal_like_kafka(), false);
    journal.waits = false;
    let records = vec![(changelog(), Record::default())];
    let write = Write {
        records,
        ..Write::default()
    };
    journal
        .journal
        .open_transaction(write)
        .expect("it is written");
    let mut task = open(Arc::new(journal), &MemoryStore::new()).expect("it opens");
    let error = drain(&mut task, 10).expect_err("it never ends");
    expect!["offsets 0 to 1 of changelog pulsewire.changelog.stage 0 cannot be read, since a transaction there is still open: it ends by itself within its timeout, and the task can be opened again then; if it does not, let the brokers abort it"]
        .assert_eq(&error.to_string());
}

#[test]
fn what_was_deleted_while_a_store_was_away_does_not_come_back() {
    for (is_compacted, deletions_are_kept) in [(false, true), (true, true), (true, false)] {
        let (journal, away) = (journal_like_kafka(), MemoryStore::new());
        put(&*journal, "a", record("k", 10, Ask::SetTimer, 99, "t"));
        emit(&journal, "other", 10);
        drop(run(&journal, &away));
        put(&*journal, "a", record("k", 11, Ask::CancelTimer, 0, "t"));
        put(&*journal, "a", record("k", 12, Ask::Forget, 0, ""));
        drop(run(&journal, &MemoryStore::new()));
        emit(&journal, "other", 13);
        let here = MemoryStore::new();
        drop(run(&journal, &here));
        if is_compacted {
            let end = journal.written(&[changelog()]).expect("it exists")[0];
            journal.compact(&changelog(), if deletions_are_kept { 0 } else { end });
        }
        let rebuilt = run(&journal, &away).recovery().rebuilt;
        assert_eq!(rebuilt.is_some(), is_compacted, "{rebuilt:?}");
        assert_eq!(stored(&away), stored(&here));
        assert!(!stored(&away).contains("[107]"), "the key k");

        emit(&journal, "other", 14);
        drop(run(&journal, &away));
        let rebuilt = run(&journal, &here).recovery().rebuilt;
        assert_eq!(rebuilt, None, "it misses nothing");
        assert_eq!(stored(&away), stored(&here));
    }
}

#[test]
fn a_store_that_does_not_fit_the_changelog_is_made_anew() {
    let (journal, store) = (journal_like_kafka(), MemoryStore::new());
    emit(&journal, "k", 10);
    drop(run(&journal, &store));
    let kept = stored(&store);
    drop(run(&journal, &store));
    assert_eq!(
        run(&journal, &store).recovery().restored,
        0,
        "a warm restart"
    );

    let longer = journal_like_kafka();
    for at in 10..15 {
        emit(&longer, "k", at);
        drop(run(&longer, &store));
    }
    assert_ne!(stored(&store), kept);
    let why = run(&journal, &store).recovery().rebuilt;
    assert_eq!(why, Some("the state is ahead of the changelog"));
    assert_eq!(stored(&store), kept);

    emit(&journal, "k", 20);
    drop(run(&journal, &MemoryStore::new()));
    let end = journal.written(&[changelog()]).expect("it exists")[0];
    journal.remove_before(&changelog(), end - 2);
    let why = run(&journal, &store).recovery().rebuilt;
    assert_eq!(
        why,
        Some("the state is older than what the changelog still holds")
    );

    let without = MemoryStore::new();
    let mut task = crate::world::open(journal.clone(), without.clone(), Limits::default());
    task.as_mut()
        .expect("it opens")
        .flush()
        .expect("it flushes");
    let why = run(&journal, &without).recovery().rebuilt;
    assert_eq!(
        why,
        Some("there is no state of this format that was kept with a changelog")
    );
    let task = crate::world::open(journal.clone(), without, Limits::default()).expect("it opens");
    let why = task.recovery().rebuilt;
    assert_eq!(why, Some("the state was kept with a changelog"));
}

#[test]
fn a_group_that_stands_elsewhere_than_its_changelog_is_refused() {
    let set = |journal: &MemoryJournal, at| {
        let offsets = vec![("stage".into(), TopicPartition::new("a", 0), at)];
        let write = Write {
            offsets,
            ..Write::default()
        };
        journal.append(write).expect("it is written");
    };
    let journal = journal_like_kafka();
    emit(&journal, "k", 10);
    set(&journal, 0);
    drop(run(&journal, &MemoryStore::new()));
    emit(&journal, "k", 11);
    set(&journal, 3);
    let mut task = open(journal.clone(), &MemoryStore::new()).expect("it opens");
    let error = drain(&mut task, 10).expect_err("the group was moved");
    expect!["group stage stands at offset 3 of a 0, but the state in its changelog is true for 1: if the group's offsets were set, set them back; if the changelog was lost, delete the group's offsets and what the stage has written, and it starts anew"]
        .assert_eq(&error.to_string());
    drop(task);
    set(&journal, 1);
    drop(run(&journal, &MemoryStore::new()));
    assert_eq!(written(&*journal).lines().count(), 2);
}

#[test]
fn a_record_of_another_program_and_a_missing_topic_are_refused() {
    let journal = journal_like_kafka();
    put(&*journal, CHANGELOG, tick(1));
    let mut task = open(journal, &MemoryStore::new()).expect("it opens");
    let error = drain(&mut task, 10).expect_err("no stage writes that");
    expect!["the record at offset 0 of changelog pulsewire.changelog.stage 0 is not of a state that this program knows: use the newer program; nothing else may write to this topic"]
        .assert_eq(&error.to_string());

    let mut other = spec(Limits::default());
    other.name = "other".into();
    let opened = open_logged(other, journal_like_kafka(), MemoryStore::new());
    let Err(error) = opened else {
        panic!("its changelog is missing")
    };
    expect!["stage other needs topic pulsewire.changelog.other with 1 partitions: create it before the stage is started"]
        .assert_eq(&error.to_string());
}

#[test]
fn a_large_state_is_restored_in_slices() {
    let journal = journal_like_kafka();
    for number in 0..100_i64 {
        let key = format!("{number:060000}");
        emit(&journal, &key, number);
    }
    let (first, second) = (MemoryStore::new(), MemoryStore::new());
    drop(run(&journal, &first));
    let mut task = open(journal.clone(), &second).expect("it opens");
    let mut left = Vec::new();
    loop {
        let progress = task.run_once(10).expect("it runs");
        if !progress.recovering {
            break;
        }
        left.push(progress.lag);
    }
    assert!(
        !left.is_empty() && left.is_sorted_by(|a, b| a > b),
        "{left:?}"
    );
    assert_eq!(task.recovery().restored, 100 + task_commits(&journal));
    assert_eq!(stored(&second), stored(&first));
}

#[test]
fn on_the_local_disk_it_is_as_in_memory() {
    let (journal, dir) = (journal_like_kafka(), tempfile::tempdir());
    let dir = dir.expect("a directory");
    let limits = Limits {
        resident_max_keys: 4,
        commit_records: 3,
        ..Limits::default()
    };
    for round in 0..4_i64 {
        for number in 0..50 {
            let ask = crate::script::ASKS[usize::try_from(number).expect("small") % 4];
            let key = format!("key {}", number % 9);
            put(
                &*journal,
                "a",
                record(&key, 50 * round + number, ask, 7, "t"),
            );
        }
        // The last round finds an empty store.
        let place = dir.path().join(if round < 3 { "first" } else { "second" });
        let database = FjallDatabase::open(&place).expect("it opens");
        let store = || database.store("stage", 0).expect("a store");
        let mut task = open_logged(spec(limits.clone()), journal.clone(), store());
        let task = task.as_mut().expect("it opens");
        drain(task, 10).expect("it runs");
        task.flush().expect("it commits");
        assert!(task.counters().evicted > 0);
        assert_eq!(task.recovery().restored > 2, round == 3, "{round}");
        assert_eq!(stored(&store()), restored(&journal));
    }
}

/// Counts the commits in the changelog by their last records.
fn task_commits(journal: &MemoryJournal) -> u64 {
    let batch = journal.read(&changelog(), 0, usize::MAX).expect("readable");
    batch.iter().filter(|record| record.key == b"w").count() as u64
}
