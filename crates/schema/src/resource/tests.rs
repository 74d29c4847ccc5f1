//! What is published validates under its schema, by a validator that is not ours; what is damaged does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clinical::{ReceivedTime, SiteKey};
use expect_test::{ExpectFile, expect, expect_file};
use formats::hl7v2;
use jsonschema::Validator;
use mapping::identity::{Subjects, split};
use mapping::map::resource_types;
use serde_json::{Value, json};

use super::*;

fn validators() -> BTreeMap<&'static str, Validator> {
    let of = |name| {
        let schema: Value = serde_json::from_str(&schema(name).unwrap()).unwrap();
        (name, jsonschema::draft7::new(&schema).unwrap())
    };
    resource_types().into_iter().map(of).collect()
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

#[test]
fn every_resource_of_the_corpora_validates() {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut paths = Vec::new();
    messages(&shared.join("corpora"), &mut paths);
    let (source, site) = (mapping::Source::new("corpus"), SiteKey::new([7; 32]));
    let validators = validators();
    let (mut resources, mut wrong) = (0, BTreeMap::new());
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let whole = hl7v2::parse(&bytes);
        if whole.header().is_none() {
            continue;
        }
        let parts = match mapping::subjects(&whole, &source) {
            Subjects::Several(_) => split(&whole).unwrap(),
            _ => vec![bytes.clone()],
        };
        for part in parts {
            let received = ReceivedTime::from_micros(0);
            let mapped = mapping::map(&hl7v2::parse(&part), &source, &site, received);
            for draft in &mapped.drafts {
                resources += 1;
                let resource = serde_json::from_slice(&draft.to_json()).unwrap();
                for problem in problems(&validators, &resource) {
                    wrong.insert(problem, path.display().to_string());
                }
            }
        }
    }
    println!("{resources} resources");
    assert!(resources > 5000, "{resources}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_published_type_has_a_small_schema_that_is_always_the_same() {
    let mut sizes = Vec::new();
    for name in resource_types() {
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
