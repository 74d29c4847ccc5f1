//! Invented data for every page: for the page of components, for tests and for whoever wants to look.

use crate::{
    Alert, AlertForms, AlertList, AlertRow, AlertState, AttemptRow, DeliveryRow, Disk, EvidenceRow,
    Frame, Health, HistoryRow, Link, Overview, ParsedField, ParsedSegment, QuarantineForms,
    QuarantineList, QuarantineRow, Quarantined, Refusal, RevisionRow, Severity, Shown, Source,
    Station, Theme, WayStep,
};

mod authorizations;
mod care_gaps;
mod codes;
mod emergency;
mod patient;
mod sources;
mod workloads;

pub use authorizations::authorizations;
pub use care_gaps::care_gaps;
pub use codes::{codes, message};
pub use emergency::emergency;
pub use patient::{patient, patient_then, patients};
pub use sources::sources;
pub use workloads::{finding, workload, workloads};

/// The moment all of it is told at: 21 November 2026, 06:46:40 in Berlin.
pub const NOW_US: i64 = 1_795_240_000_000_000;
const MINUTE_US: i64 = 60_000_000;

/// Gives a moment some minutes ago.
const fn ago(minutes: i64) -> i64 {
    NOW_US - minutes * MINUTE_US
}

/// Gives a frame in a theme.
pub fn frame(theme: Theme) -> Frame {
    Frame {
        now_us: NOW_US,
        zone: "Europe/Berlin".to_owned(),
        site: "St Example Hospital".to_owned(),
        version: "0.1.0 (1f0c2ab)".to_owned(),
        viewer: "operator".to_owned(),
        path: "/".to_owned(),
        theme,
        csrf: "4be1c0".to_owned(),
        alarms: vec![],
    }
}

/// Gives an overview of a site that is busy and has one thing wrong.
pub fn overview() -> Overview {
    Overview {
        stations: stations(),
        open_alerts: vec![
            (Severity::Critical, 1),
            (Severity::High, 3),
            (Severity::Medium, 8),
            (Severity::Low, 2),
        ],
        oldest_open_us: Some(ago(47)),
        sources: senders(),
        disk: Disk {
            health: Health::Running,
            used_bytes: 58_200_000_000,
            free_bytes: 411_900_000_000,
            size_bytes: 512_000_000_000,
            full_in_us: Some(96 * 24 * 60 * MINUTE_US),
            sync_us: Some(1_840),
        },
        started_us: ago(9 * 24 * 60),
    }
}

fn stations() -> Vec<Station> {
    let station = |name: &str, does: &str, unit: &str, rate: f64, total: u64| Station {
        name: name.to_owned(),
        does: does.to_owned(),
        health: Health::Running,
        note: String::new(),
        unit: unit.to_owned(),
        rate_per_second: rate,
        trend: trend(rate, name.len()),
        total,
        lag_us: Some(4_000),
        waiting: 0,
        quarantined: None,
    };
    let mut stations = vec![
        station(
            "intake",
            "takes messages in and answers",
            "messages",
            42.3,
            1_284_611,
        ),
        station(
            "journal",
            "keeps them, in order per patient",
            "records",
            130.8,
            4_012_377,
        ),
        station(
            "normalize",
            "turns them into FHIR events",
            "events",
            88.1,
            2_718_904,
        ),
        station(
            "workloads",
            "score, screen and watch",
            "findings",
            3.4,
            96_412,
        ),
        station("alerts", "decide who must see what", "alerts", 0.02, 311),
        station("delivery", "tells people", "deliveries", 0.03, 702),
    ];
    if let Some(intake) = stations.first_mut() {
        intake.lag_us = None;
    }
    if let Some(normalize) = stations.get_mut(2) {
        normalize.quarantined = Some(17);
        normalize.health = Health::CatchingUp;
        normalize.lag_us = Some(8_400_000);
        normalize.waiting = 412;
        normalize.note = "1,900 messages came at once from lab-east".to_owned();
    }
    if let Some(workloads) = stations.get_mut(3) {
        workloads.quarantined = Some(0);
    }
    stations
}

