//! Orders, what is done by them, and what tells one from another.

use super::*;

/// Maps a message of an event and gives its resources of a type.
pub(super) fn made(event: &str, segments: &str, resource: &str) -> Vec<Draft> {
    let text = format!(
        "MSH|^~\\&|A|B|||20260301100000-0500||{event}|1|P|2.5.1\rPID|||7^^^H^MR\r{segments}"
    );
    let message = hl7v2::parse(text.as_bytes());
    let mapped = map(&message, &source(), &site(), received());
    let mut drafts = mapped.drafts;
    drafts.retain(|draft| draft.resource_type == resource);
    drafts
}

/// Gives an element of a resource as JSON; nothing where it has none.
pub(super) fn text(draft: &Draft, name: &str) -> String {
    let found = draft.elements().find(|(known, _)| **known == *name);
    match found {
        Some((_, Element::Set(bytes) | Element::Default(bytes))) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => String::new(),
    }
}

#[test]
fn each_order_of_a_message_has_its_own_number() {
    let specimen = "SPM|1|S1&A||BLD\r";
    let order = |number: &str, more: &str| {
        format!("ORC|NW|{number}^A\rOBR|1|{number}^A||{number}^T^L\r{more}")
    };
    for event in ["OML^O21^OML_O21", "OMG^O19^OMG_O19", "ORM^O01^ORM_O01"] {
        for more in ["", "OBX|1|NM|8302-2^Ht^LN||170|cm|||||F\r", specimen] {
            let segments = order("AAA", more) + &order("BBB", more) + &order("CCC", more);
            let requests = made(event, &segments, "ServiceRequest");
            let found: Vec<_> = requests.iter().map(|one| text(one, "identifier")).collect();
            assert_eq!(found.len(), 3, "{event} {more}");
            for (identifier, number) in found.iter().zip(["AAA", "BBB", "CCC"]) {
                assert!(identifier.contains(number), "{event} {more}: {identifier}");
            }
            let reports = made(event, &segments, "DiagnosticReport");
            assert!(reports.is_empty(), "{event} {more}");
        }
    }
}

