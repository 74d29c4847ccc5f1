//! What other people's clients read, and what they write.

mod java;
mod python;

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::EventTime;
use journal::partition_for;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::broker::Place;
use crate::instance::{PARTITIONS, site, site_key};
use crate::kept_records::all;
use crate::message::{Potassium, minutes_ago, potassium};
use crate::sender::Sender;
use crate::setting::{PATIENCE, wait_for};

const OBSERVATIONS: &str = "healthcare.fhir.observation";
const RAW: &str = "healthcare.hl7v2.oru";
/// One look for a record.
const LOOK: Duration = Duration::from_millis(100);

/// The potassium whose Observation is read.
const VALUE: &str = "4.4";
/// Its patient.
const PATIENT: &str = "5";

/// What a client that knows nothing of us sees of a record.
#[derive(Debug)]
struct Seen {
    partition: i32,
    headers: BTreeMap<String, String>,
    key: Vec<u8>,
    json: serde_json::Value,
}

impl Seen {
    /// Whether it is all that the design promises of the potassium's Observation.
    fn check(&self) {
        let patient = site_key().patient("EAST", PATIENT);
        assert_eq!(self.key, patient.as_bytes(), "{self:?}");
        let ours = partition_for(&self.key, PARTITIONS);
        assert_eq!(self.partition, i32::from(ours), "{self:?}");
        let fixed = [
            ("content-type", "application/fhir+json"),
            ("fhir-version", "4.0.1"),
            ("source-system", "default"),
        ];
        for (name, value) in fixed {
            assert_eq!(self.header(name), value);
        }
        for name in ["event-time", "received-time"] {
            let time = EventTime::parse(self.header(name));
            assert!(time.is_some(), "{name} of {self:?}");
        }
        let message = self.header("message-id");
        assert_eq!(message.len(), 32, "{self:?}");
        let trace = format!("00-{message}-");
        assert!(self.header("traceparent").starts_with(&trace), "{self:?}");
        assert!(self.header("raw").starts_with(RAW), "{self:?}");
        let schema = self.header("schema-id").parse::<u32>();
        assert!(schema.is_ok_and(|id| id > 0), "{self:?}");
        assert_eq!(self.json["resourceType"], "Observation");
        let subject = format!("Patient/{patient}");
        assert_eq!(self.json["subject"]["reference"], subject.as_str());
        assert_eq!(self.json["code"]["coding"][0]["code"], "2823-3");
        assert_eq!(self.json["valueQuantity"]["value"].to_string(), VALUE);
    }

    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

/// Has the platform take a potassium, and holds what a client then reads against what was promised.
fn a_result_is_read_by(place: &Place, read: impl FnOnce() -> Seen) {
    let mut site = site();
    place.configure(&mut site);
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&result());
    read().check();
    assert!(platform.stop().success());
}

/// The message with the potassium.
fn result() -> Vec<u8> {
    potassium(&Potassium {
        patient: PATIENT,
        control_id: "K1",
        order: "1",
        taken: &minutes_ago(3),
        value: VALUE,
        status: "F",
    })
}

/// A program that the dev loop names, or a printed reason why there is none.
#[expect(
    clippy::disallowed_methods,
    reason = "what a run of the tests is given is no setting of the product"
)]
fn given(name: &str) -> Option<String> {
    let path = std::env::var(name).ok();
    if path.is_none() {
        println!("skipped: {name} names no program; `cargo xtask test` does where it can be had");
    }
    path
}

/// The first record of a topic, by a client that knows nothing of us.
fn first(place: &Place, topic: &str) -> Seen {
    let reader: BaseConsumer = place.plain().create().expect("a client can be made");
    reader
        .subscribe(&[&place.topic(topic)])
        .expect("the topic is there");
    wait_for("a record for a plain client", || match reader.poll(LOOK) {
        Some(Ok(message)) => {
            let headers = message.headers().expect("a record has headers");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let headers = headers.iter();
            let headers = headers.map(|one| (one.key.to_owned(), text(one.value.unwrap())));
            Some(Seen {
                partition: message.partition(),
                headers: headers.collect(),
                key: message.key().expect("a record has a key").to_vec(),
                json: serde_json::from_slice(message.payload().unwrap()).expect("it is JSON"),
            })
        }
        Some(Err(KafkaError::PartitionEOF(_))) | None => None,
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
    for partition in 0..i32::from(PARTITIONS) {
        let strange = BaseRecord::<[u8], str>::to(&topic)
            .partition(partition)
            .key(b"strange".as_slice())
            .payload("hello");
        let sent = writer.send(strange);
        sent.map_err(|(error, _)| error).expect("there is room");
    }
    writer.flush(PATIENCE).expect("the broker takes it");

    Sender::to(platform.mllp).accepted(&result());
    first(&place, OBSERVATIONS).check();
    let journal = place.journal();
    let set_aside = wait_for("the strange ones to be set aside", || {
        let found = all(&journal, &format!("{RAW}.quarantine"));
        (found.len() == usize::from(PARTITIONS)).then_some(found)
    });
    for kept in set_aside {
        assert_eq!(
            (kept.text().as_str(), kept.header("reason").is_some()),
            ("hello", true)
        );
    }
    assert!(platform.stop().success());
}
