//! A patient or visit as it now stands: what each element was last said to be, and when that was said.

pub(super) mod stay;

pub(super) mod statements;

mod whole;

mod fields;

pub(super) mod person;

use clinical::EventTime;
use formats::fhir::json;
use formats::fhir::read::Raw;

use super::bytes::{Decoder, Encoder};
use super::splice::{items, merge_members, union, union_keeping_old, without_members};
use crate::draft::{Draft, Effect, Element, Part};
use fields::{DOSAGE, dosage};
use person::lent;

/// How many earlier locations of a visit are kept, for transfers that are cancelled one after another.
pub const MAX_EARLIER_LOCATIONS: usize = 4;

/// The order of elements that FHIR R4 gives, of Patient and of Encounter.
const ORDER: &str = "meta implicitRules language text contained extension modifierExtension identifier active name telecom gender \
    birthDate deceasedBoolean deceasedDateTime address maritalStatus multipleBirthBoolean multipleBirthInteger photo contact \
    communication generalPractitioner managingOrganization link \
    status statusHistory class classHistory type serviceType priority subject episodeOfCare basedOn participant appointment period \
    length reasonCode reasonReference diagnosis account hospitalization location serviceProvider partOf";
/// Elements whose parts come from several fields, and their parts in the order of FHIR R4.
const IN_PARTS: [(&str, &str); 5] = [
    (
        "context",
        "encounter event period facilityType practiceSetting sourcePatientInfo related",
    ),
    ("period", "start end"),
    (
        "dispenseRequest",
        "initialFill dispenseInterval validityPeriod numberOfRepeatsAllowed quantity expectedSupplyDuration performer",
    ),
    (
        "substitution",
        "allowedBoolean allowedCodeableConcept reason",
    ),
    (
        "hospitalization",
        "preAdmissionIdentifier origin admitSource reAdmission dietPreference specialCourtesy specialArrangement destination \
         dischargeDisposition",
    ),
];
/// The results of a report, of which each message may have those alone that are new.
pub(super) const RESULTS: &str = "result";
/// What a document contains, which a message that changes its status does not have.
const CONTENT: &str = "content";
/// Elements of which a resource has one or the other.
const CHOICES: [&str; 9] = [
    "deceased",
    "multipleBirth",
    "occurrence",
    "quantity",
    "asNeeded",
    "medication",
    "reported",
    "onset",
    "abatement",
];

/// A patient or visit as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) id: Box<str>,
    pub(super) version: u32,
    /// The time of the newest message that spoke of it.
    pub(super) as_of: EventTime,
    elements: Vec<Known>,
}

/// What an element was last said to be; empty where it was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    name: Box<str>,
    value: Box<[u8]>,
    /// The time of the message that said so; the least of all times for a default, which anything said replaces.
    said: EventTime,
    /// Of a list, the fields that its entries come from, in their order.
    fields: Vec<Field>,
}

/// The entries of a list that one field gave.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    part: Part,
    said: EventTime,
}

pub(super) const DEFAULT: EventTime = EventTime::from_micros(i64::MIN);

