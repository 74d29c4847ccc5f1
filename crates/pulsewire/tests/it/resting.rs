//! A station whose records nobody can use rests where it is, says so, and goes on when it is told to.

use clinical::SiteKey;
use journal::{
    EmbeddedJournal, Journal as _, Options, Record, TopicPartition, Write, partition_for,
};
use serde_json::Value;

use crate::message::lines;
use crate::platform::{PARTITIONS, Platform, Site, complained, said};
use crate::sender::Sender;
use crate::setting::wait_for;

const RAW: &str = "healthcare.hl7v2.adt";
/// More than half of what a station looks back at.
const UNUSABLE: usize = 60;
/// It stops before one more fails than half of the last 50.
const SET_ASIDE: u64 = 25;

/// Where intake would have kept the messages of a patient.
fn place(key: &[u8]) -> TopicPartition {
    TopicPartition::new(RAW, partition_for(key, PARTITIONS))
}

/// As if another version had kept records of a kind that this one does not know, and a message behind them.
fn keep(site: &Site) {
    let key = std::fs::read(site.data().join("site.key")).unwrap();
    let key = SiteKey::new(key.try_into().unwrap()).patient("EAST", "9");
    let text = |name: &str, value: &str| (name.into(), value.as_bytes().into());
    let record = |number: usize, kind: &str, value: Vec<u8>| Record {
        key: (*key.as_bytes()).into(),
        event_time: 1_772_355_600_000_000,
        received_time: 1_772_355_600_000_000,
        headers: vec![
            text("content-type", kind),
            text("source-system", "default"),
            text("message-id", &format!("{number:032x}")),
            text("control-key", &format!("{number:032x}")),
        ],
        value: Some(value.into()),
        ..Record::default()
    };
    let message = lines(&[
        "MSH|^~\\&|TEST|EAST|PULSEWIRE|EAST|20260301090000+0000||ADT^A08|F1|P|2.5.1",
        "PID|1||9^^^EAST^MR||Testperson^Nine||19500601|F",
    ]);
    let mut records: Vec<Record> = (0..UNUSABLE)
        .map(|number| record(number, "application/vnd.newer", b"{}".to_vec()))
        .collect();
    records.push(record(UNUSABLE, "x-application/hl7-v2+er7", message));
    let journal = EmbeddedJournal::open(&site.data().join("journal"), &Options::default()).unwrap();
    let records = records
        .into_iter()
        .map(|record| (place(&record.key), record));
    let write = Write {
        records: records.collect(),
        offsets: vec![],
    };
    journal.append(write).unwrap();
}

fn normalize(platform: &Platform) -> Value {
    let (status, body) = platform.get("/status");
    assert_eq!(status, 200, "{body}");
    let status: Value = serde_json::from_str(&body).unwrap();
    let stations = status["stations"].as_array().unwrap();
    let found = stations.iter().find(|one| one["name"] == "normalize");
    found.unwrap().clone()
}

fn set_aside(platform: &Platform) -> u64 {
    let (_, counts) = platform.get("/api/quarantine/counts?reason=unsupported-content");
    let counts: Value = serde_json::from_str(&counts).unwrap();
    counts["total"].as_u64().unwrap()
}

/// The page follows what the station did a little later; more than this must never stand there.
fn wait_for_set_aside(platform: &Platform, number: u64) {
    wait_for("what was set aside", || {
        let stands = set_aside(platform);
        assert!(stands <= number, "{stands} instead of {number}");
        (stands == number).then_some(())
    });
}

/// How often the station began to rest.
fn begun(site: &Site) -> usize {
    let words = "rests instead of filling the quarantine";
    site.log().matches(words).count()
}

/// Senders are answered, and what comes for another partition is used.
fn send_for_another_partition(site: &Site, platform: &Platform) {
    let other = (1..).map(|number| format!("P{number}"));
    let site_key = std::fs::read(site.data().join("site.key")).unwrap();
    let site_key = SiteKey::new(site_key.try_into().unwrap());
    let rests = place(site_key.patient("EAST", "9").as_bytes());
    let is_elsewhere = |id: &String| place(site_key.patient("EAST", id).as_bytes()) != rests;
    let id = other.into_iter().find(is_elsewhere).unwrap();
    let message = lines(&[
        "MSH|^~\\&|TEST|EAST|PULSEWIRE|EAST|20260301090000+0000||ADT^A08|G1|P|2.5.1",
        &format!("PID|1||{id}^^^EAST^MR||Testperson^Ten||19500601|F"),
    ]);
    Sender::to(platform.mllp).accepted(&message);
    wait_for("what came for another partition", || {
        site.records("healthcare.fhir.patient").pop()
    });
}

#[test]
fn what_nobody_can_use_does_not_fill_the_quarantine() {
    let mut site = Site::default();
    site.set("journal", "retention", "\"5000d\"");
    assert!(site.start().stop().success());
    keep(&site);
    let platform = site.start();
    wait_for("the station to rest", || {
        (normalize(&platform)["resting"] == 1).then_some(())
    });
    wait_for_set_aside(&platform, SET_ASIDE);
    assert_eq!(site.records("healthcare.fhir.patient").len(), 0, "in order");
    let cause = normalize(&platform)["cause"].as_str().unwrap().to_owned();
    assert!(cause.contains("unsupported-content"), "{cause}");
    assert_eq!(
        platform.count(&["stage_resting_partitions", "normalize"]),
        1
    );
    assert_eq!(platform.get("/ready").0, 200, "messages are taken in");
    assert_eq!(begun(&site), 1);

    send_for_another_partition(&site, &platform);
    assert_eq!(set_aside(&platform), SET_ASIDE, "it still rests");

    let pages = platform.pages.to_string();
    let resume = |more: &[&str]| {
        let all = [&["resume", "normalize", "--process", &pages], more].concat();
        site.command(&all)
    };
    let told = resume(&[]);
    assert!(
        said(&told).contains("1 partitions rested"),
        "{}",
        complained(&told)
    );
    wait_for("the station to rest again", || {
        (begun(&site) == 2 && normalize(&platform)["resting"] == 1).then_some(())
    });
    assert_eq!(set_aside(&platform), SET_ASIDE);
    let status = site.command(&["status", "--at", &pages]);
    assert_eq!(status.status.code(), Some(1));
    assert!(
        said(&status).contains("resting, 1 partitions"),
        "{}",
        said(&status)
    );

    let told = resume(&["--set-aside", "--who", "Ada"]);
    assert!(told.status.success(), "{}", complained(&told));
    wait_for("the message behind them", || {
        (site.records("healthcare.fhir.patient").len() == 2).then_some(())
    });
    wait_for_set_aside(&platform, u64::try_from(UNUSABLE).unwrap());
    wait_for("the station to be well", || {
        (normalize(&platform)["resting"] == 0).then_some(())
    });
    assert_eq!(said(&resume(&[])).trim(), "normalize does not rest");
    let audit = site.records("healthcare.audit");
    let audit = audit
        .iter()
        .map(|kept| String::from_utf8_lossy(kept.bytes()).into_owned());
    let audit: Vec<String> = audit
        .filter(|line| line.contains("station normalize"))
        .collect();
    assert_eq!(audit.len(), 3, "{audit:?}");
    assert!(audit[1].contains("\"Ada\""));
    let unknown = site.command(&["resume", "nothing", "--process", &pages]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(complained(&unknown).contains("no such station"));
}
