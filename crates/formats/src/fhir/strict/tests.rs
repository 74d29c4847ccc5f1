//! What goes through and what does not, each limit at its edges, and any tree with a member said twice.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn check_text(json: &str, expected: Expect) {
    check_bytes(json.as_bytes(), expected);
}

fn check_bytes(bytes: &[u8], expected: Expect) {
    let found = match check(bytes) {
        Ok(()) => "taken".to_owned(),
        Err(refused) => format!("{} {refused}", refused.code.code()),
    };
    expected.assert_eq(&found);
}

fn code(json: &str) -> Option<IssueCode> {
    check(json.as_bytes()).err().map(|refused| refused.code)
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    check_text(
        "",
        expect!["structure Resource: this is not JSON: an object expected at byte 0"],
    );
    check_text(
        "[]",
        expect!["structure Resource: this is not JSON: an object expected at byte 0"],
    );
    check_text(
        r#"{"resourceType":"Patient","name":[{"family":}]}"#,
        expect!["structure Patient: this is not JSON: a value expected at byte 44"],
    );
    check_text(
        r#"{"resourceType":"Patient"} x"#,
        expect!["structure Patient: this is not JSON: the end expected at byte 27"],
    );
    check_text(
        "{\"a\":\"\u{1}\"}",
        expect![
            "structure Resource.a: this is not JSON: an escape for a control character expected at byte 6"
        ],
    );
    check_text(
        "\u{feff}{}",
        expect!["structure Resource: it begins with a byte order mark: leave it out, as JSON asks"],
    );
    check_bytes(
        b"{\"a\":\"\xff\"}",
        expect!["structure Resource: it is not UTF-8 at byte 6: send it in UTF-8, as FHIR asks"],
    );
}

#[test]
fn half_a_surrogate_pair_is_refused_and_a_whole_one_is_not() {
    for lone in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\u0041""#,
        r#""\ud83dx""#,
    ] {
        assert_eq!(
            code(&format!("{{\"a\":{lone}}}")),
            Some(IssueCode::Structure)
        );
        assert_eq!(code(&format!("{{{lone}:1}}")), Some(IssueCode::Structure));
    }
    check_text(r#"{"a":"\ud83d\ude00"}"#, expect!["taken"]);
}

