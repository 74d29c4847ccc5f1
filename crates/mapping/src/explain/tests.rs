//! What is said of where elements come from.

use clinical::{ReceivedTime, SiteKey};
use expect_test::{Expect, expect};
use formats::hl7v2;

use super::*;
use crate::map::map;
use crate::source::Source;

const REPORT: &str = "MSH|^~\\&|LAB|H|||20260301100000+0000||ORU^R01^ORU_R01|1|P|2.5\r\
    PID|1||7^^^H^MR~8^^^H^PI||Doe^Jane||19540211|F|||1 Road^^Rome||555-1~555-2\r\
    OBR|1||L7^LAB|24320-4^Basic^LN|||20260301095900+0000|||||||||||||||20260301095900+0000||CH|F\r\
    OBX|1|NM|K^Potassium^L||6.9|mmol/L|3.5-5.1|HH|||F|||20260301095900+0000\r\
    OBX|2|NM|2345-7^Glucose^LN||5.4|mmol/L|||||F\r\
    OBX|3|CWE|882-1^Group^LN||A^Type A^L||||||F\r\
    OBX|4|TX|8251-1^Comment^LN||first~second||||||F\r\
    NTE|1||a note";

fn explain(text: &str) -> Vec<Explained> {
    let message = hl7v2::parse(text.as_bytes());
    let site = SiteKey::new([0; 32]);
    let received = ReceivedTime::from_micros(0);
    map(&message, &Source::new("lab"), &site, received).explain(&message)
}

