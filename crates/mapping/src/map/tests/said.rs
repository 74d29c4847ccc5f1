//! What was said of something at which time, in which unit and of which policy.

use super::*;

#[test]
fn a_text_that_is_an_amount_has_the_unit_beside_it() {
    let value =
        |obx: &str, name: &str| element(&format!("OBR|1|||P\rOBX|1|{obx}"), "Observation", name);
    for kind in ["ST", "TX"] {
        assert_eq!(
            value(
                &format!("{kind}|2823-3^K^LN||>8.0|mmol/L|||||F"),
                "valueQuantity"
            ),
            r#"{"value":8.0,"comparator":">","unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}"#
        );
        for (text, unit) in [
            ("7.4", ""),
            ("haemolysed", "mmol/L"),
            ("7.4 mmol/L", "mmol/L"),
            ("7.4~7.5", "mmol/L"),
        ] {
            let obx = format!("{kind}|2823-3^K^LN||{text}|{unit}|||||F");
            assert_eq!(value(&obx, "valueQuantity"), "nothing", "{obx}");
        }
    }
}

#[test]
fn a_number_with_an_exponent_is_a_number() {
    let value =
        |obx: &str, name: &str| element(&format!("OBR|1|||P\rOBX|1|{obx}"), "Observation", name);
    for (obx, digits) in [
        ("NM|777-3^PLT^LN||1.5E+3|/uL|||||F", "1.5E+3"),
        ("NM|777-3^PLT^LN||+2e-3|/uL|||||F", "2E-3"),
        ("SN|777-3^PLT^LN||^1.5E3|/uL|||||F", "1.5E3"),
        ("ST|777-3^PLT^LN||1.5E3|/uL|||||F", "1.5E3"),
    ] {
        let expected = format!(
            r#"{{"value":{digits},"unit":"/uL","system":"http://unitsofmeasure.org","code":"/uL"}}"#
        );
        assert_eq!(value(obx, "valueQuantity"), expected, "{obx}");
    }
    let inexact = "NM|777-3^PLT^LN||1E999|/uL|||||F";
    assert_eq!(value(inexact, "valueQuantity"), "nothing");
    assert_eq!(value(inexact, "valueString"), r#""1E999""#);
}

#[test]
fn each_of_several_texts_is_a_component_of_its_own() {
    let value = |kind: &str, name: &str| {
        let obx = format!("OBX|1|{kind}|6463-4^Bact^LN||E. coli~Klebsiella||||||F");
        element(&format!("OBR|1|||P\r{obx}"), "Observation", name)
    };
    let code =
        r#""code":{"coding":[{"system":"http://loinc.org","code":"6463-4","display":"Bact"}]}"#;
    let expected =
        format!(r#"[{{{code},"valueString":"E. coli"}},{{{code},"valueString":"Klebsiella"}}]"#);
    assert_eq!(value("ST", "component"), expected);
    assert_eq!(value("TX", "valueString"), r#""E. coli\nKlebsiella""#);
}

#[test]
fn what_is_planned_is_of_when_it_was_said() {
    let times = |kind: &str, segments: &str| {
        let text = format!(
            "MSH|^~\\&|A|B|||20260301100000-0500||{kind}|1|P|2.5\rEVN|A01|20260301100000\rPID|||7^^^H^MR\r{segments}"
        );
        let mapped = map(
            &hl7v2::parse(text.as_bytes()),
            &source(),
            &site(),
            received(),
        );
        let latest = EventTime::parse("2026-03-01T15:00:00Z").unwrap();
        assert!(!mapped.drafts.is_empty());
        let ahead = mapped
            .drafts
            .iter()
            .filter(|draft| draft.event_time > latest);
        ahead.map(|draft| draft.resource_type).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    let booked = "SCH|9^E|||||R^Routine|||||^^30^20261201090000^20261201093000||||||||||||||Booked";
    assert_eq!(times("SIU^S12^SIU_S12", booked), none);
    assert_eq!(
        times(
            "ADT^A01",
            "PV1||I|ICU^1^A\rPR1|1||44950^Appendectomy^C4||20261124080000"
        ),
        none
    );
    let order = "ORC|NW|5^E|||||||20260301100000||||||20261201080000\rOBR|1|5^E||CBC^CBC^L||20261201080000|20261201080000";
    assert_eq!(times("ORM^O01^ORM_O01", order), none);
    assert_eq!(times("OML^O21^OML_O21", order), none);
    // What was measured was not measured tomorrow.
    assert_eq!(
        times(
            "ORU^R01",
            "OBR|1|||P\rOBX|1|NM|2823-3^K^LN||4|mmol/L|||||F|||20261201080000"
        ),
        ["Observation"]
    );
}

#[test]
fn who_holds_a_policy_is_of_that_policy() {
    let plans = "IN1|1|PPO^Blue^L|BCBS|BLUE CROSS||||G|G9|E|ACME|||||DOE^JOHN|SPO\rIN1|2|MCD|MCDX|MEDICAID|||||||||||||SEL";
    assert_eq!(element(plans, "Coverage", "policyHolder"), "nothing");
}
