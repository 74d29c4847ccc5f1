//! References: to what they may refer, and whether what is contained is there and used.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::definition::{Member, Part};
use super::super::read::Raw;
use super::object::{Object, Resource, Span};
use super::walk::Walk;
use super::{IssueCode, primitive};

/// What was seen of resources and references until it can be held against each other.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// References into the bundle around them.
    pub(super) references: Vec<Reference>,
    /// References into the resource around them.
    locals: Vec<Reference>,
    contained: Vec<Contained>,
    pub(super) entries: Vec<Entry>,
}

/// A reference, by the element that holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    /// The string, in its quotes.
    pub(super) text: Span,
    /// The number of the member that holds it; none where it is only a name.
    pub(super) member: Option<u16>,
}

/// A resource in another.
#[derive(Debug)]
struct Contained {
    at: usize,
    resource: Resource,
    names_container: bool,
    named: bool,
}

/// An entry of a bundle.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) at: usize,
    pub(super) full_url: Span,
    pub(super) resource: Option<Resource>,
    pub(super) elements: u64,
}

/// How much had been seen before a resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    pub(super) references: usize,
    locals: usize,
    contained: usize,
    pub(super) entries: usize,
}

impl Seen {
    pub(super) fn clear(&mut self) {
        self.references.clear();
        self.locals.clear();
        self.contained.clear();
        self.entries.clear();
    }

    pub(super) const fn marks(&self) -> Marks {
        Marks {
            references: self.references.len(),
            locals: self.locals.len(),
            contained: self.contained.len(),
            entries: self.entries.len(),
        }
    }

    /// Notes an address that may name a contained resource.
    pub(super) fn name_local(&mut self, text: Span) {
        self.locals.push(Reference { text, member: None });
    }

    pub(super) fn entry(&mut self, entry: &Object) {
        let [full_url, ..] = entry.kept;
        self.entries.push(Entry {
            at: entry.at,
            full_url,
            resource: entry.inner,
            elements: entry.elements(),
        });
    }
}

impl Walk<'_, '_> {
    /// Holds a reference against what its element may refer to.
    pub(super) fn refer(&mut self, value: &Object, number: u16, member: &'static Member) {
        let [reference, kind, ..] = value.kept;
        let kind = string(kind, self.cursor.text);
        let kind = kind.and_then(|kind| self.tables.resource(&kind));
        if let Some(kind) = kind {
            self.hold_target(value.at, kind, member);
        }
        let Some(text) = string(reference, self.cursor.text) else {
            return;
        };
        let noted = Reference {
            text: reference,
            member: Some(number),
        };
        if text.starts_with('#') {
            self.seen.locals.push(noted);
            return;
        }
        if self.bundles > 0 {
            self.seen.references.push(noted);
        }
        let absolute = has(&text, b':');
        let Some((kind_named, id)) = literal(&text) else {
            if !absolute && !has(&text, b'?') {
                let text = "this leads nowhere: write Type/id, an address, urn:uuid: or # and the id of what is contained";
                self.found.warn(reference.at(), IssueCode::Value, text);
            }
            return;
        };
        match self.tables.resource(kind_named) {
            Some(target) => {
                self.hold_target(reference.at(), target, member);
                if kind.is_some_and(|kind| kind.number != target.number) {
                    let text = "the type is not that of the reference: leave the type out";
                    self.found.add(value.at, IssueCode::Value, text);
                }
                if !absolute && !primitive::is_id(id) {
                    let text = "the id is 1 to 64 letters, digits, `-` and `.`: refer to it by an address or urn:uuid:";
                    self.found.add(reference.at(), IssueCode::Value, text);
                }
            }
            None if !absolute => {
                let text =
                    "the type referred to is no resource of FHIR R4: look for its right name";
                self.found.add(reference.at(), IssueCode::Value, text);
            }
            None => {}
        }
    }

    pub(super) fn hold_target(&mut self, at: usize, target: &Part, member: &Member) {
        let targets = self.tables.targets_of(member);
        if targets.is_empty() || targets.contains(&target.number) {
            return;
        }
        let names = targets
            .iter()
            .filter_map(|number| Some(self.tables.part(*number)?.name));
        let names: Vec<&str> = names.collect();
        let text = format!(
            "{} is not referred to here: refer to {}",
            target.name,
            names.join(", ")
        );
        self.found.add(at, IssueCode::Value, text);
    }

