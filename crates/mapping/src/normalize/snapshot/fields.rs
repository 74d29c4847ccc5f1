//! Lists whose entries come from several fields of a message: a field that is left empty leaves what it gave.

use clinical::EventTime;
use formats::fhir::read::Raw;

use super::super::bytes::{Decoder, Encoder};
use super::super::splice::{
    is_old, is_same_identifier, items, list, member, merge_members, union_keeping_old,
};
use super::person::IDENTIFIER;
use super::{CONTENT, DEFAULT, Field, Known, RESULTS, Snapshot};
use crate::draft::{Element, Part};

/// The one list whose entries are made of several segments each.
pub(super) const DOSAGE: &str = "dosageInstruction";
/// What the name of a list begins with in stored state where the fields of its entries are stored, too.
const WITH_FIELDS: &str = "\u{1}";
/// Where a patient is, and what was said of the way there: it says nothing of the next one.
const PLACE: &str = "PV1-3";
const ON_THE_WAY: [&str; 3] = ["PV1-6", "PV1-11", "PV1-43"];
/// Where a patient is to go.
const NEXT_PLACE: &str = "PV1-42";

/// Entries of one field, and when they were said.
type Entries<'a> = (&'a Part, EventTime, Vec<Raw<'a>>);

impl Snapshot {
    /// Sets the entries of a list that come from some fields, of each where nothing newer was said of it.
    pub(super) fn set_fields(
        &mut self,
        name: &str,
        element: Element<'_>,
        parts: &[Part],
        said: EventTime,
    ) {
        let value = match element {
            Element::Set(value) | Element::Default(value) => value,
            Element::Clear => b"",
        };
        let mentioned = match name {
            IDENTIFIER => self.take_mentioned(),
            _ => Vec::new(),
        };
        match element {
            Element::Default(_) if name == DOSAGE => self.fill(name, value),
            _ if matches!(name, DOSAGE | RESULTS | CONTENT) => _ = self.set(name, value, said),
            Element::Default(_) => {
                let is_known = |part: &Part| self.is_known(name, &part.field);
                let (value, parts) = without(value, parts, is_known);
                self.merge_fields(name, &value, &parts, DEFAULT);
            }
            _ => self.merge_fields(name, value, parts, said),
        }
        if !mentioned.is_empty() {
            self.add_mentioned(mentioned);
        }
    }

    /// Says whether anything was said of the entries of a list that come from a field.
    fn is_known(&self, name: &str, field: &str) -> bool {
        let old = self.elements.iter().find(|known| &*known.name == name);
        let Some(old) = old else {
            return self.all_else().is_some();
        };
        let mut fields = old.fields.iter();
        old.fields.is_empty() || fields.any(|known| *known.part.field == *field)
    }

    fn merge_fields(&mut self, name: &str, value: &[u8], parts: &[Part], said: EventTime) {
        if parts.is_empty() {
            return;
        }
        let old = self.elements.iter().find(|known| &*known.name == name);
        let known = old.filter(|old| !old.fields.is_empty());
        if known.is_none() && self.said(name).is_some_and(|old| said < old) {
            return;
        }
        let floor = self.all_else().map(|all| all.said);
        let newest = |field: &str| {
            let fields = known.into_iter().flat_map(|known| &known.fields);
            let same = fields.filter(|known| *known.part.field == *field);
            same.map(|known| known.said).max().or(floor)
        };
        let wins = |part: &Part| newest(&part.field).is_none_or(|known| known <= said);
        let stays = |field: &Field| {
            let mut others = parts.iter().filter(|part| wins(part));
            !others.any(|part| part.field == field.part.field)
        };
        let old_value = old.map_or(&b""[..], |old| &old.value);
        let known_fields = known.map_or(&[][..], |known| &known.fields);
        let (stood, rest) = entries(
            old_value,
            known_fields.iter().map(|field| (&field.part, field.said)),
        );
        let (stated, other) = entries(value, parts.iter().map(|part| (part, said)));
        let before = known_fields.iter().zip(stood);
        let before = before.filter(|(field, _)| stays(field));
        let mut all: Vec<Entries<'_>> = before.map(|(_, entries)| entries).collect();
        all.extend(stated.into_iter().filter(|(part, ..)| wins(part)));
        if name == "location" {
            let is_said = |field: &str| parts.iter().any(|part| *part.field == *field);
            leave_behind(&mut all, known_fields, old_value, is_said);
        }
        all.sort_by_key(|(part, ..)| part.at);
        let is_newer = old.is_none_or(|old| said >= old.said);
        let rest = match is_newer {
            true if name == IDENTIFIER => behind_old(&rest, other, &all),
            true => other,
            false => rest,
        };
        let of_fields = all.iter().flat_map(|(.., raw)| raw);
        let value = list(of_fields.chain(&rest).map(|entry| entry.as_bytes()));
        let value = match name {
            IDENTIFIER => union_keeping_old(&value, old_value),
            _ => value,
        };
        let fields = all.iter().map(|(part, said, _)| Field {
            part: (*part).clone(),
            said: *said,
        });
        let now = Known {
            name: name.into(),
            fields: fields.collect(),
            value: value.into(),
            said: old.map_or(said, |old| old.said.max(said)),
        };
        self.place(now);
    }
}

