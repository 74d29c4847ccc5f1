//! What is written stands in the order of R4 and can be read.

use expect_test::{Expect, expect};

use super::*;
use crate::fhir::json::Number;
use crate::fhir::view::bundle::BundleView;
use crate::fhir::view::observation::{ObservationView, ValueView};

fn check(resource: &impl ToJson, expected: Expect) {
    expected.assert_eq(&String::from_utf8(resource.to_json()).unwrap());
}

#[test]
fn an_observation_reads_back() {
    let loinc = [Coding {
        system: "http://loinc.org",
        code: "85354-9",
        ..Coding::default()
    }];
    let code = CodeableConcept {
        codings: &loinc,
        text: "",
    };
    let amount = Quantity {
        value: Number::parse("120.0"),
        unit: "mmHg",
        ..Quantity::default()
    };
    let observation = Observation {
        id: "o1",
        status: "final",
        code,
        subject: Reference {
            reference: "Patient/p",
            ..Reference::default()
        },
        effective: "2026-03-01T10:00:00+01:00",
        value: Value::Quantity(amount),
        notes: &[Annotation {
            text: "left arm",
            ..Annotation::default()
        }],
        components: &[Component {
            code,
            value: Value::Text("x"),
        }],
        ..Observation::default()
    };
    check(
        &observation,
        expect![[
            r#"{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-03-01T10:00:00+01:00","valueQuantity":{"value":120.0,"unit":"mmHg"},"note":[{"text":"left arm"}],"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"valueString":"x"}]}"#
        ]],
    );
    let json = observation.to_json();
    let view = ObservationView::read(&json).unwrap();
    assert!(matches!(view.value(), Ok(Some(ValueView::Quantity(q))) if q.value == amount.value));
}

#[test]
fn a_patient_and_a_visit_are_written_in_order() {
    check(
        &Patient {
            id: "p",
            active: Some(true),
            names: &[HumanName {
                family: "Doe",
                given: &["Jane"],
                ..HumanName::default()
            }],
            gender: "female",
            birth_date: "1954-02",
            ..Patient::default()
        },
        expect![[
            r#"{"resourceType":"Patient","id":"p","active":true,"name":[{"family":"Doe","given":["Jane"]}],"gender":"female","birthDate":"1954-02"}"#
        ]],
    );
    check(
        &Encounter {
            id: "e",
            status: "in-progress",
            class: Coding {
                code: "IMP",
                ..Coding::default()
            },
            locations: &[EncounterLocation {
                location: Reference {
                    display: "4 West",
                    ..Reference::default()
                },
                status: "active",
                ..EncounterLocation::default()
            }],
            ..Encounter::default()
        },
        expect![[
            r#"{"resourceType":"Encounter","id":"e","status":"in-progress","class":{"code":"IMP"},"location":[{"location":{"display":"4 West"},"status":"active"}]}"#
        ]],
    );
}

#[test]
fn the_others_name_their_type() {
    check(
        &DiagnosticReport::default(),
        expect![[r#"{"resourceType":"DiagnosticReport"}"#]],
    );
    check(
        &Practitioner::default(),
        expect![[r#"{"resourceType":"Practitioner"}"#]],
    );
    check(
        &Organization {
            name: "Lab",
            ..Organization::default()
        },
        expect![[r#"{"resourceType":"Organization","name":"Lab"}"#]],
    );
    check(
        &Location::default(),
        expect![[r#"{"resourceType":"Location"}"#]],
    );
    check(
        &Provenance {
            recorded: "2026-03-01T10:00:00Z",
            agent: Reference {
                display: "Lab",
                ..Reference::default()
            },
            ..Provenance::default()
        },
        expect![[
            r#"{"resourceType":"Provenance","recorded":"2026-03-01T10:00:00Z","agent":[{"who":{"display":"Lab"}}]}"#
        ]],
    );
}

#[test]
fn a_bundle_holds_its_resources() {
    let patient = Patient {
        id: "p",
        ..Patient::default()
    };
    let json = patient.to_json();
    let bundle = bundle("collection", [("urn:uuid:1", json.as_slice())]);
    expect![[r#"{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p"}}]}"#]].assert_eq(std::str::from_utf8(&bundle).unwrap());
    let view = BundleView::read(&bundle).unwrap();
    assert_eq!(view.resources().next().unwrap().unwrap().id().unwrap(), "p");
}
