//! A reader of committed records that looks on all the while: what it is given, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::fleet::PARTITIONS;
use crate::history::Place;
use crate::records::{Kept, client, from_the_beginning};
use crate::setting::{now, wait_at_most, wait_for};

/// Records and brokers come back within this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);
/// One look.
const LOOK: Duration = Duration::from_millis(50);
/// What it looks on at.
const STREAMS: [&str; 2] = ["healthcare.patient.stream", "healthcare.alert.stream"];

/// What was given so far.
#[derive(Default)]
pub(crate) struct Watch {
    given: Mutex<Given>,
    over: AtomicBool,
}

#[derive(Default)]
struct Given {
    places: BTreeSet<Place>,
    findings: Vec<Seen>,
    keys: BTreeSet<Box<[u8]>>,
}

/// When a finding was given, and when the message that led to it was accepted.
struct Seen {
    partition: u16,
    accepted: i64,
    given: i64,
}

impl Watch {
    /// Looks on until it is over.
    pub(crate) fn run(&self, bootstrap: &str, prefix: &str) {
        let reader = client(bootstrap, "read_committed");
        let list = wait_for("the streams to be there", || {
            let mut list = TopicPartitionList::new();
            for stream in STREAMS {
                // What is set aside of a stream has a topic that is made before the stream itself.
                let name = format!("{prefix}{stream}");
                let all = from_the_beginning(&reader, &name).ok()?;
                for one in all.elements_for_topic(&name) {
                    list.add_partition_offset(&name, one.partition(), Offset::Beginning)
                        .ok()?;
                }
            }
            (list.count() == STREAMS.len() * usize::from(PARTITIONS)).then_some(list)
        });
        reader.assign(&list).expect("its own partitions");
        while !self.over.load(Ordering::SeqCst) {
            // Errors are of brokers that are away; it goes on by itself.
            if let Some(Ok(message)) = reader.poll(LOOK) {
                self.take(Kept::of(&message, prefix));
            }
        }
    }

    /// Lets it end.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    fn take(&self, kept: Kept) {
        let mut given = self.given();
        if !kept.header("finding").is_empty() {
            given.findings.push(Seen {
                partition: kept.place.partition,
                accepted: kept.record.received_time,
                given: now().micros(),
            });
            given.keys.insert(kept.record.key);
        }
        given.places.insert(kept.place);
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that it was given.
    pub(crate) fn places(&self) -> BTreeSet<Place> {
        self.given().places.clone()
    }

    /// Whether every one of these patients has a finding.
    pub(crate) fn has_all(&self, keys: &[Box<[u8]>]) -> bool {
        let given = self.given();
        keys.iter().all(|key| given.keys.contains(key))
    }

    /// Waits until every partition has a finding of a message accepted after this; tells what is missing in the end.
    pub(crate) fn resumed(&self, partitions: u16, since: i64) -> Result<(), String> {
        let mut missing = BTreeSet::new();
        let done = wait_at_most(PATIENCE, || {
            let given = self.given();
            let newest = given.findings.iter().rev();
            let there: BTreeSet<u16> = newest
                .take_while(|seen| seen.given >= since)
                .filter(|seen| seen.accepted >= since)
                .map(|seen| seen.partition)
                .collect();
            missing = (0..partitions).filter(|one| !there.contains(one)).collect();
            missing.is_empty().then_some(())
        });
        done.ok_or_else(|| format!("no findings come from partitions {missing:?}"))
    }

    /// The longest time between two findings of one partition, from then until now, of the partition where it was longest.
    pub(crate) fn longest_silence(&self, partitions: u16, since: i64, until: i64) -> Duration {
        let given = self.given();
        let mut last: BTreeMap<u16, i64> = (0..partitions).map(|one| (one, since)).collect();
        let mut longest = 0;
        let within = given
            .findings
            .iter()
            .filter(|seen| (since..=until).contains(&seen.given));
        for seen in within {
            let before = last.insert(seen.partition, seen.given).unwrap_or(since);
            longest = longest.max(seen.given - before);
        }
        let open = last.values().map(|before| until - before).max();
        let longest = longest.max(open.unwrap_or(0));
        Duration::from_micros(u64::try_from(longest).unwrap_or(0))
    }
}
