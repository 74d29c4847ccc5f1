//! Where things are that were sent together: bundles and lines say it of each as single resources do.

use serde_json::{Value, json};

use crate::kept::Kept;
use crate::platform::Site;
use crate::rest::Rest;

const RAW: &str = "healthcare.fhir.received";

fn patient(id: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id,
        "identifier": [{"system": "http://east.example/mrn", "value": id}],
    })
}

fn bundle(kind: &str, entries: &[Value]) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn written(id: &str) -> Value {
    let request = json!({"method": "PUT", "url": format!("Patient/{id}")});
    json!({"fullUrl": format!("http://x/fhir/Patient/{id}"), "resource": patient(id), "request": request})
}

/// The places that the entries of an answer name.
fn named(answer: &Value) -> Vec<String> {
    let entries = answer["entry"].as_array().unwrap().iter();
    let named = entries.filter_map(|entry| {
        let place = &entry["response"]["extension"][0];
        assert!(place.is_null() || place["url"] == "urn:pulsewire:place");
        place["valueString"].as_str().map(str::to_owned)
    });
    named.collect()
}

/// Where the records are whose resources have these ids.
fn places(site: &Site, ids: &[&str]) -> Vec<String> {
    let records = site.records(RAW);
    let place = |id: &&str| {
        let is = |kept: &&Kept| {
            let resource: Value = serde_json::from_slice(kept.bytes()).unwrap();
            resource["id"] == **id
        };
        let kept = records.iter().find(is).unwrap();
        format!("{RAW}/{}/{}", kept.partition, kept.offset)
    };
    ids.iter().map(place).collect()
}

#[test]
fn each_entry_of_a_bundle_says_where_it_is() {
    let site = Site::default();
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let ask = |to: &str, bundle: &Value, status: u16| {
        let answer = rest.post(to, bundle);
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(formats::fhir::validate::validate(&answer.body), []);
        named(&answer.json())
    };
    let transaction = bundle("transaction", &[written("t1"), written("t2")]);
    let there = ask("", &transaction, 202);
    assert_eq!(there, places(&site, &["t1", "t2"]));
    // What was so already is where it was.
    assert_eq!(ask("", &transaction, 202), there);
    let wrong = json!({"request": {"method": "GET", "url": "Patient/t1"}});
    let batch = bundle("batch", &[written("b1"), wrong]);
    assert_eq!(ask("", &batch, 200), places(&site, &["b1"]));
    let header = json!({"resourceType": "MessageHeader", "id": "h", "eventUri": "urn:x:event", "source": {"name": "h", "endpoint": "urn:x:source"}});
    let header = json!({"fullUrl": "http://x/fhir/MessageHeader/h", "resource": header});
    let told = json!({"fullUrl": "http://x/fhir/Patient/m1", "resource": patient("m1")});
    let message = bundle("message", &[header, told]);
    let there = ask("/$process-message", &message, 202);
    assert_eq!(there.last(), places(&site, &["m1"]).last());
}

#[test]
fn lines_have_the_numbers_of_the_body_and_say_where_the_kept_ones_are() {
    let site = Site::default();
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let body = format!(
        "\u{feff}{}\r\n\n  \r\n{{\r\n{}\n",
        patient("l1"),
        patient("l2")
    );
    let kind = [("Content-Type", "application/fhir+ndjson")];
    let answer = rest.ask("POST", "/$import-ndjson", &kind, body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(formats::fhir::validate::validate(&answer.body), []);
    let answer = answer.json();
    let parameters = answer["parameter"].as_array().unwrap();
    let counts = parameters[..4].iter();
    let counts: Vec<_> = counts
        .map(|one| one["valueString"].as_str().unwrap())
        .collect();
    assert_eq!(counts, ["3", "2", "0", "1"]);
    let parts = |name: &str| -> Vec<Vec<String>> {
        let named = parameters.iter().filter(|one| one["name"] == name);
        let parts = named.map(|one| {
            let parts = one["part"].as_array().unwrap().iter();
            parts
                .map(|part| part["valueString"].as_str().unwrap().to_owned())
                .collect()
        });
        parts.collect()
    };
    assert_eq!(parts("refusedLine")[0][0], "4");
    let mut there = Vec::new();
    for place in parts("place") {
        let [topic, partition, first, last, kept] = &place[..] else {
            panic!("{place:?}");
        };
        there.push(format!("{topic}/{partition}/{first}"));
        if first != last {
            there.push(format!("{topic}/{partition}/{last}"));
            assert_eq!(kept, "2");
        }
    }
    let mut expected = places(&site, &["l1", "l2"]);
    expected.sort();
    assert_eq!(there, expected);
}
