//! An Encounter and a Patient as workloads see them.

use clinical::{Encounter, EncounterClass, EncounterStatus, EventTime, Person};
use formats::fhir::read::Malformed;
use formats::fhir::view::encounter::EncounterView;
use formats::fhir::view::patient::PatientView;
use formats::fhir::view::{ReferenceView, ResourceView};

use super::concept::boxed;

/// Reads an Encounter.
pub(super) fn encounter(resource: ResourceView<'_>) -> Result<Encounter, Malformed> {
    let view = EncounterView::of(resource);
    let class = view.class()?.unwrap_or_default();
    let place = view.current_location()?;
    let period = view.period()?;
    Ok(Encounter {
        resource: boxed(view.resource().id()?),
        class: class_of(&class.code),
        status: status_of(&view.resource().status()?),
        location: boxed(place.map(words).unwrap_or_default()),
        // A date without a time is no moment, and none is made up for it.
        start: EventTime::parse(&period.start),
        end: EventTime::parse(&period.end),
    })
}

/// Reads a Patient.
pub(super) fn person(resource: ResourceView<'_>) -> Result<Person, Malformed> {
    let view = PatientView::of(resource);
    Ok(Person {
        birth_date: view.birth_date()?.map(boxed),
        gender: view.gender()?.map(boxed),
        deceased: view.is_deceased()?,
    })
}

fn words(place: ReferenceView<'_>) -> std::borrow::Cow<'_, str> {
    if place.display.is_empty() {
        place.reference
    } else {
        place.display
    }
}

/// Reads a code of HL7 v3 ActCode (`EMER`, `IMP`, `AMB`, …) or of HL7 table 0004 (`E`, `I`, `O`, …), which feeds send as well.
fn class_of(code: &str) -> EncounterClass {
    match code {
        "EMER" | "E" => EncounterClass::Emergency,
        "IMP" | "ACUTE" | "NONAC" | "I" => EncounterClass::Inpatient,
        "AMB" | "O" => EncounterClass::Ambulatory,
        _ => EncounterClass::Other,
    }
}

/// Reads a code of the FHIR R4 value set encounter-status.
fn status_of(code: &str) -> EncounterStatus {
    match code {
        "planned" => EncounterStatus::Planned,
        "arrived" | "triaged" => EncounterStatus::Arrived,
        "in-progress" => EncounterStatus::InProgress,
        "onleave" => EncounterStatus::OnLeave,
        "finished" => EncounterStatus::Finished,
        "cancelled" => EncounterStatus::Cancelled,
        "entered-in-error" => EncounterStatus::EnteredInError,
        _ => EncounterStatus::Unknown,
    }
}
