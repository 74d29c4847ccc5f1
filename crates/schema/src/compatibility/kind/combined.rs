//! What differs between values and combinations of JSON Schema.

use super::{Kind, breaks, fine};

pub(crate) const ENUM_ARRAY_EXTENDED: Kind = fine(
    "ENUM_ARRAY_EXTENDED",
    "{reader} takes all values of {writer} and more",
);
pub(crate) const ENUM_ARRAY_NARROWED: Kind = breaks(
    "ENUM_ARRAY_NARROWED",
    "{reader} takes fewer values than {writer} allows",
);
pub(crate) const ENUM_ARRAY_CHANGED: Kind = breaks(
    "ENUM_ARRAY_CHANGED",
    "{reader} takes other values than {writer} allows",
);
pub(crate) const COMBINED_TYPE_EXTENDED: Kind = fine(
    "COMBINED_TYPE_EXTENDED",
    "the parts are combined in a way that takes more",
);
pub(crate) const COMBINED_TYPE_CHANGED: Kind = breaks(
    "COMBINED_TYPE_CHANGED",
    "the parts are combined in another way",
);
pub(crate) const PRODUCT_TYPE_EXTENDED: Kind = breaks(
    "PRODUCT_TYPE_EXTENDED",
    "{reader} asks for more parts at once than {writer}",
);
pub(crate) const PRODUCT_TYPE_NARROWED: Kind = fine(
    "PRODUCT_TYPE_NARROWED",
    "{reader} asks for fewer parts at once than {writer}",
);
pub(crate) const SUM_TYPE_EXTENDED: Kind = fine(
    "SUM_TYPE_EXTENDED",
    "{reader} takes more alternatives than {writer} has",
);
pub(crate) const SUM_TYPE_NARROWED: Kind = breaks(
    "SUM_TYPE_NARROWED",
    "{reader} takes fewer alternatives than {writer} has",
);
pub(crate) const COMBINED_TYPE_SUBSCHEMAS_CHANGED: Kind = breaks(
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
    "the parts of {reader} do not take those of {writer}",
);
pub(crate) const NOT_TYPE_NARROWED: Kind = fine(
    "NOT_TYPE_NARROWED",
    "{reader} excludes no more than {writer}",
);
pub(crate) const NOT_TYPE_EXTENDED: Kind =
    breaks("NOT_TYPE_EXTENDED", "{reader} excludes more than {writer}");

pub(super) const ALL: &[Kind] = &[
    NOT_TYPE_EXTENDED,
    ENUM_ARRAY_EXTENDED,
    ENUM_ARRAY_NARROWED,
    ENUM_ARRAY_CHANGED,
    COMBINED_TYPE_EXTENDED,
    COMBINED_TYPE_CHANGED,
    PRODUCT_TYPE_EXTENDED,
    PRODUCT_TYPE_NARROWED,
    SUM_TYPE_EXTENDED,
    SUM_TYPE_NARROWED,
    COMBINED_TYPE_SUBSCHEMAS_CHANGED,
    NOT_TYPE_NARROWED,
];
