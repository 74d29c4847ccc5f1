//! An Observation as workloads see it.

use clinical::{Observation, ObservationStatus};
use formats::fhir::read::Malformed;
use formats::fhir::view::observation::ObservationView;

use super::concept::{boxed, codes, value};

/// Reads an Observation.
pub(crate) fn observation_of(view: ObservationView<'_>) -> Result<Observation, Malformed> {
    let mut components = Vec::new();
    for component in view.components() {
        let component = component?;
        if let Some(found) = component.value.map(value).transpose()?.flatten() {
            components.push((codes(component.code)?, found));
        }
    }
    let mut notes = Vec::new();
    for note in view.notes() {
        notes.push(boxed(note?));
    }
    Ok(Observation {
        resource: boxed(view.resource().id()?),
        codes: codes(view.code())?,
        value: view.value()?.map(value).transpose()?.flatten(),
        components,
        status: ObservationStatus::parse(&view.resource().status()?),
        interpretation: view.interpretation()?.into_iter().map(boxed).collect(),
        notes,
        flags: Vec::new(),
        device: view.device()?.map(boxed),
    })
}
