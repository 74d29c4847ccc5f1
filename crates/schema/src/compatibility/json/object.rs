//! Objects: their properties, what further ones they take, and what they require.

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::super::kind::{self, Kind};
use super::{Walk, is_anything, is_nothing};

/// What is taken beside what is named.
#[derive(Clone, Copy)]
pub(super) enum Further<'s> {
    Anything,
    Nothing,
    Of(&'s Value),
}

impl<'s> Further<'s> {
    /// Reads `additionalProperties`, `additionalItems` or `items`.
    pub(super) fn of(value: Option<&'s Value>) -> Self {
        match value {
            None => Self::Anything,
            Some(value) if is_nothing(value) => Self::Nothing,
            Some(value) if is_anything(value) => Self::Anything,
            Some(value) => Self::Of(value),
        }
    }
}

/// An object's keywords that belong together.
#[derive(Clone, Copy)]
struct Content<'s> {
    properties: &'s Map<String, Value>,
    patterns: &'s Map<String, Value>,
    further: Further<'s>,
}

impl<'s> Content<'s> {
    fn of(keywords: &'s Map<String, Value>) -> Self {
        let object = |keyword: &str| {
            keywords
                .get(keyword)
                .and_then(Value::as_object)
                .unwrap_or_else(|| super::empty())
        };
        Self {
            properties: object("properties"),
            patterns: object("patternProperties"),
            further: Further::of(keywords.get("additionalProperties")),
        }
    }

    fn is_open(&self) -> bool {
        self.patterns.is_empty() && matches!(self.further, Further::Anything)
    }

    /// What a property that is not named must be like, if it is taken and has a form.
    fn form_of(&self, name: &str) -> Option<&'s Value> {
        let matches = |pattern: &str| Regex::new(pattern).is_ok_and(|it| it.is_match(name));
        let by_pattern = self
            .patterns
            .iter()
            .find(|(pattern, _)| matches(pattern))
            .map(|(_, form)| form);
        by_pattern.or(match self.further {
            Further::Of(form) => Some(form),
            Further::Anything | Further::Nothing => None,
        })
    }

    /// Whether a property that is not named is taken in any form.
    fn takes_any(&self, name: &str) -> bool {
        matches!(self.further, Further::Anything) && self.form_of(name).is_none()
    }
}

pub(super) fn names(keywords: &Map<String, Value>, keyword: &str) -> BTreeSet<String> {
    strings(keywords.get(keyword))
}