fn trend(rate: f64, phase: usize) -> Vec<f64> {
    let wave = [5, 7, 6, 9, 8, 6, 7, 10, 9, 7, 5, 6];
    let turn = wave.iter().cycle().skip(phase).take(40);
    turn.map(|part| rate * f64::from(*part) / 8.0).collect()
}

fn senders() -> Vec<Source> {
    let source =
        |name: &str, transport: &str, health, minutes: Option<i64>, counts: [u64; 3]| Source {
            name: name.to_owned(),
            transport: transport.to_owned(),
            health,
            connections: u64::from(minutes.is_some()) * 2,
            last_message_us: minutes.map(ago),
            acknowledgements: ["AA", "AE", "AR"]
                .map(str::to_owned)
                .into_iter()
                .zip(counts)
                .collect(),
        };
    vec![
        source(
            "adt-main",
            "MLLP, port 2575",
            Health::Running,
            Some(0),
            [612_004, 3, 0],
        ),
        source(
            "lab-east",
            "MLLP, port 2576",
            Health::CatchingUp,
            Some(1),
            [488_231, 14, 2],
        ),
        source(
            "icu-monitors",
            "MLLP over TLS, port 2577",
            Health::Degraded,
            Some(23),
            [184_376, 0, 0],
        ),
        source("pharmacy", "files", Health::Idle, None, [0, 0, 0]),
    ]
}

/// Gives alerts of every severity and state; their ids begin with the prefix.
pub fn alert_rows(prefix: &str) -> Vec<AlertRow> {
    let row = |number: u32, severity, state, reason: &str, about: &str, minutes: i64| AlertRow {
        id: format!("{prefix}{number}"),
        severity,
        state,
        reason: reason.to_owned(),
        condition: about.to_owned(),
        patient: Link::to(format!("P. {}", 4_400 + number), "/patients/7c1e"),
        location: Some(format!("4 West / {} / A", 400 + number)),
        as_of_us: ago(minutes + 9),
        opened_us: ago(minutes),
        owner: None,
        held: None,
        given_up: if number == 1 { "pager" } else { "" }.to_owned(),
        late: String::new(),
    };
    let mut rows = vec![
        row(
            1,
            Severity::Critical,
            AlertState::Open,
            "Potassium 6.9 mmol/L",
            "critical-result/potassium",
            4,
        ),
        row(
            2,
            Severity::High,
            AlertState::Open,
            "NEWS2 rose from 3 to 8",
            "deterioration",
            11,
        ),
        row(
            3,
            Severity::High,
            AlertState::Acknowledged,
            "Lactate 4.1 mmol/L with suspected infection",
            "sepsis",
            47,
        ),
        row(
            4,
            Severity::Medium,
            AlertState::Open,
            "NEWS2 6: respiration 22, temperature 39.2",
            "deterioration",
            64,
        ),
        row(
            5,
            Severity::Low,
            AlertState::Resolved,
            "Nobody recorded a pulse for 5 h",
            "overdue-observation",
            312,
        ),
        row(
            6,
            Severity::Medium,
            AlertState::Retracted,
            "NEWS2 5: the value was another patient's",
            "deterioration",
            1_980,
        ),
    ];
    if let Some(taken) = rows.get_mut(2) {
        taken.owner = Some("Dr A. Example".to_owned());
        taken.location = None;
    }
    rows
}

/// Gives a list of alerts.
pub fn alerts() -> AlertList {
    AlertList {
        state: None,
        counts: vec![
            (AlertState::Open, 3),
            (AlertState::Acknowledged, 1),
            (AlertState::Resolved, 296),
            (AlertState::Retracted, 11),
        ],
        rows: alert_rows("a"),
        shown: Shown::new(1, 311),
    }
}

