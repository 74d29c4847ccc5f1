//! How many events a second one partition takes through the whole loop, beside what it cannot be without.
//!
//! 500,000 events of 100,000 patients, 500 bytes an event and a state; one in a hundred emits. Every line is the best
//! of three runs over the same journal. `cargo bench -p stream` runs it all, a word after `--` only the lines with it.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use journal::{
    EmbeddedJournal, Journal, MemoryJournal, Options, Record, Topic, TopicPartition, TopicSpec,
    Write,
};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::{
    Context, FjallDatabase, FjallStore, Input, Limits, MemoryStore, Processor, StageSpec,
    StepError, Store, Task,
};

const EVENTS: u64 = 500_000;
const PATIENTS: u64 = 100_000;
const VALUE_BYTES: usize = 440;
const RUNS: usize = 3;
/// Records that one call may take in.
const CALL_RECORDS: usize = 100_000;

/// The last values of a patient, about 500 bytes.
#[derive(Clone, Copy, Debug)]
struct Ring {
    seen: u64,
    values: [u64; 60],
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            seen: 0,
            values: [0; 60],
        }
    }
}

impl Ring {
    /// Takes in a value; tells whether it is the rare one that is worth an output.
    fn push(&mut self, value: &[u8]) -> bool {
        let sum = value
            .iter()
            .step_by(16)
            .fold(0, |sum: u64, byte| sum + u64::from(*byte));
        let place = (self.seen % 60) as usize;
        if let Some(slot) = self.values.get_mut(place) {
            *slot = sum;
        }
        self.seen += 1;
        sum % 100 == 0
    }
}

/// Keeps the ring; with timers, each event puts the patient's silence timer off.
struct Rings {
    timers: bool,
}

impl Processor for Rings {
    type State = Ring;

    fn step(
        &self,
        ring: &mut Ring,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let Input::Record { record, .. } = input else {
            return Ok(());
        };
        if ring.push(record.value.unwrap_or_default()) {
            let value = Some(ring.seen.to_be_bytes().as_slice().into());
            cx.emit(
                "out",
                Record {
                    key: cx.key().into(),
                    value,
                    ..Record::default()
                },
            );
        }
        if self.timers {
            cx.set_timer(b"silence", record.event_time + 600_000_000);
        }
        Ok(())
    }

    fn encode(&self, ring: &Ring, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&ring.seen.to_be_bytes());
        ring.values
            .iter()
            .for_each(|value| out.extend_from_slice(&value.to_be_bytes()));
        true
    }

    fn decode(&self, bytes: &[u8]) -> Result<Ring, StepError> {
        let mut words = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|word| u64::from_be_bytes(*word));
        let mut ring = Ring {
            seen: words.next().unwrap_or_default(),
            ..Ring::default()
        };
        ring.values
            .iter_mut()
            .zip(words)
            .for_each(|(slot, word)| *slot = word);
        Ok(ring)
    }
}

fn main() {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let wants = |name: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| name.contains(wanted.as_str()))
    };
    let dir = tempfile::tempdir().expect("a directory");
    let embedded = EmbeddedJournal::open(&dir.path().join("journal"), &Options::default());
    let embedded: Arc<dyn Journal> = Arc::new(embedded.expect("it opens"));
    let kept = Arc::new(MemoryJournal::new());
    let memory: Arc<dyn Journal> = kept.clone();
    fill(&*embedded);
    fill(&*memory);

    println!(
        "{:<44} {:>12} {:>9}",
        "one partition, one core", "events/s", "ns/event"
    );
    if wants("floor") {
        report("floor: a HashMap, updated", best(|| update_map(&*memory)));
        report(
            "floor: read the embedded journal",
            best(|| read_all(&*embedded)),
        );
    }
    let whole = Limits {
        flush_steps: u64::MAX,
        flush_bytes: usize::MAX,
        ..Limits::default()
    };
    let run = |name: &str, journal: &Arc<dyn Journal>, limits: &Limits, timers: bool| {
        if wants(name) {
            report(
                name,
                best(|| run_loop(journal, limits, MemoryStore::new(), timers)),
            );
        }
    };
    run("loop: memory journal", &memory, &whole, false);
    run("loop: embedded journal", &embedded, &whole, false);
    run(
        "loop: embedded journal, a timer an event",
        &embedded,
        &whole,
        true,
    );
    run(
        "loop: embedded journal, flush to memory",
        &embedded,
        &Limits::default(),
        false,
    );
    let name = "loop: embedded journal, flush to fjall";
    let database = FjallDatabase::open(&dir.path().join("state")).expect("it opens");
    let mut round = 0;
    let mut store = || {
        round += 1;
        database.store("bench", round).expect("a store")
    };
    if wants(name) {
        let limits = Limits::default();
        report(name, best(|| run_loop(&embedded, &limits, store(), false)));
    }
    with_changelog(&kept, &wants, &mut store);
}

