//! The topics of a run: made, filled, looked at.

use crate::charting::{FINDINGS, VITALS};
use crate::generator::{Generator, Plan};
use crate::in_memory::PARTITIONS;
use journal::kafka::{KafkaConfig, KafkaJournal};
use journal::{Journal, Offset, TopicPartition, TopicSpec, Write, partition_for};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// What is committed can be read within this.
const PATIENCE: Duration = Duration::from_secs(60);
/// Read at a time.
const READ_BYTES: usize = 4 << 20;

/// The journal; records are sent as they are, since the Java application does not compress either.
pub(crate) fn open(brokers: &str) -> Result<KafkaJournal, String> {
    let mut config = KafkaConfig::plaintext(brokers);
    config
        .overrides
        .insert("compression.type".into(), "none".into());
    KafkaJournal::open(config).map_err(|error| error.to_string())
}

/// Makes a topic that is kept for ever.
pub(crate) fn ensure(journal: &KafkaJournal, name: &str, compacted: bool) -> Result<(), String> {
    let spec = TopicSpec {
        name: name.into(),
        partitions: PARTITIONS,
        compacted,
        retention: None,
        retention_bytes: None,
    };
    journal
        .ensure_topic(&spec)
        .map_err(|error| error.to_string())
}

/// All partitions of a topic.
pub(crate) fn partitions(topic: &str) -> Vec<TopicPartition> {
    (0..PARTITIONS)
        .map(|partition| TopicPartition::new(topic, partition))
        .collect()
}

/// Writes the vitals and the end of each partition, on topics that hold nothing yet.
pub(crate) fn fill(journal: &KafkaJournal, plan: Plan) -> Result<(), String> {
    let began = Instant::now();
    for topic in [VITALS, FINDINGS] {
        ensure(journal, topic, false)?;
    }
    if ends(journal, VITALS)?.iter().any(|end| *end > 0) {
        return Err(format!("{VITALS} holds records already: take new brokers"));
    }
    let (failed, failures) = mpsc::sync_channel::<journal::Error>(1);
    let written = Arc::new(AtomicU64::new(0));
    let mut sent = 0;
    let mut send = |to: TopicPartition, record| {
        let (failed, written) = (failed.clone(), Arc::clone(&written));
        let write = Write {
            records: vec![(to, record)],
            ..Write::default()
        };
        sent += 1;
        let done = move |result: Result<_, journal::Error>| match result {
            Ok(_) => drop(written.fetch_add(1, Ordering::Release)),
            Err(error) => drop(failed.try_send(error)),
        };
        journal.submit(write, Box::new(done));
    };
    for record in Generator::new(plan) {
        let to = TopicPartition::new(VITALS, partition_for(&record.key, PARTITIONS));
        send(to, record);
    }
    let end = Generator::end(plan);
    for to in partitions(VITALS) {
        send(to, end.clone());
    }
    while written.load(Ordering::Acquire) < sent {
        if let Ok(error) = failures.recv_timeout(Duration::from_millis(10)) {
            return Err(error.to_string());
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "  {} vitals of {} patients (seed {}) written in {took:.0} s",
        plan.records, plan.patients, plan.seed
    );
    Ok(())
}

/// Where the partitions of a topic end, as far as they can be read.
pub(crate) fn ends(journal: &KafkaJournal, topic: &str) -> Result<Vec<Offset>, String> {
    let bounds = journal.bounds(&partitions(topic));
    let bounds = bounds.map_err(|error| error.to_string())?;
    Ok(bounds.into_iter().map(|one| one.end).collect())
}

/// How many vitals a group has committed to have taken in, as far as its coordinator says so in time.
pub(crate) fn taken(journal: &KafkaJournal, group: &str) -> u64 {
    let positions = journal.committed(group).unwrap_or_default();
    let of_vitals = positions.iter().filter(|(at, _)| &*at.topic == VITALS);
    of_vitals.map(|(_, offset)| offset).sum()
}

/// Reads the findings from these offsets on, until there are so many; sorted by key, those of one key in their order.
pub(crate) fn findings(
    journal: &KafkaJournal,
    from: &[Offset],
    count: usize,
) -> Result<Vec<String>, String> {
    let began = Instant::now();
    let mut at: Vec<_> = partitions(FINDINGS)
        .into_iter()
        .zip(from.iter().copied())
        .collect();
    let mut found: Vec<(Box<[u8]>, String)> = Vec::with_capacity(count);
    while found.len() < count && began.elapsed() < PATIENCE {
        let ends = ends(journal, FINDINGS)?;
        for ((partition, next), end) in at.iter_mut().zip(ends) {
            while *next < end {
                let batch = journal
                    .read(partition, *next, READ_BYTES)
                    .map_err(|error| error.to_string())?;
                let Some(after) = batch.next_offset() else {
                    break;
                };
                *next = after;
                found.extend(batch.iter().map(|record| {
                    let value = record.value.unwrap_or_default();
                    (record.key.into(), String::from_utf8_lossy(value).into())
                }));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found.into_iter().map(|(_, json)| json).collect())
}