#[test]
fn a_member_said_twice_is_refused_however_it_is_written() {
    check_text(
        r#"{"resourceType":"Patient","id":"1","contact":[{"gender":"male","gender":"female"}]}"#,
        expect![
            "structure Patient.contact[0].gender: the member is there twice, and readers differ in which one they take: keep one"
        ],
    );
    assert_eq!(code(r#"{"id":1,"\u0069d":2}"#), Some(IssueCode::Structure));
    check_text(r#"{"a":{"id":1},"b":{"id":1},"id":1}"#, expect!["taken"]);
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!("{{\"a\":{open}{close}}}")
    };
    let most = DEPTH_MAX as usize;
    assert_eq!(code(&nested(most - 1)), None);
    assert_eq!(code(&nested(most)), None);
    assert_eq!(code(&nested(most + 1)), Some(IssueCode::TooCostly));
    assert_eq!(code(&nested(100_000)), Some(IssueCode::TooCostly));
    let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert_eq!(code(&objects), Some(IssueCode::TooCostly));
}

#[test]
fn members_are_limited_and_many_are_no_trouble() {
    let of = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!("\"k{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(code(&of(MEMBERS_MAX - 1)), None);
    assert_eq!(code(&of(MEMBERS_MAX)), None);
    assert_eq!(code(&of(MEMBERS_MAX + 1)), Some(IssueCode::TooCostly));
    assert_eq!(code(&of(1_000_000)), Some(IssueCode::TooCostly));
    let mut twice = of(MEMBERS_MAX - 1);
    twice.pop();
    twice.push_str(",\"k0\":0}");
    assert_eq!(code(&twice), Some(IssueCode::Structure));
}

#[test]
fn numbers_are_limited() {
    let of = |number: &str| code(&format!("{{\"a\":{number}}}"));
    assert_eq!(of(&"1".repeat(NUMBER_BYTES_MAX - 1)), None);
    assert_eq!(of(&"1".repeat(NUMBER_BYTES_MAX)), None);
    assert_eq!(
        of(&"1".repeat(NUMBER_BYTES_MAX + 1)),
        Some(IssueCode::TooLong)
    );
    for sign in ["", "+", "-"] {
        assert_eq!(of(&format!("1e{sign}{}", EXPONENT_MAX - 1)), None);
        assert_eq!(of(&format!("1.5E{sign}{EXPONENT_MAX}")), None);
        let over = format!("1e{sign}{}", EXPONENT_MAX + 1);
        assert_eq!(of(&over), Some(IssueCode::Value));
        assert_eq!(
            of(&format!("1e{sign}99999999999999999999")),
            Some(IssueCode::Value)
        );
    }
    for wrong in ["01", "+1", "1.", ".5", "1e", "NaN", "Infinity", "0x1"] {
        assert_eq!(of(wrong), Some(IssueCode::Structure), "{wrong}");
    }
    let most = format!("{}e{EXPONENT_MAX}", "9".repeat(NUMBER_BYTES_MAX - 4));
    assert_eq!(of(&most), None);
    assert!(most.parse::<f64>().unwrap().is_finite());
}

#[test]
fn length_is_limited() {
    let of = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
    assert_eq!(code(&of(RESOURCE_BYTES_MAX - 1)), None);
    assert_eq!(code(&of(RESOURCE_BYTES_MAX)), None);
    assert_eq!(code(&of(RESOURCE_BYTES_MAX + 1)), Some(IssueCode::TooLong));
}

/// Any value, with names of each object different.
fn tree() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 20, |inner| {
        let name = prop_oneof!["[a-c]{1,2}", any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..20)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Writes a tree, and says the member of a number once more right where its object ends.
fn write(value: &serde_json::Value, again: &mut Option<usize>, out: &mut String) {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            out.push('{');
            let mut separator = "";
            for (name, value) in members {
                out.push_str(separator);
                separator = ",";
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(value, again, out);
            }
            for name in members.keys() {
                if *again == Some(0) {
                    let escaped: String = name
                        .encode_utf16()
                        .map(|unit| format!("\\u{unit:04x}"))
                        .collect();
                    out.push_str(&format!(",\"{escaped}\":null"));
                }
                *again = again.and_then(|left| left.checked_sub(1));
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            let mut separator = "";
            for item in items {
                out.push_str(separator);
                separator = ",";
                write(item, again, out);
            }
            out.push(']');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}

fn members(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    match value {
        Value::Object(of) => of.len() + of.values().map(members).sum::<usize>(),
        Value::Array(items) => items.iter().map(members).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn any_tree_goes_through_and_none_that_says_a_member_twice(
        value in tree(),
        which in any::<prop::sample::Index>(),
    ) {
        let value = serde_json::json!({ "value": value });
        let mut once = String::new();
        write(&value, &mut None, &mut once);
        prop_assert_eq!(check(once.as_bytes()), Ok(()));
        let mut twice = String::new();
        write(&value, &mut Some(which.index(members(&value))), &mut twice);
        prop_assert!(twice.len() > once.len());
        prop_assert_eq!(code(&twice), Some(IssueCode::Structure));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let taken = check(&bytes).is_ok();
        prop_assert_eq!(taken && serde_json::from_slice::<serde_json::Value>(&bytes).is_err(), false);
    }

    #[test]
    fn what_json_is_not_is_not_taken(text in r#"[{}\[\],:"\\u0-9eE.+\- a-fd8]{0,60}"#) {
        if check(text.as_bytes()).is_ok() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }
}

#[test]
fn the_character_of_number_zero_is_refused_in_texts_and_names() {
    let place = r#"{"resourceType":"Patient","name":[{"family":"a\u0000b"}]}"#;
    check_text(
        place,
        expect![
            "value Patient.name[0].family: the text has the character U+0000, which FHIR does not allow and not everybody can keep: take it out"
        ],
    );
    assert_eq!(code(r#"{"a\u0000":1}"#), Some(IssueCode::Value));
    assert_eq!(code(r#"{"a":"\\u0000 \u0001"}"#), None);
}
