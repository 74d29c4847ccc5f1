//! Events of the shared example resources, where they are there.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use formats::fhir::read::Raw;

#[expect(
    clippy::disallowed_methods,
    reason = "where the corpora are is a setting of the tests"
)]
fn examples() -> Vec<Vec<u8>> {
    let shared = std::env::var("PULSEWIRE_SHARED").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let mut examples = Vec::new();
    for folder in ["fhir-r4-spec-examples", "synthea-fhir-data-pipes"] {
        let folder = shared.join("corpora").join(folder);
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("no {}; set PULSEWIRE_SHARED", folder.display());
            continue;
        };
        let files = entries.flatten().map(|entry| entry.path());
        for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "json")) {
            let bytes = fs::read(&file).unwrap();
            let bundle = Raw::read(&bytes).unwrap();
            let entries = bundle.get("entry").unwrap().map(Raw::items);
            for entry in entries.into_iter().flatten() {
                if let Some(resource) = entry.unwrap().get("resource").unwrap() {
                    examples.push(resource.as_bytes().to_vec());
                }
            }
            examples.push(bytes);
        }
    }
    examples
}

#[test]
fn every_example_is_read() {
    let examples = examples();
    let (mut observations, mut silent) = (0, 0);
    for bytes in &examples {
        let read = event(&envelope(FHIR_JSON, bytes));
        let shown = String::from_utf8_lossy(bytes);
        let read = read.unwrap_or_else(|error| panic!("{error}: {shown}"));
        if let Some(Fact::Observation(observation)) = read.map(|event| event.fact) {
            assert!(!observation.codes.is_empty(), "{shown}");
            observations += 1;
            silent += usize::from(observation.value.is_none() && observation.components.is_empty());
        }
    }
    assert!(examples.is_empty() || observations > 100, "{observations}");
    // Panels whose parts are other resources, and values that say why they are absent.
    assert!(silent * 5 <= observations, "{silent} of {observations}");
}

#[test]
fn a_torn_example_is_an_error_and_no_panic() {
    for bytes in examples().iter().filter(|bytes| bytes.len() < 4_000) {
        for end in (0..bytes.trim_ascii_end().len()).step_by(61) {
            assert!(event(&envelope(FHIR_JSON, &bytes[..end])).is_err());
        }
    }
}
