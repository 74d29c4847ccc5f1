//! A journal with the topics of the test stage, and what to look at afterwards.

use crate::script::{Ask, Script};
use journal::{Journal, MemoryJournal, Record, TopicPartition, TopicSpec, Write};
use std::fmt::Write as _;
use std::sync::Arc;
use stream::{Limits, StageSpec, Store, Task, TaskError, changelog_topic};

pub(crate) const TOPICS: [&str; 7] = [
    "a",
    "a.late",
    "a.quarantine",
    "b",
    "b.late",
    "b.quarantine",
    "out",
];

/// The topic of the stage's state, where it is kept in one.
pub(crate) const CHANGELOG: &str = "pulsewire.changelog.stage";

/// A journal with gaps between its writes and no order over topics.
pub(crate) fn journal_like_kafka() -> Arc<MemoryJournal> {
    let journal = MemoryJournal::like_kafka();
    create_topics(&journal);
    Arc::new(journal)
}

pub(crate) fn memory_journal() -> Arc<MemoryJournal> {
    let journal = MemoryJournal::new();
    create_topics(&journal);
    Arc::new(journal)
}

pub(crate) fn create_topics(journal: &dyn Journal) {
    for name in TOPICS.into_iter().chain([CHANGELOG]) {
        let spec = TopicSpec {
            name: name.into(),
            partitions: 1,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&spec).expect("a new topic");
    }
}

pub(crate) fn spec(limits: Limits) -> StageSpec {
    StageSpec {
        name: "stage".into(),
        version: "7".into(),
        inputs: vec!["a".into(), "b".into()],
        outputs: vec!["out".into(), "b".into()],
        partitions: 1,
        limits,
    }
}

pub(crate) fn open<S: Store>(
    journal: Arc<dyn Journal>,
    store: S,
    limits: Limits,
) -> Result<Task<Script, S>, TaskError> {
    Task::open(spec(limits), 0, Arc::new(Script), journal, store)
}

/// Opens the stage with its state in a changelog.
pub(crate) fn open_logged<S: Store>(
    spec: StageSpec,
    journal: Arc<dyn Journal>,
    store: S,
) -> Result<Task<Script, S>, TaskError> {
    let topic = changelog_topic(&spec.name);
    Task::open_with_changelog(spec, topic, 0, Arc::new(Script), journal, store)
}

pub(crate) fn put(journal: &dyn Journal, topic: &str, record: Record) {
    let records = vec![(TopicPartition::new(topic, 0), record)];
    let write = Write {
        records,
        offsets: Vec::new(),
    };
    journal.append(write).expect("it is written");
}

/// A record that asks for something at an event time, received then as well.
pub(crate) fn record(key: &str, at: i64, ask: Ask, delay: u8, tag: &str) -> Record {
    let value = [&[ask as u8, delay], tag.as_bytes()].concat();
    Record {
        key: key.as_bytes().into(),
        event_time: at,
        received_time: at,
        value: Some(value.into()),
        ..Record::default()
    }
}

pub(crate) fn tick(at: i64) -> Record {
    Record {
        event_time: at,
        received_time: at,
        headers: vec![("tick".into(), Box::default())],
        ..Record::default()
    }
}

/// Runs until nothing is left to read and what was read is committed.
pub(crate) fn drain<S: Store>(task: &mut Task<Script, S>, max: usize) -> Result<(), TaskError> {
    loop {
        let progress = task.run_once(max)?;
        if progress.records == 0 && progress.lag == 0 && progress.committed {
            return Ok(());
        }
    }
}

/// Writes down every record of the topics that a stage writes.
pub(crate) fn written(journal: &dyn Journal) -> String {
    let mut out = String::new();
    for topic in TOPICS {
        if topic != "a" {
            out.push_str(&written_to(journal, topic));
        }
    }
    out
}

/// Writes down every record of a topic.
pub(crate) fn written_to(journal: &dyn Journal, topic: &str) -> String {
    let (mut out, from) = (String::new(), TopicPartition::new(topic, 0));
    let batch = journal
        .read(&from, 0, usize::MAX)
        .expect("a readable topic");
    for record in &batch {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).escape_debug().to_string();
        let headers: Vec<_> = record
            .headers()
            .map(|(name, value)| format!(" {name}={}", text(value)))
            .collect();
        writeln!(
            out,
            "{topic} {} {} @{}/{}{} {}",
            record.offset,
            text(record.key),
            record.event_time,
            record.received_time,
            headers.concat(),
            record.value.map_or("-".to_owned(), text),
        )
        .expect("a string takes everything");
    }
    out
}

/// Writes down everything in a store, save its place in a changelog.
pub(crate) fn stored(store: &impl Store) -> String {
    let head = store.head().expect("readable");
    let head = head.map(|head| (head.offsets, head.watermark));
    let mut out = format!("{head:?}\n");
    let states = store.scan_states(&mut |key, state| {
        writeln!(out, "{key:?} {state:?}").expect("a string takes everything");
    });
    states.expect("readable");
    let timers = store.scan_timers(&mut |key, tag, at| {
        writeln!(out, "{key:?} {tag:?} {at}").expect("a string takes everything");
    });
    timers.expect("readable");
    out
}
