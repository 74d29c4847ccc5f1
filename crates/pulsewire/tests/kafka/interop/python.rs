//! What Confluent's Python client reads.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{OBSERVATIONS, Seen};
use crate::broker::Place;

/// The reader, as somebody would write it in a notebook.
const READER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/kafka/interop/first_record.py"
);

/// What it prints.
#[derive(Deserialize)]
struct Printed {
    partition: i32,
    headers: BTreeMap<String, String>,
    key: Vec<u8>,
    value: serde_json::Value,
}

#[test]
fn a_reader_in_python_reads_fhir() {
    let Some(place) = Place::new("interop-python") else {
        return;
    };
    let Some(python) = super::given("PULSEWIRE_PYTHON") else {
        return;
    };
    super::a_result_is_read_by(&place, || {
        let mut command = Command::new(&python);
        command
            .args([READER, &place.brokers, &place.topic(OBSERVATIONS)])
            .arg(place.topic("python"))
            .stdin(Stdio::null());
        let output = command.output().expect("Python can be run");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaints}");
        let printed: Printed = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        Seen {
            partition: printed.partition,
            headers: printed.headers,
            key: printed.key,
            json: printed.value,
        }
    });
}
