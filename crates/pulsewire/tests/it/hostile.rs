//! What attackers send over HTTP, each case with what comes of it; and all of it at once, in little memory, beside a sender that is
//! answered all the while.

use std::sync::atomic::{AtomicBool, Ordering};

use formats::limits::Limits;
use formats::mllp;
use serde_json::{Value, json};

use crate::attack;
use crate::message::admission;
use crate::platform::{Platform, Site};
use crate::rest::Rest;
use crate::sender::Sender;
use crate::setting::wait_for;

const RECEIVED: &str = "healthcare.fhir.received";
const MIB: u64 = 1 << 20;
/// All that a process may have while it is attacked.
const MEMORY_MAX: u64 = 512 * MIB;

/// A site that does not wait long for those who say nothing.
fn impatient() -> Site {
    let mut site = Site::default();
    site.set("intake.http", "header_timeout", "\"2s\"");
    site.set("intake.mllp", "first_byte_timeout", "\"2s\"");
    site.set("intake.mllp", "frame_timeout", "\"2s\"");
    site
}

/// The most memory that a process ever had, where the system tells it.
fn peak(platform: &Platform) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", platform.id()));
    let status = status.ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}

/// It still does its work.
fn is_well(platform: &Platform) {
    let rest = Rest(platform.fhir());
    let patient =
        json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "well"}]});
    let told = wait_for("a place for one who behaves", || {
        let body = patient.to_string();
        rest.try_ask("POST", "/Patient", &[], body.as_bytes())
    });
    assert_eq!(told.status, 202);
}

#[test]
fn hostile_c17_a_body_that_unpacks_to_far_more_is_refused_and_memory_stays_flat() {
    let site = Site::default();
    let platform = site.start();
    let before = peak(&platform);
    attack::bombs(Rest(platform.fhir()));
    if let Some((before, after)) = before.zip(peak(&platform)) {
        assert!(after < before + 128 * MIB, "{before} became {after}");
    }
    assert_eq!(site.records(RECEIVED).len(), 0);
    is_well(&platform);
}

/// How many refusals waited.
fn delayed(platform: &Platform) -> u64 {
    platform.count(&["intake_refusals_delayed"])
}

/// Has something refused until that waits.
fn until_it_waits(platform: &Platform, refused: impl Fn()) {
    let mut times = 0;
    while delayed(platform) == 0 {
        assert!(times < 20, "nothing waited");
        refused();
        times += 1;
    }
    assert!(times > 1, "the first one waits for nothing");
}

#[test]
fn who_has_much_refused_by_http_waits_and_what_is_accepted_does_not() {
    const BODY: usize = 8 << 20;
    let site = Site::default();
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let deep = vec![b'['; BODY];
    until_it_waits(&platform, || {
        assert_eq!(rest.ask("POST", "/Patient", &[], &deep).status, 400);
    });
    let waited = delayed(&platform);
    is_well(&platform);
    assert_eq!(delayed(&platform), waited);
}

#[test]
fn who_has_much_refused_by_mllp_waits_and_what_is_accepted_does_not() {
    let site = Site::default();
    let platform = site.start();
    let long = vec![b'x'; Limits::DEFAULT.frame_bytes + 1];
    until_it_waits(&platform, || {
        assert_eq!(Sender::to(platform.mllp).exchange(&long).code, "AR");
    });
    let waited = delayed(&platform);
    Sender::to(platform.mllp).accepted(&admission("P1", "C1"));
    assert_eq!(delayed(&platform), waited);
    // What is accepted is answered before what is refused, in the order in which both came.
    let both = [mllp::encode(&admission("P2", "C2")), mllp::encode(b"none")];
    let mut sender = Sender::to(platform.mllp);
    sender.raw(&both.concat()).unwrap();
    assert_eq!(sender.answer().map(|answer| answer.code), Some("AA".into()));
    assert_eq!(sender.answer().map(|answer| answer.code), Some("AR".into()));
}

#[test]
fn hostile_c18_json_that_is_too_deep_too_wide_or_of_two_minds_is_refused() {
    let site = Site::default();
    let platform = site.start();
    attack::strange_json(Rest(platform.fhir()));
    assert_eq!(site.records(RECEIVED).len(), 0);
    is_well(&platform);
}

#[test]
fn hostile_c19_xml_is_not_read() {
    let site = Site::default();
    let platform = site.start();
    attack::xml(Rest(platform.fhir()));
    assert_eq!(site.records(RECEIVED).len(), 0);
}

#[test]
fn hostile_c20_requests_hidden_in_others_are_not_carried_out() {
    let site = Site::default();
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let hidden = json!({"resourceType": "Patient", "id": "hidden"});
    assert_eq!(rest.put("/Patient/hidden", &hidden).status, 202);
    attack::smuggled(rest);
    assert_eq!(rest.get("/Patient/hidden").status, 200, "it is still there");
    attack::http_2(rest);
    attack::endless_body(rest);
    assert_eq!(site.records(RECEIVED).len(), 1);
    is_well(&platform);
}

#[test]
fn hostile_c20_those_who_say_nothing_or_too_little_are_shed_and_senders_are_answered() {
    let site = impatient();
    let platform = site.start();
    let fhir = platform.fhir();
    let beginning = b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nX: ";
    std::thread::scope(|scope| {
        scope.spawn(move || attack::crowd(fhir, b""));
        scope.spawn(move || attack::crowd(fhir, beginning));
        let mut sender = Sender::to(platform.mllp);
        for number in 0..50 {
            sender.accepted(&admission(&format!("P{number}"), &format!("C{number}")));
        }
    });
    assert!(platform.count(&["connections_closed", "http-too-many-from-address"]) > 0);
    assert!(platform.count(&["connections_closed", "http-header-timeout"]) > 0);
    is_well(&platform);
}

