//! `/status` and `pulsewire status`: stations, groups and members, of one process and of two on Apache Kafka.

use serde_json::Value;

use crate::message::admission;
use crate::platform::{Platform, Site, complained, quoted, run, said};
use crate::sender::Sender;
use crate::setting::{brokers, now, wait_for};

fn status(platform: &Platform) -> Value {
    let (code, body) = platform.get("/status");
    assert_eq!(code, 200, "{body}");
    serde_json::from_str(&body).expect("a status is JSON")
}

fn group<'s>(status: &'s Value, name: &str) -> &'s Value {
    let groups = status["groups"].as_array().expect("there are groups");
    let found = groups.iter().find(|group| group["name"] == name);
    found.unwrap_or_else(|| panic!("no group {name}: {status}"))
}

/// The partitions of each member.
fn shares(status: &Value, name: &str) -> Vec<Vec<u64>> {
    let members = group(status, name)["members"].as_array().expect("a list");
    let numbers = |member: &Value| {
        let numbers = member["partitions"].as_array().expect("a list");
        numbers.iter().filter_map(Value::as_u64).collect()
    };
    members.iter().map(numbers).collect()
}

#[test]
fn one_process_is_the_only_member_of_every_group_and_says_how_far_it_is() {
    let site = Site::default();
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&admission("31337", "S1"));
    platform.wait_until_idle();
    let told = status(&platform);
    assert_eq!(told["engine"]["kind"], "embedded");
    assert_eq!(told["troubles"], serde_json::json!([]));
    for name in ["normalize", "workloads", "alerts", "delivery.console"] {
        assert_eq!(shares(&told, name), [vec![0, 1]], "{name}");
        assert_eq!(group(&told, name)["unknown"], serde_json::json!([]));
    }
    let adt = group(&told, "normalize")["positions"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|position| position["topic"] == "healthcare.hl7v2.adt");
    assert_eq!(adt.expect("it was written")["end"], 1);
    let stations = told["stations"].as_array().expect("a list");
    let normalize = stations.iter().find(|one| one["name"] == "normalize");
    let normalize = normalize.expect("it is one of them");
    assert_eq!(normalize["partitions"], serde_json::json!([0, 1]));
    assert_eq!(normalize["records"], 1);
    assert_eq!(normalize["failing"], false);
    assert_eq!(normalize["recovering"], false);

    let at = platform.pages.to_string();
    let table = run(&["status", "--at", &at]);
    assert_eq!(table.status.code(), Some(0), "{}", complained(&table));
    for words in [
        "on",
        "normalize",
        "delivery.console",
        "this machine",
        "running",
    ] {
        assert!(said(&table).contains(words), "{}", said(&table));
    }
    let json = run(&["status", "--json", "--at", &at]);
    let json: Value = serde_json::from_str(&said(&json)).expect("one line of JSON");
    assert_eq!(json["process"], platform.id());
    assert!(platform.stop().success());

    let silent = run(&["status", "--at", &at]);
    assert_eq!(silent.status.code(), Some(1));
    assert!(
        complained(&silent).contains("does not answer") && complained(&silent).contains("hint:"),
        "{}",
        complained(&silent)
    );
}

#[test]
fn a_process_without_pages_says_whose_they_are_and_work_that_nobody_does_is_named() {
    let site = Site::default();
    let platform = site.start_as("intake,normalize");
    for page in ["/", "/alerts", "/live/alerts", "/nothing"] {
        let (code, words) = platform.get(page);
        assert_eq!(code, 404, "{page}");
        assert!(words.contains("its roles are intake,normalize"), "{words}");
    }
    for check in ["/health", "/ready", "/metrics", "/status"] {
        assert_eq!(platform.get(check).0, 200, "{check}");
    }
    let table = run(&["status", "--at", &platform.pages.to_string()]);
    assert_eq!(table.status.code(), Some(1));
    let words = "nobody: start a process with the role alerts";
    assert!(said(&table).contains(words), "{}", said(&table));
}

#[test]
fn two_processes_on_kafka_are_both_seen_by_each_and_commands_read_what_they_wrote() {
    let Some(brokers) = brokers() else { return };
    let prefix = format!("status-{}.", now().micros());
    let mut first = Site::default();
    let key = first.folder().join("site.key");
    std::fs::write(&key, [7; 32]).expect("the temporary folder can be written");
    std::process::Command::new("chmod")
        .arg("600")
        .arg(&key)
        .status()
        .expect("the system has chmod");
    let mut second = Site::default();
    for (site, name) in [(&mut first, "one"), (&mut second, "two")] {
        site.set("journal", "site_key", &quoted(&key.display().to_string()));
        site.set("kafka", "brokers", &quoted(&brokers));
        site.set("kafka", "prefix", &quoted(&prefix));
        site.set("kafka", "instance", &quoted(name));
        site.set("kafka", "replication", "1");
        site.set("kafka", "min_insync", "1");
    }
    let (one, two) = (first.start(), second.start());
    for asked in [&one, &two] {
        wait_for("both to have a partition of every group", || {
            let told = status(asked);
            let names = ["normalize", "workloads", "alerts", "delivery.console"];
            names
                .iter()
                .all(|name| {
                    let mut shares = shares(&told, name);
                    shares.sort();
                    shares == [vec![0], vec![1]]
                })
                .then_some(())
        });
    }
    Sender::to(one.mllp).accepted(&admission("31337", "S2"));
    let topics = wait_for("the patient on its topic", || {
        let topics = first.command(&["topics", "--json"]);
        said(&topics)
            .contains("healthcare.fhir.patient\"")
            .then_some(topics)
    });
    assert_eq!(topics.status.code(), Some(0), "{}", complained(&topics));
    let tail = first.command(&["tail", "healthcare.fhir.patient", "--last", "1"]);
    assert!(said(&tail).contains("content-type"), "{}", said(&tail));
    let (a, b) = (one.pages.to_string(), two.pages.to_string());
    let table = run(&["status", "--at", &a, "--at", &b]);
    let groups = said(&table).matches("\ngroup ").count();
    assert_eq!(groups, 1, "the groups are those of both: {}", said(&table));
    for member in [format!("{prefix}one"), format!("{prefix}two")] {
        assert!(said(&table).contains(&member), "{}", said(&table));
    }
    let doctor = first.command(&["doctor"]);
    assert!(
        said(&doctor).contains("all kept as they are configured"),
        "{}",
        said(&doctor)
    );
    let state = first.command(&["state"]);
    assert_eq!(state.status.code(), Some(1));
    assert!(
        complained(&state).contains("changelog"),
        "{}",
        complained(&state)
    );
    assert!(one.stop().success() && two.stop().success());
}
