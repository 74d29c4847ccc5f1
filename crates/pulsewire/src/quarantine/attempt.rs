//! What was sent through again, by whom and when: records of a topic of their own.

use std::collections::BTreeMap;

use clinical::ReceivedTime;
use journal::{Journal, Record, RecordRef, TopicPartition, partition_for};
use serde::{Deserialize, Serialize};

use super::list::Place;
use super::reason::{ReasonCode, Redrive};
use crate::topics;
use crate::views::QuarantineView;
use crate::whole_topic;

/// What such a record is called.
const CONTENT_TYPE: &str = "application/vnd.pulsewire.redriven+json";

/// A record in quarantine that was sent through again, as it was or corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    /// The record in quarantine: topic, partition and offset.
    pub(crate) quarantined: String,
    /// Where it was written to: topic and partition.
    pub(crate) to: String,
    /// Counted from 1 along the records that one message led to.
    pub(crate) number: u32,
    /// Whether a person corrected it.
    pub(crate) edited: bool,
    pub(crate) who: String,
    pub(crate) at: String,
}

impl Attempt {
    /// As it is kept, where it is kept.
    pub(crate) fn record(&self, now: ReceivedTime, partitions: u16) -> (TopicPartition, Record) {
        let key = self.quarantined.as_bytes();
        let at = TopicPartition::new(topics::REDRIVEN, partition_for(key, partitions));
        let record = Record {
            key: key.into(),
            event_time: now.micros(),
            received_time: now.micros(),
            headers: vec![("content-type".into(), CONTENT_TYPE.as_bytes().into())],
            value: Some(
                serde_json::to_vec(self)
                    .expect("words and numbers always make JSON")
                    .into(),
            ),
            ..Record::default()
        };
        (at, record)
    }

    /// Reads one.
    pub(crate) fn read(record: &RecordRef<'_>) -> Option<Self> {
        serde_json::from_slice(record.value?).ok()
    }

    /// Whether nothing is left to do for the record. Where it could not be used again it is another record; but of a part of a
    /// message nothing comes that is sent as it was, and a corrected copy is waited for.
    pub(crate) fn settles(&self, view: &QuarantineView) -> bool {
        self.edited || !is_part(view)
    }
}

/// Whether it is what normalize set aside of a message that it used, and not the message.
fn is_part(view: &QuarantineView) -> bool {
    let is_of_stream = view.at.topic == topics::quarantine(topics::PATIENT_STREAM);
    let of = Place::parse(&view.origin);
    is_of_stream && of.is_some_and(|of| &*of.at.topic != topics::PATIENT_STREAM)
}

/// Why a record leads to nothing where it is sent through again as it is; only a corrected copy of it can.
pub(crate) fn unusable_as_it_is(view: &QuarantineView) -> Option<&'static str> {
    let known = ReasonCode::parse(&view.reason);
    if is_part(view) {
        Some(
            "its message was used but for this and is known, so that as it is it would change nothing: correct a copy on its page",
        )
    } else if known.is_some_and(|known| known.redrive == Redrive::Edited) {
        Some("as it is it would fail again: correct a copy on its page")
    } else {
        None
    }
}

/// All attempts, by the record in quarantine.
pub(crate) fn all(
    journal: &dyn Journal,
    partitions: u16,
) -> Result<BTreeMap<String, Attempt>, journal::Error> {
    let mut all = BTreeMap::new();
    whole_topic::each(journal, topics::REDRIVEN, partitions, |record| {
        if let Some(attempt) = Attempt::read(record) {
            all.insert(attempt.quarantined.clone(), attempt);
        }
    })?;
    Ok(all)
}
