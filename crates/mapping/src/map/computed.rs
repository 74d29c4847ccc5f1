//! The rules that look at more than one field, by the names that the tables use.

mod document;

pub(crate) mod result;

mod schedule;

mod stay;

mod vaccine;

use std::borrow::Cow;

use formats::device::Code;
use formats::device::nomenclature::{LOINC_SYSTEM, MDC_SYSTEM};
use formats::fhir::json;

use super::language::LANGUAGES;
use super::local::OWN_SYSTEM;
use super::piece::Piece;
use super::primitive::is_oid;
use super::write::{Frame, Mapper, Value};
use crate::draft::{Elements, Says};
use crate::issue::IssueCode;
use crate::tables::messages::{self, StayStatus};
use crate::tables::plan::{From, Node, Row};

/// What the tables may name: each is a rule of the overlay.
pub(crate) const COMPUTED: [&str; 26] = [
    "@stay-end",
    "@procedure-end",
    "@vaccine-answer",
    "@unknown-concept",
    "@appointment-start",
    "@appointment-end",
    "@minutes",
    "@document-text",
    "@encounter-status",
    "@encounter-class",
    "@observation-code",
    "@report-code",
    "@observation-value",
    "@provenance-targets",
    "@provenance-recorded",
    "@coding-system",
    "@table-coding",
    "@source-name",
    "@received",
    "@policy",
    "@listed-places",
    "@parent-result",
    "@containing-device",
    "@specimen-reference",
    ABSENT,
    UNKNOWN,
];

/// Those that write a whole element, or several.
pub(crate) const WHOLE: [&str; 10] = [
    "@vaccine-answer",
    "@appointment-start",
    "@appointment-end",
    "@encounter-status",
    "@encounter-class",
    "@observation-code",
    "@report-code",
    "@provenance-targets",
    "@provenance-recorded",
    "@observation-value",
];

/// The rule that says that nobody knows where FHIR requires it, whatever else its element holds.
const ABSENT: &str = "@absent";

/// The rule that says that nobody knows; what it writes is not the message's content.
pub(crate) const UNKNOWN: &str = "@unknown";

impl<'m> Mapper<'m> {
    /// Writes an element by a rule that sees the whole resource.
    pub(crate) fn computed(
        &mut self,
        rule: &str,
        node: &'static Node,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let name = node.name;
        match rule {
            "@encounter-status" => {
                let (says, status) = self.encounter_status(row, frame);
                self.element(name, says, elements, |this| this.out.string(status));
            }
            "@encounter-class" => {
                let (says, bytes) = self.encounter_class(row, frame);
                self.element(name, says, elements, |this| this.out.raw(&bytes));
            }
            "@observation-code" | "@report-code" => {
                self.element(name, Says::Set, elements, |this| this.main_code(row, frame));
            }
            "@provenance-targets" => {
                self.element(name, Says::Set, elements, Self::provenance_targets);
            }
            "@provenance-recorded" => {
                let (name, bytes) = self.provenance_recorded(row, frame);
                self.element(name, Says::Set, elements, |this| this.out.raw(&bytes));
            }
            "@observation-value" => self.observation_value(row, frame, elements),
            "@vaccine-answer" => self.vaccine_answer(node, row, frame, elements),
            "@appointment-start" => self.appointment_start(row, frame, elements),
            "@appointment-end" => self.appointment_end(row, frame, elements),
            _ => {}
        }
    }

    fn provenance_targets(&mut self) {
        let before = self.out.mark();
        self.out.begin_array();
        let made = self.links.made.iter();
        for made in made.filter(|made| !made.of_message && made.resource != "Provenance") {
            made.write_reference(&mut self.out);
        }
        self.out.end_array_unless_empty(before);
    }

    /// Writes an element of a data type by a rule.
    pub(crate) fn computed_part(
        &mut self,
        rule: &str,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Value<'m>> {
        match rule {
            "@parent-result" => self.parent_result(row, frame),
            "@containing-device" => self.containing_device(),
            "@specimen-reference" => self.specimen_reference(row),
            "@coding-system" => self.coding_system(row, frame),
            "@unknown-concept" => {
                self.out.raw(UNKNOWN_CONCEPT.as_bytes());
                Some(Value::Written)
            }
            "@minutes" => self.minutes_of(row, frame),
            "@stay-end" => self.stay_end(row, frame),
            "@procedure-end" => self.procedure_end(row, frame),
            "@document-text" => self.document_text(row, frame),
            "@table-coding" => self.table_coding(row, frame),
            "@source-name" => Some(Value::Text(Cow::Owned(self.source.name.to_string()))),
            "@listed-places" => {
                self.listed_places(frame.piece?, frame)?;
                Some(Value::Written)
            }
            "@received" => {
                let received = self.received.to_string();
                Some(Value::Text(Cow::Owned(received)))
            }
            "@policy" => {
                let structure = self.tree.structure.to_ascii_lowercase().replace('_', "-");
                let policy = || format!("{GUIDE}message-{structure}-to-bundle");
                (!structure.is_empty()).then(|| Value::Text(Cow::Owned(policy())))
            }
            ABSENT | UNKNOWN => {
                self.out.raw(UNKNOWN_EXTENSION.as_bytes());
                Some(Value::Written)
            }
            _ => None,
        }
    }

