//! What FHIR does not allow is not written, and what was sent of it is told.

use formats::fhir::read::Raw;

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
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&2.16.840.1.TBD&ISO"));
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"system":"urn:oid:2.16.840.1","value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&2.16.840.1&ISO"));
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"system":"urn:uuid:dcb587e4-ec7f-4fbd-be78-46f604c70c47","value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&DCB587E4EC7F4FBDBE7846F604C70C47&UUID"));
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&assigned&UUID"));
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

/// Gives the last resource of a type that a message makes.
fn made(header: &str, segments: &str, resource: &str) -> String {
    let text = format!("MSH|^~\\&|A|B|||20260301||{header}|1|P|2.7\rPID|||7^^^H^MR\r{segments}");
    let message = hl7v2::parse(text.as_bytes());
    let mapped = map(&message, &source(), &site(), received());
    let bundle = crate::bundle(&mapped);
    assert_eq!(formats::fhir::validate::validate(&bundle), [], "{segments}");
    let is_it = |draft: &&Draft| draft.resource_type == resource;
    let last = mapped.drafts.iter().rfind(is_it);
    last.map_or_else(String::new, |draft| {
        String::from_utf8_lossy(&draft.to_json()).into_owned()
    })
}

/// Gives one element of it.
fn part(header: &str, segments: &str, resource: &str, name: &str) -> String {
    let json = made(header, segments, resource);
    let raw = Raw::read(json.as_bytes()).expect("it was just written");
    let found = raw.get(name).expect("it is an object");
    found
        .map_or("nothing", |raw| {
            std::str::from_utf8(raw.as_bytes()).expect("it is text")
        })
        .to_owned()
}

