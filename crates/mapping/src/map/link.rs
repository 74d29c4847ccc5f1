//! How resources refer to each other, and the ids that make it possible: derived, so that a resend gives the same.

mod person;

mod place;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use clinical::{EventId, PatientKey};
use formats::fhir::json::Writer;

use super::choose::is_called;
use super::piece::Piece;
use super::primitive;
use super::scope;
use super::write::{Frame, Mapper};
use crate::draft::{Draft, Elements, begin};
use crate::tables::TABLES;
use crate::tables::condition::Condition;
use crate::tables::plan::{Body, From, Map, Node, Row};
use crate::tables::resources::RESOURCES;
use person::People;

/// What the resources of one message refer to.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) patient: Option<PatientKey>,
    /// The event of the message, such as `A01`.
    pub(crate) event: String,
    /// The resources that the message makes.
    pub(crate) made: Vec<Made>,
    /// Their places by type, in the order of their segments: many results ask for what is near.
    pub(super) by_type: BTreeMap<&'static str, Vec<usize>>,
    /// Which of them is being written.
    pub(crate) here: usize,
    /// Whether the message only mentions that one.
    pub(crate) is_mention: bool,
    /// Those whom it names by a number.
    pub(crate) people: People,
}

/// A resource that the message makes.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) resource: &'static str,
    /// The table that writes it.
    pub(crate) table: &'static str,
    pub(crate) id: String,
    /// The segment that it begins with.
    pub(crate) anchor: usize,
    /// The group that this stands in.
    pub(crate) group: usize,
    /// Whether it only speaks of the message.
    pub(crate) of_message: bool,
}

impl Links {
    /// Says whether one of the resources only speaks of the message.
    pub(crate) fn is_of_message(&self, index: usize) -> bool {
        self.made.get(index).is_some_and(|made| made.of_message)
    }

    /// Takes note of where the resources of each type are, once all are planned.
    pub(super) fn index(&mut self) {
        for (index, made) in self.made.iter().enumerate() {
            self.by_type.entry(made.resource).or_default().push(index);
        }
        for places in self.by_type.values_mut() {
            places.sort_by_key(|index| self.made.get(*index).map(|made| made.anchor));
        }
    }

    /// Gives the resources that the one being written may refer to by a name, in the order of their segments: those of
    /// a patient are kept without the message's.
    pub(super) fn others(&self, name: &str) -> impl DoubleEndedIterator<Item = &Made> {
        let of_message = self.is_of_message(self.here);
        let resource = name.split(['-', '@']).next().unwrap_or(name);
        let places = self.by_type.get(resource).map_or(&[][..], Vec::as_slice);
        let others = places.iter().filter(|index| **index != self.here);
        others
            .filter_map(|index| self.made.get(*index))
            .filter(move |made| of_message || !made.of_message)
    }
}

impl Made {
    /// Writes a reference to it.
    pub(crate) fn write_reference(&self, out: &mut Writer) {
        write_reference(out, self.resource, &self.id, "");
    }
}

/// Derives the id of a resource of a patient.
pub(crate) fn id(parts: &[&[u8]]) -> String {
    hex(EventId::derive(parts).as_bytes())
}

/// Writes the bytes of an id.
pub(crate) fn hex(bytes: &[u8; 16]) -> String {
    const fn digit(half: u8) -> u8 {
        half + if half < 10 { b'0' } else { b'a' - 10 }
    }
    let mut text = [0; 32];
    for (digits, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *digits = [digit(byte >> 4), digit(byte & 0xf)];
    }
    let text = std::str::from_utf8(&text);
    text.expect("hexadecimal digits are ASCII").to_owned()
}

/// Gives the types of all resources of patients that messages may make, and of what these refer to.
pub fn resource_types() -> BTreeSet<&'static str> {
    let mut types = BTreeSet::from(["Location"]);
    for row in RESOURCES.iter().filter(|row| !row.of_message) {
        types.insert(row.resource());
        referred(TABLES.resource(row.table), &mut types);
    }
    for nodes in TABLES.data_types() {
        referred(nodes, &mut types);
    }
    types
}

fn referred(nodes: &[Node], types: &mut BTreeSet<&'static str>) {
    for node in nodes {
        match &node.body {
            Body::Leaf(rows) => rows.iter().for_each(|row| referred_by(row, types)),
            Body::Object(nodes) => referred(nodes, types),
            Body::Array(items) => {
                for item in items {
                    match &item.body {
                        Body::Leaf(rows) => rows.iter().for_each(|row| referred_by(row, types)),
                        Body::Object(nodes) => referred(nodes, types),
                        Body::Array(_) => {}
                    }
                }
            }
        }
    }
}

