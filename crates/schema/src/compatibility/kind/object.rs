//! What differs between objects of JSON Schema.

use super::{Kind, breaks, breaks_when_strict, fine};

pub(crate) const REQUIRED_ATTRIBUTE_ADDED: Kind = breaks(
    "REQUIRED_ATTRIBUTE_ADDED",
    "{reader} requires what {writer} may leave out",
);
pub(crate) const REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED: Kind = fine(
    "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
    "{reader} requires what {writer} may leave out, and has a default for it",
);
pub(crate) const REQUIRED_ATTRIBUTE_REMOVED: Kind = fine(
    "REQUIRED_ATTRIBUTE_REMOVED",
    "{reader} does not require what {writer} requires",
);
pub(crate) const ADDITIONAL_PROPERTIES_ADDED: Kind = fine(
    "ADDITIONAL_PROPERTIES_ADDED",
    "{reader} takes further properties, {writer} has none",
);
pub(crate) const ADDITIONAL_PROPERTIES_REMOVED: Kind = breaks_when_strict(
    "ADDITIONAL_PROPERTIES_REMOVED",
    "{reader} takes no further properties, {writer} allows them",
);
pub(crate) const ADDITIONAL_PROPERTIES_EXTENDED: Kind = fine(
    "ADDITIONAL_PROPERTIES_EXTENDED",
    "{reader} takes any further property, {writer} only those of a form",
);
pub(crate) const ADDITIONAL_PROPERTIES_NARROWED: Kind = breaks_when_strict(
    "ADDITIONAL_PROPERTIES_NARROWED",
    "{reader} takes further properties only of a form, {writer} allows any",
);
pub(crate) const PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: Kind = breaks_when_strict(
    "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
    "{writer} allows further properties, so it may have written this one in another form than {reader} takes",
);
pub(crate) const PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL: Kind = fine(
    "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
    "{reader} names a property without asking for a form",
);
pub(crate) const REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: Kind = breaks(
    "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
    "{reader} requires a property that {writer} does not have",
);
pub(crate) const REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL: Kind = fine(
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
    "{reader} requires a property that {writer} does not have, and has a default for it",
);
pub(crate) const OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: Kind = fine(
    "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
    "{reader} has a property that {writer} does not have",
);
pub(crate) const PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL: Kind = fine(
    "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "{reader} does not name a property of {writer} and takes it as a further one",
);
pub(crate) const PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL: Kind = fine(
    "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "{reader} does not name a property that {writer} never has",
);
pub(crate) const PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL: Kind = breaks(
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "{reader} does not take a property of {writer} and no further ones",
);
pub(crate) const PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind = fine(
    "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "{reader} does not name a property of {writer}, and what it takes as further properties covers it",
);
pub(crate) const PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind = fine(
    "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "{reader} names a property that covers what {writer} allows as a further one",
);
pub(crate) const DEPENDENCY_ARRAY_ADDED: Kind = breaks(
    "DEPENDENCY_ARRAY_ADDED",
    "{reader} requires further properties beside one, {writer} does not",
);
pub(crate) const DEPENDENCY_ARRAY_REMOVED: Kind = fine(
    "DEPENDENCY_ARRAY_REMOVED",
    "{reader} does not require further properties beside one",
);
pub(crate) const DEPENDENCY_ARRAY_EXTENDED: Kind = breaks(
    "DEPENDENCY_ARRAY_EXTENDED",
    "{reader} requires more properties beside one than {writer}",
);
pub(crate) const DEPENDENCY_ARRAY_NARROWED: Kind = fine(
    "DEPENDENCY_ARRAY_NARROWED",
    "{reader} requires fewer properties beside one than {writer}",
);
pub(crate) const DEPENDENCY_ARRAY_CHANGED: Kind = breaks(
    "DEPENDENCY_ARRAY_CHANGED",
    "{reader} requires other properties beside one than {writer}",
);
pub(crate) const DEPENDENCY_SCHEMA_ADDED: Kind = breaks(
    "DEPENDENCY_SCHEMA_ADDED",
    "{reader} asks for a form where a property is there, {writer} does not",
);
pub(crate) const DEPENDENCY_SCHEMA_REMOVED: Kind = fine(
    "DEPENDENCY_SCHEMA_REMOVED",
    "{reader} asks for no form where a property is there",
);
pub(crate) const PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind = breaks(
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "{reader} does not name a property of {writer}, and what it takes as further properties does not cover it",
);
pub(crate) const PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind =
    breaks_when_strict(
        "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        "{reader} names a property that does not cover what {writer} allows as a further one",
    );

pub(super) const ALL: &[Kind] = &[
    PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
    PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
    REQUIRED_ATTRIBUTE_ADDED,
    REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED,
    REQUIRED_ATTRIBUTE_REMOVED,
    ADDITIONAL_PROPERTIES_ADDED,
    ADDITIONAL_PROPERTIES_REMOVED,
    ADDITIONAL_PROPERTIES_EXTENDED,
    ADDITIONAL_PROPERTIES_NARROWED,
    PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL,
    PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL,
    REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
    REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL,
    OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
    PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL,
    PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL,
    PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL,
    PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
    PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
    DEPENDENCY_ARRAY_ADDED,
    DEPENDENCY_ARRAY_REMOVED,
    DEPENDENCY_ARRAY_EXTENDED,
    DEPENDENCY_ARRAY_NARROWED,
    DEPENDENCY_ARRAY_CHANGED,
    DEPENDENCY_SCHEMA_ADDED,
    DEPENDENCY_SCHEMA_REMOVED,
];
