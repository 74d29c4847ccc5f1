//! The stations between the raw journal and what is due to people, each on a thread, each partition a task.

mod alerts;
mod begun;
mod care_gaps;
mod devices;
mod emergency;
mod findings;
mod merged;
mod normalize;
mod payer;
mod risk;
mod runner;
mod sources;
pub(crate) mod state_formats;
mod validation;
mod workloads;

pub(crate) use alerts::AlertStage;
pub(crate) use care_gaps::CareGapStage;
pub(crate) use devices::{
    ASSOCIATION, DeviceStage, PACKET, Places as DevicePlaces, Rules as DeviceRules,
    Settings as DeviceSettings, association_json,
};
pub(crate) use emergency::{EmergencyStage, EmergencyUnitStage, VisitTold};
pub(crate) use normalize::NormalizeStage;
pub(crate) use normalize::plausibility::Plausibility;
pub(crate) use payer::{AuthorizationTold, PayerStage, PeerStage, ProviderStage};
pub(crate) use risk::{QualityTold, RiskBoardStage, RiskOutcomeStage, RiskStatus};
pub(crate) use runner::{Shared, Stage, StageHealth, Word, partitions_of};
pub(crate) use sources::{SourcesStage, Status as SourceStatus};
#[cfg(test)]
pub(crate) use validation::INVALID;
pub(crate) use validation::{Mode, Validation, is_marked, marks};
pub(crate) use workloads::{LATE_FOR, WorkloadStage};

use clinical::{EventId, EventTime, MessageId, Origin, PatientKey, ReceivedTime, RecordedTime};
use formats::fhir::read::Malformed;
use journal::{Headers, Record, RecordRef, Topic, TopicPartition};
use mapping::event::{Envelope, Unreadable};
use mapping::normalize::Shows;
use stream::{Context, StageSpec, StepError};

use crate::intake::keep::BACKFILL;
use crate::intake::resend::MESSAGE_ID;
use normalize::MOMENT;
use normalize::plausibility::PLAUSIBILITY_HEADER;

/// Stands on what a station sent on to the identity that a patient has now.
pub(crate) const FORWARDED: &str = "forwarded-from";
/// Stands on a record of the patient stream that another one of the same message and patient follows.
const MORE: &str = "more";

/// A station of this version of the platform, which takes what is usual at a time.
fn spec(name: &str, partitions: u16, inputs: Vec<Topic>, outputs: Vec<Topic>) -> StageSpec {
    StageSpec {
        name: name.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        inputs,
        outputs,
        partitions,
        limits: stream::Limits::default(),
    }
}

/// The reason code of a resource that cannot be read.
pub(crate) const UNREADABLE_RESOURCE: &str = "unreadable-resource";

/// A resource whose elements are not of the types that R4 gives them: its sender is to correct it.
pub(crate) fn unreadable_resource(error: &Malformed) -> StepError {
    StepError::new(UNREADABLE_RESOURCE, error.to_string())
}

/// A record of the patient stream that cannot be read.
pub(crate) fn unreadable(error: &Unreadable) -> StepError {
    match error {
        Unreadable::Malformed(error) => unreadable_resource(error),
        Unreadable::Record(_) => StepError::new("unreadable", error.to_string()),
    }
}

/// A record of the patient stream as what reads it takes it.
pub(crate) fn envelope<'r>(
    from: &TopicPartition,
    record: &RecordRef<'r>,
    patient: PatientKey,
) -> Envelope<'r> {
    Envelope {
        key: patient,
        content_type: text(record, "content-type").unwrap_or_default(),
        event_id: text(record, "event-id")
            .and_then(EventId::parse)
            .unwrap_or_default(),
        event_time: EventTime::from_micros(record.event_time),
        recorded: text(record, "recorded-time").and_then(RecordedTime::parse),
        received_time: ReceivedTime::from_micros(record.received_time),
        origin: Origin {
            partition: from.partition,
            offset: record.offset,
        },
        plausibility: text(record, PLAUSIBILITY_HEADER).unwrap_or_default(),
        backfill: record.header(BACKFILL).is_some(),
        bytes: record.value.unwrap_or_default(),
    }
}

/// The key of a step as the patient it stands for.
fn patient(cx: &Context<'_>) -> Result<PatientKey, StepError> {
    PatientKey::from_slice(cx.key()).ok_or_else(|| {
        StepError::new(
            "not-a-patient-key",
            "the record's key is not the 16 bytes of a patient key",
        )
    })
}

/// A record of a patient with the times of what caused it.
fn record(
    patient: PatientKey,
    event_time: i64,
    cx: &Context<'_>,
    headers: Headers,
    value: Vec<u8>,
) -> Record {
    Record {
        key: (*patient.as_bytes()).into(),
        event_time,
        received_time: cx.received(),
        seal: 0,
        headers,
        value: Some(value.into()),
    }
}

/// Which message a record was made of, in the words of the record that it comes from; nothing where that says nothing, such
/// as a command or the time.
fn provenance(cause: &journal::RecordRef<'_>) -> Headers {
    let names = ["source-system", MESSAGE_ID, "traceparent", BACKFILL].into_iter();
    names
        .filter_map(|name| Some(header(name, cause.header(name)?)))
        .collect()
}

/// A record's own headers, and behind them those of what it comes from.
fn with(cause: &Headers, mut own: Headers) -> Headers {
    own.extend(cause.iter().cloned());
    own
}

/// A header.
fn header(name: &str, value: impl AsRef<[u8]>) -> (Box<str>, Box<[u8]>) {
    (name.into(), value.as_ref().into())
}

/// A header's text, or nothing where it is missing or not text.
fn text<'r>(record: &journal::RecordRef<'r>, name: &str) -> Option<&'r str> {
    std::str::from_utf8(record.header(name)?).ok()
}

/// By which message a visit stands as a record says, and when that was said and reached us.
fn shows(record: &journal::RecordRef<'_>) -> Shows {
    let told = text(record, MOMENT).and_then(Shows::parse);
    told.unwrap_or_else(|| {
        let message = text(record, MESSAGE_ID).and_then(MessageId::parse);
        let message = message.map(|message| message.first_eight());
        Shows {
            message: message.unwrap_or_else(|| event_id(record).unwrap_or_default().first_eight()),
            said: EventTime::from_micros(record.received_time),
            known: ReceivedTime::from_micros(record.received_time),
            backfill: record.header(BACKFILL).is_some(),
            undoes: false,
        }
    })
}

/// The event that a record is, where it says so.
fn event_id(record: &journal::RecordRef<'_>) -> Option<EventId> {
    text(record, "event-id").and_then(EventId::parse)
}

#[cfg(test)]
mod tests;
