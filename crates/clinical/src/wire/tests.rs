//! Golden JSON, round trips, and what readers tolerate and refuse.

use expect_test::{Expect, expect};

use super::*;
use crate::{
    Actor, AlertId, AlertState, Change, CommandKind, DeliveryId, DeliveryKind, EventId, EventTime,
    Evidence, FindingId, FindingState, GapStatus, Origin, PatientKey, ReceivedTime, Severity,
};

fn evidence() -> Vec<Evidence> {
    vec![Evidence {
        what: "respiratory rate".into(),
        value: "25 /min".into(),
        points: Some(3),
        at: EventTime::parse("2026-03-01T09:00:00Z").unwrap(),
        event: EventId::from_bytes([4; 16]),
        origin: Origin {
            partition: 3,
            offset: 1207,
        },
    }]
}

fn finding() -> Finding {
    Finding {
        id: FindingId::from_bytes([1; 16]),
        workload: "news2".into(),
        rule: "news2 1.0.0".into(),
        patient: PatientKey::from_bytes([2; 16]),
        condition: "deterioration".into(),
        as_of: EventTime::parse("2026-03-01T09:00:00Z").unwrap(),
        known_at: ReceivedTime::parse("2026-03-01T09:14:03.250001Z").unwrap(),
        revision: 2,
        replaces: Some(FindingId::from_bytes([3; 16])),
        state: FindingState::Asserted,
        severity: Severity::High,
        score: Some(7),
        summary: "NEWS2 7, \"new\" confusion".into(),
        evidence: evidence(),
        missing: vec!["temperature".into()],
        cause: Some(EventId::from_bytes([4; 16])),
        backfill: false,
    }
}

fn retracted() -> Finding {
    Finding {
        state: FindingState::Retracted("entered in error".into()),
        replaces: None,
        score: None,
        evidence: Vec::new(),
        missing: Vec::new(),
        cause: None,
        backfill: false,
        ..finding()
    }
}

fn alert() -> Alert {
    let change = |minute: u8, by, to, why: &str| Change {
        at: ReceivedTime::parse(&format!("2026-03-01T09:{minute}:00Z")).unwrap(),
        by,
        to,
        severity: Severity::High,
        why: why.into(),
    };
    let (rule, person) = (
        Actor::Rule("threshold".into()),
        Actor::Person("ward-4".into()),
    );
    Alert {
        id: AlertId::from_bytes([5; 16]),
        patient: PatientKey::from_bytes([2; 16]),
        condition: "deterioration".into(),
        episode: 1,
        revision: 2,
        severity: Severity::High,
        state: AlertState::Acknowledged,
        reason: "NEWS2 7".into(),
        rule: "news2 1.0.0".into(),
        as_of: finding().as_of,
        known_at: finding().known_at,
        opened_at: finding().known_at,
        finding: finding().id,
        evidence: evidence(),
        history: vec![
            change(14, rule, AlertState::Open, "NEWS2 7"),
            change(16, person, AlertState::Acknowledged, "on my way"),
        ],
    }
}

fn command(kind: CommandKind) -> Command {
    Command {
        alert: alert().id,
        patient: alert().patient,
        kind,
        by: "ward-4".into(),
        at: ReceivedTime::parse("2026-03-01T09:16:00Z").unwrap(),
        note: "on my way".into(),
        read_back_by: "".into(),
    }
}

fn delivery(kind: DeliveryKind) -> Delivery {
    Delivery {
        id: DeliveryId::from_bytes([6; 16]),
        alert: alert(),
        kind,
        channel: "pager".into(),
        at: alert().opened_at,
    }
}

fn check(json: &[u8], expect: &Expect) {
    expect.assert_eq(std::str::from_utf8(json).unwrap());
}

