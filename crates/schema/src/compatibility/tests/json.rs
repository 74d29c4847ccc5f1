//! JSON Schema: each row is what was written, what is read, and every difference; `!` marks what breaks a strict reader.

use super::super::{Language, Policy};
use super::told;

/// What was written, what is read, and the differences from the one to the other.
pub(super) type Case = (&'static str, &'static str, &'static [&'static str]);

/// Holds each row against what is found.
pub(super) fn check(cases: &[Case]) {
    for (writer, reader, expected) in cases {
        let found = told(Language::Json, writer, reader, Policy::Strict);
        assert_eq!(found, *expected, "written {writer}, read {reader}");
    }
}

const TYPES: &[Case] = &[
    (
        r#"{"type": "integer"}"#,
        r#"{"type": "number"}"#,
        &["TYPE_EXTENDED #"],
    ),
    (
        r#"{"type": "number"}"#,
        r#"{"type": "integer"}"#,
        &["!TYPE_NARROWED #"],
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": "integer"}"#,
        &["!TYPE_CHANGED #"],
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": ["string", "null"]}"#,
        &["SUM_TYPE_EXTENDED #"],
    ),
    (
        r#"{"type": ["string", "null"]}"#,
        r#"{"type": "string"}"#,
        &["!SUM_TYPE_NARROWED #"],
    ),
    (
        r#"{"type": ["integer", "null"]}"#,
        r#"{"type": ["null", "number"]}"#,
        &["SUM_TYPE_EXTENDED #"],
    ),
    ("{}", r#"{"type": "string"}"#, &["!TYPE_CHANGED #"]),
    (r#"{"type": "string"}"#, "true", &[]),
    (r#"{"type": "string"}"#, "{}", &[]),
    ("false", r#"{"type": "string"}"#, &[]),
    (r#"{"type": "string"}"#, "false", &["!TYPE_CHANGED #"]),
    (
        r#"{"enum": ["a", "b"]}"#,
        r#"{"type": "string"}"#,
        &["TYPE_EXTENDED #"],
    ),
    (
        r#"{"title": "a"}"#,
        r#"{"title": "b", "type": ["null", "boolean", "number", "string", "object", "array"]}"#,
        &["SUM_TYPE_EXTENDED #", "TITLE_CHANGED #"],
    ),
];

#[test]
fn types() {
    check(TYPES);
}

const LIMITS_OF_STRINGS_AND_NUMBERS: &[Case] = &[
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "maxLength": 3}"#,
        &["!MAX_LENGTH_ADDED #/maxLength"],
    ),
    (
        r#"{"type": "string", "maxLength": 3}"#,
        r#"{"type": "string"}"#,
        &["MAX_LENGTH_REMOVED #/maxLength"],
    ),
    (
        r#"{"type": "string", "maxLength": 3}"#,
        r#"{"type": "string", "maxLength": 4}"#,
        &["MAX_LENGTH_INCREASED #/maxLength"],
    ),
    (
        r#"{"type": "string", "maxLength": 3}"#,
        r#"{"type": "string", "maxLength": 2}"#,
        &["!MAX_LENGTH_DECREASED #/maxLength"],
    ),
    (
        r#"{"type": "string", "minLength": 3}"#,
        r#"{"type": "string", "minLength": 4}"#,
        &["!MIN_LENGTH_INCREASED #/minLength"],
    ),
    (
        r#"{"type": "string", "minLength": 3}"#,
        r#"{"type": "string", "minLength": 2}"#,
        &["MIN_LENGTH_DECREASED #/minLength"],
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "pattern": "a"}"#,
        &["!PATTERN_ADDED #/pattern"],
    ),
    (
        r#"{"type": "string", "pattern": "a"}"#,
        r#"{"type": "string", "pattern": "b"}"#,
        &["!PATTERN_CHANGED #/pattern"],
    ),
    (
        r#"{"type": "string", "pattern": "a"}"#,
        r#"{"type": "string"}"#,
        &["PATTERN_REMOVED #/pattern"],
    ),
    (
        r#"{"type": "number", "maximum": 3}"#,
        r#"{"type": "number", "maximum": 3.0}"#,
        &[],
    ),
    (
        r#"{"type": "number", "maximum": 3}"#,
        r#"{"type": "number", "maximum": 2.5}"#,
        &["!MAXIMUM_DECREASED #/maximum"],
    ),
    (
        r#"{"type": "number", "minimum": 3}"#,
        r#"{"type": "number", "minimum": 2.5}"#,
        &["MINIMUM_DECREASED #/minimum"],
    ),
    (
        r#"{"type": "number"}"#,
        r#"{"type": "number", "exclusiveMinimum": 0}"#,
        &["!EXCLUSIVE_MINIMUM_ADDED #/exclusiveMinimum"],
    ),
    (
        r#"{"type": "number", "exclusiveMaximum": 1}"#,
        r#"{"type": "number"}"#,
        &["EXCLUSIVE_MAXIMUM_REMOVED #/exclusiveMaximum"],
    ),
    (
        r#"{"type": "integer"}"#,
        r#"{"type": "integer", "multipleOf": 2}"#,
        &["!MULTIPLE_OF_ADDED #/multipleOf"],
    ),
    (
        r#"{"type": "integer", "multipleOf": 2}"#,
        r#"{"type": "integer", "multipleOf": 4}"#,
        &["!MULTIPLE_OF_EXPANDED #/multipleOf"],
    ),
    (
        r#"{"type": "integer", "multipleOf": 4}"#,
        r#"{"type": "integer", "multipleOf": 2}"#,
        &["MULTIPLE_OF_REDUCED #/multipleOf"],
    ),
    (
        r#"{"type": "integer", "multipleOf": 4}"#,
        r#"{"type": "integer", "multipleOf": 3}"#,
        &["!MULTIPLE_OF_CHANGED #/multipleOf"],
    ),
    // What only numbers are held to says nothing of a string.
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "maximum": 3}"#,
        &[],
    ),
];

