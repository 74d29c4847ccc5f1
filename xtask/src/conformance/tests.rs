//! Tests of the comparison on small made-up pairs.

use expect_test::{Expect, expect};
use serde_json::Value;

use super::comparison::Ours;
use super::differences::{Differences, Reason};
use super::origin::Origins;
use super::pairs::Corpus;
use super::{comparison, differences, json, pairs, resources, whistle};

/// Compares made-up resources, and lists every expected element that ours does not have.
fn check(expected: &str, ours: &str, disagreements: Expect) {
    let read = |text: &str| resources::read(&json::read(text).unwrap());
    let elements = comparison::elements(&read(expected), &read(ours));
    assert!(!elements.is_empty(), "nothing was compared");
    let lines = elements.iter().filter(|element| element.ours != Ours::Same);
    let lines = lines.map(|e| format!("{} {} | {}\n", e.path, e.expected, e.ours.text()));
    disagreements.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_changed_value_is_a_disagreement() {
    check(
        r#"{"resourceType":"Patient","gender":"male","birthDate":"1980-01-02"}"#,
        r#"{"resourceType":"Patient","gender":"female","birthDate":"1980-01-02"}"#,
        expect![[r#"
            Patient.gender "male" | "female"
        "#]],
    );
}

#[test]
fn a_missing_entry_is_a_disagreement_wherever_the_others_stand() {
    check(
        r#"{"resourceType":"Patient","name":[{"given":["A","B"]},{"family":"C"},{"family":"D"}]}"#,
        r#"{"resourceType":"Patient","name":[{"family":"D"},{"given":["B"],"family":"X"}]}"#,
        expect![[r#"
            Patient.name[].given[] "A" | -
            Patient.name[].family "C" | -
        "#]],
    );
}

#[test]
fn an_entry_of_ours_stands_for_one_expected_entry() {
    check(
        r#"{"resourceType":"Patient","name":[{"family":"C"},{"family":"C"}]}"#,
        r#"{"resourceType":"Patient","name":[{"family":"C"}]}"#,
        expect![[r#"
            Patient.name[].family "C" | -
        "#]],
    );
}

#[test]
fn more_than_is_expected_is_no_disagreement() {
    check(
        r#"[{"resourceType":"Patient","gender":"male"}]"#,
        r#"[{"resourceType":"Device"},{"resourceType":"Patient","gender":"male","active":true}]"#,
        expect![""],
    );
}

#[test]
fn a_resource_that_is_not_there_disagrees_in_every_element() {
    check(
        r#"[{"resourceType":"Patient","gender":"male"},{"resourceType":"Patient","gender":"male"}]"#,
        r#"[{"resourceType":"Patient","gender":"male"}]"#,
        expect![[r#"
            Patient.gender "male" | no resource
        "#]],
    );
}

#[test]
fn copies_of_an_organization_may_be_one_that_says_it_all() {
    check(
        r#"[{"resourceType":"Organization","name":"A"},{"resourceType":"Organization","name":"A"},
            {"resourceType":"Organization","name":"A","alias":["B"]},{"resourceType":"Organization","name":"A","alias":["C"]}]"#,
        r#"[{"resourceType":"Organization","name":"A","alias":["B"]}]"#,
        expect![[r#"
            Organization.alias[] "C" | no resource
            Organization.name "A" | no resource
        "#]],
    );
}

#[test]
fn copies_may_be_one_of_ours_that_says_it_otherwise() {
    let expected = r#"[
        {"resourceType":"Patient","generalPractitioner":[{"reference":"Organization/1"},{"reference":"Organization/2"}]},
        {"resourceType":"Organization","id":"1","name":"A","alias":["B"]},
        {"resourceType":"Organization","id":"2","name":"A","alias":["B"]}]"#;
    check(
        expected,
        r#"[{"resourceType":"Organization","id":"x","name":"A"},
            {"resourceType":"Patient","generalPractitioner":[{"reference":"Organization/x"},{"reference":"Organization/x"}]}]"#,
        expect![[r#"
            Organization.alias[] "B" | -
            Organization.alias[] "B" | -
        "#]],
    );
    let copies = expected.replace(r#","alias":["B"]"#, "");
    check(
        expected,
        &copies,
        expect![[r#"
            Organization.alias[] "B" | -
            Organization.alias[] "B" | -
        "#]],
    );
}

#[test]
fn a_reference_agrees_when_it_leads_to_the_same() {
    let expected = r#"[
        {"resourceType":"Patient","id":"1","generalPractitioner":[{"reference":"Practitioner/2"}]},
        {"resourceType":"Practitioner","id":"2","gender":"male"},
        {"resourceType":"Practitioner","id":"3","gender":"female"}]"#;
    let ours = |to: &str| {
        format!(
            r#"{{"resourceType":"Bundle","entry":[
            {{"resource":{{"resourceType":"Practitioner","id":"x","gender":"female"}}}},
            {{"resource":{{"resourceType":"Practitioner","id":"y","gender":"male"}}}},
            {{"resource":{{"resourceType":"Patient","id":"p","generalPractitioner":[{{"reference":"{to}"}}]}}}}]}}"#
        )
    };
    check(expected, &ours("Practitioner/y"), expect![""]);
    for wrong in ["Practitioner/x", "Practitioner/nobody"] {
        check(
            expected,
            &ours(wrong),
            expect![[r#"
                Patient.generalPractitioner[].reference → Practitioner | → Practitioner
            "#]],
        );
    }
}

#[test]
fn what_is_referred_to_alike_is_aligned() {
    check(
        r#"[{"resourceType":"MessageHeader","sender":{"reference":"urn:1"},"responsible":{"reference":"Organization/b"}},
            {"resourceType":"Organization","id":"b","name":"B"},
            {"resourceType":"Bundle","entry":[{"fullUrl":"urn:1","resource":{"resourceType":"Organization","name":"A"}}]}]"#,
        r#"[{"resourceType":"Organization","id":"x","name":"X"},{"resourceType":"Organization","id":"y","name":"Y"},
            {"resourceType":"MessageHeader","sender":{"reference":"Organization/y"},"responsible":{"reference":"Organization/x"}}]"#,
        expect![[r#"
            Organization.name "B" | "X"
            Organization.name "A" | "Y"
        "#]],
    );
}

#[test]
fn digits_and_precision_count_and_offsets_do_not() {
    check(
        r#"{"resourceType":"Observation","valueQuantity":{"value":9.60},"issued":"2026-01-01T10:00:00.000Z"}"#,
        r#"{"resourceType":"Observation","valueQuantity":{"value":9.6},"issued":"2026-01-01T11:00:00+01:00"}"#,
        expect![[r#"
            Observation.issued "2026-01-01T10:00:00.000Z" | "2026-01-01T11:00:00+01:00"
            Observation.valueQuantity.value 9.60 | 9.6
        "#]],
    );
    let time = |issued: &str| format!(r#"{{"resourceType":"Observation","issued":"{issued}"}}"#);
    let of = |text: &str| resources::read(&json::read(text).unwrap());
    let ours = |expected: &str, ours: &str| {
        comparison::elements(&of(&time(expected)), &of(&time(ours)))[0]
            .ours
            .clone()
    };
    let zoned = ours("2026-01-01T10:00:00Z", "2026-01-01T11:00:00+01:00");
    assert!(matches!(zoned, Ours::SameInstant(_)), "{zoned:?}");
    for (expected, other) in [
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01T10:00:00.5Z", "2026-01-01T10:00:00Z"),
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00+01:00"),
    ] {
        let found = ours(expected, other);
        assert!(matches!(found, Ours::Other(_)), "{expected}: {found:?}");
    }
}

#[test]
fn ids_private_extensions_and_generated_text_are_left_out() {
    check(
        r#"{"resourceType":"Patient","id":"1","meta":{"lastUpdated":"2026-01-01T00:00:00Z"},"text":{"div":"<div/>"},
            "_birthDate":{"extension":[{"url":"https://private.example/x","valueString":"x"}]},
            "extension":[{"url":"https://private.example/x","extension":[{"url":"MSH.7","valueString":"x"}]},
                         {"url":"http://hl7.org/fhir/StructureDefinition/patient-animal","extension":[{"url":"species","valueString":"cat"}]}]}"#,
        r#"{"resourceType":"Patient"}"#,
        expect![[r#"
            Patient.extension[].extension[].url "species" | -
            Patient.extension[].extension[].valueString "cat" | -
            Patient.extension[].url "http://hl7.org/fhir/StructureDefinition/patient-animal" | -
        "#]],
    );
}

#[test]
fn a_deliberate_difference_is_one_for_its_path_and_values_alone() {
    let table = "corpus\tkind\tpath\texpected\tours\tbeside\treason\n\
        cdc|google\ttheirs\tProvenance.recorded\t\"20*Z\"\t-\t\"UPDATE\"\tthe time of their run\n";
    let differences = Differences::parse(table).unwrap();
    let provenance = |code: &str| {
        let text = r#"{"resourceType":"Provenance","activity":{"coding":[{"code":"UPDATE"}]},"recorded":"2024-01-01T00:00:00Z"}"#;
        let text = text.replace("UPDATE", code);
        let expected = resources::read(&json::read(&text).unwrap());
        let mut element = comparison::elements(&expected, &[]).pop().unwrap();
        element.ours = Ours::Missing;
        element
    };
    let reason = |corpus: &str, element: &_| differences.reason(corpus, element);
    let mut element = provenance("UPDATE");
    let theirs = Some(Reason::Theirs("the time of their run".into()));
    assert_eq!(reason("google", &element), theirs);
    assert_eq!(reason("microsoft", &element), None);
    assert_eq!(reason("cdc", &provenance("CREATE")), None);
    element.ours = Ours::Other("\"2025\"".into());
    assert_eq!(reason("cdc", &element), None);
    let error = Differences::parse("names\ncdc\tx\ty\tz\n").err().unwrap();
    assert!(error.contains(":2: write corpus"), "{error}");
}

#[test]
fn an_expected_value_is_traced_to_the_fields_that_hold_it() {
    let message = b"MSH|^~\\&|APP\rPID|||7^^^H&1.2.3&ISO~8||SMITH^JOHN|APP\rPV1||||||||||||||||||||||||||||||||||||||||||||20230501102531-0400\r";
    let origins = Origins::of(message);
    for (value, fields) in [
        ("\"SMITH\"", "PID-5.1"),
        ("\"8\"", "PID-3"),
        ("8", "PID-3"),
        ("\"urn:oid:1.2.3\"", "PID-3.4.2"),
        ("\"APP\"", "MSH-3 PID-6"),
        ("\"2023-05-01T10:25:31-04:00\"", "PV1-44"),
        ("\"nowhere\"", ""),
    ] {
        assert_eq!(origins.fields(value), fields, "{value}");
    }
}

#[test]
fn a_pattern_takes_any_text_for_a_star() {
    for (pattern, text) in [
        ("a", "a"),
        ("*", ""),
        ("a*", "abc"),
        ("*c", "abc"),
        ("a*b*d", "a-b-c-d"),
        ("x|*b*", "abc"),
    ] {
        assert!(differences::matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [
        ("a", "ab"),
        ("a*", "ba"),
        ("ab*ba", "aba"),
        ("a*b*c", "a-c"),
        ("x|y", "z"),
    ] {
        assert!(!differences::matches(pattern, text), "{pattern} {text}");
    }
}

#[test]
fn fields_kept_as_json_become_a_message_again() {
    let json = r#"{"ADT_A01":{"PV1":null,"NK1":[{"0":"NK1","1":"1"},{"0":"NK1","1":"2"}],
        "PID":{"0":"PID","3":[{"1":"7","4":{"1":"H","2":"1.2"}},{"1":"8"}],"5":null,"6":"A|B&C"},
        "MSH":{"0":"MSH","1":"|","2":"^~\\&","3":{"1":"APP"},"9":{"1":"ADT","2":"A01"}}}}"#;
    let message = whistle::message(json).unwrap();
    expect![[r#"
        MSH|^~\&|APP||||||ADT^A01
        PID|||7^^^H&1.2~8|||A\F\B\T\C
        NK1|1
        NK1|2
    "#]]
    .assert_eq(&message.replace('\r', "\n"));
    let error = whistle::message(r#"{"A":{"ZZZ":{"0":"ZZZ"}}}"#).unwrap_err();
    assert_eq!(error, "the place of ZZZ is not known");
}

#[test]
fn what_is_expected_agrees_with_itself_in_another_order() {
    let Some(shared) = super::shared() else {
        return;
    };
    let mut compared = 0;
    for corpus in Corpus::ALL {
        let pairs = pairs::of(corpus, &shared.join("corpora"), &mut Vec::new()).unwrap();
        for pair in pairs {
            let value = json::read(&pair.expected).unwrap();
            let mut turned = value.clone();
            match &mut turned {
                Value::Array(resources) => resources.reverse(),
                bundle => bundle["entry"].as_array_mut().unwrap().reverse(),
            }
            let elements =
                comparison::elements(&resources::read(&value), &resources::read(&turned));
            for element in elements {
                assert_eq!(element.ours, Ours::Same, "{}: {element:?}", pair.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 70_000, "{compared}");
}
