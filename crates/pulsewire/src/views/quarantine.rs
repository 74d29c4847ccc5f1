//! One unusable record as the list shows it, and what to do about it.

use clinical::{PatientKey, ReceivedTime};
use formats::fhir::read::Raw;
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
            detail: readable(text(DETAIL_HEADER)),
            origin: text(ORIGIN_HEADER),
        }
    }

    /// Its name in an address.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}:{}", self.at.topic, self.at.partition, self.offset)
    }
}

/// An OperationOutcome as words; any other detail is words already.
fn readable(detail: String) -> String {
    let issues = Raw::read(detail.as_bytes()).and_then(|outcome| outcome.get("issue"));
    let Ok(Some(issues)) = issues else {
        return detail;
    };
    let said = issues.items().map_while(Result::ok).filter_map(|issue| {
        let path = issue.get("expression").ok()??.items().next()?.ok()?;
        let text = issue.get("details").ok()??.get("text").ok()??;
        Some(format!("{}: {}", path.text().ok()?, text.text().ok()?))
    });
    said.collect::<Vec<_>>().join("; ")
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
        "invalid-resource" => {
            "The resource is not valid FHIR R4: have what it was made from corrected and sent again, or set validation to warn for its type."
        }
        "merge-cycle" | "already-merged" => {
            "The merge contradicts an earlier one: have the identities checked at the source."
        }
        _ => "Look at the message beside this, correct it at the source, and have it sent again.",
    }
}

#[cfg(test)]
mod tests {
    use formats::fhir::validate::{operation_outcome, validate};

    use super::readable;

    #[test]
    fn an_outcome_is_told_in_words() {
        let issues = validate(br#"{"resourceType":"Patient","active":1,"photo":[{}]}"#);
        let outcome = String::from_utf8(operation_outcome(&issues)).unwrap();
        let words = "Patient.active: true or false is expected; Patient.photo[0]: the object is empty: leave it out";
        assert_eq!(readable(outcome), words);
        assert_eq!(readable("PID-3 is empty".to_owned()), "PID-3 is empty");
    }
}
