//! What FHIR does not allow is not written, and what was sent of it is told.

use super::*;
use crate::coverage::Outcome;

fn check(segments: &str, resource: &str, name: &str, expected: Expect) {
    expected.assert_eq(&element(segments, resource, name));
}

/// Gives the pieces of a message that are in no resource, each with its reason.
fn left_out(segments: &str) -> Vec<String> {
    let text = format!("MSH|^~\\&|A|B|||20260301100000-0500||ORU^R01|1|P|2.5\r{segments}");
    let message = hl7v2::parse(text.as_bytes());
    let mapped = map(&message, &source(), &site(), received());
    let lines = mapped.coverage.report(&message).lines.into_iter();
    let told = lines.filter_map(|line| match line.outcome {
        Outcome::Unmapped { reason } => {
            Some(format!("{}: {}", line.path, reason.unwrap_or("no reason")))
        }
        _ => None,
    });
    told.collect()
}

#[test]
fn a_period_does_not_end_before_it_begins() {
    let pid = "PID|||7^^^H^MR^^20200301^20200228";
    let told = left_out(pid);
    assert_eq!(
        told,
        [format!("PID[1]-3.8: {}", IssueCode::NotFitting.hint())]
    );
    check(
        "NK1|1|DOE^J^^^^^^^^20200301&20200228\rPV1||I||||||||||||||||||||||||||||||||||||||||||20260301|20260228",
        "Encounter",
        "period",
        expect!["nothing"],
    );
    check_value(
        "DR|1^x^L||20260301^20260228||||||F",
        "valuePeriod",
        expect![[r#"{"start":"2026-03-01"}"#]],
    );
    // What is known to the month only is not known to be earlier.
    check_value(
        "DR|1^x^L||20260315^202603||||||F",
        "valuePeriod",
        expect![[r#"{"start":"2026-03-15","end":"2026-03"}"#]],
    );
}

#[test]
fn a_range_that_is_upside_down_is_a_text() {
    check_value(
        "SN|1^x^L||^20^-^10|mg||||F",
        "valueString",
        expect![[r#""20 - 10 mg""#]],
    );
    check_value("NR|1^x^L||20^10|mg||||F", "valueRange", expect!["nothing"]);
}

#[test]
fn a_part_is_left_out_where_what_it_must_have_was_not_sent() {
    check(
        "ORC|NW|1\rRXO|1^A^L\rRXC|A||5|mg",
        "Medication",
        "ingredient",
        expect!["nothing"],
    );
}

#[test]
fn nothing_is_written_twice() {
    // What is ordered and what is encoded of it are one request.
    let order = "ORC|NW|1\rRXO|A^B^L|5||mg^milligram^L\rRXE||A^B^L|7||g^gram^L";
    let dosage = element(order, "MedicationRequest", "dosageInstruction");
    expect![[r#"[{"doseAndRate":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/dose-rate-type","code":"ordered"}]},"doseQuantity":{"unit":"gram","system":"urn:pulsewire:adt1:L","code":"g","value":7}}]}]"#]].assert_eq(&dosage);
}

#[test]
fn a_universal_id_is_a_uri_only_where_it_is_of_its_kind() {
    let id = |authority: &str| {
        element(
            &format!("PV1||I|||||||||||||||||9^^^{authority}^VN"),
            "Encounter",
            "identifier",
        )
    };
    expect![[r#"unless known [{"value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&2.16.840.1.TBD&ISO"));
    expect![[r#"unless known [{"system":"urn:oid:2.16.840.1","value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&2.16.840.1&ISO"));
    expect![[r#"unless known [{"system":"urn:uuid:dcb587e4-ec7f-4fbd-be78-46f604c70c47","value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&DCB587E4EC7F4FBDBE7846F604C70C47&UUID"));
    expect![[r#"unless known [{"value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&assigned&UUID"));
    check(
        "ORC|RE|1^P^2.16.TBD^ISO|2^F^a.b^DNS\rOBR|1|||P",
        "DiagnosticReport",
        "identifier",
        expect![[
            r#"[{"value":"1","assigner":{"identifier":{"type":{"text":"ISO"},"value":"2.16.TBD"},"display":"P"},"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"PLAC"}]}},{"value":"2","assigner":{"identifier":{"type":{"text":"DNS"},"value":"a.b"},"display":"F"},"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"FILL"}]}}]"#
        ]],
    );
}

#[test]
fn an_identifier_type_is_of_its_table_or_has_no_system() {
    check(
        "PV1||I|||||||||||||||||9^^^H^HAR",
        "Encounter",
        "identifier",
        expect![[
            r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"},{"code":"HAR"}],"text":"visit number"},"value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#
        ]],
    );
}

#[test]
fn a_language_is_a_tag() {
    let of = |language: &str| {
        element(
            &format!("NK1|1|A^B|SPO|||||||||||||||||{language}"),
            "RelatedPerson",
            "communication",
        )
    };
    for (sent, expected) in [
        (
            "eng",
            expect![[
                r#"[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"en","display":"English"}]}}]"#
            ]],
        ),
        (
            "en",
            expect![[
                r#"[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"en","display":"English"}]}}]"#
            ]],
        ),
        (
            "EN-us^^HL70296",
            expect![[
                r#"[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"en-US","display":"English"}]}}]"#
            ]],
        ),
        (
            "ger^German^ISO6392",
            expect![[
                r#"[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"de","display":"German"}]}}]"#
            ]],
        ),
        (
            "7^Spanish^L",
            expect![[
                r#"[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"es","display":"Spanish"},{"system":"urn:pulsewire:adt1:L","code":"7","display":"Spanish"}]}}]"#
            ]],
        ),
        (
            "20160308",
            expect![[
                r#"[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"und","display":"Undetermined"},{"code":"20160308"}]}}]"#
            ]],
        ),
    ] {
        expected.assert_eq(&of(sent));
    }
}

#[test]
fn a_name_is_put_together_as_the_table_says_or_it_is_told() {
    check(
        "NK1|1|A^B^^^^^^^^^F",
        "RelatedPerson",
        "name",
        expect![[
            r#"[{"family":"A","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/humanname-assembly-order","valueCode":"F"}],"given":["B"]}]"#
        ]],
    );
    let told = left_out("PID|||7^^^H^MR||A^B^^^^^^^^^20330101");
    assert_eq!(
        told,
        [format!("PID[1]-5.11: {}", IssueCode::CodeUnknown.hint())]
    );
}

#[test]
fn a_census_tract_stands_behind_the_lines() {
    check(
        "NK1|1|A^B||1 ST^APT^TOWN^ST^1^US^H^^^1234.5",
        "RelatedPerson",
        "address",
        expect![[
            r#"[{"use":"home","line":["1 ST","APT"],"_line":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract","valueString":"1234.5"}]}],"city":"TOWN","state":"ST","postalCode":"1","country":"US"}]"#
        ]],
    );
}

#[test]
fn the_class_of_a_stay_says_what_was_sent() {
    check(
        "PV1||HOS^Hospice^L|||||||||||||||||9",
        "Encounter",
        "class",
        expect![[
            r#"unless known {"system":"urn:pulsewire:adt1:L","code":"HOS","display":"Hospice"}"#
        ]],
    );
}

#[test]
fn a_number_that_fhir_has_no_room_for_is_told() {
    let told = left_out("PID|||7^^^H^MR\rPV1||I|||||||||||||||||9\rDG1|1||A^B^L||||||||||||-2");
    assert!(
        told.contains(&format!("DG1[1]-15: {}", IssueCode::NotANumber.hint())),
        "{told:?}"
    );
}

#[test]
fn a_breed_stands_with_its_species() {
    let has = |species: &str, name: &str| {
        let pipes = "|".repeat(32);
        let text = format!(
            "MSH|^~\\&|A|B|||20260301||ADT^A08|1|P|2.5\rPID|||7^^^H^MR{pipes}{species}|B^Beagle^L"
        );
        let message = hl7v2::parse(text.as_bytes());
        let mapped = map(&message, &source(), &site(), received());
        String::from_utf8_lossy(&crate::bundle(&mapped)).contains(name)
    };
    assert!(!has("", "patient-animal"));
    assert!(has("D^Dog^L", "patient-animal") && has("D^Dog^L", "Beagle"));
}