fn referred_by(row: &Row, types: &mut BTreeSet<&'static str>) {
    if let Map::Reference { resource, .. } = row.map {
        types.insert(resource.split('-').next().unwrap_or(resource));
    }
}

/// A piece of the message, and the table and vocabulary that describe a resource by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    start: usize,
    end: usize,
    level: u8,
    table: usize,
    vocabulary: Option<&'static str>,
}

/// What was described, and whether its description met an explicit null.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    of: Described,
    /// Where the reference is among [`Mapper::references`]; nowhere where nothing was described.
    reference: Range<usize>,
    met_null: bool,
}

/// Writes a reference.
fn write_reference(out: &mut Writer, resource: &str, id: &str, display: &str) {
    out.begin_object();
    out.key_raw(b"\"reference\":");
    out.string_of(&[resource, "/", id]);
    if !display.is_empty() {
        out.key_raw(b"\"display\":");
        out.string(display);
    }
    out.end_object();
}

impl<'m> Mapper<'m> {
    /// Finds the resource of a type that the one being written refers to: of the same segment, else of one that
    /// belongs to it, else the nearest.
    pub(crate) fn nearest(&self, resource: &str) -> Option<&Made> {
        let here = self.links.made.get(self.links.here)?;
        let others = || {
            let all = self.links.others(resource);
            all.filter(|made| is_called(made, resource, &self.tree))
        };
        if let Some(same) = others().find(|made| made.anchor == here.anchor) {
            return Some(same);
        }
        let owner = |anchor: usize| {
            self.tree
                .segments
                .get(anchor)
                .and_then(|placed| placed.owner)
        };
        if let Some(follower) = others().find(|made| owner(made.anchor) == Some(here.anchor)) {
            return Some(follower);
        }
        let places: Vec<_> = others()
            .filter(|made| owner(made.anchor).is_none())
            .map(|made| (made.anchor, made.group))
            .collect();
        match scope::nearest(&self.tree, (here.anchor, here.group), &places) {
            Some(found) => others().find(|made| made.anchor == found),
            // All of a message is about one patient, wherever it stands.
            None if resource == "Patient" => others().next(),
            None => None,
        }
    }

    /// Derives the id of a resource that is not a patient's, with the site's secret: registers can be guessed.
    fn register_id(&self, resource: &str, authority: &str, value: &str) -> String {
        let authority = [resource, authority].join("|");
        hex(self.site.patient(&authority, value).as_bytes())
    }

    /// Writes a reference to a resource that is described on the spot, and keeps the resource; nothing where nothing
    /// is described.
    pub(crate) fn reference(
        &mut self,
        table: usize,
        data_type: &'static str,
        resource: &'static str,
        piece: Piece<'m>,
        frame: &Frame<'_, 'm>,
    ) -> Option<()> {
        let range = piece.position();
        let key = Described {
            start: range.start,
            end: range.end,
            level: piece.level(),
            table,
            vocabulary: frame.vocabulary,
        };
        if let Some(known) = self.described.iter().find(|known| known.of == key) {
            self.met_null |= known.met_null;
            let reference = self.references.get(known.reference.clone());
            let reference = reference.unwrap_or_default();
            if reference.is_empty() {
                return None;
            }
            self.out.raw(reference);
            return Some(());
        }
        let met_null = std::mem::take(&mut self.met_null);
        let notes_fields = std::mem::take(&mut self.notes_fields);
        let start = self.out.mark();
        let found = match data_type {
            "PL" => self.place(piece, frame),
            _ => self.describe(table, data_type, resource, piece, frame),
        };
        let before = self.references.len();
        // A comma before it belongs to the list that it stands in.
        let written = self.out.since(start);
        let written = written.strip_prefix(b",").unwrap_or(written);
        self.references.extend_from_slice(written);
        self.described.push(Description {
            of: key,
            reference: before..self.references.len(),
            met_null: self.met_null,
        });
        self.met_null |= met_null;
        self.notes_fields = notes_fields;
        found
    }