fn strings(value: Option<&Value>) -> BTreeSet<String> {
    let all = value.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

impl<'s> Walk<'s> {
    pub(super) fn objects(
        &mut self,
        written: &'s Map<String, Value>,
        read: &'s Map<String, Value>,
    ) {
        self.required(written, read);
        self.properties(written, read);
        self.patterns(written, read);
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            self.dependencies(keyword, written, read);
        }
        self.further(
            "additionalProperties",
            Further::of(written.get("additionalProperties")),
            Further::of(read.get("additionalProperties")),
            [
                kind::ADDITIONAL_PROPERTIES_ADDED,
                kind::ADDITIONAL_PROPERTIES_REMOVED,
                kind::ADDITIONAL_PROPERTIES_EXTENDED,
                kind::ADDITIONAL_PROPERTIES_NARROWED,
            ],
        );
        self.limit("maxProperties", written, read, kind::MAX_PROPERTIES);
        self.limit("minProperties", written, read, kind::MIN_PROPERTIES);
    }

    /// What the reader requires and the writer may leave out, and the other way round.
    fn required(&mut self, written: &'s Map<String, Value>, read: &'s Map<String, Value>) {
        let (always, needed) = (names(written, "required"), names(read, "required"));
        let (writes, reads) = (Content::of(written), Content::of(read));
        for name in always.union(&needed) {
            let kind = match (always.contains(name), needed.contains(name)) {
                (true, false) => kind::REQUIRED_ATTRIBUTE_REMOVED,
                (false, true) => {
                    let form = reads.properties.get(name);
                    // A new property of an object that takes no others is told with the properties.
                    if form.is_some() && !writes.properties.contains_key(name) && !writes.is_open()
                    {
                        continue;
                    }
                    if form.is_some_and(has_default) {
                        kind::REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED
                    } else {
                        kind::REQUIRED_ATTRIBUTE_ADDED
                    }
                }
                _ => continue,
            };
            self.within("required", |walk| walk.add_under(name, kind, String::new()));
        }
    }

    fn properties(&mut self, written: &'s Map<String, Value>, read: &'s Map<String, Value>) {
        let (writes, reads) = (Content::of(written), Content::of(read));
        let needed = names(read, "required");
        let all: BTreeSet<&String> = writes
            .properties
            .keys()
            .chain(reads.properties.keys())
            .collect();
        self.path.push("properties".to_owned());
        for name in all {
            self.path.push(name.clone());
            match (writes.properties.get(name), reads.properties.get(name)) {
                (Some(written), Some(read)) => self.compare(written, read),
                (Some(written), None) => self.property_removed(name, written, reads),
                (None, Some(read)) => {
                    self.property_added(name, read, writes, needed.contains(name));
                }
                (None, None) => {}
            }
            self.path.pop();
        }
        self.path.pop();
    }

    fn property_removed(&mut self, name: &str, written: &'s Value, reads: Content<'s>) {
        if reads.takes_any(name) {
            self.add(kind::PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL);
            return;
        }
        let kind = match reads.form_of(name) {
            Some(form) => self.covered(
                written,
                form,
                kind::PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
                kind::PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
            ),
            None if is_nothing(written) => {
                kind::PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
            }
            None => kind::PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL,
        };
        self.add(kind);
    }

    fn property_added(&mut self, name: &str, read: &'s Value, writes: Content<'s>, needed: bool) {
        if writes.takes_any(name) {
            self.add(if is_anything(read) {
                kind::PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
            } else {
                kind::PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL
            });
            return;
        }
        if let Some(form) = writes.form_of(name) {
            let kind = self.covered(
                form,
                read,
                kind::PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
                kind::PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
            );
            self.add(kind);
        }
        self.add(match (needed, has_default(read)) {
            (true, true) => kind::REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL,
            (true, false) => kind::REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
            (false, _) => kind::OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
        });
    }

    /// Whether one form covers another; what differs is told only where it does.
    pub(super) fn covered(
        &mut self,
        written: &'s Value,
        read: &'s Value,
        is: Kind,
        not: Kind,
    ) -> Kind {
        let (taken, found) = self.attempt(|walk| walk.compare(written, read));
        if taken {
            self.found.extend(found);
            is
        } else {
            not
        }
    }

    fn patterns(&mut self, written: &'s Map<String, Value>, read: &'s Map<String, Value>) {
        let (writes, reads) = (Content::of(written), Content::of(read));
        let all: BTreeSet<&String> = writes
            .patterns
            .keys()
            .chain(reads.patterns.keys())
            .collect();
        self.path.push("patternProperties".to_owned());
        for pattern in all {
            self.path.push(pattern.clone());
            match (writes.patterns.get(pattern), reads.patterns.get(pattern)) {
                (Some(written), Some(read)) => self.compare(written, read),
                (Some(_), None) => self.add(match reads.further {
                    Further::Anything => kind::PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL,
                    Further::Nothing => kind::PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL,
                    Further::Of(_) => {
                        kind::PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
                    }
                }),
                (None, Some(_)) => self.add(match writes.further {
                    Further::Anything => kind::PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL,
                    Further::Nothing => kind::OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
                    Further::Of(_) => {
                        kind::PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
                    }
                }),
                (None, None) => {}
            }
            self.path.pop();
        }
        self.path.pop();
    }

    /// What else must be there, or be so, where a property is.
    fn dependencies(
        &mut self,
        keyword: &str,
        written: &'s Map<String, Value>,
        read: &'s Map<String, Value>,
    ) {
        let of = |keywords: &'s Map<String, Value>| {
            keywords
                .get(keyword)
                .and_then(Value::as_object)
                .unwrap_or_else(|| super::empty())
        };
        let (written, read) = (of(written), of(read));
        let all: BTreeSet<&String> = written.keys().chain(read.keys()).collect();
        for name in all {
            self.path.extend([keyword.to_owned(), name.clone()]);
            match (written.get(name), read.get(name)) {
                (Some(written), Some(read)) if written.is_array() && read.is_array() => {
                    self.dependency_changed(&strings(Some(written)), &strings(Some(read)));
                }
                (Some(written), Some(read)) => self.compare(written, read),
                (Some(Value::Array(_)), None) => self.add(kind::DEPENDENCY_ARRAY_REMOVED),
                (Some(_), None) => self.add(kind::DEPENDENCY_SCHEMA_REMOVED),
                (None, Some(Value::Array(_))) => self.add(kind::DEPENDENCY_ARRAY_ADDED),
                (None, Some(_)) => self.add(kind::DEPENDENCY_SCHEMA_ADDED),
                (None, None) => {}
            }
            self.path.truncate(self.path.len().saturating_sub(2));
        }
    }

    fn dependency_changed(&mut self, written: &BTreeSet<String>, read: &BTreeSet<String>) {
        if written == read {
            return;
        }
        self.add(if read.is_superset(written) {
            kind::DEPENDENCY_ARRAY_EXTENDED
        } else if read.is_subset(written) {
            kind::DEPENDENCY_ARRAY_NARROWED
        } else {
            kind::DEPENDENCY_ARRAY_CHANGED
        });
    }

    /// What is taken beside what is named: added, removed, extended or narrowed.
    pub(super) fn further(
        &mut self,
        keyword: &str,
        written: Further<'s>,
        read: Further<'s>,
        [added, removed, extended, narrowed]: [Kind; 4],
    ) {
        use Further::{Anything, Nothing, Of};
        let kind = match (written, read) {
            (Nothing, Nothing) | (Anything, Anything) => return,
            (Nothing, _) => added,
            (_, Nothing) => removed,
            (Of(_), Anything) => extended,
            (Anything, Of(_)) => narrowed,
            (Of(written), Of(read)) => {
                self.within(keyword, |walk| walk.compare(written, read));
                return;
            }
        };
        self.add_under(keyword, kind, String::new());
    }
}

fn has_default(schema: &Value) -> bool {
    schema.get("default").is_some()
}
