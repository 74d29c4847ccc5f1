//! Lenient readers: they trust that only what is named was written, wherever the writer names it.

use proptest::prelude::*;

use super::super::{Language, Policy};
use super::json::Case;
use super::told;

const NAMED_BESIDE: &[Case] = &[
    // Named in a part of the writer's, and read in another form.
    (
        r#"{"type": "object", "allOf": [{"properties": {"a": {"type": "integer"}}}]}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        &["!CONSTRAINT_CHANGED #/properties/a"],
    ),
    (
        r#"{"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}, {"properties": {"b": {}}}]}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        &["!TYPE_CHANGED #/allOf/0/properties/a"],
    ),
    (
        r##"{"type": "object", "title": "t", "$ref": "#/$defs/x", "$defs": {"x": {"properties": {"a": {"type": "integer"}}}}}"##,
        r#"{"type": "object", "title": "t", "properties": {"a": {"type": "string"}}}"#,
        &["!CONSTRAINT_CHANGED #/properties/a"],
    ),
    (
        r#"{"type": "object", "if": {"properties": {"a": {"type": "integer"}}}}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        &["!CONSTRAINT_CHANGED #/properties/a"],
    ),
    (
        r#"{"type": "object", "properties": {"a": {"type": "integer"}}, "allOf": [{"required": ["b"]}]}"#,
        r#"{"type": "object", "allOf": [{"properties": {"a": {"type": "string"}}}]}"#,
        &["!COMBINED_TYPE_SUBSCHEMAS_CHANGED #"],
    ),
    // The reader takes no further ones.
    (
        r#"{"type": "object", "allOf": [{"properties": {"a": {"type": "integer"}}}]}"#,
        r#"{"type": "object", "additionalProperties": false}"#,
        &["!CONSTRAINT_CHANGED #/properties/a"],
    ),
    // In the same form it is taken, and what the writer never names is trusted.
    (
        r#"{"type": "object", "allOf": [{"properties": {"a": {"type": "integer"}}}]}"#,
        r#"{"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "string"}}}"#,
        &[],
    ),
    // Of alternatives one was written: what another one names was not.
    (
        r#"{"anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"b": {}}}]}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        &[],
    ),
    (
        r#"{"type": "object", "anyOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {}}}]}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        &["!CONSTRAINT_CHANGED #/properties/a"],
    ),
    // What is excluded is never trusted.
    (
        r#"{"type": "object", "not": {"required": ["a"], "properties": {"b": {"type": "string"}}}}"#,
        r#"{"type": "object", "not": {"required": ["a"]}}"#,
        &["!NOT_TYPE_EXTENDED #/not"],
    ),
];

#[test]
fn what_is_named_beside_is_written_too() {
    for (writer, reader, expected) in NAMED_BESIDE {
        let mut found = told(Language::Json, writer, reader, Policy::Lenient);
        found.retain(|line| line.starts_with('!'));
        assert_eq!(found, *expected, "written {writer}, read {reader}");
    }
}

const BY_PATTERN: &[Case] = &[
    // A pattern that only the reader has holds for what both name.
    (
        r#"{"type": "object", "properties": {"ab": {"type": "integer"}}, "additionalProperties": false}"#,
        r#"{"type": "object", "properties": {"ab": {"type": "integer"}}, "patternProperties": {"^a": {"type": "string"}}, "additionalProperties": false}"#,
        &["!CONSTRAINT_CHANGED #/properties/ab"],
    ),
    (
        r#"{"type": "object", "properties": {"ab": {"type": "integer"}}, "additionalProperties": false}"#,
        r#"{"type": "object", "properties": {"ab": {"type": "integer"}}, "patternProperties": {"^a": {"type": "number"}, "^c": {"type": "string"}}, "additionalProperties": false}"#,
        &[],
    ),
    // A name must be as every pattern says that it matches.
    (
        r#"{"type": "object", "properties": {"ab": {"type": "string"}}, "additionalProperties": false}"#,
        r#"{"type": "object", "patternProperties": {"^a": {"type": "string"}, "b$": {"type": "integer"}}, "additionalProperties": false}"#,
        &["!PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/ab"],
    ),
];

#[test]
fn patterns_hold_for_what_is_named() {
    for policy in [Policy::Strict, Policy::Lenient] {
        for (writer, reader, expected) in BY_PATTERN {
            let mut found = told(Language::Json, writer, reader, policy);
            found.retain(|line| line.starts_with('!'));
            assert_eq!(
                found, *expected,
                "{policy:?} written {writer}, read {reader}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_schema_reads_what_it_wrote(schema in super::rules::any_schema()) {
        let schema = schema.to_string();
        let found = told(Language::Json, &schema, &schema, Policy::Lenient);
        prop_assert_eq!(found, Vec::<String>::new());
    }
}
