//! A resource as one message states it, before it meets what was known.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use clinical::{EventTime, RecordedTime};
use formats::fhir::json::{self, Mark, Writer};
use formats::fhir::read::Raw;

/// A resource as one message states it: what it sets, what it deletes, what only holds if nothing was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The FHIR resource type.
    pub resource_type: &'static str,
    /// The resource's id: the same in every message that speaks of it. `Draft::rewritten` gives a draft with another.
    pub id: Box<str>,
    /// When it was true of the patient.
    pub event_time: EventTime,
    /// When the source stored it, where it says so.
    pub recorded: Option<RecordedTime>,
    /// What it does to the resource.
    pub effect: Effect,
    /// Whether its sender knows some identifiers only: those of other kinds that are known stand.
    pub is_of_some: bool,
    /// The resource as this message alone states it.
    json: Box<[u8]>,
    elements: Elements,
}

/// What a message says of one top-level element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'d> {
    /// It is this, as JSON.
    Set(&'d [u8]),
    /// It is this, as JSON, where nothing is known of it.
    Default(&'d [u8]),
    /// It is no longer known: the sender deleted it.
    Clear,
}

/// The top-level elements of a resource that is being written.
pub(crate) type Elements = Vec<Stated>;

/// What a message says of one top-level element, and where its JSON is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) name: Cow<'static, str>,
    pub(crate) says: Says,
    value: Range<Mark>,
    /// Of a list, the fields that its entries come from, in their order; entries after those are of no field.
    pub(crate) parts: Vec<Part>,
}

/// The entries of a list that one field gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Where they stand among those of other fields.
    pub(crate) at: u8,
    /// The field, such as `PV1-7`.
    pub(crate) field: Box<str>,
    /// How many there are; none where the sender deleted them.
    pub(crate) count: usize,
}

/// What is said of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// It is this.
    Set,
    /// It is this where nothing is known of it.
    Default,
    /// It is no longer known.
    Clear,
}

impl Stated {
    /// Takes note of an element whose JSON was written between two places.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, says: Says, value: Range<Mark>) -> Self {
        Self {
            name: name.into(),
            says,
            value,
            parts: Vec::new(),
        }
    }

    /// Takes note of the fields that the entries of a list come from.
    pub(crate) fn of(mut self, parts: Vec<Part>) -> Self {
        self.parts = parts;
        self
    }

    /// Takes note of an element that was deleted.
    pub(crate) fn clear(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, Says::Clear, Mark::default()..Mark::default())
    }

    /// Gives where its JSON begins and ends.
    pub(crate) const fn places(&self) -> (Mark, Mark) {
        (self.value.start, self.value.end)
    }
}

/// What a message does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It says how things stand.
    State,
    /// It says how all of it stands: what it leaves out is no longer so.
    Whole,
    /// It only mentions the resource: whoever is responsible for it says more, earlier or later.
    Mention,
    /// The admission did not take place (A11).
    CancelAdmit,
    /// The stay that was planned will not take place (A27, A38); one that has begun goes on.
    CancelPlan,
    /// The transfer did not take place (A12, A32, A33): the patient is where they were.
    CancelTransfer,
    /// The transfer that was planned will not take place (A26).
    CancelPlannedTransfer,
    /// The discharge did not take place (A13): the stay goes on.
    CancelDischarge,
    /// The leave, or the return from it, did not take place (A52, A53).
    CancelLeave,
    /// The attending doctor did not change (A55).
    CancelAttending,
    /// The stay is known by another id from now on, which its `partOf` names (A42, A50).
    Superseded,
    /// The stay was another patient's all along (A45): whose it was is its `subject`, and which it is its `partOf`.
    Moved,
    /// The person is linked to the one that `link` names (A24).
    Link,
    /// The person is not linked to the one that `link` names (A37).
    Unlink,
    /// The resource should never have been sent.
    Delete,
    /// Its source no longer keeps it: what another way says of the same result stands.
    TakeBack,
}

impl Effect {
    /// Says whether the last change of where the patient is never took place.
    pub const fn undoes_a_move(self) -> bool {
        matches!(self, Self::CancelTransfer | Self::CancelLeave)
    }
}