/// Gives one alert that was revised once and that nobody has taken.
pub fn alert() -> Alert {
    let mut rows = alert_rows("a").into_iter().skip(1);
    let row = rows.next().expect("the sample has at least two alerts");
    let summary = "NEWS2 8: respiration 25, SpO2 92, systolic 98, pulse 112".to_owned();
    Alert {
        row,
        rule: "news2 1.0.0".to_owned(),
        score: Some(8),
        revision: 2,
        known_us: ago(11),
        evidence: evidence(),
        missing: vec!["consciousness".to_owned()],
        history: history(),
        revisions: vec![
            revision(2, 11, Severity::High, 8, &summary),
            revision(
                1,
                19,
                Severity::Medium,
                5,
                "NEWS2 5: respiration 25, pulse 112",
            ),
        ],
        deliveries: vec![
            delivery(11, "escalated", "pager 4 West", "delivered"),
            delivery(19, "raised", "ward screen 4 West", "delivered, 2 tries"),
        ],
        way_back: way_back(),
        forms: Some(AlertForms {
            acknowledge: true,
            read_back: true,
            resolve: true,
            who: "operator".to_owned(),
            problem: None,
        }),
    }
}

fn evidence() -> Vec<EvidenceRow> {
    let values = [
        ("respiratory rate", "25 /min", 3, 20, 81_231),
        ("oxygen saturation", "92 %", 2, 20, 81_232),
        ("systolic blood pressure", "98 mmHg", 2, 20, 81_233),
        ("pulse", "112 /min", 1, 31, 81_102),
        ("temperature", "37.9 °C", 0, 58, 80_977),
    ];
    let row = |(what, value, points, minutes, offset): (&str, &str, i64, i64, u64)| EvidenceRow {
        what: what.to_owned(),
        value: value.to_owned(),
        points: Some(points),
        at_us: ago(minutes),
        origin: Link::to(
            format!("healthcare.patient.stream/7/{offset}"),
            format!("/journal/healthcare.patient.stream/7/{offset}"),
        ),
    };
    values.map(row).into()
}

fn history() -> Vec<HistoryRow> {
    let row = |minutes, severity, who: &str, why: &str| HistoryRow {
        at_us: ago(minutes),
        who: who.to_owned(),
        state: AlertState::Open,
        severity,
        why: why.to_owned(),
    };
    vec![
        row(19, Severity::Medium, "rule news2 1.0.0", "NEWS2 5"),
        row(
            11,
            Severity::High,
            "rule news2 1.0.0",
            "saturation and pressure came 9 min late: NEWS2 8",
        ),
    ]
}

fn revision(number: u64, minutes: i64, severity: Severity, score: i64, said: &str) -> RevisionRow {
    RevisionRow {
        revision: number,
        known_us: ago(minutes),
        as_of_us: ago(20),
        severity,
        score: Some(score),
        summary: said.to_owned(),
        retracted: false,
    }
}

fn delivery(minutes: i64, kind: &str, channel: &str, result: &str) -> DeliveryRow {
    DeliveryRow {
        at_us: ago(minutes),
        kind: kind.to_owned(),
        channel: channel.to_owned(),
        result: result.to_owned(),
    }
}

fn way_back() -> Vec<WayStep> {
    let step = |what: &str, name: &str, place: &str| WayStep {
        what: what.to_owned(),
        name: name.to_owned(),
        origin: Link::to(place, format!("/journal/{place}")),
        at_us: Some(ago(11)),
    };
    vec![
        step(
            "finding",
            "news2, revision 2",
            "healthcare.alert.stream/7/1204",
        ),
        step(
            "event",
            "Observation, oxygen saturation",
            "healthcare.patient.stream/7/81232",
        ),
        step(
            "message",
            "ORU^R01 from icu-monitors",
            "healthcare.hl7v2.oru/7/44120",
        ),
    ]
}

