//! What is published validates under its schema, by a validator that is not ours; what is damaged does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clinical::{MessageId, PatientKey, ReceivedTime, SiteKey};
use expect_test::{ExpectFile, expect, expect_file};
use formats::hl7v2;
use jsonschema::Validator;
use mapping::identity::{Subjects, split};
use mapping::map::message_time;
use mapping::normalize::{Input, Normalizer, Output, RawInfo, State};
use serde_json::{Value, json};

use super::*;

fn validators() -> BTreeMap<&'static str, Validator> {
    let of = |name| {
        let schema: Value = serde_json::from_str(&schema(name).unwrap()).unwrap();
        (name, jsonschema::draft7::new(&schema).unwrap())
    };
    super::published().iter().copied().map(of).collect()
}

/// Says what a resource breaks; nothing where its type is not published.
fn problems(validators: &BTreeMap<&'static str, Validator>, resource: &Value) -> Vec<String> {
    problems_of(
        resource["resourceType"].as_str().unwrap(),
        validators,
        resource,
    )
}

fn problems_of(
    name: &str,
    validators: &BTreeMap<&'static str, Validator>,
    resource: &Value,
) -> Vec<String> {
    let errors = validators.get(name).into_iter();
    let errors = errors.flat_map(|validator| validator.iter_errors(resource));
    errors
        .map(|error| format!("{name}{}: {error}", error.instance_path()))
        .collect()
}

fn golden_resources() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hl7v2");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.to_string_lossy();
            name.ends_with(".ndjson") && !name.ends_with(".coverage.ndjson")
        })
        .collect();
    paths.sort();
    let lines = |path: &PathBuf| -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    paths.iter().flat_map(lines).collect()
}

#[test]
fn every_golden_resource_validates() {
    let validators = validators();
    let mut met = BTreeMap::new();
    for resource in golden_resources() {
        assert_eq!(problems(&validators, &resource), [""; 0]);
        let name = resource["resourceType"].as_str().unwrap().to_owned();
        *met.entry(name).or_insert(0) += 1;
    }
    assert!(met.len() > 20, "{met:?}");
}

/// A value that none of our schemas allows in the place of the other.
fn other(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(7),
        Value::Array(_) => json!({}),
        _ => json!("other"),
    }
}

#[test]
fn no_golden_resource_validates_with_an_element_of_another_type() {
    let validators = validators();
    let mut damaged = 0;
    for resource in golden_resources() {
        let name = resource["resourceType"].as_str().unwrap();
        if !validators.contains_key(name) {
            continue;
        }
        // What stands beside a value is not described.
        let described = |(name, _): &(&String, &Value)| !name.starts_with('_');
        for (element, value) in resource.as_object().unwrap().iter().filter(described) {
            let mut wrong = resource.clone();
            wrong[element] = other(value);
            let problems = problems_of(name, &validators, &wrong);
            assert!(!problems.is_empty(), "{name}.{element}");
            damaged += 1;
        }
    }
    assert!(damaged > 1000, "{damaged}");
}

fn shared() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    #[expect(clippy::disallowed_methods, reason = "a test finds its corpora by it")]
    let folder = std::env::var("PULSEWIRE_SHARED").map_or(default, PathBuf::from);
    folder.join("corpora").is_dir().then_some(folder)
}

fn messages(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let ends = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("hl7") || end == "txt");
        if path.is_dir() {
            messages(&path, out);
        } else if ends {
            out.push(path);
        }
    }
}

/// The messages of the corpora, those of several patients by patient.
fn corpora(folder: &Path, source: &mapping::Source) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    messages(&folder.join("corpora"), &mut paths);
    paths.sort();
    let mut all = Vec::new();
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let whole = hl7v2::parse(&bytes);
        match mapping::subjects(&whole, source) {
            _ if whole.header().is_none() => {}
            Subjects::Several(_) => all.extend(split(&whole).unwrap()),
            _ => all.push(bytes.clone()),
        }
    }
    all
}

