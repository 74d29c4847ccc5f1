//! Where the state and the timers of one task are kept; it can always be rebuilt from the journal: from the inputs, or
//! from the stage's changelog if it has one.

mod fjall;
mod memory;

pub use fjall::{FjallDatabase, FjallStore};
pub use memory::MemoryStore;

use crate::{Key, Tag};
use journal::{Offset, TopicPartition};

/// The version of the layout of everything a store holds, save the states, which carry their own.
const FORMAT_VERSION: u16 = 2;
/// The version before there were changelogs: its head has no place in one, and all else is the same.
const FORMAT_VERSION_WITHOUT_CHANGELOG: u16 = 1;

/// The state and timers of one task.
pub trait Store: Send {
    /// Gives what the stored state is true for; `None` when there is none of this format's version.
    ///
    /// # Errors
    /// When it cannot be read.
    fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Gives the state of a key.
    ///
    /// # Errors
    /// When it cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Box<[u8]>>, StoreError>;

    /// Goes through all states, in the order of their keys.
    ///
    /// # Errors
    /// When they cannot be read.
    fn scan_states(&self, each: &mut EachState<'_>) -> Result<(), StoreError>;

    /// Goes through all timers (key, tag, time), in an order that depends on them alone.
    ///
    /// # Errors
    /// When they cannot be read.
    fn scan_timers(&self, each: &mut EachTimer<'_>) -> Result<(), StoreError>;

    /// Makes all changes of a batch, or none.
    ///
    /// # Errors
    /// When they were not made.
    fn apply(&mut self, batch: StoreBatch) -> Result<(), StoreError>;

    /// Removes everything; what a crash in the middle of it leaves has no head.
    ///
    /// # Errors
    /// When something could not be removed.
    fn wipe(&mut self) -> Result<(), StoreError>;
}

/// What is called with each key and state.
pub type EachState<'a> = dyn FnMut(&[u8], &[u8]) + 'a;

/// What is called with each key, tag and time of a timer.
pub type EachTimer<'a> = dyn FnMut(&[u8], &[u8], i64) + 'a;

/// What changes together in a store.
#[derive(Clone, Debug, Default)]
pub struct StoreBatch {
    /// The new state of each changed key; `None` removes it.
    pub states: Vec<(Key, Option<Box<[u8]>>)>,
    /// The new time of each changed timer; `None` removes it.
    pub timers: Vec<(Key, Tag, Option<i64>)>,
    /// What is true with it.
    pub head: Head,
}

/// What a stored state is true for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The next offset of each input.
    pub offsets: Vec<(TopicPartition, Offset)>,
    /// The watermark there.
    pub watermark: i64,
    /// How much of the stage's changelog is in the state; `None` where it is kept without one.
    pub changelog: Option<ChangelogPosition>,
}

/// A place in a changelog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangelogPosition {
    /// The next offset.
    pub next: Offset,
    /// How many records were committed before it, with those that compaction has removed since.
    pub records: u64,
}

/// What a store did not do, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error(
        "the state store failed while it was to {doing}: {cause}; if it stays so, stop, delete the state directory and start again: it is rebuilt from the journal"
    )]
    Database {
        /// What was tried.
        doing: &'static str,
        /// What it answered.
        cause: String,
    },
    /// A stored entry is not one of ours.
    #[error(
        "the state store holds {what} that cannot be read: stop, delete the state directory and start again: it is rebuilt from the journal"
    )]
    Damaged {
        /// What was found.
        what: &'static str,
    },
}

