//! What a processor may do in a step: look at the time, emit, set timers.

use crate::quarantine::late_record;
use crate::spec::StageSpec;
use crate::{StepError, time};
use journal::{Headers, Record, RecordRef, Topic, TopicPartition, partition_for};

/// An output is at most this large: with its neighbours it still fits into one write of the journal.
const OUTPUT_BYTES_MAX: usize = journal::limits::WRITE_BYTES_MAX / 4;

/// What a written record takes besides its parts, at most.
const OUTPUT_OVERHEAD_BYTES: usize = 128;

/// The view of one step.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) watermark: i64,
    pub(crate) received: i64,
    pub(crate) repeating: bool,
    pub(crate) partition: u16,
    pub(crate) spec: &'a StageSpec,
    pub(crate) side: &'a Sides,
    pub(crate) effects: &'a mut Effects,
}

impl Context<'_> {
    /// Gives the key whose state this is.
    pub fn key(&self) -> &[u8] {
        self.key
    }

    /// Gives the partition's watermark, the causing record's times included.
    pub fn watermark(&self) -> i64 {
        self.watermark
    }

    /// Gives the received time of the record that caused this step, or that moved the watermark past the timer.
    pub fn received(&self) -> i64 {
        self.received
    }

    /// Tells whether this step only brings the state up to what an earlier run committed: what is counted of steps was counted then.
    pub fn is_repeating(&self) -> bool {
        self.repeating
    }

    /// Tells whether an event time is before the watermark by more than a window.
    pub fn is_late(&self, event_time: i64, window_micros: i64) -> bool {
        time::is_late(event_time, window_micros, self.watermark)
    }

    /// Emits a record to one of the stage's outputs; its key decides the partition, without one it is this one.
    pub fn emit(&mut self, topic: &str, record: Record) {
        let Some(topic) = self.spec.outputs.iter().find(|known| &***known == topic) else {
            let detail = format!("the stage emits to {topic}: add it to the outputs of its spec");
            self.effects
                .refuse(StepError::new("undeclared-topic", detail));
            return;
        };
        let partition = match &*record.key {
            [] => self.partition,
            key => partition_for(key, self.spec.partitions),
        };
        let topic = topic.clone();
        let to = TopicPartition { topic, partition };
        let bytes = output_bytes(&to, &record);
        if bytes > OUTPUT_BYTES_MAX {
            let detail = format!("a record of {bytes} bytes is over {OUTPUT_BYTES_MAX}: divide it");
            self.effects
                .refuse(StepError::new("output-too-large", detail));
            return;
        }
        self.effects.push(to, record);
    }

    /// Copies a record that came after its window to the `.late` topic of the input it came from, with headers that say more.
    pub fn emit_late(&mut self, record: RecordRef<'_>, more: Headers) {
        let topic = self.side.late.clone();
        let mut copy = late_record(self.spec, &self.side.from, &record);
        copy.headers.extend(more);
        let partition = self.partition;
        self.effects.late += 1;
        self.effects.push(TopicPartition { topic, partition }, copy);
    }

    /// Sets a timer of this key, in place of one of the same tag.
    ///
    /// At or before the watermark it fires before the partition's next record.
    pub fn set_timer(&mut self, tag: &[u8], at: i64) {
        self.effects.timers.push(tag, Some(at));
    }

    /// Takes back a timer of this key, if it is set.
    pub fn cancel_timer(&mut self, tag: &[u8]) {
        self.effects.timers.push(tag, None);
    }
}

/// Gives about how much of a write an output takes, rather more than less.
pub(crate) fn output_bytes(to: &TopicPartition, record: &Record) -> usize {
    let headers = record.headers.iter();
    let headers_bytes: usize = headers
        .map(|(name, value)| name.len() + value.len() + 8)
        .sum();
    let value_bytes = record.value.as_ref().map_or(0, |value| value.len());
    OUTPUT_OVERHEAD_BYTES + to.topic.len() + record.key.len() + headers_bytes + value_bytes
}

/// The side topics of one input.
#[derive(Clone, Debug)]
pub(crate) struct Sides {
    pub(crate) from: TopicPartition,
    pub(crate) late: Topic,
    pub(crate) quarantine: Topic,
}

/// What steps have brought about since the last commit; what a failed step added is taken out again.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) records: Vec<(TopicPartition, Record)>,
    pub(crate) bytes: usize,
    pub(crate) late: u64,
    pub(crate) timers: TimerChanges,
    pub(crate) refused: Option<StepError>,
}

/// A place in the effects to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) records: usize,
    bytes: usize,
    late: u64,
}

impl Effects {
    pub(crate) fn push(&mut self, to: TopicPartition, record: Record) {
        self.bytes += output_bytes(&to, &record);
        self.records.push((to, record));
    }

    fn refuse(&mut self, error: StepError) {
        self.refused.get_or_insert(error);
    }

    pub(crate) fn mark(&self) -> Mark {
        let (records, bytes, late) = (self.records.len(), self.bytes, self.late);
        Mark {
            records,
            bytes,
            late,
        }
    }

    /// Takes out what was emitted since `mark`.
    pub(crate) fn reset(&mut self, mark: Mark) {
        self.records.truncate(mark.records);
        self.bytes = mark.bytes;
        self.late = mark.late;
        self.refused = None;
    }
}

/// The timers that one step sets and cancels, in order, with their tags in one buffer.
#[derive(Debug, Default)]
pub(crate) struct TimerChanges {
    tags: Vec<u8>,
    changes: Vec<(usize, Option<i64>)>,
}

impl TimerChanges {
    pub(crate) fn push(&mut self, tag: &[u8], at: Option<i64>) {
        self.tags.extend_from_slice(tag);
        self.changes.push((self.tags.len(), at));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Option<i64>)> {
        let mut start = 0;
        self.changes.iter().map(move |&(end, at)| {
            let tag = self.tags.get(start..end).unwrap_or_default();
            start = end;
            (tag, at)
        })
    }

    pub(crate) fn clear(&mut self) {
        self.tags.clear();
        self.changes.clear();
    }
}
