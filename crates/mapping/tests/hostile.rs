//! What real senders get wrong about content: one test for each defect, numbered as in `docs/hostile-input.md`.
#![forbid(unsafe_code)]

#[path = "hostile/world.rs"]
mod world;

#[path = "hostile/life.rs"]
mod life;

use serde_json::{Value, json};
use world::World;

/// A message of a type, of the control id and second that it is the `n`th of.
fn message(n: u32, kind: &str, segments: &[&str]) -> String {
    let mut text = format!(
        "MSH|^~\\&|LAB|H|||202603011000{n:02}+0100||{kind}|M{n}|P|2.5.1|||||||UNICODE UTF-8\r"
    );
    for segment in segments {
        text += segment;
        text += "\r";
    }
    text
}

const PERSON: &str = "PID|1||7^^^H^MR||Doe^Jo||19500601|F";
const PANEL: &str =
    "OBR|1|O1^A|F1^L|24323-8^Panel^LN|||20260301090000+0100|||||||||||||||20260301095900+0100|||F";

/// A result of this OBX segment.
fn result(obx: &str) -> World {
    World::after(&[message(1, "ORU^R01^ORU_R01", &[PERSON, PANEL, obx])])
}

/// What a path leads to, such as `name.0.family`.
fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    value
        .pointer(&format!("/{}", path.replace('.', "/")))
        .unwrap_or(&Value::Null)
}

#[test]
fn defect_05_a_structure_that_is_missing_or_wrong_is_derived_from_the_event() {
    let segments = [
        PERSON,
        "PV1|1|I|4W",
        "ORC|RE|O1^A|F1^L",
        PANEL,
        "OBX|1|NM|8867-4^Pulse^LN||72|/min|||||F",
        "NTE|1||a note",
    ];
    let right = World::after(&[message(1, "ORU^R01^ORU_R01", &segments)]);
    assert_eq!(
        at(right.one("Observation"), "note.0.text"),
        &json!("a note")
    );
    for (kind, version) in [
        ("ORU^R01", "2.5.1"),
        ("ORU^R01^ORU_R99", "2.3.z"),
        ("ORU^R01^ADT_A01", ""),
        ("ORU^R01", "9"),
    ] {
        let text = message(1, kind, &segments).replacen("|2.5.1|", &format!("|{version}|"), 1);
        let derived = World::after(&[text]);
        for resource in ["Patient", "Encounter", "Observation", "DiagnosticReport"] {
            assert_eq!(
                derived.all(resource),
                right.all(resource),
                "{kind} {version}"
            );
        }
    }
}

#[test]
fn defect_08_an_explicit_null_deletes_and_an_empty_field_leaves_as_it_was() {
    let first = "PID|1||7^^^H^MR||Doe^Jo||19500601|F|||1 Way^^Town||5551234";
    let second = "PID|1||7^^^H^MR||Roe^Jo||\"\"|F|||\"\"";
    let world = World::after(&[
        message(1, "ADT^A28", &[first]),
        message(2, "ADT^A31", &[second]),
    ]);
    let patient = world.one("Patient");
    assert_eq!(at(patient, "name.0.family"), &json!("Roe"));
    assert_eq!(at(patient, "birthDate"), &Value::Null, "deleted");
    assert_eq!(at(patient, "address"), &Value::Null, "deleted");
    assert_eq!(at(patient, "telecom.0.value"), &json!("5551234"), "left");
}

#[test]
fn defect_09_values_of_blanks_alone_are_no_values() {
    let blank = "PID|1||7^^^H^MR|| ^Jo^   || |F|||1 Way^ ^Town^ ^ ^ || ";
    let world = World::after(&[message(1, "ADT^A28", &[blank])]);
    let text = world.one("Patient").to_string();
    assert!(!text.contains("\" \"") && !text.contains("\"\""), "{text}");
    assert_eq!(at(world.one("Patient"), "name.0.given.0"), &json!("Jo"));
    assert_eq!(at(world.one("Patient"), "address.0.state"), &Value::Null);
}

#[test]
fn defect_10_values_that_are_not_what_obx_2_says_are_kept_and_told() {
    for (obx, element, value, doubt) in [
        (
            "NM|1^x^LN||<0.10|mg/dL",
            "valueQuantity",
            json!({"value": 0.10, "comparator": "<", "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"}),
            "",
        ),
        (
            "NM|1^x^LN||NEG",
            "valueString",
            json!("NEG"),
            "value-not-of-type",
        ),
        (
            "NM|1^x^LN||1,5",
            "valueString",
            json!("1,5"),
            "value-not-of-type",
        ),
        (
            "NM|1^x^LN||NaN",
            "valueString",
            json!("NaN"),
            "value-not-of-type",
        ),
        (
            "NM|1^x^LN||1e999",
            "valueString",
            json!("1e999"),
            "value-not-of-type",
        ),
        ("ST|1^x^LN||<^5", "valueString", json!("<^5"), ""),
        ("|1^x^LN||7.0", "valueQuantity", json!({"value": 7.0}), ""),
        (
            "|1^x^LN||words",
            "valueString",
            json!("words"),
            "value-type-unknown",
        ),
        (
            "QQ|1^x^LN||words",
            "valueString",
            json!("words"),
            "value-type-unknown",
        ),
    ] {
        let world = result(&format!("OBX|1|{obx}"));
        let found = at(world.one("Observation"), element);
        assert_eq!(found, &value, "{obx}: {}", world.one("Observation"));
        assert!(
            doubt.is_empty() || world.doubts.contains(&doubt),
            "{obx}: {:?}",
            world.doubts
        );
    }
}

