//! Resources being written, and what several loops of a set say of one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use clinical::{EventTime, RecordedTime};
use formats::fhir::json::{self, Object};
use formats::fhir::read::Raw;

use super::super::value;
use super::as_kept;
use crate::draft::{self, Draft, Effect};
use crate::map::link;

/// A resource being written.
pub(in crate::x12) struct Resource {
    pub(super) kind: &'static str,
    pub(super) id: String,
    said: Vec<(&'static str, Vec<u8>)>,
    pub(super) kept: Vec<String>,
    pub(super) time: Option<EventTime>,
    effect: Effect,
}

impl Resource {
    /// Begins a resource whose id derives from what names it.
    pub(in crate::x12) fn new(kind: &'static str, names: &[&str]) -> Self {
        let mut parts: Vec<&[u8]> = vec![b"x12", kind.as_bytes()];
        parts.extend(names.iter().map(|name| name.as_bytes()));
        Self::with_id(kind, link::id(&parts))
    }

    /// Begins a resource of a known id.
    pub(in crate::x12) const fn with_id(kind: &'static str, id: String) -> Self {
        Self {
            kind,
            id,
            said: Vec::new(),
            kept: Vec::new(),
            time: None,
            effect: Effect::State,
        }
    }

    /// Says that it is only mentioned: whatever else is said of it, earlier or later, says more.
    pub(in crate::x12) const fn mention(&mut self) {
        self.effect = Effect::Mention;
    }

    /// Says what an element is, unless it is nothing.
    pub(in crate::x12) fn set(&mut self, name: &'static str, json: Vec<u8>) {
        if !json.is_empty() {
            self.said.push((name, json));
        }
    }

    /// Says what the text of an element is, unless it is nothing.
    pub(in crate::x12) fn text(&mut self, name: &'static str, text: &str) {
        self.set(name, json::string(text));
    }

    /// Says what an element of several entries is.
    pub(in crate::x12) fn list(&mut self, name: &'static str, entries: &[Vec<u8>]) {
        self.set(name, value::list(entries));
    }

    /// Says what object an element is.
    pub(in crate::x12) fn object(
        &mut self,
        name: &'static str,
        build: impl FnOnce(&mut Object<'_>),
    ) {
        self.set(name, json::object(build));
    }

    /// Says when it was true.
    pub(in crate::x12) fn at(&mut self, time: Option<EventTime>) {
        self.time = time.or(self.time);
    }

    /// Goes through what is said of it, the segments that are kept before all else.
    fn elements(self) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
        let kept = as_kept(&self.kept);
        let kept = (!kept.is_empty()).then_some(("extension", kept));
        kept.into_iter().chain(self.said)
    }

    /// Gives its id.
    pub(in crate::x12) fn id(&self) -> &str {
        &self.id
    }

    /// Gives how others refer to it.
    pub(in crate::x12) fn reference(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

/// What a set says of one resource so far: what is said later of the same adds to it.
pub(super) struct Told {
    pub(super) kind: &'static str,
    id: String,
    time: EventTime,
    effect: Effect,
    said: Vec<(&'static str, Said)>,
}

impl Told {
    /// What a set says first.
    pub(super) fn of(resource: Resource, time: EventTime) -> Self {
        let (kind, id, effect) = (resource.kind, resource.id.clone(), resource.effect);
        let said = resource.elements();
        Self {
            kind,
            id,
            time,
            effect,
            said: said.map(|(name, json)| (name, Said::Once(json))).collect(),
        }
    }

    /// Takes in what it says later: elements that it has not, and entries of lists.
    pub(super) fn add(&mut self, resource: Resource) {
        if resource.effect == Effect::State {
            self.effect = Effect::State;
        }
        for (name, json) in resource.elements() {
            match self.said.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.add(&json),
                None => self.said.push((name, Said::Once(json))),
            }
        }
    }

    /// What the set says of it in all.
    pub(super) fn draft(&self, recorded: Option<RecordedTime>) -> Draft {
        let said: Vec<_> = self
            .said
            .iter()
            .map(|(name, said)| (*name, said.json()))
            .collect();
        let elements = said.iter().map(|(name, json)| {
            let name: Cow<'static, str> = Cow::Borrowed(name);
            (name, draft::Element::Set(json))
        });
        let mut draft = Draft::new(self.kind, &self.id, self.time, elements);
        draft.recorded = recorded;
        draft.effect = self.effect;
        draft.is_of_some = self.kind == "Patient";
        draft
    }
}

/// The JSON of an element.
enum Said {
    Once(Vec<u8>),
    /// The entries of a list, in their order, and each once more to be found.
    Entries(Vec<Vec<u8>>, BTreeSet<Vec<u8>>),
}

impl Said {
    /// Adds the entries of another list that this one has not.
    fn add(&mut self, json: &[u8]) {
        let entries = |json: &[u8]| -> Vec<Vec<u8>> {
            let items = Raw::read(json).into_iter().flat_map(Raw::items);
            items.flatten().map(|one| one.as_bytes().to_vec()).collect()
        };
        if let Self::Once(known) = self {
            if known == json {
                return;
            }
            let own = entries(known);
            if own.is_empty() {
                return;
            }
            let known = own.iter().cloned().collect();
            *self = Self::Entries(own, known);
        }
        let Self::Entries(all, known) = self else {
            return;
        };
        let mut more = entries(json);
        more.retain(|entry| !known.contains(entry));
        known.extend(more.iter().cloned());
        all.extend(more);
    }

    fn json(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Once(json) => Cow::Borrowed(json),
            Self::Entries(all, _) => Cow::Owned(value::list(all)),
        }
    }
}
