//! Emergency departments of the running platform: HL7 v2 to the board of a unit, to findings, and back when it is called off.

use serde_json::Value;

use crate::message::{lines, minutes_ago, person};
use crate::platform::{Platform, Site, complained, quoted, run, said};
use crate::sender::Sender;
use crate::setting::wait_for;

const VISITS: &str = "healthcare.events.ed-visit";
const UNITS: &str = "healthcare.events.ed-unit";
const FINDINGS: &str = "healthcare.alert.stream";
const ALERTS: &str = "healthcare.events.care-alert";

/// A message of the administration, so many minutes after somebody came an hour and a half ago.
fn message(kind: &str, number: &str, place: &str, before: &str, after: u64) -> Vec<u8> {
    let visit = format!(
        "PV1|1|E|{place}|||{before}|||||||||||||V{number}^^^EAST^VN{}{}",
        "|".repeat(25),
        minutes_ago(90)
    );
    let at = minutes_ago(90 - after);
    let head = format!("MSH|^~\\&|TEST|EAST|PULSEWIRE|EAST|{at}||{kind}|{number}-{after}|P|2.5.1");
    let event = format!("EVN||{at}");
    lines(&[&head, &event, &person(number), &visit])
}

fn told(site: &Site, topic: &str) -> Vec<Value> {
    let records = site.records(topic);
    // What only tells the time has no value.
    let read = records.iter().filter(|kept| !kept.bytes().is_empty());
    read.map(|kept| serde_json::from_slice(kept.bytes()).expect("a record is JSON"))
        .collect()
}

fn newest(site: &Site, milestone: &str) -> Option<Value> {
    let told = told(site, VISITS).pop()?;
    told["milestones"].get(milestone).is_some().then_some(told)
}

#[test]
fn a_visit_is_on_the_board_its_clock_alerts_and_all_is_taken_back() {
    let mut site = Site::default();
    std::fs::write(site.folder().join("beds.tsv"), "ED\t10\t100\n")
        .expect("the folder can be written");
    let beds = quoted(&site.folder().join("beds.tsv").display().to_string());
    site.set("workloads.emergency", "enabled", "true")
        .set("workloads.emergency", "findings", "true")
        .set("workloads.emergency", "beds", &beds);
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&message("ADT^A04^ADT_A01", "E1", "ED^WAIT^3", "", 0));
    wait_for("the alert", || {
        let mut alerts = told(&site, ALERTS).into_iter();
        alerts.find(|alert| alert["condition"] == "emergency/room" && alert["severity"] == "high")
    });
    let page = wait_for("the board", || {
        let (code, page) = platform.get("/ed");
        assert_eq!(code, 200);
        page.contains("WAIT / 3").then_some(page)
    });
    assert!(
        page.contains("NEDOCS") && page.contains("Testperson"),
        "{page}"
    );
    assert!(page.contains("due tone-high\">treatment room"), "{page}");
    // The patient was in a room after fifty minutes: the message of that is late, and the limit was kept.
    sender.accepted(&message(
        "ADT^A02^ADT_A02",
        "E1",
        "ED^BAY2^1",
        "ED^WAIT^3",
        50,
    ));
    let roomed = wait_for("the room", || newest(&site, "room"));
    assert_eq!(
        (&roomed["place"], &roomed["waiting"]),
        (&"BAY2 / 1".into(), &false.into())
    );
    wait_for("that the wait is over", || {
        let mut findings = told(&site, FINDINGS).into_iter();
        let over = "over after 50 min, the limit is 60 min";
        findings.find(|finding| {
            finding["summary"]
                .as_str()
                .is_some_and(|said| said.contains(over))
        })
    });
    sender.accepted(&message("ADT^A11^ADT_A09", "E1", "ED^BAY2^1", "", 80));
    wait_for("the visit is gone", || {
        told(&site, VISITS)
            .pop()
            .filter(|told| told["gone"] == true)
    });
    wait_for("the board is empty", || {
        let (_, page) = platform.get("/ed");
        page.contains("Nobody is in an emergency department.")
            .then_some(())
    });
    rebuilt(&site, platform);
}

/// Starts with nothing but the journal, and finds that the same is said.
fn rebuilt(site: &Site, platform: Platform) {
    // What was said is the same after a start that makes everything anew.
    let before = told(site, VISITS);
    assert!(platform.stop().success());
    let deleted = site.command(&["state", "--delete"]);
    assert!(deleted.status.success(), "{}", complained(&deleted));
    let platform = site.start();
    platform.wait_until_idle();
    assert_eq!(told(site, VISITS), before);
    assert!(platform.stop().success());
    let verified = site.command(&["state", "--verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    assert!(
        said(&verified).contains("emergency-units"),
        "{}",
        said(&verified)
    );
    let units = told(site, UNITS);
    assert!(units.iter().all(|unit| unit["unit"] == "ED"), "{units:?}");
}

#[test]
fn a_file_of_beds_that_is_none_is_told_with_its_line() {
    let mut site = Site::default();
    std::fs::write(site.folder().join("beds.tsv"), "ED\tmany\t100\n")
        .expect("the folder can be written");
    let beds = quoted(&site.folder().join("beds.tsv").display().to_string());
    site.set("workloads.emergency", "beds", &beds);
    let checked = run(&["check", &site.config().display().to_string()]);
    assert_eq!(checked.status.code(), Some(3), "{}", complained(&checked));
    assert!(
        complained(&checked).contains("line 1: write unit"),
        "{}",
        complained(&checked)
    );
}
