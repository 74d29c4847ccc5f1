//! Messages to resources, rule by rule, and over whole messages beside their results.

use expect_test::{Expect, expect, expect_file};
use formats::hl7v2;

use super::*;

mod fit;

mod orders;

mod places;

mod said;

fn received() -> ReceivedTime {
    ReceivedTime::parse("2026-03-02T00:00:00Z").unwrap()
}

fn source() -> Source {
    let mut source = Source::new("adt1");
    source.zone = crate::source::Zone::parse("America/New_York").unwrap();
    source
}

fn site() -> SiteKey {
    SiteKey::new([7; 32])
}

/// Maps a message of a patient and gives one element of the last resource of a type.
fn element(segments: &str, resource: &str, name: &str) -> String {
    let text =
        format!("MSH|^~\\&|A|B|||20260301100000-0500||ORU^R01|1|P|2.5\rPID|||7^^^H^MR\r{segments}");
    let message = hl7v2::parse(text.as_bytes());
    let mapped = map(&message, &source(), &site(), received());
    let found = mapped
        .drafts
        .iter()
        .rev()
        .find(|draft| draft.resource_type == resource);
    let found = found.and_then(|draft| draft.elements().find(|(known, _)| **known == *name));
    match found {
        None => "nothing".to_owned(),
        Some((_, Element::Set(bytes))) => String::from_utf8_lossy(bytes).into_owned(),
        Some((_, Element::Default(bytes))) => {
            format!("unless known {}", String::from_utf8_lossy(bytes))
        }
        Some((_, Element::Clear)) => "deleted".to_owned(),
    }
}

fn check_value(obx: &str, name: &str, expected: Expect) {
    expected.assert_eq(&element(
        &format!("OBR|1|||P\rOBX|1|{obx}"),
        "Observation",
        name,
    ));
}

