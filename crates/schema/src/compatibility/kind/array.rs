//! What differs between arrays of JSON Schema.

use super::{Kind, breaks, fine};

pub(crate) const UNIQUE_ITEMS_ADDED: Kind = breaks(
    "UNIQUE_ITEMS_ADDED",
    "{reader} takes no item twice, {writer} allows it",
);
pub(crate) const ADDITIONAL_ITEMS_ADDED: Kind = fine(
    "ADDITIONAL_ITEMS_ADDED",
    "{reader} takes further items, {writer} has none",
);
pub(crate) const ADDITIONAL_ITEMS_REMOVED: Kind = breaks(
    "ADDITIONAL_ITEMS_REMOVED",
    "{reader} takes no further items, {writer} allows them",
);
pub(crate) const ADDITIONAL_ITEMS_EXTENDED: Kind = fine(
    "ADDITIONAL_ITEMS_EXTENDED",
    "{reader} takes any further item, {writer} only those of a form",
);
pub(crate) const ADDITIONAL_ITEMS_NARROWED: Kind = breaks(
    "ADDITIONAL_ITEMS_NARROWED",
    "{reader} takes further items only of a form, {writer} allows any",
);
pub(crate) const ITEM_ADDED_TO_OPEN_CONTENT_MODEL: Kind = breaks(
    "ITEM_ADDED_TO_OPEN_CONTENT_MODEL",
    "{writer} allows further items, so it may have written this one in another form than {reader} takes",
);
pub(crate) const ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL: Kind = fine(
    "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
    "{reader} names an item without asking for a form",
);
pub(crate) const ITEM_ADDED_TO_CLOSED_CONTENT_MODEL: Kind = fine(
    "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
    "{reader} has an item that {writer} does not have",
);
pub(crate) const ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL: Kind = fine(
    "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "{reader} does not name an item of {writer} and takes it as a further one",
);
pub(crate) const ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL: Kind = fine(
    "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "{reader} does not name an item that {writer} never has",
);
pub(crate) const ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL: Kind = breaks(
    "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "{reader} does not take an item of {writer} and no further ones",
);
pub(crate) const ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind = fine(
    "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "{reader} does not name an item of {writer}, and what it takes as further items covers it",
);
pub(crate) const ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind = breaks(
    "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "{reader} does not name an item of {writer}, and what it takes as further items does not cover it",
);
pub(crate) const ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind = fine(
    "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "{reader} names an item that covers what {writer} allows as a further one",
);
pub(crate) const ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: Kind = breaks(
    "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "{reader} names an item that does not cover what {writer} allows as a further one",
);
pub(crate) const UNIQUE_ITEMS_REMOVED: Kind =
    fine("UNIQUE_ITEMS_REMOVED", "{reader} takes items twice");

pub(super) const ALL: &[Kind] = &[
    UNIQUE_ITEMS_REMOVED,
    UNIQUE_ITEMS_ADDED,
    ADDITIONAL_ITEMS_ADDED,
    ADDITIONAL_ITEMS_REMOVED,
    ADDITIONAL_ITEMS_EXTENDED,
    ADDITIONAL_ITEMS_NARROWED,
    ITEM_ADDED_TO_OPEN_CONTENT_MODEL,
    ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL,
    ITEM_ADDED_TO_CLOSED_CONTENT_MODEL,
    ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL,
    ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL,
    ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL,
    ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
    ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
    ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
    ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
];
