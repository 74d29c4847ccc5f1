//! Identities that go into each other by several ways.

use clinical::PatientKey;

use super::*;
use crate::intake::keep::{RETIRED_KEY, WAY};

/// Patient 7 goes into patient 9.
const MERGE: &[u8] = b"MSH|^~\\&|ADT|H|||20260301090000+0000||ADT^A40|m|P|2.5\r\
EVN||20260301090000+0000\rPID|||9^^^H^MR\rMRG|7^^^H^MR\r";
/// A pulse of patient 5.
const PULSE: &[u8] = b"MSH|^~\\&|MON|H|||20260301100000+0000||ORU^R01|p|P|2.5\rPID|||5^^^H^MR\r\
OBR|1||V3|85353-1^Vital signs^LN|||20260301095900+0000\r\
OBX|1|NM|8867-4^Pulse^LN||118|/min|||||F\r";

#[test]
fn an_identity_that_goes_into_one_that_has_gone_is_the_survivors() {
    let config = config::defaults();
    let (site, metrics) = (SiteKey::new([7; 32]), Arc::new(Metrics::default()));
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let normalize = NormalizeStage::spec(1);
    let journal = journal_for(&[&normalize]);
    let stage = NormalizeStage::new(Arc::clone(&sources), site.clone(), metrics);
    let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&journal);
    let store = MemoryStore::default();
    let mut task = Task::open(normalize, 0, Arc::new(stage), shared, store).unwrap();
    let mut go_on = || while task.run_once(100).unwrap().records > 0 {};
    let key = |number: &str| {
        let text = format!("MSH|^~\\&|A|H|||20260301||ADT^A08|1|P|2.5\rPID|||{number}^^^H^MR\r");
        let message = hl7v2::parse(text.as_bytes());
        let source = sources.of(message.header().as_ref());
        sources.key(&message, source, &site).unwrap()
    };
    append(&journal, MERGE, &sources, &site);
    go_on();
    // What a server says of patient 7 comes after 7 has gone: that 5 goes into it.
    let patient: &[u8] =
        br#"{"resourceType":"Patient","id":"a","identifier":[{"system":"H","value":"7"}]}"#;
    append_resource(&journal, patient, key("7"), key("5"));
    go_on();
    append(&journal, PULSE, &sources, &site);
    go_on();

    let pulses = records(&journal, &topics::fhir("Observation"));
    let [pulse] = pulses.as_slice() else {
        panic!("one pulse is one event: {}", pulses.len());
    };
    let json: serde_json::Value = serde_json::from_slice(pulse.value.as_deref().unwrap()).unwrap();
    let survivor = format!("Patient/{}", key("9"));
    assert_eq!(json["subject"]["reference"], survivor);
}

fn append_resource(journal: &MemoryJournal, bytes: &[u8], key: PatientKey, retired: PatientKey) {
    let record = Record {
        key: (*key.as_bytes()).into(),
        event_time: 0,
        received_time: 0,
        seal: 0,
        headers: vec![
            header("content-type", mapping::event::FHIR_JSON),
            header("message-id", MessageId::derive(&[bytes]).to_string()),
            header("source-system", "default"),
            header(WAY, "http"),
            header(RETIRED_KEY, retired.to_string()),
        ],
        value: Some(bytes.into()),
    };
    let to = TopicPartition::new(topics::FHIR_RECEIVED, 0);
    let write = Write {
        records: vec![(to, record)],
        offsets: Vec::new(),
    };
    journal.append(write).unwrap();
}