/// All that normalize publishes of messages, each patient's one after the other.
fn published(messages: &[Vec<u8>], source: &mapping::Source) -> Vec<Value> {
    let (normalizer, site) = (Normalizer::default(), SiteKey::new([7; 32]));
    let mut states: BTreeMap<PatientKey, State> = BTreeMap::new();
    let mut resources = Vec::new();
    for (number, bytes) in (0_u64..).zip(messages) {
        let message = hl7v2::parse(bytes);
        let received = ReceivedTime::from_micros(i64::MAX / 2);
        let mapped = mapping::map(&message, source, &site, received);
        let raw = |addressed| RawInfo {
            message_id: MessageId::derive(&[&number.to_be_bytes()]),
            addressed,
            message_time: message_time(&message, source).unwrap_or_default(),
            received_time: received,
            topic: "healthcare.hl7v2.adt",
            partition: 0,
            offset: number,
            source: "corpus",
            way: mapping::normalize::Way::Mllp,
            backfill: false,
            retired: None,
            bytes,
        };
        let drafts = &mapped.drafts;
        let (key, given) = match &mapped.subjects {
            Subjects::One(patient) => {
                let key = patient.key(&site);
                let raw = raw(key);
                (key, Input::Message { raw, drafts })
            }
            Subjects::Merge { survivor, retired } => {
                let key = survivor.key(&site);
                let given = Input::Merge {
                    raw: raw(key),
                    drafts,
                    retired: retired.key(&site),
                    identifiers: &mapped.retired_identifiers,
                };
                (key, given)
            }
            _ => continue,
        };
        let state = states.entry(key).or_default();
        let outputs = normalizer.step(key, state, &given);
        for record in outputs.into_iter().flat_map(|outputs| outputs.records) {
            if let Output::Resource { json, .. } = record {
                resources.push(serde_json::from_slice(&json).unwrap());
            }
        }
    }
    resources
}

#[test]
fn every_resource_that_the_corpora_become_validates() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let source = mapping::Source::new("corpus");
    let messages = corpora(&shared, &source);
    let resources = published(&messages, &source);
    println!("{} messages, {} resources", messages.len(), resources.len());
    assert!(resources.len() > 5000);
    let validators = validators();
    let mut wrong = BTreeMap::new();
    for resource in &resources {
        assert!(validators.contains_key(resource["resourceType"].as_str().unwrap()));
        for problem in problems(&validators, resource) {
            *wrong.entry(problem).or_insert(0) += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_published_type_has_a_small_schema_that_is_always_the_same() {
    let mut sizes = Vec::new();
    for name in super::published().iter().copied() {
        let text = schema(name).unwrap();
        assert!(text.len() < BYTES_MAX, "{name}: {}", text.len());
        assert!(!text.contains("$ref"), "{name}");
        assert_eq!(schema(name).unwrap(), text);
        sizes.push((text.len(), name));
    }
    sizes.sort_unstable();
    println!("{sizes:?}");
    assert_eq!(schema("HumanName"), None);
    assert_eq!(schema("Nobody"), None);
}

#[test]
fn every_resource_type_of_the_release_would_fit() {
    let names = [
        "ExplanationOfBenefit",
        "Claim",
        "ClaimResponse",
        "Contract",
        "PlanDefinition",
    ];
    for name in names {
        let bytes = schema(name).unwrap().len();
        assert!(bytes < BYTES_MAX, "{name}: {bytes}");
    }
}

fn check(resource: &Value, expected: expect_test::Expect) {
    expected.assert_eq(&problems(&validators(), resource).join("\n"));
}

#[test]
fn what_is_wrong_is_named() {
    check(
        &json!({"resourceType": "Observation", "status": "done", "code": {}, "issued": "2026-03-01"}),
        expect![[r#"
            Observation/issued: "2026-03-01" does not match "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
            Observation/status: "done" is not one of "amended", "cancelled" or 6 other candidates"#]],
    );
    check(
        &json!({"resourceType": "Observation", "status": "final"}),
        expect![[r#"Observation: "code" is a required property"#]],
    );
    check(
        &json!({"resourceType": "Patient", "birthDate": "1.1.1970", "contact": [{"name": {"given": "A"}}], "id": "a_b"}),
        expect![[r#"
            Patient/birthDate: "1.1.1970" does not match "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
            Patient/contact/0/name/given: "A" is not of type "array"
            Patient/id: "a_b" does not match "^[A-Za-z0-9.-]{1,64}$""#]],
    );
    check(
        &json!({"resourceType": "Patient", "animal": {}, "extension": [{"anything": 1}], "contained": [{"x": {}}]}),
        expect![""],
    );
}

fn golden(name: &str, expected: ExpectFile) {
    let document = document(name).unwrap();
    expected.assert_eq(&(serde_json::to_string_pretty(&document).unwrap() + "\n"));
}

#[test]
fn the_schemas_as_registered() {
    golden(
        "Patient",
        expect_file!["../../testdata/Patient.schema.json"],
    );
    golden(
        "Observation",
        expect_file!["../../testdata/Observation.schema.json"],
    );
}
