//! How many steps it takes to look at what a schema itself says, without the schemas in it, which are compared by themselves.

use serde_json::{Map, Value};

use super::super::work::of_text;

/// The steps of one schema.
pub(super) fn of(schema: &Value) -> usize {
    let Some(keywords) = schema.as_object() else {
        return 1;
    };
    let all = keywords.iter();
    all.map(|(keyword, value)| of_text(keyword).saturating_add(of_keyword(keyword, value)))
        .fold(1, usize::saturating_add)
}

fn of_keyword(keyword: &str, value: &Value) -> usize {
    match (keyword, value) {
        ("definitions" | "$defs", _) => 0,
        ("properties" | "patternProperties" | "dependentSchemas", Value::Object(schemas)) => {
            named(schemas, outside)
        }
        ("dependencies", Value::Object(either)) => named(either, |value| match value {
            Value::Array(_) => whole(value),
            _ => outside(value),
        }),
        ("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items", Value::Array(schemas)) => {
            schemas.iter().map(outside).fold(0, usize::saturating_add)
        }
        ("items" | "additionalItems" | "additionalProperties" | "not", _) => outside(value),
        _ => whole(value),
    }
}

fn named(values: &Map<String, Value>, of_value: impl Fn(&Value) -> usize) -> usize {
    let all = values.iter();
    all.map(|(name, value)| of_text(name).saturating_add(of_value(value)))
        .fold(0, usize::saturating_add)
}

/// A schema in another: only whether it says anything is asked here.
fn outside(schema: &Value) -> usize {
    let keywords = schema.as_object().map_or(0, Map::len);
    keywords.saturating_add(1)
}

/// A value that is looked at as a whole, however deep it is; reading JSON has limited the depth.
fn whole(value: &Value) -> usize {
    match value {
        Value::String(text) => of_text(text),
        Value::Array(values) => values.iter().map(whole).fold(1, usize::saturating_add),
        Value::Object(values) => named(values, whole).saturating_add(1),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}
