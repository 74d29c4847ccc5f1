//! What the code writes validates under the schema of its kind, and what it never writes does not.

use clinical::wire;
use clinical::{
    Actor, Alert, AlertId, AlertState, Change, Command, CommandKind, Delivery, DeliveryId,
    DeliveryKind, EventId, EventTime, Evidence, Finding, FindingId, FindingState, Merge, MergeRole,
    Origin, PatientKey, ReceivedTime, Severity,
};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::*;

const OWN: [RecordKind; 24] = [
    RecordKind::VisitMix,
    RecordKind::ProviderWeek,
    RecordKind::IntegrityCase,
    RecordKind::RiskHour,
    RecordKind::RiskExample,
    RecordKind::RiskStatus,
    RecordKind::EmergencyVisit,
    RecordKind::EmergencyUnit,
    RecordKind::Authorization,
    RecordKind::SubscriptionPosition,
    RecordKind::Merge,
    RecordKind::Finding,
    RecordKind::Command,
    RecordKind::AlertBudget,
    RecordKind::Alert,
    RecordKind::Delivery,
    RecordKind::Attempt,
    RecordKind::Audit,
    RecordKind::Unmapped,
    RecordKind::DeviceAssociation,
    RecordKind::DeviceStatus,
    RecordKind::Redriven,
    RecordKind::Activity,
    RecordKind::SourceStatus,
];

