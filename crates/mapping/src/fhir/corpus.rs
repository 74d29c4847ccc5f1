//! Over the shared corpora: every resource is drafted and says all it said, or is refused for a reason that has a code.

use std::collections::BTreeMap;
use std::path::Path;

use clinical::{EventTime, SiteKey};
use expect_test::{Expect, expect};
use formats::fhir::bundle::Bundle;
use formats::fhir::read::Raw;
use formats::fhir::strict;
use serde_json::Value;

use super::*;
use crate::map::corpus::shared;
use crate::source::Zone;

const OWN_IDS: &str = "urn:pulsewire:source:corpus";

/// What became of a corpus.
#[derive(Default)]
struct Counts {
    drafted: usize,
    about_patients: usize,
    bundles: usize,
    refused: BTreeMap<String, usize>,
}

impl Counts {
    fn refuse(&mut self, place: &str, refused: &formats::fhir::refused::Refused) {
        let line = format!("{place}: {} {}", refused.code.code(), refused.diagnostics);
        *self.refused.entry(line).or_default() += 1;
    }

    fn show(&self) -> String {
        let mut out = format!(
            "{} drafted, {} of them about a patient, {} bundles taken apart\n",
            self.drafted, self.about_patients, self.bundles
        );
        for (line, count) in &self.refused {
            out += &format!("{count} {line}\n");
        }
        out
    }

    /// Takes what a file holds.
    fn take(&mut self, place: &str, bytes: &[u8]) {
        if let Err(refused) = strict::check(bytes) {
            return self.refuse(place, &refused);
        }
        let raw = Raw::read(bytes).unwrap();
        let kind = raw.get("resourceType").unwrap();
        if let (None, Some(inputs)) = (kind, raw.get("inputs").unwrap()) {
            return self.preset(place, inputs);
        }
        if kind.is_some_and(|kind| kind.as_bytes() == b"\"Bundle\"") {
            self.bundle(place, bytes);
        } else {
            self.resource(place, bytes);
        }
    }

    /// Takes the resources that stand as texts among the inputs of somebody's tests.
    fn preset(&mut self, place: &str, inputs: Raw<'_>) {
        for input in inputs.items() {
            let value = input.unwrap().get("value").unwrap();
            let Some(text) = value.and_then(|value| value.text().ok()) else {
                continue;
            };
            let items = match Raw::read(text.as_bytes()) {
                Ok(raw) if text.starts_with('[') => raw.items().map(Result::unwrap).collect(),
                Ok(raw) if text.starts_with('{') => vec![raw],
                Err(_) if text.starts_with(['[', '{']) => {
                    let refused = strict::check(text.as_bytes()).unwrap_err();
                    self.refuse(place, &refused);
                    continue;
                }
                _ => continue,
            };
            for item in items {
                self.take(place, item.as_bytes());
            }
        }
    }

    fn bundle(&mut self, place: &str, bytes: &[u8]) {
        let bundle = match Bundle::read(bytes) {
            Ok(bundle) => bundle,
            Err(refused) => return self.refuse(place, &refused),
        };
        self.bundles += 1;
        let id = |number: usize| format!("new-{number}");
        let ids: Vec<_> = bundle
            .entries
            .iter()
            .map(|entry| {
                Some(
                    entry
                        .id
                        .as_deref()
                        .map_or_else(|| id(entry.number), str::to_owned),
                )
            })
            .collect();
        let mut links = bundle.links(&ids);
        for question in bundle.questions().unwrap() {
            links.answer(&question, format!("{}/found", question.kind));
        }
        for entry in bundle.in_order() {
            if let Some(refused) = &entry.refused {
                self.refuse(place, refused);
                continue;
            }
            if entry.resource.is_none() {
                continue;
            }
            match bundle.resolved(entry, &links, ids[entry.number].as_deref()) {
                Ok(resource) => self.take(place, &resource),
                Err(refused) => self.refuse(place, &refused),
            }
        }
    }

    fn resource(&mut self, place: &str, bytes: &[u8]) {
        let subject = subject(Raw::read(bytes).unwrap());
        let site = SiteKey::new([7; 32]);
        let key = match &subject {
            Subject::None => None,
            Subject::Identifier(one) => Some(one.patient(|_| None).key(&site)),
            Subject::Reference { text, .. } | Subject::Conditional { text, .. } => {
                Some(site.patient("fhir:corpus", text))
            }
            Subject::Unresolved(text) => Some(site.patient("fhir:corpus", text)),
        };
        let references = patient_references(bytes).unwrap();
        let patients = references
            .into_iter()
            .map(|text| (text.as_str().into(), site.patient("fhir:corpus", &text)));
        let patients: BTreeMap<Box<str>, _> = patients.collect();
        let names = Names {
            patient: key,
            patients: &patients,
            own_ids: OWN_IDS,
            zone: &Zone::UTC,
            message_time: EventTime::parse("2026-11-21T00:00:00Z").unwrap(),
        };
        match draft(bytes, &names) {
            Ok(draft) => {
                self.drafted += 1;
                self.about_patients += usize::from(key.is_some());
                says_all(place, bytes, &draft.to_json());
            }
            Err(refused) => self.refuse(place, &refused),
        }
    }
}

