//! Tests of the ward: that it is the same ward, that all happens in it, and what the platform makes of it.

mod platform;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{AlertState, EventTime, Severity};
use formats::hl7v2;

use super::*;
use platform::Platform;

/// What a newcomer may wait for, in minutes of the ward.
const NEWCOMER: u64 = 120;

fn start() -> EventTime {
    EventTime::parse("2026-03-02T09:00:00.25Z").unwrap()
}

fn after(minutes: u64) -> EventTime {
    start().plus(Duration::from_secs(60 * minutes))
}

fn of_minutes(seed: u64, minutes: u64) -> Vec<Sent> {
    Ward::new(seed, start())
        .take_while(|sent| sent.at < after(minutes))
        .collect()
}

fn text(sent: &Sent) -> String {
    String::from_utf8(sent.bytes.clone()).unwrap()
}

fn field(sent: &Sent, segment: &str, number: usize) -> String {
    let message = hl7v2::parse(&sent.bytes);
    message
        .segment(segment.as_bytes())
        .map(|found| String::from_utf8_lossy(found.field(number).raw()).into_owned())
        .unwrap_or_default()
}

#[test]
fn a_seed_is_a_ward() {
    assert_eq!(of_minutes(1, 180), of_minutes(1, 180));
    assert_ne!(of_minutes(1, 3), of_minutes(2, 3));
}

#[test]
fn messages_come_in_order_and_not_too_many_at_once() {
    for seed in 0..2 {
        let ward = of_minutes(seed, 24 * 60);
        assert!(ward.is_sorted_by_key(|sent| sent.at));
        let opening = ward.iter().filter(|sent| sent.at < after(2)).count();
        assert!((200..1500).contains(&opening), "{opening} to begin with");
        let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
        for sent in ward.iter().filter(|sent| sent.at >= after(2)) {
            *minutes.entry(sent.at.micros() / 60_000_000).or_default() += 1;
        }
        let most = minutes.values().max().copied().unwrap_or_default();
        let mean = minutes.values().sum::<usize>() / minutes.len();
        assert!(
            most <= 60 && (3..40).contains(&mean),
            "most {most}, mean {mean}"
        );
    }
}

#[test]
fn every_message_is_one_that_intake_takes() {
    for sent in of_minutes(5, 24 * 60) {
        let message = hl7v2::parse(&sent.bytes);
        assert!(
            message.issues().is_empty(),
            "{:?}\n{}",
            message.issues(),
            text(&sent)
        );
        let kind = if sent.feed == Feed::Adt { "ADT" } else { "ORU" };
        assert_eq!(message.header().unwrap().message_type(), kind);
    }
}

#[test]
fn control_ids_are_used_once_but_for_resends_and_the_one_mistake() {
    let mut bodies: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    let (mut sent_twice, mut count) = (0, 0);
    for sent in of_minutes(6, NEWCOMER) {
        count += 1;
        sent_twice += usize::from(
            !bodies
                .entry(field(&sent, "MSH", 10))
                .or_default()
                .insert(sent.bytes),
        );
    }
    let reused = bodies.values().filter(|bodies| bodies.len() > 1).count();
    assert_eq!((sent_twice, reused), (1, 1));
    assert_eq!(bodies.len() + sent_twice + reused, count);
}

