//! MDM^T02: notices to people (Communication), and reports that are nothing but their document.

use clinical::EventTime;

use super::carrier::{Carrier, Mode, Piece, Spot};
use super::grid::{Room, Segment};
use super::results::{is_document, notes, take_reference};
use super::store::Resource;
use super::tree::Node;
use super::{Draft, now, patient, stay, value};

/// PV1-2 of what belongs to no stay: not applicable (HL7 table 0004).
const NO_STAY: &str = "N";

/// Gives a message for each notice and document.
pub(super) fn messages<'c, 'a>(carrier: &Carrier<'c, 'a>, at: EventTime) -> Vec<Draft<'c, 'a>> {
    let all = carrier.store.resources.iter();
    all.filter(|one| one.kind == "Communication" || is_document(one))
        .map(|one| message(carrier, one, at))
        .collect()
}

fn message<'c, 'a>(
    carrier: &Carrier<'c, 'a>,
    resource: &'c Resource<'a>,
    at: EventTime,
) -> Draft<'c, 'a> {
    let spot = Spot {
        node: &resource.node,
        owner: resource,
    };
    let mut event = Segment::new("EVN");
    event.set(2, &now(at));
    let patient = patient(carrier, resource);
    let stay = stay(carrier, resource).unwrap_or_else(|| {
        let mut segment = Segment::new("PV1");
        segment.set(1, "1").set(2, NO_STAY);
        segment
    });
    take_reference(carrier, resource, "subject");
    let mut about = Segment::new("TXA");
    about.set(1, "1");
    let table = format!("TXA.{}", resource.kind);
    carrier.fill(&mut about, &table, spot, Mode::Fill);
    if !about.has(2) {
        about.set(2, &carrier.outbound.document_type);
    }
    let parts = contents(carrier, spot);
    if !about.has(3) {
        about.set(3, presentation(&parts));
    }
    let mut segments = vec![event, patient, stay, about];
    for (number, (mut segment, mut notes)) in (1..).zip(parts) {
        segment.set(1, &number.to_string());
        segments.push(segment);
        if number == 1 {
            notes.extend(self::notes(carrier, &resource.kind, spot));
        }
        for (number, mut note) in (1..).zip(notes) {
            note.set(1, &usize::to_string(&number));
            segments.push(note);
        }
    }
    Draft {
        kind: ["MDM", "T02"],
        segments,
        about: vec![resource],
    }
}

/// Gives the OBX of each part, with its notes; a message without any would not be one.
fn contents<'c, 'a>(carrier: &Carrier<'c, 'a>, spot: Spot<'c, 'a>) -> Vec<(Segment, Vec<Segment>)> {
    let table = format!("OBX.{}", spot.owner.kind);
    let mut parts = Vec::new();
    let mut push = |piece: Piece<'c, 'a>| {
        let mut segment = Segment::new("OBX");
        carrier.place(&mut segment, piece, Room::Field, true);
        carrier.fill(&mut segment, &table, spot, Mode::Fill);
        parts.push((segment, Vec::new()));
    };
    for form in spot.node.get("presentedForm").map_or(&[][..], Node::items) {
        push(carrier.attachment(form));
    }
    for payload in spot.node.get("payload").map_or(&[][..], Node::items) {
        if let Some(text) = payload.get("contentString") {
            push(value::text(text));
        } else if let Some(form) = payload.get("contentAttachment") {
            push(carrier.attachment(form));
        } else if let Some(reference) = payload.get("contentReference")
            && observation(carrier, spot, reference).is_none()
        {
            push(value::text(reference));
        }
    }
    for reference in results(spot.node) {
        let Some(inner) = observation(carrier, spot, reference) else {
            continue;
        };
        reference.take();
        take_reference(carrier, inner.owner, "subject");
        take_reference(carrier, inner.owner, "encounter");
        let mut segment = Segment::new("OBX");
        carrier.fill(&mut segment, "OBX.Observation", inner, Mode::Fill);
        parts.push((segment, notes(carrier, "Observation", inner)));
    }
    if parts.is_empty() {
        let mut segment = Segment::new("OBX");
        carrier.fill(&mut segment, &table, spot, Mode::Fill);
        parts.push((segment, Vec::new()));
    }
    parts
}

/// Gives the references of a notice to what it tells of.
pub(super) fn results<'c, 'a>(notice: &'c Node<'a>) -> Vec<&'c Node<'a>> {
    let payloads = notice.get("payload").map_or(&[][..], Node::items);
    let told = payloads
        .iter()
        .filter_map(|payload| payload.get("contentReference"));
    told.chain(notice.get("about").map_or(&[][..], Node::items))
        .collect()
}

fn observation<'c, 'a>(
    carrier: &Carrier<'c, 'a>,
    spot: Spot<'c, 'a>,
    reference: &Node<'a>,
) -> Option<Spot<'c, 'a>> {
    let target = carrier.store.resolve(spot.owner, reference)?;
    (target.node.word("resourceType") == "Observation").then_some(Spot {
        node: target.node,
        owner: target.owner,
    })
}

/// Says what the document is made of (HL7 table 0191): text, or something for a program.
fn presentation(parts: &[(Segment, Vec<Segment>)]) -> &'static str {
    let is_text =
        |(segment, _): &(Segment, Vec<Segment>)| matches!(segment.text(2), "ST" | "TX" | "FT");
    if parts.iter().any(is_text) {
        "TX"
    } else {
        "AP"
    }
}
