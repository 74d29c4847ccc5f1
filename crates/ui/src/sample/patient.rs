//! An invented patient who gets worse over a night, with values that came late or were wrong.

use super::{MINUTE_US, NOW_US, ago, alert_rows};
use crate::{
    Before, EncounterRow, FindingRow, Known, Link, Patient, PatientList, PatientRow, PointKind,
    ResultRow, Score, ScorePoint, Severity, Shown, Vital, VitalPoint, Window,
};

/// Gives a list of patients.
pub fn patients() -> PatientList {
    let row =
        |id: &str, label: &str, alerts: u64, severity, score: Option<i64>, minutes| PatientRow {
            id: id.to_owned(),
            label: label.to_owned(),
            birth_date: Some("1954-02-11".to_owned()),
            location: Some("4 West / 412 / A".to_owned()),
            open_alerts: alerts,
            severity,
            score: score.map(score_of),
            last_event_us: ago(minutes),
        };
    PatientList {
        rows: vec![
            row("7c1e", "Doe, Jane", 2, Some(Severity::Critical), Some(8), 2),
            row(
                "91ab",
                "Muster, Max",
                1,
                Some(Severity::Medium),
                Some(6),
                12,
            ),
            row("c044", "Roe, Richard", 0, None, Some(3), 71),
            row("d5f2", "d5f20b1c…", 0, None, None, 2_900),
        ],
        total: 4,
        shown: Shown::new(1, 4),
    }
}

fn score_of(value: i64) -> Score {
    let severity = match value {
        7.. => Severity::High,
        5..=6 => Severity::Medium,
        _ => Severity::Low,
    };
    Score {
        name: "NEWS2".to_owned(),
        value,
        severity,
        as_of_us: ago(20),
    }
}

/// Gives one patient's hours; the ids of the alerts begin with the prefix.
pub fn patient(prefix: &str) -> Patient {
    Patient {
        id: "7c1e".to_owned(),
        name: Some("Doe, Jane".to_owned()),
        birth_date: Some("1954-02-11 (72 y)".to_owned()),
        gender: Some("female".to_owned()),
        location: Some("4 West / 412 / A".to_owned()),
        note: String::new(),
        survivor: None,
        window: Window::Hours24,
        until_us: NOW_US,
        score: Some(score_of(8)),
        scores: scores(),
        vitals: vitals(),
        results: results(),
        encounters: vec![EncounterRow {
            class: "inpatient".to_owned(),
            status: "in progress".to_owned(),
            location: "4 West / 412 / A".to_owned(),
            start_us: Some(ago(3_100)),
            end_us: None,
        }],
        alerts: alert_rows(prefix).into_iter().take(2).collect(),
        findings: findings(),
        known: None,
        moments: vec![
            ("1 h ago,".to_owned(), ago(60)),
            ("alert opened".to_owned(), ago(19)),
        ],
    }
}

/// Gives the same patient as it was known an hour ago.
pub fn patient_then(prefix: &str) -> Patient {
    Patient {
        until_us: ago(60),
        known: Some(Known {
            at_us: ago(60),
            read_from_us: Some(ago(1_500)),
        }),
        ..patient(prefix)
    }
}

fn findings() -> Vec<FindingRow> {
    let row = |number: u64, words: &str, workload: &str, severity| FindingRow {
        explained: Link::to(words, format!("/findings/7:{number}")),
        workload: Link::to(workload, format!("/workloads/{workload}")),
        severity,
        taken_back: number == 3,
        revision: number,
        as_of_us: ago(20),
        first_known_us: ago(19),
        known_us: ago(11),
    };
    vec![
        row(
            1,
            "potassium 6.9 mmol/L",
            "critical-results",
            Severity::Critical,
        ),
        row(2, "NEWS2 8", "deterioration", Severity::High),
        row(3, "SIRS 2 of 4", "sepsis", Severity::Medium),
    ]
}

fn scores() -> Vec<ScorePoint> {
    let values = [
        (1_400, 1, 1),
        (1_160, 2, 2),
        (920, 1, 3),
        (690, 3, 3),
        (450, 3, 2),
        (230, 5, 3),
        (110, 5, 5),
        (20, 8, 5),
    ];
    let point = |(minutes, value, first): (i64, i64, i64)| ScorePoint {
        at_us: ago(minutes),
        value: Some(value),
        first_known: Some(first),
        known_us: ago(minutes - 9),
        first_known_us: ago(minutes - 2),
        revisions: u64::from(value != first),
        summary: summary(value).to_owned(),
    };
    values.map(point).into()
}