impl Draft {
    /// Describes a resource by its elements, in R4 order; one that is absent leaves what was known.
    pub fn new<'e>(
        resource_type: &'static str,
        id: &str,
        event_time: EventTime,
        said: impl IntoIterator<Item = (Cow<'static, str>, Element<'e>)>,
    ) -> Self {
        let mut out = Writer::default();
        begin(&mut out, resource_type, id);
        let mut elements = Elements::new();
        for (name, element) in said {
            let (says, value) = match element {
                Element::Set(value) => (Says::Set, value),
                Element::Default(value) => (Says::Default, value),
                Element::Clear => {
                    elements.push(Stated::clear(name));
                    continue;
                }
            };
            out.key(&name);
            let start = out.mark();
            out.raw(value);
            elements.push(Stated::new(name, says, start..out.mark()));
        }
        out.end_object();
        Self::written(resource_type, id.into(), event_time, &out, elements)
    }

    /// Takes a resource from [`begin`] to the end of its object.
    pub(crate) fn written(
        resource_type: &'static str,
        id: Box<str>,
        event_time: EventTime,
        out: &Writer,
        mut elements: Elements,
    ) -> Self {
        elements.shrink_to_fit();
        Self {
            resource_type,
            id,
            event_time,
            recorded: None,
            effect: Effect::State,
            is_of_some: false,
            json: out.as_bytes().into(),
            elements,
        }
    }

    /// Goes through the top-level elements in R4 order; one that is absent leaves what was known. A part of one, as in
    /// `period.end`, is only ever cleared.
    pub fn elements(&self) -> impl Iterator<Item = (&Cow<'static, str>, Element<'_>)> {
        self.elements.iter().map(|stated| {
            let value = stated.value.start.offset()..stated.value.end.offset();
            let value = self.json.get(value).unwrap_or_default();
            let element = match stated.says {
                Says::Set => Element::Set(value),
                Says::Default => Element::Default(value),
                Says::Clear => Element::Clear,
            };
            (&stated.name, element)
        })
    }

    /// Gives the fields that the entries of a list come from.
    pub(crate) fn parts(&self, name: &str) -> &[Part] {
        let found = self.elements.iter().find(|stated| stated.name == name);
        found.map_or(&[], |stated| &stated.parts)
    }

    /// Takes note of the fields that the entries of lists come from.
    pub(crate) fn with_parts<'p>(mut self, parts: impl Fn(&str) -> &'p [Part]) -> Self {
        for stated in &mut self.elements {
            stated.parts = parts(&stated.name).to_vec();
        }
        self
    }

    /// Gives one of the top-level elements.
    pub(crate) fn element(&self, name: &str) -> Option<Element<'_>> {
        let found = self.elements().find(|(known, _)| *known == name);
        found.map(|(_, element)| element)
    }

    /// Describes the same resource by other elements.
    pub(crate) fn restated<'e>(
        &self,
        said: impl IntoIterator<Item = (Cow<'static, str>, Element<'e>)>,
    ) -> Self {
        Self {
            recorded: self.recorded,
            effect: self.effect,
            is_of_some: self.is_of_some,
            ..Self::new(self.resource_type, &self.id, self.event_time, said)
        }
        .with_parts(|name| self.parts(name))
    }

    /// Adds extensions, which stand before all other elements.
    pub(crate) fn keep(&mut self, extensions: &[u8]) {
        let name = Cow::Borrowed("extension");
        let added = (name, Element::Set(extensions));
        let more = self.restated(std::iter::once(added.clone()));
        if self.element("extension").is_some() {
            self.add(&more);
            return;
        }
        let own = self.elements().map(|(name, said)| (name.clone(), said));
        let said: Vec<_> = std::iter::once(added).chain(own).collect();
        *self = self.restated(said);
    }

    /// Takes over what another description of the same resource has and this one has not: elements, and entries of lists.
    pub(crate) fn add(&mut self, other: &Self) {
        if self.json == other.json && self.elements == other.elements {
            return;
        }
        let mut said: Vec<(Cow<'static, str>, Says, Vec<u8>)> = Vec::new();
        let all = self.elements().chain(other.elements());
        for (name, element) in all {
            let (says, json) = match element {
                Element::Set(json) => (Says::Set, json),
                Element::Default(json) => (Says::Default, json),
                Element::Clear => (Says::Clear, &b""[..]),
            };
            match said.iter_mut().find(|(known, ..)| known == name) {
                None => said.push((name.clone(), says, json.to_vec())),
                Some((_, Says::Set, known)) => add_entries(known, json),
                Some(_) => {}
            }
        }
        let said = said.iter().map(|(name, says, json)| {
            let element = match says {
                Says::Set => Element::Set(json),
                Says::Default => Element::Default(json),
                Says::Clear => Element::Clear,
            };
            (name.clone(), element)
        });
        // Entries that are added stand behind those whose fields are known.
        let parts = |name: &str| match self.element(name) {
            Some(_) => self.parts(name),
            None => other.parts(name),
        };
        *self = self.restated(said).with_parts(parts);
    }

    /// Describes the same resource under an id, with each element's JSON as `rewrite` gives it, and without those that
    /// it gives nothing for.
    pub(crate) fn rewritten(
        &self,
        id: &str,
        rewrite: impl Fn(&str, &[u8]) -> Option<Vec<u8>>,
    ) -> Self {
        let said: Vec<_> = self
            .elements()
            .filter_map(|(name, element)| match element {
                Element::Set(json) | Element::Default(json) => {
                    Some((name, element, rewrite(name, json)?))
                }
                Element::Clear => Some((name, element, rewrite(name, b"")?)),
            })
            .collect();
        let said = said.iter().map(|(name, element, json)| {
            let element = match element {
                Element::Set(_) => Element::Set(json),
                Element::Default(_) => Element::Default(json),
                Element::Clear => Element::Clear,
            };
            ((*name).clone(), element)
        });
        Self {
            recorded: self.recorded,
            effect: self.effect,
            is_of_some: self.is_of_some,
            ..Self::new(self.resource_type, id, self.event_time, said)
        }
        .with_parts(|name| self.parts(name))
    }

    /// Gives the resource as this message alone states it.
    pub fn to_json(&self) -> Cow<'_, [u8]> {
        if self.effect != Effect::Unlink {
            return Cow::Borrowed(&self.json);
        }
        let stated = self.elements().filter(|(name, _)| *name != "link");
        let stated = stated.map(|(name, element)| (name.clone(), element));
        Cow::Owned(self.restated(stated).json.into())
    }
}

