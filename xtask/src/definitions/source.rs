//! HL7's definitions as the source files have them, in their own order.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A type.
#[derive(Deserialize)]
pub(super) struct Definition {
    pub(super) kind: String,
    #[serde(rename = "abstract")]
    pub(super) is_abstract: bool,
    pub(super) el: Ordered<Element>,
}

/// An element: how often, of what types, what it may refer to, where else it is defined, its required value set, and whether it modifies.
#[derive(Deserialize)]
pub(super) struct Element {
    pub(super) n: u32,
    pub(super) x: String,
    #[serde(default)]
    pub(super) t: Vec<String>,
    #[serde(default)]
    pub(super) r: Vec<String>,
    #[serde(default)]
    pub(super) c: Option<String>,
    #[serde(default)]
    pub(super) b: Option<String>,
    #[serde(default)]
    pub(super) m: u8,
}

/// A JSON object in the order written, which is the order that elements have in FHIR.
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T> Ordered<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = Ordered<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Ordered(entries))
    }
}

/// Reads the types.
pub(super) fn definitions(json: &str) -> Result<Ordered<Definition>, serde_json::Error> {
    #[derive(Deserialize)]
    struct All {
        types: Ordered<Definition>,
    }
    serde_json::from_str::<All>(json).map(|all| all.types)
}

/// Reads the codes of value sets, by address.
pub(super) fn lists(json: &str) -> Result<BTreeMap<String, Vec<String>>, serde_json::Error> {
    serde_json::from_str(json)
}
