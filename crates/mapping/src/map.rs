//! One message to the resources that it states: runs the tables over its groups and derives the ids.

pub(crate) mod group;

pub(crate) mod piece;

pub(crate) mod clock;

pub(crate) mod write;

pub(crate) mod primitive;

pub(crate) mod link;

pub(crate) mod computed;

pub(crate) mod result;

use std::collections::BTreeMap;

use clinical::{EventTime, PatientKey, ReceivedTime, RecordedTime, SiteKey};
use formats::hl7v2::{Message, Timestamp};

use crate::coverage::Coverage;
use crate::draft::{Draft, Effect, Element};
use crate::identity::{self, PatientIdentifier, Subjects};
use crate::issue::{Issue, IssueCode};
use crate::source::Source;
use crate::tables::TABLES;
use clock::Clock;
use group::{Group, Groups, Order};
use link::Links;
use piece::Piece;
use write::{Frame, Mapper};

/// What a message says, in FHIR.
#[derive(Debug)]
pub struct Mapped {
    /// Whom it is about; of several, nothing more is mapped: [`identity::split`] it first.
    pub subjects: Subjects,
    /// The resources as it states them: what others refer to comes first.
    pub drafts: Vec<Draft>,
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
    let whom: Option<&PatientIdentifier> = match &subjects {
        Subjects::One(patient)
        | Subjects::Merge {
            survivor: patient, ..
        } => Some(patient),
        Subjects::None | Subjects::Several(_) => None,
    };
    let Some(patient) = whom.map(|patient| patient.key(site)) else {
        return Mapped {
            subjects,
            drafts: Vec::new(),
            retired_identifiers: Box::default(),
            coverage: Coverage::default(),
            issues: Vec::new(),
        };
    };
    let mut mapping = Mapping::new(message, source, site, received, patient);
    mapping.run();
    let retired_identifiers = match &subjects {
        Subjects::Merge { .. } => mapping.retired_identifiers(),
        Subjects::None | Subjects::One(_) | Subjects::Several(_) => Box::default(),
    };
    let Mapping { mapper, drafts, .. } = mapping;
    let mut all = mapper.drafts;
    all.extend(drafts);
    Mapped {
        subjects,
        drafts: all,
        retired_identifiers,
        coverage: Coverage::new(mapper.marks, mapper.issues.clone()),
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
    groups: Groups<'m>,
    patient: PatientKey,
    recorded: Option<RecordedTime>,
    /// How many reports and results of this message have the same names so far.
    met: BTreeMap<Vec<u8>, u32>,
    drafts: Vec<Draft>,
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
            links: Links {
                patient: Some(patient),
                event: event.unwrap_or_default(),
                ..Links::default()
            },
            drafts: Vec::new(),
            marks: Vec::new(),
            issues: Vec::new(),
            met_null: false,
            described: BTreeMap::new(),
        };
        if message_time.is_none() {
            mapper.doubt(IssueCode::MessageNotDated, None);
        }
        Self {
            mapper,
            groups: Groups::of(message),
            patient,
            recorded: message_time.map(RecordedTime::from_micros),
            met: BTreeMap::new(),
            drafts: Vec::new(),
        }
    }

    fn run(&mut self) {
        let shared = self.groups.shared.clone();
        let frame = Frame::new(&shared);
        self.recorded = self
            .time(frame, &[("EVN", 2)])
            .map(RecordedTime::from_micros)
            .or(self.recorded);
        self.patient(frame);
        self.encounter(frame);
        let orders = std::mem::take(&mut self.groups.orders);
        for order in &orders {
            self.order(order, &shared);
        }
        self.provenance(frame);
    }

    /// Gives the first of some fields that is a time, in microseconds.
    fn time(&self, frame: Frame<'_, 'm>, fields: &[(&'static str, usize)]) -> Option<i64> {
        fields.iter().find_map(|(segment, field)| {
            let piece = frame.field(segment, *field, None)?.first();
            let time = Timestamp::parse(piece.raw()).ok()?;
            self.mapper.clock.micros(&time)
        })
    }

    fn occurred(&self, frame: Frame<'_, 'm>) -> EventTime {
        let micros = self.time(frame, &[("EVN", 6), ("EVN", 2)]);
        micros.map_or(self.mapper.message_time, EventTime::from_micros)
    }

    fn push(
        &mut self,
        resource_type: &'static str,
        id: String,
        elements: Vec<(Box<str>, Element)>,
        event_time: EventTime,
        effect: Effect,
    ) {
        self.mapper
            .links
            .targets
            .push(format!("{resource_type}/{id}"));
        self.drafts.push(Draft {
            resource_type,
            id: id.into(),
            elements,
            event_time,
            recorded: self.recorded,
            effect,
        });
    }

    fn patient(&mut self, frame: Frame<'_, 'm>) {
        let mut elements = self.mapper.elements("Patient", &frame);
        let has = |name: &str| elements.iter().any(|(known, _)| &**known == name);
        if has("birthDate") && !has("_birthDate") {
            // The time of another birth date is not that of this one.
            elements.push(("_birthDate".into(), Element::Clear));
        }
        let id = link::hex(self.patient.as_bytes());
        let time = self.occurred(frame);
        self.push("Patient", id, elements, time, Effect::State);
    }

    fn retired_identifiers(&mut self) -> Box<[u8]> {
        let shared = self.groups.shared.clone();
        let elements = self.mapper.elements("Merge", &Frame::new(&shared));
        let found = elements.into_iter().find_map(|(_, element)| match element {
            Element::Set(bytes) => Some(bytes),
            Element::Default(_) | Element::Clear => None,
        });
        found.unwrap_or_default()
    }

    fn encounter(&mut self, frame: Frame<'_, 'm>) {
        if frame.segments("PV1").next().is_none() {
            return;
        }
        let row = self.mapper.tables.event(&self.mapper.links.event);
        let (fills, effect) = row.map_or((true, ""), |row| (row.fills, row.effect));
        let Some(id) = self.encounter_id(frame, fills) else {
            return;
        };
        self.mapper.links.encounter = Some(id.clone());
        let mut elements = self.mapper.elements("Encounter", &frame);
        if fills {
            for (_, element) in &mut elements {
                if let Element::Set(bytes) = element {
                    *element = Element::Default(std::mem::take(bytes));
                }
            }
            elements.retain(|(_, element)| !matches!(element, Element::Clear));
        }
        let effect = match effect {
            "cancel-admit" => Effect::CancelAdmit,
            "cancel-transfer" => Effect::CancelTransfer,
            "cancel-discharge" => Effect::CancelDischarge,
            _ => Effect::State,
        };
        let time = self.occurred(frame);
        self.push("Encounter", id, elements, time, effect);
    }

    /// Derives the stay's id from its number: PV1-19, else PV1-50, else the account PID-18, else the admission's time;
    /// a message that is not about the stay speaks of none without a number.
    fn encounter_id(&mut self, frame: Frame<'_, 'm>, fills: bool) -> Option<String> {
        let patient = *self.patient.as_bytes();
        for (kind, segment, field) in [
            ("visit", "PV1", 19),
            ("visit", "PV1", 50),
            ("account", "PID", 18),
        ] {
            let piece = frame
                .field(segment, field, None)
                .filter(|piece| piece.is_valued());
            let Some(piece) = piece else { continue };
            let part = |number: usize| {
                let part = piece.part(number).map(Piece::first);
                part.and_then(Piece::text).unwrap_or_default()
            };
            let (number, authority) = (part(1), part(4));
            if number.is_empty() || (fills && kind == "account") {
                continue;
            }
            let parts: [&[u8]; 5] = [
                &patient,
                b"Encounter",
                kind.as_bytes(),
                authority.as_bytes(),
                number.as_bytes(),
            ];
            return Some(link::id(&parts));
        }
        if fills {
            return None;
        }
        let admitted = self.time(frame, &[("PV1", 44)]).unwrap_or_default();
        self.mapper.doubt(IssueCode::StayNotIdentified, None);
        Some(link::id(&[
            &patient,
            b"Encounter",
            b"admitted",
            &admitted.to_be_bytes(),
        ]))
    }

    fn order(&mut self, order: &Order<'m>, shared: &Group<'m>) {
        let report = order.report(shared);
        let frame = Frame::new(&report);
        let number = order_number(frame);
        let mut results = Vec::new();
        let recorded = self.recorded;
        let issued = self
            .time(frame, &[("OBR", 22)])
            .map(RecordedTime::from_micros);
        self.recorded = issued.or(recorded);
        for group in order.observations(shared) {
            results.extend(self.observation(Frame::new(&group), number.as_deref()));
        }
        if order.is_report() {
            self.report(frame, number.as_deref(), results);
        }
        self.recorded = recorded;
    }

    fn report(&mut self, frame: Frame<'_, 'm>, number: Option<&[u8]>, results: Vec<String>) {
        self.mapper.links.results = results;
        let mut elements = self.mapper.elements("DiagnosticReport", &frame);
        self.require_status(&mut elements, frame, ("OBR", 25));
        let code = frame.field("OBR", 4, None).map_or(&b""[..], Piece::raw);
        let time = self.time(frame, &[("OBR", 7)]);
        let stamp = time
            .unwrap_or(self.mapper.message_time.micros())
            .to_be_bytes();
        let names = [number.unwrap_or(&stamp), first_code(code)];
        let ordinal = self.ordinal(b"DiagnosticReport", &names).to_be_bytes();
        let [order, code] = names;
        let mut parts: Vec<&[u8]> = vec![self.patient.as_bytes(), b"DiagnosticReport", order, code];
        if ordinal != [0; 4] {
            parts.push(&ordinal);
        }
        let id = link::id(&parts);
        let at = time.map_or(self.mapper.message_time, EventTime::from_micros);
        self.push("DiagnosticReport", id, elements, at, Effect::State);
    }

    /// Counts what has the same names in a message: each is something of its own, and the later must not replace the
    /// earlier.
    fn ordinal(&mut self, resource: &[u8], names: &[&[u8]]) -> u32 {
        let next = self
            .met
            .entry([resource, &names.join(&b'|')].join(&b'|'))
            .or_default();
        let ordinal = *next;
        *next += 1;
        ordinal
    }

    /// Writes a result; the same order, code and sub-id are the same result, whenever it is sent. Only a result of no
    /// order is told from others by its time to the second.
    fn observation(&mut self, frame: Frame<'_, 'm>, number: Option<&[u8]>) -> Option<String> {
        let mut elements = self.mapper.elements("Observation", &frame);
        self.require_status(&mut elements, frame, ("OBX", 11));
        let raw = |field: usize| frame.field("OBX", field, None).map_or(&b""[..], Piece::raw);
        let time = self.time(frame, &[("OBX", 14), ("OBR", 7)]);
        let micros = time.unwrap_or_else(|| {
            self.mapper
                .doubt(IssueCode::NotDated, frame.field("OBX", 3, None));
            self.mapper.message_time.micros()
        });
        let second = micros.div_euclid(1_000_000).to_be_bytes();
        if number.is_none() {
            self.mapper
                .doubt(IssueCode::OrderNotIdentified, frame.field("OBX", 3, None));
        }
        let sub_id = [raw(4), raw(21)]
            .into_iter()
            .find(|raw| !raw.is_empty())
            .unwrap_or_default();
        let parts: [&[u8]; 3] = [number.unwrap_or(&second), first_code(raw(3)), sub_id];
        let ordinal = self.ordinal(b"Observation", &parts).to_be_bytes();
        let [order, code, sub_id] = parts;
        let id = link::id(&[
            self.patient.as_bytes(),
            b"Observation",
            order,
            code,
            sub_id,
            &ordinal,
        ]);
        let wrong = matches!(raw(11), b"D" | b"W");
        let effect = if wrong { Effect::Delete } else { Effect::State };
        let to = format!("Observation/{id}");
        self.push(
            "Observation",
            id,
            elements,
            EventTime::from_micros(micros),
            effect,
        );
        Some(to)
    }

    /// A status must be there: `unknown` where the message has none.
    fn require_status(
        &mut self,
        elements: &mut Vec<(Box<str>, Element)>,
        frame: Frame<'_, 'm>,
        (segment, field): (&'static str, usize),
    ) {
        let unknown = Element::Set(b"\"unknown\"".to_vec().into());
        match elements.iter_mut().find(|(name, _)| &**name == "status") {
            Some((_, element @ Element::Clear)) => *element = unknown,
            Some(_) => return,
            None => {
                let follows = |name: &str| matches!(name, "category" | "code");
                let place = elements.iter().position(|(name, _)| follows(name));
                let place = place.unwrap_or(elements.len());
                elements.insert(place, ("status".into(), unknown));
            }
        }
        self.mapper
            .doubt(IssueCode::CodeMissing, frame.field(segment, field, None));
    }

    fn provenance(&mut self, frame: Frame<'_, 'm>) {
        let elements = self.mapper.elements("Provenance", &frame);
        let header = |field: usize| frame.field("MSH", field, None).map_or(&b""[..], Piece::raw);
        let source = self.mapper.source.name.as_bytes();
        let id = link::id(&[
            self.patient.as_bytes(),
            b"Provenance",
            source,
            header(10),
            header(7),
        ]);
        let time = self.occurred(frame);
        self.push("Provenance", id, elements, time, Effect::State);
    }
}

/// Gives what names an order: the filler's number, else the placer's.
fn order_number(frame: Frame<'_, '_>) -> Option<Vec<u8>> {
    let fields = [("OBR", 3), ("ORC", 3), ("OBR", 2), ("ORC", 2)];
    fields.iter().find_map(|(segment, field)| {
        let piece = frame.field(segment, *field, None)?;
        let side = if *field == 3 { b'F' } else { b'P' };
        piece
            .is_valued()
            .then(|| [&[side], piece.raw().trim_ascii()].concat())
    })
}

/// Gives the code of a coded field: other words for the same code are the same thing.
fn first_code(raw: &[u8]) -> &[u8] {
    let end = raw.iter().position(|byte| *byte == b'^');
    match end {
        Some(0) | None => raw,
        Some(end) => raw.get(..end).unwrap_or(raw),
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod corpus;
