//! How a stage's state stands in its changelog: a record for each state and timer that a commit changes, and one for what
//! they are true for.

use crate::store::{put_timer_key, split_timer_key};
use crate::{ChangelogPosition, Head, StoreBatch};
use journal::{Offset, Record, RecordRef, TopicPartition};

/// What the key of a state begins with; the state's own key follows.
const STATE: u8 = b's';
/// What the key of a timer begins with; its key with its length and its tag follow.
const TIMER: u8 = b't';
/// The key of what the state is true for; each commit ends with it.
const HEAD: u8 = b'w';

/// The changelog of one task, as far as it is written.
#[derive(Debug)]
pub(crate) struct Changelog {
    pub(crate) to: TopicPartition,
    /// See [`ChangelogPosition::records`].
    pub(crate) records: u64,
}

/// What a record of a changelog says.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// The state of a key, or that it has none any more.
    State(&'a [u8], Option<&'a [u8]>),
    /// The time of a timer of a key, or that it is not set any more.
    Timer(&'a [u8], &'a [u8], Option<i64>),
    /// What the state is true for with all records before, and how many these were, itself included.
    Head(u64, Head),
}

impl Changelog {
    /// Appends the changes of a commit, and notes in their head how many records there are by then.
    pub(crate) fn append(
        &mut self,
        batch: &mut StoreBatch,
        (event_time, received_time): (i64, i64),
        out: &mut Vec<(TopicPartition, Record)>,
    ) {
        let mut push = |key: Vec<u8>, value: Option<Box<[u8]>>| {
            let record = Record {
                key: key.into(),
                event_time,
                received_time,
                value,
                ..Record::default()
            };
            out.push((self.to.clone(), record));
        };
        for (key, state) in &batch.states {
            push([&[STATE], &**key].concat(), state.clone());
        }
        for (key, tag, at) in &batch.timers {
            let mut name = vec![TIMER];
            put_timer_key(&mut name, key, tag);
            push(name, at.map(|at| at.to_be_bytes().as_slice().into()));
        }
        self.records += (batch.states.len() + batch.timers.len()) as u64 + 1;
        batch.head.changelog = None;
        let value = [&self.records.to_be_bytes(), &*batch.head.encode()].concat();
        push(vec![HEAD], Some(value.into()));
        batch.head.changelog = Some(ChangelogPosition {
            next: 0,
            records: self.records,
        });
    }
}

/// Notes where the journal has put the commit that a batch belongs to, once it has acknowledged its offsets.
pub(crate) fn acknowledge(batch: &mut StoreBatch, offsets: &[Offset]) {
    if let (Some(place), Some(last)) = (&mut batch.head.changelog, offsets.last()) {
        place.next = last + 1;
    }
}

/// Reads a record of a changelog; `None` when it is not one.
pub(crate) fn read<'a>(record: &RecordRef<'a>) -> Option<Change<'a>> {
    let (kind, key) = record.key.split_first()?;
    match (*kind, record.value) {
        (STATE, state) => Some(Change::State(key, state)),
        (TIMER, at) => {
            let (key, tag) = split_timer_key(key).ok()?;
            let at = at.map(<[u8; 8]>::try_from).transpose().ok()?;
            Some(Change::Timer(key, tag, at.map(i64::from_be_bytes)))
        }
        (HEAD, Some(value)) if key.is_empty() => {
            let (records, head) = value.split_first_chunk()?;
            Some(Change::Head(
                u64::from_be_bytes(*records),
                Head::decode(head)?,
            ))
        }
        _ => None,
    }
}
