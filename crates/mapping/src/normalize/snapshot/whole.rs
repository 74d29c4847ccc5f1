//! A patient or visit that a message states whole: what it leaves out is no longer so.

use clinical::{EventTime, PatientKey};
use formats::fhir::read::Raw;

use super::super::splice::{union_keeping_old, with_item};
use super::{CHOICES, Known, Snapshot};
use crate::draft::{Draft, Element};

/// The name under which it is known when the whole was last said, and so what it had not.
const ALL_ELSE: &str = "";

impl Snapshot {
    /// Takes over the whole, where nothing newer was said.
    pub(super) fn replace(&mut self, draft: &Draft, said: EventTime) {
        let before = self.get("link").unwrap_or_default().to_vec();
        // What a merge brought is this stage's own, and no sender knows of it.
        let merged = of_merges(&before);
        let stated = |name: &str| draft.elements().any(|(other, _)| other == name);
        self.elements
            .retain(|known| known.said > said || stated(&known.name));
        for (name, element) in draft.elements() {
            let (Element::Set(value) | Element::Default(value)) = element else {
                continue;
            };
            let base = name.strip_prefix('_').unwrap_or(name);
            if self.newest(base).max(self.newest(name)) > Some(said) {
                continue;
            }
            let value = match &**name {
                "identifier" if !merged.is_empty() => {
                    union_keeping_old(value, self.get(name).unwrap_or_default())
                }
                _ => value.to_vec(),
            };
            self.choose(base);
            self.put(name, &value, said);
        }
        let mut links = self.get("link").unwrap_or_default().to_vec();
        for link in merged {
            links = with_item(&links, link.as_bytes());
        }
        if !links.is_empty() {
            self.force("link", &links, said);
        }
        if self.all_else().is_none_or(|known| known.said < said) {
            self.put(ALL_ELSE, b"", said);
        }
    }

    /// Gives when an element was last spoken of; the whole speaks of what it leaves out, too.
    pub(super) fn said(&self, name: &str) -> Option<EventTime> {
        let known = self.elements.iter().find(|known| &*known.name == name);
        known.or_else(|| self.all_else()).map(|known| known.said)
    }

    /// Gives the mark of when the whole was last said.
    pub(super) fn all_else(&self) -> Option<&Known> {
        self.elements.iter().find(|known| &*known.name == ALL_ELSE)
    }

    /// Gives when an element, or another choice of it, was last spoken of.
    pub(super) fn newest(&self, name: &str) -> Option<EventTime> {
        let choice = CHOICES.iter().find(|choice| name.starts_with(**choice));
        let others = self
            .elements
            .iter()
            .filter(|known| choice.is_some_and(|choice| known.name.starts_with(choice)));
        let others = others.map(|known| known.said);
        others.chain(self.said(name)).max()
    }
}

/// Gives the links that merges make: they name the other by its key, and a sender by its own id.
fn of_merges(links: &[u8]) -> Vec<Raw<'_>> {
    let is_of_merge = |link: &Raw<'_>| {
        let kind = member(*link, "type").map(Raw::as_bytes);
        let other = member(*link, "other").and_then(|other| member(other, "reference"));
        let other = other.and_then(|other| other.text().ok());
        let key = other.and_then(|other| PatientKey::parse(other.strip_prefix("Patient/")?));
        key.is_some() && matches!(kind, Some(b"\"replaces\"" | b"\"replaced-by\""))
    };
    let raw = Raw::read(links).ok();
    let items = raw.into_iter().flat_map(Raw::items).map_while(Result::ok);
    items.filter(is_of_merge).collect()
}

fn member<'a>(of: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    of.get(name).ok().flatten()
}
