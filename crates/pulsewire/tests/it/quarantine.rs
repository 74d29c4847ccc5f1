//! Quarantine worked with from outside: listed, sent through again by a process and without one, corrected by a form.

use clinical::SiteKey;
use journal::{
    EmbeddedJournal, Journal as _, Options, Record, TopicPartition, Write, partition_for,
};
use serde_json::Value;

use crate::message::{header, lines};
use crate::platform::{PARTITIONS, Platform, Site, complained, said};
use crate::rest::Rest;
use crate::sender::Sender;
use crate::setting::wait_for;

const RAW: &str = "healthcare.hl7v2.adt";

/// The records in quarantine for a reason, as the API lists them.
fn listed(platform: &Platform, reason: &str) -> Vec<Value> {
    let (status, body) = platform.get(&format!("/api/quarantine?reason={reason}&limit=10"));
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["next"], Value::Null);
    answer["records"].as_array().unwrap().clone()
}

fn place(record: &Value) -> String {
    record["place"].as_str().unwrap().to_owned()
}

/// A message that was received in 2020 and says that it is of 2021, where intake would have kept it.
fn keep_of_2021(site: &Site) {
    let bytes = lines(&[
        "MSH|^~\\&|TEST|EAST|PULSEWIRE|EAST|20210301100000+0000||ADT^A08|F1|P|2.5.1",
        "PID|1||9^^^EAST^MR||Testperson^Nine||19500601|F",
    ]);
    let key = std::fs::read(site.data().join("site.key")).unwrap();
    let key = SiteKey::new(key.try_into().unwrap()).patient("EAST", "9");
    let micros = |text: &str| clinical::ReceivedTime::parse(text).unwrap().micros();
    let text = |name: &str, value: &str| (name.into(), value.as_bytes().into());
    let record = Record {
        key: (*key.as_bytes()).into(),
        event_time: micros("2021-03-01T10:00:00Z"),
        received_time: micros("2020-01-01T00:00:00Z"),
        headers: vec![
            text("content-type", "x-application/hl7-v2+er7"),
            text("source-system", "default"),
            text("message-id", "00112233445566778899aabbccddeeff"),
            text("control-key", "00112233445566778899aabbccddeeff"),
        ],
        value: Some(bytes.into()),
        ..Record::default()
    };
    let at = TopicPartition::new(RAW, partition_for(&record.key, PARTITIONS));
    let journal = EmbeddedJournal::open(&site.data().join("journal"), &Options::default()).unwrap();
    let write = Write {
        records: vec![(at, record)],
        offsets: vec![],
    };
    journal.append(write).unwrap();
}

#[test]
fn what_was_from_the_future_is_sent_through_again_once_and_becomes_an_event() {
    let mut site = Site::default();
    site.set("journal", "retention", "\"5000d\"");
    assert!(site.start().stop().success());
    keep_of_2021(&site);
    let platform = site.start();
    wait_for("the record in quarantine", || {
        listed(&platform, "from-future").pop()
    });
    assert_eq!(site.records("healthcare.fhir.patient").len(), 0);
    let process = platform.pages.to_string();
    let redrive = |more: &[&str]| {
        let all = [
            &["redrive", "--reason", "from-future", "--process", &process],
            more,
        ]
        .concat();
        site.command(&all)
    };
    let tried = redrive(&["--dry-run"]);
    assert!(
        said(&tried).contains("would be used"),
        "{}{}",
        said(&tried),
        complained(&tried)
    );
    let unasked = redrive(&[]);
    assert_eq!(unasked.status.code(), Some(1));
    assert!(
        complained(&unasked).contains("--yes"),
        "{}",
        complained(&unasked)
    );
    assert_eq!(site.records(RAW).len(), 1, "to try writes nothing");

    let sent = redrive(&["--yes", "--who", "Ada"]);
    assert!(
        said(&sent).contains("1  sent through again"),
        "{}{}",
        said(&sent),
        complained(&sent)
    );
    wait_for("the event", || {
        site.records("healthcare.fhir.patient").pop()
    });
    let again = redrive(&["--yes"]);
    assert!(
        said(&again).contains("passed over: it was sent through again at"),
        "{}",
        said(&again)
    );
    assert!(said(&again).contains("by Ada"), "{}", said(&again));
    assert_eq!(site.records(RAW).len(), 2);
    let audit = site.records("healthcare.audit");
    let audit = audit
        .iter()
        .map(|kept| String::from_utf8_lossy(kept.bytes()).into_owned());
    let audit: Vec<String> = audit.filter(|line| line.contains("redrive")).collect();
    assert_eq!(audit.len(), 1, "{audit:?}");
    assert!(
        audit[0].contains("\"Ada\"")
            && audit[0].contains("redrive 1 from quarantine (reason=from-future)")
    );
    let row = listed(&platform, "from-future").pop().unwrap();
    assert_eq!(row["redriven"]["who"], "Ada");
}

