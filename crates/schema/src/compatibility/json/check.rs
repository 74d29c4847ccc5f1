//! Whether JSON is a JSON Schema at all: the keywords that are compared have values that can be compared.

use serde_json::{Map, Value};

use super::super::Invalid;
use super::sorts;

/// Schemas nested deeper than this are refused.
const NESTING_MAX: usize = 120;

/// Refuses what is no schema.
pub(in super::super) fn check(root: &Value) -> Result<(), Invalid> {
    schema(root, root, &mut Vec::new())
}

fn schema(root: &Value, value: &Value, path: &mut Vec<String>) -> Result<(), Invalid> {
    if path.len() > NESTING_MAX {
        return Err(Invalid::at(path, "is nested too deeply"));
    }
    match value {
        Value::Bool(_) => Ok(()),
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                path.push(keyword.clone());
                one(root, keyword, value, path)?;
                path.pop();
            }
            Ok(())
        }
        _ => Err(Invalid::at(path, "a schema is an object, true or false")),
    }
}

/// One keyword with its value.
fn one(root: &Value, keyword: &str, value: &Value, path: &mut Vec<String>) -> Result<(), Invalid> {
    let wrong = |what: &str| Err(Invalid::at(path, what));
    match keyword {
        "type" => match value {
            Value::String(name) if sorts::named(name).is_some() => Ok(()),
            Value::Array(names)
                if names
                    .iter()
                    .all(|name| name.as_str().and_then(sorts::named).is_some()) =>
            {
                Ok(())
            }
            _ => wrong("is no type: null, boolean, integer, number, string, object, array"),
        },
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
            match value {
                Value::Object(schemas) => each(root, schemas, path),
                _ => wrong("is no object of schemas"),
            }
        }
        "dependencies" => match value {
            Value::Object(_) => Ok(()),
            _ => wrong("is no object"),
        },
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => match value {
            Value::Array(schemas) if !schemas.is_empty() => list(root, schemas, path),
            _ => wrong("is no list of schemas"),
        },
        "items" => match value {
            Value::Array(schemas) => list(root, schemas, path),
            one => schema(root, one, path),
        },
        "additionalProperties"
        | "additionalItems"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames" => schema(root, value, path),
        "required" => match value {
            Value::Array(names) if names.iter().all(Value::is_string) => Ok(()),
            _ => wrong("is no list of names"),
        },
        "enum" if !value.is_array() => wrong("is no list of values"),
        "pattern" | "title" | "description" | "$id" if !value.is_string() => wrong("is no text"),
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties"
            if value.as_u64().is_none() =>
        {
            wrong("is no whole number from 0 on")
        }
        "maximum" | "minimum" | "exclusiveMaximum" | "exclusiveMinimum" | "multipleOf"
            if !value.is_number() =>
        {
            wrong("is no number")
        }
        "$ref" => match value.as_str() {
            Some(reference) if super::referred(root, reference).is_some() => Ok(()),
            _ => wrong(
                "leads nowhere: a reference must lead to a place in the schema itself, such as #/definitions/name",
            ),
        },
        _ => Ok(()),
    }
}

fn each(root: &Value, schemas: &Map<String, Value>, path: &mut Vec<String>) -> Result<(), Invalid> {
    for (name, value) in schemas {
        path.push(name.clone());
        schema(root, value, path)?;
        path.pop();
    }
    Ok(())
}

fn list(root: &Value, schemas: &[Value], path: &mut Vec<String>) -> Result<(), Invalid> {
    for (place, value) in schemas.iter().enumerate() {
        path.push(place.to_string());
        schema(root, value, path)?;
        path.pop();
    }
    Ok(())
}
