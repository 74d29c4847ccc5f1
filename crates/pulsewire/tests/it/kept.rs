//! The journal as the tests see it: what is kept, what comes, and when all that was sent has gone through.

use std::path::Path;

use clinical::{PatientKey, SiteKey};
use journal::{EmbeddedJournal, Journal, Record, TopicPartition, partition_for};

use crate::message::{Potassium, minutes_ago, potassium};
use crate::platform::{PARTITIONS, Platform, Site};
use crate::sender::Sender;
use crate::setting::{PATIENCE, now, wait_at_most};

/// How much of a topic is read at once.
const READ_BYTES: usize = 1 << 20;

/// A record and its place in the journal.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) partition: u16,
    pub(crate) offset: u64,
    pub(crate) sequence: u64,
    pub(crate) record: Record,
}

impl Kept {
    /// A header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self
            .record
            .headers
            .iter()
            .find(|(known, _)| &**known == name);
        found
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    }

    /// The bytes of its value.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.record.value.as_deref().unwrap_or_default()
    }
}

/// All records of a topic in the journal of a data directory.
pub(crate) fn records(data: &Path, topic: &str) -> Vec<Kept> {
    let journal =
        EmbeddedJournal::open_read_only(&data.join("journal")).expect("the journal can be read");
    let mut all = Vec::new();
    for partition in 0..PARTITIONS {
        let at = TopicPartition::new(topic, partition);
        let bounds = journal
            .bounds(std::slice::from_ref(&at))
            .expect("the topic is there");
        let mut next = bounds[0].start;
        while next < bounds[0].end {
            let batch = journal
                .read(&at, next, READ_BYTES)
                .expect("what is within the bounds can be read");
            all.extend(batch.iter().map(|record| Kept {
                partition,
                offset: record.offset,
                sequence: record.sequence,
                record: record.to_record(),
            }));
            next = batch
                .next_offset()
                .expect("a batch within the bounds has a record");
        }
    }
    all
}

/// Waits until all that was sent before has gone through every station, and gives how many messages that took.
///
/// Stations read in the order of acceptance: once a result for one patient of each partition is an alert, all that
/// came before it in the partition is done. What one patient's messages lead to at another's takes further rounds.
pub(crate) fn drain(platform: &Platform, site: &Site, rounds: u64) -> u64 {
    let secret = std::fs::read(site.data().join("site.key")).expect("a site has a key");
    let key = SiteKey::new(secret.try_into().expect("it has 32 bytes"));
    let mut sent = 0;
    for round in 0..rounds {
        let began = now().micros();
        let marks = (0..PARTITIONS).map(|partition| {
            let names = (0..).map(|n| format!("mark-{began}-{round}-{n}"));
            let mut there = names.map(|name| (key.patient("EAST", &name), name));
            let found =
                there.find(|(key, _)| partition_for(key.as_bytes(), PARTITIONS) == partition);
            found.expect("some name leads to every partition")
        });
        let marks: Vec<_> = marks.collect();
        let mut news = News::of(site, "healthcare.events.care-alert");
        let mut sender = Sender::to(platform.mllp);
        for (_, name) in &marks {
            let taken = minutes_ago(0);
            let result = Potassium {
                patient: name,
                control_id: name,
                order: name,
                taken: &taken,
                value: "6.9",
                status: "F",
            };
            sender.accepted(&potassium(&result));
            sent += 1;
        }
        let mut missing: Vec<PatientKey> = marks.iter().map(|(key, _)| *key).collect();
        let mut seen = 0_u64;
        let mut look = || {
            news.read(|key| {
                seen += 1;
                missing.retain(|mark| mark.as_bytes() != key);
            });
            (missing.is_empty(), seen)
        };
        // After a long backlog this takes as long as it takes, if only something comes all the while.
        let mut before = 0;
        while wait_at_most(PATIENCE, || look().0.then_some(())).is_none() {
            let (_, seen) = look();
            assert!(
                seen > before,
                "waited in vain for the marks to come through"
            );
            before = seen;
        }
    }
    sent
}

/// What comes to a topic from now on.
struct News {
    journal: journal::ReadOnlyJournal,
    next: Vec<(TopicPartition, u64)>,
}

impl News {
    fn of(site: &Site, topic: &str) -> Self {
        let journal = EmbeddedJournal::open_read_only(&site.data().join("journal"))
            .expect("the journal can be read");
        let partitions: Vec<_> = (0..PARTITIONS)
            .map(|partition| TopicPartition::new(topic, partition))
            .collect();
        let bounds = journal.bounds(&partitions).expect("the topic is there");
        let next = partitions
            .into_iter()
            .zip(bounds.iter().map(|bounds| bounds.end))
            .collect();
        Self { journal, next }
    }

    /// Gives the key of each record that came since.
    fn read(&mut self, mut take: impl FnMut(&[u8])) {
        self.journal.refresh().expect("the journal can be read");
        for (at, next) in &mut self.next {
            let bounds = self
                .journal
                .bounds(std::slice::from_ref(at))
                .expect("the topic is there");
            while *next < bounds[0].end {
                let batch = self
                    .journal
                    .read(at, *next, READ_BYTES)
                    .expect("what is within the bounds can be read");
                batch.iter().for_each(|record| take(record.key));
                *next = batch
                    .next_offset()
                    .expect("a batch within the bounds has a record");
            }
        }
    }
}
