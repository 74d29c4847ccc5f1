//! Bundles: entries that fit the bundle's type, and references that lead to what is in it.

use super::super::read::Raw;
use super::invariant::asked;
use super::object::{Object, Resource};
use super::reference::{Entry, Marks, Reference, has, literal, string, unversioned};
use super::walk::Walk;
use super::{IssueCode, primitive};

/// Types of bundles whose entries carry requests.
const REQUESTS: [&str; 3] = ["batch", "transaction", "history"];

/// Types of bundles whose entries carry responses.
const RESPONSES: [&str; 3] = ["batch-response", "transaction-response", "history"];

/// What a bundle holds, by the ways to refer to it, each in order.
struct Held<'b> {
    by_url: Vec<(&'b str, u16)>,
    by_id: Vec<(u16, &'b str)>,
}

impl<'b> Held<'b> {
    fn new(entries: &[Entry], text: &'b str) -> Self {
        let mut held = Self {
            by_url: Vec::with_capacity(entries.len()),
            by_id: Vec::with_capacity(entries.len()),
        };
        for entry in entries {
            let Some(resource) = entry.resource else {
                continue;
            };
            let url = unquoted(entry.full_url.of(text));
            held.by_url.extend(url.map(|url| (url, resource.part)));
            let id = unquoted(resource.id.of(text)).unwrap_or_default();
            held.by_id.push((resource.part, id));
        }
        held.by_url.sort_unstable();
        held.by_id.sort_unstable();
        held
    }

    /// The type of what has this address.
    fn at(&self, url: &str) -> Option<u16> {
        let place = self.by_url.binary_search_by_key(&url, |(url, _)| url);
        Some(self.by_url.get(place.ok()?)?.1)
    }

    /// Whether others of this type are there, and this one is not.
    fn lacks(&self, kind: u16, id: &str) -> bool {
        let first = self.by_id.partition_point(|(held, _)| *held < kind);
        let has_kind = self.by_id.get(first).is_some_and(|(held, _)| *held == kind);
        has_kind && self.by_id.binary_search(&(kind, id)).is_err()
    }
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
        let held = Held::new(&entries, text);
        for reference in references {
            self.resolve(&held, reference);
        }
    }

    fn fit_entries(&mut self, bundle: &Object, kind: &str, entries: &[Entry]) {
        let mut broken = |at, text| self.found.add(at, IssueCode::Invariant, text);
        let bits = [0, 1, 2].map(|which| asked("Bundle.entry", which));
        let has = |entry: &Entry, which: usize| {
            bits.get(which).is_some_and(|bit| entry.elements & bit != 0)
        };
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
        let mut known = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(url) = unquoted(entry.full_url.of(text)) else {
                continue;
            };
            let at = entry.full_url.at();
            if unversioned(url).len() < url.len() {
                let text = "bdl-8: the fullUrl names no version: leave it out";
                self.found.add(at, IssueCode::Invariant, text);
            } else if !has(url, b':') {
                let text = "a fullUrl is a whole address or urn:uuid: and no relative one";
                self.found.add(at, IssueCode::Value, text);
            }
            let version = entry.resource.and_then(|resource| version(&resource, text));
            known.push((url, version, at));
            let id = entry
                .resource
                .and_then(|resource| unquoted(resource.id.of(text)));
            let part = entry
                .resource
                .and_then(|resource| self.tables.part(resource.part));
            if let (Some(named), Some(part), Some(id)) = (literal(url), part, id)
                && named != (part.name, id)
                && self.tables.resource(named.0).is_some()
                && primitive::is_id(named.1)
            {
                let text = "the fullUrl ends in another type or id than its resource has: make them the same";
                self.found.warn(at, IssueCode::Value, text);
            }
        }
        known.sort_unstable();
        let same = |pair: &&[(&str, Option<&str>, usize)]| match pair {
            [first, second] => kind != "history" && (first.0, first.1) == (second.0, second.1),
            _ => false,
        };
        for (_, _, at) in known.windows(2).filter(same).filter_map(<[_]>::last) {
            let text = "bdl-7: another entry has the same fullUrl: leave one out";
            self.found.add(*at, IssueCode::Invariant, text);
        }
    }

    /// What is of a type that the bundle holds should be in it, and be what the element refers to.
    fn resolve(&mut self, held: &Held<'_>, reference: Reference) {
        let text = self.cursor.text;
        let Some(address) = string(reference.text, text) else {
            return;
        };
        let whole = unversioned(&address);
        if let Some(target) = held.at(whole) {
            let target = self.tables.part(target);
            let member = reference
                .member
                .and_then(|member| self.tables.member(member));
            if let (Some(target), Some(member), true) = (target, member, whole.starts_with("urn:"))
            {
                self.hold_target(reference.text.at(), target, member);
            }
            return;
        }
        let lost = if has(whole, b':') {
            whole.starts_with("urn:uuid:") || whole.starts_with("urn:oid:")
        } else {
            let literal = literal(whole).filter(|_| !has(whole, b'?'));
            literal.is_some_and(|(kind, id)| {
                let kind = self.tables.resource(kind);
                kind.is_some_and(|part| held.lacks(part.number, id))
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
