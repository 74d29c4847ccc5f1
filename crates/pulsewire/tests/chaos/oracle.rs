//! What one process without brokers makes of the same records in the same order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use journal::{EmbeddedJournal, Journal as _, Options, TopicPartition, TopicSpec, Write};

use crate::fleet::{PARTITIONS, site};
use crate::gather::{ALERT_STREAM, PATIENT_STREAM, events, findings, raw};
use crate::history::{Expected, Finding, Place};
use crate::platform::Site;
use crate::records::Kept;
use crate::setting::wait_at_most;
use crate::watch::PATIENCE;

/// How much is read at once.
const READ_BYTES: usize = 1 << 20;
/// So many writes are on their way at a time.
const AHEAD: usize = 512;

/// Up to where each partition is compared: when the last message of it was accepted. What timers bring later is left out.
pub(crate) struct Ends(BTreeMap<u16, i64>);

impl Ends {
    /// The last messages are those that were sent when all others had been answered, one for each partition.
    pub(crate) fn of(committed: &[Kept], last_messages: &BTreeSet<String>) -> Self {
        let last = committed.iter().filter(|kept| {
            kept.place.topic == PATIENT_STREAM && last_messages.contains(&kept.header("message-id"))
        });
        let ends: BTreeMap<_, _> = last
            .map(|kept| (kept.place.partition, kept.record.received_time))
            .collect();
        assert_eq!(
            ends.len(),
            usize::from(PARTITIONS),
            "each has a last message"
        );
        Self(ends)
    }

    /// The findings up to there.
    pub(crate) fn findings(&self, records: &[Kept]) -> Vec<Finding> {
        let within = |kept: &&Kept| {
            let end = self.0.get(&kept.place.partition);
            end.is_some_and(|end| kept.record.received_time <= *end)
        };
        let kept: Vec<Kept> = records.iter().filter(within).cloned().collect();
        findings(&kept)
    }
}

/// Lets one process read the raw messages, and another one the patient stream as it is.
///
/// The stream holds what told it the time, too: timers fire between the same records.
pub(crate) fn expected(
    committed: &[Kept],
    last_messages: &BTreeSet<String>,
    ends: &Ends,
) -> Expected {
    let mut messages: Vec<&Kept> = raw(committed).collect();
    // One process keeps them in the order of acceptance, over all topics.
    messages.sort_by_key(|kept| kept.record.received_time);
    let made = run(&messages, PATIENT_STREAM, |kept| {
        let events = events(kept);
        let there: BTreeSet<_> = events.iter().map(|event| &event.message_id).collect();
        last_messages.iter().all(|message| there.contains(message))
    });
    let stream: Vec<&Kept> = committed
        .iter()
        .filter(|kept| kept.place.topic == PATIENT_STREAM)
        .collect();
    let concluded = run(&stream, ALERT_STREAM, |kept| {
        let told = kept
            .iter()
            .filter(|kept| !kept.header("finding").is_empty());
        let told: BTreeSet<_> = told
            .map(|kept| (kept.place.partition, kept.record.received_time))
            .collect();
        let mut ends = ends.0.iter();
        ends.all(|(partition, end)| told.contains(&(*partition, *end)))
    });
    Expected {
        events: events(&made),
        findings: ends.findings(&concluded),
    }
}

/// Lets one process go on from these records until something holds; gives what then stands on a topic.
fn run(given: &[&Kept], topic: &str, done: impl Fn(&[Kept]) -> bool) -> Vec<Kept> {
    let site = site();
    put(&site, given);
    let platform = site.start();
    let mut found = Vec::new();
    let finished = wait_at_most(PATIENCE, || {
        found = read(site.data(), topic);
        done(&found).then_some(())
    });
    assert!(
        finished.is_some(),
        "one process did not come to an end: {} records on {topic}",
        found.len()
    );
    assert!(platform.stop().success());
    read(site.data(), topic)
}

/// Writes the records into a journal of one process, as if they had come to it.
fn put(site: &Site, given: &[&Kept]) {
    std::fs::create_dir_all(site.data()).expect("the temporary folder can be written");
    let path = site.data().join("journal");
    let journal = EmbeddedJournal::open(&path, &Options::default()).expect("a new journal");
    let mut waiting = VecDeque::new();
    for kept in given {
        let spec = TopicSpec {
            name: kept.place.topic.as_str().into(),
            partitions: PARTITIONS,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&spec).expect("a topic can be made");
        let at = TopicPartition::new(spec.name, kept.place.partition);
        let (sender, receiver) = sync_channel(1);
        let write = Write {
            records: vec![(at, kept.record.clone())],
            offsets: vec![],
        };
        let done = Box::new(move |result| drop(sender.send(result)));
        journal.submit(write, done);
        waiting.push_back(receiver);
        if waiting.len() > AHEAD {
            finish(waiting.pop_front());
        }
    }
    for one in waiting {
        finish(Some(one));
    }
}

fn finish(waiting: Option<Receiver<Result<journal::Committed, journal::Error>>>) {
    if let Some(waiting) = waiting {
        let result = waiting.recv().expect("a write is answered");
        result.expect("a new journal takes records");
    }
}

/// All records of a topic of one process.
fn read(data: &Path, topic: &str) -> Vec<Kept> {
    let journal = EmbeddedJournal::open_read_only(&data.join("journal"))
        .expect("the journal can be read beside the process that writes it");
    let mut all = Vec::new();
    for partition in 0..PARTITIONS {
        let at = TopicPartition::new(topic, partition);
        let Ok(bounds) = journal.bounds(std::slice::from_ref(&at)) else {
            return all;
        };
        let (mut next, end) = (bounds[0].start, bounds[0].end);
        while next < end {
            let batch = journal
                .read(&at, next, READ_BYTES)
                .expect("what is within the bounds can be read");
            all.extend(batch.iter().map(|record| Kept {
                place: Place {
                    topic: topic.to_owned(),
                    partition,
                    offset: record.offset,
                },
                record: record.to_record(),
            }));
            next = batch.next_offset().expect("it is within the bounds");
        }
    }
    all
}
