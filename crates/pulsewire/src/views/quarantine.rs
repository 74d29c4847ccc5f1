//! One unusable record as the list shows it, and what to do about it.

use clinical::{PatientKey, ReceivedTime};
use journal::{RecordRef, TopicPartition};
use stream::{DETAIL_HEADER, ORIGIN_HEADER, REASON_HEADER};

/// An unusable record: why, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct QuarantineView {
    pub(crate) at: TopicPartition,
    pub(crate) offset: u64,
    pub(crate) received: ReceivedTime,
    /// Whose it is, as far as intake could tell.
    pub(crate) patient: Option<PatientKey>,
    pub(crate) source: String,
    pub(crate) reason: String,
    pub(crate) detail: String,
    pub(crate) origin: String,
}

impl QuarantineView {
    pub(crate) fn new(at: &TopicPartition, record: &RecordRef<'_>) -> Self {
        let text = |name: &str| {
            String::from_utf8_lossy(record.header(name).unwrap_or_default()).into_owned()
        };
        Self {
            at: at.clone(),
            offset: record.offset,
            received: ReceivedTime::from_micros(record.received_time),
            patient: PatientKey::from_slice(record.key),
            source: text("source-system"),
            reason: text(REASON_HEADER),
            detail: text(DETAIL_HEADER),
            origin: text(ORIGIN_HEADER),
        }
    }

    /// Its name in an address.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}:{}", self.at.topic, self.at.partition, self.offset)
    }
}

/// What a person can do about a reason.
pub(crate) fn advice(reason: &str) -> &'static str {
    match reason {
        "no-header" | "separators-invalid" | "separators-duplicate" | "utf-16" => {
            "The sender's interface writes what is no HL7 v2: have it corrected there and sent again."
        }
        "message-type-missing" | "control-id-missing" => {
            "The sender leaves a required field empty: have it filled there and sent again."
        }
        "no-patient" => {
            "The message names no patient: have the sender fill PID-3, or name an assigning authority for the source."
        }
        "from-future" => {
            "The time lies ahead of ours: check the sender's clock and the zone of its source."
        }
        "self-merge" => {
            "The message merges a patient into itself: have it corrected at the source and sent again."
        }
        "merge-cycle" | "already-merged" => {
            "The merge contradicts an earlier one: have the identities checked at the source."
        }
        _ => "Look at the message beside this, correct it at the source, and have it sent again.",
    }
}
