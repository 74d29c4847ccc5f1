//! What differs between types, strings, numbers and limits of JSON Schema.

use super::{Kind, breaks, fine};

pub(crate) const ID_CHANGED: Kind = fine("ID_CHANGED", "the $id is another one");
pub(crate) const TITLE_CHANGED: Kind = fine("TITLE_CHANGED", "the title is another one");
pub(crate) const DEFAULT_CHANGED: Kind = fine("DEFAULT_CHANGED", "the default is another one");
pub(crate) const SCHEMA_ADDED: Kind = breaks(
    "SCHEMA_ADDED",
    "{reader} asks for a form where {writer} allows anything",
);
pub(crate) const SCHEMA_REMOVED: Kind = fine(
    "SCHEMA_REMOVED",
    "{reader} allows anything where {writer} has a form",
);
pub(crate) const TYPE_EXTENDED: Kind = fine(
    "TYPE_EXTENDED",
    "{reader} takes all types of {writer} and more",
);
pub(crate) const TYPE_NARROWED: Kind = breaks(
    "TYPE_NARROWED",
    "{reader} takes fewer numbers than {writer} allows",
);
pub(crate) const TYPE_CHANGED: Kind = breaks(
    "TYPE_CHANGED",
    "{reader} does not take the type that {writer} allows",
);
pub(crate) const CONSTRAINT_CHANGED: Kind = breaks(
    "CONSTRAINT_CHANGED",
    "{reader} has a condition that {writer} does not have in the same words, and conditions of this sort are not compared",
);
pub(crate) const CONSTRAINT_REMOVED: Kind = fine(
    "CONSTRAINT_REMOVED",
    "{reader} lacks a condition of {writer}",
);
pub(crate) const COMPARISON_LIMIT_REACHED: Kind = breaks(
    "COMPARISON_LIMIT_REACHED",
    "the schemas are nested or combined too deeply to be compared",
);
pub(crate) const MAX_LENGTH: [Kind; 4] = [
    breaks(
        "MAX_LENGTH_ADDED",
        "{reader} has maxLength, which {writer} does not have",
    ),
    fine("MAX_LENGTH_REMOVED", "{reader} has no maxLength any more"),
    fine(
        "MAX_LENGTH_INCREASED",
        "maxLength of {reader} is greater than that of {writer}",
    ),
    breaks(
        "MAX_LENGTH_DECREASED",
        "maxLength of {reader} is less than that of {writer}",
    ),
];
pub(crate) const MIN_LENGTH: [Kind; 4] = [
    breaks(
        "MIN_LENGTH_ADDED",
        "{reader} has minLength, which {writer} does not have",
    ),
    fine("MIN_LENGTH_REMOVED", "{reader} has no minLength any more"),
    breaks(
        "MIN_LENGTH_INCREASED",
        "minLength of {reader} is greater than that of {writer}",
    ),
    fine(
        "MIN_LENGTH_DECREASED",
        "minLength of {reader} is less than that of {writer}",
    ),
];
pub(crate) const MAXIMUM: [Kind; 4] = [
    breaks(
        "MAXIMUM_ADDED",
        "{reader} has maximum, which {writer} does not have",
    ),
    fine("MAXIMUM_REMOVED", "{reader} has no maximum any more"),
    fine(
        "MAXIMUM_INCREASED",
        "maximum of {reader} is greater than that of {writer}",
    ),
    breaks(
        "MAXIMUM_DECREASED",
        "maximum of {reader} is less than that of {writer}",
    ),
];
pub(crate) const MINIMUM: [Kind; 4] = [
    breaks(
        "MINIMUM_ADDED",
        "{reader} has minimum, which {writer} does not have",
    ),
    fine("MINIMUM_REMOVED", "{reader} has no minimum any more"),
    breaks(
        "MINIMUM_INCREASED",
        "minimum of {reader} is greater than that of {writer}",
    ),
    fine(
        "MINIMUM_DECREASED",
        "minimum of {reader} is less than that of {writer}",
    ),
];
pub(crate) const EXCLUSIVE_MAXIMUM: [Kind; 4] = [
    breaks(
        "EXCLUSIVE_MAXIMUM_ADDED",
        "{reader} has exclusiveMaximum, which {writer} does not have",
    ),
    fine(
        "EXCLUSIVE_MAXIMUM_REMOVED",
        "{reader} has no exclusiveMaximum any more",
    ),
    fine(
        "EXCLUSIVE_MAXIMUM_INCREASED",
        "exclusiveMaximum of {reader} is greater than that of {writer}",
    ),
    breaks(
        "EXCLUSIVE_MAXIMUM_DECREASED",
        "exclusiveMaximum of {reader} is less than that of {writer}",
    ),
];
pub(crate) const EXCLUSIVE_MINIMUM: [Kind; 4] = [
    breaks(
        "EXCLUSIVE_MINIMUM_ADDED",
        "{reader} has exclusiveMinimum, which {writer} does not have",
    ),
    fine(
        "EXCLUSIVE_MINIMUM_REMOVED",
        "{reader} has no exclusiveMinimum any more",
    ),
    breaks(
        "EXCLUSIVE_MINIMUM_INCREASED",
        "exclusiveMinimum of {reader} is greater than that of {writer}",
    ),
    fine(
        "EXCLUSIVE_MINIMUM_DECREASED",
        "exclusiveMinimum of {reader} is less than that of {writer}",
    ),
];
pub(crate) const MAX_PROPERTIES: [Kind; 4] = [
    breaks(
        "MAX_PROPERTIES_ADDED",
        "{reader} has maxProperties, which {writer} does not have",
    ),
    fine(
        "MAX_PROPERTIES_REMOVED",
        "{reader} has no maxProperties any more",
    ),
    fine(
        "MAX_PROPERTIES_INCREASED",
        "maxProperties of {reader} is greater than that of {writer}",
    ),
    breaks(
        "MAX_PROPERTIES_DECREASED",
        "maxProperties of {reader} is less than that of {writer}",
    ),
];
pub(crate) const MIN_PROPERTIES: [Kind; 4] = [
    breaks(
        "MIN_PROPERTIES_ADDED",
        "{reader} has minProperties, which {writer} does not have",
    ),
    fine(
        "MIN_PROPERTIES_REMOVED",
        "{reader} has no minProperties any more",
    ),
    breaks(
        "MIN_PROPERTIES_INCREASED",
        "minProperties of {reader} is greater than that of {writer}",
    ),
    fine(
        "MIN_PROPERTIES_DECREASED",
        "minProperties of {reader} is less than that of {writer}",
    ),
];
pub(crate) const MAX_ITEMS: [Kind; 4] = [
    breaks(
        "MAX_ITEMS_ADDED",
        "{reader} has maxItems, which {writer} does not have",
    ),
    fine("MAX_ITEMS_REMOVED", "{reader} has no maxItems any more"),
    fine(
        "MAX_ITEMS_INCREASED",
        "maxItems of {reader} is greater than that of {writer}",
    ),
    breaks(
        "MAX_ITEMS_DECREASED",
        "maxItems of {reader} is less than that of {writer}",
    ),
];
pub(crate) const MIN_ITEMS: [Kind; 4] = [
    breaks(
        "MIN_ITEMS_ADDED",
        "{reader} has minItems, which {writer} does not have",
    ),
    fine("MIN_ITEMS_REMOVED", "{reader} has no minItems any more"),
    breaks(
        "MIN_ITEMS_INCREASED",
        "minItems of {reader} is greater than that of {writer}",
    ),
    fine(
        "MIN_ITEMS_DECREASED",
        "minItems of {reader} is less than that of {writer}",
    ),
];
pub(crate) const PATTERN_CHANGED: Kind = breaks("PATTERN_CHANGED", "the patterns are not the same");
pub(crate) const MULTIPLE_OF_ADDED: Kind = breaks(
    "MULTIPLE_OF_ADDED",
    "{reader} has multipleOf, {writer} does not",
);
pub(crate) const MULTIPLE_OF_EXPANDED: Kind = breaks(
    "MULTIPLE_OF_EXPANDED",
    "multipleOf of {reader} is a multiple of that of {writer}, so fewer numbers are taken",
);
pub(crate) const MULTIPLE_OF_REDUCED: Kind = fine(
    "MULTIPLE_OF_REDUCED",
    "multipleOf of {reader} divides that of {writer}",
);
pub(crate) const MULTIPLE_OF_CHANGED: Kind = breaks(
    "MULTIPLE_OF_CHANGED",
    "neither multipleOf is a multiple of the other",
);
pub(crate) const DESCRIPTION_CHANGED: Kind =
    fine("DESCRIPTION_CHANGED", "the description is another one");