#[test]
fn defect_11_results_after_specimens_notes_anywhere_orders_without_orc_and_z_segments_between() {
    let world = World::after(&[message(
        1,
        "ORU^R01^ORU_R01",
        &[
            PERSON,
            "NTE|1||of the person",
            "ZPI|1",
            "OBR|1||F1^L|24323-8^Panel^LN|||20260301090000+0100|||||||||||||||20260301095900+0100|||F",
            "NTE|1||of the panel",
            "ZBR|1",
            "OBX|1|NM|8867-4^Pulse^LN||72|/min|||||F",
            "ZBX|1",
            "NTE|1||of the pulse",
            "SPM|1|S1||SER",
            "OBX|2|NM|8310-5^Temp^LN||37|Cel|||||F",
            "OBR|2||F2^L|58410-2^Count^LN|||20260301090000+0100|||||||||||||||20260301095900+0100|||F",
            "OBX|1|NM|6690-2^Cells^LN||5|10*3/uL|||||F",
        ],
    )]);
    let observed = |code: &str| {
        let all = world.all("Observation");
        let found = all
            .into_iter()
            .find(|one| at(one, "code.coding.0.code") == code);
        found.unwrap_or_else(|| panic!("{code} is lost"))
    };
    assert_eq!(
        at(observed("8867-4"), "note.0.text"),
        &json!("of the pulse")
    );
    let reports = world.all("DiagnosticReport");
    assert_eq!(reports.len(), 2, "one for each OBR, with or without ORC");
    let result_of = |code: &str| {
        let id = format!(
            "Observation/{}",
            at(observed(code), "id").as_str().unwrap_or_default()
        );
        let of = |report: &&&Value| report.to_string().contains(&id);
        let found = reports
            .iter()
            .find(of)
            .map(|report| at(report, "code.coding.0.code").clone());
        found.unwrap_or_default()
    };
    assert_eq!(result_of("8867-4"), "24323-8");
    // A result after SPM is one of the specimen, and of no other order.
    assert_eq!(result_of("8310-5"), Value::Null);
    assert_eq!(result_of("6690-2"), "58410-2");
}

#[test]
fn defect_12_every_repetition_of_a_field_is_kept() {
    let person = "PID|1||7^^^H^MR~8^^^S^SS~9^^^X^PI||Doe^Jo^^^^^L~Roe^Jo^^^^^M||19500601|F|||1 Way^^Town~2 Way^^Town||1~2~3";
    let values: Vec<String> = (1..=146).map(|n| n.to_string()).collect();
    let obx = format!("OBX|1|NM|1^x^LN||{}|mg|||||F", values.join("~"));
    let world = World::after(&[message(1, "ORU^R01^ORU_R01", &[person, PANEL, &obx])]);
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    let patient = world.one("Patient");
    assert_eq!(count(at(patient, "identifier")), 3);
    assert_eq!(count(at(patient, "name")), 2);
    assert_eq!(count(at(patient, "address")), 2);
    assert_eq!(count(at(patient, "telecom")), 3);
    assert_eq!(count(at(world.one("Observation"), "component")), 146);
}

#[test]
fn defect_13_a_document_of_megabytes_is_kept_whole() {
    let data = "JVBERi0x".repeat(400_000);
    let world = result(&format!("OBX|1|ED|1^x^LN||^AP^PDF^Base64^{data}||||||F"));
    let text = world.one("Observation").to_string();
    assert!(
        text.contains(&format!("\"data\":\"{data}\"")),
        "it is not lost"
    );
    assert!(text.contains("application/pdf"));
}

#[test]
fn defect_13_documents_whose_components_are_shifted_are_found() {
    for shifted in [
        "^IM^PDF^Base64^JVBERi0x",
        "IM^PDF^Base64^JVBERi0x",
        "PDF^Base64^JVBERi0x",
        "^^TEXT^PDF^BASE64^JVBERi0x",
    ] {
        let world = result(&format!("OBX|1|ED|1^x^LN||{shifted}||||||F"));
        let text = world.one("Observation").to_string();
        assert!(text.contains("\"data\":\"JVBERi0x\""), "{shifted}: {text}");
        assert!(text.contains("application/pdf"), "{shifted}: {text}");
    }
}

