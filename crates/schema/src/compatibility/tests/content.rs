//! Objects and arrays of JSON Schema, by what they take beside what is named; `!` marks what breaks a strict reader.

use super::json::{Case, check};

const OPEN: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
const OPEN_TWO: &str =
    r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}"#;
const CLOSED: &str = super::ONE;
const CLOSED_TWO: &str = super::TWO;
const PARTLY: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}"#;
const PARTLY_OTHER: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "additionalProperties": {"type": "string"}}"#;
const PARTLY_TWO: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "additionalProperties": {"type": "string"}}"#;
const PROPERTIES_BY_CONTENT_MODEL: &[Case] = &[
    (
        OPEN,
        OPEN_TWO,
        &["!PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b"],
    ),
    (
        OPEN_TWO,
        OPEN,
        &["PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL #/properties/b"],
    ),
    (
        CLOSED,
        CLOSED_TWO,
        &["OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/b"],
    ),
    (
        CLOSED_TWO,
        CLOSED,
        &["!PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/b"],
    ),
    (
        OPEN,
        CLOSED,
        &["!ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties"],
    ),
    (
        CLOSED,
        OPEN,
        &["ADDITIONAL_PROPERTIES_ADDED #/additionalProperties"],
    ),
    (
        OPEN,
        PARTLY,
        &["!ADDITIONAL_PROPERTIES_NARROWED #/additionalProperties"],
    ),
    (
        PARTLY,
        OPEN,
        &["ADDITIONAL_PROPERTIES_EXTENDED #/additionalProperties"],
    ),
    (
        PARTLY_TWO,
        PARTLY,
        &["PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b"],
    ),
    (
        PARTLY_OTHER,
        PARTLY,
        &["!PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b"],
    ),
    (
        PARTLY,
        PARTLY_TWO,
        &[
            "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/b",
            "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b",
        ],
    ),
    (
        PARTLY,
        PARTLY_OTHER,
        &[
            "!PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b",
            "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/b",
        ],
    ),
    (
        OPEN,
        r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {}}}"#,
        &["PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b"],
    ),
    (
        r#"{"type": "object", "properties": {"b": false}, "additionalProperties": false}"#,
        r#"{"type": "object", "additionalProperties": false}"#,
        &["PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/b"],
    ),
    (
        r#"{"type": "object", "properties": {"code": {"type": "string"}}, "additionalProperties": false}"#,
        r#"{"type": "object", "patternProperties": {"^c": {"type": "string"}}, "additionalProperties": false}"#,
        &[
            "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/patternProperties/^c",
            "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/code",
        ],
    ),
];

#[test]
fn properties_by_content_model() {
    check(PROPERTIES_BY_CONTENT_MODEL);
}

const WHAT_IS_REQUIRED: &[Case] = &[
    (
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}"#,
        &["!REQUIRED_ATTRIBUTE_ADDED #/required/a"],
    ),
    (
        r#"{"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string", "default": "x"}}, "required": ["a"]}"#,
        &["REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED #/required/a"],
    ),
    (
        r#"{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        &["REQUIRED_ATTRIBUTE_REMOVED #/required/a"],
    ),
    (
        r#"{"type": "object", "additionalProperties": false}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false}"#,
        &["!REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a"],
    ),
    (
        r#"{"type": "object", "additionalProperties": false}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string", "default": ""}}, "required": ["a"], "additionalProperties": false}"#,
        &["REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a"],
    ),
    // A lenient reader must not overlook what it requires anew.
    (
        r#"{"type": "object"}"#,
        r#"{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}"#,
        &[
            "!PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a",
            "!REQUIRED_ATTRIBUTE_ADDED #/required/a",
        ],
    ),
];

#[test]
fn what_is_required() {
    check(WHAT_IS_REQUIRED);
}