/// Says that something happens, and how to find it in a message.
type Happening = (&'static str, fn(&str) -> bool);

/// What a newcomer must be able to see; the segments of a message end with a carriage return.
const HAPPENINGS: [Happening; 33] = [
    ("admission", |m| m.contains("ADT^A01")),
    ("transfer", |m| m.contains("ADT^A02")),
    ("discharge", |m| m.contains("ADT^A03")),
    ("registration", |m| {
        m.contains("ADT^A04") && m.contains("PV1|1|E|ED^")
    }),
    ("update", |m| m.contains("ADT^A08")),
    ("cancelled admission", |m| m.contains("ADT^A11")),
    ("cancelled transfer", |m| m.contains("ADT^A12")),
    ("cancelled discharge", |m| m.contains("ADT^A13")),
    ("new person", |m| m.contains("ADT^A28")),
    ("updated person", |m| m.contains("ADT^A31")),
    ("explicit null", |m| m.contains("|\"\"")),
    ("unknown patient", |m| m.contains("|UNKNOWN^")),
    ("merge", |m| {
        m.contains("ADT^A40") && m.contains("\rMRG|TEMP")
    }),
    ("result for the retired record", |m| {
        m.contains("ORU^R01") && m.contains("PID|1||TEMP") && !m.contains("\rPV1|")
    }),
    ("ordered", |m| m.contains("|O\r")),
    ("in the laboratory", |m| m.contains("|I\r")),
    ("preliminary", |m| m.contains("|CH|P\r")),
    ("final", |m| m.contains("|CH|F\r")),
    ("corrected", |m| m.contains("|CH|C\r")),
    ("wrong patient", |m| m.contains("|W|||")),
    ("deleted", |m| m.contains("|D|||")),
    ("corrected by a nurse", |m| m.contains("|NRS|C\r")),
    ("critically high", |m| {
        m.contains("2823-3^Potassium^LN||") && m.contains("|HH|")
    }),
    ("critically low", |m| m.contains("|LL|")),
    ("critical lactate", |m| {
        m.contains("2524-7^Lactate^LN||") && m.contains("|HH|")
    }),
    ("blood culture", |m| {
        m.contains("600-7^Bacteria") && m.contains("|MB|P\r")
    }),
    ("haemolysed", |m| m.contains("Specimen haemolysed")),
    ("escape", |m| m.contains("\\F\\") || m.contains("\\T\\")),
    ("site's own segment", |m| m.contains("\rZPV|")),
    ("detached probe", |m| m.contains("8867-4^Heart rate^LN||0|")),
    ("impossible value", impossible),
    ("unknown unit", |m| m.contains("|mval^^UCUM|")),
    ("no patient", |m| m.contains("\rPID|1\r")),
];

fn impossible(message: &str) -> bool {
    let after = message.split("8310-5^Body temperature^LN||").nth(1);
    after
        .and_then(|rest| rest.split('|').next())
        .is_some_and(|value| !value.contains('.'))
}

#[test]
fn a_newcomer_sees_everything_within_two_hours() {
    for seed in 0..6 {
        let ward: Vec<String> = of_minutes(seed, NEWCOMER).iter().map(text).collect();
        let missing: Vec<&str> = HAPPENINGS
            .iter()
            .filter(|(_, is)| !ward.iter().any(|message| is(message)))
            .map(|(name, _)| *name)
            .collect();
        assert!(missing.is_empty(), "seed {seed}: {missing:?}");
    }
}

#[test]
fn only_the_clock_that_is_wrong_is_ahead() {
    let ward = of_minutes(3, NEWCOMER);
    let ahead = |sent: &&Sent| {
        field(sent, "MSH", 7) > messages::digits(sent.at.plus(Duration::from_secs(60)))
    };
    assert_eq!(ward.iter().filter(ahead).count(), 1);
}

#[test]
fn a_ward_is_watched_by_day_and_by_night() {
    let ward = of_minutes(4, 3 * 24 * 60);
    let last = |kind: &str| {
        ward.iter()
            .filter(|sent| field(sent, "MSH", 9).starts_with(kind))
            .map(|sent| sent.at)
            .max()
    };
    for kind in ["ADT^A01", "ADT^A02", "ADT^A03", "ADT^A04", "ADT^A40", "ORU"] {
        assert!(
            last(kind) > Some(after(2 * 24 * 60)),
            "no {kind} on the third day"
        );
    }
}

#[test]
fn the_first_alerts_come_in_the_first_minute_and_stay_few() {
    for seed in 0..2 {
        let mut platform = Platform::new();
        for sent in of_minutes(seed, NEWCOMER) {
            if sent.at < after(1) {
                platform.take(&sent);
                continue;
            }
            if platform.now < after(1) {
                check_opening(&platform, seed);
            }
            platform.take(&sent);
            let open = platform.open().count();
            assert!(open <= 12, "seed {seed}: {open} open alerts at {}", sent.at);
        }
        let retracted = platform
            .newest
            .values()
            .filter(|alert| alert.state == AlertState::Retracted);
        assert!(
            retracted.count() >= 2,
            "seed {seed}: corrections take alerts back"
        );
        assert_eq!(
            platform.quarantined,
            BTreeMap::from([("from-future", 1), ("no-patient", 1)]),
            "seed {seed}"
        );
        assert_eq!(platform.doubts, BTreeMap::new(), "seed {seed}");
        assert_eq!((platform.late, platform.resent), (0, 1), "seed {seed}");
        assert!(
            platform.unusable.contains_key("implausible")
                && platform.unusable.contains_key("unit-refused")
        );
    }
}

fn check_opening(platform: &Platform, seed: u64) {
    let open = |condition: &str, severity| {
        platform
            .open()
            .any(|alert| &*alert.condition == condition && alert.severity >= severity)
    };
    assert!(
        open("deterioration", Severity::High),
        "seed {seed}: NEWS2 of 7 or more"
    );
    assert!(
        open("critical-result/potassium", Severity::Critical),
        "seed {seed}: critical potassium"
    );
    let overdue = platform
        .newest
        .values()
        .filter(|alert| &*alert.condition == "observations-overdue")
        .count();
    assert_eq!(
        overdue, 0,
        "seed {seed}: nobody seems forgotten while the chart is still coming"
    );
}

#[test]
fn a_few_do_not_get_well() {
    let days = 3;
    let died: usize = (0..4)
        .map(|seed| {
            let ward = of_minutes(seed, days * 24 * 60);
            ward.iter()
                .filter(|sent| field(sent, "PV1", 36) == "20" && field(sent, "PID", 30) == "Y")
                .count()
        })
        .sum();
    assert!((1..=8).contains(&died), "{died} in twelve days");
}
