//! A resource's content without what is not compared: ids, private extensions, generated text.

use serde_json::{Map, Value};

use super::json::NUMBER;

/// Extensions of the standard are named below these.
const STANDARD: [&str; 4] = [
    "http://hl7.org/",
    "https://hl7.org/",
    "http://terminology.hl7.org/",
    "https://terminology.hl7.org/",
];

/// An element with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A primitive, as JSON writes it.
    Leaf(String),
    /// A reference to another resource.
    Reference(Target),
    /// What repeats.
    List(Vec<Self>),
    /// What has parts.
    Object(Vec<(String, Self)>),
}

/// What a reference leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The resource's type, as far as it is known.
    pub(super) kind: String,
    /// Its place among the resources; none where it leads out of them.
    pub(super) place: Option<usize>,
}

impl Node {
    /// Takes a resource's content; `resolve` finds what a reference leads to.
    pub(super) fn resource(members: &Map<String, Value>, resolve: &dyn Fn(&str) -> Target) -> Self {
        let skipped = |name: &str| {
            let is_text = name == "text" && members["text"].get("div").is_some();
            is_text || matches!(name, "resourceType" | "contained" | "entry")
        };
        let members = members.iter().filter(|(name, _)| !skipped(name));
        let members = members.filter_map(|(name, value)| {
            let mut value = value.clone();
            if let (true, Some(meta)) = (name == "meta", value.as_object_mut()) {
                meta.remove("lastUpdated");
            }
            Some((name.clone(), Self::of(name, &value, resolve)?))
        });
        Self::Object(members.collect())
    }

    /// Takes an element; nothing where nothing in it is compared.
    fn of(name: &str, value: &Value, resolve: &dyn Fn(&str) -> Target) -> Option<Self> {
        match value {
            Value::Null => None,
            _ if name == "id" => None,
            Value::String(text) if name == "reference" => Some(Self::Reference(resolve(text))),
            Value::String(text) => Some(Self::Leaf(match text.strip_prefix(NUMBER) {
                Some(digits) => digits.to_owned(),
                None => format!("{text:?}"),
            })),
            Value::Bool(_) | Value::Number(_) => Some(Self::Leaf(value.to_string())),
            Value::Array(values) => {
                let values = values.iter().filter(|value| !is_private(name, value));
                let nodes: Vec<Self> = values
                    .filter_map(|value| Self::of(name, value, resolve))
                    .collect();
                (!nodes.is_empty()).then_some(Self::List(nodes))
            }
            Value::Object(members) => {
                let members = members.iter();
                let nodes: Vec<(String, Self)> = members
                    .filter_map(|(name, value)| {
                        Some((name.clone(), Self::of(name, value, resolve)?))
                    })
                    .collect();
                (!nodes.is_empty()).then_some(Self::Object(nodes))
            }
        }
    }

    /// Finds a part by its name.
    pub(super) fn part(&self, name: &str) -> Option<&Self> {
        let Self::Object(parts) = self else {
            return None;
        };
        let part = parts.iter().find(|(known, _)| known == name);
        part.map(|(_, node)| node)
    }

    /// Counts the primitives in it.
    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Leaf(_) | Self::Reference(_) => 1,
            Self::List(nodes) => nodes.iter().map(Self::leaves).sum(),
            Self::Object(parts) => parts.iter().map(|(_, node)| node.leaves()).sum(),
        }
    }

    /// Writes all of it, references by their type: what says the same has the same words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Reference(target) => format!("→ {}", target.kind),
            Self::List(nodes) => {
                let words: Vec<String> = nodes.iter().map(Self::words).collect();
                format!("[{}]", words.join(","))
            }
            Self::Object(parts) => {
                let words = parts.iter();
                let words = words.map(|(name, node)| format!("{name}:{}", node.words()));
                format!("{{{}}}", words.collect::<Vec<_>>().join(","))
            }
        }
    }

    /// Visits every reference in it with its path.
    pub(super) fn references(&self, path: &str, visit: &mut dyn FnMut(&str, &Target)) {
        match self {
            Self::Leaf(_) => {}
            Self::Reference(target) => visit(path, target),
            Self::List(nodes) => nodes.iter().for_each(|node| node.references(path, visit)),
            Self::Object(parts) => {
                for (name, node) in parts {
                    node.references(&format!("{path}.{name}"), visit);
                }
            }
        }
    }
}

/// Says whether an entry is an extension that no standard defines; those inside another are named by a word.
fn is_private(name: &str, value: &Value) -> bool {
    let url = value.get("url").and_then(Value::as_str).unwrap_or_default();
    let standard = STANDARD.iter().any(|start| url.starts_with(start));
    matches!(name, "extension" | "modifierExtension") && url.contains(':') && !standard
}