impl Known {
    pub(super) fn encode(&self, out: &mut Encoder) {
        if self.fields.is_empty() {
            out.bytes(self.name.as_bytes());
        } else {
            out.bytes(format!("{WITH_FIELDS}{}", self.name).as_bytes());
        }
        out.bytes(&self.value);
        out.i64(self.said.micros());
        if !self.fields.is_empty() {
            out.count(self.fields.len());
            for field in &self.fields {
                field.part.encode(out);
                out.i64(field.said.micros());
            }
        }
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        let name = fields.text()?;
        let of_fields = name.strip_prefix(WITH_FIELDS);
        Some(Self {
            name: of_fields.unwrap_or(name).into(),
            value: fields.bytes()?.into(),
            said: EventTime::from_micros(fields.i64()?),
            fields: match of_fields {
                None => Vec::new(),
                Some(_) => fields.list(|f| {
                    Some(Field {
                        part: Part::decode(f)?,
                        said: EventTime::from_micros(f.i64()?),
                    })
                })?,
            },
        })
    }
}

impl Part {
    pub(super) fn encode(&self, out: &mut Encoder) {
        out.byte(self.at);
        out.bytes(self.field.as_bytes());
        out.count(self.count);
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            at: fields.byte()?,
            field: fields.text()?.into(),
            count: usize::try_from(fields.u32()?).ok()?,
        })
    }
}

/// Gives the entries of a list by the fields that they come from, and those that come from none.
fn entries<'a>(
    list: &'a [u8],
    parts: impl Iterator<Item = (&'a Part, EventTime)>,
) -> (Vec<Entries<'a>>, Vec<Raw<'a>>) {
    let mut items = items(list);
    let of_fields = parts
        .map(|(part, said)| (part, said, items.by_ref().take(part.count).collect()))
        .collect();
    (of_fields, items.collect())
}

/// Gives a list without the entries of some fields, and the fields of the others.
fn without(value: &[u8], parts: &[Part], is_known: impl Fn(&Part) -> bool) -> (Vec<u8>, Vec<Part>) {
    let (of_fields, rest) = entries(value, parts.iter().map(|part| (part, DEFAULT)));
    let others = of_fields.iter().filter(|(part, ..)| !is_known(part));
    let fields = others.clone().map(|(part, ..)| (*part).clone()).collect();
    let others = others.flat_map(|(.., raw)| raw);
    let value = list(others.chain(&rest).map(|entry| entry.as_bytes()));
    (value, fields)
}

/// Gives identifiers behind the old ones that are known, which keep their places; none that is in use again.
fn behind_old<'a>(known: &[Raw<'a>], said: Vec<Raw<'a>>, used: &[Entries<'a>]) -> Vec<Raw<'a>> {
    let used = used.iter().flat_map(|(.., raw)| raw);
    let used = used.chain(said.iter().filter(|one| !is_old(**one)));
    let used: Vec<Raw<'a>> = used.copied().collect();
    let known = known
        .iter()
        .filter(|one| is_old(**one) && !used.iter().any(|other| is_same_identifier(**one, *other)));
    let mut all: Vec<Raw<'a>> = known.copied().collect();
    for one in said {
        if !all.iter().any(|other| is_same_identifier(one, *other)) {
            all.push(one);
        }
    }
    all
}

/// Where the patient is elsewhere than before, leaves out what was said of the way to that place, and that they were to go where
/// they are now.
fn leave_behind(
    all: &mut Vec<Entries<'_>>,
    known: &[Field],
    old_value: &[u8],
    is_said: impl Fn(&str) -> bool,
) {
    let (before, _) = entries(
        old_value,
        known.iter().map(|field| (&field.part, field.said)),
    );
    let places = |entries: &[Entries<'_>], field: &str| {
        let of_field = entries.iter().filter(|(part, ..)| *part.field == *field);
        let places = of_field
            .flat_map(|(.., raw)| raw)
            .filter_map(|raw| Some(member(*raw, "location")?.as_bytes().to_vec()));
        places.collect::<Vec<_>>()
    };
    let here = places(all, PLACE);
    let was = places(&before, PLACE);
    let moves = !was.is_empty() && !here.is_empty() && here != was;
    let arrives = places(all, NEXT_PLACE)
        .iter()
        .any(|next| here.contains(next));
    all.retain(|(part, ..)| {
        let field = &*part.field;
        let is_over = moves && ON_THE_WAY.contains(&field) || arrives && field == NEXT_PLACE;
        !is_over || is_said(field)
    });
}

/// Gives how a drug is to be given: where that is said once before and now, what is not said anew stays.
pub(super) fn dosage(before: &[u8], now: &[u8]) -> Vec<u8> {
    let one = |list| {
        let mut items = items(list);
        let first = items.next();
        first.filter(|_| items.next().is_none())
    };
    match (one(before), one(now)) {
        (Some(before), Some(now)) => {
            let merged = merge_members("", before.as_bytes(), now.as_bytes());
            list([&*merged])
        }
        _ => now.to_vec(),
    }
}
