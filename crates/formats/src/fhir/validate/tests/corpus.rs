//! Other people's resources: valid ones have no issues.

use std::path::{Path, PathBuf};

use super::super::{Severity, Validator};

/// Gives the folder of a corpus, or says why there is none.
fn corpus(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("PULSEWIRE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("corpora").join(name);
    if folder.exists() {
        return Some(folder);
    }
    println!(
        "nothing was looked at: {} is missing; name it with PULSEWIRE_SHARED",
        folder.display()
    );
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the corpus can be read");
    let paths = entries.map(|entry| entry.expect("the corpus can be read").path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
}

/// Tells the errors in the files of a corpus, by file.
fn errors(folder: &Path) -> Vec<String> {
    let mut validator = Validator::default();
    let mut found = Vec::new();
    for path in files(folder) {
        let bytes = std::fs::read(&path).expect("the corpus can be read");
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let issues = validator.validate(&bytes).into_iter();
        let errors = issues.filter(|issue| issue.severity >= Severity::Error);
        found.extend(errors.map(|issue| format!("{name} {}: {}", issue.path, issue.text)));
    }
    found
}

#[test]
fn the_examples_of_the_specification_are_valid() {
    let Some(folder) = corpus("fhir-r4-spec-examples") else {
        return;
    };
    // These refer to what their own definitions do not name.
    let wrong = [
        "devicemetric-example.json DeviceMetric.parent.reference",
        "medicationrequest0301.json MedicationRequest.dispenseRequest.performer.reference",
        "observation-example-clinical-gender.json Observation.performer[0].reference",
    ];
    let found = errors(&folder);
    let told = |wrong: &str| found.iter().any(|error| error.starts_with(wrong));
    assert!(
        wrong.iter().all(|wrong| told(wrong)),
        "each of them is told"
    );
    let others = found
        .iter()
        .filter(|error| !wrong.iter().any(|wrong| error.starts_with(wrong)));
    let others: Vec<&str> = others.map(String::as_str).collect();
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn synthetic_patients_are_valid() {
    let Some(folder) = corpus("synthea-fhir-data-pipes") else {
        return;
    };
    let found = errors(&folder);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
