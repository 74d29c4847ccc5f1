//! A JSON Schema as a value: the few keywords that our schemas use, written in one fixed order.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// The dialect that all registries take.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// A schema as it is registered: with its name and what it is of.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Document {
    #[serde(rename = "$schema")]
    dialect: &'static str,
    #[serde(rename = "$id")]
    id: String,
    title: String,
    description: String,
    #[serde(flatten)]
    root: Schema,
}

impl Document {
    /// Names a schema; the id ends in its name.
    pub(crate) fn new(name: &str, title: &str, description: &str, root: Schema) -> Self {
        Self {
            dialect: DRAFT,
            id: format!("urn:pulsewire:schema:{name}"),
            title: title.to_owned(),
            description: description.to_owned(),
            root,
        }
    }

    /// Writes it on one line, always in the same bytes.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a schema has text keys and nothing that can fail")
    }
}

/// A schema, or a part of one.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Schema {
    #[serde(rename = "description", skip_serializing_if = "Option::is_none")]
    about: Option<&'static str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    words: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Box<Self>>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    properties: Members,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<&'static str>,
    #[serde(
        rename = "additionalProperties",
        skip_serializing_if = "Option::is_none"
    )]
    more: Option<bool>,
}

/// What a value is in JSON.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(untagged)]
enum Kind {
    One(&'static str),
    OrNull([&'static str; 2]),
}

/// The members of an object, in the order in which they are written.
#[derive(Clone, Debug, Default)]
struct Members(Vec<(&'static str, Schema)>);

impl Members {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, schema) in &self.0 {
            map.serialize_entry(name, schema)?;
        }
        map.end()
    }
}

impl Schema {
    /// Allows any value of a JSON type.
    pub(crate) fn of(kind: &'static str) -> Self {
        Self {
            kind: Some(Kind::One(kind)),
            ..Self::default()
        }
    }

    /// Allows any words.
    pub(crate) fn text() -> Self {
        Self::of("string")
    }

    /// Allows text of a pattern.
    pub(crate) fn pattern(pattern: &'static str) -> Self {
        Self {
            pattern: Some(pattern),
            ..Self::text()
        }
    }

    /// Allows some words only.
    pub(crate) fn words(words: impl Into<Vec<&'static str>>) -> Self {
        Self {
            words: words.into(),
            ..Self::text()
        }
    }

    /// Allows whole numbers, from the least to the greatest.
    pub(crate) fn whole(least: impl Into<Option<i64>>, greatest: impl Into<Option<i64>>) -> Self {
        Self {
            minimum: least.into(),
            maximum: greatest.into(),
            ..Self::of("integer")
        }
    }

    /// Allows a list.
    pub(crate) fn list(of: Self) -> Self {
        Self {
            items: Some(Box::new(of)),
            ..Self::of("array")
        }
    }

    /// Allows an object.
    pub(crate) fn object() -> Self {
        Self::of("object")
    }

    /// Adds a member that may be missing.
    pub(crate) fn may(mut self, name: &'static str, schema: Self) -> Self {
        self.properties.0.push((name, schema));
        self
    }

    /// Adds a member that must be there.
    pub(crate) fn must(mut self, name: &'static str, schema: Self) -> Self {
        self.required.push(name);
        self.may(name, schema)
    }

    /// Allows no members but those named.
    pub(crate) fn closed(self) -> Self {
        Self {
            more: Some(false),
            ..self
        }
    }

    /// Allows null as well.
    pub(crate) fn or_null(mut self) -> Self {
        if let Some(Kind::One(kind)) = self.kind {
            self.kind = Some(Kind::OrNull([kind, "null"]));
        }
        self
    }

    /// Says what it is.
    pub(crate) fn about(self, words: &'static str) -> Self {
        Self {
            about: Some(words),
            ..self
        }
    }
}