/// The same loop where each commit carries the changed states, and what restoring them takes.
fn with_changelog(
    memory: &Arc<MemoryJournal>,
    wants: &dyn Fn(&str) -> bool,
    store: &mut dyn FnMut() -> FjallStore,
) {
    let limits = Limits::default();
    let name = "changelog: memory journal, to memory";
    if wants(name) {
        let took = best(|| run_logged(memory, &limits, MemoryStore::new(), false));
        report(name, took);
    }
    let name = "changelog: memory journal, a timer an event";
    if wants(name) {
        let took = best(|| run_logged(memory, &limits, MemoryStore::new(), true));
        report(name, took);
    }
    let name = "changelog: memory journal, to fjall";
    if wants(name) {
        report(name, best(|| run_logged(memory, &limits, store(), false)));
    }
    let name = "changelog: restore to fjall";
    if wants(name) {
        let topic = new_changelog(memory);
        let mut task = open_logged(memory, &topic, &limits, MemoryStore::new(), false);
        while task.run_once(CALL_RECORDS).expect("it runs").lag > 0 {}
        task.flush().expect("it flushes");
        report(name, best(|| restore(memory, &topic, &limits, store())));
    }
}

fn report(name: &str, took: Duration) {
    let nanos = took.as_nanos() / u128::from(EVENTS);
    let rate = u128::from(EVENTS) * 1_000_000_000 / took.as_nanos().max(1);
    println!("{name:<44} {rate:>12} {nanos:>9}");
}

fn best(mut run: impl FnMut() -> Duration) -> Duration {
    (0..RUNS).map(|_| run()).min().unwrap_or_default()
}

/// Writes the events: uniform keys from a fixed sequence, values that look like a result.
fn fill(journal: &dyn Journal) {
    for name in ["in", "in.quarantine", "in.late", "out"] {
        let spec = TopicSpec {
            name: name.into(),
            partitions: 1,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&spec).expect("a new topic");
    }
    let to = TopicPartition::new("in", 0);
    let mut random = 1_u64;
    let mut write = Write::default();
    for number in 0..EVENTS {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let patient = (random >> 33) % PATIENTS;
        let spread = patient.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let time = 1_700_000_000_000_000 + i64::try_from(number).expect("few") * 100;
        let byte = |place: usize| b'0' + ((random >> (place % 48)) & 7) as u8;
        let record = Record {
            key: [spread.to_be_bytes(), patient.to_be_bytes()]
                .concat()
                .into(),
            event_time: time,
            received_time: time,
            value: Some((0..VALUE_BYTES).map(byte).collect()),
            ..Record::default()
        };
        write.records.push((to.clone(), record));
        if write.records.len() == 1000 {
            journal
                .append(std::mem::take(&mut write))
                .expect("it is written");
        }
    }
    journal.append(write).expect("it is written");
}

