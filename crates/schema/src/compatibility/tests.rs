//! Pairs of schemas with the verdicts they must get, and what holds for any schema.

mod avro;
mod content;
mod json;
mod lenient;
mod rules;
mod work;

use super::{Language, Mode, Policy, Readers, Schema, Version, check, differences};

/// Reads a schema that is right.
fn schema(language: Language, text: &str) -> Schema {
    Schema::parse(language, text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The differences as `KIND path`, the breaking ones marked by an exclamation mark.
fn told(language: Language, writer: &str, reader: &str, policy: Policy) -> Vec<String> {
    let (writer, reader) = (schema(language, writer), schema(language, reader));
    let mut all: Vec<String> = differences(&writer, &reader, policy)
        .iter()
        .map(|found| {
            let mark = if found.kind.breaks(policy) { "!" } else { "" };
            format!("{mark}{} {}", found.kind.name(), found.path)
        })
        .collect();
    all.sort();
    all
}

const ONE: &str =
    r#"{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}"#;
const TWO: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "additionalProperties": false}"#;

/// Whether a change from the earlier versions to the new one breaks anybody, and whom.
fn broken(mode: Mode, new: &str, earlier: &[&str]) -> Vec<(u32, Readers)> {
    let earlier: Vec<Schema> = earlier
        .iter()
        .map(|text| schema(Language::Json, text))
        .collect();
    let versions: Vec<Version<'_>> = (1..)
        .zip(&earlier)
        .map(|(number, schema)| Version { number, schema })
        .collect();
    let new = schema(Language::Json, new);
    let breaks = check(mode, Policy::Strict, &new, &versions);
    breaks
        .iter()
        .map(|found| (found.version, found.readers))
        .collect()
}

#[test]
fn each_mode_looks_at_its_versions_in_its_direction() {
    use Readers::{New, Old};
    // A closed object gains a property: who has the old schema does not take what is written by the new one.
    for (mode, grown, shrunk) in [
        (Mode::None, vec![], vec![]),
        (Mode::Backward, vec![], vec![(1, New)]),
        (Mode::Forward, vec![(1, Old)], vec![]),
        (Mode::Full, vec![(1, Old)], vec![(1, New)]),
    ] {
        assert_eq!(broken(mode, TWO, &[ONE]), grown, "{mode:?} grown");
        assert_eq!(broken(mode, ONE, &[TWO]), shrunk, "{mode:?} shrunk");
    }
    // It loses what only the version before the last had.
    for (mode, transitive, found) in [
        (Mode::Backward, false, vec![]),
        (Mode::BackwardTransitive, true, vec![(1, New)]),
        (Mode::Full, false, vec![]),
        (Mode::FullTransitive, true, vec![(1, New)]),
    ] {
        assert_eq!(mode.is_transitive(), transitive);
        assert_eq!(broken(mode, ONE, &[TWO, ONE]), found, "{mode:?}");
    }
    assert_eq!(broken(Mode::Forward, TWO, &[ONE, TWO]), []);
    assert_eq!(
        broken(Mode::ForwardTransitive, TWO, &[ONE, TWO]),
        [(1, Old)]
    );
}

#[test]
fn a_break_says_who_reads_what() {
    let (old, new) = (schema(Language::Json, TWO), schema(Language::Json, ONE));
    let earlier = [Version {
        number: 3,
        schema: &old,
    }];
    let breaks = check(Mode::Backward, Policy::Strict, &new, &earlier);
    let sentences: Vec<String> = breaks.iter().map(super::Break::sentence).collect();
    assert_eq!(
        sentences,
        [
            "#/properties/b: the new schema does not take a property of version 3 and no further ones"
        ]
    );
}

#[test]
fn another_language_is_another_schema() {
    let (json, avro) = (
        schema(Language::Json, "{}"),
        schema(Language::Avro, r#""string""#),
    );
    let found = differences(&json, &avro, Policy::Strict);
    assert!(found[0].kind.breaks(Policy::Lenient), "{found:?}");
}

#[test]
fn spaces_and_the_order_of_keys_make_no_other_schema() {
    let a = schema(Language::Json, r#"{"type":"string","minLength":1}"#);
    let b = schema(
        Language::Json,
        "{ \"minLength\": 1,\n \"type\": \"string\" }",
    );
    assert_eq!(a.canonical(), b.canonical());
    assert_ne!(a.text(), b.text());
}

#[test]
fn what_is_no_schema_says_where() {
    let refused = |language, text: &str| Schema::parse(language, text).unwrap_err().to_string();
    for (text, says) in [
        ("[]", "#: a schema is an object, true or false"),
        (
            r#"{"properties": {"a": {"type": "text"}}}"#,
            "#/properties/a/type: is no type",
        ),
        (
            r#"{"items": {"$ref": "other.json"}}"#,
            "#/items/$ref: leads nowhere",
        ),
        (r#"{"required": "a"}"#, "#/required: is no list of names"),
        ("{", "the schema is not JSON"),
    ] {
        let why = refused(Language::Json, text);
        assert!(why.starts_with(says), "{text}: {why}");
    }
    for (text, says) in [
        (r#""text""#, "#: text is no type that was defined before"),
        (
            r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": "x"}]}"#,
            "#/fields/0: the default is no value",
        ),
        (r#"["int", "int"]"#, "#: the union has int twice"),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A", "A"]}"#,
            "#: the symbols of an enum",
        ),
        (r#"{"type": "fixed", "name": "F"}"#, "#: a fixed has a size"),
        (
            r#"{"type": "record", "name": "1R", "fields": []}"#,
            "#: 1R is no name",
        ),
    ] {
        let why = refused(Language::Avro, text);
        assert!(why.starts_with(says), "{text}: {why}");
    }
    let long = format!("\"{}\"", "x".repeat(super::SCHEMA_BYTES_MAX));
    assert!(refused(Language::Json, &long).contains("over the limit"));
}

#[test]
fn modes_and_policies_are_read_as_they_are_written() {
    for mode in Mode::ALL {
        assert_eq!(Mode::parse(mode.name()), Some(mode));
    }
    assert_eq!(Mode::parse("backward"), Some(Mode::Backward));
    assert_eq!(Mode::parse("SIDEWAYS"), None);
    assert_eq!(Policy::parse("LENIENT"), Some(Policy::Lenient));
    assert_eq!(Language::parse("PROTOBUF"), None);
}