impl Snapshot {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            version: 0,
            as_of: DEFAULT,
            elements: Vec::new(),
        }
    }

    /// Takes over what a message says, element by element, where nothing newer was said.
    pub(super) fn apply(&mut self, draft: &Draft, said: EventTime) {
        self.as_of = self.as_of.max(said);
        if draft.effect == Effect::Whole {
            return self.replace(draft, said);
        }
        for (name, element) in draft.elements() {
            let parts = draft.parts(name);
            if !parts.is_empty() {
                self.set_fields(name, element, parts, said);
                continue;
            }
            let value: &[u8] = match element {
                Element::Set(value) => value,
                Element::Clear => match name.split_once('.') {
                    Some((whole, part)) => {
                        self.remove_parts(whole, &[part], said);
                        continue;
                    }
                    None => b"",
                },
                Element::Default(value) => {
                    self.fill(name, value);
                    continue;
                }
            };
            // Links are this stage's own: a merge makes them.
            if name != "link" && self.set(name, value, said) {
                let extension = format!("_{name}");
                if draft.elements().all(|(other, _)| **other != *extension) {
                    self.elements.retain(|known| *known.name != *extension);
                }
            }
        }
    }

    /// Gives what an element is known to be.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let known = self.elements.iter().find(|known| &*known.name == name)?;
        (!known.value.is_empty()).then_some(&*known.value)
    }

    /// Sets an element where nothing newer was said of it; says whether it did.
    pub(super) fn set(&mut self, name: &str, value: &[u8], said: EventTime) -> bool {
        if is_choice(name) && self.newest(name) > Some(said) {
            return false;
        }
        let old = self.elements.iter().find(|known| &*known.name == name);
        let parts = IN_PARTS.iter().find(|(whole, _)| *whole == name);
        let (value, said) = match (old, parts) {
            (Some(old), Some((_, order))) if !value.is_empty() => {
                let newer = said >= old.said;
                let (under, over) = if newer {
                    (&*old.value, value)
                } else {
                    (value, &*old.value)
                };
                (merge_members(order, under, over), said.max(old.said))
            }
            (Some(old), _) if name == RESULTS && !value.is_empty() => {
                (union(&old.value, value), said.max(old.said))
            }
            (Some(old), _) if name == CONTENT && contains(&old.value) != contains(value) => {
                if contains(&old.value) {
                    return false;
                }
                (value.to_vec(), said.max(old.said))
            }
            (Some(old), _) if said < old.said => return false,
            (None, _) if Some(said) < self.said(name) => return false,
            (Some(old), _) if name == "identifier" => (union_keeping_old(value, &old.value), said),
            (Some(old), _) if name == DOSAGE => (dosage(&old.value, value), said),
            _ => (value.to_vec(), said),
        };
        // What is deleted takes no other choice with it.
        if !value.is_empty() {
            self.choose(name);
        }
        self.put(name, &value, said);
        true
    }

    /// Sets an element where nothing is known of it.
    pub(super) fn fill(&mut self, name: &str, value: &[u8]) {
        if self.get(name).is_none() {
            let said = self.said(name).unwrap_or(DEFAULT);
            self.put(name, value, said);
        }
    }

    /// Sets an element whatever was said of it.
    pub(super) fn force(&mut self, name: &str, value: &[u8], said: EventTime) {
        let said = self.said(name).map_or(said, |known| known.max(said));
        self.put(name, value, said);
    }

    /// Sets an element where nothing was said of it but in mentions.
    pub(super) fn mention(&mut self, name: &str, value: &[u8], parts: &[Part]) {
        if parts.is_empty() {
            self.set(name, value, DEFAULT);
        } else {
            self.set_fields(name, Element::Set(value), parts, DEFAULT);
        }
    }

    /// Forgets all but one element.
    pub(super) fn keep_only(&mut self, name: &str) {
        self.elements.retain(|known| *known.name == *name);
    }

    /// Goes through what is known.
    pub(super) fn elements(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.known().map(|known| (&*known.name, &*known.value))
    }

    /// Gives about how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let elements = self.elements.iter();
        let bytes = elements.map(|known| known.name.len() + known.value.len());
        bytes.sum()
    }

    /// Deletes parts of an element where nothing newer was said of it.
    pub(super) fn remove_parts(&mut self, name: &str, parts: &[&str], said: EventTime) {
        if self.said(name).is_some_and(|known| known <= said) {
            let value = without_members(self.get(name).unwrap_or_default(), parts);
            self.put(name, &value, said);
        }
    }

    /// Takes over from another identity of the patient, which spoke of them at a time, what is not known here, or in passing only.
    pub(super) fn absorb(&mut self, other: &Self, said: EventTime) {
        for known in &other.elements {
            let own = matches!(known.name.as_ref(), "identifier" | "link" | "active");
            let counts = lent(known.said);
            let is_gap = self.weight(&known.name).is_none_or(|own| own < counts);
            if !own && !known.value.is_empty() && is_gap {
                self.choose(&known.name);
                let mut known = known.clone();
                known.said = counts;
                for field in &mut known.fields {
                    field.said = lent(field.said);
                }
                self.place(known);
            }
        }
        self.lend_identifiers(other.get("identifier").unwrap_or_default(), said);
    }

    /// Gives when what is known of an element, or of another choice of it, was said at the latest.
    fn weight(&self, name: &str) -> Option<EventTime> {
        let is_it = |known: &&Known| *known.name == *name || is_same_choice(&known.name, name);
        self.known().filter(is_it).map(|known| known.said).max()
    }

    /// Takes over from the same visit under another number what is not known here, or known by default only, or in parts.
    fn absorb_stay(&mut self, other: &Self) {
        for known in &other.elements {
            let own = matches!(known.name.as_ref(), "identifier" | "partOf");
            let weaker = |said: EventTime| said == DEFAULT && known.said > DEFAULT;
            let gap = self.get(&known.name).is_none() || self.said(&known.name).is_some_and(weaker);
            let in_parts = IN_PARTS.iter().find(|(whole, _)| *whole == &*known.name);
            if own || known.value.is_empty() {
                continue;
            }
            if gap {
                self.choose(&known.name);
                self.place(known.clone());
            } else if let (Some((_, order)), Some(value)) = (in_parts, self.get(&known.name)) {
                let value = merge_members(order, &known.value, value);
                self.force(&known.name, &value, known.said);
            }
        }
    }

    /// Adds identifiers that are old ones.
    pub(super) fn add_old(&mut self, old_identifiers: &[u8]) {
        let said = self.said("identifier").unwrap_or(DEFAULT);
        let all = union_keeping_old(self.get("identifier").unwrap_or_default(), old_identifiers);
        if !all.is_empty() {
            // Old ones stand behind those whose fields are known.
            let mut known = self.elements.iter();
            let known = known.find(|known| &*known.name == "identifier");
            let fields = known.map_or_else(Vec::new, |known| known.fields.clone());
            self.place(Known {
                name: "identifier".into(),
                value: all.into(),
                said,
                fields,
            });
        }
    }

    /// Rewrites every element, such as what refers to a patient that has a new key.
    pub(super) fn rewrite(&mut self, rewrite: impl Fn(&[u8]) -> Vec<u8>) {
        for known in &mut self.elements {
            known.value = rewrite(&known.value).into();
        }
    }

    /// Gives the whole resource.
    pub(super) fn to_json(&self, resource_type: &str) -> Vec<u8> {
        let known = self.elements.iter();
        let elements = known.map(|known| (&*known.name, &*known.value));
        resource_json(resource_type, &self.id, self.version, elements)
    }

    /// Says whether all that is known is the same; versions aside.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let known = |snapshot| Self::known(snapshot).map(|known| (&known.name, &known.value));
        known(self).eq(known(other))
    }

    fn known(&self) -> impl Iterator<Item = &Known> {
        let elements = self.elements.iter();
        elements.filter(|known| !known.value.is_empty())
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.bytes(self.id.as_bytes());
        out.u32(self.version);
        out.i64(self.as_of.micros());
        out.count(self.elements.len());
        for known in &self.elements {
            known.encode(out);
        }
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            id: fields.text()?.into(),
            version: fields.u32()?,
            as_of: EventTime::from_micros(fields.i64()?),
            elements: fields.list(Known::decode)?,
        })
    }

    /// Drops the other choices of an element that is one of several.
    fn choose(&mut self, name: &str) {
        if let Some(choice) = CHOICES.iter().find(|choice| name.starts_with(**choice)) {
            self.elements
                .retain(|known| &*known.name == name || !known.name.starts_with(choice));
        }
    }

    fn put(&mut self, name: &str, value: &[u8], said: EventTime) {
        self.place(Known {
            name: name.into(),
            value: value.into(),
            said,
            fields: Vec::new(),
        });
    }

    fn place(&mut self, known: Known) {
        let place = |name: &str| (position(name), name.to_owned());
        let here = place(&known.name);
        match self
            .elements
            .binary_search_by_key(&here, |known| place(&known.name))
        {
            Ok(at) => {
                if let Some(old) = self.elements.get_mut(at) {
                    *old = known;
                }
            }
            Err(at) => self.elements.insert(at, known),
        }
    }
}

