//! JSON Schema: whether every document that one schema allows is one that another takes.

mod array;
mod check;
mod combined;
mod limits;
mod matching;
mod object;
mod place;
mod sorts;
mod weight;

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

use place::Place;

use super::kind::{self, Kind};
use super::work::{self, Work};
use super::{Difference, Policy, pointer};

pub(super) use check::check;

/// Schemas nested deeper than this, references followed, are not compared.
const DEPTH_MAX: usize = 128;
/// So many references in a row are followed.
const REFERENCES_MAX: usize = 64;

/// Keywords of which only the equal is known to be compatible.
const OPAQUE: [&str; 12] = [
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentEncoding",
    "contentMediaType",
    "$dynamicRef",
];

/// Lists how what the reader takes differs from what the writer allows, as far as the work goes.
pub(super) fn differences(
    writer: &Value,
    reader: &Value,
    policy: Policy,
    work: &mut Work,
) -> Vec<Difference> {
    let mut walk = Walk {
        roots: (writer, reader),
        policy,
        path: Vec::new(),
        place: Place::of(writer),
        open: Vec::new(),
        work: std::mem::replace(work, Work::new(0)),
        expressions: BTreeMap::new(),
        found: Vec::new(),
    };
    walk.compare(writer, reader);
    *work = walk.work;
    walk.found
}

/// A walk through both schemas at once.
struct Walk<'s> {
    roots: (&'s Value, &'s Value),
    policy: Policy,
    path: Vec<String>,
    place: Place<'s>,
    /// The pairs that are being compared, each in its place: to meet one again adds nothing.
    open: Vec<(&'s Value, &'s Value, Place<'s>)>,
    work: Work,
    /// Patterns that were read; those that could not be are none.
    expressions: BTreeMap<&'s str, Option<Regex>>,
    found: Vec<Difference>,
}

impl<'s> Walk<'s> {
    fn add(&mut self, kind: Kind) {
        self.add_detail(kind, String::new());
    }

    fn add_detail(&mut self, kind: Kind, detail: String) {
        let bytes = self.path.iter().map(String::len);
        let bytes = bytes.fold(detail.len(), usize::saturating_add);
        if self.charge(work::of_difference(bytes)) {
            self.found.push(Difference {
                path: pointer(&self.path),
                kind,
                detail,
            });
        }
    }

    /// Takes steps for what is to be done; where there are not enough, that is a difference and nothing more is done.
    fn charge(&mut self, steps: usize) -> bool {
        let enough = self.work.take(steps);
        if !enough {
            self.limit_reached();
        }
        enough
    }

    fn limit_reached(&mut self) {
        let kind = kind::COMPARISON_LIMIT_REACHED;
        if self.found.last().is_none_or(|last| last.kind != kind) {
            self.found.push(Difference {
                path: pointer(&self.path),
                kind,
                detail: String::new(),
            });
        }
    }

    fn add_under(&mut self, step: &str, kind: Kind, detail: String) {
        self.within(step, |walk| walk.add_detail(kind, detail));
    }

