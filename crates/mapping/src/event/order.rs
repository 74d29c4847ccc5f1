//! Orders, reports, specimens and medications as workloads see them.

use clinical::{EventTime, Given, Order, OrderKind, Quantity, Value};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::{PeriodView, QuantityView, ReferenceView, ResourceView};

use super::concept::{boxed, codes, quantity, words};
use crate::fhir::is_declined;

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
        active: !NOT_STANDING.contains(&resource.status()?.as_ref()) && !is_declined(resource)?,
        given: if kind == OrderKind::MedicationGiven {
            given(resource)?
        } else {
            Given::default()
        },
    }))
}

/// Reads how much was given: `dosage.dose`, `dosage.rateQuantity` or `dosage.rateRatio`, and the end of it.
fn given(resource: &ResourceView<'_>) -> Result<Given, Malformed> {
    let dosage = |name: &str| match resource.get("dosage") {
        Some(dosage) => dosage.get(name),
        None => Ok(None),
    };
    let rate = match dosage("rateQuantity")? {
        Some(rate) => amount(rate)?,
        None => dosage("rateRatio")?.map(ratio).transpose()?.flatten(),
    };
    let period = resource.get("effectivePeriod").map(PeriodView::read);
    Ok(Given {
        dose: dosage("dose")?.map(amount).transpose()?.flatten(),
        rate,
        end: period
            .transpose()?
            .and_then(|period| EventTime::parse(&period.end)),
    })
}

fn amount(raw: Raw<'_>) -> Result<Option<Quantity>, Malformed> {
    Ok(match quantity(&QuantityView::read(raw)?) {
        Some(Value::Quantity(quantity)) => Some(quantity),
        Some(Value::Coded(_) | Value::Text(_)) | None => None,
    })
}

/// Reads a ratio as an amount in one unit of time; `5 mg / 2 h` is `2.5 mg/h`.
fn ratio(raw: Raw<'_>) -> Result<Option<Quantity>, Malformed> {
    let side = |name: &str| -> Result<Option<Quantity>, Malformed> {
        Ok(raw.get(name)?.map(amount).transpose()?.flatten())
    };
    let (Some(above), Some(below)) = (side("numerator")?, side("denominator")?) else {
        return Ok(None);
    };
    Ok(above.value.checked_div(below.value).map(|value| Quantity {
        comparator: above.comparator,
        // A division leaves zeros behind.
        value: value.normalize(),
        unit: format!("{}/{}", above.unit, below.unit).into(),
    }))
}
