//! Messages of a visit that overtake one another, from the raw topic to the board.

use ::workloads::throughput::Department;
use mapping::event::identity::VISIT_MOMENT;
use serde_json::Value;

use super::*;
use crate::stages::emergency::EmergencyStage;
use crate::stages::normalize::MOMENT;

const CAME: &[u8] =
    b"MSH|^~\\&|A|H|||20260301100000+0000||ADT^A04|1|P|2.5\rEVN|A04|20260301100000+0000\r\
PID|||7^^^H^MR\rPV1||E|ED^WAIT^1||||||||||||||||V1|||||||||||||||||||||||||20260301100000+0000\r";
const TREATED: &[u8] =
    b"MSH|^~\\&|A|H|||20260301103000+0000||ADT^A02|2|P|2.5\rEVN|A02|20260301103000+0000\r\
PID|||7^^^H^MR\rPV1||E|ED^BAY1^1|||ED^WAIT^1|||||||||||||V1\r";
const WENT: &[u8] =
    b"MSH|^~\\&|A|H|||20260301120000+0000||ADT^A03|3|P|2.5\rEVN|A03|20260301120000+0000\r\
PID|||7^^^H^MR\rPV1||E|||||||||||||||||V1||||||||||||||||||||||||||20260301120000+0000\r";

/// How the visit stands on its board and as an Encounter, and the kinds of records that said so.
fn after(messages: [&'static [u8]; 3]) -> (Value, Value, Vec<String>) {
    let config = config::defaults();
    let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let (normalize, emergency) = (NormalizeStage::spec(1), EmergencyStage::spec(1));
    let journal = journal_for(&[&normalize, &emergency]);
    for message in messages {
        append(&journal, message, &sources, &site);
    }
    let stage = NormalizeStage::new(sources, site, Arc::clone(&metrics));
    run(&normalize, stage, &journal);
    let department = Department {
        waiting: ["WAIT".into()].into(),
        ..Department::default()
    };
    let stage = EmergencyStage::new(&department, &metrics);
    run(&emergency, stage, &journal);
    let last = |topic: &str| -> Value {
        let records = records(&journal, topic);
        serde_json::from_slice(records.last().unwrap().value.as_deref().unwrap()).unwrap()
    };
    let mut told = last(topics::ED_VISIT);
    let mut encounter = last(&topics::fhir("Encounter"));
    told.as_object_mut().unwrap().remove("knownAt");
    encounter.as_object_mut().unwrap().remove("meta");
    let kinds = records(&journal, topics::PATIENT_STREAM);
    let kinds = kinds.iter().filter_map(|record| {
        let named = |name: &str| record.headers.iter().find(|(known, _)| &**known == name);
        let told: Value = serde_json::from_slice(record.value.as_deref()?).ok()?;
        let (_, kind) = named("content-type").filter(|_| told["resourceType"] == "Encounter")?;
        assert!(named(MOMENT).is_some(), "a visit stands by a message");
        Some(String::from_utf8_lossy(kind).into_owned())
    });
    (told, encounter, kinds.collect())
}

#[test]
fn a_room_that_is_told_of_after_the_end_stands_on_the_board() {
    let (told, encounter, kinds) = after([CAME, TREATED, WENT]);
    assert_eq!(told["milestones"]["room"], "2026-03-01T10:30:00Z");
    assert_eq!(kinds, ["application/fhir+json"; 3]);
    let (late, as_late, kinds) = after([CAME, WENT, TREATED]);
    assert_eq!((late, as_late), (told, encounter));
    assert_eq!(kinds.len(), 4);
    assert!(kinds.iter().any(|kind| kind == VISIT_MOMENT), "{kinds:?}");
}
