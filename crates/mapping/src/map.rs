//! One message to the resources that it states: runs the tables over its groups and derives the ids.

pub(crate) mod group;

pub(crate) mod scope;

mod naming;

pub(crate) mod piece;

pub(crate) mod clock;

pub(crate) mod frame;

pub(crate) mod write;

pub(crate) mod fit;

mod parts;

pub(crate) mod primitive;

pub(crate) mod link;

pub(crate) mod choose;

pub(crate) mod computed;

mod local;

pub(crate) mod language;

pub(crate) mod result;

pub(crate) mod relation;

use clinical::{EventId, EventTime, PatientKey, ReceivedTime, RecordedTime, SiteKey};
use formats::fhir::json::Writer;
use formats::hl7v2::{Message, Repetition, Timestamp};

use crate::coverage::Coverage;
use crate::draft::{self, Draft, Effect, Element, Elements, Says, Stated};
use crate::identity::{self, Subjects};
use crate::issue::{Issue, IssueCode};
use crate::source::Source;
use crate::tables::TABLES;
use crate::tables::plan::From;
use crate::tables::resources::{FieldName, RESOURCES, ResourceRow};
use clock::Clock;
use group::{Group, Tree};
use link::{Links, Made};
use naming::{ORDER_NUMBERS, named_by, nobody};

pub use clock::offsets;
pub use link::resource_types;
use piece::Piece;
use relation::{Related, relate};
use write::{Frame, Mapper};

/// What a message says, in FHIR.
#[derive(Debug)]
pub struct Mapped {
    /// Whom it is about; of several, nothing more is mapped: [`identity::split`] it first. What is said of nobody
    /// is mapped under ids of this message alone, and is not to be mixed with anybody's.
    pub subjects: Subjects,
    /// The resources as it states them: what others refer to comes first.
    pub drafts: Vec<Draft>,
    /// Of results whose code is in two codings, the id, and the one that it has where the other coding comes first.
    pub others: Vec<(Box<str>, Box<str>)>,
    /// The resources that speak of the message itself: who sent it, and what made FHIR of it.
    pub exchange: Vec<Draft>,
    /// Of a merge, the identifiers of the identity that goes: a JSON array of Identifier; else nothing.
    pub retired_identifiers: Box<[u8]>,
    /// What of it was mapped.
    pub coverage: Coverage,
    /// What was doubtful.
    pub issues: Vec<Issue>,
}

/// Maps a message; where it does not say when it was made, the time it was received stands in.
pub fn map(
    message: &Message<'_>,
    source: &Source,
    site: &SiteKey,
    received: ReceivedTime,
) -> Mapped {
    let subjects = identity::subjects(message, source);
    let key = match &subjects {
        Subjects::One(patient)
        | Subjects::Merge {
            survivor: patient, ..
        } => patient.key(site),
        Subjects::None => nobody(message, source, site),
        Subjects::Several(_) => {
            return Mapped {
                subjects,
                drafts: Vec::new(),
                others: Vec::new(),
                exchange: Vec::new(),
                retired_identifiers: Box::default(),
                coverage: Coverage::default(),
                issues: Vec::new(),
            };
        }
    };
    map_for(message, source, site, received, (subjects, key))
}

/// Maps a message of one patient as if that patient were known by another key: the ids are those that the resources of the
/// other identity have.
pub fn map_as(
    message: &Message<'_>,
    source: &Source,
    site: &SiteKey,
    received: ReceivedTime,
    patient: PatientKey,
) -> Vec<Draft> {
    let subjects = identity::subjects(message, source);
    map_for(message, source, site, received, (subjects, patient)).drafts
}