#[test]
fn an_order_says_nothing_of_the_reports_after_the_one_that_follows_it() {
    let obx = "OBX|1|NM|2823-3^K^LN||4|mmol/L|||||F\r";
    let obr = |number: u8| format!("OBR|{number}|P{number}^A|F{number}^L|K^K^L\r{obx}");
    let first = format!("ORC|RE|P1^A|F1^L||CM\r{}", obr(1));
    for event in ["ORU^R01^ORU_R01", "OUL^R21^OUL_R21", "ORU^R32^ORU_R30"] {
        for last in [obr(3), format!("ORC|RE|P3^A|F3^L\r{}", obr(3))] {
            let segments = [&*first, &obr(2), &last].concat();
            for resource in ["ServiceRequest", "DiagnosticReport"] {
                let made = made(event, &segments, resource);
                assert_eq!(made.len(), 3, "{event}");
                for (one, number) in made.iter().zip(1..) {
                    let identifier = text(one, "identifier");
                    for other in 1..=3 {
                        let named = [format!("\"P{other}\""), format!("\"F{other}\"")];
                        let has = named.map(|name| identifier.contains(&name));
                        assert_eq!(has, [other == number; 2], "{event} {number} {identifier}");
                    }
                }
            }
            let requests = made(event, &segments, "ServiceRequest");
            let status: Vec<_> = requests.iter().map(|one| text(one, "status")).collect();
            assert_eq!(status, [r#""completed""#, r#""unknown""#, r#""unknown""#]);
        }
    }
}

#[test]
fn an_order_before_its_request_is_not_of_the_report_before_it() {
    let order = |number: u8| {
        format!(
            "ORC|RE|P{number}^A|F{number}^L\rOBR|{number}||F{number}^L|K^K^L\rOBX|1|NM|2823-3^K^LN||4|mmol/L|||||F\r"
        )
    };
    let segments = ["SPM|1|S1&A||BLD\r", &order(1), &order(2)].concat();
    for event in ["OUL^R22^OUL_R22", "OUL^R23^OUL_R23", "OUL^R24^OUL_R24"] {
        let requests = made(event, &segments, "ServiceRequest");
        let found: Vec<_> = requests.iter().map(|one| text(one, "identifier")).collect();
        assert_eq!(found.len(), 2, "{event} {found:?}");
        assert!(
            found[0].contains("\"P1\"") && !found[0].contains("P2"),
            "{event} {found:?}"
        );
        assert!(
            found[1].contains("\"P2\"") && !found[1].contains("P1"),
            "{event} {found:?}"
        );
    }
}

#[test]
fn a_result_of_earlier_is_a_report_and_no_order() {
    let order = "ORC|NW|AAA^A\rOBR|1|AAA^A||T^T^L\r";
    let results = [
        "PID|||7^^^H^MR\rOBR|1|OLD^A|F1^L|K^K^L|||20260201\rOBX|1|NM|2823-3^K^LN||4|mmol/L|||||F\r",
        "ORC|PR|OLD^A|F1^L\rOBR|1|OLD^A|F1^L|K^K^L\rOBX|1|NM|2823-3^K^LN||4|mmol/L|||||F\r",
    ];
    for result in results {
        let segments = format!("{order}{result}ORC|NW|BBB^A\rOBR|1|BBB^A||T^T^L");
        let requests = made("OML^O21^OML_O21", &segments, "ServiceRequest");
        let stated = |one: &&Draft| one.effect == Effect::State;
        let found: Vec<_> = requests.iter().filter(stated).collect();
        let shown: Vec<_> = requests
            .iter()
            .map(|one| (one.effect, text(one, "identifier")))
            .collect();
        assert_eq!(found.len(), 2, "{shown:?}");
        assert!(text(found[0], "identifier").contains("AAA"), "{result}");
        assert!(text(found[1], "identifier").contains("BBB"), "{result}");
        let mention: Vec<_> = requests.iter().filter(|one| !stated(one)).collect();
        assert!(text(mention[0], "identifier").contains("OLD"), "{result}");
        assert_eq!(
            made("OML^O21^OML_O21", &segments, "DiagnosticReport").len(),
            1
        );
        assert_eq!(made("OML^O21^OML_O21", &segments, "Patient").len(), 1);
    }
}

#[test]
fn a_power_of_ten_sent_unescaped_is_one_unit() {
    for (unit, code) in [
        ("10^3/uL", "10*3/uL"),
        ("10^9/L", "10*9/L"),
        ("10^9/l", "10*9/L"),
        ("x10^9/L", "10*9/L"),
        ("X10^6/uL", "10*6/uL"),
        ("10^3/uL^UCUM", "10*3/uL"),
        ("10^3/uL^L", "10*3/uL"),
    ] {
        let obx = format!("OBR|1|||P\rOBX|1|NM|777-3^PLT^LN||5|{unit}|||||F");
        let quantity = element(&obx, "Observation", "valueQuantity");
        let words = unit.split('^').take(2).collect::<Vec<_>>().join("^");
        let expected = format!(
            r#"{{"value":5,"unit":"{words}","system":"http://unitsofmeasure.org","code":"{code}"}}"#
        );
        assert_eq!(quantity, expected, "{unit}");
    }
    // What is no power stays as it was.
    check_value(
        "NM|1^x^L||5|10^per day^L|||||F",
        "valueQuantity",
        expect![[r#"{"value":5,"unit":"per day"}"#]],
    );
    let dose = "ORC|RE|1^A\rRXA|0|1|20260301|20260301|D^d^L|5|10^9/L^^UCUM";
    let given = made("RAS^O17^RAS_O17", dose, "MedicationAdministration");
    expect![[r#"{"dose":{"unit":"10^9/L","system":"http://unitsofmeasure.org","code":"10*9/L","value":5}}"#]].assert_eq(&text(&given[0], "dosage"));
}

#[test]
fn counts_of_cells_are_known_however_their_unit_is_written() {
    for (unit, code) in [
        ("K/mm3", "10*3/uL"),
        ("10 3/uL", "10*3/uL"),
        ("x10E3/uL", "10*3/uL"),
        ("thou/uL", "10*3/uL"),
        ("thou/cmm", "10*3/uL"),
        ("x10(3)/mcL", "10*3/uL"),
        ("Tsd/\u{b5}l", "10*3/uL"),
        ("/nl", "10*9/L"),
        ("Gpt/L", "10*9/L"),
        ("10E9/L", "10*9/L"),
        ("M/uL", "10*6/uL"),
        ("Mio/\u{b5}l", "10*6/uL"),
        ("T/L", "10*12/L"),
        ("cells/uL", "/uL"),
    ] {
        let obx = format!("OBR|1|||P\rOBX|1|NM|777-3^PLT^LN||5|{unit}|||||F");
        let quantity = element(&obx, "Observation", "valueQuantity");
        assert!(
            quantity.contains(&format!(r#""code":"{code}""#)),
            "{unit}: {quantity}"
        );
        assert!(clinical::unit::Unit::parse(code).is_ok(), "{code}");
    }
}

#[test]
fn doses_of_an_order_are_told_apart_by_their_time() {
    let given = |time: &str, dose: &str, more: &str| {
        let segments = format!(
            "ORC|RE|R20^A\rRXA|0|1|{time}|{time}|11124^Vancomycin^RXNORM|{dose}|mg|||||||||||||CP|{more}"
        );
        let mut made = made("RAS^O17^RAS_O17", &segments, "MedicationAdministration");
        made.remove(0).id
    };
    let morning = given("20260301070000", "1000", "A");
    assert_ne!(given("20260301190000", "750", "A"), morning);
    assert_eq!(given("20260301070000", "900", "U"), morning);
    assert_eq!(given("202603010700", "1000", "D"), morning);
}

#[test]
fn a_specimen_is_told_where_something_is_said_of_it_and_once() {
    let count = |event: &str, segments: &str| made(event, segments, "Specimen").len();
    let order = "ORC|NW|1^A\rOBR|1|1^A||T^T^L\r";
    let drawn = "ORC|NW|1^A\rOBR|1|1^A||T^T^L|||20260301080000|||||||20260301081000\r";
    let image = "ORC|NW|1^A\rOBR|1|1^A||T^T^L|||20260301080000|||||||||||||||||RAD\r";
    let tube = "SPM|1|S1&A||BLD\r";
    for event in ["OML^O21^OML_O21", "OMG^O19^OMG_O19", "ORM^O01^ORM_O01"] {
        assert_eq!(count(event, order), 0, "{event}");
        assert_eq!(count(event, drawn), 1, "{event}");
        assert_eq!(count(event, image), 0, "{event}");
        assert_eq!(count(event, &format!("{order}{tube}")), 1, "{event}");
        assert_eq!(count(event, &format!("{drawn}{tube}")), 1, "{event}");
    }
    let result = "OBX|1|NM|2823-3^K^LN||4|mmol/L|||||F\r";
    assert_eq!(count("ORU^R01^ORU_R01", &format!("{drawn}{result}")), 1);
    let with_tube = format!("{drawn}{result}{tube}");
    let specimens = made("ORU^R01^ORU_R01", &with_tube, "Specimen");
    assert_eq!(specimens.len(), 1);
    // What OBR says of it is not lost.
    expect![[r#""2026-03-01T08:10:00-05:00""#]].assert_eq(&text(&specimens[0], "receivedTime"));
    expect![[r#"{"collectedDateTime":"2026-03-01T08:00:00-05:00"}"#]]
        .assert_eq(&text(&specimens[0], "collection"));
    let observations = made("ORU^R01^ORU_R01", &with_tube, "Observation");
    let specimen = text(&observations[0], "specimen");
    assert!(specimen.contains(&*specimens[0].id), "{specimen}");
}

#[test]
fn a_visit_number_is_one_whether_its_type_is_said_or_not() {
    let identifier = |number: &str| {
        let pv1 = format!("PV1||I|W||||||||||||||||{number}");
        element(&pv1, "Encounter", "identifier")
    };
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"value":"V9"}]"#]].assert_eq(&identifier("V9"));
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"value":"V9"}]"#]].assert_eq(&identifier("V9^^^^VN"));
    expect![[r#"unless known [{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"},{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"AN"}],"text":"visit number"},"value":"V9"}]"#]].assert_eq(&identifier("V9^^^^AN"));
}

#[test]
fn each_step_of_a_taper_has_its_own_dose() {
    let order = "ORC|NW|RX2^EPIC|RX2^PH\r\
        TQ1|1|10^mg|Q8H||||202611231200|202611251200|R||||S\r\
        TQ1|2|5^mg|DAILY||||202611251200|202611301200|R\r\
        RXE||PRED^Prednisone^L|10||mg|TAB\rRXR|PO\r";
    let doses = |segments: &str| {
        let made = made("RDE^O11^RDE_O11", segments, "MedicationRequest");
        let [drug] = &made[..] else {
            panic!("{made:?}")
        };
        let steps: serde_json::Value =
            serde_json::from_str(&text(drug, "dosageInstruction")).unwrap();
        let steps = steps.as_array().unwrap().clone();
        let doses = steps.iter().map(|step| {
            let all = step["doseAndRate"].as_array().unwrap();
            let dose = |one: &serde_json::Value| {
                let dose = &one["doseQuantity"];
                format!(
                    "{}{}",
                    dose["value"],
                    dose["unit"].as_str().unwrap_or_default()
                )
            };
            all.iter().map(dose).collect::<Vec<_>>()
        });
        doses.collect::<Vec<_>>()
    };
    assert_eq!(doses(order), [["10mg"], ["5mg"]]);
    let first = order.replace("|1|10^mg|", "|1||");
    assert_eq!(doses(&first), [["10mg"], ["5mg"]]);
}
