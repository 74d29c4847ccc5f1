//! What one process heard of a source in a minute, as a record.

use clinical::ReceivedTime;
use journal::{Record, TopicPartition, partition_for};
use serde::{Deserialize, Serialize};

use super::{CONTENT_TYPE, MINUTE_US, VERSION};
use crate::topics;

/// What one process heard of a source in a minute, as it stands on the topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    pub(crate) version: u32,
    pub(crate) source: String,
    pub(crate) process: String,
    /// Its beginning.
    pub(crate) minute: String,
    pub(crate) ways: Vec<String>,
    /// New ones; history is counted apart.
    pub(crate) messages: u64,
    pub(crate) signals: Vec<Signal>,
    pub(crate) backfill: u64,
    pub(crate) answers: Vec<Answer>,
    pub(crate) bytes: u64,
    /// When the newest came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<String>,
    /// When this process last heard anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) anybody: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_event: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_event: Option<String>,
    /// How long the newest was on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lag_ms: Option<u64>,
    /// When the certificate runs out that the source showed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate_expires: Option<String>,
}

/// How many messages of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signal {
    pub(crate) signal: String,
    pub(crate) messages: u64,
}

/// How many were answered so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) code: String,
    pub(crate) count: u64,
}

impl Told {
    /// Reads it; nothing where it is of a newer version or none at all.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let told: Self = serde_json::from_slice(json).ok()?;
        (told.version <= VERSION).then_some(told)
    }

    /// The minute that it is of, counted from the epoch.
    pub(crate) fn minute(&self) -> Option<i64> {
        let at = ReceivedTime::parse(&self.minute)?;
        Some(at.micros().div_euclid(MINUTE_US))
    }

    /// It as a record: of a source, all stand on one partition.
    pub(crate) fn record(&self, now: ReceivedTime, partitions: u16) -> (TopicPartition, Record) {
        let key: Box<[u8]> = self.source.as_bytes().into();
        let at = TopicPartition::new(topics::SOURCE_ACTIVITY, partition_for(&key, partitions));
        let end = self
            .minute()
            .map(|minute| (minute + 1).saturating_mul(MINUTE_US));
        let record = Record {
            key,
            event_time: end.unwrap_or_default().min(now.micros()),
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
}