fn validator(kind: RecordKind) -> Validator {
    let Some(Schema::Json(text)) = kind.schema() else {
        panic!("{kind:?} has a JSON Schema");
    };
    jsonschema::draft7::new(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn finding() -> Finding {
    Finding {
        id: FindingId::from_bytes([1; 16]),
        workload: "news2".into(),
        rule: "news2 1.0.0".into(),
        patient: PatientKey::from_bytes([0xab; 16]),
        condition: "deterioration".into(),
        as_of: EventTime::parse("2026-03-01T09:00:00Z").unwrap(),
        known_at: ReceivedTime::parse("2026-03-01T09:14:03.250001Z").unwrap(),
        revision: 2,
        replaces: Some(FindingId::from_bytes([3; 16])),
        state: FindingState::Asserted,
        severity: Severity::High,
        score: Some(7),
        summary: "NEWS2 7".into(),
        evidence: vec![Evidence {
            what: "respiratory rate".into(),
            value: "25 /min".into(),
            points: Some(3),
            at: EventTime::from_micros(-1),
            event: EventId::from_bytes([4; 16]),
            origin: Origin {
                partition: 3,
                offset: u64::from(u32::MAX),
            },
        }],
        missing: vec!["temperature".into()],
        cause: Some(EventId::from_bytes([4; 16])),
        backfill: false,
    }
}

fn alert(state: AlertState, severity: Severity) -> Alert {
    let change = |by| Change {
        at: ReceivedTime::from_micros(i64::MAX),
        by,
        to: state,
        severity,
        why: "on my way".into(),
    };
    Alert {
        id: AlertId::from_bytes([5; 16]),
        patient: finding().patient,
        condition: "deterioration".into(),
        episode: 1,
        revision: 2,
        severity,
        state,
        reason: "NEWS2 7".into(),
        rule: "news2 1.0.0".into(),
        as_of: finding().as_of,
        known_at: finding().known_at,
        opened_at: finding().known_at,
        finding: finding().id,
        evidence: finding().evidence,
        history: vec![
            change(Actor::Person("ward-4".into())),
            change(Actor::Rule("threshold".into())),
        ],
    }
}

fn command(kind: CommandKind) -> Command {
    Command {
        alert: AlertId::from_bytes([5; 16]),
        patient: finding().patient,
        kind,
        by: "ward-4".into(),
        at: finding().known_at,
        note: "".into(),
        read_back_by: match kind {
            CommandKind::Acknowledge => "dr adams".into(),
            CommandKind::Resolve | CommandKind::Dismiss => "".into(),
        },
    }
}

fn delivery(kind: DeliveryKind) -> Delivery {
    Delivery {
        id: DeliveryId::from_bytes([6; 16]),
        alert: alert(AlertState::Open, Severity::Critical),
        kind,
        channel: "pager".into(),
        at: finding().known_at,
    }
}

/// Records of our own shape, of every state and word that the code knows.
fn written() -> Vec<(RecordKind, Value)> {
    let retracted = Finding {
        state: FindingState::Retracted("entered in error".into()),
        replaces: None,
        score: None,
        cause: None,
        backfill: false,
        ..finding()
    };
    let mut records = vec![
        (RecordKind::Finding, wire::finding_to_json(&finding())),
        (RecordKind::Finding, wire::finding_to_json(&retracted)),
    ];
    for severity in ["none", "low", "medium", "high", "critical"] {
        let severity = Severity::parse(severity).unwrap();
        for state in ["open", "acknowledged", "resolved", "retracted"] {
            let alert = alert(AlertState::parse(state).unwrap(), severity);
            records.push((RecordKind::Alert, wire::alert_to_json(&alert)));
        }
    }
    for kind in CommandKind::ALL {
        records.push((RecordKind::Command, wire::command_to_json(&command(kind))));
    }
    for kind in DeliveryKind::ALL {
        let json = wire::delivery_to_json(&delivery(kind));
        records.push((RecordKind::Delivery, json));
    }
    for role in [MergeRole::Retired, MergeRole::Survivor] {
        let other = finding().patient;
        let json = identity::write_merge(&Merge { role, other });
        records.push((RecordKind::Merge, json));
    }
    let parse = |(kind, json): (_, Vec<u8>)| (kind, serde_json::from_slice(&json).unwrap());
    let mut records: Vec<(RecordKind, Value)> = records.into_iter().map(parse).collect();
    let id = "0123456789abcdef0123456789abcdef";
    let at = "2026-03-01T09:14:03.25Z";
    records.extend([
        (
            RecordKind::Attempt,
            json!({"delivery": id, "number": 1, "firstAt": at, "at": at, "outcome": "failed", "why": "refused", "nextAttemptAt": at}),
        ),
        (
            RecordKind::Attempt,
            json!({"delivery": id, "number": 2, "at": at, "outcome": "delivered"}),
        ),
        (
            RecordKind::Audit,
            json!({"who": "local operator", "purpose": "treatment", "patient": null, "at": at}),
        ),
        (
            RecordKind::Audit,
            json!({"who": "local operator", "purpose": "treatment", "patient": id, "at": at}),
        ),
        (
            RecordKind::Redriven,
            json!({"quarantined": "healthcare.hl7v2.adt.quarantine/0/1", "to": "healthcare.hl7v2.adt/0", "number": 1, "edited": false, "who": "local operator", "at": at}),
        ),
        (
            RecordKind::Unmapped,
            json!({"codes": [{"field": "OBX-3", "code": "K", "count": 2}, {"field": "OBX-6", "system": "L", "text": "x", "count": 1}]}),
        ),
    ]);
    records.extend(of_budget());
    records.extend(of_authorizations(at));
    records.extend(of_emergency(at));
    records.extend(of_providers(at));
    records.extend(of_risk(at));
    records.extend(of_devices(at));
    records.extend(of_subscriptions());
    records.extend(of_sources(at));
    records
}

fn of_budget() -> [(RecordKind, Value); 2] {
    let id = "0123456789abcdef0123456789abcdef";
    [
        (
            RecordKind::AlertBudget,
            json!({"version": 1, "kind": "patient-day", "patient": id}),
        ),
        (
            RecordKind::AlertBudget,
            json!({"version": 1, "kind": "asks", "patient": id, "alert": id, "severity": "high"}),
        ),
    ]
}

fn of_authorizations(at: &str) -> [(RecordKind, Value); 2] {
    let id = "0123456789abcdef0123456789abcdef";
    [
        (
            RecordKind::Authorization,
            json!({"version": 1, "case": "0123456789abcdef", "patient": id, "finding": id, "revision": 2, "knownAt": at,
                "payerKind": "medicare-advantage", "item": "drug", "urgency": "expedited", "outcome": "denied",
                "initialSubmissionTime": at, "received": at, "due": at, "finalResponseTime": at, "inTime": true,
                "extended": false, "overturned": false, "rule": "42 CFR 422.572", "exchanges": [
                    {"type": "initial", "requestTime": at, "results": []},
                    {"type": "response", "responseTime": at, "results": [{"item": 0, "result": "denied"}]}]}),
        ),
        (
            RecordKind::Authorization,
            json!({"version": 1, "case": "0123456789abcdef", "patient": id, "finding": id, "revision": 1, "knownAt": at,
                "payerKind": "other", "item": "service", "urgency": "standard", "outcome": "approved",
                "extended": true, "overturned": true, "exchanges": []}),
        ),
    ]
}

fn of_providers(at: &str) -> [(RecordKind, Value); 7] {
    let id = "0123456789abcdef0123456789abcdef";
    let week = json!({"version": 1, "provider": id, "week": "2026-03-02", "patient": id, "case": "0123456789abcdef"});
    let mut with = week.clone();
    with["cause"] = json!(id);
    with["added"] = json!({"services": [{"day": "2026-03-02", "code": "SYN20", "minutes": "15"},
            {"day": "2026-03-03", "code": "SYN20", "modifiers": "59", "minutes": "7.5", "charge": "80.00",
                "visit": {"specialty": "207Q00000X", "family": "office", "level": 4}}],
        "numbers": ["0123456789abcdef"], "paid": true, "at": at, "event": id, "partition": 1, "offset": 2, "backfill": false});
    let gone = json!({"version": 1, "kind": "impossible-day", "provider": id, "condition": "impossible-day/2026-03-02",
        "finding": id, "revision": 2, "knownAt": at, "open": false});
    let mut open = gone.clone();
    open["open"] = json!(true);
    open["found"] = json!({"severity": "low", "day": "2026-03-02", "minutes": "961", "limitMinutes": 960, "claims": 3,
        "members": 2, "charged": "300.00", "unpaid": "0"});
    let mut beside = gone.clone();
    beside["kind"] = json!("visit-levels");
    beside["open"] = json!(true);
    beside["levels"] = json!({"severity": "low", "specialty": "207Q00000X", "family": "office", "from": "2026-01-05",
        "until": "2026-04-05", "visits": [0, 0, 0, 10, 30], "mean": "4.75", "median": "3.39", "deviation": "0.08",
        "score": "12.25", "peers": 11, "charged": "1000", "unpaid": "250"});
    let none = json!({"version": 1, "provider": id, "week": "2026-03-02", "specialty": "207Q00000X", "family": "office"});
    let mut mix = none.clone();
    mix["visits"] = json!({"levels": [0, 0, 1, 2, 0], "charged": "300.00", "unpaid": "0"});
    [
        (RecordKind::VisitMix, mix),
        (RecordKind::VisitMix, none),
        (RecordKind::IntegrityCase, beside),
        (RecordKind::ProviderWeek, with),
        (RecordKind::ProviderWeek, week),
        (RecordKind::IntegrityCase, open),
        (RecordKind::IntegrityCase, gone),
    ]
}

fn of_emergency(at: &str) -> [(RecordKind, Value); 4] {
    let id = "0123456789abcdef0123456789abcdef";
    [
        (
            RecordKind::EmergencyVisit,
            json!({"version": 1, "visit": "0123456789abcdef", "patient": id, "unit": "ED", "place": "BAY1 / 1", "waiting": false,
                "acuity": 2, "knownAt": at, "gone": false, "milestones": {"arrival": at, "bed-request": at},
                "disposition": "left-unseen", "observation": false, "ventilated": true}),
        ),
        (
            RecordKind::EmergencyVisit,
            json!({"version": 1, "visit": "0123456789abcdef", "patient": id, "unit": "ED", "waiting": true,
                "knownAt": at, "gone": true, "milestones": {}, "observation": false, "ventilated": false}),
        ),
        (
            RecordKind::EmergencyUnit,
            json!({"version": 1, "unit": "ED", "at": at, "patients": 4, "waiting": 1, "boarding": 1, "ventilated": 0,
                "longestBoardingMinutes": 61, "lastDoorToRoomMinutes": 12, "departed": 9, "leftUnseen": 1, "doorToRoom": 12.5,
                "doorToProvider": 30, "lengthOfStay": 180, "boardingTime": 61.5, "nedocs": 61.2, "crowding": "extremely busy"}),
        ),
        (
            RecordKind::EmergencyUnit,
            json!({"version": 1, "unit": "ED", "at": at, "patients": 0, "waiting": 0, "boarding": 0, "ventilated": 0,
                "longestBoardingMinutes": 0, "lastDoorToRoomMinutes": 0, "departed": 0, "leftUnseen": 0}),
        ),
    ]
}

fn of_risk(at: &str) -> [(RecordKind, Value); 6] {
    let hour = json!({"version": 1, "patient": "0123456789abcdef0123456789abcdef", "end": at, "admission": at,
        "model": "0123456789ab", "score": -2.5, "probability": 0.01, "features": [1.5, null]});
    let with = |outcome: Value| {
        let mut told = hour.clone();
        told["outcome"] = outcome;
        (RecordKind::RiskExample, told)
    };
    let none = json!({"hours": 0, "septic": 0});
    let quality = json!({"hours": 9, "septic": 1, "auroc": 0.8, "brier": 0.01, "calibrationError": 0.01, "observedOverExpected": 1.5});
    let inputs = json!({"hours": 9, "patients": 3, "recentPatients": 2,
        "features": [{"feature": "HR.last", "index": 0.3, "stability": "act"}],
        "missing": [{"variable": "lactate", "was": 0.7, "is": 0.9, "index": 0.2, "standardErrors": -3.5}],
        "units": [{"variable": "glucose", "was": 126.0, "is": 7.0}]});
    [
        (RecordKind::RiskHour, hour.clone()),
        (RecordKind::RiskExample, hour.clone()),
        with(
            json!({"revision": 1, "septic": true, "by": "sepsis-3", "onset": at, "alerted": true, "feedback": "false-alarm"}),
        ),
        with(json!({"revision": 2, "septic": false, "by": "horizon", "alerted": false})),
        (
            RecordKind::RiskStatus,
            json!({"version": 1, "workload": "sepsis-risk", "model": "0123456789ab", "since": at, "at": at, "inUse": "rule",
                "approvedBy": "A. Okafor", "drifting": [{"drift": "units", "since": at}], "inputs": inputs, "quality": quality.clone(),
                "judgedFrom": at, "judgedTo": at, "said": {"alerted": 1, "alertedSeptic": 1, "accepted": 0, "falseAlarm": 1},
                "challenger": {"learned": 9, "least": 8192, "model": quality, "challenger": none.clone()}}),
        ),
        (
            RecordKind::RiskStatus,
            json!({"version": 1, "workload": "sepsis-risk", "model": "0123456789ab", "at": at, "inUse": "model", "drifting": [],
                "inputs": {"hours": 0, "patients": 0, "recentPatients": 0, "features": [], "missing": [], "units": []},
                "quality": none.clone(), "said": {"alerted": 0, "alertedSeptic": 0, "accepted": 0, "falseAlarm": 0},
                "challenger": {"learned": 0, "least": 8192, "model": none.clone(), "challenger": none}}),
        ),
    ]
}

fn of_sources(at: &str) -> [(RecordKind, Value); 3] {
    [
        (
            RecordKind::Activity,
            json!({"version": 1, "source": "lab", "process": "7-1", "minute": at, "ways": ["mllp"], "messages": 3,
                "signals": [{"signal": "ORU", "messages": 3}], "backfill": 0, "answers": [{"code": "AA", "count": 3}], "bytes": 900,
                "last": at, "anybody": at, "firstEvent": at, "lastEvent": at, "lagMs": 12, "certificateExpires": at}),
        ),
        (
            RecordKind::Activity,
            json!({"version": 1, "source": "*", "process": "7-1", "minute": at, "ways": [], "messages": 0, "signals": [],
                "backfill": 0, "answers": [], "bytes": 0}),
        ),
        (
            RecordKind::SourceStatus,
            json!({"version": 1, "source": "lab", "at": at,
                "feeds": [{"last": at, "quietSince": at, "usualPerHour": 88}, {"signal": "ORU"}]}),
        ),
    ]
}

fn of_subscriptions() -> [(RecordKind, Value); 2] {
    [
        (
            RecordKind::SubscriptionPosition,
            json!({"source": "ehr", "subscription": "7", "epoch": 0, "announced": 9, "taken": [[1, 4], [6, 9]], "queried": 1, "latest": 1,
                "standing": {"at": 1, "status": "active"}, "at": 2}),
        ),
        (
            RecordKind::SubscriptionPosition,
            json!({"source": "ehr", "subscription": "", "epoch": 0, "announced": 0, "taken": [], "at": 2}),
        ),
    ]
}

fn of_devices(at: &str) -> [(RecordKind, Value); 4] {
    [
        (
            RecordKind::DeviceAssociation,
            json!({"version": 1, "device": "d", "authority": "A", "identifier": "1", "from": at, "to": at}),
        ),
        (
            RecordKind::DeviceAssociation,
            json!({"version": 1, "device": "d", "from": at}),
        ),
        (
            RecordKind::DeviceStatus,
            json!({"version": 1, "device": "d", "kind": "technical", "state": "open", "at": at, "code": "147842", "words": ["lead-off"], "count": 3, "offsetMs": -4}),
        ),
        (
            RecordKind::DeviceStatus,
            json!({"version": 1, "device": "d", "kind": "silent", "state": "over", "at": at}),
        ),
    ]
}

#[test]
fn what_is_written_validates_and_with_anything_else_it_does_not() {
    for (kind, record) in written() {
        let validator = validator(kind);
        let errors: Vec<String> = validator
            .iter_errors(&record)
            .map(|error| format!("{kind:?}{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{record}");
        for name in record.as_object().unwrap().keys() {
            let mut wrong = record.clone();
            wrong[name] = json!({"an": "object"});
            assert!(!validator.is_valid(&wrong), "{kind:?}.{name}");
        }
        let mut more = record.clone();
        more["unheardOf"] = json!(1);
        assert!(!validator.is_valid(&more), "{kind:?}");
    }
}

#[test]
fn a_field_that_is_always_written_is_required() {
    for kind in OWN {
        let of_kind = |(own, record)| (own == kind).then_some(record);
        let records: Vec<Value> = written().into_iter().filter_map(of_kind).collect();
        assert!(!records.is_empty(), "{kind:?}");
        let validator = validator(kind);
        for name in records[0].as_object().unwrap().keys() {
            let always = records.iter().all(|record| record.get(name).is_some());
            let mut without = records[0].clone();
            without.as_object_mut().unwrap().remove(name);
            assert_eq!(!validator.is_valid(&without), always, "{kind:?}.{name}");
        }
    }
}

#[test]
fn content_types_are_those_of_the_code_that_writes() {
    let written = [
        (RecordKind::Finding, wire::FINDING_CONTENT_TYPE),
        (RecordKind::Alert, wire::ALERT_CONTENT_TYPE),
        (RecordKind::Command, wire::COMMAND_CONTENT_TYPE),
        (RecordKind::Delivery, wire::DELIVERY_CONTENT_TYPE),
    ];
    for (kind, content_type) in written {
        assert_eq!(kind.content_type(), Some(content_type));
    }
}