fn summary(score: i64) -> &'static str {
    match score {
        7.. => "respiration 25, SpO2 92, systolic 98, pulse 112",
        5..=6 => "respiration 22, SpO2 94, pulse 104",
        3..=4 => "SpO2 95, pulse 95",
        _ => "pulse 81",
    }
}

fn vitals() -> Vec<Vital> {
    vec![
        vital(
            "respiration",
            "Respiration",
            "/min",
            (12.0, 20.0),
            (8.0, 30.0),
            [16, 17, 16, 18, 19, 21, 22, 25],
        ),
        vital(
            "spo2",
            "SpO2",
            "%",
            (96.0, 100.0),
            (86.0, 100.0),
            [97, 97, 96, 96, 95, 94, 94, 92],
        ),
        vital(
            "systolic",
            "Systolic pressure",
            "mmHg",
            (111.0, 219.0),
            (80.0, 160.0),
            [128, 131, 124, 126, 118, 112, 106, 98],
        ),
        vital(
            "pulse",
            "Pulse",
            "/min",
            (51.0, 90.0),
            (40.0, 130.0),
            [78, 81, 80, 84, 88, 95, 104, 112],
        ),
        temperature(),
    ]
}

fn vital(
    key: &str,
    label: &str,
    unit: &str,
    reference: (f64, f64),
    scale: (f64, f64),
    values: [i32; 8],
) -> Vital {
    let times = [1_400, 1_160, 920, 690, 450, 230, 110, 20];
    let points = times.iter().zip(values).enumerate();
    let points = points.map(|(index, (minutes, value))| {
        let (kind, late_min) = match index {
            2 => (PointKind::Late, 67),
            5 => (PointKind::Corrected, 140),
            _ => (PointKind::Timely, 2),
        };
        VitalPoint {
            at_us: ago(*minutes),
            known_us: ago(*minutes) + late_min * MINUTE_US,
            value: f64::from(value),
            text: value.to_string(),
            kind,
            before: (kind == PointKind::Corrected).then(|| Before {
                text: (value + 12).to_string(),
                known_us: ago(*minutes) + 2 * MINUTE_US,
            }),
        }
    });
    Vital {
        key: key.to_owned(),
        label: label.to_owned(),
        unit: unit.to_owned(),
        points: points.collect(),
        reference: Some(reference),
        scale,
    }
}

fn temperature() -> Vital {
    let tenths = [368, 369, 372, 371, 375, 378, 379, 379];
    let mut vital = vital(
        "temperature",
        "Temperature",
        "°C",
        (36.1, 38.0),
        (35.0, 40.0),
        tenths,
    );
    for point in &mut vital.points {
        point.value /= 10.0;
        point.text = format!("{:.1}", point.value);
    }
    if let Some(wrong) = vital.points.get_mut(3) {
        wrong.value = 39.9;
        wrong.text = "39.9".to_owned();
        wrong.kind = PointKind::Withdrawn;
    }
    vital
}

fn results() -> Vec<ResultRow> {
    let row = |what: &str, value: &str, flag: &str, severity, reference: &str, minutes| ResultRow {
        what: what.to_owned(),
        value: value.to_owned(),
        flag: flag.to_owned(),
        severity,
        reference: reference.to_owned(),
        status: "final".to_owned(),
        at_us: ago(minutes + 40),
        received_us: ago(minutes),
        late_us: (minutes > 100).then_some(40 * MINUTE_US),
        before: (flag == "HH").then(|| Before {
            text: "5.0 mmol/L".to_owned(),
            known_us: ago(minutes + 20),
        }),
    };
    vec![
        row(
            "Potassium",
            "6.9 mmol/L",
            "HH",
            Severity::Critical,
            "3.5 to 5.1",
            4,
        ),
        row(
            "Creatinine",
            "143 umol/L",
            "H",
            Severity::Medium,
            "45 to 84",
            4,
        ),
        row("Sodium", "139 mmol/L", "", Severity::None, "136 to 145", 4),
        row(
            "Lactate",
            "2.4 mmol/L",
            "H",
            Severity::Medium,
            "0.5 to 2.2",
            340,
        ),
    ]
}
