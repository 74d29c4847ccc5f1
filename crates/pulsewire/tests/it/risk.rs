//! The learned risk as it is watched: what the status and the command say, and that the rule needs a name.

use serde_json::{Value, json};

use crate::message::{admission, minutes_ago, vitals};
use crate::platform::{Platform, Site, complained, run, said};
use crate::sender::Sender;

fn told(platform: &Platform, path: &str) -> Value {
    let (code, body) = platform.get(path);
    assert_eq!(code, 200, "{body}");
    serde_json::from_str(&body).expect("what is told is JSON")
}

#[test]
fn where_it_runs_it_is_watched_by_two_stations() {
    let mut site = Site::default();
    site.set("workloads.sepsis-risk", "enabled", "true");
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("31337", "R1"));
    sender.accepted(&vitals("31337", "R2", &minutes_ago(5), true));
    platform.wait_until_idle();
    let models = told(&platform, "/status/risk");
    assert_eq!(
        (&models["watched"], &models["models"]),
        (&json!(true), &json!([]))
    );
    let status = told(&platform, "/status");
    assert_eq!(status["troubles"], json!([]));
    let groups = status["groups"].as_array().expect("a list");
    for station in ["risk-outcomes", "risk-board"] {
        assert!(
            groups.iter().any(|group| group["name"] == station),
            "{station}: {status}"
        );
    }
    let at = platform.pages.to_string();
    let table = run(&["risk", "--at", &at]);
    assert!(table.status.success(), "{}", complained(&table));
    // The hour of the stay is not over.
    assert!(said(&table).contains("no hour was scored yet"));
    let json = run(&["risk", "--at", &at, "--json"]);
    let json: Value = serde_json::from_str(&said(&json)).expect("one object");
    assert_eq!(json["watched"], true);
    assert!(platform.stop().success());
    // What is kept of it is a function of the journal, like all else.
    let verified = site.command(&["state", "--verify"]);
    assert!(verified.status.success(), "{}", complained(&verified));
}

#[test]
fn where_it_does_not_run_nothing_is_watched_and_the_rule_needs_a_name() {
    let site = Site::default();
    let platform = site.start();
    let models = told(&platform, "/status/risk");
    assert_eq!(
        (&models["watched"], &models["models"]),
        (&json!(false), &json!([]))
    );
    let table = run(&["risk", "--at", &platform.pages.to_string()]);
    assert!(said(&table).contains("no learned model is watched"));
    assert!(platform.stop().success());
    let mut unapproved = Site::default();
    unapproved.set("workloads.sepsis-risk", "score", "\"rule\"");
    let config = unapproved.config().display().to_string();
    let checked = run(&["check", &config]);
    assert_eq!(checked.status.code(), Some(3));
    let complaint = complained(&checked);
    assert!(complaint.contains("approved_by"), "{complaint}");
}