#[test]
fn what_a_device_names_by_its_own_standard_is_named_as_everywhere() {
    let heart_rate =
        "NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|88|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R";
    check_value(
        heart_rate,
        "valueQuantity",
        expect![[
            r#"{"value":88,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}"#
        ]],
    );
    check_value(
        heart_rate,
        "code",
        expect![[
            r#"{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"},{"system":"urn:iso:std:iso:11073:10101","code":"147842","display":"MDC_ECG_HEART_RATE"}]}"#
        ]],
    );
    let unknown = "NM|999999^MDC_NEVER_SEEN^MDC|1.1.1.1|88|999999^MDC_DIM_FURLONG^MDC|||||R";
    check_value(
        unknown,
        "valueQuantity",
        expect![[r#"{"value":88,"unit":"MDC_DIM_FURLONG"}"#]],
    );
    check_value(
        unknown,
        "code",
        expect![[
            r#"{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"999999","display":"MDC_NEVER_SEEN"}]}"#
        ]],
    );
}

#[test]
fn each_type_of_value_has_its_element() {
    check_value(
        "NM|1^^LN||9.60|mg/dL|||||F",
        "valueQuantity",
        expect![[
            r#"{"value":9.60,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}"#
        ]],
    );
    check_value(
        "NM|1^^LN||<0.10|zz|||||F",
        "valueQuantity",
        expect![[r#"{"value":0.10,"comparator":"<","unit":"zz"}"#]],
    );
    check_value("NM|1^^LN||NEG||||||F", "valueString", expect![[r#""NEG""#]]);
    check_value("NM|1^^LN||1,5||||||F", "valueString", expect![[r#""1,5""#]]);
    check_value(
        "SN|1^^LN||<^5|mg||||||F",
        "valueQuantity",
        expect![[r#"{"value":5,"comparator":"<","unit":"mg"}"#]],
    );
    check_value(
        "SN|1^^LN||^1^:^128||||||F",
        "valueRatio",
        expect![[r#"{"numerator":{"value":1},"denominator":{"value":128}}"#]],
    );
    check_value(
        "SN|1^^LN||^1^-^2||||||F",
        "valueRange",
        expect![[r#"{"low":{"value":1},"high":{"value":2}}"#]],
    );
    check_value(
        "SN|1^^LN||<>^5|mg|||||F",
        "valueString",
        expect![[r#""<> 5 mg""#]],
    );
}

#[test]
fn words_codes_times_and_documents_have_theirs() {
    check_value(
        "CWE|1^^LN||A^Alert^L||||||F",
        "valueCodeableConcept",
        expect![[r#"{"coding":[{"system":"urn:pulsewire:adt1:L","code":"A","display":"Alert"}]}"#]],
    );
    check_value(
        "TX|1^^LN||a~b||||||F",
        "valueString",
        expect![[r#""a\nb""#]],
    );
    check_value(
        "DT|1^^LN||202603||||||F",
        "valueDateTime",
        expect![[r#""2026-03""#]],
    );
    check_value(
        "TS|1^^LN||20260301081530.250||||||F",
        "valueDateTime",
        expect![[r#""2026-03-01T08:15:30.250-05:00""#]],
    );
    check_value(
        "TM|1^^LN||0815||||||F",
        "valueTime",
        expect![[r#""08:15:00""#]],
    );
    check_value(
        "DR|1^^LN||2026^2027||||||F",
        "valuePeriod",
        expect![[r#"{"start":"2026","end":"2027"}"#]],
    );
    check_value(
        "NR|1^^LN||1^2||||||F",
        "valueRange",
        expect![[r#"{"low":{"value":1},"high":{"value":2}}"#]],
    );
    check_value("VR|1^^LN||1^2||||||F", "valueString", expect![[r#""1-2""#]]);
    check_value(
        "ED|1^^LN||^AP^PDF^Base64^JVBERi0=||||||F",
        "extension",
        expect![[
            r#"[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment","valueAttachment":{"contentType":"application/pdf","data":"JVBERi0="}}]"#
        ]],
    );
    check_value(
        "EI|1^^LN||1^NS||||||F",
        "valueString",
        expect![[r#""1 NS""#]],
    );
    check_value(
        "|1^^LN||7.0||||||F",
        "valueQuantity",
        expect![[r#"{"value":7.0}"#]],
    );
    check_value("NM|1^^LN||\"\"||||||F", "valueQuantity", expect!["nothing"]);
}

#[test]
fn several_values_are_components() {
    check_value(
        "NM|1^^LN||5~6|mg|||||F",
        "component",
        expect![[
            r#"[{"code":{"coding":[{"system":"http://loinc.org","code":"1"}]},"valueQuantity":{"value":5,"unit":"mg"}},{"code":{"coding":[{"system":"http://loinc.org","code":"1"}]},"valueQuantity":{"value":6,"unit":"mg"}}]"#
        ]],
    );
}

#[test]
fn a_result_always_has_a_status_and_a_code() {
    for (sent, status) in [
        ("F", "final"),
        ("W", "entered-in-error"),
        ("I", "registered"),
        ("Q", "unknown"),
        ("", "unknown"),
        ("\"\"", "unknown"),
    ] {
        let written = element(
            &format!("OBR|1\rOBX|1|NM|1^^LN||5||||||{sent}"),
            "Observation",
            "status",
        );
        assert_eq!(written, format!("\"{status}\""), "{sent}");
    }
    check_value(
        "NM|||5||||||F",
        "code",
        expect![[
            r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown","display":"Unknown"}]}"#
        ]],
    );
    check_value(
        "NM|1^^LN||||||||N",
        "dataAbsentReason",
        expect![[
            r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-asked","display":"Not Asked"}]}"#
        ]],
    );
}

#[test]
fn a_correction_is_of_the_same_resource() {
    let id = |obr: &str, obx: &str| {
        let text = format!(
            "MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.5\rPID|||7^^^H^MR\rOBR|1||{obr}\rOBX|{obx}"
        );
        let message = hl7v2::parse(text.as_bytes());
        let mapped = map(&message, &source(), &site(), received());
        let found = mapped
            .drafts
            .into_iter()
            .find(|draft| draft.resource_type == "Observation");
        found.unwrap()
    };
    let first = id("F1|P|20260301", "1|NM|1^x^LN||5||||||P|||20260301");
    let second = id(
        "F1|P|20260302",
        "4|ST|1^other words^LN||6||||||D|||20260302",
    );
    assert_eq!(first.id, second.id);
    assert_eq!(second.effect, Effect::Delete);
    assert_ne!(first.id, id("F2|P", "1|NM|1^x^LN||5").id);
    assert_ne!(first.id, id("F1|P", "1|NM|1^x^LN|2|5").id);
    let undated = |time: &str| id("|P", &format!("1|NM|1^x^LN||5||||||F|||{time}")).id;
    assert_eq!(undated("20260301101112.1"), undated("20260301101112.9"));
    assert_ne!(undated("20260301101112"), undated("20260301101113"));
}

#[test]
fn what_has_the_same_names_in_one_message_stays_apart() {
    let order = "OBR|1|||1^x^LN\rOBX|1|NM|2^y^LN||5||||||F|||20260301\r";
    let text = format!("MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.5\rPID|||7^^^H^MR\r{order}{order}");
    let message = hl7v2::parse(text.as_bytes());
    let drafts = map(&message, &source(), &site(), received()).drafts;
    for resource in ["Observation", "DiagnosticReport"] {
        let all: Vec<_> = drafts
            .iter()
            .filter(|draft| draft.resource_type == resource)
            .collect();
        let [first, second] = all.as_slice() else {
            panic!("two of {resource}, not {}", all.len())
        };
        assert_ne!(first.id, second.id);
    }
}

#[test]
fn a_contact_without_a_name_says_so() {
    let contact = |nk1: &str| element(&format!("NK1|1|{nk1}"), "Patient", "contact");
    expect![[r#"[{"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"SPS","display":"spouse"},{"system":"http://terminology.hl7.org/CodeSystem/v2-0063","code":"SPO"}]}],"name":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}]"#]]
        .assert_eq(&contact("|SPO"));
    expect![[r#"[{"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"SPS","display":"spouse"},{"system":"http://terminology.hl7.org/CodeSystem/v2-0063","code":"SPO"}]}],"name":{"family":"Doe"}}]"#]]
        .assert_eq(&contact("Doe|SPO"));
    expect!["nothing"].assert_eq(&contact(""));
}

#[test]
fn a_local_code_means_what_the_source_says() {
    let mut source = source();
    source.codes.insert(
        "L|GLU".into(),
        crate::source::LocalCode {
            system: "http://loinc.org".into(),
            code: "2345-7".into(),
            display: "Glucose".into(),
        },
    );
    let text = b"MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.5\rPID|||7\rOBX|1|NM|GLU^Gluc^L||5\rOBX|2|NM|NA^Sod^L||5";
    let message = hl7v2::parse(text);
    let mapped = map(&message, &source, &site(), received());
    let bundle = crate::bundle::bundle(&mapped);
    let text = String::from_utf8(bundle).unwrap();
    assert!(text.contains(r#""code":{"coding":[{"system":"http://loinc.org","code":"2345-7","display":"Glucose"},{"system":"urn:pulsewire:adt1:L","code":"GLU","display":"Gluc"}]}"#), "{text}");
    let unknown = mapped
        .issues
        .iter()
        .filter(|issue| issue.code == IssueCode::LocalCode);
    assert_eq!(unknown.count(), 1);
}

fn stay(event: &str, pv1: &str, name: &str) -> String {
    let text = format!(
        "MSH|^~\\&|A|B|||20260301100000-0500||ADT^{event}|1|P|2.5\rPID|||7^^^H^MR\rPV1|1|{pv1}"
    );
    let message = hl7v2::parse(text.as_bytes());
    let mapped = map(&message, &source(), &site(), received());
    let found = mapped
        .drafts
        .iter()
        .find(|draft| draft.resource_type == "Encounter");
    let Some(draft) = found else {
        return "no stay".to_owned();
    };
    let element = draft.elements().find(|(known, _)| **known == *name);
    let shown = match element {
        None => "nothing".to_owned(),
        Some((_, Element::Set(bytes))) => String::from_utf8_lossy(bytes).into_owned(),
        Some((_, Element::Default(bytes))) => {
            format!("unless known {}", String::from_utf8_lossy(bytes))
        }
        Some((_, Element::Clear)) => "deleted".to_owned(),
    };
    format!("{:?} {shown}", draft.effect)
}

#[test]
fn a_stay_has_come_as_far_as_its_event_says() {
    let visit = "|||||||||||||||||V1";
    let discharged = format!("I{visit}||||||||||||||||||||||||||20260301");
    for (event, pv1, expected) in [
        ("A01", format!("I{visit}"), r#"State "in-progress""#),
        ("A02", format!("I{visit}"), r#"State "in-progress""#),
        ("A03", format!("I{visit}"), r#"State "finished""#),
        ("A04", format!("E{visit}"), r#"State "in-progress""#),
        ("A04", format!("O{visit}"), r#"State "arrived""#),
        ("A04", format!("P{visit}"), r#"State "planned""#),
        (
            "A08",
            format!("I{visit}"),
            r#"State unless known "in-progress""#,
        ),
        ("A08", discharged.clone(), r#"State "finished""#),
        ("A11", discharged.clone(), r#"CancelAdmit "cancelled""#),
        (
            "A12",
            format!("I{visit}"),
            r#"CancelTransfer unless known "in-progress""#,
        ),
        ("A13", discharged, r#"CancelDischarge "in-progress""#),
        (
            "A31",
            format!("I{visit}"),
            r#"State unless known "in-progress""#,
        ),
        ("A31", "N".to_owned(), "no stay"),
    ] {
        assert_eq!(stay(event, &pv1, "status"), expected, "{event} {pv1}");
    }
    assert_eq!(
        stay("A08", "|4W|||\"\"", "location").get(..5),
        Some("State")
    );
    assert_eq!(
        stay("A08", "I|\"\"||||||||||||||||V1", "location"),
        "State deleted"
    );
}

#[test]
fn what_a_birth_or_death_says_replaces_what_was_known_otherwise() {
    let patient = |pid: &str| {
        let text = format!("MSH|^~\\&|A|B|||20260301||ADT^A08|1|P|2.5\rPID|||7^^^H^MR||||{pid}");
        let message = hl7v2::parse(text.as_bytes());
        let mapped = map(&message, &source(), &site(), received());
        let draft = mapped
            .drafts
            .into_iter()
            .find(|draft| draft.resource_type == "Patient");
        let names = |draft: Draft| {
            let elements = draft.elements().map(|(name, element)| match element {
                Element::Set(_) => format!("{name}"),
                Element::Default(_) => format!("({name})"),
                Element::Clear => format!("-{name}"),
            });
            elements.collect::<Vec<_>>().join(" ")
        };
        draft.map(names).unwrap_or_default()
    };
    let after = "||||||||||||||||||||||";
    expect!["identifier birthDate -_birthDate"].assert_eq(&patient("19540211"));
    expect!["identifier birthDate _birthDate"].assert_eq(&patient("195402110830"));
    expect!["identifier -birthDate -_birthDate"].assert_eq(&patient("\"\""));
    expect!["identifier deceasedDateTime -deceasedBoolean"]
        .assert_eq(&patient(&format!("{after}20260301|Y")));
    expect!["identifier deceasedBoolean -deceasedDateTime"]
        .assert_eq(&patient(&format!("{after}|N")));
}

/// Every message of `testdata/hl7v2` beside what it becomes and what of it was mapped.
#[test]
fn messages_become_what_stands_beside_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/hl7v2");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "hl7"))
        .collect();
    files.sort();
    assert!(files.len() >= 15, "{files:?}");
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let message = hl7v2::parse(&bytes);
        let mapped = map(&message, &source(), &site(), received());
        let mut lines = String::new();
        for draft in mapped.drafts.iter().chain(&mapped.exchange) {
            lines.push_str(std::str::from_utf8(&draft.to_json()).unwrap());
            lines.push('\n');
        }
        expect_file![path.with_extension("ndjson")].assert_eq(&lines);
        if let Subjects::Merge { .. } = mapped.subjects {
            let identifiers = String::from_utf8(mapped.retired_identifiers.into_vec()).unwrap();
            expect_file![path.with_extension("retired.json")]
                .assert_eq(&format!("{identifiers}\n"));
        }
        let report = mapped.coverage.report(&message);
        let lines = String::from_utf8(report.to_json_lines()).unwrap();
        // Where a row stands in its file is nothing to compare.
        let lines: String = lines
            .lines()
            .map(|line| match line.split_once(",\"table\":") {
                Some((start, _)) => format!("{start}}}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        expect_file![path.with_extension("coverage.ndjson")].assert_eq(&lines);
        assert_eq!(
            report.unexplained(),
            0,
            "{}: see its coverage",
            path.display()
        );
    }
}