/// Writes a resource with its version.
pub(super) fn resource_json<'a>(
    resource_type: &str,
    id: &str,
    version: u32,
    elements: impl Iterator<Item = (&'a str, &'a [u8])> + Clone,
) -> Vec<u8> {
    json::object(|resource| {
        resource
            .string("resourceType", resource_type)
            .string("id", id);
        resource.object("meta", |meta| {
            meta.string("versionId", &version.to_string());
            let said = elements.clone().find(|(name, _)| *name == "meta");
            let said = said.and_then(|(_, value)| Raw::read(value).ok());
            for (name, value) in said.into_iter().flat_map(Raw::members).flatten() {
                if !matches!(name, "versionId" | "lastUpdated") {
                    meta.raw(name, value.as_bytes());
                }
            }
        });
        for (name, value) in elements.clone().filter(|(name, _)| *name != "meta") {
            resource.raw(name, value);
        }
    })
}

/// Says whether any content of a document is there, or where it is.
fn contains(content: &[u8]) -> bool {
    let is_there = |one: Raw<'_>| {
        let attachment = one.get("attachment").ok().flatten();
        attachment.is_some_and(|attachment| {
            ["data", "url"]
                .into_iter()
                .any(|name| matches!(attachment.get(name), Ok(Some(_))))
        })
    };
    items(content).any(is_there)
}

/// Says whether an element is one of several of which a resource has one.
fn is_choice(name: &str) -> bool {
    CHOICES.iter().any(|choice| name.starts_with(choice))
}

/// Says whether two elements are of those of which a resource has one.
fn is_same_choice(one: &str, other: &str) -> bool {
    CHOICES
        .iter()
        .any(|choice| one.starts_with(choice) && other.starts_with(choice))
}

/// Where an element stands; one that FHIR R4 has not stands last.
fn position(name: &str) -> (usize, bool) {
    let base = name.strip_prefix('_').unwrap_or(name);
    let at = ORDER
        .split_ascii_whitespace()
        .position(|known| known == base);
    (at.unwrap_or(usize::MAX), base.len() < name.len())
}