/// Holds what a draft says against what was sent, element by element.
fn says_all(place: &str, sent: &[u8], drafted: &[u8]) {
    let sent: Value = serde_json::from_slice(sent).unwrap();
    let drafted: Value = serde_json::from_slice(drafted).unwrap();
    let (sent, drafted) = (sent.as_object().unwrap(), drafted.as_object().unwrap());
    let is_patient = sent["resourceType"] == "Patient";
    for (name, value) in sent {
        let mut value = value.clone();
        match name.as_str() {
            "id" if is_patient => continue,
            "meta" => {
                for version in ["versionId", "lastUpdated"] {
                    value.as_object_mut().unwrap().remove(version);
                }
                if value.as_object().unwrap().is_empty() {
                    continue;
                }
            }
            _ => {}
        }
        let mut found = drafted.get(name).cloned().unwrap_or(Value::Null);
        if is_patient && name == "identifier" {
            found
                .as_array_mut()
                .unwrap()
                .retain(|one| one["system"] != OWN_IDS);
        }
        assert!(is_same(&value, &found), "{place}: {name}\n{value}\n{found}");
    }
    let own = |name: &&String| !(is_patient && *name == "identifier");
    let more: Vec<_> = drafted
        .keys()
        .filter(own)
        .filter(|name| !sent.contains_key(*name))
        .collect();
    assert!(more.is_empty(), "{place}: {more:?}");
}

/// Whether two values are the same, but for references to patients.
fn is_same(sent: &Value, found: &Value) -> bool {
    match (sent, found) {
        (Value::Object(sent), Value::Object(found)) => {
            sent.len() == found.len()
                && sent.iter().all(|(name, value)| {
                    found.get(name).is_some_and(|found| {
                        is_same(value, found)
                            || (name == "reference" && found.as_str().is_some_and(is_key))
                    })
                })
        }
        (Value::Array(sent), Value::Array(found)) => {
            sent.len() == found.len() && sent.iter().zip(found).all(|(a, b)| is_same(a, b))
        }
        _ => sent == found,
    }
}

fn is_key(reference: &str) -> bool {
    let id = reference.strip_prefix("Patient/");
    id.is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn check(folder: &str, expected: Expect) {
    let Some(shared) = shared() else {
        println!("no shared corpora here; set PULSEWIRE_SHARED to run over them");
        return;
    };
    let mut counts = Counts::default();
    let mut paths: Vec<_> = std::fs::read_dir(shared.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".json") || name.ends_with(".erb") {
            counts.take(&name, &std::fs::read(&path).unwrap());
        } else if name.ends_with(".ndjson.gz") {
            let text = unzipped(&path);
            for line in text
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                counts.take(&name, line);
            }
        }
    }
    println!("{folder}: {}", counts.show());
    expected.assert_eq(&counts.show());
}

/// Reads a file of gzip that has a name in its header.
fn unzipped(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let name = if bytes[3] & 8 == 0 {
        0
    } else {
        bytes[10..].iter().position(|b| *b == 0).unwrap() + 1
    };
    miniz_oxide::inflate::decompress_to_vec(&bytes[10 + name..]).unwrap()
}

#[test]
fn the_examples_of_the_specification_are_drafted_or_refused_for_a_reason() {
    check(
        "corpora/fhir-r4-spec-examples",
        expect![[r#"
            746 drafted, 501 of them about a patient, 24 bundles taken apart
            1 bundle-response-medsallergies.json: not-supported a server takes batch, transaction, message, document, collection, history and searchset bundles: send one of these
            1 bundle-response-simplesummary.json: not-supported a server takes batch, transaction, message, document, collection, history and searchset bundles: send one of these
            1 bundle-response.json: not-supported a server takes batch, transaction, message, document, collection, history and searchset bundles: send one of these
            1 bundle-search-warning.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 bundle-transaction.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 json-edge-cases.json: required the resource has no id: give it one, or have it created under a new one
            1 message-response-link.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 operationoutcome-example-allok.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 operationoutcome-example-break-the-glass.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 operationoutcome-example-exception.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 operationoutcome-example-searchfail.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 operationoutcome-example-validationfail.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 operationoutcome-example.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 parameters-example.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
        "#]],
    );
}

#[test]
fn claims_are_drafted_or_refused_for_a_reason() {
    check(
        "clinical-data/carin-bb",
        expect![[r#"
        59 drafted, 32 of them about a patient, 0 bundles taken apart
    "#]],
    );
}

#[test]
fn prior_authorizations_are_drafted_or_refused_for_a_reason() {
    check(
        "clinical-data/davinci-pas",
        expect![[r#"
            476 drafted, 247 of them about a patient, 58 bundles taken apart
            1 PAS_notification_example_full_resource.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 PAS_notification_example_id_only.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 PAS_notification_missing_elements.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 pas_client_v221_run_against_pas_server.json: not-supported a resource of this type wraps others or answers a request, and is not kept: send what is in it
            1 pas_ri.json: required a resource says its resourceType: add it
            1 pas_server_v201_run_against_pas_client.json.erb: required the resource has no id: give it one, or have it created under a new one
            1 pas_server_v221_run_against_pas_client.json.erb: required the resource has no id: give it one, or have it created under a new one
        "#]],
    );
}

#[test]
fn a_hospital_is_drafted_or_refused_for_a_reason() {
    check(
        "clinical-data/clinosim-us1500",
        expect![[r#"
        107550 drafted, 107344 of them about a patient, 0 bundles taken apart
    "#]],
    );
}

#[test]
fn made_up_lives_are_drafted_or_refused_for_a_reason() {
    check(
        "corpora/synthea-fhir-data-pipes",
        expect![[r#"
        1782 drafted, 1782 of them about a patient, 7 bundles taken apart
    "#]],
    );
}
