//! What a resource that was deleted still says: that it is no more, and in the place of what R4 asks for, that it is not known.

use std::borrow::Cow;

use clinical::PatientKey;
use formats::fhir::definition::{Definition, Element, Held};
use formats::fhir::json::{self, Object};

/// The extension that stands where a value is not known.
const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// The code that says that a resource should not have been.
const IN_ERROR: &str = "entered-in-error";

/// The status that comes nearest, for types whose status cannot say that; the first that a type has.
const ENDED: [&str; 5] = ["inactive", "retired", "cancelled", "stopped", "unknown"];

/// Elements that R4 asks for by its invariants, by type or part.
const INVARIANT: [(&str, &str); 11] = [
    ("Appointment", "start"),
    ("Appointment", "end"),
    ("Appointment.participant", "actor"),
    ("AppointmentResponse", "actor"),
    ("CapabilityStatement", "description"),
    ("CapabilityStatement", "rest"),
    ("Consent", "policyRule"),
    ("ImmunizationRecommendation.recommendation", "vaccineCode"),
    ("InsurancePlan", "name"),
    ("Organization", "name"),
    ("StructureDefinition", "differential"),
];

/// What marks a resource as deleted, whatever its type: types that know no status can say it in no other way.
const TAG: (&str, &str) = ("urn:pulsewire:tag", "deleted");

/// How deep what R4 asks for may lie in what it asks for.
const DEPTH_MAX: u8 = 8;

/// The code systems of the status of verification, by type.
const VERIFICATION: [(&str, &str); 2] = [
    (
        "AllergyIntolerance",
        "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
    ),
    (
        "Condition",
        "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    ),
];

/// Gives the elements of a resource that was deleted, as JSON.
pub(super) fn elements(
    kind: &str,
    patient: Option<PatientKey>,
) -> Vec<(Cow<'static, str>, Vec<u8>)> {
    let mut said: Vec<(Cow<'static, str>, Vec<u8>)> = Vec::new();
    let Some(definition) = Definition::of(kind) else {
        return said;
    };
    // A patient or visit may come back, and its meta with it.
    if !matches!(kind, "Patient" | "Encounter") {
        said.push(("meta".into(), tag()));
    }
    let mut last = None;
    for element in definition.elements() {
        let name = element.name();
        if name == "resourceType" || last == Some(element.order()) {
            continue;
        }
        if let Some(value) = ending(kind, element) {
            said.push((name.into(), value));
        } else if !is_asked(kind, element) {
            continue;
        } else if let (Some(patient), true) = (patient, refers_to_patient(element)) {
            let reference = format!("Patient/{patient}");
            let value = json::object(|object| {
                object.string("reference", &reference);
            });
            said.push((name.into(), value));
        } else {
            said.push(absent(element));
        }
        last = Some(element.order());
    }
    said
}

/// Gives what an element says of a resource that is no more; nothing where it does not speak of that.
fn ending(kind: &str, element: Element) -> Option<Vec<u8>> {
    match element.name() {
        "active" => Some(json::boolean(false).to_vec()),
        "status" => {
            let codes = element.codes().unwrap_or_default();
            let fitting = std::iter::once(IN_ERROR).chain(ENDED);
            let code = fitting.into_iter().find(|code| codes.contains(code));
            code.map(json::string)
        }
        "verificationStatus" => {
            let (_, system) = VERIFICATION.iter().find(|(name, _)| *name == kind)?;
            Some(json::object(|concept| {
                concept.array("coding", |codings| {
                    codings.object(|coding| {
                        coding.string("system", system).string("code", IN_ERROR);
                    });
                });
            }))
        }
        _ => None,
    }
}

fn tag() -> Vec<u8> {
    json::object(|meta| {
        meta.array("tag", |tags| {
            tags.object(|tag| {
                let (system, code) = TAG;
                tag.string("system", system).string("code", code);
            });
        });
    })
}

/// Says whether R4 asks for an element of a type or part, by itself or by an invariant.
fn is_asked(of: &str, element: Element) -> bool {
    element.is_required() || INVARIANT.contains(&(of, element.name()))
}

fn refers_to_patient(element: Element) -> bool {
    let is_reference =
        matches!(element.holds(), Some(Held::Type(held)) if held.name() == "Reference");
    is_reference && element.targets().any(|target| target == "Patient") && !element.repeats()
}

/// Gives an element that R4 asks for as one that is not known.
fn absent(element: Element) -> (Cow<'static, str>, Vec<u8>) {
    let value = if element.repeats() {
        json::array(|array| {
            array.object(|inner| put_inner(inner, element, 0));
        })
    } else {
        json::object(|inner| put_inner(inner, element, 0))
    };
    (written_as(element), value)
}

/// Gives the name under which an element says that it is not known: what is simple says so beside it.
fn written_as(element: Element) -> Cow<'static, str> {
    match element.holds() {
        Some(Held::Primitive(_)) => Cow::Owned(format!("_{}", element.name())),
        _ => Cow::Borrowed(element.name()),
    }
}

fn put_absent(object: &mut Object<'_>, element: Element, depth: u8) {
    let name = written_as(element);
    if element.repeats() {
        object.array(&name, |array| {
            array.object(|inner| put_inner(inner, element, depth));
        });
    } else {
        object.object(&name, |inner| put_inner(inner, element, depth));
    }
}

fn put_inner(object: &mut Object<'_>, element: Element, depth: u8) {
    object.array("extension", |extensions| {
        extensions.object(|extension| {
            extension
                .string("url", ABSENT)
                .string("valueCode", "unknown");
        });
    });
    let Some(Held::Type(held)) = element.holds() else {
        return;
    };
    if depth == DEPTH_MAX {
        return;
    }
    let mut last = None;
    for inner in held.elements() {
        if is_asked(held.name(), inner) && last != Some(inner.order()) {
            put_absent(object, inner, depth + 1);
            last = Some(inner.order());
        }
    }
}
