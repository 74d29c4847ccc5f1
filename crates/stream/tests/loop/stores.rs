//! Every store keeps the same rules, and the stage runs on the one on disk.

use crate::script::Ask;
use crate::world::{create_topics, drain, memory_journal, open, put, record, stored, written};
use journal::{EmbeddedJournal, Journal, Options, TopicPartition, Write};
use std::sync::Arc;
use stream::{FjallDatabase, Head, Limits, MemoryStore, Recovery, Store, StoreBatch};

fn check_rules(mut store: impl Store) {
    let key = |key: &str| key.as_bytes().into();
    let head = |watermark| Head {
        offsets: vec![(TopicPartition::new("a", 0), 5)],
        watermark,
        changelog: None,
    };
    assert_eq!(store.head().expect("readable"), None);
    assert_eq!(store.get(b"k1").expect("readable"), None);
    let state = |text: &str| Some(Box::from(text.as_bytes()));
    let batch = StoreBatch {
        states: vec![
            (key("k2"), state("two")),
            (key("k1"), state("one")),
            (key(""), state("")),
        ],
        timers: vec![
            (key("k2"), key("t"), Some(-1)),
            (key("k"), key("2t"), Some(i64::MAX)),
        ],
        head: head(1),
    };
    store.apply(batch).expect("it is applied");
    let batch = StoreBatch {
        states: vec![
            (key("k1"), None),
            (key("k2"), state("2")),
            (key("unknown"), None),
        ],
        timers: vec![(key("k2"), key("t"), None), (key("k2"), key("u"), Some(3))],
        head: head(2),
    };
    store.apply(batch).expect("it is applied");
    assert_eq!(store.head().expect("readable"), Some(head(2)));
    assert_eq!(store.get(b"k1").expect("readable"), None);
    assert_eq!(store.get(b"k2").expect("readable"), state("2"));
    assert_eq!(
        stored(&store),
        format!(
            "{:?}\n[] []\n[107, 50] [50]\n[107] [50, 116] {}\n[107, 50] [117] 3\n",
            Some((head(2).offsets, head(2).watermark)),
            i64::MAX
        )
    );
    store.wipe().expect("it is wiped");
    assert_eq!(stored(&store), "None\n");
}

#[test]
fn stores_keep_the_rules() {
    check_rules(MemoryStore::new());
    let dir = tempfile::tempdir().expect("a directory");
    let database = FjallDatabase::open(dir.path()).expect("it opens");
    let mut neighbour = database.store("stage", 4).expect("a store");
    let batch = StoreBatch {
        states: vec![(b"k1".as_slice().into(), Some(b"mine".as_slice().into()))],
        ..StoreBatch::default()
    };
    neighbour.apply(batch).expect("it is applied");
    let before = stored(&neighbour);
    check_rules(database.store("stage", 3).expect("a store"));
    assert_eq!(stored(&neighbour), before);
}

/// Puts a head of version 1 where that version put it: the next offset of topic `a` and the watermark.
fn put_head_of_version_1(dir: &std::path::Path, offset: u64, watermark: i64) {
    let database = fjall::Database::builder(dir).open().expect("it opens");
    let heads = database.keyspace("stage.heads", fjall::KeyspaceCreateOptions::default);
    let mut head = vec![0, 1];
    head.extend_from_slice(&watermark.to_be_bytes());
    head.extend_from_slice(b"\0\x01a\0\0");
    head.extend_from_slice(&offset.to_be_bytes());
    heads
        .expect("a keyspace")
        .insert(b"\0\0head", head)
        .expect("it is written");
}

