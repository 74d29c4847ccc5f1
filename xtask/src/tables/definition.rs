//! What R4 has: the elements of each type, which repeat, and what they refer to.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::wrong;
use crate::step::Failed;

/// The definitions of R4.
#[derive(Debug)]
pub(super) struct Definitions(Value);

/// Where an element stands: its type, or the path of a part that a type defines itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    owner: String,
    path: String,
}

impl fmt::Display for Spot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.owner, self.path)
    }
}

impl Spot {
    /// The type whose elements they are.
    pub(super) fn name(&self) -> &str {
        &self.owner
    }
}

/// One element.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) repeats: bool,
    /// Its type; `BackboneElement` for a part that its owner defines.
    pub(super) kind: String,
    pub(super) targets: Vec<String>,
    /// Where its own elements are looked up.
    pub(super) spot: Spot,
}

impl Definitions {
    pub(super) fn read(path: &Path) -> Result<Self, Failed> {
        let text = std::fs::read_to_string(path).map_err(|error| wrong(path, error))?;
        let whole = serde_json::from_str(&text).map_err(|error| wrong(path, error))?;
        Ok(Self(whole))
    }

    /// Finds where the elements of a type stand: `Identifier`, or `MessageHeader.source`.
    pub(super) fn root(&self, name: &str) -> Option<Spot> {
        let (owner, path) = name.split_once('.').unwrap_or((name, ""));
        self.0.get("types")?.get(owner)?;
        Some(Spot {
            owner: owner.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Finds an element by its name as JSON has it, `valueQuantity` too.
    pub(super) fn element(&self, spot: &Spot, name: &str) -> Option<Element> {
        let path = join(&spot.path, name);
        if let Some(found) = self.entry(spot, &path) {
            return Some(self.describe(spot, &path, found, None));
        }
        let capitals = name.char_indices().filter(|(_, c)| c.is_ascii_uppercase());
        capitals.into_iter().find_map(|(index, _)| {
            let (stem, kind) = name.split_at_checked(index)?;
            let path = join(&spot.path, &format!("{stem}[x]"));
            let found = self.entry(spot, &path)?;
            let kinds = found.get("t")?.as_array()?;
            let kind = kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|known| known.eq_ignore_ascii_case(kind))?;
            Some(self.describe(spot, &path, found, Some(kind)))
        })
    }

    /// Says whether a type is a primitive.
    pub(super) fn is_primitive(kind: &str) -> bool {
        kind.starts_with(|first: char| first.is_ascii_lowercase() || first == '$')
    }

    fn entry(&self, spot: &Spot, path: &str) -> Option<&Value> {
        self.0.get("types")?.get(&spot.owner)?.get("el")?.get(path)
    }

    fn describe(&self, spot: &Spot, path: &str, found: &Value, kind: Option<&str>) -> Element {
        let first = || found.get("t")?.get(0)?.as_str();
        let same = found.get("c").and_then(Value::as_str);
        let kind = kind.or_else(first).unwrap_or("BackboneElement").to_owned();
        let is_own = matches!(kind.as_str(), "BackboneElement" | "Element") || same.is_some();
        let targets = found.get("r").and_then(Value::as_array);
        let spot = match same.and_then(|same| same.trim_start_matches('#').split_once('.')) {
            Some((owner, path)) => Spot {
                owner: owner.to_owned(),
                path: path.to_owned(),
            },
            None if is_own => Spot {
                owner: spot.owner.clone(),
                path: path.to_owned(),
            },
            None => Spot {
                owner: kind.clone(),
                path: String::new(),
            },
        };
        Element {
            repeats: found.get("x").and_then(Value::as_str) == Some("*"),
            kind,
            targets: targets
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            spot,
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
