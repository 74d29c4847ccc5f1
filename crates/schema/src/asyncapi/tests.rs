//! The document says each topic once, all its references lead somewhere, and it changes only where somebody sees it.

use expect_test::expect_file;
use serde_json::Value;

use super::*;

fn topic(name: &str) -> TopicDescription {
    TopicDescription {
        name: name.to_owned(),
        partitions: 12,
        retention_ms: Some(604_800_000),
        is_compacted: false,
    }
}

/// One topic of each sort.
fn topics() -> Vec<TopicDescription> {
    let names = [
        "healthcare.hl7v2.oru",
        "healthcare.hl7v2.oru.quarantine",
        "healthcare.hl7v2.oru.late",
        "healthcare.hl7v2.refused",
        "healthcare.fhir.received",
        "healthcare.fhir.observation",
        "healthcare.fhir.other",
        "healthcare.x12.received",
        "healthcare.patient.stream",
        "healthcare.patient.split",
        "healthcare.alert.stream",
        "healthcare.events.care-alert",
        "healthcare.alert.delivery",
        "healthcare.alert.delivery-attempt",
        "healthcare.audit",
        "healthcare.mapping.unmapped",
        "healthcare.quarantine.redriven",
        "healthcare.subscription.position",
        "healthcare.device.vitals",
        "healthcare.device.association",
        "healthcare.schemas",
        "somebody.elses",
    ];
    let mut topics: Vec<_> = names.into_iter().map(topic).collect();
    topics.push(TopicDescription {
        is_compacted: true,
        retention_ms: None,
        ..topic("pulsewire.changelog.normalize")
    });
    topics
}

fn parsed() -> Value {
    serde_json::from_str(&document(&topics())).unwrap()
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(to)) = members.get("$ref") {
                found.push(to.clone());
            }
            members
                .values()
                .for_each(|member| references(member, found));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        _ => {}
    }
}

#[test]
fn every_topic_is_there_once_and_every_reference_leads_somewhere() {
    let document = parsed();
    let channels = document["channels"].as_object().unwrap();
    let mut named: Vec<&str> = channels.keys().map(String::as_str).collect();
    named.sort_unstable();
    let topics = topics();
    let mut wanted: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    wanted.sort_unstable();
    assert_eq!(named, wanted);
    for (name, channel) in channels {
        assert_eq!(channel["address"], **name);
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 40);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn a_document_as_it_is_written() {
    let few: Vec<_> = topics()
        .into_iter()
        .filter(|topic| {
            let few = [
                "healthcare.audit",
                "pulsewire.changelog.normalize",
                "somebody.elses",
            ];
            few.contains(&topic.name.as_str())
        })
        .collect();
    expect_file!["../../testdata/asyncapi.json"].assert_eq(&(document(&few) + "\n"));
}

#[test]
fn a_resource_carries_the_headers_of_the_design() {
    let document = parsed();
    let headers = &document["components"]["messages"]["Observation"]["headers"]["properties"];
    for name in [
        "content-type",
        "fhir-version",
        "source-system",
        "event-time",
        "received-time",
        "message-id",
        "traceparent",
        "schema-id",
    ] {
        assert!(headers[name]["description"].is_string(), "{name}");
    }
    assert_eq!(headers["content-type"]["enum"][0], "application/fhir+json");
}

#[test]
fn the_order_of_the_topics_changes_nothing() {
    let mut reversed = topics();
    reversed.reverse();
    assert_eq!(document(&reversed), document(&topics()));
}