    /// Decides how far a stay has come: cancellations before discharge before other events before PV1-2; updates only
    /// say it where nothing is known.
    fn encounter_status(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> (Says, &'static str) {
        let class = frame
            .field("PV1", 2, Some(1))
            .filter(|piece| piece.is_valued());
        if let Some(class) = class {
            self.mark(class, row, frame);
        }
        let class = class.and_then(Piece::text).unwrap_or_default();
        let discharged = frame
            .field("PV1", 45, None)
            .is_some_and(|piece| piece.is_valued());
        let said = self.tables.event(&self.links.event);
        match messages::status(said, &class, discharged) {
            StayStatus::Is(status) => (Says::Set, status),
            StayStatus::ByClass => {
                let table = self.tables.codes.get("0004-status");
                let known = table.and_then(|table| table.get(&class));
                let status = known.map_or("unknown", |target| target.code);
                (Says::Default, status)
            }
        }
    }

    fn encounter_class(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) -> (Says, Vec<u8>) {
        let write = |system: &str, code: &str, display: &str| {
            json::object(|object| {
                object
                    .string("system", system)
                    .string("code", code)
                    .string("display", display);
            })
        };
        let piece = frame
            .field("PV1", 2, None)
            .filter(|piece| piece.is_valued());
        let Some((piece, code)) = piece.and_then(|piece| Some((piece, piece.first().text()?)))
        else {
            let unknown = write(
                "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
                "UNK",
                "unknown",
            );
            return (Says::Default, unknown);
        };
        self.mark(piece.first(), row, frame);
        let table = self.tables.codes.get("0004");
        let bytes = match table.and_then(|table| table.get(&code)) {
            Some(target) => write(target.system, target.code, target.display),
            None => {
                self.doubt(IssueCode::CodeUnknown, Some(piece));
                let mut part = |number: usize| {
                    let part = piece.part(number).filter(|part| part.is_valued())?;
                    self.mark(part, row, frame);
                    part.text()
                };
                let (words, system) = (part(2).unwrap_or_default(), part(3));
                let system = system.and_then(|name| self.system_uri(&name));
                let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
                write(&system.unwrap_or_default(), &code, &words)
            }
        };
        (Says::Set, bytes)
    }

    /// Writes what was observed or reported: what the source's own code means first, then the codes as sent.
    fn main_code(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) {
        let piece = self.read(row, frame);
        if let Some(piece) = piece {
            let is_known = [3, 6].iter().any(|number| {
                let name = piece.part(*number).and_then(Piece::text);
                let uri = name.and_then(|name| self.system_uri(&name));
                uri.is_some_and(|uri| !uri.starts_with(OWN_SYSTEM))
            });
            if !is_known && row_is_result(row) && self.local_of(piece, row, frame).is_none() {
                self.doubt(IssueCode::LocalCode, Some(piece));
            }
        }
        let start = self.out.mark();
        if let Some(piece) = piece
            && let Some(nodes) = self.tables.concept()
        {
            self.object(nodes, &frame.inside(row, piece));
        }
        if self.out.mark() == start {
            self.doubt(IssueCode::Uncoded, piece);
            self.out.raw(UNKNOWN_CONCEPT.as_bytes());
        }
    }

    /// Finds the URI of the system of a coding: by its name, else that of the table the field is bound to.
    fn coding_system(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) -> Option<Value<'m>> {
        let From::Part(number) = row.from else {
            return None;
        };
        let code = frame.part(number - 2).and_then(Piece::text);
        let name = frame.part(number).filter(|part| part.is_valued());
        if let Some(part) = name {
            self.mark(part, row, frame);
        }
        let name = name.and_then(Piece::text).unwrap_or_default();
        let is_bound = number == 3 && (name.is_empty() || name.starts_with("HL7"));
        let table = frame
            .vocabulary
            .and_then(|table| self.tables.codes.get(table));
        if is_bound
            && let Some(table) = table
            && let Some(target) = code.as_deref().and_then(|code| table.get(code))
        {
            let is_same = code.as_deref() == Some(target.code);
            return Some(Value::Text(match is_same && !target.system.is_empty() {
                true => Cow::Borrowed(target.system),
                false => Cow::Borrowed(table.v2_system()),
            }));
        }
        if is_bound && table.is_some_and(|table| !table.is_empty()) {
            self.doubt_code(IssueCode::CodeUnknown, row, frame);
        }
        let uri = self.system_uri(&name)?;
        if number == 3 {
            self.doubt_own_system(&uri, row, frame);
        }
        Some(Value::Text(uri))
    }