    /// A contained resource has ended; what it refers to is known when its container has.
    pub(super) fn end_contained(&mut self, object: &Object, resource: &Resource, marks: &Marks) {
        let text = self.cursor.text;
        for inner in self.seen.contained.drain(marks.contained..) {
            let text = "dom-2: nothing is contained in what is contained: put it beside";
            self.found.add(inner.at, IssueCode::Invariant, text);
        }
        let locals = self.seen.locals.get(marks.locals..).unwrap_or_default();
        let names_container = locals
            .iter()
            .any(|local| local.text.of(text) == Some("\"#\""));
        if let Some(meta) = resource.meta.of(text).map(Raw::begin) {
            for (member, key) in [
                ("versionId", "dom-4"),
                ("lastUpdated", "dom-4"),
                ("security", "dom-5"),
            ] {
                if meta.get(member).is_ok_and(|found| found.is_some()) {
                    let text = format!("{key}: what is contained has no {member}: leave it out");
                    self.found
                        .add(resource.meta.at(), IssueCode::Invariant, text);
                }
            }
        }
        self.seen.contained.push(Contained {
            at: object.at,
            resource: *resource,
            names_container,
            named: false,
        });
    }

    /// A resource has ended: what it refers to in itself must be there, and what it contains must be used.
    pub(super) fn end_resource(&mut self, marks: &Marks) {
        let text = self.cursor.text;
        let known = self.seen.marks();
        if known.locals == marks.locals && known.contained == marks.contained {
            return;
        }
        let locals: Vec<Reference> = self.seen.locals.drain(marks.locals..).collect();
        let contained = self.seen.contained.drain(marks.contained..);
        let mut contained: Vec<Contained> = contained.collect();
        let ids = contained
            .iter()
            .map(|inner| string(inner.resource.id, text));
        let by_id: BTreeMap<Cow<'_, str>, usize> = ids
            .zip(0..)
            .filter_map(|(id, place)| Some((id?, place)))
            .collect();
        for local in &locals {
            let name = string(local.text, text).unwrap_or_default();
            let name = name.strip_prefix('#').unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            let found = by_id.get(name).and_then(|place| contained.get_mut(*place));
            match (found, local.member) {
                (Some(found), member) => {
                    found.named = true;
                    let target = self.tables.part(found.resource.part);
                    let member = member.and_then(|member| self.tables.member(member));
                    if let (Some(target), Some(member)) = (target, member) {
                        self.hold_target(local.text.at(), target, member);
                    }
                }
                (None, Some(_)) => {
                    let text = "ref-1: nothing contained has this id: put it into contained, or refer to it elsewhere";
                    self.found.add(local.text.at(), IssueCode::NotFound, text);
                }
                (None, None) => {}
            }
        }
        for unused in contained.iter().filter(|c| !c.named && !c.names_container) {
            let text = "dom-3: nothing refers to what is contained: refer to it by # and its id, or leave it out";
            self.found.add(unused.at, IssueCode::Invariant, text);
        }
    }
}

/// Reads a string where it stands.
pub(super) fn string(span: Span, text: &str) -> Option<Cow<'_, str>> {
    Raw::begin(span.of(text)?).text().ok()
}

/// A reference without the version that it may name.
pub(super) fn unversioned(text: &str) -> &str {
    let before = split_last(text, b'/').and_then(|(before, _)| before.strip_suffix("/_history"));
    before.unwrap_or(text)
}

/// Splits a reference or address that ends in `Type/id`, whatever version of it is meant.
pub(super) fn literal(text: &str) -> Option<(&str, &str)> {
    if text.starts_with("urn:") {
        return None;
    }
    let (before, id) = split_last(unversioned(text), b'/').unwrap_or(("", text));
    // A search stands for the one resource that it finds.
    let (kind, id) = match memchr::memchr(b'?', id.as_bytes()) {
        Some(end) => (id.get(..end)?, "-"),
        None => (
            split_last(before, b'/').map_or(before, |(_, kind)| kind),
            id,
        ),
    };
    let is_name = kind.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    is_name.then_some((kind, id))
}

/// Whether a byte stands in a text.
pub(super) fn has(text: &str, byte: u8) -> bool {
    memchr::memchr(byte, text.as_bytes()).is_some()
}

/// Splits at the last of a byte.
fn split_last(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr::memrchr(byte, text.as_bytes())?;
    text.get(..at).zip(text.get(at + 1..))
}
