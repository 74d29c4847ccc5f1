//! What is put in other words, and that nothing else is.

use expect_test::{Expect, expect};

use super::*;

/// Puts `NEW/1` for whatever names `OLD`.
fn check(resource: &str, expected: Expect) {
    let out = relinked(resource.as_bytes(), |link| {
        let (Link::Reference(text) | Link::Address(text)) = link;
        (text == "urn:uuid:OLD").then(|| "NEW/1".to_owned())
    });
    expected.assert_eq(std::str::from_utf8(&out.unwrap()).unwrap());
}

#[test]
fn references_and_addresses_are_renamed_and_words_and_canonicals_are_not() {
    check(
        r#"{ "resourceType": "Observation", "subject": {"reference": "urn:uuid:OLD"}, "valueString": "urn:uuid:OLD",
  "meta": {"profile": ["urn:uuid:OLD"], "source": "urn:uuid:OLD"}, "identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:OLD"}],
  "valueQuantity": {"value": 9.60} }"#,
        expect![[r#"
            { "resourceType": "Observation", "subject": {"reference": "NEW/1"}, "valueString": "urn:uuid:OLD",
              "meta": {"profile": ["urn:uuid:OLD"], "source": "NEW/1"}, "identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:OLD"}],
              "valueQuantity": {"value": 9.60} }"#]],
    );
}

#[test]
fn extensions_contained_resources_and_siblings_of_primitives_are_gone_into() {
    check(
        r#"{"contained":[{"resourceType":"Specimen","subject":{"reference":"urn:uuid:OLD"}}],"extension":[{"url":"x","valueReference":{"reference":"urn:uuid:OLD"}},{"url":"y","valueUri":"urn:uuid:OLD"},{"url":"z","valueCanonical":"urn:uuid:OLD"}],"_birthDate":{"extension":[{"url":"a","valueUrl":"urn:uuid:OLD"}]},"strange":[{"reference":"urn:uuid:OLD","uri":"urn:uuid:OLD"}],"resourceType":"Patient"}"#,
        expect![[
            r#"{"contained":[{"resourceType":"Specimen","subject":{"reference":"NEW/1"}}],"extension":[{"url":"x","valueReference":{"reference":"NEW/1"}},{"url":"y","valueUri":"NEW/1"},{"url":"z","valueCanonical":"urn:uuid:OLD"}],"_birthDate":{"extension":[{"url":"a","valueUrl":"NEW/1"}]},"strange":[{"reference":"NEW/1","uri":"urn:uuid:OLD"}],"resourceType":"Patient"}"#
        ]],
    );
}

#[test]
fn links_and_pictures_of_the_narrative_are_renamed() {
    check(
        r#"{"resourceType":"List","text":{"div":"<div><a href=\"urn:uuid:OLD\">urn:uuid:OLD</a><img src='urn:uuid:OLD'/><a href=\"urn:uuid:X\"/></div>"}}"#,
        expect![[
            r#"{"resourceType":"List","text":{"div":"<div><a href=\"NEW/1\">urn:uuid:OLD</a><img src='NEW/1'/><a href=\"urn:uuid:X\"/></div>"}}"#
        ]],
    );
}

#[test]
fn a_reference_is_known_however_it_is_escaped() {
    check(
        r#"{"resourceType":"Observation","subject":{"\u0072eference":"urn:uuid:\u004fLD"}}"#,
        expect![[r#"{"resourceType":"Observation","subject":{"\u0072eference":"NEW/1"}}"#]],
    );
}

#[test]
fn an_id_is_put_in_the_place_of_the_earlier_or_behind_the_type() {
    let check = |resource: &str, expected: &str| {
        let out = with_id(resource.as_bytes(), "new").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    };
    check(
        r#"{"id" : "old" , "resourceType":"Patient"}"#,
        r#"{"id" : "new" , "resourceType":"Patient"}"#,
    );
    check(
        r#"{"resourceType":"Patient","contact":[{"id":"1"}]}"#,
        r#"{"resourceType":"Patient","id":"new","contact":[{"id":"1"}]}"#,
    );
    check(
        r#"{"resourceType":"Patient"}"#,
        r#"{"resourceType":"Patient","id":"new"}"#,
    );
    assert!(with_id(b"{}", "new").is_err());
    assert!(with_id(b"[]", "new").is_err());
}

#[test]
fn what_cannot_be_read_is_refused() {
    let deep = format!("{}1{}", "{\"a\":".repeat(70), "}".repeat(70));
    for wrong in ["", "[]", "{", "{\"a\":\"\\ud800\"}", &deep] {
        assert!(
            relinked(wrong.as_bytes(), |_| Some("x".to_owned())).is_err() || wrong.contains("ud8")
        );
    }
}
