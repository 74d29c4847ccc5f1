//! Types and values: which sorts of JSON a schema allows at all.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::{canonical, kind};
use super::{Walk, weight};

/// A set of types of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

const INTEGER: u8 = 1;
const FRACTION: u8 = 1 << 1;
const BOOLEAN: u8 = 1 << 2;
const NULL: u8 = 1 << 3;
pub(super) const STRING: u8 = 1 << 4;
pub(super) const OBJECT: u8 = 1 << 5;
pub(super) const ARRAY: u8 = 1 << 6;
pub(super) const NUMBER: u8 = INTEGER | FRACTION;
const ALL: Types = Types((1 << 7) - 1);
/// Combinations nested deeper than this allow every type.
const INFERRED_DEPTH: usize = 8;

impl Types {
    pub(super) const fn has(self, types: u8) -> bool {
        self.0 & types != 0
    }

    const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

/// The bits of a type's name.
pub(super) fn named(name: &str) -> Option<u8> {
    Some(match name {
        "integer" => INTEGER,
        "number" => NUMBER,
        "boolean" => BOOLEAN,
        "null" => NULL,
        "string" => STRING,
        "object" => OBJECT,
        "array" => ARRAY,
        _ => return None,
    })
}

/// What `type` says.
fn declared(keywords: &Map<String, Value>) -> Option<Types> {
    let bits = |value: &Value| value.as_str().and_then(named).unwrap_or_default();
    match keywords.get("type")? {
        Value::Array(names) => Some(Types(names.iter().map(bits).fold(0, |all, one| all | one))),
        name => Some(Types(bits(name))),
    }
}

fn of_value(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(number) if number.is_f64() => FRACTION | INTEGER,
        Value::Number(_) => INTEGER,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    }
}

/// The values that a schema lists.
fn listed(keywords: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (keywords.get("enum"), keywords.get("const")) {
        (Some(Value::Array(values)), _) => Some(values.iter().collect()),
        (_, Some(value)) => Some(vec![value]),
        _ => None,
    }
}

impl<'s> Walk<'s> {
    /// The types that the writer may have written; `None` where the reader takes none of them.
    pub(super) fn types(
        &mut self,
        written: &'s Map<String, Value>,
        read: &'s Map<String, Value>,
    ) -> Option<Types> {
        let admitted = self.admitted(written, 0);
        let Some(taken) = declared(read) else {
            if declared(written).is_some() {
                self.add(kind::TYPE_EXTENDED);
            }
            return Some(admitted);
        };
        let several =
            |keywords: &Map<String, Value>| keywords.get("type").is_some_and(Value::is_array);
        let lists = several(written) || several(read);
        if admitted.within(taken) {
            if declared(written) != Some(taken) {
                self.add(if lists {
                    kind::SUM_TYPE_EXTENDED
                } else {
                    kind::TYPE_EXTENDED
                });
            }
            return Some(admitted);
        }
        let shared = Types(admitted.0 & taken.0);
        if admitted == ALL || shared.0 == 0 {
            self.add_detail(kind::TYPE_CHANGED, stated(written, read));
            return None;
        }
        let kind = if lists {
            kind::SUM_TYPE_NARROWED
        } else {
            kind::TYPE_NARROWED
        };
        self.add_detail(kind, stated(written, read));
        Some(shared)
    }

    /// The types that a schema allows by what it says itself and in its combinations.
    fn admitted(&mut self, keywords: &'s Map<String, Value>, depth: usize) -> Types {
        let mut types = declared(keywords).unwrap_or(ALL);
        if let Some(values) = listed(keywords) {
            let of_all = values.iter().fold(0, |all, value| all | of_value(value));
            types.0 &= of_all;
        }
        if depth >= INFERRED_DEPTH {
            return types;
        }
        let members = |keyword: &str| keywords.get(keyword).and_then(Value::as_array);
        for members in ["anyOf", "oneOf"].into_iter().filter_map(members) {
            let mut either = 0;
            for member in members {
                either |= self.admitted_by(member, depth).0;
            }
            types.0 &= either;
        }
        for member in members("allOf").into_iter().flatten() {
            types.0 &= self.admitted_by(member, depth).0;
        }
        types
    }

    /// The types of a part of a combination; all of them where it is too much work to tell.
    fn admitted_by(&mut self, member: &'s Value, depth: usize) -> Types {
        let Some(member) = self.resolved(self.roots.0, member) else {
            return ALL;
        };
        match member {
            Value::Object(keywords) if self.charge(weight::of(member)) => {
                self.admitted(keywords, depth.saturating_add(1))
            }
            Value::Bool(false) => Types(0),
            _ => ALL,
        }
    }

    /// Enumerations and constants.
    pub(super) fn values(&mut self, written: &Map<String, Value>, read: &Map<String, Value>) {
        let (written, read) = match (listed(written), listed(read)) {
            (_, None) => return,
            (None, Some(_)) => {
                self.add_under("enum", kind::ENUM_ARRAY_NARROWED, String::new());
                return;
            }
            (Some(written), Some(read)) => (written, read),
        };
        let texts = |values: &[&Value]| -> BTreeSet<String> {
            values.iter().map(|value| canonical::text(value)).collect()
        };
        let (written, read) = (texts(&written), texts(&read));
        let missing: Vec<&str> = written.difference(&read).map(String::as_str).collect();
        let further = !read.is_subset(&written);
        let kind = match (missing.is_empty(), further) {
            (true, false) => return,
            (true, true) => kind::ENUM_ARRAY_EXTENDED,
            (false, false) => kind::ENUM_ARRAY_NARROWED,
            (false, true) => kind::ENUM_ARRAY_CHANGED,
        };
        self.add_under("enum", kind, missing.join(", "));
    }
}

fn stated(written: &Map<String, Value>, read: &Map<String, Value>) -> String {
    let of = |keywords: &Map<String, Value>| {
        keywords.get("type").map_or_else(
            || "any".to_owned(),
            |name| name.to_string().replace('"', ""),
        )
    };
    format!("{} and {}", of(written), of(read))
}
