//! What measures ask of each kind of resource.

use clinical::{CareValue, Members, ValueSets};
use expect_test::{Expect, expect};

use super::fact;
use super::value_set::{value_set, value_sets};

fn sets() -> ValueSets {
    let mut sets = ValueSets::default();
    for (list, code) in ["a", "b", "c"].into_iter().enumerate() {
        let list = Members::of(u8::try_from(list).unwrap()).unwrap();
        sets.add(list, "urn:codes", code);
    }
    sets
}

fn check(json: &str, expected: Expect) {
    let fact = fact(json.as_bytes(), &sets()).unwrap();
    let text = fact.map_or("nothing".into(), |fact| {
        format!(
            "{:?} {:?}\n{:?}\n{:?}",
            fact.status, fact.members, fact.when, fact.detail
        )
    });
    expected.assert_eq(&text);
}

const A: &str =
    r#"{"coding":[{"system":"urn:other","code":"a"},{"system":"urn:codes","code":"a"}]}"#;

#[test]
fn every_coding_counts_and_statuses_are_told_apart() {
    check(
        &format!(
            r#"{{"resourceType":"Procedure","id":"1","status":"completed","code":{A},"performedPeriod":{{"end":"2025-01"}}}}"#
        ),
        expect![[r#"
            Completed Members(1)
            Period(None, Some(Month(660)))
            Procedure"#]],
    );
    check(
        &format!(
            r#"{{"resourceType":"Condition","id":"1","code":{A},"onsetAge":{{"value":40,"unit":"a"}},"clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"relapse"}}]}}}}"#
        ),
        expect![[r#"
            Other Members(1)
            Age(Age { count: 40, unit: Year }, Age { count: 40, unit: Year })
            Condition { active: true, abatement: Unsaid, site: Members(0) }"#]],
    );
    check(r#"{"resourceType":"Basic","id":"1"}"#, expect!["nothing"]);
}

#[test]
fn a_value_is_a_number_only_in_a_known_unit_and_without_a_bound() {
    let value = |json: &str| {
        let json = format!(r#"{{"resourceType":"Observation","id":"1",{json}}}"#);
        let found = fact(json.as_bytes(), &sets()).unwrap().unwrap();
        match found.detail {
            clinical::CareDetail::Observation { value, .. } => value,
            other => panic!("{other:?}"),
        }
    };
    let number = |json: &str| matches!(value(json), CareValue::Number(..));
    assert!(number(
        r#""valueQuantity":{"value":9.60,"unit":"percent","code":"%"}"#
    ));
    assert_eq!(
        value(r#""valueQuantity":{"value":9,"comparator":">","code":"%"}"#),
        CareValue::None
    );
    assert_eq!(
        value(r#""valueQuantity":{"value":9,"code":"furlong"}"#),
        CareValue::Other
    );
    assert_eq!(value(r#""valueQuantity":{"code":"%"}"#), CareValue::None);
    assert_eq!(value(r#""valueString":"high""#), CareValue::Other);
    assert_eq!(value(r#""status":"final""#), CareValue::None);
}

#[test]
fn a_prescription_lasts_as_long_as_its_supply() {
    let period = |json: &str| {
        let json = format!(r#"{{"resourceType":"MedicationRequest","id":"1",{json}}}"#);
        format!(
            "{:?}",
            fact(json.as_bytes(), &sets()).unwrap().unwrap().when
        )
    };
    let authored = r#""authoredOn":"2025-01-01T23:30:00-05:00""#;
    let supply = |json: &str| format!(r#"{authored},"dispenseRequest":{{{json}}}"#);
    for (json, expected) in [
        (authored.to_owned(), "Unsaid"),
        (
            supply(r#""expectedSupplyDuration":{"value":90,"code":"days"}"#),
            "Period(Some(Day(20089)), Some(Day(20178)))",
        ),
        (
            supply(
                r#""expectedSupplyDuration":{"value":1,"code":"wk"},"numberOfRepeatsAllowed":2"#,
            ),
            "Period(Some(Day(20089)), Some(Day(20109)))",
        ),
        (
            format!(
                "{},{}",
                supply(r#""quantity":{"value":60}"#),
                r#""dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":1}}]}]"#
            ),
            "Period(Some(Day(20089)), Some(Day(20118)))",
        ),
        (
            format!(
                "{authored},{}",
                r#""dosageInstruction":[{"timing":{"repeat":{"boundsPeriod":{"start":"2025-01-03","end":"2025-01-09"}}}}]"#
            ),
            "Period(Some(Day(20091)), Some(Day(20097)))",
        ),
    ] {
        assert_eq!(period(&json), expected, "{json}");
    }
}

#[test]
fn a_contained_medication_and_one_elsewhere_are_found() {
    check(
        &format!(
            r##"{{"resourceType":"MedicationAdministration","id":"1","status":"completed","contained":[{{"resourceType":"Medication","id":"m","code":{A}}}],"medicationReference":{{"reference":"#m"}}}}"##
        ),
        expect![[r#"
            Completed Members(1)
            Unsaid
            MedicationAdministration { medication: None }"#]],
    );
    check(
        r#"{"resourceType":"MedicationAdministration","id":"1","medicationReference":{"reference":"Medication/m"}}"#,
        expect![[r#"
            Other Members(0)
            Unsaid
            MedicationAdministration { medication: Some(639681775906153612) }"#]],
    );
}

#[test]
fn a_value_set_gives_its_expansion_or_what_it_lists() {
    let listed = br#"{"resourceType":"ValueSet","url":"http://x/ValueSet/1.2|3","compose":{"include":[{"system":"s","concept":[{"code":"a"},{"code":"b"}]}]}}"#;
    let expanded = br#"{"resourceType":"ValueSet","url":"http://x/ValueSet/1.2","expansion":{"contains":[{"system":"s","code":"a","contains":[{"system":"t","code":"b"}]}]}}"#;
    let show = |bytes: &[u8]| {
        let found = value_set(bytes).unwrap();
        let codes: Vec<String> = found
            .codes
            .iter()
            .map(|(s, c)| format!("{s}|{c}"))
            .collect();
        format!("{}: {}", found.identifier, codes.join(" "))
    };
    assert_eq!(show(listed), "1.2: s|a s|b");
    assert_eq!(show(expanded), "1.2: s|a t|b");
}

#[test]
fn what_should_not_have_been_is_taken_back_and_the_site_says_what_places_and_medications_are() {
    let mut sets = sets();
    let list = Members::of(5).unwrap();
    sets.add(list, "Location", "ed-1");
    sets.add(list, "Medication", "insulin");
    let said = |json: &str| super::said(json.as_bytes(), &sets).unwrap();
    let kinds = |json: &str| -> Vec<String> {
        let said = said(json).into_iter();
        said.map(|care| match care {
            clinical::Care::Stands(fact) => format!("{} {:?}", fact.detail.number(), fact.members),
            clinical::Care::TakenBack { kind, .. } => format!("{kind} taken back"),
        })
        .collect()
    };
    assert_eq!(
        kinds(&format!(
            r#"{{"resourceType":"Procedure","id":"1","status":"entered-in-error","code":{A}}}"#
        )),
        ["4 taken back"]
    );
    assert_eq!(
        kinds(
            r#"{"resourceType":"Condition","id":"1","verificationStatus":{"coding":[{"code":"entered-in-error"}]}}"#
        ),
        ["2 taken back"]
    );
    assert_eq!(
        kinds(
            r#"{"resourceType":"Encounter","id":"1","status":"finished","location":[{"location":{"reference":"Location/ed-1"}},{"location":{"reference":"Location/else"}}]}"#
        ),
        ["10 Members(32)", "1 Members(0)"]
    );
    assert_eq!(
        kinds(
            r#"{"resourceType":"MedicationAdministration","id":"1","status":"completed","medicationReference":{"reference":"Medication/insulin"}}"#
        ),
        ["8 Members(32)"]
    );
    assert_eq!(kinds(r#"{"resourceType":"Basic","id":"1"}"#), [""; 0]);
}

#[test]
fn value_sets_stand_alone_or_in_a_bundle() {
    let one = r#"{"resourceType":"ValueSet","url":"http://x/1.2.3|2025","expansion":{"contains":[{"system":"urn:a","code":"1"}]}}"#;
    let alone = value_sets(one.as_bytes()).unwrap();
    assert_eq!((alone.len(), &*alone[0].identifier), (1, "1.2.3"));
    let bundle = format!(
        r#"{{"resourceType":"Bundle","entry":[{{"resource":{one}}},{{"resource":{{"resourceType":"Library"}}}}]}}"#
    );
    assert_eq!(value_sets(bundle.as_bytes()).unwrap(), alone);
}

/// What an Observation is to measures: of a laboratory, a pressure, how many parts it has.
fn observed(json: &str) -> (bool, bool, usize) {
    let json = format!(r#"{{"resourceType":"Observation","id":"1",{json}}}"#);
    match fact(json.as_bytes(), &sets()).unwrap().unwrap().detail {
        clinical::CareDetail::Observation {
            laboratory,
            pressure,
            value,
            components,
            ..
        } => {
            assert!(!pressure || value == CareValue::None, "{json}");
            (laboratory, pressure, components.len())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_of_no_category_is_one_of_a_laboratory() {
    let category = |code: &str| {
        observed(&format!(
            r#""code":{A},"category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"X"}}]}},{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{code}"}}]}}]"#
        )).0
    };
    assert!(category("laboratory"));
    assert!(!category("imaging"));
    assert!(observed(&format!(r#""code":{A}"#)).0);
}

#[test]
fn a_part_of_a_pressure_may_be_a_result_of_its_own() {
    let code = |code: &str| {
        format!(
            r#""code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"valueQuantity":{{"value":138,"code":"mm[Hg]"}}"#
        )
    };
    assert_eq!(observed(&code("8480-6")), (false, true, 1));
    assert_eq!(observed(&code("8462-4")), (false, true, 1));
    assert_eq!(observed(&code("8867-4")), (true, false, 0));
}
