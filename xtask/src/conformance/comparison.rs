//! Each primitive that is expected, and what we have in its place.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::alignment::{Alignment, Likeness};
use super::node::Node;
use super::resources::Resource;

/// A primitive that is expected, and ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Where it is: `Patient.name[].given[]`.
    pub(super) path: String,
    /// What refers to its resource: `ServiceRequest.requester`; empty where nothing does.
    pub(super) whose: String,
    /// All values of its resource, a line each: they tell resources of one type from each other.
    pub(super) beside: Rc<str>,
    /// What is expected, as JSON; of a reference, the target's type.
    pub(super) expected: String,
    /// What we have.
    pub(super) ours: Ours,
    /// Whether any of our resources has this value at this path.
    pub(super) is_anywhere: bool,
}

impl Element {
    /// Gives the path with what refers to its resource: `ServiceRequest.requester > Practitioner.active`.
    pub(super) fn full_path(&self) -> String {
        if self.whose.is_empty() {
            return self.path.clone();
        }
        format!("{} > {}", self.whose, self.path)
    }
}

/// What we have in the place of an expected primitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ours {
    /// The same.
    Same,
    /// The same instant with another offset.
    SameInstant(String),
    /// Something else.
    Other(String),
    /// Nothing, while what it would be in is there.
    Missing,
    /// Nothing, since there is no such resource.
    NoResource,
}

impl Ours {
    /// Writes it for a person.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Same => "the same",
            Self::SameInstant(text) | Self::Other(text) => text,
            Self::Missing => "-",
            Self::NoResource => "no resource",
        }
    }
}

/// Compares what is expected of a message with ours; what we have beyond it is not listed.
pub(super) fn elements(expected: &[Resource], ours: &[Resource]) -> Vec<Element> {
    let alignment = Alignment::new(expected, ours);
    let mut listing = Listing {
        alignment: &alignment,
        whose: String::new(),
        beside: "".into(),
        anywhere: BTreeSet::new(),
        elements: Vec::new(),
    };
    for resource in ours {
        listing.collect(&resource.kind, &resource.content);
    }
    for (place, resource) in expected.iter().enumerate() {
        listing.whose.clone_from(&resource.whose);
        listing.beside = values(&resource.content).into();
        match alignment.ours(place) {
            Some(ours) => listing.pair(&resource.kind, &resource.content, Some(&ours.content)),
            None => listing.absent(&resource.kind, &resource.content, &Ours::NoResource),
        }
    }
    listing.elements
}

struct Listing<'a> {
    alignment: &'a Alignment<'a>,
    whose: String,
    beside: Rc<str>,
    /// The paths and values of all of ours.
    anywhere: BTreeSet<(String, String)>,
    elements: Vec<Element>,
}

impl Listing<'_> {
    fn collect(&mut self, path: &str, node: &Node) {
        match node {
            Node::Object(parts) => {
                for (name, part) in parts {
                    self.collect(&format!("{path}.{name}"), part);
                }
            }
            Node::List(entries) => {
                for entry in entries {
                    self.collect(&format!("{path}[]"), entry);
                }
            }
            Node::Leaf(_) | Node::Reference(_) => {
                self.anywhere.insert((path.to_owned(), shown(node)));
            }
        }
    }

    fn pair(&mut self, path: &str, expected: &Node, ours: Option<&Node>) {
        let Some(ours) = ours else {
            return self.absent(path, expected, &Ours::Missing);
        };
        match (expected, ours) {
            (Node::Object(parts), Node::Object(_)) => {
                for (name, part) in parts {
                    self.pair(&format!("{path}.{name}"), part, ours.part(name));
                }
            }
            (Node::List(entries), Node::List(our_entries)) => {
                let pairs = self.alignment.pairs(entries, our_entries);
                for (entry, place) in entries.iter().zip(pairs) {
                    let ours = place.and_then(|place| our_entries.get(place));
                    self.pair(&format!("{path}[]"), entry, ours);
                }
            }
            (Node::Leaf(_) | Node::Reference(_), Node::Leaf(_) | Node::Reference(_)) => {
                let ours = match self.alignment.likeness(expected, ours) {
                    Likeness::Same => Ours::Same,
                    Likeness::SameInstant => Ours::SameInstant(shown(ours)),
                    Likeness::Other => Ours::Other(shown(ours)),
                };
                self.push(path, expected, ours);
            }
            _ => self.absent(path, expected, &Ours::Missing),
        }
    }

    fn absent(&mut self, path: &str, expected: &Node, ours: &Ours) {
        match expected {
            Node::Object(parts) => {
                for (name, part) in parts {
                    self.absent(&format!("{path}.{name}"), part, ours);
                }
            }
            Node::List(entries) => {
                for entry in entries {
                    self.absent(&format!("{path}[]"), entry, ours);
                }
            }
            Node::Leaf(_) | Node::Reference(_) => self.push(path, expected, ours.clone()),
        }
    }

    fn push(&mut self, path: &str, expected: &Node, ours: Ours) {
        let place = (path.to_owned(), shown(expected));
        let is_anywhere = self.anywhere.contains(&place);
        let (path, expected) = place;
        self.elements.push(Element {
            path,
            whose: self.whose.clone(),
            beside: Rc::clone(&self.beside),
            expected,
            ours,
            is_anywhere,
        });
    }
}

fn values(node: &Node) -> String {
    match node {
        Node::Leaf(text) => format!("{text}\n"),
        Node::Reference(_) => String::new(),
        Node::List(nodes) => nodes.iter().map(values).collect(),
        Node::Object(parts) => parts.iter().map(|(_, node)| values(node)).collect(),
    }
}

/// Writes a primitive.
fn shown(node: &Node) -> String {
    match node {
        Node::Leaf(text) => text.clone(),
        Node::Reference(target) => format!("→ {}", target.kind),
        Node::List(_) | Node::Object(_) => "…".into(),
    }
}
