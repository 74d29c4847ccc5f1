//! The resources of bundles, each with what its references lead to.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::alignment;
use super::node::{Node, Target};

/// A resource to compare.
#[derive(Debug)]
pub(super) struct Resource {
    /// Its type.
    pub(super) kind: String,
    /// Of what is named again and again, what refers to it first: `ServiceRequest.requester`; empty where nothing does.
    pub(super) whose: String,
    /// What it says.
    pub(super) content: Node,
}

/// Reads bundles, resources, or a list of them.
pub(super) fn read(value: &Value) -> Vec<Resource> {
    let mut found = Found::default();
    found.take(value, None);
    let referrers = found.referrers();
    let resources = found.list.iter().zip(referrers);
    let resources = resources.map(|(members, whose)| Resource {
        kind: kind(members).to_owned(),
        whose: if alignment::NAMED_AGAIN.contains(&kind(members)) {
            whose
        } else {
            String::new()
        },
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

    /// Finds for each resource what refers to it first; best what is no extension.
    fn referrers(&self) -> Vec<String> {
        let mut referrers = vec![String::new(); self.list.len()];
        for members in &self.list {
            for (name, value) in members.iter().filter(|(name, _)| *name != "entry") {
                let path = format!("{}.{name}", kind(members));
                references(value, &path, &mut |path, reference| {
                    let place = self.target(reference).place;
                    if let Some(known) = place.and_then(|place| referrers.get_mut(place)) {
                        let is_better = known.contains('(') && !path.contains('(');
                        if known.is_empty() || is_better {
                            path.clone_into(known);
                        }
                    }
                });
            }
        }
        referrers
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

/// Visits every reference with its path; an extension is told by the last word of its URL.
fn references(value: &Value, path: &str, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Array(values) => {
            for value in values {
                let url = value.get("url").and_then(Value::as_str).unwrap_or_default();
                let word = url.rsplit('/').next().filter(|word| !word.is_empty());
                let path = word.map_or(path.to_owned(), |word| format!("{path}({word})"));
                references(value, &path, visit);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(reference) if name == "reference" => visit(path, reference),
                    _ => references(value, &format!("{path}.{name}"), visit),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
