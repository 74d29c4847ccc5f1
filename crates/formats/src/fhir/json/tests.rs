//! What the JSON writer writes, and what it leaves out.

use expect_test::{Expect, expect};

use super::*;

fn check(build: impl FnOnce(&mut Object<'_>), expected: Expect) {
    expected.assert_eq(&String::from_utf8(object(build)).unwrap());
}

#[test]
fn members_stand_in_the_order_written() {
    check(
        |o| {
            o.string("resourceType", "Patient")
                .number("n", Number::parse("9.60"))
                .boolean("active", Some(false))
                .integer("count", 3)
                .array("given", |a| {
                    a.string("Ann").string("").string("Mary");
                })
                .raw("spliced", br#"{"a":1}"#);
        },
        expect![[
            r#"{"resourceType":"Patient","n":9.60,"active":false,"count":3,"given":["Ann","Mary"],"spliced":{"a":1}}"#
        ]],
    );
}

#[test]
fn what_has_nothing_in_it_is_not_written() {
    check(
        |o| {
            o.string("a", "")
                .object("b", |b| {
                    b.array("c", |c| {
                        c.object(|_| ()).raw(b"");
                    });
                })
                .string("d", "kept")
                .object("e", |_| ());
        },
        expect![[r#"{"d":"kept"}"#]],
    );
    check(|_| (), expect![[""]]);
}

#[test]
fn strings_are_escaped() {
    check(
        |o| {
            o.string("q\"", "line\nquote\" back\\ bell\u{7} tab\t é 🩺");
        },
        expect![[r#"{"q\"":"line\nquote\" back\\ bell\u0007 tab\t é 🩺"}"#]],
    );
}

#[test]
fn what_is_taken_back_leaves_no_comma() {
    let mut writer = Writer::default();
    writer.begin_object();
    writer.key("a");
    writer.integer(u64::MAX);
    let before = writer.mark();
    writer.key_raw(b"\"b\":");
    writer.begin_array();
    let inner = writer.mark();
    writer.begin_object();
    assert!(!writer.end_object_unless_empty(inner));
    assert!(!writer.end_array_unless_empty(before));
    writer.key("c");
    let value = writer.mark();
    writer.string_of(&["Patient/", "\"1\""]);
    assert_eq!(writer.since(value), br#""Patient/\"1\"""#);
    let before = writer.mark();
    writer.key("d");
    writer.integer(0);
    writer.rollback(before);
    assert!(writer.end_object_unless_empty(Writer::default().mark()));
    writer.line();
    writer.begin_array();
    writer.string("}");
    writer.string("[");
    writer.raw(b"1");
    writer.end_array();
    expect![[r#"
        {"a":18446744073709551615,"c":"Patient/\"1\""}
        ["}","[",1]"#]]
    .assert_eq(&String::from_utf8(writer.into_bytes()).unwrap());
}

#[test]
fn only_json_numbers_are_numbers() {
    for good in [
        "0", "-0", "9.60", "120", "1e5", "1.0E-7", "-3.14", "1e+2", "0.0",
    ] {
        assert_eq!(
            Number::parse(good).map(Number::digits),
            Some(good),
            "{good}"
        );
    }
    for bad in [
        "", "-", "+5", ".5", "5.", "05", "1e", "1e+", "1 ", "0x1", "NaN", "1,5", "--1",
    ] {
        assert_eq!(Number::parse(bad), None, "{bad}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_reads_back(text in ".*") {
        let json = object(|o| { o.string("t", &text); });
        if text.is_empty() {
            assert!(json.is_empty());
        } else {
            let back: std::collections::BTreeMap<String, String> = serde_json::from_slice(&json).unwrap();
            assert_eq!(back.get("t"), Some(&text));
        }
    }
}