    fn within<T>(&mut self, step: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.to_owned());
        let done = work(self);
        self.path.pop();
        done
    }

    /// What is found apart, and whether the reader takes it.
    fn attempt(&mut self, work: impl FnOnce(&mut Self)) -> (bool, Vec<Difference>) {
        let before = std::mem::take(&mut self.found);
        work(self);
        let inner = std::mem::replace(&mut self.found, before);
        let taken = !inner
            .iter()
            .any(|difference| difference.kind.breaks(self.policy));
        (taken, inner)
    }

    /// Compares the schemas of a value.
    fn compare(&mut self, writer: &'s Value, reader: &'s Value) {
        let Some(writer) = self.resolved(self.roots.0, writer) else {
            return;
        };
        let before = std::mem::replace(&mut self.place, Place::of(writer));
        self.compare_here(writer, reader);
        self.place = before;
    }

    /// Compares schemas of the same value, of which others were compared already.
    fn compare_here(&mut self, writer: &'s Value, reader: &'s Value) {
        let (Some(writer), Some(reader)) = (
            self.resolved(self.roots.0, writer),
            self.resolved(self.roots.1, reader),
        ) else {
            return;
        };
        if !self.charge(weight::of(writer).saturating_add(weight::of(reader))) {
            return;
        }
        let met = self.open.iter().any(|(other, another, place)| {
            std::ptr::eq(*other, writer)
                && std::ptr::eq(*another, reader)
                && place.is_same(&self.place)
        });
        if is_nothing(writer) || is_anything(reader) || met {
            return;
        }
        if self.open.len() >= DEPTH_MAX {
            self.limit_reached();
            return;
        }
        self.open.push((writer, reader, self.place.clone()));
        if !self.alternatives(writer, reader) {
            self.whole(writer, reader);
        }
        self.open.pop();
    }

    /// Follows a reference that stands alone; what has other conditions beside it stays as it is.
    fn resolved(&mut self, root: &'s Value, schema: &'s Value) -> Option<&'s Value> {
        let mut schema = schema;
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = reference_alone(schema) else {
                return Some(schema);
            };
            if !self.charge(work::of_text(reference)) {
                return None;
            }
            match referred(root, reference) {
                Some(found) => schema = found,
                None => return Some(schema),
            }
        }
        Some(schema)
    }

    fn whole(&mut self, writer: &'s Value, reader: &'s Value) {
        let Some(read) = reader.as_object() else {
            self.add(kind::TYPE_CHANGED);
            return;
        };
        let empty: &'static Map<String, Value> = empty();
        let written = writer.as_object().unwrap_or(empty);
        self.annotations(written, read);
        let Some(types) = self.types(written, read) else {
            return;
        };
        self.values(written, read);
        if types.has(sorts::STRING) {
            self.strings(written, read);
        }
        if types.has(sorts::NUMBER) {
            self.numbers(written, read);
        }
        if types.has(sorts::OBJECT) {
            self.objects(written, read);
        }
        if types.has(sorts::ARRAY) {
            self.arrays(written, read);
        }
        self.combinations(writer, reader);
        self.negated(written, read);
        self.opaque(written, read);
    }

    fn annotations(&mut self, written: &Map<String, Value>, read: &Map<String, Value>) {
        for (keyword, kind) in [
            ("$id", kind::ID_CHANGED),
            ("title", kind::TITLE_CHANGED),
            ("description", kind::DESCRIPTION_CHANGED),
            ("default", kind::DEFAULT_CHANGED),
        ] {
            if written.get(keyword) != read.get(keyword) {
                self.add(kind);
            }
        }
    }

    fn negated(&mut self, written: &'s Map<String, Value>, read: &'s Map<String, Value>) {
        match (written.get("not"), read.get("not")) {
            (Some(written), Some(read)) => {
                // What is excluded turns the direction around.
                let (writer, reader) = self.roots;
                self.roots = (reader, writer);
                // Whoever trusts that only what is named was written knows nothing of what is excluded.
                let policy = std::mem::replace(&mut self.policy, Policy::Strict);
                let (narrowed, found) = self.attempt(|walk| walk.compare(read, written));
                self.roots = (writer, reader);
                self.policy = policy;
                if !narrowed {
                    self.add_under("not", kind::NOT_TYPE_EXTENDED, String::new());
                } else if !found.is_empty() {
                    self.add_under("not", kind::NOT_TYPE_NARROWED, String::new());
                }
            }
            (None, Some(_)) => self.add_under("not", kind::NOT_TYPE_EXTENDED, String::new()),
            (Some(_), None) => self.add_under("not", kind::NOT_TYPE_NARROWED, String::new()),
            (None, None) => {}
        }
    }

    fn opaque(&mut self, written: &Map<String, Value>, read: &Map<String, Value>) {
        let beside_reference = |schema: &Map<String, Value>| schema.contains_key("$ref");
        for keyword in OPAQUE {
            self.opaque_one(keyword, written.get(keyword), read.get(keyword));
        }
        // A reference that could not be followed because more stands beside it.
        if beside_reference(written) || beside_reference(read) {
            self.opaque_one("$ref", written.get("$ref"), read.get("$ref"));
        }
    }

    fn opaque_one(&mut self, keyword: &str, written: Option<&Value>, read: Option<&Value>) {
        if written == read {
            return;
        }
        let kind = if read.is_some() {
            kind::CONSTRAINT_CHANGED
        } else {
            kind::CONSTRAINT_REMOVED
        };
        self.add_under(keyword, kind, String::new());
    }
}

fn empty() -> &'static Map<String, Value> {
    static EMPTY: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();
    EMPTY.get_or_init(Map::new)
}

/// Keywords that say nothing about what is taken.
fn is_remark(keyword: &str) -> bool {
    matches!(
        keyword,
        "$id"
            | "id"
            | "$schema"
            | "$anchor"
            | "$comment"
            | "$defs"
            | "definitions"
            | "title"
            | "description"
            | "default"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "format"
    ) || keyword.starts_with("x-")
}

fn is_anything(schema: &Value) -> bool {
    match schema {
        Value::Bool(taken) => *taken,
        Value::Object(keywords) => keywords.keys().all(|keyword| is_remark(keyword)),
        _ => false,
    }
}

fn is_nothing(schema: &Value) -> bool {
    *schema == Value::Bool(false)
}

/// The reference of a schema that says nothing else.
fn reference_alone(schema: &Value) -> Option<&str> {
    let keywords = schema.as_object()?;
    let reference = keywords.get("$ref")?.as_str()?;
    let alone = keywords
        .keys()
        .all(|keyword| keyword == "$ref" || is_remark(keyword));
    alone.then_some(reference)
}

/// What a reference into the same schema names.
fn referred<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let own = root.get("$id").and_then(Value::as_str).unwrap_or_default();
    let fragment = reference
        .strip_prefix('#')
        .or_else(|| reference.strip_prefix(own)?.strip_prefix('#'))?;
    root.pointer(fragment)
}
