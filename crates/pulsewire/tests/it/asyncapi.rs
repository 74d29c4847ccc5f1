//! The AsyncAPI document against what the running platform writes: every record, its headers and its members.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::kept::{Kept, drain};
use crate::message::{admission, header, lines, merge, minutes_ago, person, vitals};
use crate::platform::{Platform, Site, complained, said};
use crate::sender::Sender;

/// What Apache Kafka carries as headers and the embedded journal keeps beside them.
const TRANSPORT: [&str; 3] = ["event-time", "received-time", "seal"];
/// What stands on a copy that was set aside, beside what its original carried.
const COPIES: [&str; 2] = ["quarantined", "late"];

/// Sends what leads to records of most kinds.
fn day(platform: &Platform, site: &Site) {
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("1", "A1"));
    sender.accepted(&admission("2", "A2"));
    sender.accepted(&vitals("1", "V1", &minutes_ago(5), true));
    let local = [
        &header("ORU^R01^ORU_R01", "U1"),
        &person("1"),
        "OBR|1|7^TEST|7^LAB|QX^Odd panel^L",
        "OBX|1|NM|QX1^Odd test^L||1|1|||||F",
    ];
    sender.accepted(&lines(&local));
    sender.accepted(&merge("2", "1", "M1"));
    sender.accepted(&merge("2", "2", "M2"));
    sender.exchange(b"this is no message");
    drain(platform, site, 2);
    assert_eq!(platform.get("/patients").0, 200);
}

/// The names of an object's members.
fn names(object: &Value) -> BTreeSet<&str> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}

fn words(list: &Value) -> BTreeSet<&str> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(Value::as_str).collect()
}

/// Finds the message of a channel that a record is, by what it carries.
fn message_of<'d>(document: &'d Value, topic: &str, kept: &Kept) -> &'d Value {
    let value: Value = serde_json::from_slice(kept.bytes()).unwrap_or_default();
    let messages = document["channels"][topic]["messages"].as_object();
    let fits = |message: &&Value| {
        let name = message["name"].as_str().unwrap_or_default();
        let content_type = message["contentType"].as_str().unwrap_or_default();
        let alone = COPIES.contains(&name) || name == "tick" && kept.record.key.is_empty();
        let is_type = value["resourceType"].is_null() || value["resourceType"] == name;
        // What is told of a moment is an Encounter, and no resource of its own.
        let is_type = is_type || name == "visit-moment";
        alone || is_type && !content_type.is_empty() && kept.header("content-type") == content_type
    };
    let references = messages.into_iter().flat_map(|messages| messages.values());
    let mut found = references.filter_map(|message| {
        let pointer = message["$ref"].as_str()?.strip_prefix('#')?;
        document.pointer(pointer)
    });
    let found = found.find(fits);
    found.unwrap_or_else(|| panic!("{topic} has a record that is not described: {kept:?}"))
}

#[test]
fn what_is_written_is_as_it_is_described() {
    let site = Site::default();
    let platform = site.start();
    day(&platform, &site);
    assert!(platform.stop().success());
    let told = site.command(&["topics", "--asyncapi"]);
    assert!(told.status.success(), "{}", complained(&told));
    let document: Value = serde_json::from_str(&said(&told)).unwrap();
    let mut met = BTreeSet::new();
    for (topic, kept) in site.records_of_all("healthcare.") {
        let message = message_of(&document, &topic, &kept);
        let name = message["name"].as_str().unwrap_or_default();
        met.insert(name);
        let carried = kept.record.headers.iter();
        let carried: BTreeSet<&str> = carried.map(|(name, _)| &**name).collect();
        let described = names(&message["headers"]["properties"]);
        let required = words(&message["headers"]["required"]);
        let more: Vec<_> = carried.difference(&described).collect();
        assert!(
            more.is_empty() || COPIES.contains(&name),
            "{name}: {more:?}"
        );
        let less = required.difference(&carried);
        let less: Vec<_> = less.filter(|name| !TRANSPORT.contains(name)).collect();
        assert!(less.is_empty(), "{name}: {less:?}");
        let schema = &message["payload"]["schema"];
        if schema["additionalProperties"] == false {
            let value: Value = serde_json::from_slice(kept.bytes()).unwrap();
            let (held, known) = (names(&value), names(&schema["properties"]));
            assert!(held.is_subset(&known), "{name}: {value}");
            assert!(
                words(&schema["required"]).is_subset(&held),
                "{name}: {value}"
            );
        }
    }
    for name in [
        "message",
        "refused",
        "split",
        "Patient",
        "Observation",
        "merge",
        "handover",
        "finding",
        "alert",
        "delivery",
        "delivery-attempt",
        "audit",
        "unmapped",
        "quarantined",
    ] {
        assert!(met.contains(name), "{name} is not among {met:?}");
    }
}
