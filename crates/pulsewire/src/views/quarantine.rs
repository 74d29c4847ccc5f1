//! One unusable record as the list shows it, and where it is.

use clinical::{PatientKey, ReceivedTime};
use formats::fhir::read::Raw;
use journal::{RecordRef, TopicPartition};
use stream::{DETAIL_HEADER, ORIGIN_HEADER, REASON_HEADER, STAGE_HEADER};

use super::Views;
use crate::quarantine::list::Place;
use crate::quarantine::{ATTEMPT, EDITED_FROM, REDRIVEN_FROM};

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
    /// The stage that could not use it; may be empty.
    pub(crate) stage: String,
    pub(crate) content_type: String,
    /// The record in quarantine that was sent through again and led to this one; may be empty.
    pub(crate) redriven_from: String,
    /// The record in quarantine that it is a corrected copy of; may be empty.
    pub(crate) edited_from: String,
    /// How often it was sent through again before.
    pub(crate) attempt: u32,
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
            stage: text(STAGE_HEADER),
            content_type: text("content-type"),
            redriven_from: text(REDRIVEN_FROM),
            edited_from: text(EDITED_FROM),
            attempt: text(ATTEMPT).parse().unwrap_or(0),
        }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> Place {
        Place {
            at: self.at.clone(),
            offset: self.offset,
        }
    }

    /// The record in quarantine that was sent through again, as it was or corrected, and led to this one; may be empty.
    pub(crate) fn before(&self) -> &str {
        match self.redriven_from.is_empty() {
            true => &self.edited_from,
            false => &self.redriven_from,
        }
    }

    /// Its name in an address.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}:{}", self.at.topic, self.at.partition, self.offset)
    }
}

impl Views {
    /// Whether a record was sent through again such that nothing is left to do for it.
    pub(crate) fn is_settled(&self, view: &QuarantineView) -> bool {
        let sent = self.redriven.get(&view.place().to_string());
        sent.is_some_and(|attempt| attempt.settles(view))
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