/// Reasons, counts, and what is no question, where one record is in quarantine.
fn look_at_the_api(platform: &Platform) {
    let (_, reasons) = platform.get("/api/quarantine/reasons");
    let reasons: Value = serde_json::from_str(&reasons).unwrap();
    assert!(
        reasons
            .as_array()
            .unwrap()
            .iter()
            .any(|known| known["code"] == "no-patient")
    );
    let (_, counts) = platform.get("/api/quarantine/counts");
    let counts: Value = serde_json::from_str(&counts).unwrap();
    assert_eq!(
        (&counts["total"], &counts["complete"]),
        (&1.into(), &true.into())
    );
    for wrong in [
        "limit=0",
        "limit=501",
        "limit=x",
        "since=yesterday",
        "after=nowhere",
        "reason=banana",
        "topic=banana",
        "foo=bar",
    ] {
        assert_eq!(
            platform.get(&format!("/api/quarantine?{wrong}")).0,
            400,
            "{wrong}"
        );
    }
}

/// What is asked of the API to be sent, and what it says of that; one record that names nobody is in quarantine.
fn ask_to_send(platform: &Platform) {
    let ask = |body: &str| {
        let headers = [("Content-Type", "application/json")];
        let rest = Rest(platform.pages);
        let path = "/api/quarantine/redrive";
        let answer = rest.try_ask_at("POST", path, &headers, body.as_bytes());
        let answer = answer.expect("it is answered");
        (answer.status, answer.json())
    };
    for (body, says) in [
        ("{}", "places"),
        (r#"{"who":"Ada"}"#, "places"),
        (
            r#"{"before":"2040-01-01T00:00:00Z","dryRun":true}"#,
            "places",
        ),
        (r#"{"reason":"no-patient"}"#, "who"),
        (r#"{"all":true,"who":" "}"#, "who"),
        (r#"{"reason":"banana","dryRun":true}"#, "no-patient"),
        (
            r#"{"topic":"banana","dryRun":true}"#,
            "healthcare.hl7v2.adt",
        ),
    ] {
        let (status, told) = ask(body);
        assert_eq!(status, 400, "{body}");
        let why = told["error"].as_str().unwrap();
        assert!(why.contains(says), "{body}: {why}");
    }
    let (status, told) = ask(r#"{"all":true,"dryRun":true}"#);
    assert_eq!(
        (status, &told["records"][0]["outcome"]),
        (200, &"would-fail".into())
    );
    assert_eq!(listed(platform, "no-patient").len(), 1, "nothing was sent");
}

/// What the command says where nothing runs and everything was sent.
fn ask_without_a_process(site: &Site) {
    let list = site.command(&["redrive", "--list", "--reason", "no-patient"]);
    assert!(said(&list).contains("no-patient"), "{}", complained(&list));
    assert!(!said(&list).contains("2823-3"), "content stays where it is");
    let all = ["redrive", "--reason", "no-patient"];
    let tried = site.command(&[&all[..], &["--dry-run", "--json"]].concat());
    let outcomes: Vec<Value> = said(&tried)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(outcomes.len(), 2, "{}", complained(&tried));
    assert!(
        outcomes.iter().all(|one| one["outcome"] == "skipped"),
        "{outcomes:?}"
    );
    let unsaid = site.command(&["redrive"]);
    assert_eq!(unsaid.status.code(), Some(1));
    assert!(
        complained(&unsaid).contains("--all"),
        "{}",
        complained(&unsaid)
    );
}

#[test]
fn what_names_nobody_fails_again_is_corrected_and_becomes_an_event() {
    let site = Site::default();
    let platform = site.start();
    let text = [
        &header("ORU^R01", "NOBODY"),
        "PID|1||",
        "OBR|1||7^LAB|2823-3^Potassium^LN",
        "OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|||||F",
    ];
    Sender::to(platform.mllp).accepted(&lines(&text));
    let first = wait_for("the record in quarantine", || {
        listed(&platform, "no-patient").pop()
    });
    assert_eq!(first["what"], "it names no patient");
    look_at_the_api(&platform);
    ask_to_send(&platform);

    let id = place(&first).replace('/', ":");
    wait_for("the page", || {
        (platform.get(&format!("/quarantine/{id}")).0 == 200).then_some(())
    });
    platform.post_form(&format!("/quarantine/{id}/redrive"), "who=Ada");
    let second = wait_for("it to fail again", || {
        let all = listed(&platform, "no-patient");
        all.into_iter().find(|record| record["attempt"] == 1)
    });
    let id = place(&second).replace('/', ":");
    let page = wait_for("its page", || {
        let (status, page) = platform.get(&format!("/quarantine/{id}"));
        (status == 200 && page.contains("failed again: this record")).then_some(page)
    });
    assert!(
        page.contains("MSH|") && page.contains("Correct a copy"),
        "{page}"
    );
    let corrected = text.join("%0D%0A").replace("PID|1||", "PID|1||7^^^EAST^MR");
    let corrected = corrected.replace('&', "%26").replace('+', "%2B");
    platform.post_form(
        &format!("/quarantine/{id}/edit"),
        &format!("who=Ada&text={corrected}"),
    );
    let event = wait_for("the event", || {
        site.records("healthcare.fhir.observation").pop()
    });
    let raw = event.header("raw");
    let copies = site.records("healthcare.hl7v2.oru");
    let copy = copies
        .iter()
        .find(|kept| kept.header("edited-from") == place(&second))
        .unwrap();
    assert_eq!(copy.header("edited-by"), "Ada");
    assert_eq!(
        raw,
        format!("healthcare.hl7v2.oru/{}/{}", copy.partition, copy.offset)
    );
    assert!(platform.stop().success());

    ask_without_a_process(&site);
}
