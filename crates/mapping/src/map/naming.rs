//! How a resource is named: an id derived from what names the thing, so that the same thing has the same id whenever it
//! is sent.

use clinical::{EventId, PatientKey, SiteKey};
use formats::hl7v2::Message;

use super::piece::Piece;
use super::write::Frame;
use super::{Mapping, link, relation};
use crate::issue::IssueCode;
use crate::source::Source;
use crate::tables::resources::{FieldName, ID_PARTS_MAX, Name, ResourceRow};

impl<'m> Mapping<'m> {
    /// Derives the id of a resource from what names it; the same thing has the same id, whenever it is sent. Says whether
    /// nothing names it, so that it is told of with its message only.
    pub(super) fn name(
        &mut self,
        row: &'static ResourceRow,
        frame: Frame<'_, 'm>,
        time: Option<i64>,
    ) -> (String, bool) {
        if let [names] = row.id.as_slice()
            && let [Name::Rule(rule)] = names.as_slice()
        {
            return self.rule_name(row, rule, frame);
        }
        (self.named(row, frame, time, Coding::First), false)
    }

    /// Takes note of how a result is named where the other coding of its code comes first (OBX-3.4).
    pub(super) fn note_other(
        &mut self,
        row: &'static ResourceRow,
        frame: Frame<'_, 'm>,
        time: Option<i64>,
        id: &str,
    ) {
        if row.table != "Observation" || row.anchor != "OBX" {
            return;
        }
        let code = |component| {
            let code = frame.field("OBX", 3, None)?.part(component)?;
            code.is_valued().then(|| code.raw().trim_ascii())
        };
        if code(1).is_some() && code(4).is_some() && code(1) != code(4) {
            let other = self.named(row, frame, time, Coding::Second);
            self.others.push((id.into(), other.into()));
        }
    }

    /// Derives an id from the parts that name a resource.
    fn named(
        &mut self,
        row: &'static ResourceRow,
        frame: Frame<'_, 'm>,
        time: Option<i64>,
        coding: Coding,
    ) -> String {
        let micros = time.unwrap_or(self.mapper.message_time.micros());
        let second = micros.div_euclid(1_000_000).to_be_bytes();
        // The parts one after the other, and where each ends.
        let mut names = std::mem::take(&mut self.names);
        names.clear();
        let mut ends = [0; ID_PARTS_MAX];
        for (alternatives, end) in row.id.iter().zip(&mut ends) {
            for name in alternatives {
                let found = match name {
                    Name::Second => {
                        names.extend_from_slice(&second);
                        true
                    }
                    Name::Rule(_) => false,
                    Name::Field(field) => push_name(frame, coding.of(*field), &mut names),
                    Name::Other(field, own) => {
                        let start = names.len();
                        let found = push_name(frame, *field, &mut names);
                        if let Some(number) = names.get_mut(start) {
                            *number = u8::try_from(own.field).unwrap_or(u8::MAX);
                        }
                        found
                    }
                };
                if found {
                    break;
                }
            }
            *end = names.len();
        }
        let mut parts = [&[][..]; ID_PARTS_MAX + 2];
        let mut start = 0;
        for (part, end) in parts.iter_mut().skip(2).zip(ends) {
            *part = names.get(start..end).unwrap_or_default();
            start = end;
        }
        let patient = self.patient;
        let [first, second, ..] = &mut parts;
        // Another resource has the id that its own segment gives it.
        let is_other = row.id.iter().flatten().any(Name::is_other);
        let table = if is_other { row.resource() } else { row.table };
        (*first, *second) = (patient.as_bytes(), table.as_bytes());
        let count = row.id.len().min(ID_PARTS_MAX) + 2;
        let parts = parts.get(..count).unwrap_or_default();
        let id = if is_other || coding == Coding::Second {
            link::id(parts)
        } else {
            self.numbered(parts)
        };
        self.names = names;
        id
    }

    /// Derives an id from what names it. What has the same names in a message is something of its own: the later must
    /// not replace the earlier, and is told from it by its number.
    fn numbered(&mut self, parts: &[&[u8]]) -> String {
        let id = EventId::derive(parts);
        let known = self.met.iter_mut().find(|(known, _)| *known == id);
        let Some((_, count)) = known else {
            self.met.push((id, 0));
            return link::hex(id.as_bytes());
        };
        *count += 1;
        let ordinal = count.to_be_bytes();
        let mut all: Vec<&[u8]> = parts.to_vec();
        all.push(&ordinal);
        link::id(&all)
    }

