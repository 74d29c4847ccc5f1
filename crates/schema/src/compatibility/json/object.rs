//! Objects: their properties, what further ones they take, and what they require.

use std::collections::BTreeSet;

use regex_lite::RegexBuilder;
use serde_json::{Map, Value};

use super::super::kind::{self, Kind};
use super::{Walk, is_anything, is_nothing};

/// To read a pattern costs so many steps, and one more for each of its bytes.
const PATTERN_STEPS: usize = 200;
/// A pattern that takes more memory when it is read is not held against names.
const PATTERN_BYTES_MAX: usize = 16 << 10;
/// A name that is longer is not held against patterns.
const NAME_BYTES_MAX: usize = 256;

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
pub(super) struct Content<'s> {
    properties: &'s Map<String, Value>,
    patterns: &'s Map<String, Value>,
    further: Further<'s>,
}

impl<'s> Content<'s> {
    pub(super) fn of(keywords: &'s Map<String, Value>) -> Self {
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

    pub(super) fn names(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }

    fn is_open(&self) -> bool {
        self.patterns.is_empty() && matches!(self.further, Further::Anything)
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

/// What a property that is not named must be like.
pub(super) enum Demand<'s> {
    Anything,
    /// There is none.
    Nothing,
    /// All of these; there is one at least.
    Of(Vec<&'s Value>),
    /// One of the patterns cannot be held against its name.
    Unknown,
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
        self.named_beside(written, read);
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
                (Some(written), Some(read)) => {
                    self.compare(written, read);
                    self.new_patterns(name, written, writes, reads);
                }
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

    /// Patterns that only the reader has hold for properties that both name, too.
    fn new_patterns(
        &mut self,
        name: &str,
        written: &'s Value,
        writes: Content<'s>,
        reads: Content<'s>,
    ) {
        let new = reads.patterns.iter();
        let new = new.filter(|(pattern, _)| !writes.patterns.contains_key(*pattern));
        for (pattern, form) in new {
            let taken = match self.matches(pattern, name) {
                Some(true) => self.attempt(|walk| walk.compare(written, form)).0,
                Some(false) => true,
                None => false,
            };
            if !taken {
                self.add_detail(kind::CONSTRAINT_CHANGED, pattern.clone());
            }
        }
    }

    fn property_removed(&mut self, name: &str, written: &'s Value, reads: Content<'s>) {
        let kind = match self.form_of(name, reads) {
            Demand::Anything => kind::PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL,
            Demand::Of(forms) => {
                let mut worst = kind::PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL;
                for form in forms {
                    worst = self.covered(
                        written,
                        form,
                        worst,
                        kind::PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL,
                    );
                }
                worst
            }
            Demand::Nothing if is_nothing(written) => {
                kind::PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
            }
            Demand::Nothing => kind::PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL,
            Demand::Unknown => kind::CONSTRAINT_CHANGED,
        };
        self.add(kind);
    }

    fn property_added(&mut self, name: &str, read: &'s Value, writes: Content<'s>, needed: bool) {
        match self.form_of(name, writes) {
            Demand::Anything => {
                self.add(if is_anything(read) {
                    kind::PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
                } else {
                    kind::PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL
                });
                return;
            }
            Demand::Of(forms) => {
                let kind = self.covered_by_one(&forms, read);
                self.add(kind);
            }
            Demand::Unknown if !is_anything(read) => self.add(kind::CONSTRAINT_CHANGED),
            Demand::Unknown | Demand::Nothing => {}
        }
        self.add(match (needed, has_default(read)) {
            (true, true) => kind::REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL,
            (true, false) => kind::REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
            (false, _) => kind::OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
        });
    }

    /// What was written is of all the forms at once: it is enough that the reader takes one of them.
    fn covered_by_one(&mut self, forms: &[&'s Value], read: &'s Value) -> Kind {
        let not = kind::PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL;
        for form in forms {
            let is = kind::PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL;
            if self.covered(form, read, is, not) == is {
                return is;
            }
        }
        not
    }

    /// What any property must be like.
    pub(super) fn demand(&mut self, name: &str, content: Content<'s>) -> Demand<'s> {
        let Some(own) = content.properties.get(name) else {
            return self.form_of(name, content);
        };
        match self.by_pattern(name, content) {
            Some(mut forms) => {
                forms.push(own);
                Demand::Of(forms)
            }
            None => Demand::Unknown,
        }
    }

    /// What a property that is not named must be like: as every pattern says that its name matches, or else as further ones.
    fn form_of(&mut self, name: &str, content: Content<'s>) -> Demand<'s> {
        let Some(forms) = self.by_pattern(name, content) else {
            return Demand::Unknown;
        };
        match content.further {
            _ if !forms.is_empty() => Demand::Of(forms),
            Further::Of(form) => Demand::Of(vec![form]),
            Further::Anything => Demand::Anything,
            Further::Nothing => Demand::Nothing,
        }
    }

    /// The forms of the patterns that match a name; nothing where one of them cannot be held against it.
    fn by_pattern(&mut self, name: &str, content: Content<'s>) -> Option<Vec<&'s Value>> {
        let mut forms = Vec::new();
        for (pattern, form) in content.patterns {
            if self.matches(pattern, name)? {
                forms.push(form);
            }
        }
        Some(forms)
    }

    /// Whether a name matches a pattern; nothing where that cannot be told.
    fn matches(&mut self, pattern: &'s str, name: &str) -> Option<bool> {
        if !self.expressions.contains_key(pattern) {
            if !self.charge(PATTERN_STEPS.saturating_add(pattern.len())) {
                return None;
            }
            let read = RegexBuilder::new(pattern)
                .size_limit(PATTERN_BYTES_MAX)
                .build();
            self.expressions.insert(pattern, read.ok());
        }
        if name.len() > NAME_BYTES_MAX || !self.charge(name.len().saturating_add(1)) {
            return None;
        }
        let expression = self.expressions.get(pattern)?.as_ref()?;
        Some(expression.is_match(name))
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
                (Some(written), Some(read)) => self.compare_here(written, read),
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