fn update_map(journal: &dyn Journal) -> Duration {
    let from = TopicPartition::new("in", 0);
    let batch = journal.read(&from, 0, usize::MAX).expect("readable");
    let records: Vec<_> = batch.iter().collect();
    let mut map: HashMap<[u8; 16], Ring> = HashMap::new();
    let mut rare = 0;
    let start = Instant::now();
    for record in &records {
        let key = record.key.try_into().expect("a patient key has 16 bytes");
        rare += u32::from(
            map.entry(key)
                .or_default()
                .push(record.value.unwrap_or_default()),
        );
    }
    black_box(rare);
    start.elapsed()
}

fn read_all(journal: &dyn Journal) -> Duration {
    let from = TopicPartition::new("in", 0);
    let (mut offset, mut sum) = (0, 0);
    let start = Instant::now();
    while offset < EVENTS {
        let batch = journal
            .read(&from, offset, Limits::default().read_bytes)
            .expect("readable");
        sum += batch
            .iter()
            .map(|record| record.event_time)
            .fold(0, i64::wrapping_add);
        offset = batch.next_offset().expect("there is more");
    }
    black_box(sum);
    start.elapsed()
}

/// Makes a changelog of its own for each run, so that each starts from the beginning.
fn new_changelog(journal: &MemoryJournal) -> Topic {
    let topic: Topic = format!("changelog.{}", journal.topics().len()).into();
    let spec = TopicSpec {
        name: topic.clone(),
        partitions: 1,
        retention: None,
        retention_bytes: None,
        compacted: true,
    };
    journal.ensure_topic(&spec).expect("a new topic");
    topic
}

fn open_logged<S: Store>(
    journal: &Arc<MemoryJournal>,
    changelog: &Topic,
    limits: &Limits,
    store: S,
    timers: bool,
) -> Task<Rings, S> {
    let spec = StageSpec {
        name: changelog.clone(),
        version: "1".into(),
        inputs: vec!["in".into()],
        outputs: vec!["out".into()],
        partitions: 1,
        limits: limits.clone(),
    };
    let (processor, journal) = (Arc::new(Rings { timers }), journal.clone());
    Task::open_with_changelog(spec, changelog.clone(), 0, processor, journal, store)
        .expect("it opens")
}

fn run_logged(
    journal: &Arc<MemoryJournal>,
    limits: &Limits,
    store: impl Store,
    timers: bool,
) -> Duration {
    let topic = new_changelog(journal);
    let start = Instant::now();
    let mut task = open_logged(journal, &topic, limits, store, timers);
    while task.run_once(CALL_RECORDS).expect("it runs").lag > 0 {}
    task.flush().expect("it flushes");
    let took = start.elapsed();
    assert_eq!(task.counters().steps, EVENTS);
    // So that runs do not add up in memory.
    journal.remove_before(&TopicPartition::new(topic, 0), u64::MAX);
    took
}

/// Takes over with an empty store: one record of the changelog stands for one event.
fn restore(
    journal: &Arc<MemoryJournal>,
    changelog: &Topic,
    limits: &Limits,
    store: impl Store,
) -> Duration {
    let start = Instant::now();
    let mut task = open_logged(journal, changelog, limits, store, false);
    while task.run_once(CALL_RECORDS).expect("it runs").recovering {}
    let took = start.elapsed();
    // A key that a commit changes twice has one record in it.
    assert!(task.recovery().restored > EVENTS / 10 * 9);
    took
}

fn run_loop(
    journal: &Arc<dyn Journal>,
    limits: &Limits,
    store: impl Store,
    timers: bool,
) -> Duration {
    // A group of its own starts from the beginning.
    let started = journal.wait(0, Duration::ZERO);
    let spec = StageSpec {
        name: format!("run {started}").into(),
        version: "1".into(),
        inputs: vec!["in".into()],
        outputs: vec!["out".into()],
        partitions: 1,
        limits: limits.clone(),
    };
    let processor = Arc::new(Rings { timers });
    let start = Instant::now();
    let mut task = Task::open(spec, 0, processor, journal.clone(), store).expect("it opens");
    while task.run_once(CALL_RECORDS).expect("it runs").lag > 0 {}
    let took = start.elapsed();
    task.flush().expect("it flushes");
    assert_eq!(task.counters().steps, EVENTS);
    took
}
