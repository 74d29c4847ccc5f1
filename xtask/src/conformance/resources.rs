//! The resources of bundles, each with what its references lead to.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::node::{Node, Target};

/// A resource to compare.
#[derive(Debug)]
pub(super) struct Resource {
    /// Its type.
    pub(super) kind: String,
    /// What it says.
    pub(super) content: Node,
}

/// Reads bundles, resources, or a list of them.
pub(super) fn read(value: &Value) -> Vec<Resource> {
    let mut found = Found::default();
    found.take(value, None);
    let resources = found.list.iter().map(|members| Resource {
        kind: kind(members).to_owned(),
        content: Node::resource(members, &|reference| found.target(reference)),
    });
    resources.collect()
}

fn kind(members: &Map<String, Value>) -> &str {
    members["resourceType"].as_str().unwrap_or_default()
}

#[derive(Default)]
struct Found<'v> {
    list: Vec<&'v Map<String, Value>>,
    /// The places of the resources by whatever references may call them.
    places: BTreeMap<String, usize>,
}

impl<'v> Found<'v> {
    fn take(&mut self, value: &'v Value, url: Option<&str>) {
        if let Value::Array(values) = value {
            values.iter().for_each(|value| self.take(value, None));
        }
        let Value::Object(members) = value else {
            return;
        };
        if !members.contains_key("resourceType") {
            return;
        }
        let place = self.list.len();
        let kind = kind(members);
        if kind != "Bundle" || place == 0 {
            self.list.push(members);
        }
        if let Some(id) = members.get("id").and_then(Value::as_str) {
            if self.places.contains_key(&format!("{kind}/{id}")) {
                // The parts of one message share what is common to them.
                self.list.truncate(place);
                return;
            }
            for name in [format!("{kind}/{id}"), format!("#{id}")] {
                self.places.entry(name).or_insert(place);
            }
        }
        if let Some(url) = url {
            self.places.entry(url.to_owned()).or_insert(place);
        }
        for inner in list(members.get("contained")) {
            self.take(inner, None);
        }
        for entry in list(members.get("entry")) {
            if let Some(resource) = entry.get("resource") {
                self.take(resource, entry.get("fullUrl").and_then(Value::as_str));
            }
        }
    }

    fn target(&self, reference: &str) -> Target {
        let mut words = reference.rsplit('/');
        let (id, kind) = (words.next().unwrap_or_default(), words.next());
        let kind = kind.unwrap_or_default();
        let known = self.places.get(reference);
        let place = known
            .or_else(|| self.places.get(&format!("{kind}/{id}")))
            .copied();
        let found = place.and_then(|place| self.list.get(place));
        Target {
            kind: found.map_or(kind, |members| self::kind(members)).to_owned(),
            place,
        }
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