    fn describe(
        &mut self,
        table: usize,
        data_type: &'static str,
        resource: &'static str,
        piece: Piece<'m>,
        frame: &Frame<'_, 'm>,
    ) -> Option<()> {
        // `Organization-Sender` is another table of the same resource.
        let resource = resource.split('-').next().unwrap_or(resource);
        let known = match resource {
            // What somebody does somewhere is named by all that is said of it.
            "PractitionerRole" => piece
                .text()
                .map(|text| (Cow::Borrowed(&*self.source.name), text)),
            _ => self.identifier(data_type, piece),
        };
        let id = match &known {
            Some((authority, value)) => {
                let people = &mut self.links.people;
                let name = people.tell_apart(data_type, (authority, value), piece);
                match &*name {
                    "" => self.register_id(resource, authority, value),
                    name => self.register_id(resource, authority, &[value, name].concat()),
                }
            }
            // Who is known by a name alone is somebody of this patient's record: elsewhere, the name may be another's.
            None => {
                let patient = self.links.patient?;
                id(&[patient.as_bytes(), resource.as_bytes(), piece.raw()])
            }
        };
        let nodes = self.tables.data_type(table);
        let is_kept = self.register(resource, &id, known.is_some(), |this| {
            this.elements_of(nodes, frame)
        });
        if !is_kept {
            return None;
        }
        let display = display(data_type, piece);
        write_reference(&mut self.out, resource, &id, &display);
        Some(())
    }

    /// Finds what names a resource of a register: authority and value.
    fn identifier(
        &self,
        data_type: &str,
        piece: Piece<'m>,
    ) -> Option<(Cow<'m, str>, Cow<'m, str>)> {
        let parts = piece.split();
        let text = |number: usize| parts.of(piece, number)?.first().text();
        let (authority, value) = match data_type {
            "XCN" | "CNN" => (text(9), text(1)?),
            "XON" => match text(10).or_else(|| text(3)) {
                Some(value) => (text(6), value),
                None => (None, text(1)?),
            },
            "HD" => (None, text(1).or_else(|| text(2))?),
            _ => (text(3), text(1).or_else(|| text(2))?),
        };
        let authority = authority.unwrap_or(Cow::Borrowed(self.source.default_authority()));
        Some((authority, value))
    }

    /// Writes a resource that others refer to while another is being written, and keeps it where it is new and
    /// something is said of it or `even_empty`; says whether it is kept.
    fn register(
        &mut self,
        resource: &'static str,
        id: &str,
        even_empty: bool,
        write: impl FnOnce(&mut Self) -> Elements,
    ) -> bool {
        let spare = self.spare.pop().unwrap_or_default();
        let outer = std::mem::replace(&mut self.out, spare);
        begin(&mut self.out, resource, id);
        let elements = write(self);
        self.out.end_object();
        let is_kept = even_empty || !elements.is_empty();
        if is_kept {
            let (id, time) = (id.into(), self.message_time);
            let known = |draft: &&mut Draft| draft.resource_type == resource && draft.id == id;
            let draft = Draft::written(resource, id.clone(), time, &self.out, elements);
            match self.drafts.iter_mut().find(known) {
                // Another field of the message may say more of it.
                Some(known) => known.add(&draft),
                None => self.drafts.push(draft),
            }
        }
        self.spare.push(std::mem::replace(&mut self.out, outer));
        is_kept
    }
}

/// A row to mark with where code reads what no row names.
fn marker(id: u32) -> Row {
    Row {
        id,
        from: From::Whole,
        map: Map::Computed(""),
        when: Condition::default(),
        vocabulary: None,
        standing: Box::default(),
    }
}

fn display<'m>(data_type: &str, piece: Piece<'m>) -> Cow<'m, str> {
    let parts = piece.split();
    let text = |number: usize| parts.of(piece, number)?.first().text();
    let order: &[usize] = match data_type {
        "XCN" | "CNN" => &[6, 3, 4, 2, 5],
        "CWE" => return text(2).or_else(|| text(1)).unwrap_or_default(),
        "NDL" => {
            let name = piece.part(1).map(|name| display("CNN", name));
            return name.unwrap_or_default();
        }
        "DLD" => return primitive_words(piece),
        _ => return text(1).or_else(|| text(2)).unwrap_or_default(),
    };
    let mut all = String::new();
    for text in order.iter().filter_map(|number| text(*number)) {
        if all.is_empty() {
            all.reserve(NAME_BYTES_USUAL);
        } else {
            all.push(' ');
        }
        all.push_str(&text);
    }
    if all.is_empty() {
        text(1).unwrap_or_default()
    } else {
        Cow::Owned(all)
    }
}

/// What most names have room in.
const NAME_BYTES_USUAL: usize = 48;

fn primitive_words(piece: Piece<'_>) -> Cow<'_, str> {
    let part = piece.part(1);
    part.and_then(primitive::spaced).unwrap_or_default()
}