#[test]
fn defect_14_times_keep_their_precision_and_their_offset_and_none_is_made_up() {
    let time = |obx_14: &str| {
        let world = result(&format!("OBX|1|NM|1^x^LN||5|mg|||||F|||{obx_14}"));
        at(world.one("Observation"), "effectiveDateTime").clone()
    };
    for (sent, read) in [
        ("2026", "2026"),
        ("202603", "2026-03"),
        ("20260301", "2026-03-01"),
        ("20260301081530.2500-0500", "2026-03-01T08:15:30.2500-05:00"),
        ("202603010815+02", "2026-03-01T08:15:00+02:00"),
        // Without an offset, that of the message; where its zone has another at that time, the zone's.
        ("202603010815", "2026-03-01T08:15:00+01:00"),
        ("202507010815", "2025-07-01T08:15:00+02:00"),
        // An hour alone is no moment: the day is what is known.
        ("2026030108", "2026-03-01"),
    ] {
        assert_eq!(time(sent), read, "{sent}");
    }
    // A time that never was on this clock keeps its digits.
    let gap = time("202603290230");
    assert!(
        gap.as_str()
            .is_some_and(|time| time.starts_with("2026-03-29T02:30:00+")),
        "{gap}"
    );
}

#[test]
fn defect_15_patients_are_told_apart_by_whoever_numbered_them() {
    let key = |pid: &str, source: &str| {
        let mut world = World::new();
        world.source.name = source.into();
        world.take(message(1, "ADT^A28", &[pid]).as_bytes());
        world.one("Patient").get("id").cloned()
    };
    let known = key("PID|1||7^^^H^MR", "lab");
    assert_eq!(
        known,
        key("PID|1||9^^^S^SS~7^^^H^MR", "lab"),
        "the record number need not be first"
    );
    assert_eq!(known, key("PID|1||7^^^H^MR", "other"), "whoever sends it");
    assert_ne!(
        known,
        key("PID|1||7^^^G^MR", "lab"),
        "the same number elsewhere is somebody else"
    );
    assert_ne!(
        key("PID|1||7", "lab"),
        key("PID|1||7", "other"),
        "a number of nobody is the source's"
    );
    assert_eq!(
        key("PID|1||7", "lab"),
        key("PID|1|7", "lab"),
        "PID-2 stands in for PID-3"
    );
    // Without PV1-19 there is still one stay, and no second one when it is told again.
    let visit = "PV1|1|I|4W|||||||||||||||||||||||||||||||||||||||||20260301";
    let world = World::after(&[
        message(1, "ADT^A01", &[PERSON, visit]),
        message(2, "ADT^A08", &[PERSON, visit]),
    ]);
    assert!(
        world.all("Encounter").len() <= 1,
        "{:#?}",
        world.all("Encounter")
    );
}

#[test]
fn defect_20_unknown_segments_and_fields_are_in_the_coverage_report() {
    let bytes = message(
        1,
        "ORU^R01^ORU_R01",
        &[
            PERSON,
            "ZLR|1|x^y",
            "ZAC|2",
            PANEL,
            "ZZ|3",
            "OBX|1|NM|1^x^LN||5|mg/dL|||||F||||||||||||||||||||||||||||||new",
        ],
    );
    let source = mapping::Source::new("lab");
    let message = formats::hl7v2::parse(bytes.as_bytes());
    let mapped = mapping::map(
        &message,
        &source,
        &clinical::SiteKey::new([7; 32]),
        clinical::ReceivedTime::from_micros(0),
    );
    let report =
        String::from_utf8(mapped.coverage.report(&message).to_json_lines()).expect("JSON is UTF-8");
    for path in [
        "ZLR[1]-1",
        "ZLR[1]-2.1",
        "ZLR[1]-2.2",
        "ZAC[1]-1",
        "ZZ[1]-1",
        "OBX[1]-41",
    ] {
        assert!(
            report.contains(&format!("\"{path}\"")),
            "{path} is lost silently: {report}"
        );
    }
}

#[test]
fn defect_21_local_codes_are_translated_or_kept_and_told() {
    let odd =
        "OBR|1|O1^A|F1^L|PAN^Panel^L|||20260301090000+0100|||||||||||||||20260301095900+0100|||Z";
    let local = message(
        1,
        "ORU^R01^ORU_R01",
        &[
            PERSON,
            "ORC|RE|O1^A|F1^L||??",
            odd,
            "OBX|1|NM|GLU^Glucose^L||5|mg/dL|||||F",
        ],
    );
    let world = World::after(&[&local]);
    let coding = at(world.one("Observation"), "code.coding.0").clone();
    assert_eq!(
        (at(&coding, "code"), at(&coding, "display")),
        (&json!("GLU"), &json!("Glucose")),
        "kept"
    );
    assert!(world.doubts.contains(&"local-code"), "{:?}", world.doubts);
    // OBR-25 of Z: there is no record of this patient.
    let status = at(world.one("DiagnosticReport"), "status");
    assert_eq!(status, "entered-in-error");

    let mut translated = World::new();
    let code = mapping::source::LocalCode {
        system: "http://loinc.org".into(),
        code: "2345-7".into(),
        display: "Glucose".into(),
    };
    translated.source.codes.insert("GLU".into(), code);
    translated.take(local.as_bytes());
    let codings = at(translated.one("Observation"), "code.coding").to_string();
    assert!(
        codings.contains("2345-7") && codings.contains("GLU"),
        "{codings}"
    );
}
