//! What holds for any schema, and that the documentation names every difference with its verdict.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::{Kind, Language, Policy, Schema, differences};

/// Any schema of a few kinds, some levels deep.
pub(super) fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!({"type": "string"})),
        (0..9_u32).prop_map(|most| json!({"type": "string", "maxLength": most, "pattern": "^a"})),
        (0..9_u32).prop_map(|least| json!({"type": "integer", "minimum": least, "multipleOf": 2})),
        Just(json!({"type": ["number", "null"], "exclusiveMaximum": 3.5})),
        Just(json!({"enum": ["a", 1, null]})),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            (
                prop::collection::btree_map("[a-d]", inner.clone(), 0..4),
                prop::collection::btree_set("[a-d]", 0..3),
                prop::option::of(inner.clone()),
            )
                .prop_map(|(properties, required, further)| {
                    let properties: Map<String, Value> = properties.into_iter().collect();
                    let mut schema =
                        json!({"type": "object", "properties": properties, "required": required});
                    if let Some(further) = further {
                        schema["additionalProperties"] = further;
                    }
                    schema
                }),
            inner
                .clone()
                .prop_map(|items| json!({"type": "array", "items": items, "maxItems": 3})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(
                |items| json!({"type": "array", "items": items, "additionalItems": false})
            ),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| json!({"oneOf": parts})),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| json!({"title": "t", "anyOf": parts})),
            prop::collection::vec(inner.clone(), 1..3)
                .prop_map(|parts| json!({"allOf": parts, "minLength": 1})),
            inner.prop_map(|not| json!({"not": not})),
        ]
    })
}

fn parse(value: &Value) -> Schema {
    Schema::parse(Language::Json, &value.to_string()).expect("only schemas are made")
}

fn takes(writer: &Value, reader: &Value, policy: Policy) -> bool {
    differences(&parse(writer), &parse(reader), policy)
        .iter()
        .all(|difference| !difference.kind.breaks(policy))
}

proptest! {
    #[test]
    fn any_schema_reads_what_it_wrote(schema in any_schema()) {
        let schema = parse(&schema);
        prop_assert_eq!(differences(&schema, &schema, Policy::Strict), vec![]);
    }

    #[test]
    fn what_takes_anything_takes_any_schema_and_nothing_is_taken_by_all(schema in any_schema()) {
        prop_assert!(takes(&schema, &json!(true), Policy::Strict));
        prop_assert!(takes(&json!(false), &schema, Policy::Strict));
    }

    #[test]
    fn a_lenient_reader_breaks_by_nothing_that_a_strict_one_takes(
        writer in any_schema(), reader in any_schema(),
    ) {
        if takes(&writer, &reader, Policy::Strict) {
            prop_assert!(takes(&writer, &reader, Policy::Lenient));
        }
    }

    #[test]
    fn one_more_alternative_breaks_no_reader(
        parts in prop::collection::vec(any_schema(), 1..4), more in any_schema(),
    ) {
        let mut grown = parts.clone();
        grown.push(more);
        let (old, new) = (json!({"anyOf": parts}), json!({"anyOf": grown}));
        prop_assert!(takes(&old, &new, Policy::Strict));
    }

    #[test]
    fn an_optional_property_more_in_an_open_object_breaks_no_old_reader_and_no_lenient_one(
        properties in prop::collection::btree_map("[a-d]", any_schema(), 0..4), more in any_schema(),
    ) {
        let mut grown = properties.clone();
        grown.insert("more".to_owned(), more);
        let of = |properties| json!({"type": "object", "properties": properties});
        let (old, new) = (of(json!(properties)), of(json!(grown)));
        prop_assert!(takes(&new, &old, Policy::Strict), "an old reader of new records");
        prop_assert!(takes(&old, &new, Policy::Lenient), "a new lenient reader of old records");
    }
}

#[test]
fn every_difference_has_a_name_of_its_own_and_a_row_in_the_documentation() {
    let documented = include_str!("../../../../../docs/schema-registry.md");
    let names: BTreeSet<&str> = Kind::all().map(Kind::name).collect();
    assert_eq!(names.len(), Kind::all().count());
    for kind in Kind::all() {
        let verdict = match (kind.breaks(Policy::Strict), kind.breaks(Policy::Lenient)) {
            (true, true) => "breaks",
            (true, false) => "breaks if strict",
            (false, _) => "fine",
        };
        let row = format!("| `{}` | {verdict} |", kind.name());
        assert!(
            documented.contains(&row),
            "docs/schema-registry.md lacks {row}"
        );
    }
}
