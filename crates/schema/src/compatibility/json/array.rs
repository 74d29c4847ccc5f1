//! Arrays: their items, by place or all alike, and how many there may be.

use serde_json::{Map, Value};

use super::super::kind;
use super::object::Further;
use super::{Walk, is_anything, is_nothing};

/// The items of an array: those with a place of their own, and all after them.
#[derive(Clone, Copy)]
struct Items<'s> {
    placed: &'s [Value],
    further: Further<'s>,
}

impl<'s> Items<'s> {
    /// Reads them as draft-07 writes them, and as 2020-12 does.
    fn of(keywords: &'s Map<String, Value>) -> Self {
        let items = keywords.get("items");
        if let Some(Value::Array(placed)) = keywords.get("prefixItems") {
            return Self {
                placed,
                further: Further::of(items),
            };
        }
        match items {
            Some(Value::Array(placed)) => Self {
                placed,
                further: Further::of(keywords.get("additionalItems")),
            },
            other => Self {
                placed: &[],
                further: Further::of(other),
            },
        }
    }
}

impl<'s> Walk<'s> {
    pub(super) fn arrays(&mut self, written: &'s Map<String, Value>, read: &'s Map<String, Value>) {
        self.limit("maxItems", written, read, kind::MAX_ITEMS);
        self.limit("minItems", written, read, kind::MIN_ITEMS);
        let unique =
            |keywords: &Map<String, Value>| keywords.get("uniqueItems") == Some(&Value::Bool(true));
        match (unique(written), unique(read)) {
            (false, true) => {
                self.add_under("uniqueItems", kind::UNIQUE_ITEMS_ADDED, String::new());
            }
            (true, false) => {
                self.add_under("uniqueItems", kind::UNIQUE_ITEMS_REMOVED, String::new());
            }
            _ => {}
        }
        let (writes, reads) = (Items::of(written), Items::of(read));
        self.placed(writes, reads);
        if writes.placed.is_empty() && reads.placed.is_empty() {
            self.further(
                "items",
                writes.further,
                reads.further,
                [
                    kind::ADDITIONAL_ITEMS_ADDED,
                    kind::ADDITIONAL_ITEMS_REMOVED,
                    kind::SCHEMA_REMOVED,
                    kind::SCHEMA_ADDED,
                ],
            );
        } else {
            self.further(
                "additionalItems",
                writes.further,
                reads.further,
                [
                    kind::ADDITIONAL_ITEMS_ADDED,
                    kind::ADDITIONAL_ITEMS_REMOVED,
                    kind::ADDITIONAL_ITEMS_EXTENDED,
                    kind::ADDITIONAL_ITEMS_NARROWED,
                ],
            );
        }
    }

    fn placed(&mut self, writes: Items<'s>, reads: Items<'s>) {
        self.path.push("items".to_owned());
        for place in 0..writes.placed.len().max(reads.placed.len()) {
            self.path.push(place.to_string());
            match (writes.placed.get(place), reads.placed.get(place)) {
                (Some(written), Some(read)) => self.compare(written, read),
                (Some(written), None) => self.item_removed(written, reads.further),
                (None, Some(read)) => self.item_added(read, writes.further),
                (None, None) => {}
            }
            self.path.pop();
        }
        self.path.pop();
    }

    fn item_removed(&mut self, written: &'s Value, further: Further<'s>) {
        let kind = match further {
            Further::Anything => kind::ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL,
            Further::Nothing if is_nothing(written) => {
                kind::ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
            }
            Further::Nothing => kind::ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL,
            Further::Of(form) => self.covered(
                written,
                form,
                kind::ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
                kind::ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
            ),
        };
        self.add(kind);
    }

    fn item_added(&mut self, read: &'s Value, further: Further<'s>) {
        let kind = match further {
            Further::Anything if is_anything(read) => {
                kind::ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
            }
            Further::Anything => kind::ITEM_ADDED_TO_OPEN_CONTENT_MODEL,
            Further::Nothing => kind::ITEM_ADDED_TO_CLOSED_CONTENT_MODEL,
            Further::Of(form) => self.covered(
                form,
                read,
                kind::ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
                kind::ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
            ),
        };
        self.add(kind);
    }
}
