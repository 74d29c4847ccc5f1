//! Who saw what: every opening of what identifies a person is written to the audit topic before anything is shown.

use clinical::phi::{Access, AuditError};
use clinical::{Audit, PatientKey, Permit, ReceivedTime};
use journal::{Journal, Record, TopicPartition, Write, partition_for};
use serde::Serialize;

use crate::topics;

/// Who looks, as long as there is no sign-in: whoever can use this machine.
pub(crate) const OPERATOR: &str = "local operator";

/// The audit topic.
pub(crate) struct AuditTopic<'j> {
    pub(crate) journal: &'j dyn Journal,
    pub(crate) partitions: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    who: &'a str,
    purpose: &'a str,
    patient: Option<String>,
    at: String,
}

impl Audit for AuditTopic<'_> {
    fn record(&self, access: &Access) -> Result<(), AuditError> {
        self.write(&access.who, access.purpose, access.patient, access.at)
    }
}

impl AuditTopic<'_> {
    /// Writes down what somebody does that is about no one patient, before it is done.
    pub(crate) fn note(
        &self,
        who: &str,
        purpose: &str,
        at: ReceivedTime,
    ) -> Result<(), AuditError> {
        self.write(who, purpose, None, at)
    }

    fn write(
        &self,
        who: &str,
        purpose: &str,
        patient: Option<PatientKey>,
        time: ReceivedTime,
    ) -> Result<(), AuditError> {
        let written = Written {
            who,
            purpose,
            patient: patient.map(|key| key.to_string()),
            at: time.to_string(),
        };
        let key: Box<[u8]> = patient.map_or_else(Box::default, |key| (*key.as_bytes()).into());
        let at = TopicPartition::new(topics::AUDIT, partition_for(&key, self.partitions));
        let record = Record {
            key,
            event_time: time.micros(),
            received_time: time.micros(),
            headers: vec![("content-type".into(), (*b"application/json").into())],
            value: Some(
                serde_json::to_vec(&written)
                    .expect("words always make JSON")
                    .into(),
            ),
            ..Record::default()
        };
        let write = Write {
            records: vec![(at, record)],
            offsets: vec![],
        };
        self.journal
            .append(write)
            .map(drop)
            .map_err(|error| AuditError(error.to_string()))
    }
}

/// Gives the local operator a permit for one access, after it was written down.
pub(crate) fn permit(
    audit: &AuditTopic<'_>,
    purpose: &'static str,
    patient: Option<PatientKey>,
    at: ReceivedTime,
) -> Result<Permit, AuditError> {
    Permit::issue(
        audit,
        &Access {
            who: OPERATOR.to_owned(),
            purpose,
            patient,
            at,
        },
    )
}