/// Begins a resource at the start of a writer.
pub(crate) fn begin(out: &mut Writer, resource_type: &str, id: &str) {
    out.clear();
    out.begin_object();
    out.key_raw(b"\"resourceType\":");
    out.string(resource_type);
    out.key_raw(b"\"id\":");
    out.string(id);
}

/// Adds to a list the entries of another that it has not.
fn add_entries(known: &mut Vec<u8>, other: &[u8]) {
    if known == other {
        return;
    }
    let (Ok(list), Ok(others)) = (Raw::read(known), Raw::read(other)) else {
        return;
    };
    let has: BTreeSet<&[u8]> = list.items().flatten().map(Raw::as_bytes).collect();
    let others = others.items().flatten();
    let more: Vec<_> = others.filter(|one| !has.contains(one.as_bytes())).collect();
    if more.is_empty() {
        return;
    }
    let all = json::array(|array| {
        for entry in list.items().flatten().chain(more) {
            array.raw(entry.as_bytes());
        }
    });
    *known = all;
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_draft_alone_is_what_its_message_says() {
        let elements = [
            ("active".into(), Element::Default(b"true")),
            ("gender".into(), Element::Set(b"\"female\"")),
            ("telecom".into(), Element::Clear),
        ];
        let draft = Draft::new("Patient", "p1", EventTime::default(), elements.clone());
        expect![[r#"{"resourceType":"Patient","id":"p1","active":true,"gender":"female"}"#]]
            .assert_eq(std::str::from_utf8(&draft.to_json()).unwrap());
        let said: Vec<_> = draft
            .elements()
            .map(|(name, said)| (name.clone(), said))
            .collect();
        assert_eq!(said, elements);
    }
}
