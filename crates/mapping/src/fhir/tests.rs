//! Whom a resource is about, and the drafts that resources become.

use std::collections::BTreeMap;

use clinical::{EventTime, PatientKey};
use expect_test::{Expect, expect};
use formats::fhir::read::Raw;

use super::*;
use crate::source::Zone;

const KEY: PatientKey = PatientKey::from_bytes([0xaa; 16]);
const OTHER: PatientKey = PatientKey::from_bytes([0xbb; 16]);

fn about(json: &str) -> String {
    match subject(Raw::read(json.as_bytes()).unwrap()) {
        Subject::None => "nobody".to_owned(),
        Subject::Identifier(one) => format!("{}|{}", one.system, one.value),
        Subject::Reference {
            id,
            base,
            identifier,
            ..
        } => {
            let identifier =
                identifier.map_or_else(String::new, |one| format!(" {}|{}", one.system, one.value));
            format!("{base}>{id}{identifier}")
        }
        Subject::Conditional { query, .. } => format!("?{query}"),
        Subject::Unresolved(text) => format!("unresolved {text}"),
    }
}

#[test]
fn a_patient_is_named_by_the_best_of_its_identifiers() {
    let check = |identifiers: &str, expected: &str| {
        let json = format!(r#"{{"resourceType":"Patient","id":"7","identifier":[{identifiers}]}}"#);
        assert_eq!(about(&json), expected, "{identifiers}");
    };
    let plain = r#"{"system":"s","value":"1"}"#;
    let official = r#"{"use":"official","system":"s","value":"2"}"#;
    let mr = r#"{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"s","value":"3"}"#;
    let old = r#"{"use":"old","type":{"coding":[{"code":"MR"}]},"system":"s","value":"4"}"#;
    let other = r#"{"type":{"coding":[{"system":"http://else.example","code":"MR"}]},"system":"s","value":"5"}"#;
    check(&[old, plain, official, mr].join(","), "s|3");
    check(&[plain, official].join(","), "s|2");
    check(&[other, plain].join(","), "s|5");
    check(&[old, plain].join(","), "s|1");
    check(old, "s|4");
    check(
        r#"{"value":"1"},{"system":"s"},{"system":"s","value":" "}"#,
        ">7",
    );
    check("", ">7");
}

#[test]
fn a_resource_is_about_whom_its_type_says() {
    let check = |rest: &str, expected: &str| {
        assert_eq!(
            about(&format!(r#"{{"resourceType":{rest}}}"#)),
            expected,
            "{rest}"
        );
    };
    check(
        r#""Observation","subject":{"reference":"Patient/7/_history/1"}"#,
        ">7",
    );
    check(
        r#""Observation","subject":{"reference":"Group/7"}"#,
        "nobody",
    );
    check(
        r#""Observation","subject":{"reference":"https://x.example/fhir/Patient/7"}"#,
        "https://x.example/fhir>7",
    );
    check(
        r#""Observation","subject":{"reference":"Patient?identifier=s|1"}"#,
        "?identifier=s|1",
    );
    check(
        r#""Observation","subject":{"identifier":{"system":"s","value":"1"}}"#,
        "s|1",
    );
    check(
        r#""Observation","subject":{"type":"Device","identifier":{"system":"s","value":"1"}}"#,
        "nobody",
    );
    check(
        r#""Observation","subject":{"reference":"Patient/7","identifier":{"system":"s","value":"1"}}"#,
        ">7 s|1",
    );
    check(
        r#""Observation","subject":{"reference":"urn:uuid:1"}"#,
        "unresolved urn:uuid:1",
    );
    check(
        r##""Observation","contained":[{"resourceType":"Patient","id":"p","identifier":[{"system":"s","value":"1"}]}],"subject":{"reference":"#p"}"##,
        "s|1",
    );
}

#[test]
fn each_type_names_its_patient_in_its_own_way() {
    let check = |rest: &str, expected: &str| {
        assert_eq!(
            about(&format!(r#"{{"resourceType":{rest}}}"#)),
            expected,
            "{rest}"
        );
    };
    check(
        r#""Coverage","beneficiary":{"reference":"Patient/7"},"payor":[{"reference":"Patient/8"}]"#,
        ">7",
    );
    check(
        r#""Task","for":{"reference":"Patient/7"},"focus":{"reference":"Patient/8"}"#,
        ">7",
    );
    check(
        r#""Task","for":{"identifier":{"system":"s","value":"1"}}"#,
        "nobody",
    );
    check(
        r#""Task","for":{"type":"Patient","identifier":{"system":"s","value":"1"}}"#,
        "s|1",
    );
    check(
        r#""Appointment","participant":[{"actor":{"reference":"Practitioner/1"}},{"actor":{"reference":"Patient/7"}}]"#,
        ">7",
    );
    check(
        r#""Account","subject":[{"reference":"Patient/7"},{"reference":"Patient/7"}]"#,
        ">7",
    );
    check(
        r#""Account","subject":[{"reference":"Patient/7"},{"reference":"Patient/8"}]"#,
        "nobody",
    );
    check(
        r#""DocumentReference","context":{"sourcePatientInfo":{"reference":"Patient/7"}}"#,
        ">7",
    );
    check(
        r#""AuditEvent","agent":[{"who":{"reference":"Patient/8"}}],"entity":[{"what":{"reference":"Patient/7"}}]"#,
        ">7",
    );
    check(
        r#""ResearchSubject","individual":{"reference":"Patient/7"}"#,
        ">7",
    );
    check(r#""Organization","id":"1""#, "nobody");
    check(r#""Nothing""#, "nobody");
}

/// Drafts a resource about KEY; `Patient/8` is another's.
fn check(json: &str, expected: Expect) {
    let patients = BTreeMap::from([("Patient/8".into(), OTHER)]);
    let names = Names {
        patient: Some(KEY),
        patients: &patients,
        own_ids: "urn:pulsewire:source:ehr",
        zone: &Zone::UTC,
        message_time: EventTime::parse("2026-03-01T12:00:00Z").unwrap(),
    };
    let shown = match draft(json.as_bytes(), &names) {
        Err(refused) => format!("{} {refused}", refused.code.code()),
        Ok(draft) => {
            let recorded = draft
                .recorded
                .map_or_else(|| "-".to_owned(), |at| at.to_string());
            let json = String::from_utf8(draft.to_json().into_owned()).unwrap();
            format!(
                "{} at {}, recorded {recorded}\n{json}",
                draft.id, draft.event_time
            )
        }
    };
    expected.assert_eq(
        &shown
            .replace(&KEY.to_string(), "KEY")
            .replace(&OTHER.to_string(), "OTHER"),
    );
}

#[test]
fn a_resource_says_all_it_said_with_patients_by_their_keys() {
    check(
        r##"{"valueQuantity":{"value":9.60,"unit":"mg"},"resourceType":"Observation","id":"o1","meta":{"versionId":"3","lastUpdated":"2026-03-01T11:00:00Z","profile":["p"]},
            "subject":{"reference":"Patient/7"},"focus":[{"reference":"Patient/8"},{"reference":"Patient/9"}],"status":"final","effectiveDateTime":"2026-03-01","issued":"2026-03-01T10:00:00+01:00",
            "contained":[{"resourceType":"Patient","id":"c"}],"_status":{"id":"x"},"strange":true}"##,
        expect![[r#"
            o1 at 2026-03-01T00:00:00Z, recorded 2026-03-01T09:00:00Z
            {"resourceType":"Observation","id":"o1","meta":{"profile":["p"]},"contained":[{"resourceType":"Patient","id":"c"}],"status":"final","_status":{"id":"x"},"subject":{"reference":"Patient/KEY"},"focus":[{"reference":"Patient/OTHER"},{"reference":"Patient/9"}],"effectiveDateTime":"2026-03-01","issued":"2026-03-01T10:00:00+01:00","valueQuantity":{"value":9.60,"unit":"mg"},"strange":true}"#]],
    );
}

#[test]
fn a_patient_is_under_its_key_and_keeps_its_own_id_as_an_identifier() {
    check(
        r#"{"resourceType":"Patient","id":"7","meta":{"lastUpdated":"2026-03-01T11:00:00Z"},"birthDate":"1970-01-02","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1970-01-02T03:04:05Z"}]},"identifier":[{"system":"s","value":"1"}],"link":[{"other":{"reference":"Patient/8"},"type":"seealso"}]}"#,
        expect![[r#"
            KEY at 2026-03-01T11:00:00Z, recorded 2026-03-01T11:00:00Z
            {"resourceType":"Patient","id":"KEY","identifier":[{"system":"s","value":"1"},{"system":"urn:pulsewire:source:ehr","value":"7"}],"birthDate":"1970-01-02","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1970-01-02T03:04:05Z"}]},"link":[{"other":{"reference":"Patient/OTHER"},"type":"seealso"}]}"#]],
    );
    check(
        r#"{"resourceType":"Patient","id":"7","identifier":[{"system":"urn:pulsewire:source:ehr","value":"7"}]}"#,
        expect![[r#"
            KEY at 2026-03-01T12:00:00Z, recorded -
            {"resourceType":"Patient","id":"KEY","identifier":[{"system":"urn:pulsewire:source:ehr","value":"7"}]}"#]],
    );
}

#[test]
fn what_lies_ahead_is_not_when_it_was_true_unless_it_was_measured_then() {
    check(
        r#"{"resourceType":"Appointment","id":"a","start":"2026-05-01T10:00:00Z","created":"2026-02-01"}"#,
        expect![[r#"
            a at 2026-02-01T00:00:00Z, recorded -
            {"resourceType":"Appointment","id":"a","start":"2026-05-01T10:00:00Z","created":"2026-02-01"}"#]],
    );
    check(
        r#"{"resourceType":"Observation","id":"o","effectivePeriod":{"start":"2099-05-01T10:00:00Z"}}"#,
        expect![[r#"
            o at 2099-05-01T10:00:00Z, recorded -
            {"resourceType":"Observation","id":"o","effectivePeriod":{"start":"2099-05-01T10:00:00Z"}}"#]],
    );
}

#[test]
fn what_is_no_resource_of_its_own_is_refused() {
    check(
        r#"{"id":"1"}"#,
        expect!["required Resource.resourceType: a resource says its resourceType: add it"],
    );
    check(
        r#"{"resourceType":"Nobody","id":"1"}"#,
        expect![
            "not-supported Resource.resourceType: the resourceType is none of FHIR R4: look for its right name"
        ],
    );
    check(
        r#"{"resourceType":"Bundle","id":"1"}"#,
        expect![
            "not-supported Resource.resourceType: a resource of this type wraps others or answers a request, and is not kept: send what is in it"
        ],
    );
    check(
        r#"{"resourceType":"Patient"}"#,
        expect![
            "required Patient.id: the resource has no id: give it one, or have it created under a new one"
        ],
    );
    check(
        r#"{"resourceType":"Patient","id":"a b"}"#,
        expect!["value Patient.id: an id has 1 to 64 letters, digits, hyphens and dots: change it"],
    );
    check(
        r#"{"resourceType":"Patient","id":"1","act\u0069ve":true}"#,
        expect!["structure Patient: the name of an element has an escape: write it as it is"],
    );
    check(
        r#"7"#,
        expect!["required Resource.resourceType: a resource says its resourceType: add it"],
    );
}

#[test]
fn what_is_deleted_of_any_type_is_valid_and_says_so_where_it_can() {
    let patients = BTreeMap::new();
    let names = Names {
        patient: Some(KEY),
        patients: &patients,
        own_ids: "urn:pulsewire:source:ehr",
        zone: &Zone::UTC,
        message_time: EventTime::parse("2026-03-01T12:00:00Z").unwrap(),
    };
    let mut validator = formats::fhir::validate::Validator::default();
    let mut wrong = Vec::new();
    for kind in resource_types() {
        let draft = deletion(kind, "d", &names).unwrap();
        let json = draft.to_json();
        let text = std::str::from_utf8(&json).unwrap();
        let says_so = ["entered-in-error", "\"active\":false", "\"deleted\""];
        assert!(says_so.iter().any(|word| text.contains(word)), "{text}");
        let issues = validator.validate(&json);
        let errors = issues
            .iter()
            .filter(|issue| issue.severity != formats::fhir::validate::Severity::Warning);
        wrong.extend(errors.map(|issue| format!("{}: {}", issue.path, issue.text)));
    }
    expect![[""]].assert_eq(&wrong.join("\n"));
    let shown = |kind: &str| {
        let draft = deletion(kind, "d", &names).unwrap();
        String::from_utf8(draft.to_json().into_owned())
            .unwrap()
            .replace(&KEY.to_string(), "KEY")
    };
    expect![[r#"{"resourceType":"Observation","id":"d","meta":{"tag":[{"system":"urn:pulsewire:tag","code":"deleted"}]},"status":"entered-in-error","code":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}"#]].assert_eq(&shown("Observation"));
    expect![[r#"{"resourceType":"Condition","id":"d","meta":{"tag":[{"system":"urn:pulsewire:tag","code":"deleted"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]},"subject":{"reference":"Patient/KEY"}}"#]].assert_eq(&shown("Condition"));
    assert!(deletion("Bundle", "d", &names).is_err());
}

#[test]
fn all_references_to_patients_are_told() {
    let json = br#"{"resourceType":"Observation","subject":{"reference":"Patient/7/_history/1"},"focus":[{"reference":"http://x.example/Patient/8"},{"reference":"Group/1"}],"extension":[{"url":"u","valueReference":{"reference":"Patient/7"}}]}"#;
    let found = patient_references(json).unwrap();
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        ["Patient/7", "http://x.example/Patient/8"]
    );
}