#[test]
fn an_organization_has_a_name_and_no_home() {
    let pharmacy = |named: &str, telecom: &str| {
        let order = format!(
            "ORC|NW|1\rRXO|A^B^L|5||mg^^L{}{named}||||{telecom}",
            "|".repeat(28)
        );
        made("OMP^O09", &order, "Organization")
    };
    expect![[r#"{"resourceType":"Organization","id":"2a234058b938ca54638a05d3cde73816","identifier":[{"system":"urn:pulsewire:adt1:L","value":"P1"}],"name":"Pharmacy","contact":[{"telecom":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/contactpoint-local","valueString":"5551234"}],"system":"phone","value":"5551234","use":"home"}]}]}"#]].assert_eq(&pharmacy("P1^Pharmacy^L", "^PRN^PH^^^^5551234"));
    expect![[r#"{"resourceType":"Organization","id":"89563ffe1dca5fac962bdaecefb62ec8","identifier":[{"value":"B"}],"name":"B"}"#]].assert_eq(&pharmacy("^^^^^^^^^", "^WPN^PH^^^^5551234"));
    let order = "ORC|NW|1||||||||||||||||||||1 ST^^TOWN\rRXO|A^B^L|5||mg^^L";
    expect![[r#"{"resourceType":"Organization","id":"07f0345adb3b66aebb3ecec86b05721d","_name":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},"address":[{"line":["1 ST"],"city":"TOWN"}]}"#]].assert_eq(&made("OMP^O09", order, "Organization"));
}

#[test]
fn a_detail_is_one_of_a_code() {
    let referral = "RF1|A|R|MED|WR||1";
    expect![[r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown","display":"Unknown"}]}"#]].assert_eq(&part("REF^I12", referral, "ServiceRequest", "code"));
    let order = format!("ORC|NW|1\rOBR|1|1{}A^B^L", "|".repeat(42));
    expect![[r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown","display":"Unknown"}]}"#]].assert_eq(&part("OML^O21", &order, "ServiceRequest", "code"));
}

#[test]
fn a_ratio_has_both_its_parts() {
    let order = "ORC|NW|1\rRXO|A^B^L|5||mg^^L\rCDO|1||5^mg|x^d";
    let dosage = part("OMP^O09", order, "MedicationRequest", "dosageInstruction");
    expect![[r#"[{"maxDosePerPeriod":{"numerator":{"value":5,"unit":"mg"},"denominator":{"unit":"d"}}},{"doseAndRate":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/dose-rate-type","code":"ordered"}]},"doseQuantity":{"unit":"mg","system":"urn:pulsewire:adt1:L","code":"mg","value":5}}]}]"#]].assert_eq(&dosage);
}

#[test]
fn an_offset_is_one_from_an_event() {
    let timing = |pattern: &str| {
        let order = format!("ORC|NW|1\rTQ1|1||{pattern}\rOBR|1|1||C^D^L");
        part("OML^O21", &order, "ServiceRequest", "occurrenceTiming")
    };
    expect![[r#"{"repeat":{"when":["AC"],"offset":30},"code":{"coding":[{"code":"Q"}]}}"#]]
        .assert_eq(&timing("Q^^^^^^^AC^30^min"));
    expect![[r#"{"code":{"coding":[{"code":"Q"}]}}"#]].assert_eq(&timing("Q^^^^^^^C^30^min"));
    expect![[r#"{"code":{"coding":[{"code":"Q"}]}}"#]].assert_eq(&timing("Q^^^^^^^XX^30^min"));
}

#[test]
fn no_event_stands_beside_times_of_a_day() {
    let timing = |pattern: &str| {
        let order = format!("ORC|NW|1\rTQ1|1||{pattern}|0800~2000|||20260301\rOBR|1|1||C^D^L");
        part("OML^O21", &order, "ServiceRequest", "occurrenceTiming")
    };
    expect![[r#"{"repeat":{"boundsPeriod":{"start":"2026-03-01"},"timeOfDay":["08:00:00","20:00:00"]},"code":{"coding":[{"code":"Q"}]}}"#]].assert_eq(&timing("Q^^^^^^^AC"));
    expect![[r#"{"repeat":{"boundsPeriod":{"start":"2026-03-01"},"timeOfDay":["08:00:00","20:00:00"]},"code":{"coding":[{"code":"Q"}]}}"#]].assert_eq(&timing("Q^^^^^^^XX"));
    let text = "MSH|^~\\&|A|B|||20260301||OML^O21|1|P|2.7\rPID|||7^^^H^MR\rORC|NW|1\rTQ1|1||Q^^^^^^^AC|0800|||20260301\rOBR|1|1||C^D^L";
    let message = hl7v2::parse(text.as_bytes());
    let mapped = map(&message, &source(), &site(), received());
    let lines = mapped.coverage.report(&message).lines.into_iter();
    let told: Vec<_> = lines
        .filter(|line| matches!(line.outcome, Outcome::Unmapped { .. }))
        .map(|line| line.path)
        .collect();
    assert_eq!(told, ["TQ1[1]-3.8"]);
}

#[test]
fn who_takes_part_is_somebody_or_has_a_role() {
    let schedule = "RGS|1\rAIP|1||||||20260301";
    expect![[r#"[{"actor":{"reference":"Patient/8cfb8cd58f05776b37aa8903bb76d547"},"status":"accepted"}]"#]].assert_eq(&part(
        "SIU^S12",
        &format!("SCH|1|2\r{schedule}"),
        "Appointment",
        "participant",
    ));
}

#[test]
fn an_appointment_has_both_ends_or_none() {
    let ends = |event: &str, start: &str| {
        let schedule = format!("SCH|1|2|||||||||^^^{start}");
        let header = format!("SIU^{event}");
        let names = ["start", "_start", "end", "_end"];
        names
            .map(|name| part(&header, &schedule, "Appointment", name))
            .join(" ")
    };
    let start = "20260301090000";
    expect![[r#""2026-03-01T09:00:00-05:00" nothing nothing {"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#]].assert_eq(&ends("S15", start));
    expect!["nothing nothing nothing nothing"].assert_eq(&ends("S15", ""));
    expect![[r#"nothing {"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]} nothing {"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#]].assert_eq(&ends("S17", ""));
    expect![[r#""2026-03-01T09:00:00-05:00" nothing nothing {"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#]].assert_eq(&ends("S12", start));
}

#[test]
fn a_document_without_content_says_so() {
    let document = "TXA|1|PN||20260301||||||||9^D\rOBX|1|CWE|1^x^L||A^B^L||||||F";
    expect![[r#"[{"attachment":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}]"#]].assert_eq(&part("MDM^T02", document, "DocumentReference", "content"));
}

#[test]
fn data_say_what_they_are() {
    let data = |sent: &str| {
        let result = format!("OBR|1|||P\rOBX|1|ED|1^x^L||{sent}||||||F");
        part("ORU^R01", &result, "Observation", "extension")
    };
    expect![[r#"[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment","valueAttachment":{"contentType":"text/plain","data":"aGVsbG8="}}]"#]].assert_eq(&data("^TEXT^^A^hello"));
    expect![[r#"[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment","valueAttachment":{"contentType":"application/octet-stream","data":"aGVsbG8="}}]"#]].assert_eq(&data("^AP^^Base64^aGVsbG8="));
    expect![[r#"[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment","valueAttachment":{"contentType":"image/jpeg","data":"/9g="}}]"#]].assert_eq(&data("^IM^JPEG^Hex^FFD8"));
    expect![[r#"[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment","valueAttachment":{"contentType":"text/plain","data":"YQxi"}}]"#]].assert_eq(&data("^TEXT^^A^a\\X0C\\b"));
}

#[test]
fn a_route_without_a_dose_says_that_nobody_knows_it() {
    let given = |dose: &str| {
        let given = format!("ORC|RE|1\rRXA|0|1|20260301||A^B^L|{dose}|mg^^L\rRXR|PO");
        part("RAS^O17", &given, "MedicationAdministration", "dosage")
    };
    expect![[r#"{"route":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration","code":"PO"}]},"dose":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}"#]].assert_eq(&given("999"));
    expect![[r#"{"route":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration","code":"PO"}]},"dose":{"unit":"mg","system":"urn:pulsewire:adt1:L","code":"mg","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}"#]].assert_eq(&given("some"));
    expect![[r#"{"route":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration","code":"PO"}]},"dose":{"unit":"mg","system":"urn:pulsewire:adt1:L","code":"mg","value":5}}"#]].assert_eq(&given("5"));
}

#[test]
fn what_was_entered_in_error_has_not_abated() {
    let problem = "PRB|DE|20260301|A^B^L|1||||||20260228";
    let json = made("PPR^PC3", problem, "Condition");
    assert!(
        !json.contains("abatement") && json.contains("2026"),
        "{json}"
    );
}

#[test]
fn a_collection_that_nobody_dated_says_so() {
    let text = "MSH|^~\\&|A|B|||2026||OML^O21|1|P|2.5\rPID|||7^^^H^MR\rORC|NW|1\rOBR|1|1||C^D^L||||||1^A~2^B\rSPM|1";
    let message = hl7v2::parse(text.as_bytes());
    let mapped = map(&message, &source(), &site(), received());
    assert_eq!(
        formats::fhir::validate::validate(&crate::bundle(&mapped)),
        []
    );
}

#[test]
fn a_time_of_day_keeps_its_offset() {
    check_value(
        "TM|1^x^L||101112-0500||||||F",
        "valueString",
        expect![[r#""101112-0500""#]],
    );
    check_value(
        "TM|1^x^L||101112||||||F",
        "valueTime",
        expect![[r#""10:11:12""#]],
    );
}

#[test]
fn a_uri_has_a_scheme() {
    let id = |authority: &str| {
        element(
            &format!("PV1||I|||||||||||||||||9^^^{authority}^VN"),
            "Encounter",
            "identifier",
        )
    };
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&assigned&URI"));
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"system":"http://a.b/c","value":"9","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]"#]].assert_eq(&id("H&http://a.b/c&URI"));
}

#[test]
fn control_characters_are_seen_and_blanks_are_no_value() {
    check_value(
        "ST|1^x^L||a\\X00\\b\\X1B\\c\\X0D\\d||||||F",
        "valueString",
        expect![[r#""a␀b␛c\rd""#]],
    );
    check_value(
        "ST|1^x^L||\\X20\\\\X20\\||||||F",
        "valueString",
        expect!["nothing"],
    );
    check_value(
        "CWE|1^x^L||A\\X07\\^b\x07^L||||||F",
        "valueCodeableConcept",
        expect![[r#"{"coding":[{"system":"urn:pulsewire:adt1:L","code":"A␇","display":"b␇"}]}"#]],
    );
}
