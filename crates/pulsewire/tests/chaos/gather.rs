//! Makes a history of what stands on the topics.

use std::collections::BTreeSet;

use crate::history::{Event, Finding, History, Message, Place, Raw, SetAside};
use crate::records::Kept;

const RAW: &str = "healthcare.hl7v2.";
pub(crate) const PATIENT_STREAM: &str = "healthcare.patient.stream";
pub(crate) const ALERT_STREAM: &str = "healthcare.alert.stream";
const PUBLIC: &str = "healthcare.fhir.";
/// Where things are set aside.
const ASIDE: [&str; 3] = [".quarantine", ".late", ".refused"];

/// What happened, from what senders know, what stands there and what was seen.
pub(crate) fn history(
    messages: Vec<Message>,
    findings: Vec<Finding>,
    committed: &[Kept],
    everything: &[Kept],
    seen: BTreeSet<Place>,
) -> History {
    let places: BTreeSet<Place> = committed.iter().map(|kept| kept.place.clone()).collect();
    let aborted = everything.iter().map(|kept| kept.place.clone());
    History {
        messages,
        raw: raw(committed).map(raw_of).collect(),
        events: events(committed),
        published: of_topics(committed, PUBLIC).filter_map(event).collect(),
        findings,
        set_aside: committed
            .iter()
            .filter(|kept| is_aside(kept))
            .map(aside)
            .collect(),
        aborted: aborted.filter(|place| !places.contains(place)).collect(),
        committed: places,
        seen,
    }
}

/// The raw messages, without what tells the time alone.
pub(crate) fn raw(records: &[Kept]) -> impl Iterator<Item = &Kept> {
    let is_tick = |kept: &Kept| !kept.header("tick").is_empty();
    of_topics(records, RAW).filter(move |kept| !is_aside(kept) && !is_tick(kept))
}

/// The events on the patient stream, in the order of their places.
pub(crate) fn events(records: &[Kept]) -> Vec<Event> {
    let stream = of_topics(records, PATIENT_STREAM).filter(|kept| !is_aside(kept));
    stream.filter_map(event).collect()
}

/// The findings, in the order of their places.
pub(crate) fn findings(records: &[Kept]) -> Vec<Finding> {
    let stream = of_topics(records, ALERT_STREAM).filter(|kept| !is_aside(kept));
    let findings = stream.filter(|kept| !kept.header("finding").is_empty());
    findings.map(finding).collect()
}

fn of_topics<'k>(records: &'k [Kept], begins: &str) -> impl Iterator<Item = &'k Kept> {
    records
        .iter()
        .filter(move |kept| kept.place.topic.starts_with(begins))
}

fn is_aside(kept: &Kept) -> bool {
    ASIDE.iter().any(|end| kept.place.topic.ends_with(end))
}

/// MSH-10 of a raw message.
pub(crate) fn control_id(message: &[u8]) -> String {
    let parsed = formats::hl7v2::parse(message);
    let header = parsed.header().expect("it was sent by us");
    String::from_utf8_lossy(header.control_id().raw()).into_owned()
}

fn raw_of(kept: &Kept) -> Raw {
    Raw {
        place: kept.place.clone(),
        message_id: kept.header("message-id"),
        control_id: control_id(kept.bytes()),
    }
}

/// An event; nothing where the record tells the time alone.
fn event(kept: &Kept) -> Option<Event> {
    let event_id = kept.header("event-id");
    if event_id.is_empty() {
        return None;
    }
    Some(Event {
        place: kept.place.clone(),
        patient: hexadecimal(&kept.record.key),
        message_id: kept.header("message-id"),
        event_id,
        more: !kept.header("more").is_empty(),
        of: Place::parse(&kept.header("raw")).expect("an event names its message"),
    })
}

/// A finding, its content without the places of what it rests on.
fn finding(kept: &Kept) -> Finding {
    let mut content: serde_json::Value =
        serde_json::from_slice(kept.bytes()).expect("a finding is JSON");
    let mut of = Vec::new();
    let evidence = content["evidence"].as_array_mut();
    for one in evidence.into_iter().flatten() {
        let origin = one.as_object_mut().and_then(|one| one.remove("origin"));
        let origin = origin.expect("evidence says where it stands");
        let number = |name: &str| origin[name].as_u64().expect("an origin has numbers");
        of.push(Place {
            topic: PATIENT_STREAM.to_owned(),
            partition: u16::try_from(number("partition")).expect("partitions are few"),
            offset: number("offset"),
        });
    }
    Finding {
        place: kept.place.clone(),
        id: kept.header("finding"),
        revision: content["revision"]
            .as_u64()
            .and_then(|revision| u32::try_from(revision).ok())
            .expect("a finding has a revision"),
        content: content.to_string(),
        of,
    }
}

fn aside(kept: &Kept) -> SetAside {
    SetAside {
        place: kept.place.clone(),
        reason: format!("{} {}", kept.header("reason"), kept.header("detail")),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