#[test]
fn limits_of_strings_and_numbers() {
    check(LIMITS_OF_STRINGS_AND_NUMBERS);
}

const VALUES: &[Case] = &[
    (
        r#"{"enum": ["a"]}"#,
        r#"{"enum": ["a", "b"]}"#,
        &["ENUM_ARRAY_EXTENDED #/enum"],
    ),
    (
        r#"{"enum": ["a", "b"]}"#,
        r#"{"enum": ["a"]}"#,
        &["!ENUM_ARRAY_NARROWED #/enum"],
    ),
    (
        r#"{"enum": ["a", "b"]}"#,
        r#"{"enum": ["a", "c"]}"#,
        &["!ENUM_ARRAY_CHANGED #/enum"],
    ),
    (
        r#"{"const": "a"}"#,
        r#"{"enum": ["b", "a"]}"#,
        &["ENUM_ARRAY_EXTENDED #/enum"],
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "enum": ["a"]}"#,
        &["!ENUM_ARRAY_NARROWED #/enum"],
    ),
    (
        r#"{"type": "string", "enum": ["a"]}"#,
        r#"{"type": "string"}"#,
        &[],
    ),
    (r#"{"enum": ["b", "a"]}"#, r#"{"enum": ["a", "b"]}"#, &[]),
];

#[test]
fn values() {
    check(VALUES);
}