pub(crate) const PATTERN_ADDED: Kind =
    breaks("PATTERN_ADDED", "{reader} has a pattern, {writer} has none");
pub(crate) const PATTERN_REMOVED: Kind =
    fine("PATTERN_REMOVED", "{reader} has no pattern any more");
pub(crate) const MULTIPLE_OF_REMOVED: Kind =
    fine("MULTIPLE_OF_REMOVED", "{reader} has no multipleOf any more");

pub(super) const ALL: &[Kind] = &[
    MULTIPLE_OF_REMOVED,
    PATTERN_REMOVED,
    PATTERN_ADDED,
    DESCRIPTION_CHANGED,
    ID_CHANGED,
    TITLE_CHANGED,
    DEFAULT_CHANGED,
    SCHEMA_ADDED,
    SCHEMA_REMOVED,
    TYPE_EXTENDED,
    TYPE_NARROWED,
    TYPE_CHANGED,
    CONSTRAINT_CHANGED,
    CONSTRAINT_REMOVED,
    COMPARISON_LIMIT_REACHED,
    PATTERN_CHANGED,
    MULTIPLE_OF_ADDED,
    MULTIPLE_OF_EXPANDED,
    MULTIPLE_OF_REDUCED,
    MULTIPLE_OF_CHANGED,
];

pub(super) const LIMITS: &[[Kind; 4]] = &[
    MAX_LENGTH,
    MIN_LENGTH,
    MAXIMUM,
    MINIMUM,
    EXCLUSIVE_MAXIMUM,
    EXCLUSIVE_MINIMUM,
    MAX_PROPERTIES,
    MIN_PROPERTIES,
    MAX_ITEMS,
    MIN_ITEMS,
];
