//! Records of the patient stream to clinical events.

use clinical::plausible::flags_from_header;
use clinical::{
    Event, EventId, EventTime, Fact, Observation, Origin, PatientKey, ReceivedTime, RecordedTime,
};
use formats::fhir::read::Malformed;
use formats::fhir::view::ResourceView;
use formats::fhir::view::observation::ObservationView;

use crate::fhir::usable;

pub mod identity;

mod concept;

mod problem;

mod observation;

mod encounter;

mod order;

pub(crate) use observation::observation_of;

/// The content type of a FHIR resource.
pub const FHIR_JSON: &str = "application/fhir+json";

/// A record of the patient stream, with what its headers say.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Whose it is.
    pub key: PatientKey,
    /// What the bytes are.
    pub content_type: &'a str,
    /// The event's name.
    pub event_id: EventId,
    /// When it was true.
    pub event_time: EventTime,
    /// When it was stored at the source, where the source says so.
    pub recorded: Option<RecordedTime>,
    /// When the raw message was accepted.
    pub received_time: ReceivedTime,
    /// Where the patient stream keeps it.
    pub origin: Origin,
    /// What is doubted of it, as the header says it; empty where nothing is.
    pub plausibility: &'a str,
    /// Whether it is history that was loaded, and no news.
    pub backfill: bool,
    /// The record's value.
    pub bytes: &'a [u8],
}

/// Why a record of the patient stream could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The resource is not JSON, or an element in it is not of its type.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A merge or handover record is not as this program writes it.
    #[error(
        "the {0} record was not written by this program, or by a newer version: upgrade before reading it"
    )]
    Record(&'static str),
}

/// Reads a record of the patient stream; nothing where workloads have no use for what it holds.
///
/// # Errors
/// When the record is not what its content type says.
pub fn event(envelope: &Envelope<'_>) -> Result<Option<Event>, Unreadable> {
    let fact = match envelope.content_type {
        FHIR_JSON => resource(envelope)?,
        identity::MERGE_JSON => Some(Fact::Merge(identity::read_merge(envelope.bytes)?)),
        identity::HANDOVER => Some(identity::read_handover(envelope.bytes)?),
        _ => None,
    };
    Ok(fact.map(|fact| Event {
        id: envelope.event_id,
        patient: envelope.key,
        at: envelope.event_time,
        recorded: envelope.recorded,
        received: envelope.received_time,
        origin: envelope.origin,
        backfill: envelope.backfill,
        fact,
    }))
}

/// Reads an Observation, of which nothing is doubted yet.
///
/// # Errors
/// When it is not JSON, or an element in it is not of its type.
pub fn observation(bytes: &[u8]) -> Result<Observation, Malformed> {
    observation_of(ObservationView::read(bytes)?)
}

fn resource(envelope: &Envelope<'_>) -> Result<Option<Fact>, Malformed> {
    let bytes = usable(envelope.bytes);
    let resource = ResourceView::read(&bytes)?;
    Ok(Some(match resource.resource_type()?.as_ref() {
        "Observation" => Fact::Observation(Observation {
            flags: flags_from_header(envelope.plausibility),
            ..observation_of(ObservationView::of(resource))?
        }),
        "Condition" => return Ok(problem::problem(&resource)?.map(Fact::Problem)),
        "Encounter" => Fact::Encounter(encounter::encounter(resource)?),
        "Patient" => Fact::Person(encounter::person(resource)?),
        kind => return Ok(order::order(kind, &resource)?.map(Fact::Order)),
    }))
}

#[cfg(test)]
mod tests;