    /// Gives the URI of a coding system by its HL7 name; a sender's own system is named after the sender.
    fn system_uri(&self, name: &str) -> Option<Cow<'static, str>> {
        if name.is_empty() {
            return None;
        }
        let has_space = name.contains(char::is_whitespace);
        if let Some(uri) = self.tables.systems.get(name) {
            return Some(Cow::Borrowed(uri));
        }
        let upper = name.to_ascii_uppercase();
        if let Some(uri) = self.tables.systems.get(upper.as_str()) {
            return Some(Cow::Borrowed(uri));
        }
        if let Some(digits) = upper
            .strip_prefix("HL7")
            .map(|rest| rest.trim_start_matches(['-', '_', ' ']))
            && digits.len() == 4
            && digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            let uri = format!("http://terminology.hl7.org/CodeSystem/v2-{digits}");
            return Some(Cow::Owned(uri));
        }
        if !has_space
            && (name.starts_with("http://")
                || name.starts_with("https://")
                || name.starts_with("urn:"))
        {
            return Some(Cow::Owned(name.to_owned()));
        }
        if is_oid(name) {
            return Some(Cow::Owned(format!("urn:oid:{name}")));
        }
        Some(Cow::Owned(format!(
            "{OWN_SYSTEM}{}:{}",
            token(&self.source.name),
            token(name)
        )))
    }

    /// Says whether a name of a coding system is that of ISO/IEEE 11073-10101, by which devices name what they measure.
    pub(crate) fn is_mdc(&self, name: &str) -> bool {
        !name.is_empty() && self.system_uri(name).as_deref() == Some(MDC_SYSTEM)
    }

    /// Writes what a device's code is in LOINC, where the table of devices says it.
    fn device_coding(&mut self, frame: &Frame<'_, 'm>) -> Option<Value<'m>> {
        let system = frame.part(3).and_then(Piece::text)?;
        if !self.is_mdc(&system) {
            return None;
        }
        let code = frame.part(1)?.first().text()?;
        let known = Code::of(MDC_SYSTEM, &code).meaning();
        let known = known.filter(|row| !row.loinc.is_empty())?;
        self.out.raw(&json::object(|coding| {
            coding
                .string("system", LOINC_SYSTEM)
                .string("code", known.loinc)
                .string("display", known.words);
        }));
        Some(Value::Written)
    }

    /// Writes what a code is in FHIR, where that is another one: what its source says of it, else its table, of a device's code
    /// that of devices.
    fn table_coding(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) -> Option<Value<'m>> {
        let piece = frame.piece?;
        if let Some(known) = self.local_of(piece, row, frame) {
            return Some(self.write_local(known));
        }
        if let Some(written) = self.device_coding(frame) {
            return Some(written);
        }
        if frame.vocabulary == Some(LANGUAGES) {
            return self.language_coding(piece, row, frame);
        }
        let table = self.tables.codes.get(frame.vocabulary?)?;
        let system = frame.part(3).and_then(Piece::text).unwrap_or_default();
        if !system.is_empty() && !system.starts_with("HL7") {
            return None;
        }
        let code = frame.part(1)?.first().text()?;
        let target = table.get(&code).filter(|target| target.code != code)?;
        let before = self.out.mark();
        self.out.begin_object();
        for (name, text) in [
            ("system", target.system),
            ("code", target.code),
            ("display", target.display),
        ] {
            if !text.is_empty() {
                self.out.key(name);
                self.out.string(text);
            }
        }
        self.out.end_object_unless_empty(before);
        Some(Value::Written)
    }

    /// Writes when the source stored it: EVN-2, else MSH-7; FHIR asks for the minute at least.
    fn provenance_recorded(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> (&'static str, Vec<u8>) {
        for (segment, field) in [("EVN", 2), ("MSH", 7)] {
            let piece = frame.field(segment, field, None).map(Piece::first);
            let Some(piece) = piece.filter(|piece| piece.is_valued()) else {
                continue;
            };
            let time = formats::hl7v2::Timestamp::parse(piece.raw()).ok();
            if let Some(text) = time.and_then(|time| self.clock.instant(&time)) {
                self.mark(piece, row, frame);
                return ("recorded", json::string(&text));
            }
        }
        ("_recorded", UNKNOWN_EXTENSION.as_bytes().to_vec())
    }
}

/// Where the guide's maps are named from.
const GUIDE: &str = "http://hl7.org/fhir/uv/v2mappings/";

/// Says that nobody knows, where FHIR must have a concept.
const UNKNOWN_CONCEPT: &str = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown","display":"Unknown"}]}"#;

/// Says that nobody knows, where FHIR must have a value.
const UNKNOWN_EXTENSION: &str = r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#;

fn row_is_result(row: &Row) -> bool {
    matches!(row.from, From::Field { segment: "OBX", .. })
}

/// Gives a name with only what a URN allows.
pub(crate) fn token(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    name.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect()
}
