//! What other people's clients read, and what they write.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::EventTime;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::broker::Place;
use crate::instance::site;
use crate::kept_records::all;
use crate::message::{Potassium, minutes_ago, potassium};
use crate::sender::Sender;
use crate::setting::{PATIENCE, wait_for};

const OBSERVATIONS: &str = "healthcare.fhir.observation";
const RAW: &str = "healthcare.hl7v2.oru";
/// One look for a record.
const LOOK: Duration = Duration::from_millis(100);

/// What a plain client sees of a record.
#[derive(Debug)]
struct Seen {
    headers: BTreeMap<String, String>,
    key_bytes: usize,
    json: serde_json::Value,
}

/// The first record of a topic, by a client that knows nothing of us.
fn first(place: &Place, topic: &str) -> Seen {
    let reader: BaseConsumer = place.plain().create().expect("a client can be made");
    reader
        .subscribe(&[&place.topic(topic)])
        .expect("the topic is there");
    wait_for("a record for a plain client", || match reader.poll(LOOK) {
        Some(Ok(message)) if message.key().is_some() => {
            let headers = message.headers().expect("a record has headers");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let headers = headers.iter();
            let headers = headers.map(|one| (one.key.to_owned(), text(one.value.unwrap())));
            Some(Seen {
                headers: headers.collect(),
                key_bytes: message.key().map_or(0, <[u8]>::len),
                json: serde_json::from_slice(message.payload().unwrap()).expect("it is JSON"),
            })
        }
        Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) | None => None,
        Some(Err(error)) => panic!("{error}"),
    })
}

#[test]
fn a_plain_client_reads_fhir_and_what_it_writes_stops_no_station() {
    let Some(place) = Place::new("interop") else {
        return;
    };
    let mut site = site();
    place.configure(&mut site);
    let platform = site.start();

    // Not ours: no key, no header, and not a message either.
    let writer: BaseProducer = place.plain().create().expect("a client can be made");
    let topic = place.topic(RAW);
    for partition in 0..i32::from(crate::instance::PARTITIONS) {
        let strange = BaseRecord::<[u8], str>::to(&topic)
            .partition(partition)
            .key(b"strange".as_slice())
            .payload("hello");
        let sent = writer.send(strange);
        sent.map_err(|(error, _)| error).expect("there is room");
    }
    writer.flush(PATIENCE).expect("the broker takes it");

    let message = potassium(&Potassium {
        patient: "5",
        control_id: "K1",
        order: "1",
        taken: &minutes_ago(3),
        value: "4.4",
        status: "F",
    });
    Sender::to(platform.mllp).accepted(&message);
    let seen = first(&place, OBSERVATIONS);
    assert_eq!(seen.json["resourceType"], "Observation");
    assert_eq!(seen.key_bytes, 16);
    for name in ["event-time", "received-time"] {
        let time = EventTime::parse(&seen.headers[name]);
        assert!(time.is_some(), "{name} of {seen:?}");
    }
    assert_eq!(seen.headers["content-type"], "application/fhir+json");
    assert_eq!(seen.headers["fhir-version"], "4.0.1");
    for name in ["source-system", "message-id", "event-id", "traceparent"] {
        assert!(seen.headers.contains_key(name), "no {name} in {seen:?}");
    }
    let journal = place.journal();
    let set_aside = wait_for("the strange ones to be set aside", || {
        let found = all(&journal, &format!("{RAW}.quarantine"));
        (found.len() == usize::from(crate::instance::PARTITIONS)).then_some(found)
    });
    for kept in set_aside {
        assert_eq!(
            (kept.text().as_str(), kept.header("reason").is_some()),
            ("hello", true)
        );
    }
    assert!(platform.stop().success());
}