#[expect(clippy::needless_pass_by_value, reason = "the macro gives it by value")]
fn check(resource: &str, expected: Expect) {
    let mut all = explain(REPORT);
    all.retain(|element| element.resource.starts_with(resource));
    let first = all.first().map(|element| element.resource.clone());
    let lines: Vec<String> = all
        .iter()
        .filter(|element| Some(&element.resource) == first.as_ref())
        .map(|element| {
            format!(
                "{} = {} {} {}",
                element.element,
                element.value,
                element.how.word(),
                element.from.join(" ")
            )
        })
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn each_element_names_its_field() {
    check(
        "Patient/",
        expect![[r#"
            identifier[0].type.coding[0].system = http://terminology.hl7.org/CodeSystem/v2-0203 text 
            identifier[0].type.coding[0].code = MR field PID[1]-3.5
            identifier[0].value = 7 field PID[1]-3.1
            identifier[0].assigner.reference = Organization/fae8c0a48603e396ce8b9a2dc9e05f37 rule 
            identifier[0].assigner.display = H rule 
            identifier[1].type.coding[0].system = http://terminology.hl7.org/CodeSystem/v2-0203 text 
            identifier[1].type.coding[0].code = PI field PID[1]-3[2].5
            identifier[1].value = 8 field PID[1]-3[2].1
            identifier[1].assigner.reference = Organization/fae8c0a48603e396ce8b9a2dc9e05f37 rule 
            identifier[1].assigner.display = H rule 
            name[0].family = Doe field PID[1]-5.1
            name[0].given[0] = Jane field PID[1]-5.2
            telecom[0].system = phone text 
            telecom[0].value = 555-1 field PID[1]-13
            telecom[0].use = home text 
            telecom[1].system = phone text 
            telecom[1].value = 555-2 field PID[1]-13[2]
            telecom[1].use = home text 
            gender = female field PID[1]-8
            birthDate = 1954-02-11 field PID[1]-7
            address[0].line[0] = 1 Road field PID[1]-11.1
            address[0].city = Rome field PID[1]-11.3"#]],
    );
    check(
        "Observation/",
        expect![[r#"
            status = final text 
            category[0].coding[0].system = http://terminology.hl7.org/CodeSystem/v2-0074 rule 
            category[0].coding[0].code = CH field OBR[1]-24
            category[1].coding[0].system = http://terminology.hl7.org/CodeSystem/observation-category text 
            category[1].coding[0].code = laboratory field OBR[1]-24
            code.coding[0].system = urn:pulsewire:lab:L field OBX[1]-3.3
            code.coding[0].code = K field OBX[1]-3.1
            code.coding[0].display = Potassium field OBX[1]-3.2
            subject.reference = Patient/7c508630dd6f7c5928ce1089b9d39a16 link 
            effectiveDateTime = 2026-03-01T09:59:00+00:00 field OBX[1]-14
            issued = 2026-03-01T09:59:00+00:00 field OBR[1]-22
            valueQuantity.value = 6.9 field OBX[1]-5
            valueQuantity.unit = mmol/L field OBX[1]-6
            valueQuantity.system = http://unitsofmeasure.org field OBX[1]-5 OBX[1]-6
            valueQuantity.code = mmol/L field OBX[1]-6
            interpretation[0].coding[0].system = http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation rule 
            interpretation[0].coding[0].code = HH field OBX[1]-8
            specimen.reference = Specimen/b5e779eea6917f7ea467cd9729efb67b rule 
            referenceRange[0].text = 3.5-5.1 field OBX[1]-7"#]],
    );
}

#[test]
fn two_results_are_of_their_own_segments() {
    let values: Vec<String> = explain(REPORT)
        .into_iter()
        .filter(|element| element.element == "valueQuantity.value")
        .map(|element| format!("{} {}", element.value, element.from.join(" ")))
        .collect();
    assert_eq!(values, ["6.9 OBX[1]-5", "5.4 OBX[2]-5"]);
}

#[test]
fn values_of_other_types_name_their_field() {
    let values: Vec<String> = explain(REPORT)
        .into_iter()
        .filter(|element| {
            let coded = element.element.starts_with("valueCodeableConcept");
            coded || element.element == "valueString" || element.element.starts_with("note")
        })
        .map(|element| {
            format!(
                "{} {} {}",
                element.element,
                element.value,
                element.from.join(" ")
            )
        })
        .collect();
    expect![[r#"
        valueCodeableConcept.coding[0].system urn:pulsewire:lab:L OBX[3]-5.3
        valueCodeableConcept.coding[0].code A OBX[3]-5.1
        valueCodeableConcept.coding[0].display Type A OBX[3]-5.2
        valueString first
        second OBX[4]-5
        note[0].text a note NTE[1]-3"#]]
    .assert_eq(&values.join("\n"));
}

#[test]
fn a_row_tells_the_guides_row_and_our_decision() {
    let all = explain(REPORT);
    let of = |name: &str| {
        let found = all.iter().find(|element| element.element == name);
        found.and_then(|element| element.origin.clone()).unwrap()
    };
    let birth = of("birthDate");
    assert!(birth.table.contains("PID.Patient.tsv:"), "{birth}");
    assert!(birth.guide_row.is_some(), "{birth}");
    let number = of("identifier[0].assigner.display");
    assert_eq!(
        number.decision.map(|decision| decision.key),
        Some("authority-name")
    );
    assert!(number.to_string().contains("; our decision: "), "{number}");
}

#[test]
fn an_element_is_told_as_json() {
    let decision = Decision {
        key: "mobile",
        guide: "g",
        ours: "o",
        why: "w",
    };
    let element = Explained {
        resource: "Patient/1".to_owned(),
        element: "telecom[0].use".to_owned(),
        value: "mobile".to_owned(),
        how: How::Field,
        from: vec!["PID[1]-13.2".to_owned()],
        origin: Some(Origin {
            table: "datatypes/XTN.ContactPoint.tsv:3".to_owned(),
            guide_row: Some("r4"),
            decision: Some(decision),
        }),
    };
    expect![[r#"{"resource":"Patient/1","element":"telecom[0].use","value":"mobile","how":"field","from":["PID[1]-13.2"],"table":"datatypes/XTN.ContactPoint.tsv:3","guideRow":"r4","decision":{"key":"mobile","guide":"g","ours":"o","why":"w"}}"#]].assert_eq(&String::from_utf8(element.to_json()).unwrap());
}

#[test]
fn every_element_has_a_row() {
    let all = explain(REPORT);
    let without: Vec<_> = all
        .iter()
        .filter(|element| element.origin.is_none())
        .map(|element| format!("{} {}", element.resource, element.element))
        .collect();
    assert_eq!(without, [""; 0]);
    let decided = all
        .iter()
        .filter_map(|element| element.origin.as_ref()?.decision);
    assert!(decided.clone().count() > 5);
    for decision in decided {
        assert!(
            !decision.ours.is_empty() && !decision.why.is_empty(),
            "{}",
            decision.key
        );
    }
}