/// Gives a list of quarantine.
pub fn quarantine() -> QuarantineList {
    let row = |number: u32, code: &str, reason: &str, minutes| QuarantineRow {
        id: format!("q{number}"),
        received_us: ago(minutes),
        source: "lab-east".to_owned(),
        kind: "ORU^R01".to_owned(),
        control_id: format!("LE{}", 90_210 + number),
        code: code.to_owned(),
        reason: reason.to_owned(),
        redriven: number == 3,
    };
    QuarantineList {
        code: None,
        counts: vec![
            ("no-patient-identifier".to_owned(), 12),
            ("time-in-future".to_owned(), 5),
        ],
        source: None,
        sources: vec![("lab-east".to_owned(), 15), ("lab-west".to_owned(), 2)],
        rows: vec![
            row(
                1,
                "no-patient-identifier",
                "The message names no patient",
                3,
            ),
            row(
                2,
                "time-in-future",
                "The result is dated after it was received",
                26,
            ),
            row(
                3,
                "no-patient-identifier",
                "The message names no patient",
                1_600,
            ),
        ],
        shown: Shown::new(1, 3),
    }
}

/// Gives one record in quarantine.
pub fn quarantined() -> Quarantined {
    let mut rows = quarantine().rows.into_iter();
    let field = |place: &str, name: &str, value: &str| ParsedField {
        place: place.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
        problem: None,
    };
    let mut identifier = field("PID-3", "patient identifier list", "^^^EXAMPLE^MR");
    identifier.problem = Some("the identifier (PID-3.1) is empty".to_owned());
    Quarantined {
        row: rows.next().expect("the sample has at least one record"),
        detail: "PID-3 has an assigning authority and no identifier.".to_owned(),
        advice: "Ask the sender of lab-east to fill PID-3.1. A corrected message under a new control id needs nothing from you.".to_owned(),
        command: Some("pulsewire redrive --at healthcare.hl7v2.oru.quarantine/3/118".to_owned()),
        origin: "healthcare.hl7v2.oru.quarantine/3/118".to_owned(),
        raw_origin: Some("healthcare.hl7v2.oru/3/90211".to_owned()),
        raw: Some(
            b"\x0bMSH|^~\\&|LAB|EAST|PW|ST|20261121064340+0100||ORU^R01^ORU_R01|LE90211|P|2.5.1\rPID|1||^^^EXAMPLE^MR||Doe^Jane||19540211|F\rOBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|3.5-5.1|HH|||F|||20261121063500+0100\r\x1c\r"
                .to_vec(),
        ),
        parsed: vec![
            ParsedSegment {
                name: "MSH".to_owned(),
                title: "message header".to_owned(),
                fields: vec![
                    field("MSH-7", "date and time of message", "20261121064340+0100"),
                    field("MSH-9", "message type", "ORU^R01^ORU_R01"),
                    field("MSH-10", "message control id", "LE90211"),
                ],
            },
            ParsedSegment {
                name: "PID".to_owned(),
                title: "patient identification".to_owned(),
                fields: vec![identifier, field("PID-5", "patient name", "Doe^Jane")],
            },
        ],
        attempts: vec![AttemptRow {
            at_us: ago(2),
            who: "Ada".to_owned(),
            what: "as it was".to_owned(),
            result: Link::to("failed again", "/quarantine/q2"),
        }],
        forms: Some(QuarantineForms {
            redrive: true,
            text: Some("MSH|^~\\&|LAB|EAST|PW|ST|20261121064340+0100||ORU^R01|LE90211|P|2.5.1\nPID|1||^^^EXAMPLE^MR||Doe^Jane||19540211|F\n".to_owned()),
        }),
    }
}

/// Gives a refusal with a status.
pub fn refusal(status: u16) -> Refusal {
    Refusal {
        status,
        what: "No alert has the id a99.".to_owned(),
        reference: "req-51".to_owned(),
    }
}
