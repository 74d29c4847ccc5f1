//! FHIR R4 back to HL7 v2, for receivers that take nothing else: results as ORU^R01, notices and documents as MDM^T02.
//!
//! What fills a field is decided by the tables in `data/outbound`. Nothing is lost silently: an element without a field of
//! its own becomes a note where the tables say so, and is named as an [`Issue`] where they do not.

mod tree;

mod path;

mod grid;

mod tables;

mod files;

mod issue;

mod store;

mod carrier;

mod primitive;

mod value;

mod results;

mod document;

use std::collections::BTreeMap;

use clinical::{EventId, EventTime};
use formats::hl7v2::{Charset, Separators, Writer};

use carrier::{Carrier, Spot};
use grid::Segment;
pub use issue::{Issue, IssueCode, Refusal};
use store::{Resource, Store};

use crate::map::link::hex;

/// Who sends to whom, and how.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// MSH-3, its components joined by `^`.
    pub sending_application: Box<str>,
    /// MSH-4, its components joined by `^`.
    pub sending_facility: Box<str>,
    /// MSH-5, its components joined by `^`.
    pub receiving_application: Box<str>,
    /// MSH-6, its components joined by `^`.
    pub receiving_facility: Box<str>,
    /// MSH-12; from 2.6 on a moment in OBX-5 is called DTM and not TS.
    pub version: Box<str>,
    /// MSH-11: `P` for production, `T` for training, `D` for debugging.
    pub processing_id: Box<str>,
    /// TXA-2 of what has no document type of HL7 table 0270.
    pub document_type: Box<str>,
    /// What the receiver calls assigning authorities, by the URI of their identifiers' system.
    pub authorities: BTreeMap<Box<str>, Box<str>>,
}

/// One message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// MSH-10: the same for the same versions of the same resources, so that sending again is no second message.
    pub control_id: String,
    /// The message, in UTF-8 and with the separators that HL7 recommends.
    pub bytes: Vec<u8>,
}

/// What became of the resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The messages: results of each patient and stay together, then documents and notices, each by itself.
    pub messages: Vec<Outgoing>,
    /// What is in the resources and in no message.
    pub issues: Vec<Issue>,
}

/// How many characters MSH-10 may have (HL7 v2.5.1, chapter 2.15.9.10).
const CONTROL_ID_CHARACTERS_MAX: usize = 20;

impl Default for Outbound {
    fn default() -> Self {
        Self {
            sending_application: "PULSEWIRE".into(),
            sending_facility: "".into(),
            receiving_application: "".into(),
            receiving_facility: "".into(),
            version: "2.5.1".into(),
            processing_id: "P".into(),
            document_type: "NOTIFICATION".into(),
            authorities: BTreeMap::new(),
        }
    }
}

impl Outbound {
    /// Reports whether the version is older than the data type DTM.
    fn is_before_dtm(&self) -> bool {
        ["2.1", "2.2", "2.3", "2.4", "2.5"]
            .iter()
            .any(|version| self.version.starts_with(version))
    }
}

/// Makes HL7 v2 messages of FHIR R4 resources, or of bundles of them, at a time that the caller names.
///
/// Reports and the Observations that no report lists become ORU^R01; a Communication, and a report that is nothing but its
/// document, becomes MDM^T02. The same resources at the same time give the same bytes.
///
/// # Errors
/// When something is no FHIR resource, or nothing in it is sent as HL7 v2.
pub fn to_v2(resources: &[&[u8]], outbound: &Outbound, at: EventTime) -> Result<Sent, Refusal> {
    let store = Store::read(resources)?;
    let carrier = Carrier::new(&store, outbound);
    let mut drafts = results::messages(&carrier);
    drafts.extend(document::messages(&carrier, at));
    if drafts.is_empty() {
        return Err(Refusal::NothingToSend);
    }
    let messages = drafts
        .iter()
        .map(|draft| draft.write(outbound, at))
        .collect();
    Ok(Sent {
        messages,
        issues: carrier.finish(),
    })
}

/// A message before it has a header.
struct Draft<'c, 'a> {
    /// MSH-9.1 and MSH-9.2.
    kind: [&'static str; 2],
    segments: Vec<Segment>,
    /// The resources it is about.
    about: Vec<&'c Resource<'a>>,
}

impl Draft<'_, '_> {
    fn write(&self, outbound: &Outbound, at: EventTime) -> Outgoing {
        let versions: Vec<_> = self
            .about
            .iter()
            .map(|resource| resource.version())
            .collect();
        let [code, event] = self.kind;
        let mut parts: Vec<&[u8]> = vec![code.as_bytes(), event.as_bytes()];
        parts.extend(versions.iter().map(Vec::as_slice));
        let mut control_id = hex(EventId::derive(&parts).as_bytes());
        control_id.truncate(CONTROL_ID_CHARACTERS_MAX);
        let mut writer = Writer::new("MSH", Separators::STANDARD, Charset::Utf8);
        let names = [
            &outbound.sending_application,
            &outbound.sending_facility,
            &outbound.receiving_application,
            &outbound.receiving_facility,
        ];
        for (field, name) in (3..).zip(names) {
            writer.field(field);
            for (number, part) in (1..).zip(name.split('^')) {
                writer.component(number).text(part);
            }
        }
        writer.field(7).text(&now(at));
        writer.field(9).text(code).component(2).text(event);
        writer.component(3).text(&format!("{code}_{event}"));
        writer.field(10).text(&control_id);
        writer.field(11).text(&outbound.processing_id);
        writer.field(12).text(&outbound.version);
        writer.field(18).text("UNICODE UTF-8");
        for segment in &self.segments {
            segment.write(&mut writer);
        }
        Outgoing {
            control_id,
            bytes: writer.finish(),
        }
    }
}

/// Gives a moment as HL7 v2 writes it.
fn now(at: EventTime) -> String {
    primitive::hl7_time(&at.to_string()).map_or_else(String::new, |(text, _)| text)
}

/// Writes PID; of a patient who is not there, what the reference says.
fn patient<'c, 'a>(carrier: &Carrier<'c, 'a>, owner: &'c Resource<'a>) -> Segment {
    let mut segment = Segment::new("PID");
    segment.set(1, "1");
    if let Some(subject) = owner.node.get("subject") {
        if let Some(target) = carrier.store.resolve(owner, subject) {
            subject.take();
            let spot = Spot {
                node: target.node,
                owner: target.owner,
            };
            carrier.fill(&mut segment, "PID.Patient", spot, carrier::Mode::Fill);
        } else {
            let spot = Spot {
                node: subject,
                owner,
            };
            carrier.fill(&mut segment, "PID.Reference", spot, carrier::Mode::Fill);
        }
    }
    if !segment.has(3) {
        carrier.doubt(IssueCode::NoPatient, owner, "subject");
    }
    segment
}

/// Writes PV1 where there is a stay.
fn stay<'c, 'a>(carrier: &Carrier<'c, 'a>, owner: &'c Resource<'a>) -> Option<Segment> {
    let reference = owner.node.get("encounter")?;
    let target = carrier.store.resolve(owner, reference)?;
    reference.take();
    let mut segment = Segment::new("PV1");
    segment.set(1, "1");
    let spot = Spot {
        node: target.node,
        owner: target.owner,
    };
    results::take_reference(carrier, target.owner, "subject");
    carrier.fill(&mut segment, "PV1.Encounter", spot, carrier::Mode::Fill);
    Some(segment)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod corpus;