fn patient(value: &str) -> Value {
    json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": value}]})
}

fn entry(url: &str, resource: Value) -> Value {
    let kind = resource["resourceType"].clone();
    json!({"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": kind}})
}

#[test]
fn hostile_c22_a_hundred_at_once_make_one_and_who_is_behind_changes_nothing() {
    let site = Site::default();
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let condition = [("If-None-Exist", "identifier=urn:x%7C77")];
    let race = || {
        rest.ask(
            "POST",
            "/Patient",
            &condition,
            patient("77").to_string().as_bytes(),
        )
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..100).map(|_| scope.spawn(race)).collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap().status)
            .collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 99);
    let stale = |body: &Value| {
        let headers = [("If-Match", "W/\"1\"")];
        let answer = rest.ask("PUT", "/Patient/p1", &headers, body.to_string().as_bytes());
        answer.status
    };
    let mut one = patient("1");
    one["id"] = json!("p1");
    assert_eq!(rest.put("/Patient/p1", &one).status, 202);
    one["gender"] = json!("male");
    assert_eq!(stale(&one), 202);
    one["gender"] = json!("female");
    assert_eq!(stale(&one), 412, "its version is over");
    assert_eq!(site.records(RECEIVED).len(), 3);
}

#[test]
fn hostile_c22_a_transaction_that_is_wrong_anywhere_changes_nothing() {
    let site = Site::default();
    let platform = site.start();
    let rest = Rest(platform.fhir());
    let transaction = |entries: Vec<Value>| {
        let body = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        rest.post("", &body).status
    };
    let twice = vec![
        entry("urn:uuid:1", patient("1")),
        entry("urn:uuid:1", patient("2")),
    ];
    assert_eq!(transaction(twice) / 100, 4, "one address for two");
    let group = |member: &str| {
        let member = json!([{"entity": {"reference": member}}]);
        json!({"resourceType": "Group", "type": "person", "actual": true, "member": member})
    };
    let lost = vec![
        entry("urn:uuid:1", group("urn:uuid:2")),
        entry("urn:uuid:3", patient("3")),
    ];
    assert_eq!(
        transaction(lost) / 100,
        4,
        "a reference that leads nowhere in it"
    );
    let all = |count: usize| {
        let each = (0..count).map(|n| entry(&format!("urn:uuid:{n}"), patient(&n.to_string())));
        each.collect::<Vec<_>>()
    };
    assert_eq!(
        transaction(all(5001)) / 100,
        4,
        "more entries than are taken"
    );
    assert_eq!(site.records(RECEIVED).len(), 0);
    // Resources that refer to each other are what FHIR has such addresses for: they are kept whole.
    let circle = vec![
        entry("urn:uuid:1", group("urn:uuid:2")),
        entry("urn:uuid:2", group("urn:uuid:1")),
    ];
    assert_eq!(transaction(circle) / 100, 2);
    assert_eq!(site.records(RECEIVED).len(), 2);
}

/// All attacks over HTTP, one after the other.
fn attack_http(platform: &Platform) {
    let rest = Rest(platform.fhir());
    attack::bombs(rest);
    attack::strange_json(rest);
    attack::xml(rest);
    attack::smuggled(rest);
    attack::http_2(rest);
    attack::endless_body(rest);
    attack::crowd(rest.0, b"POST /fhir/Patient HTTP/1.1\r\nX: ");
}

/// All attacks over MLLP, one after the other.
fn attack_mllp(platform: &Platform) {
    attack::endless_frame(platform.mllp);
    attack::million(platform.mllp);
    attack::crowd(platform.mllp, b"");
    attack::crowd(platform.mllp, b"\x0bMSH|");
}

#[test]
fn all_attacks_at_once_in_little_memory_hold_up_no_other_sender() {
    let site = impatient();
    let Some(platform) = site.start_with_memory(MEMORY_MAX) else {
        return;
    };
    let over = AtomicBool::new(false);
    let mut sender = Sender::to(platform.mllp);
    std::thread::scope(|scope| {
        let attackers = [attack_http, attack_mllp].map(|attack| {
            let platform = &platform;
            scope.spawn(move || attack(platform))
        });
        let others = scope.spawn(|| {
            let mut sent = 0;
            while !over.load(Ordering::Relaxed) || sent == 0 {
                sender.accepted(&admission(&format!("P{}", sent % 50), &format!("S{sent}")));
                sent += 1;
            }
            sent
        });
        let attacked = attackers.map(std::thread::ScopedJoinHandle::join);
        over.store(true, Ordering::Relaxed);
        let sent = others.join().expect("every message is acknowledged");
        for attacked in attacked {
            attacked.expect("every attack meets what it should");
        }
        assert_eq!(site.records("healthcare.hl7v2.adt").len(), sent);
        println!("{sent} messages were acknowledged beside the attacks");
    });
    if let Some(peak) = peak(&platform) {
        assert!(peak < MEMORY_MAX, "it took {} MiB", peak / MIB);
        println!("it took {} MiB at most", peak / MIB);
    }
    is_well(&platform);
}