#[test]
fn a_finding_as_the_journal_holds_it() {
    check(
        &finding_to_json(&finding()),
        &expect![[
            r#"{"version":1,"id":"01010101010101010101010101010101","workload":"news2","rule":"news2 1.0.0","patient":"02020202020202020202020202020202","condition":"deterioration","asOf":"2026-03-01T09:00:00Z","knownAt":"2026-03-01T09:14:03.250001Z","revision":2,"replaces":"03030303030303030303030303030303","state":"asserted","severity":"high","score":7,"summary":"NEWS2 7, \"new\" confusion","evidence":[{"what":"respiratory rate","value":"25 /min","points":3,"at":"2026-03-01T09:00:00Z","event":"04040404040404040404040404040404","origin":{"partition":3,"offset":1207}}],"missing":["temperature"],"cause":"04040404040404040404040404040404"}"#
        ]],
    );
    check(
        &finding_to_json(&retracted()),
        &expect![[
            r#"{"version":1,"id":"01010101010101010101010101010101","workload":"news2","rule":"news2 1.0.0","patient":"02020202020202020202020202020202","condition":"deterioration","asOf":"2026-03-01T09:00:00Z","knownAt":"2026-03-01T09:14:03.250001Z","revision":2,"state":"retracted","reason":"entered in error","severity":"high","summary":"NEWS2 7, \"new\" confusion","evidence":[],"missing":[]}"#
        ]],
    );
}

#[test]
fn an_alert_as_the_journal_holds_it() {
    check(
        &alert_to_json(&alert()),
        &expect![[
            r#"{"version":1,"id":"05050505050505050505050505050505","patient":"02020202020202020202020202020202","condition":"deterioration","episode":1,"revision":2,"severity":"high","state":"acknowledged","reason":"NEWS2 7","rule":"news2 1.0.0","asOf":"2026-03-01T09:00:00Z","knownAt":"2026-03-01T09:14:03.250001Z","openedAt":"2026-03-01T09:14:03.250001Z","finding":"01010101010101010101010101010101","evidence":[{"what":"respiratory rate","value":"25 /min","points":3,"at":"2026-03-01T09:00:00Z","event":"04040404040404040404040404040404","origin":{"partition":3,"offset":1207}}],"history":[{"at":"2026-03-01T09:14:00Z","by":{"rule":"threshold"},"to":"open","severity":"high","why":"NEWS2 7"},{"at":"2026-03-01T09:16:00Z","by":{"person":"ward-4"},"to":"acknowledged","severity":"high","why":"on my way"}]}"#
        ]],
    );
}

#[test]
fn a_command_as_the_journal_holds_it() {
    check(
        &command_to_json(&command(CommandKind::Acknowledge)),
        &expect![[
            r#"{"version":1,"alert":"05050505050505050505050505050505","patient":"02020202020202020202020202020202","kind":"acknowledge","by":"ward-4","at":"2026-03-01T09:16:00Z","note":"on my way"}"#
        ]],
    );
}

