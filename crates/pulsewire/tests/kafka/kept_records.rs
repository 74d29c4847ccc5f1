//! Records as they were kept, whichever journal keeps them.

use std::collections::BTreeMap;

use journal::{Journal, Record, TopicPartition};

use crate::instance::PARTITIONS;

/// How much is read at once.
const READ_BYTES: usize = 1 << 20;
/// What only tells the time has this header.
const TICK: &str = "tick";

/// A record and its place in its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) partition: u16,
    pub(crate) offset: u64,
    pub(crate) record: Record,
}

impl Kept {
    /// A header's text, if it has one of this name.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.record.headers.iter();
        let (_, value) = headers.find(|(known, _)| &**known == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The text of its value.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.record.value.as_deref().unwrap_or_default()).into_owned()
    }
}

/// All records of a topic that say more than the time, partition by partition in order.
pub(crate) fn all(journal: &dyn Journal, topic: &str) -> Vec<Kept> {
    let mut found = Vec::new();
    for partition in 0..PARTITIONS {
        let at = TopicPartition::new(topic, partition);
        let bounds = journal.bounds(std::slice::from_ref(&at));
        let bounds = bounds.expect("the topic is there")[0];
        let mut next = bounds.start;
        while next < bounds.end {
            let batch = journal.read(&at, next, READ_BYTES);
            let batch = batch.expect("what is within the bounds can be read");
            found.extend(batch.iter().map(|record| Kept {
                partition,
                offset: record.offset,
                record: record.to_record(),
            }));
            let after = batch.next_offset();
            next = after.expect("a batch within the bounds moves on");
        }
    }
    found.retain(|kept| kept.header(TICK).is_none());
    found
}

/// The records of each key, in order.
pub(crate) fn by_key(all: Vec<Kept>) -> BTreeMap<Box<[u8]>, Vec<Kept>> {
    let mut keys: BTreeMap<Box<[u8]>, Vec<Kept>> = BTreeMap::new();
    for kept in all {
        keys.entry(kept.record.key.clone()).or_default().push(kept);
    }
    keys
}