const DEPENDENCIES_AND_NUMBERS_OF_PROPERTIES: &[Case] = &[
    (
        r#"{"type": "object"}"#,
        r#"{"type": "object", "dependencies": {"a": ["b"]}}"#,
        &["!DEPENDENCY_ARRAY_ADDED #/dependencies/a"],
    ),
    (
        r#"{"type": "object", "dependentRequired": {"a": ["b"]}}"#,
        r#"{"type": "object"}"#,
        &["DEPENDENCY_ARRAY_REMOVED #/dependentRequired/a"],
    ),
    (
        r#"{"type": "object", "dependencies": {"a": ["b"]}}"#,
        r#"{"type": "object", "dependencies": {"a": ["b", "c"]}}"#,
        &["!DEPENDENCY_ARRAY_EXTENDED #/dependencies/a"],
    ),
    (
        r#"{"type": "object", "dependencies": {"a": ["b", "c"]}}"#,
        r#"{"type": "object", "dependencies": {"a": ["b"]}}"#,
        &["DEPENDENCY_ARRAY_NARROWED #/dependencies/a"],
    ),
    (
        r#"{"type": "object", "dependencies": {"a": ["c"]}}"#,
        r#"{"type": "object", "dependencies": {"a": ["b"]}}"#,
        &["!DEPENDENCY_ARRAY_CHANGED #/dependencies/a"],
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"type": "object", "dependentSchemas": {"a": {"minProperties": 2}}}"#,
        &["!DEPENDENCY_SCHEMA_ADDED #/dependentSchemas/a"],
    ),
    (
        r#"{"type": "object", "maxProperties": 3}"#,
        r#"{"type": "object", "maxProperties": 2}"#,
        &["!MAX_PROPERTIES_DECREASED #/maxProperties"],
    ),
    (
        r#"{"type": "object", "minProperties": 3}"#,
        r#"{"type": "object"}"#,
        &["MIN_PROPERTIES_REMOVED #/minProperties"],
    ),
];

#[test]
fn dependencies_and_numbers_of_properties() {
    check(DEPENDENCIES_AND_NUMBERS_OF_PROPERTIES);
}

const ARRAYS: &[Case] = &[
    (
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        r#"{"type": "array", "items": {"type": "number"}}"#,
        &["TYPE_EXTENDED #/items"],
    ),
    (
        r#"{"type": "array", "items": {"type": "number"}}"#,
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        &["!TYPE_NARROWED #/items"],
    ),
    (
        r#"{"type": "array"}"#,
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        &["!SCHEMA_ADDED #/items"],
    ),
    (
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        r#"{"type": "array"}"#,
        &["SCHEMA_REMOVED #/items"],
    ),
    (
        r#"{"type": "array"}"#,
        r#"{"type": "array", "maxItems": 3}"#,
        &["!MAX_ITEMS_ADDED #/maxItems"],
    ),
    (
        r#"{"type": "array", "minItems": 1}"#,
        r#"{"type": "array", "minItems": 2}"#,
        &["!MIN_ITEMS_INCREASED #/minItems"],
    ),
    (
        r#"{"type": "array"}"#,
        r#"{"type": "array", "uniqueItems": true}"#,
        &["!UNIQUE_ITEMS_ADDED #/uniqueItems"],
    ),
    (
        r#"{"type": "array", "uniqueItems": true}"#,
        r#"{"type": "array", "uniqueItems": false}"#,
        &["UNIQUE_ITEMS_REMOVED #/uniqueItems"],
    ),
    // Draft-07 and 2020-12 write items by place differently and mean the same.
    (
        r#"{"type": "array", "items": [{"type": "string"}]}"#,
        r#"{"type": "array", "prefixItems": [{"type": "string"}]}"#,
        &[],
    ),
    (
        r#"{"type": "array", "items": [{"type": "string"}]}"#,
        r#"{"type": "array", "items": [{"type": "string"}, {"type": "string"}]}"#,
        &["!ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items/1"],
    ),
    (
        r#"{"type": "array", "items": [{"type": "string"}], "additionalItems": false}"#,
        r#"{"type": "array", "items": [{"type": "string"}, {"type": "string"}], "additionalItems": false}"#,
        &["ITEM_ADDED_TO_CLOSED_CONTENT_MODEL #/items/1"],
    ),
    (
        r#"{"type": "array", "items": [{"type": "string"}, {"type": "string"}], "additionalItems": false}"#,
        r#"{"type": "array", "items": [{"type": "string"}], "additionalItems": false}"#,
        &["!ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items/1"],
    ),
    (
        r#"{"type": "array", "items": [{"type": "string"}, {"type": "string"}]}"#,
        r#"{"type": "array", "items": [{"type": "string"}]}"#,
        &["ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL #/items/1"],
    ),
    (
        r#"{"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "string"}}"#,
        r#"{"type": "array", "prefixItems": [{"type": "string"}], "items": false}"#,
        &["!ADDITIONAL_ITEMS_REMOVED #/additionalItems"],
    ),
];

#[test]
fn arrays() {
    check(ARRAYS);
}