fn map_for(
    message: &Message<'_>,
    source: &Source,
    site: &SiteKey,
    received: ReceivedTime,
    (subjects, patient): (Subjects, PatientKey),
) -> Mapped {
    let mut mapping = Mapping::new(message, source, site, received, patient);
    let mut exchange = mapping.run();
    let mut retired_identifiers = Box::default();
    if let Subjects::Merge { .. } = &subjects {
        retired_identifiers = mapping.retired_identifiers();
        exchange = mapping.unknown(exchange);
    }
    let Mapping {
        mapper,
        mut drafts,
        others,
        ..
    } = mapping;
    let related = Related {
        message,
        source,
        site,
        subjects: &subjects,
        key: patient,
        retired_identifiers: &retired_identifiers,
    };
    relate(&related, &mut drafts);
    Mapped {
        subjects,
        drafts,
        others,
        exchange,
        retired_identifiers,
        coverage: Coverage::new(mapper.marks, mapper.issues.clone(), mapper.links.made),
        issues: mapper.issues,
    }
}

/// When a message was made (MSH-7), by the sender's clock; nothing where it does not say.
pub fn message_time(message: &Message<'_>, source: &Source) -> Option<EventTime> {
    let time = message.header()?.time()?.ok()?;
    Clock::new(source, Some(&time))
        .micros(&time)
        .map(EventTime::from_micros)
}

struct Mapping<'m> {
    mapper: Mapper<'m>,
    patient: PatientKey,
    /// When the source stored what it says, unless a resource says so itself.
    recorded: Option<RecordedTime>,
    /// The ids so far, and how many more resources have the same names.
    met: Vec<(EventId, u32)>,
    /// Memory for the names of a resource.
    names: Vec<u8>,
    drafts: Vec<Draft>,
    /// See [`Mapped::others`].
    others: Vec<(Box<str>, Box<str>)>,
}

/// A resource that the message makes, before it is written.
struct Planned<'m> {
    row: &'static ResourceRow,
    segments: Group<'m>,
    /// The group of the message that it stands in.
    at: usize,
    /// The repetition of a field that it is made of.
    repetition: Option<Repetition<'m>>,
    time: Option<i64>,
}

impl<'m> Planned<'m> {
    fn frame(&self) -> Frame<'_, 'm> {
        let named = self.row.field.zip(self.repetition);
        Frame {
            repetition: named.map(|(field, repetition)| (self.row.anchor, field, repetition)),
            ..Frame::new(&self.segments, self.at)
        }
    }
}

