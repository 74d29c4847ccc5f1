//! A reader of the findings that are committed, by a client that is not ours: which came, from which partition, and when.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::fleet::PARTITIONS;

/// Where findings are.
const FINDINGS: &str = "healthcare.alert.stream";
/// One look.
const LOOK: Duration = Duration::from_millis(20);

/// A finding that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    pub(crate) partition: u16,
    pub(crate) at: Instant,
}

/// Looks on until it is dropped.
pub(crate) struct Watch {
    came: Arc<Mutex<HashMap<String, Came>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Looks on from the end of what is there.
    pub(crate) fn begin(brokers: &str, prefix: &str) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", brokers)
            .set("group.id", "bench-watch")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest");
        let reader: BaseConsumer = config.create().unwrap();
        let mut list = TopicPartitionList::new();
        let topic = format!("{prefix}{FINDINGS}");
        for partition in 0..PARTITIONS {
            list.add_partition_offset(&topic, partition.into(), Offset::Beginning)
                .unwrap();
        }
        reader.assign(&list).unwrap();
        let (came, over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (kept, ended) = (Arc::clone(&came), Arc::clone(&over));
        let thread = std::thread::spawn(move || look(&reader, &kept, &ended));
        Self {
            came,
            over,
            thread: Some(thread),
        }
    }

    /// What came so far, by the time that it is about.
    pub(crate) fn came(&self) -> HashMap<String, Came> {
        self.came.lock().unwrap().clone()
    }

    /// Waits until all of these came; tells how many are missing after so long.
    pub(crate) fn wait_for<'k>(
        &self,
        keys: impl Iterator<Item = &'k String>,
        at_most: Duration,
    ) -> usize {
        let until = Instant::now() + at_most;
        let mut missing: Vec<&String> = keys.collect();
        loop {
            let came = self.came.lock().unwrap();
            missing.retain(|key| !came.contains_key(*key));
            drop(came);
            if missing.is_empty() || Instant::now() > until {
                return missing.len();
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn look(reader: &BaseConsumer, kept: &Mutex<HashMap<String, Came>>, over: &AtomicBool) {
    while !over.load(Ordering::Acquire) {
        // Errors pass: it goes on by itself.
        let Some(Ok(message)) = reader.poll(LOOK) else {
            continue;
        };
        let at = Instant::now();
        let text = String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned();
        let as_of = text
            .split_once("\"asOf\":\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        let Some((as_of, _)) = as_of else { continue };
        let partition = u16::try_from(message.partition()).unwrap();
        let came = Came { partition, at };
        kept.lock().unwrap().entry(key(as_of)).or_insert(came);
    }
}

/// The time that a finding is about, as the message had it.
fn key(text: &str) -> String {
    let text = text.trim_end_matches('Z');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}.{fraction:0<3}+0000")
}