impl Head {
    /// Gives its stored bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = FORMAT_VERSION.to_be_bytes().to_vec();
        out.extend_from_slice(&self.watermark.to_be_bytes());
        out.push(self.changelog.is_some().into());
        if let Some(ChangelogPosition { next, records }) = self.changelog {
            out.extend_from_slice(&next.to_be_bytes());
            out.extend_from_slice(&records.to_be_bytes());
        }
        for (input, offset) in &self.offsets {
            let length = u16::try_from(input.topic.len()).expect("a topic's name is a file's name");
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(input.topic.as_bytes());
            out.extend_from_slice(&input.partition.to_be_bytes());
            out.extend_from_slice(&offset.to_be_bytes());
        }
        out
    }

    /// Reads stored bytes; `None` when they are of a version that is not known.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk()?;
        let (watermark, rest) = rest.split_first_chunk()?;
        let (changelog, mut rest) = match u16::from_be_bytes(*version) {
            FORMAT_VERSION => ChangelogPosition::decode(rest)?,
            FORMAT_VERSION_WITHOUT_CHANGELOG => (None, rest),
            _ => return None,
        };
        let mut offsets = Vec::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk()?;
            let (topic, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            let (partition, after) = after.split_first_chunk()?;
            let (offset, after) = after.split_first_chunk()?;
            let topic = std::str::from_utf8(topic).ok()?;
            let input = TopicPartition::new(topic, u16::from_be_bytes(*partition));
            offsets.push((input, Offset::from_be_bytes(*offset)));
            rest = after;
        }
        let watermark = i64::from_be_bytes(*watermark);
        Some(Self {
            offsets,
            watermark,
            changelog,
        })
    }
}

impl ChangelogPosition {
    /// Reads whether there is one and which, and gives what comes after it.
    fn decode(bytes: &[u8]) -> Option<(Option<Self>, &[u8])> {
        let (is_there, rest) = bytes.split_first()?;
        if *is_there == 0 {
            return Some((None, rest));
        }
        let (next, rest) = rest.split_first_chunk()?;
        let (records, rest) = rest.split_first_chunk()?;
        let (next, records) = (Offset::from_be_bytes(*next), u64::from_be_bytes(*records));
        Some((Some(Self { next, records }), rest))
    }
}

/// Appends what a timer is stored under: its key with its length, then its tag.
pub(crate) fn put_timer_key(out: &mut Vec<u8>, key: &[u8], tag: &[u8]) {
    let length = u32::try_from(key.len()).expect("a record is shorter than 4 GiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(tag);
}

/// Takes apart what [`put_timer_key`] wrote.
pub(crate) fn split_timer_key(bytes: &[u8]) -> Result<(&[u8], &[u8]), StoreError> {
    bytes
        .split_first_chunk()
        .and_then(|(length, rest)| {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            rest.split_at_checked(length)
        })
        .ok_or(StoreError::Damaged { what: "a timer" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(changelog: Option<ChangelogPosition>) -> Head {
        let offsets = vec![
            (TopicPartition::new("healthcare.patient.stream", 11), 7),
            (TopicPartition::new("healthcare.alert.stream", 0), u64::MAX),
        ];
        Head {
            offsets,
            watermark: -5,
            changelog,
        }
    }

    #[test]
    fn a_head_comes_back_and_a_later_version_does_not() {
        let place = ChangelogPosition {
            next: 12,
            records: 9,
        };
        for changelog in [None, Some(place)] {
            let head = head(changelog);
            let mut bytes = head.encode();
            assert_eq!(Head::decode(&bytes), Some(head));
            for length in [0, 1, 9, 10, bytes.len() - 1] {
                assert_eq!(Head::decode(&bytes[..length]), None);
            }
            bytes[1] += 1;
            assert_eq!(Head::decode(&bytes), None);
        }
    }

    #[test]
    fn a_head_of_version_1_is_read() {
        let mut stored = b"\0\x01\xff\xff\xff\xff\xff\xff\xff\xfb".to_vec();
        stored.extend_from_slice(b"\0\x19healthcare.patient.stream\0\x0b\0\0\0\0\0\0\0\x07");
        stored.extend_from_slice(b"\0\x17healthcare.alert.stream\0\0");
        stored.extend_from_slice(&[0xff; 8]);
        assert_eq!(Head::decode(&stored), Some(head(None)));
    }
}
