//! What the reader accepts, refuses and leaves alone.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// Reads everything, as deep as it goes.
fn walk(value: Raw<'_>, out: &mut String) -> Result<(), Malformed> {
    match value.as_bytes().first() {
        Some(b'{') => {
            out.push('{');
            for member in value.members() {
                let (name, value) = member?;
                out.push_str(name);
                out.push('=');
                walk(value, out)?;
                out.push(' ');
            }
            out.push('}');
        }
        Some(b'[') => {
            out.push('[');
            for item in value.items() {
                walk(item?, out)?;
                out.push(' ');
            }
            out.push(']');
        }
        Some(b'"') => out.push_str(&value.text()?),
        Some(b't' | b'f') => out.push_str(&value.boolean()?.to_string()),
        Some(b'n') => out.push_str("null"),
        _ => out.push_str(value.number()?.digits()),
    }
    Ok(())
}

fn check(json: &str, expected: Expect) {
    let mut out = String::new();
    let read = Raw::read(json.as_bytes()).and_then(|value| walk(value, &mut out));
    expected.assert_eq(&match read {
        Ok(()) => out,
        Err(error) => error.to_string(),
    });
}

#[test]
fn values_are_read_where_they_lie() {
    check(
        " {\"a\" : [1, 9.60 ,-3e5],\n\"b\":{}, \"c\":[], \"d\":true,\"e\":null} ",
        expect!["{a=[1 9.60 -3e5 ] b={} c=[] d=true e=null }"],
    );
}

#[test]
fn escapes_are_read() {
    check(
        r#"["a\"b\\c\/\t|", "\u00e9", "\ud83e\ude7a"]"#,
        expect![["[a\"b\\c/\t| é 🩺 ]"]],
    );
}

#[test]
fn what_is_not_json_is_an_error() {
    check(
        "",
        expect!["the resource is not JSON: a value expected, 0 bytes before its end"],
    );
    check(
        "{\"a\":1",
        expect!["the resource is not JSON: a closing bracket expected, 0 bytes before its end"],
    );
    check(
        "{\"a\":1]",
        expect![
            "the resource is not JSON: the bracket that was opened expected, 0 bytes before its end"
        ],
    );
    check(
        "{\"a\" 1}",
        expect!["the resource is not JSON: a colon expected, 2 bytes before its end"],
    );
    check(
        "{\"a\":1,}",
        expect!["the resource is not JSON: a string expected, 1 bytes before its end"],
    );
    check(
        "[1 2]",
        expect![
            "the resource is not JSON: a comma or a closing bracket expected, 2 bytes before its end"
        ],
    );
    check(
        "[1] x",
        expect!["the resource is not JSON: the end expected, 1 bytes before its end"],
    );
    check(
        "[01]",
        expect!["the resource is not JSON: a number expected, 2 bytes before its end"],
    );
    check(
        r#"["\x"]"#,
        expect!["the resource is not JSON: an escape expected, 1 bytes before its end"],
    );
    check(
        r#"["\ud83e"]"#,
        expect!["the resource is not JSON: an escape expected, 5 bytes before its end"],
    );
    check(
        "[tru]",
        expect!["the resource is not JSON: true or false expected, 3 bytes before its end"],
    );
    assert_eq!(Raw::read(b"\"\xff\""), Err(Malformed::NotUtf8));
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Raw::read(nested(63).as_bytes()).is_ok());
    assert!(Raw::read(nested(64).as_bytes()).is_ok());
    assert_eq!(Raw::read(nested(65).as_bytes()), Err(Malformed::TooDeep));
}

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut out = String::new();
        let ours = Raw::read(&bytes).and_then(|value| walk(value, &mut out)).is_ok();
        prop_assert!(ours || serde_json::from_slice::<serde_json::Value>(&bytes).is_err());
    }

    #[test]
    fn nothing_that_looks_like_json_panics(text in "[\\[\\]{},:\"\\\\u0-9atrue -]{0,40}") {
        let mut out = String::new();
        let ours = Raw::read(text.as_bytes()).and_then(|value| walk(value, &mut out)).is_ok();
        let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert!(ours || !theirs, "refused what is JSON: {}", text);
    }

    #[test]
    fn text_reads_as_it_was_written(text in ".*") {
        let json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(Raw::read(json.as_bytes()).unwrap().text().unwrap(), text);
    }
}
