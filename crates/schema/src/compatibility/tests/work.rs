//! Schemas that are small and ask for much: what they cost is limited, and beyond the limit nothing is called compatible.

use serde_json::{Value, json};

use super::super::work::{STEPS_MAX, Work};
use super::super::{Difference, Language, Policy, Schema, differences};
use super::schema;

/// The smallest stack of a thread that is given none of its own.
const STACK_BYTES: usize = 2 << 20;

fn within(writer: &Schema, reader: &Schema, work: &mut Work) -> Vec<Difference> {
    super::super::within(writer, reader, Policy::Lenient, work)
}

/// Whether the comparison ends at the limit, and what breaks by it; on a stack as any thread has it.
fn ends(language: Language, writer: String, reader: String) -> (bool, bool) {
    let work = move || {
        let (writer, reader) = (schema(language, &writer), schema(language, &reader));
        let mut work = Work::new(STEPS_MAX);
        let found = within(&writer, &reader, &mut work);
        let breaks = found.iter().any(|found| found.kind.breaks(Policy::Lenient));
        (work.is_over(), breaks)
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let ended = thread.spawn(work).expect("there is a thread").join();
    ended.expect("it does not panic")
}

fn repeated(keyword: &str, count: usize, member: impl Fn(usize) -> Value) -> String {
    let members: Vec<Value> = (0..count).map(member).collect();
    json!({ keyword: members }).to_string()
}

#[test]
fn parts_of_combinations_are_not_compared_without_end() {
    let nothing = repeated("anyOf", 11_001, |_| json!(false));
    let null = repeated("anyOf", 11_000, |_| json!({"type": "null"}));
    assert_eq!(ends(Language::Json, nothing, null), (true, true));
    let constants = |from: usize| repeated("anyOf", 6_000, |at| json!({"const": at + from}));
    let ended = ends(Language::Json, constants(0), constants(1));
    assert_eq!(ended, (true, true));
}

#[test]
fn many_rows_that_move_each_other_away_need_no_stack() {
    // Each part goes with its own place and the next one; the last part needs the first place, and all others move.
    let count = 250;
    let writer = repeated("anyOf", count, |at| json!({"const": at % (count - 1)}));
    let reader = repeated(
        "anyOf",
        count,
        |at| json!({"enum": [at, at.wrapping_sub(1)]}),
    );
    let ended = ends(Language::Json, writer, reader);
    assert_eq!(ended, (false, false));
}

#[test]
fn exclusions_that_turn_back_to_themselves_end() {
    let schema = r##"{"$ref": "#/$defs/x", "$defs": {"x": {"minLength": 1, "not": {"$ref": "#/$defs/x"}}}}"##;
    let (over, _) = ends(Language::Json, schema.to_owned(), schema.to_owned());
    assert!(!over);
    let deep = |end: &str| {
        let mut defs = serde_json::Map::new();
        for at in 0..5_000 {
            let next = format!("#/$defs/d{}", at + 1);
            defs.insert(
                format!("d{at}"),
                json!({"title": end, "not": {"$ref": next}}),
            );
        }
        defs.insert("d5000".to_owned(), json!({"const": end}));
        json!({"$ref": "#/$defs/d0", "$defs": defs}).to_string()
    };
    let (_, breaks) = ends(Language::Json, deep("a"), deep("b"));
    assert!(breaks);
}

#[test]
fn the_deepest_schemas_that_are_compared_fit_on_a_stack() {
    let deep = |end: &str| {
        let mut defs = serde_json::Map::new();
        for at in 0..200 {
            let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
            defs.insert(
                format!("d{at}"),
                json!({"type": "object", "title": end, "oneOf": [{"properties": {"a": next, "b": {"items": next, "additionalProperties": next}}}]}),
            );
        }
        defs.insert("d200".to_owned(), json!({"const": end}));
        json!({"$ref": "#/$defs/d0", "$defs": defs}).to_string()
    };
    let (_, breaks) = ends(Language::Json, deep("a"), deep("b"));
    assert!(breaks);
}

#[test]
fn types_are_not_looked_for_without_end() {
    let members: Vec<Value> = (0..100).map(|_| json!({"$ref": "#/$defs/x"})).collect();
    let writer = json!({"$ref": "#/$defs/x", "$defs": {"x": {"minLength": 1, "anyOf": members}}});
    let reader = json!({"type": "string"});
    let ended = ends(Language::Json, writer.to_string(), reader.to_string());
    assert_eq!(ended, (true, true));
}

#[test]
fn patterns_are_not_read_and_held_against_names_without_end() {
    let patterns: serde_json::Map<String, Value> = (0..1_500)
        .map(|at| (format!("^{at}x{{200}}"), json!({"type": "string"})))
        .collect();
    let properties: serde_json::Map<String, Value> = (0..1_500)
        .map(|at| (format!("name-{at}"), json!({"type": "string"})))
        .collect();
    let writer = json!({"type": "object", "properties": properties}).to_string();
    let reader = json!({"type": "object", "patternProperties": patterns}).to_string();
    assert_eq!(ends(Language::Json, writer, reader), (true, true));
}

#[test]
fn a_pattern_that_cannot_be_read_takes_nothing() {
    // A look ahead is no part of our patterns: whether it matches the name cannot be told.
    for pattern in ["^(?=a)", "^a{4000}b?"] {
        let writer = json!({"type": "object", "patternProperties": {pattern: {"type": "string"}}, "additionalProperties": false});
        let reader = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
        let ended = ends(Language::Json, writer.to_string(), reader.to_string());
        assert_eq!(ended, (false, true), "{pattern}");
    }
}

#[test]
fn long_texts_are_not_told_again_and_again() {
    let long = "x".repeat(400_000);
    let writer = json!({"enum": [long]}).to_string();
    let reader = repeated("anyOf", 20_000, |at| json!({"const": at}));
    assert_eq!(ends(Language::Json, writer, reader), (true, true));
    let inner: serde_json::Map<String, Value> = (0..10_000)
        .map(|at| (format!("p{at}"), json!({"type": "string"})))
        .collect();
    let writer = json!({"properties": {&long: {"type": "object"}}}).to_string();
    let reader = json!({"properties": {&long: {"type": "object", "properties": inner}}});
    assert_eq!(
        ends(Language::Json, writer, reader.to_string()),
        (true, true)
    );
}

#[test]
fn many_values_of_an_enumeration_are_compared_in_no_time() {
    let values =
        |from: usize| json!({"enum": (from..from + 50_000).collect::<Vec<_>>()}).to_string();
    assert_eq!(ends(Language::Json, values(0), values(0)), (false, false));
    assert_eq!(ends(Language::Json, values(0), values(1)), (false, true));
}

#[test]
fn records_of_avro_in_records_of_avro_are_not_compared_without_end() {
    let fields = |kind: &dyn Fn(usize) -> Value| -> Vec<Value> {
        (0..4_000)
            .map(|at| json!({"name": format!("f{at}"), "type": kind(at)}))
            .collect()
    };
    let inner = json!({"type": "record", "name": "Inner", "fields": fields(&|_| json!("int"))});
    let outer = |kind: Value| {
        let first = |at: usize| if at == 0 { inner.clone() } else { kind.clone() };
        json!({"type": "record", "name": "Outer", "fields": fields(&first)}).to_string()
    };
    let ended = ends(
        Language::Avro,
        outer(json!("Inner")),
        outer(json!(["null", "Inner"])),
    );
    assert_eq!(ended, (true, true));
}

#[test]
fn one_step_less_than_it_takes_is_told_and_breaks() {
    let writer = schema(
        Language::Json,
        r#"{"type": "object", "properties": {"a": {"anyOf": [{"const": 1}, {"const": 2}]}}}"#,
    );
    let reader = schema(
        Language::Json,
        r#"{"type": "object", "properties": {"a": {"anyOf": [{"const": 2}, {"const": 1}, {"type": "null"}]}}}"#,
    );
    let mut enough = Work::new(STEPS_MAX);
    let found = within(&writer, &reader, &mut enough);
    let took = STEPS_MAX - enough.left();
    let breaks = |found: &[Difference]| {
        let mut broken = found
            .iter()
            .filter(|found| found.kind.breaks(Policy::Lenient));
        broken.next().map(|found| found.kind.name())
    };
    assert_eq!(breaks(&found), None);
    assert_eq!(within(&writer, &reader, &mut Work::new(took + 1)), found);
    assert_eq!(within(&writer, &reader, &mut Work::new(took)), found);
    for steps in 0..took {
        let found = within(&writer, &reader, &mut Work::new(steps));
        assert!(breaks(&found).is_some(), "{steps} of {took}: {found:?}");
    }
}

#[test]
fn our_own_schemas_take_a_small_part_of_it() {
    for resource_type in crate::resource::published() {
        let Some(text) = crate::resource::schema(resource_type) else {
            continue;
        };
        let own = schema(Language::Json, &text);
        let mut work = Work::new(STEPS_MAX / 4);
        assert_eq!(within(&own, &own, &mut work), [], "{resource_type}");
        assert_eq!(differences(&own, &own, Policy::Strict), []);
    }
}