#[test]
fn a_store_of_version_1_is_gone_on_with() {
    let journal = memory_journal();
    for at in 10..14 {
        put(&*journal, "a", record("k", at, Ask::Emit, 0, ""));
    }
    let offsets = vec![("stage".into(), TopicPartition::new("a", 0), 3)];
    let write = Write {
        offsets,
        ..Write::default()
    };
    journal.append(write).expect("it is written");
    let dir = tempfile::tempdir().expect("a directory");
    put_head_of_version_1(dir.path(), 3, 12);
    let database = FjallDatabase::open(dir.path()).expect("it opens");
    let store = database.store("stage", 0).expect("a store");
    let head = store.head().expect("readable").expect("there is one");
    let expected = Head {
        offsets: vec![(TopicPartition::new("a", 0), 3)],
        watermark: 12,
        changelog: None,
    };
    assert_eq!(head, expected);
    let mut task = open(journal, store, Limits::default()).expect("it opens");
    assert_eq!(task.recovery(), Recovery::default());
    drain(&mut task, 10).expect("it runs");
    assert_eq!(task.counters().steps, 1);
}

#[test]
fn a_stage_goes_on_from_the_store_on_disk_and_is_rebuilt_without_it() {
    let journal = memory_journal();
    let limits = Limits {
        resident_max_keys: 4,
        ..Limits::default()
    };
    let mut kept = Vec::new();
    let (first, second) = (
        tempfile::tempdir().expect("one"),
        tempfile::tempdir().expect("two"),
    );
    for (round, dir) in [&first, &first, &second].into_iter().enumerate() {
        for number in 0..if round < 2 { 50_i64 } else { 0 } {
            let ask = if number % 3 == 0 {
                Ask::SetTimer
            } else {
                Ask::Emit
            };
            let key = format!("key {}", number % 9);
            put(
                &*journal,
                "a",
                record(&key, number + 100 * i64::from(round == 1), ask, 70, "t"),
            );
        }
        let database = FjallDatabase::open(dir.path()).expect("it opens");
        let store = database.store("stage", 0).expect("a store");
        let mut task = open(journal.clone(), store, limits.clone()).expect("it opens");
        let recovery = task.recovery();
        drain(&mut task, 10).expect("it runs");
        task.flush().expect("it flushes");
        assert!(task.counters().evicted > 0);
        let content = stored(&database.store("stage", 0).expect("a store"));
        kept.push((recovery.rebuilt.is_some(), recovery.repeated, content));
    }
    assert_eq!((kept[0].0, kept[0].1), (false, 0));
    assert_eq!((kept[1].0, kept[1].1), (false, 0));
    assert_eq!((kept[2].0, kept[2].1), (true, 100));
    assert_eq!(kept[1].2, kept[2].2);
}

#[test]
fn on_the_embedded_journal_with_restarts_it_is_as_in_memory() {
    let expected = memory_journal();
    let dir = tempfile::tempdir().expect("a directory");
    let embedded = || {
        let journal = EmbeddedJournal::open(&dir.path().join("journal"), &Options::small());
        let journal: Arc<dyn Journal> = Arc::new(journal.expect("it opens"));
        create_topics(&*journal);
        journal
    };
    let limits = Limits {
        commit_records: 3,
        flush_steps: 50,
        ..Limits::default()
    };
    for round in 0..6 {
        let journal = embedded();
        for number in 0..40 {
            let ask = crate::script::ASKS[number % 4];
            let at = i64::try_from(round * 40 + number).expect("small");
            let record = record(&format!("key {}", number % 7), at, ask, 15, "t");
            put(&*journal, "a", record.clone());
            put(&*expected, "a", record);
        }
        let database = FjallDatabase::open(&dir.path().join("state")).expect("it opens");
        let store = database.store("stage", 0).expect("a store");
        let mut task = open(journal.clone(), store, limits.clone()).expect("it opens");
        // Left in the middle, with a commit on its way.
        task.run_once(17 + 3 * round).expect("it runs");
    }
    let journal = embedded();
    let mut task = open(journal.clone(), MemoryStore::new(), limits).expect("it opens");
    drain(&mut task, 100).expect("it runs");
    let mut task = open(expected.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    drain(&mut task, 100).expect("it runs");
    assert_eq!(written(&*journal), written(&*expected));
}
