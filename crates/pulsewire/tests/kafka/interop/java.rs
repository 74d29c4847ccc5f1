//! What Apache Kafka's own console consumer prints.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use super::{OBSERVATIONS, Seen};
use crate::broker::Place;

/// The class behind `kafka-console-consumer.sh`.
const CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
/// It gives up after so long without a record.
const PATIENCE_MS: &str = "60000";
/// What it prints beside the value, and how.
const FORMAT: [&str; 5] = [
    "print.partition=true",
    "print.headers=true",
    "headers.separator=|",
    "print.key=true",
    "key.deserializer=org.apache.kafka.common.serialization.BytesDeserializer",
];

#[test]
fn the_console_consumer_reads_fhir() {
    let Some(place) = Place::new("interop-java") else {
        return;
    };
    let Some(tool) = super::given("PULSEWIRE_KAFKA_TOOL") else {
        return;
    };
    super::a_result_is_read_by(&place, || {
        let mut command = Command::new(&tool);
        command
            .args(["kafka", "tool", CONSUMER, "--from-beginning"])
            .args(["--bootstrap-server", &place.brokers])
            .args(["--topic", &place.topic(OBSERVATIONS)])
            .args(["--group", &place.topic("java")])
            .args(["--isolation-level", "read_committed"])
            .args(["--max-messages", "1", "--timeout-ms", PATIENCE_MS])
            .args(FORMAT.iter().flat_map(|one| ["--formatter-property", one]))
            .stdin(Stdio::null());
        let output = command.output().expect("the dev loop can be run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        let seen = text.lines().find_map(line);
        seen.unwrap_or_else(|| panic!("it printed no record: {text}\n{complaints}"))
    });
}

/// One record: partition, headers, key and value, with tabs in between.
fn line(text: &str) -> Option<Seen> {
    let mut parts = text.splitn(4, '\t');
    let partition = parts.next()?.strip_prefix("Partition:")?;
    let headers = parts.next()?.split('|');
    let headers = headers.map(|one| one.split_once(':').expect("a name and a value"));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let key = parts.next()?;
    Some(Seen {
        partition: partition.parse().expect("a number"),
        headers: headers.collect::<BTreeMap<_, _>>(),
        key: key_bytes(key),
        json: serde_json::from_str(parts.next()?).expect("the value is JSON"),
    })
}

/// Bytes that are no plain character stand as a backslash, an x and two digits.
fn key_bytes(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (byte, plain) = piece.split_at(2);
        bytes.push(u8::from_str_radix(byte, 16).expect("two digits"));
        bytes.extend(plain.as_bytes());
    }
    bytes
}