#[test]
fn who_repeated_what_they_were_told_is_in_the_command() {
    let told = Command {
        read_back_by: "dr adams".into(),
        ..command(CommandKind::Acknowledge)
    };
    let json = command_to_json(&told);
    assert!(String::from_utf8_lossy(&json).ends_with(r#""readBackBy":"dr adams"}"#));
    assert_eq!(command_from_json(&json).unwrap(), told);
}

#[test]
fn a_delivery_as_the_journal_holds_it() {
    let plain = Delivery {
        alert: Alert {
            evidence: Vec::new(),
            history: Vec::new(),
            ..alert()
        },
        ..delivery(DeliveryKind::Raised)
    };
    check(
        &delivery_to_json(&plain),
        &expect![[
            r#"{"version":1,"id":"06060606060606060606060606060606","alert":{"version":1,"id":"05050505050505050505050505050505","patient":"02020202020202020202020202020202","condition":"deterioration","episode":1,"revision":2,"severity":"high","state":"acknowledged","reason":"NEWS2 7","rule":"news2 1.0.0","asOf":"2026-03-01T09:00:00Z","knownAt":"2026-03-01T09:14:03.250001Z","openedAt":"2026-03-01T09:14:03.250001Z","finding":"01010101010101010101010101010101","evidence":[],"history":[]},"kind":"raised","channel":"pager","at":"2026-03-01T09:14:03.250001Z"}"#
        ]],
    );
}

#[test]
fn what_is_written_reads_back() {
    for finding in [finding(), retracted()] {
        let json = finding_to_json(&finding);
        assert_eq!(finding_from_json(&json).unwrap(), finding);
    }
    assert_eq!(alert_from_json(&alert_to_json(&alert())).unwrap(), alert());
    for kind in CommandKind::ALL {
        let json = command_to_json(&command(kind));
        assert_eq!(command_from_json(&json).unwrap(), command(kind));
    }
    for kind in DeliveryKind::ALL {
        let json = delivery_to_json(&delivery(kind));
        assert_eq!(delivery_from_json(&json).unwrap(), delivery(kind));
    }
}

#[test]
fn a_time_beyond_the_calendar_reads_back() {
    let far = Finding {
        as_of: EventTime::from_micros(i64::MAX),
        known_at: ReceivedTime::from_micros(i64::MIN),
        ..finding()
    };
    assert_eq!(finding_from_json(&finding_to_json(&far)).unwrap(), far);
}

#[test]
fn a_field_added_later_is_passed_over() {
    let json = String::from_utf8(finding_to_json(&finding())).unwrap();
    let added = json.replacen('{', r#"{"unit":"4 West","#, 1);
    assert_eq!(finding_from_json(added.as_bytes()).unwrap(), finding());
}

#[track_caller]
fn check_refused(from: &str, to: &str, expect: &Expect) {
    let json = String::from_utf8(finding_to_json(&finding())).unwrap();
    assert!(json.contains(from), "the golden JSON has no {from}");
    let error = finding_from_json(json.replacen(from, to, 1).as_bytes()).unwrap_err();
    expect.assert_eq(&error.to_string());
}

#[test]
fn what_cannot_be_read_says_why() {
    check_refused(
        "\"version\":1",
        "\"version\":2",
        &expect!["version 2 of a finding, and this program reads up to 1: upgrade it"],
    );
    check_refused(
        "\"high\"",
        "\"severe\"",
        &expect![
            "field `severity` of a finding cannot hold `severe`; expected none, low, medium, high or critical"
        ],
    );
    check_refused(
        "\"asserted\"",
        "\"maybe\"",
        &expect!["field `state` of a finding cannot hold `maybe`; expected asserted or retracted"],
    );
    check_refused(
        "2026-03-01T09:00:00Z",
        "yesterday",
        &expect![
            "field `asOf` of a finding cannot hold `yesterday`; expected RFC 3339 such as 2026-03-01T09:00:00Z"
        ],
    );
    check_refused(
        "\"id\":\"01",
        "\"id\":\"zz",
        &expect![
            "field `id` of a finding cannot hold `zz010101010101010101010101010101`; expected 32 hexadecimal digits"
        ],
    );
    check_refused(
        "\"revision\":2,",
        "",
        &expect![
            "not a finding as this program writes it: missing field `revision` at line 1 column 617; check the record's `content-type` header"
        ],
    );
    let error = command_from_json(&finding_to_json(&finding())).unwrap_err();
    expect!["not a command as this program writes it: missing field `alert` at line 1 column 630; check the record's `content-type` header"].assert_eq(&error.to_string());
}

#[test]
fn a_care_gap_holds_its_finding_and_reads_back() {
    let gap = CareGap {
        measure: "cms130".into(),
        title: "colorectal cancer screening".into(),
        year: 2026,
        status: GapStatus::Reopened,
        due: EventTime::parse("2027-01-01T00:00:00Z").unwrap(),
        finding: retracted(),
    };
    let json = care_gap_to_json(&gap);
    assert_eq!(care_gap_from_json(&json).unwrap(), gap);
    let text = String::from_utf8(json).unwrap();
    expect![[r#"{"version":1,"measure":"cms130","title":"colorectal cancer screening","year":2026,"status":"reopened","due":"2027-01-01T00:00:00Z","#]]
        .assert_eq(text.split("\"finding\"").next().unwrap());
    let wrong = text.replace("reopened", "ajar");
    let error = care_gap_from_json(wrong.as_bytes()).unwrap_err();
    expect!["field `status` of a care gap cannot hold `ajar`; expected not-eligible, excluded, open, reopened, provisionally-closed, closed or counted"].assert_eq(&error.to_string());
}