const COMBINATIONS: &[Case] = &[
    (
        r#"{"title": "t", "anyOf": [{"title": "t", "anyOf": [true, true]}, true]}"#,
        r#"{"title": "t", "anyOf": [{"title": "t", "anyOf": [true, true]}, true]}"#,
        &[],
    ),
    (
        r#"{"anyOf": [{"type": "string"}]}"#,
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        &["SUM_TYPE_EXTENDED #"],
    ),
    (
        r#"{"oneOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"oneOf": [{"type": "string"}]}"#,
        &["!SUM_TYPE_NARROWED #"],
    ),
    (
        r#"{"oneOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"oneOf": [{"type": "null"}, {"type": "string"}]}"#,
        &[],
    ),
    (
        r#"{"oneOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"oneOf": [{"type": "integer"}, {"type": "string"}]}"#,
        &["!COMBINED_TYPE_SUBSCHEMAS_CHANGED #"],
    ),
    (
        r#"{"oneOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        &["COMBINED_TYPE_EXTENDED #"],
    ),
    (
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"oneOf": [{"type": "string"}, {"type": "null"}]}"#,
        &["!COMBINED_TYPE_CHANGED #"],
    ),
    (
        r#"{"allOf": [{"minLength": 1}]}"#,
        r#"{"allOf": [{"minLength": 1}, {"maxLength": 2}]}"#,
        &["!PRODUCT_TYPE_EXTENDED #"],
    ),
    (
        r#"{"allOf": [{"minLength": 1}, {"maxLength": 2}]}"#,
        r#"{"allOf": [{"minLength": 1}]}"#,
        &["PRODUCT_TYPE_NARROWED #"],
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"oneOf": [{"type": "null"}, {"type": "string"}]}"#,
        &["SUM_TYPE_EXTENDED #"],
    ),
    (
        r#"{"type": "integer"}"#,
        r#"{"oneOf": [{"type": "null"}, {"type": "string"}]}"#,
        &["!TYPE_CHANGED #"],
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"anyOf": [{"type": "string"}]}"#,
        &[],
    ),
    (
        r#"{"oneOf": [{"type": "null"}, {"type": "string"}]}"#,
        r#"{"type": "string"}"#,
        &["!TYPE_CHANGED #/oneOf/0"],
    ),
    // Every alternative of the writer's is taken.
    (
        r#"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#,
        r#"{"type": "number"}"#,
        &["TYPE_EXTENDED #/oneOf/0"],
    ),
    (
        r#"{"not": {"type": "string"}}"#,
        r#"{"not": {"type": ["string", "null"]}}"#,
        &["!NOT_TYPE_EXTENDED #/not"],
    ),
    (
        r#"{"not": {"type": ["string", "null"]}}"#,
        r#"{"not": {"type": "string"}}"#,
        &["NOT_TYPE_NARROWED #/not"],
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "if": {"minLength": 1}, "then": {"pattern": "a"}}"#,
        &["!CONSTRAINT_CHANGED #/if", "!CONSTRAINT_CHANGED #/then"],
    ),
    (
        r#"{"type": "array", "contains": {"const": 1}}"#,
        r#"{"type": "array"}"#,
        &["CONSTRAINT_REMOVED #/contains"],
    ),
];

#[test]
fn combinations() {
    check(COMBINATIONS);
}

const REFERENCES_ARE_FOLLOWED_AND_MAY_TURN_BACK: &[Case] = &[
    (
        r##"{"$ref": "#/definitions/a", "definitions": {"a": {"type": "integer"}}}"##,
        r##"{"$ref": "#/$defs/b", "$defs": {"b": {"type": "number"}}}"##,
        &["TYPE_EXTENDED #"],
    ),
    (
        r##"{"type": "object", "properties": {"next": {"$ref": "#"}, "value": {"type": "integer"}}, "additionalProperties": false}"##,
        r##"{"type": "object", "properties": {"next": {"$ref": "#"}, "value": {"type": "string"}}, "additionalProperties": false}"##,
        &["!TYPE_CHANGED #/properties/value"],
    ),
    (
        r##"{"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}"##,
        r#"{"type": "string"}"#,
        &["!TYPE_CHANGED #"],
    ),
];

#[test]
fn references_are_followed_and_may_turn_back() {
    check(REFERENCES_ARE_FOLLOWED_AND_MAY_TURN_BACK);
}

#[test]
fn what_would_take_too_long_breaks_rather_than_stops() {
    // Each level holds the next one twice in a combination.
    let level = |at: usize, end: &str| match at {
        30 => end.to_owned(),
        _ => format!(
            r##"{{"anyOf": [{{"$ref": "#/$defs/l{0}"}}, {{"title": "x", "$ref": "#/$defs/l{0}"}}]}}"##,
            at + 1
        ),
    };
    let doubled = |end: &str| {
        let levels: Vec<String> = (0..=30)
            .map(|at| format!(r#""l{at}": {}"#, level(at, end)))
            .collect();
        format!(
            r##"{{"$ref": "#/$defs/l0", "$defs": {{{}}}}}"##,
            levels.join(", ")
        )
    };
    let found = told(
        Language::Json,
        &doubled(r#"{"type": "string"}"#),
        &doubled(r#"{"type": "string", "maxLength": 1}"#),
        Policy::Strict,
    );
    assert!(found.iter().any(|line| line.starts_with('!')), "{found:?}");
}

#[test]
fn a_lenient_reader_trusts_that_only_what_is_named_was_written() {
    let open = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
    let grown =
        r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}"#;
    let told = |writer, reader| told(Language::Json, writer, reader, Policy::Lenient);
    assert_eq!(
        told(open, grown),
        ["PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b"]
    );
    let closed = super::ONE;
    assert_eq!(
        told(open, closed),
        ["ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties"]
    );
    assert_eq!(
        told(super::TWO, closed),
        ["!PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/b"]
    );
}
