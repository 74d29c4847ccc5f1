//! Bundles: entries that fit the bundle's type, and references that lead to what is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::read::Raw;
use super::invariant::asked;
use super::object::{Object, Resource};
use super::reference::{Entry, Marks, Reference, literal, string};
use super::walk::Walk;
use super::{IssueCode, primitive};

/// Types of bundles whose entries carry requests.
const REQUESTS: [&str; 3] = ["batch", "transaction", "history"];

/// Types of bundles whose entries carry responses.
const RESPONSES: [&str; 3] = ["batch-response", "transaction-response", "history"];

/// What a bundle holds, by the ways to refer to it.
#[derive(Default)]
struct Held<'b> {
    by_url: BTreeMap<&'b str, u16>,
    by_id: BTreeMap<&'b str, BTreeSet<u16>>,
    kinds: BTreeSet<u16>,
}

impl Walk<'_, '_> {
    /// A bundle has ended: its entries and the references in it are held against each other.
    pub(super) fn end_bundle(&mut self, bundle: &Object, marks: &Marks) {
        let entries: Vec<Entry> = self.seen.entries.drain(marks.entries..).collect();
        let references = self.seen.references.drain(marks.references..);
        let references: Vec<Reference> = references.collect();
        let text = self.cursor.text;
        let [kind, ..] = bundle.kept;
        let kind = string(kind, text).unwrap_or_default();
        self.fit_entries(bundle, &kind, &entries);
        self.fit_urls(&kind, &entries);
        let mut held = Held::default();
        for entry in &entries {
            let Some(resource) = entry.resource else {
                continue;
            };
            held.kinds.insert(resource.part);
            if let Some(url) = unquoted(entry.full_url.of(text)) {
                held.by_url.insert(url, resource.part);
            }
            if let Some(id) = unquoted(resource.id.of(text)) {
                held.by_id.entry(id).or_default().insert(resource.part);
            }
        }
        for reference in references {
            self.resolve(&held, reference);
        }
    }

    fn fit_entries(&mut self, bundle: &Object, kind: &str, entries: &[Entry]) {
        let mut broken = |at, text| self.found.add(at, IssueCode::Invariant, text);
        let has = |entry: &Entry, which| entry.elements & asked("Bundle.entry", which) != 0;
        if asked("Bundle", 0) & bundle.elements() != 0 && !matches!(kind, "searchset" | "history") {
            broken(
                bundle.at,
                "bdl-1: only search results and histories have a total: leave it out",
            );
        }
        for entry in entries {
            if has(entry, 0) != REQUESTS.contains(&kind) {
                broken(
                    entry.at,
                    "bdl-3: entries of a batch, transaction or history have a request, and no others",
                );
            }
            if has(entry, 1) != RESPONSES.contains(&kind) {
                broken(
                    entry.at,
                    "bdl-4: entries of a response or history have a response, and no others",
                );
            }
            if has(entry, 2) && kind != "searchset" {
                broken(
                    entry.at,
                    "bdl-2: only entries of a searchset have a search: leave it out",
                );
            }
        }
        let first = entries.first().and_then(|entry| entry.resource);
        let first = first.and_then(|resource| self.tables.part(resource.part));
        let begins_with = |name| first.is_some_and(|part| part.name == name);
        if kind == "message" && !begins_with("MessageHeader") {
            broken(
                bundle.at,
                "bdl-12: a message begins with a MessageHeader: put it first",
            );
        }
        if kind == "document" {
            if !begins_with("Composition") {
                broken(
                    bundle.at,
                    "bdl-11: a document begins with a Composition: put it first",
                );
            }
            if asked("Bundle", 1) & bundle.elements() == 0 {
                broken(
                    bundle.at,
                    "bdl-10: a document has a timestamp: say when it was put together",
                );
            }
            let [_, identifier, ..] = bundle.kept;
            let identifier = identifier.of(self.cursor.text).map(Raw::begin);
            let has = |name| identifier.is_some_and(|raw| raw.get(name).is_ok_and(|v| v.is_some()));
            if !has("system") || !has("value") {
                broken(
                    bundle.at,
                    "bdl-9: a document has an identifier with system and value: give it one",
                );
            }
        }
    }

    fn fit_urls(&mut self, kind: &str, entries: &[Entry]) {
        let text = self.cursor.text;
        let mut known = BTreeSet::new();
        for entry in entries {
            let Some(url) = unquoted(entry.full_url.of(text)) else {
                continue;
            };
            let at = entry.full_url.at();
            if url.contains("/_history/") {
                let text = "bdl-8: the fullUrl names no version: leave it out";
                self.found.add(at, IssueCode::Invariant, text);
            } else if !url.contains(':') {
                let text = "a fullUrl is a whole address or urn:uuid: and no relative one";
                self.found.add(at, IssueCode::Value, text);
            }
            let version = entry.resource.and_then(|resource| version(&resource, text));
            if kind != "history" && !known.insert((url, version)) {
                let text = "bdl-7: another entry has the same fullUrl: leave one out";
                self.found.add(at, IssueCode::Invariant, text);
            }
            let id = entry
                .resource
                .and_then(|resource| unquoted(resource.id.of(text)));
            let kind = entry
                .resource
                .and_then(|resource| self.tables.part(resource.part));
            if let (Some(named), Some(kind), Some(id)) = (literal(url), kind, id)
                && named != (kind.name, id)
                && self.tables.resource(named.0).is_some()
                && primitive::is_id(named.1)
            {
                let text = "the fullUrl ends in another type or id than its resource has: make them the same";
                self.found.warn(at, IssueCode::Value, text);
            }
        }
    }

    /// What is of a type that the bundle holds should be in it, and be what the element refers to.
    fn resolve(&mut self, held: &Held<'_>, reference: Reference) {
        let text = self.cursor.text;
        let Some(address) = string(reference.text, text) else {
            return;
        };
        let whole = address
            .split_once("/_history/")
            .map_or(&*address, |(whole, _)| whole);
        if let Some(target) = held.by_url.get(whole) {
            let target = self.tables.part(*target);
            let member = reference
                .member
                .and_then(|member| self.tables.member(member));
            if let (Some(target), Some(member), true) = (target, member, whole.starts_with("urn:"))
            {
                self.hold_target(reference.text.at(), target, member);
            }
            return;
        }
        let lost = if whole.starts_with("urn:uuid:") || whole.starts_with("urn:oid:") {
            true
        } else if whole.contains(':') || whole.contains('?') {
            false
        } else {
            literal(whole).is_some_and(|(kind, id)| {
                let kind = self.tables.resource(kind).map(|part| part.number);
                let is_held = |kind| {
                    held.by_id
                        .get(id)
                        .is_some_and(|kinds| kinds.contains(&kind))
                };
                kind.is_some_and(|kind| held.kinds.contains(&kind) && !is_held(kind))
            })
        };
        if lost {
            let text = "the bundle does not hold what is referred to: put it in, or leave the reference out";
            self.found
                .warn(reference.text.at(), IssueCode::NotFound, text);
        }
    }
}

/// The text between quotes; ids and addresses have no escapes that matter.
fn unquoted(value: Option<&str>) -> Option<&str> {
    value?.strip_prefix('"')?.strip_suffix('"')
}

fn version<'b>(resource: &Resource, text: &'b str) -> Option<&'b str> {
    let meta = Raw::begin(resource.meta.of(text)?);
    let version = meta.get("versionId").ok()??;
    std::str::from_utf8(version.as_bytes()).ok()
}
