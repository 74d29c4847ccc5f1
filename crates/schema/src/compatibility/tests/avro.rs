//! Avro: each row is what was written, what is read, and what keeps the one from being read as the other.

use super::super::{Language, Policy};
use super::told;

fn check(writer: &str, reader: &str, expected: &[&str]) {
    let found = told(Language::Avro, writer, reader, Policy::Strict);
    assert_eq!(found, expected, "written {writer}, read {reader}");
}

fn record(fields: &str) -> String {
    format!(r#"{{"type": "record", "name": "R", "namespace": "n", "fields": [{fields}]}}"#)
}

#[test]
fn primitive_types_are_promoted_and_never_narrowed() {
    let numbers = ["int", "long", "float", "double"];
    for (from, written) in numbers.iter().enumerate() {
        for (to, read) in numbers.iter().enumerate() {
            let expected: &[&str] = if from <= to {
                &[]
            } else {
                &["!TYPE_MISMATCH #"]
            };
            check(&format!("\"{written}\""), &format!("\"{read}\""), expected);
        }
    }
    check(r#""string""#, r#""bytes""#, &[]);
    check(r#""bytes""#, r#""string""#, &[]);
    check(r#""int""#, r#""string""#, &["!TYPE_MISMATCH #"]);
    check(r#""null""#, r#""boolean""#, &["!TYPE_MISMATCH #"]);
    check("int", r#"{"type": "long"}"#, &[]);
}

#[test]
fn fields_need_a_default_where_they_were_not_written() {
    let old = record(r#"{"name": "a", "type": "int"}"#);
    let with =
        record(r#"{"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": 0}"#);
    let without = record(r#"{"name": "a", "type": "int"}, {"name": "b", "type": "int"}"#);
    check(&old, &with, &[]);
    check(
        &old,
        &without,
        &["!READER_FIELD_MISSING_DEFAULT_VALUE #/fields/b"],
    );
    check(&without, &old, &[]);
    // The order of fields is the reader's own.
    let turned = record(r#"{"name": "b", "type": "long"}, {"name": "a", "type": "long"}"#);
    check(&without, &turned, &[]);
}

#[test]
fn aliases_of_the_reader_name_what_was_written_before() {
    let old = record(r#"{"name": "a", "type": "int"}"#);
    let renamed = record(r#"{"name": "b", "type": "int", "aliases": ["a"]}"#);
    check(&old, &renamed, &[]);
    check(
        &renamed,
        &old,
        &["!READER_FIELD_MISSING_DEFAULT_VALUE #/fields/a"],
    );
    let other = old.replace("\"R\"", "\"S\"");
    check(&old, &other, &["!NAME_MISMATCH #"]);
    let known = other.replace("\"fields\"", "\"aliases\": [\"n.R\"], \"fields\"");
    check(&old, &known, &[]);
    // The specification asks for the same name without its namespace.
    check(&old, &old.replace("\"n\"", "\"m\""), &[]);
}

#[test]
fn unions() {
    check(r#"["null", "int"]"#, r#"["int", "null"]"#, &[]);
    check(r#"["null", "int"]"#, r#"["null", "double"]"#, &[]);
    check(
        r#"["null", "string"]"#,
        r#"["null", "int"]"#,
        &["!MISSING_UNION_BRANCH #/1"],
    );
    check(r#""int""#, r#"["null", "int"]"#, &[]);
    check(
        r#""string""#,
        r#"["null", "int"]"#,
        &["!MISSING_UNION_BRANCH #"],
    );
    check(r#"["null", "int"]"#, r#""int""#, &["!TYPE_MISMATCH #/0"]);
    check(r#"["int", "long"]"#, r#""double""#, &[]);
    // A record of the same name tells what is wrong in it.
    let inner = |fields| format!(r#"["null", {}]"#, record(fields));
    check(
        &inner(r#"{"name": "a", "type": "int"}"#),
        &inner(r#"{"name": "a", "type": "string"}"#),
        &["!TYPE_MISMATCH #/1/fields/a"],
    );
}

#[test]
fn enums_and_fixed() {
    let symbols =
        |symbols: &str| format!(r#"{{"type": "enum", "name": "E", "symbols": [{symbols}]}}"#);
    check(&symbols(r#""A""#), &symbols(r#""A", "B""#), &[]);
    check(
        &symbols(r#""A", "B""#),
        &symbols(r#""A""#),
        &["!MISSING_ENUM_SYMBOLS #"],
    );
    let other = r#"{"type": "enum", "name": "E", "symbols": ["A"], "default": "A"}"#;
    check(&symbols(r#""A", "B""#), other, &[]);
    let fixed = |size: u32| format!(r#"{{"type": "fixed", "name": "F", "size": {size}}}"#);
    check(&fixed(16), &fixed(16), &[]);
    check(&fixed(16), &fixed(8), &["!FIXED_SIZE_MISMATCH #"]);
    check(&fixed(16), &symbols(r#""A""#), &["!TYPE_MISMATCH #"]);
}

#[test]
fn arrays_maps_and_what_bytes_mean() {
    check(
        r#"{"type": "array", "items": "int"}"#,
        r#"{"type": "array", "items": "long"}"#,
        &[],
    );
    check(
        r#"{"type": "array", "items": "long"}"#,
        r#"{"type": "array", "items": "int"}"#,
        &["!TYPE_MISMATCH #/items"],
    );
    check(
        r#"{"type": "map", "values": "string"}"#,
        r#"{"type": "map", "values": "int"}"#,
        &["!TYPE_MISMATCH #/values"],
    );
    check(
        r#"{"type": "map", "values": "int"}"#,
        r#"{"type": "array", "items": "int"}"#,
        &["!TYPE_MISMATCH #"],
    );
    let time = |name: &str| format!(r#"{{"type": "long", "logicalType": "{name}"}}"#);
    check(
        &time("timestamp-millis"),
        &time("timestamp-micros"),
        &["!LOGICAL_TYPE_CHANGED #"],
    );
    check(&time("timestamp-micros"), r#""long""#, &[]);
    check(&time("no-such-meaning"), &time("timestamp-micros"), &[]);
    let decimal = |scale: u32| {
        format!(
            r#"{{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": {scale}}}"#
        )
    };
    check(&decimal(2), &decimal(3), &["!LOGICAL_TYPE_CHANGED #"]);
}

#[test]
fn a_record_may_hold_itself() {
    let list = |value: &str| {
        format!(
            r#"{{"type": "record", "name": "L", "fields": [{{"name": "value", "type": "{value}"}}, {{"name": "next", "type": ["null", "L"]}}]}}"#
        )
    };
    check(&list("int"), &list("long"), &[]);
    check(
        &list("long"),
        &list("int"),
        &["!TYPE_MISMATCH #/fields/value"],
    );
}
