//! Avro: whether a reader's schema resolves what a writer's schema wrote, by the rules of the Avro specification
//! (section "Schema Resolution").

mod read;
mod resolve;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Invalid;

pub(super) use read::is_primitive;
pub(super) use resolve::differences;

/// A schema and the named types in it.
#[derive(Clone, Debug)]
pub(super) struct Avro {
    root: Type,
    named: BTreeMap<String, Named>,
}

impl Avro {
    /// Reads a schema from its JSON.
    pub(super) fn parse(value: &Value) -> Result<Self, Invalid> {
        read::read(value)
    }
}

/// A type as it stands where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Type {
    Primitive(Primitive, Option<Logical>),
    Array(Box<Self>),
    Map(Box<Self>),
    Union(Vec<Self>),
    /// By its full name.
    Named(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Primitive {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
}

impl Primitive {
    const ALL: [(&'static str, Self); 8] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("int", Self::Int),
        ("long", Self::Long),
        ("float", Self::Float),
        ("double", Self::Double),
        ("bytes", Self::Bytes),
        ("string", Self::String),
    ];

    fn parse(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, primitive)| *primitive)
    }

    fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, known)| *known == self);
        found.map_or("", |(name, _)| name)
    }
}

/// What the bytes of a type mean, such as `timestamp-micros`; scale and precision of decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Logical {
    name: String,
    precision: Option<u64>,
    scale: u64,
}

#[derive(Clone, Debug)]
struct Named {
    /// Full names that it is also known by.
    aliases: Vec<String>,
    kind: NamedKind,
}

#[derive(Clone, Debug)]
enum NamedKind {
    Record(Vec<Field>),
    Enum {
        symbols: Vec<String>,
        default: Option<String>,
    },
    Fixed {
        size: u64,
        logical: Option<Logical>,
    },
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    aliases: Vec<String>,
    form: Type,
    has_default: bool,
}
