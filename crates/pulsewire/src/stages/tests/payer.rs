//! What the payer station makes of a request and of the time that passes.

use clinical::{EventTime, Severity};

use super::*;
use crate::config::Config;

const REQUEST: &str = r#"{"resourceType":"Claim","id":"c1","status":"active","use":"preauthorization",
"created":"2026-03-02T09:00:00Z","identifier":[{"value":"T1"}],"priority":{"coding":[{"code":"stat"}]}}"#;
const ANSWER: &str = r#"{"resourceType":"ClaimResponse","id":"r1","status":"active","use":"preauthorization",
"outcome":"complete","created":"2026-03-05T10:00:00Z","identifier":[{"value":"T1"}],
"item":[{"itemSequence":1,"adjudication":[{"category":{"coding":[{"system":"https://codesystem.x12.org/005010/306","code":"A1"}]}}]}]}"#;
const PATIENT: &str = r#"{"resourceType":"Patient","id":"p1"}"#;

fn put(journal: &MemoryJournal, json: &'static str, at: &str) {
    let at = EventTime::parse(at).unwrap().micros();
    let id = clinical::EventId::derive(&[json.as_bytes()]).to_string();
    let record = Record {
        key: [7; 16].into(),
        event_time: at,
        received_time: at,
        seal: 0,
        headers: vec![
            header("content-type", mapping::event::FHIR_JSON),
            header("event-id", id),
        ],
        value: Some(json.as_bytes().into()),
    };
    journal
        .append(Write {
            records: vec![(TopicPartition::new(topics::PATIENT_STREAM, 0), record)],
            offsets: Vec::new(),
        })
        .unwrap();
}

/// Gives the station records, one after the other at their times.
fn journal(
    settings: &::workloads::payer::PayerConfig,
    records: &[(&'static str, &str)],
) -> Arc<MemoryJournal> {
    let spec = PayerStage::spec(1);
    let journal = journal_for(&[&spec]);
    for (json, at) in records {
        put(&journal, json, at);
    }
    let stage = PayerStage::new(settings, &clinical::SiteKey::new([7; 32]), &Arc::default());
    run(&spec, stage, &journal);
    journal
}

fn findings_on(journal: &MemoryJournal) -> Vec<clinical::Finding> {
    let findings = super::records(journal, topics::ALERT_STREAM).into_iter();
    findings
        .map(|record| wire::finding_from_json(&record.value.unwrap()).unwrap())
        .collect()
}

/// What the station writes of records: severities of what is due, and how it stands.
fn told(records: &[(&'static str, &str)]) -> (Vec<Severity>, Vec<AuthorizationTold>) {
    let journal = journal(&::workloads::payer::PayerConfig::default(), records);
    let findings = findings_on(&journal).into_iter();
    let due = findings.filter(|finding| finding.condition.starts_with("authorization-due/"));
    let standing = super::records(&journal, topics::AUTHORIZATION).into_iter();
    let standing = standing.map(|record| AuthorizationTold::from_json(&record.value.unwrap()));
    (
        due.map(|finding| finding.severity).collect(),
        standing.map(Option::unwrap).collect(),
    )
}

#[test]
fn a_request_that_nobody_decides_is_late_when_its_time_has_passed() {
    let (due, standing) = told(&[
        (REQUEST, "2026-03-02T09:00:00Z"),
        (PATIENT, "2026-03-05T09:00:01Z"),
    ]);
    assert_eq!(due.last(), Some(&Severity::High));
    let last = standing.last().unwrap();
    assert_eq!(last.outcome, "requested");
    assert_eq!(last.due.as_deref(), Some("2026-03-05T09:00:00Z"));
}

#[test]
fn what_is_decided_late_says_so() {
    let (due, standing) = told(&[
        (REQUEST, "2026-03-02T09:00:00Z"),
        (PATIENT, "2026-03-05T09:30:00Z"),
        (ANSWER, "2026-03-05T10:00:00Z"),
    ]);
    assert_eq!(due.last(), Some(&Severity::Low));
    let last = standing.last().unwrap();
    assert_eq!(
        (last.outcome.as_str(), last.in_time),
        ("approved", Some(false))
    );
}

#[test]
fn payer_workloads_are_off_until_a_site_switches_them_on() {
    let Config { workloads, .. } = config::defaults();
    assert_eq!(workloads.payer, None);
}

const FLAG: &str = r#"{"resourceType":"Flag","id":"f1","status":"active","period":{"start":"2026-01-01"},
"category":[{"coding":[{"system":"urn:site:panel","code":"7"}]}],"code":{"text":"panel"},"subject":{"reference":"Patient/p1"}}"#;
const REGISTERED: &str = r#"{"resourceType":"Encounter","id":"e1","status":"in-progress","class":{"code":"EMER"},
"period":{"start":"2026-03-02T09:00:00Z"},"subject":{"reference":"Patient/p1"}}"#;
const LEFT: &str = r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"EMER"},
"period":{"start":"2026-03-02T09:00:00Z","end":"2026-03-02T13:00:00Z"},"subject":{"reference":"Patient/p1"}}"#;

#[test]
fn a_member_of_a_panel_is_told_of_while_they_are_there() {
    let settings = ::workloads::payer::PayerConfig {
        panels: vec![("urn:site:panel|7".into(), "high risk".into())],
        ..::workloads::payer::PayerConfig::default()
    };
    let records = [
        (FLAG, "2026-02-01T00:00:00Z"),
        (REGISTERED, "2026-03-02T09:00:02Z"),
        (LEFT, "2026-03-02T13:01:00Z"),
    ];
    let told: Vec<_> = findings_on(&journal(&settings, &records))
        .iter()
        .filter(|finding| finding.condition.starts_with("care-visit/"))
        .map(|finding| finding.severity)
        .collect();
    assert_eq!(told, [Severity::Medium, Severity::None]);
}