    fn rule_name(
        &mut self,
        row: &'static ResourceRow,
        rule: &str,
        frame: Frame<'_, 'm>,
    ) -> (String, bool) {
        match rule {
            "@patient" => (link::hex(self.patient.as_bytes()), false),
            "@visit" => match self.visit_name(frame) {
                Some(id) => (id, false),
                None => (self.rule_name(row, "@message", frame).0, true),
            },
            "@account" => match relation::account_name(self.patient, row.anchor, frame) {
                Some(id) => (id, false),
                None => (self.rule_name(row, "@message", frame).0, true),
            },
            _ => {
                let header =
                    |field: usize| frame.field("MSH", field, None).map_or(&b""[..], Piece::raw);
                let source = self.mapper.source.name.as_bytes();
                let patient = self.patient;
                let names = [
                    patient.as_bytes(),
                    row.table.as_bytes(),
                    source,
                    header(10),
                    header(7),
                ];
                (self.numbered(&names), false)
            }
        }
    }

    /// Derives the stay's id from its number: PV1-19, else PV1-50, else the account PID-18, else the admission's time;
    /// a message that is not about the stay names none without a number.
    fn visit_name(&mut self, frame: Frame<'_, 'm>) -> Option<String> {
        let fills = self.fills();
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
            return Some(relation::stay_id(self.patient, kind, &authority, &number));
        }
        if fills {
            return None;
        }
        let admitted = self.time(frame, &ADMITTED).unwrap_or_default();
        self.mapper.doubt(IssueCode::StayNotIdentified, None);
        Some(link::id(&[
            &patient,
            b"Encounter",
            b"admitted",
            &admitted.to_be_bytes(),
        ]))
    }
}

/// Which coding of a result's code names it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    First,
    Second,
}

impl Coding {
    /// Gives the field that a name is read from.
    fn of(self, field: FieldName) -> FieldName {
        match (self, field.segment, field.field, field.component) {
            (Self::Second, "OBX", 3, Some(1)) => FieldName {
                component: Some(4),
                ..field
            },
            _ => field,
        }
    }
}

/// When a stay began.
const ADMITTED: [FieldName; 1] = [FieldName::of("PV1", 44)];
/// What names an order.
pub(super) const ORDER_NUMBERS: [FieldName; 4] = [
    FieldName::of("OBR", 3),
    FieldName::of("ORC", 3),
    FieldName::of("OBR", 2),
    FieldName::of("ORC", 2),
];

/// Adds what a field says as a part of an id, with the field's number: a placer's number is not a filler's. Says whether
/// it says anything.
fn push_name(frame: Frame<'_, '_>, name: FieldName, names: &mut Vec<u8>) -> bool {
    let Some(raw) = named_by(frame, name) else {
        return false;
    };
    names.push(u8::try_from(name.field).unwrap_or(u8::MAX));
    names.extend_from_slice(raw.trim_ascii());
    true
}

pub(super) fn named_by<'m>(frame: Frame<'_, 'm>, name: FieldName) -> Option<&'m [u8]> {
    let piece = frame
        .field(name.segment, name.field, None)
        .filter(|piece| piece.is_valued())?;
    let raw = match name.component {
        Some(1) => first_code(piece.raw()),
        Some(number) => piece.part(number)?.raw(),
        None => piece.raw(),
    };
    (!raw.is_empty()).then_some(raw)
}

/// Gives the code of a coded field: other words for the same code are the same thing.
fn first_code(raw: &[u8]) -> &[u8] {
    let end = raw.iter().position(|byte| *byte == b'^');
    match end {
        Some(0) | None => raw,
        Some(end) => raw.get(..end).unwrap_or(raw),
    }
}

/// Stands in for a patient whom the message does not identify: one of this message alone.
pub(super) fn nobody(message: &Message<'_>, source: &Source, site: &SiteKey) -> PatientKey {
    let field = |number: usize| {
        let header = message
            .header()
            .map(|header| header.segment().field(number));
        header.map_or_else(Default::default, |field| {
            String::from_utf8_lossy(field.raw()).into_owned()
        })
    };
    let name = [field(10), field(7)].join("|");
    site.patient(&format!("message|{}", source.name), &name)
}
