//! What differs between Avro schemas.

use super::{Kind, breaks};

pub(crate) const NAME_MISMATCH: Kind = breaks(
    "NAME_MISMATCH",
    "the names differ, and {reader} has no alias for that of {writer}",
);
pub(crate) const FIXED_SIZE_MISMATCH: Kind = breaks("FIXED_SIZE_MISMATCH", "the sizes differ");
pub(crate) const MISSING_ENUM_SYMBOLS: Kind = breaks(
    "MISSING_ENUM_SYMBOLS",
    "{reader} lacks symbols of {writer} and has no default for them",
);
pub(crate) const READER_FIELD_MISSING_DEFAULT_VALUE: Kind = breaks(
    "READER_FIELD_MISSING_DEFAULT_VALUE",
    "{reader} has a field that {writer} does not have, without a default",
);
pub(crate) const TYPE_MISMATCH: Kind = breaks(
    "TYPE_MISMATCH",
    "{reader} cannot read the type that {writer} wrote",
);
pub(crate) const MISSING_UNION_BRANCH: Kind = breaks(
    "MISSING_UNION_BRANCH",
    "{reader} has no branch that reads one of {writer}",
);
pub(crate) const LOGICAL_TYPE_CHANGED: Kind = breaks(
    "LOGICAL_TYPE_CHANGED",
    "the same bytes mean something else to {reader}: the logical types differ",
);

pub(super) const ALL: &[Kind] = &[
    NAME_MISMATCH,
    FIXED_SIZE_MISMATCH,
    MISSING_ENUM_SYMBOLS,
    READER_FIELD_MISSING_DEFAULT_VALUE,
    TYPE_MISMATCH,
    MISSING_UNION_BRANCH,
    LOGICAL_TYPE_CHANGED,
];
