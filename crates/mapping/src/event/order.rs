//! Orders, reports, specimens and medications as workloads see them.

use clinical::{Order, OrderKind};
use formats::fhir::read::Malformed;
use formats::fhir::view::{ReferenceView, ResourceView};

use super::concept::{boxed, codes, words};

/// The statuses of FHIR R4 that say that what was ordered or given does not stand, or not yet.
const NOT_STANDING: [&str; 6] = [
    "draft",
    "revoked",
    "cancelled",
    "not-done",
    "entered-in-error",
    "error",
];

/// Reads an order; nothing where the resource type is none of those that are orders.
pub(super) fn order(kind: &str, resource: &ResourceView<'_>) -> Result<Option<Order>, Malformed> {
    let (kind, what) = match kind {
        "ServiceRequest" | "DiagnosticReport" => (OrderKind::Service, "code"),
        "Specimen" => (OrderKind::Specimen, "type"),
        "MedicationRequest" => (OrderKind::MedicationOrdered, "medicationCodeableConcept"),
        "MedicationAdministration" => (OrderKind::MedicationGiven, "medicationCodeableConcept"),
        _ => return Ok(None),
    };
    let mut codes = codes(resource.concept(what))?;
    if let (true, Some(medication)) = (codes.is_empty(), resource.get("medicationReference")) {
        codes.extend(words(ReferenceView::read(medication)?.display));
    }
    Ok(Some(Order {
        resource: boxed(resource.id()?),
        kind,
        codes,
        active: !NOT_STANDING.contains(&resource.status()?.as_ref()),
    }))
}
