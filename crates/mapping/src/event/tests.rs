//! What workloads see of what the patient stream holds.

use clinical::{EncounterStatus, Merge, MergeRole};
use expect_test::{Expect, expect};

use super::*;

mod corpus;

fn envelope<'a>(content_type: &'a str, bytes: &'a [u8]) -> Envelope<'a> {
    Envelope {
        key: PatientKey::from_bytes([1; 16]),
        content_type,
        event_id: EventId::from_bytes([2; 16]),
        event_time: EventTime::from_micros(0),
        recorded: None,
        received_time: ReceivedTime::from_micros(0),
        origin: Origin::default(),
        plausibility: "",
        backfill: false,
        bytes,
    }
}

fn check(resource: &str, expected: Expect) {
    let shown = match event(&envelope(FHIR_JSON, resource.as_bytes())) {
        Ok(Some(event)) => format!("{:#?}", event.fact),
        Ok(None) => "nothing for workloads".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn a_result_keeps_its_digits_and_its_codings() {
    check(
        r#"{"resourceType":"Observation","id":"o1","status":"corrected",
        "code":{"coding":[{"system":"http://loinc.org","code":"2823-3"},{"code":"K","display":"Kalium"}],"text":"Potassium"},
        "valueQuantity":{"value":9.60,"comparator":"<","unit":"mmol/l","code":"mmol/L"},
        "interpretation":[{"coding":[{"code":"HH"}]}],"note":[{"text":"haemolysed"}],
        "device":{"reference":"Device/d1","identifier":{"value":"analyser-7"}}}"#,
        expect![[r#"
            Observation(
                Observation {
                    resource: "o1",
                    codes: [
                        Code {
                            system: Loinc,
                            code: "2823-3",
                            display: "Potassium",
                        },
                        Code {
                            system: Other(
                                "",
                            ),
                            code: "K",
                            display: "Kalium",
                        },
                    ],
                    value: Some(
                        Quantity(
                            Quantity {
                                comparator: Some(
                                    Less,
                                ),
                                value: 9.60,
                                unit: "mmol/L",
                            },
                        ),
                    ),
                    components: [],
                    status: Corrected,
                    interpretation: [
                        "HH",
                    ],
                    notes: [
                        "haemolysed",
                    ],
                    flags: [],
                    device: Some(
                        "analyser-7",
                    ),
                },
            )"#]],
    );
}

#[test]
fn a_panel_has_parts_and_no_value_of_its_own() {
    check(
        r#"{"resourceType":"Observation","id":"bp","status":"final","code":{"text":"BP"},"component":[
        {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120}},
        {"code":{"text":"no value"}},
        {"code":{"text":"band"},"valueRange":{"low":{"value":3,"unit":"a"},"high":{"value":5}}}]}"#,
        expect![[r#"
            Observation(
                Observation {
                    resource: "bp",
                    codes: [
                        Code {
                            system: Other(
                                "",
                            ),
                            code: "",
                            display: "BP",
                        },
                    ],
                    value: None,
                    components: [
                        (
                            [
                                Code {
                                    system: Loinc,
                                    code: "8480-6",
                                    display: "",
                                },
                            ],
                            Quantity(
                                Quantity {
                                    comparator: None,
                                    value: 120,
                                    unit: "",
                                },
                            ),
                        ),
                        (
                            [
                                Code {
                                    system: Other(
                                        "",
                                    ),
                                    code: "",
                                    display: "band",
                                },
                            ],
                            Text(
                                "3 a - 5",
                            ),
                        ),
                    ],
                    status: Final,
                    interpretation: [],
                    notes: [],
                    flags: [],
                    device: None,
                },
            )"#]],
    );
}

#[test]
fn values_of_other_types_become_words() {
    for (value, expected) in [
        (r#""valueString":"neg""#, r#"Text("neg")"#),
        (r#""valueBoolean":true"#, r#"Text("true")"#),
        (
            r#""valueRatio":{"numerator":{"value":1},"denominator":{"value":40}}"#,
            r#"Text("1:40")"#,
        ),
        (
            r#""valueQuantity":{"value":1.23456789012345678901234567890123}"#,
            r#"Text("1.23456789012345678901234567890123")"#,
        ),
        (
            r#""valueQuantity":{"value":5,"comparator":"ad"}"#,
            r#"Text("ad5")"#,
        ),
    ] {
        let resource = format!(r#"{{"resourceType":"Observation",{value}}}"#);
        let event = event(&envelope(FHIR_JSON, resource.as_bytes())).unwrap();
        let Fact::Observation(observation) = event.unwrap().fact else {
            panic!("an Observation was sent");
        };
        assert_eq!(format!("{:?}", observation.value.unwrap()), expected);
    }
}

#[test]
fn a_visit_shows_where_it_stands() {
    check(
        r#"{"resourceType":"Encounter","id":"e1","status":"in-progress","class":{"code":"EMER"},
        "period":{"start":"2026-03-01T10:00:00+01:00","end":"2026-03-02"},
        "location":[{"location":{"display":"4 West / 412 / A"},"status":"active"}]}"#,
        expect![[r#"
            Encounter(
                Encounter {
                    resource: "e1",
                    class: Emergency,
                    status: InProgress,
                    location: "4 West / 412 / A",
                    start: Some(
                        2026-03-01T09:00:00Z,
                    ),
                    end: None,
                },
            )"#]],
    );
}

#[test]
fn a_person_is_only_what_workloads_need() {
    check(
        r#"{"resourceType":"Patient","id":"p","name":[{"family":"Doe"}],"gender":"female","birthDate":"1954-02","deceasedDateTime":"2026-03-01"}"#,
        expect![[r#"
            Person(
                Person {
                    birth_date: Some(
                        "1954-02",
                    ),
                    gender: Some(
                        "female",
                    ),
                    deceased: true,
                },
            )"#]],
    );
}

#[test]
fn orders_stand_until_cancelled() {
    let active = |json: &str| match event(&envelope(FHIR_JSON, json.as_bytes())) {
        Ok(Some(Event {
            fact: Fact::Order(order),
            ..
        })) => (order.kind, order.active, order.codes.len()),
        other => panic!("an order was sent, this came: {other:?}"),
    };
    use clinical::OrderKind::{MedicationGiven, MedicationOrdered, Service, Specimen};
    assert_eq!(
        active(r#"{"resourceType":"ServiceRequest","status":"active","code":{"text":"CBC"}}"#),
        (Service, true, 1)
    );
    assert_eq!(
        active(r#"{"resourceType":"DiagnosticReport","status":"cancelled"}"#),
        (Service, false, 0)
    );
    assert_eq!(
        active(r#"{"resourceType":"Specimen","type":{"coding":[{"code":"BLD"}]}}"#),
        (Specimen, true, 1)
    );
    assert_eq!(
        active(
            r#"{"resourceType":"MedicationRequest","status":"active","medicationReference":{"display":"ceftriaxone"}}"#
        ),
        (MedicationOrdered, true, 1)
    );
    assert_eq!(
        active(r#"{"resourceType":"MedicationAdministration","status":"not-done"}"#),
        (MedicationGiven, false, 0)
    );
}

#[test]
fn what_is_given_has_its_amount_its_rate_and_its_end() {
    let given = |more: &str| {
        let json =
            format!(r#"{{"resourceType":"MedicationAdministration","status":"completed",{more}}}"#);
        let Ok(Some(Event {
            fact: Fact::Order(order),
            ..
        })) = event(&envelope(FHIR_JSON, json.as_bytes()))
        else {
            panic!("a MedicationAdministration was sent");
        };
        let amount = |amount: Option<clinical::Quantity>| amount.map(|amount| amount.to_string());
        let end = order.given.end.map(|end| end.to_string());
        (amount(order.given.dose), amount(order.given.rate), end)
    };
    let of = |text: &str| Some(text.to_owned());
    assert_eq!(
        given(
            r#""dosage":{"rateQuantity":{"value":0.1,"unit":"mcg/kg/min","code":"ug/kg/min"}},
            "effectivePeriod":{"start":"2026-03-02T10:00:00Z","end":"2026-03-02T12:00:00Z"}"#
        ),
        (None, of("0.1 ug/kg/min"), of("2026-03-02T12:00:00Z"))
    );
    assert_eq!(
        given(
            r#""dosage":{"rateRatio":{"numerator":{"value":5,"code":"mg"},"denominator":{"value":2,"code":"h"}}}"#
        ),
        (None, of("2.5 mg/h"), None)
    );
    assert_eq!(
        given(r#""dosage":{"dose":{"value":1000,"code":"mL"}}"#),
        (of("1000 mL"), None, None)
    );
    assert_eq!(
        given(r#""effectiveDateTime":"2026-03-02""#),
        (None, None, None)
    );
}

#[test]
fn what_workloads_do_not_read_is_nothing_and_what_is_broken_is_an_error() {
    check(
        r#"{"resourceType":"Claim"}"#,
        expect!["nothing for workloads"],
    );
    check(
        r#"{"resourceType":"Observation","status":1}"#,
        expect!["the resource is not JSON: a string expected, 1 bytes before its end"],
    );
    check(
        "{",
        expect!["the resource is not JSON: a string expected, 0 bytes before its end"],
    );
    assert_eq!(event(&envelope("text/plain", b"x")), Ok(None));
}

#[test]
fn merges_and_handovers_read_back() {
    for role in [MergeRole::Retired, MergeRole::Survivor] {
        let merge = Merge {
            role,
            other: PatientKey::from_bytes([9; 16]),
        };
        let bytes = identity::write_merge(&merge);
        let event = event(&envelope(identity::MERGE_JSON, &bytes)).unwrap();
        assert_eq!(event.unwrap().fact, Fact::Merge(merge));
    }
    let from = PatientKey::from_bytes([7; 16]);
    let bytes = identity::write_handover(from, b"state");
    assert_eq!(
        identity::read_handover(&bytes),
        Ok(Fact::Handover {
            from,
            state: (*b"state").into()
        })
    );
    assert!(identity::read_handover(&bytes[..16]).is_err());
    assert!(identity::read_handover(b"\x02................").is_err());
    assert!(identity::read_merge(br#"{"role":"other","other":"00"}"#).is_err());
}

#[test]
fn statuses_are_those_of_r4() {
    let status = |code: &str| {
        let json = format!(r#"{{"resourceType":"Encounter","status":"{code}"}}"#);
        let Ok(Some(Event {
            fact: Fact::Encounter(encounter),
            ..
        })) = event(&envelope(FHIR_JSON, json.as_bytes()))
        else {
            panic!("an Encounter was sent");
        };
        encounter.status
    };
    assert_eq!(status("triaged"), EncounterStatus::Arrived);
    assert_eq!(status("cancelled"), EncounterStatus::Cancelled);
    assert_eq!(status("?"), EncounterStatus::Unknown);
}

#[test]
fn a_condition_is_a_problem_until_it_is_refuted_or_over() {
    let said = |statuses: &str| {
        let json = format!(r#"{{"resourceType":"Condition","id":"c1"{statuses}}}"#);
        let event = event(&envelope(FHIR_JSON, json.as_bytes())).unwrap();
        event.map(|event| match event.fact {
            Fact::Problem(problem) => (problem.active, problem.over),
            other => panic!("no problem: {other:?}"),
        })
    };
    let clinical = |code: &str| format!(r#","clinicalStatus":{{"coding":[{{"code":"{code}"}}]}}"#);
    let verified =
        |code: &str| format!(r#","verificationStatus":{{"coding":[{{"code":"{code}"}}]}}"#);
    for stands in [
        String::new(),
        clinical("recurrence"),
        verified("provisional"),
    ] {
        assert_eq!(said(&stands), Some((true, false)), "{stands}");
    }
    for over in ["inactive", "remission", "resolved"] {
        assert_eq!(said(&clinical(over)), Some((true, true)), "{over}");
        let refuted = format!("{}{}", clinical(over), verified("refuted"));
        assert_eq!(said(&refuted), Some((false, true)));
    }
    assert_eq!(said(&verified("entered-in-error")), Some((false, false)));
}

#[test]
fn a_condition_was_written_at_a_moment_or_at_none() {
    let written = |dates: &str| {
        let json = format!(r#"{{"resourceType":"Condition","id":"c1"{dates}}}"#);
        match event(&envelope(FHIR_JSON, json.as_bytes()))
            .unwrap()
            .unwrap()
            .fact
        {
            Fact::Problem(problem) => problem.written.map(|at| at.to_string()),
            other => panic!("no problem: {other:?}"),
        }
    };
    let recorded = r#","recordedDate":"2026-03-01T09:00:00Z""#;
    let onset = r#","onsetDateTime":"2026-03-01T08:00:00Z""#;
    let of = |text: &str| Some(text.to_owned());
    assert_eq!(
        written(&format!("{recorded}{onset}")),
        of("2026-03-01T09:00:00Z")
    );
    assert_eq!(written(onset), of("2026-03-01T08:00:00Z"));
    assert_eq!(written(r#","recordedDate":"2026-03-01""#), None);
}

#[test]
fn what_changes_the_meaning_and_is_not_understood_counts_as_entered_in_error() {
    use clinical::ObservationStatus;
    let read = |resource: &str| event(&envelope(FHIR_JSON, resource.as_bytes())).unwrap();
    let negated = r#""modifierExtension":[{"url":"http://x/negated","valueBoolean":true}]"#;
    let said = |resource: &str| read(resource).map(|event| event.fact);
    let Some(Fact::Observation(seen)) = said(&format!(
        r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{}},"valueInteger":7,"component":[{{{negated}}}]}}"#
    )) else {
        panic!("it is an observation");
    };
    assert_eq!(
        (seen.status, seen.value),
        (ObservationStatus::EnteredInError, None)
    );
    for kind in [
        "ServiceRequest",
        "DiagnosticReport",
        "MedicationRequest",
        "MedicationAdministration",
    ] {
        let resource = format!(
            r#"{{"resourceType":"{kind}","id":"o","status":"active","contained":[{{"resourceType":"Medication",{negated}}}]}}"#
        );
        let Some(Fact::Order(order)) = said(&resource) else {
            panic!("{kind} is an order");
        };
        assert!(!order.active, "{kind}");
    }
    let rules = r#""implicitRules":"http://x/rules""#;
    let Some(Fact::Problem(problem)) = said(&format!(
        r#"{{"resourceType":"Condition","id":"o",{rules},"code":{{"text":"sepsis"}}}}"#
    )) else {
        panic!("it is a problem");
    };
    assert!(!problem.active && problem.codes.is_empty());
    let Some(Fact::Encounter(stay)) = said(&format!(
        r#"{{"resourceType":"Encounter","id":"o",{rules},"status":"in-progress","class":{{"code":"IMP"}}}}"#
    )) else {
        panic!("it is a visit");
    };
    assert_eq!(stay.status, EncounterStatus::EnteredInError);
    let Some(Fact::Person(person)) = said(&format!(
        r#"{{"resourceType":"Patient","id":"o",{rules},"birthDate":"1960-01-01"}}"#
    )) else {
        panic!("it is a person");
    };
    assert_eq!(person.birth_date, None);
}

#[test]
fn what_shall_not_be_done_is_no_order() {
    let is_active = |said: &str| {
        let resource = format!(
            r#"{{"resourceType":"ServiceRequest","id":"o","status":"active","code":{{"text":"blood culture"}},{said}}}"#
        );
        let event = event(&envelope(FHIR_JSON, resource.as_bytes())).unwrap();
        matches!(event.map(|event| event.fact), Some(Fact::Order(order)) if order.active)
    };
    assert!(is_active(r#""doNotPerform":false"#));
    assert!(!is_active(r#""doNotPerform":true"#));
    assert!(!is_active(
        r#""modifierExtension":[{"url":"http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPerform","valueBoolean":true}]"#
    ));
}
