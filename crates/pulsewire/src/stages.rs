//! The stations between the raw journal and what is due to people, each on a thread, each partition a task.

mod alerts;
mod devices;
mod normalize;
mod runner;
mod sources;
mod validation;
mod workloads;

pub(crate) use alerts::AlertStage;
pub(crate) use devices::{
    ASSOCIATION, DeviceStage, PACKET, Places as DevicePlaces, Rules as DeviceRules,
    Settings as DeviceSettings, association_json,
};
pub(crate) use normalize::NormalizeStage;
pub(crate) use normalize::plausibility::Plausibility;
pub(crate) use runner::{Shared, Stage, StageHealth, Word, partitions_of};
pub(crate) use sources::{SourcesStage, Status as SourceStatus};
#[cfg(test)]
pub(crate) use validation::INVALID;
pub(crate) use validation::{Mode, Validation};
pub(crate) use workloads::WorkloadStage;

use clinical::PatientKey;
use journal::{Headers, Record};
use stream::{Context, StepError};

use crate::intake::keep::BACKFILL;
use crate::intake::resend::MESSAGE_ID;

/// Stands on a record of the patient stream that another one of the same message and patient follows.
const MORE: &str = "more";

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

#[cfg(test)]
mod tests;