impl<'m> Mapping<'m> {
    fn new(
        message: &'m Message<'m>,
        source: &'m Source,
        site: &'m SiteKey,
        received: ReceivedTime,
        patient: PatientKey,
    ) -> Self {
        let header = message.header();
        let time = header.and_then(|header| header.time()).and_then(Result::ok);
        let clock = Clock::new(source, time.as_ref());
        let message_time = time.as_ref().and_then(|time| clock.micros(time));
        let event = header.map(|header| header.trigger_event().trim().to_owned());
        let mut mapper = Mapper {
            source,
            site,
            tables: &TABLES,
            clock,
            message_time: EventTime::from_micros(message_time.unwrap_or(received.micros())),
            received,
            tree: Tree::of(message),
            links: Links {
                patient: Some(patient),
                event: event.unwrap_or_default(),
                ..Links::default()
            },
            out: Writer::with_capacity(RESOURCE_BYTES_USUAL),
            spare: vec![Writer::with_capacity(RESOURCE_BYTES_USUAL)],
            drafts: Vec::with_capacity(MADE_USUAL),
            marks: Vec::with_capacity(message.bytes().len() / MARKED_BYTES_USUAL),
            issues: Vec::new(),
            notes_fields: false,
            met_null: false,
            met_value: false,
            described: Vec::with_capacity(MADE_USUAL),
            references: Vec::with_capacity(MADE_USUAL * 128),
        };
        if message_time.is_none() {
            mapper.doubt(IssueCode::MessageNotDated, None);
        }
        Self {
            mapper,
            patient,
            recorded: message_time.map(RecordedTime::from_micros),
            met: Vec::with_capacity(MADE_USUAL),
            names: Vec::new(),
            drafts: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Writes the resources of the patient; what speaks of the message only comes last, and is given apart.
    fn run(&mut self) -> Vec<Draft> {
        let shared = scope::shared(&self.mapper.tree);
        let stored = self.time(Frame::new(&shared, 0), &STORED);
        self.recorded = stored.map(RecordedTime::from_micros).or(self.recorded);
        let mut planned = self.plan(&shared);
        for of_message in [false, true] {
            if of_message {
                let registered = std::mem::take(&mut self.mapper.drafts);
                let patients = std::mem::replace(&mut self.drafts, registered);
                self.drafts.extend(patients);
            }
            let own = self.drafts.len();
            for (index, resource) in planned.iter_mut().enumerate() {
                if self.mapper.links.is_of_message(index) == of_message {
                    self.mapper.links.here = index;
                    self.mapper.links.is_mention = resource.row.is_mention;
                    self.write(resource);
                    // A large message makes so many that their segments would weigh more than what is written.
                    resource.segments = Group::default();
                }
            }
            if of_message {
                let mut exchange = std::mem::take(&mut self.mapper.drafts);
                exchange.extend(self.drafts.drain(own..));
                return self.unknown(exchange);
            }
        }
        Vec::new()
    }

    /// Adds what is said of resources that the patient's refer to already, such as who sent the message, and gives the
    /// others back.
    fn unknown(&mut self, mut drafts: Vec<Draft>) -> Vec<Draft> {
        drafts.retain(|draft| {
            let same = |known: &&mut Draft| {
                known.id == draft.id && known.resource_type == draft.resource_type
            };
            match self.drafts.iter_mut().find(same) {
                Some(known) => {
                    known.add(draft);
                    false
                }
                None => true,
            }
        });
        drafts
    }

    /// Finds which resources the message makes, and their ids, so that they can refer to each other in any order.
    fn plan(&mut self, shared: &Group<'m>) -> Vec<Planned<'m>> {
        let mut all = Vec::with_capacity(MADE_USUAL);
        for row in RESOURCES.iter() {
            let mut from = 0;
            while let Some(anchor) = self.mapper.tree.next_named(row.anchor, from) {
                if from == 0 && !row.is_in(self.mapper.tree.structure) {
                    break;
                }
                from = anchor + 1;
                let Some(placed) = self.mapper.tree.segments.get(anchor).copied() else {
                    break;
                };
                let segments = scope::segments(&self.mapper.tree, row, anchor, shared);
                let Some(field) = row.field else {
                    all.extend(self.make(row, anchor, segments, None));
                    continue;
                };
                for repetition in placed.segment.field(field).repetitions() {
                    if Piece::Repetition(repetition).is_valued() {
                        all.extend(self.make(row, anchor, segments.clone(), Some(repetition)));
                    }
                }
            }
        }
        self.mapper.links.index();
        all
    }

    /// Plans one resource, if it is to be made.
    fn make(
        &mut self,
        row: &'static ResourceRow,
        anchor: usize,
        segments: Group<'m>,
        repetition: Option<Repetition<'m>>,
    ) -> Option<Planned<'m>> {
        let at = self.mapper.tree.segments.get(anchor)?.group;
        let mut planned = Planned {
            row,
            segments,
            at,
            repetition,
            time: None,
        };
        let frame = planned.frame();
        if !self.mapper.satisfies(&row.when, From::Whole, &frame) {
            return None;
        }
        let time = self.time(frame, &row.time);
        let (id, is_unnamed) = self.name(row, frame, time);
        self.note_other(row, frame, time, &id);
        planned.time = time;
        self.mapper.links.made.push(Made {
            resource: row.resource(),
            table: row.table,
            id,
            anchor,
            group: at,
            of_message: row.of_message || is_unnamed,
        });
        Some(planned)
    }

    /// Gives the first of some fields that is a time, in microseconds.
    fn time(&self, frame: Frame<'_, 'm>, fields: &[FieldName]) -> Option<i64> {
        fields.iter().find_map(|name| {
            let piece = frame
                .field(name.segment, name.field, name.component)?
                .first();
            let time = Timestamp::parse(piece.raw()).ok()?;
            self.mapper.clock.micros(&time)
        })
    }

    /// Says whether the message is not about the stay, so that PV1 only fills what is not known.
    fn fills(&self) -> bool {
        let row = self.mapper.tables.event(&self.mapper.links.event);
        row.is_none_or(|row| row.fills)
    }

    fn write(&mut self, planned: &Planned<'m>) {
        let Planned { row, time, .. } = planned;
        let frame = planned.frame();
        let id = self.mapper.links.made.get(self.mapper.links.here);
        let id: Box<str> = id.map_or_else(Box::default, |made| made.id.as_str().into());
        draft::begin(&mut self.mapper.out, row.resource(), &id);
        let mut elements = self.mapper.elements(row.table, &frame);
        self.mapper.out.end_object();
        let mut effect = match row.is_mention {
            true => Effect::Mention,
            false => Effect::State,
        };
        match row.resource() {
            "Patient" => {
                let has = |name: &str| elements.iter().any(|known| known.name == name);
                if has("birthDate") && !has("_birthDate") {
                    // The time of another birth date is not that of this one.
                    elements.push(Stated::clear("_birthDate"));
                }
                // Whoever does not register patients does nothing to them.
                if !row.is_mention {
                    let event = self.mapper.tables.event(&self.mapper.links.event);
                    effect = event.map_or(Effect::State, |event| event.person);
                }
            }
            "Encounter" => effect = self.stay(&mut elements),
            "Observation" => {
                let code = frame.field("OBX", 3, None);
                if time.is_none() {
                    self.mapper.doubt(IssueCode::NotDated, code);
                }
                if !ORDER_NUMBERS
                    .iter()
                    .any(|name| named_by(frame, *name).is_some())
                {
                    self.mapper.doubt(IssueCode::OrderNotIdentified, code);
                }
                let status = frame.field("OBX", 11, None).map_or(&b""[..], Piece::raw);
                if matches!(status, b"D" | b"W") {
                    effect = Effect::Delete;
                }
            }
            _ => {}
        }
        let same = |known: &Draft| known.id == id && known.resource_type == row.resource();
        if row.is_mention && self.drafts.iter().any(same) {
            return;
        }
        let stored = self
            .time(frame, &row.recorded)
            .map(RecordedTime::from_micros);
        let said = self.mapper.message_time;
        let at = time.map_or(said, EventTime::from_micros);
        let at = if row.may_lie_ahead { at.min(said) } else { at };
        let mut draft = Draft::written(row.resource(), id, at, &self.mapper.out, elements);
        draft.recorded = stored.or(self.recorded);
        draft.effect = effect;
        self.drafts.push(draft);
    }

    /// Says what the event does to the stay; of one that is not about it, nothing replaces what is known.
    fn stay(&mut self, elements: &mut Elements) -> Effect {
        if self.fills() {
            elements.retain(|stated| stated.says != Says::Clear);
            for stated in elements {
                stated.says = Says::Default;
            }
        }
        let row = self.mapper.tables.event(&self.mapper.links.event);
        row.map_or(Effect::State, |row| row.stay)
    }

    fn retired_identifiers(&mut self) -> Box<[u8]> {
        let mut shared = scope::shared(&self.mapper.tree);
        let merges = self
            .mapper
            .tree
            .segments
            .iter()
            .map(|placed| placed.segment);
        shared
            .0
            .extend(merges.filter(|segment| segment.name() == b"MRG"));
        draft::begin(&mut self.mapper.out, "Merge", "");
        let elements = self.mapper.elements("Merge", &Frame::new(&shared, 0));
        let at = self.mapper.message_time;
        let merge = Draft::written("Merge", Box::default(), at, &self.mapper.out, elements);
        // Who gave those identifiers may be named nowhere else.
        let registered = std::mem::take(&mut self.mapper.drafts);
        let registered = self.unknown(registered);
        self.drafts.splice(0..0, registered);
        let found = merge.elements().find_map(|(_, element)| match element {
            Element::Set(bytes) => Some(bytes.into()),
            Element::Default(_) | Element::Clear => None,
        });
        found.unwrap_or_default()
    }
}

/// When the source stored what a message says.
const STORED: [FieldName; 1] = [FieldName::of("EVN", 2)];

/// What most messages make no more of.
const MADE_USUAL: usize = 32;
/// What most resources have room in.
const RESOURCE_BYTES_USUAL: usize = 2048;
/// How many bytes of a message there are for each piece of it that is mapped.
const MARKED_BYTES_USUAL: usize = 6;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) mod corpus;
