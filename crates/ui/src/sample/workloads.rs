//! Invented rule packs: one that is on, one that is on and told to nobody, one that is off, one that nobody counts for.

use super::{NOW_US, ago, evidence, revision};
use crate::{
    Drift, DriftRow, Finding, Health, HourRow, LatestRow, Link, PackCounts, PackStation, Runs,
    SettingRow, Severity, Workload, WorkloadRow, WorkloadTable,
};

const HOUR_US: i64 = 3_600_000_000;

/// Gives a list of rule packs.
pub fn workloads() -> WorkloadTable {
    let silent = WorkloadRow {
        name: "organ-failure".to_owned(),
        concludes: "SOFA of every hour of a stay, by the worst of its day.".to_owned(),
        rule: "sofa-1996 1.0.0".to_owned(),
        runs: Runs::Silent,
        ..deterioration()
    };
    let off = WorkloadRow {
        name: "kidney-injury".to_owned(),
        concludes: "Stages of acute kidney injury by creatinine, urine and dialysis.".to_owned(),
        rule: "kdigo-2012 1.0.0".to_owned(),
        runs: Runs::Off,
        hour: PackCounts::default(),
        day: PackCounts::default(),
        patients_hour: (0, false),
        patients_day: (0, false),
        ..deterioration()
    };
    let uncounted = PackCounts {
        findings: 17,
        revised: 3,
        ..PackCounts::default()
    };
    let other = WorkloadRow {
        name: "claims".to_owned(),
        concludes: "How each claim stands, and what is missing by now.".to_owned(),
        rule: "claim-life-cycle 1.0.0".to_owned(),
        hour: uncounted,
        day: uncounted,
        patients_day: (20_000, true),
        station: PackStation {
            name: "payer".to_owned(),
            health: Health::Off,
            waiting: None,
            behind_us: None,
            errors: 0,
        },
        ..deterioration()
    };
    WorkloadTable {
        rows: vec![deterioration(), other, silent, off],
        since_us: Some(ago(47 * 60)),
    }
}

fn deterioration() -> WorkloadRow {
    let hour = PackCounts {
        items: Some(2_104),
        late: Some(391),
        corrected: Some(4),
        too_late: Some(1),
        findings: 212,
        revised: 18,
        revised_again: 3,
        taken_back: 2,
        history: 0,
    };
    WorkloadRow {
        name: "deterioration".to_owned(),
        concludes: "NEWS2 of every set of vital signs, and how urgent that is.".to_owned(),
        rule: "news2 1.0.0".to_owned(),
        runs: Runs::On,
        hour,
        day: PackCounts {
            items: Some(48_220),
            late: Some(9_406),
            findings: 5_031,
            revised: 402,
            ..hour
        },
        patients_hour: (141, false),
        patients_day: (388, false),
        station: PackStation {
            name: "workloads".to_owned(),
            health: Health::Running,
            waiting: Some(3),
            behind_us: Some(1_840),
            errors: 2,
        },
    }
}

/// Gives all of one rule pack.
pub fn workload() -> Workload {
    let row = deterioration();
    let setting = |key: &str, about: &str, here: &str, default: &str| SettingRow {
        key: format!("workloads.deterioration.{key}"),
        about: about.to_owned(),
        here: here.to_owned(),
        default: default.to_owned(),
    };
    let about = "The seven NEWS2 parameters count as one set within this, 75 minutes at most.";
    Workload {
        owner: "Pulsewire; to be signed off by the clinicians of the site".to_owned(),
        sources: vec!["Royal College of Physicians. NEWS2. London: RCP, 2017".to_owned()],
        reads: vec!["respiratory rate".to_owned(), "pulse".to_owned()],
        rests_on: vec![Link::to("organ-failure", "/workloads/organ-failure")],
        output: "findings on healthcare.alert.stream".to_owned(),
        late_window_us: Some(8 * HOUR_US),
        revise_window_us: Some(8 * HOUR_US),
        late_items: "Within the window every score it touches is revised.".to_owned(),
        late_after_us: HOUR_US / 4,
        settings: vec![
            setting("enabled", "", "true", "true"),
            setting("complete_within", about, "30m", "60m"),
            setting("ranges", "", "", ""),
        ],
        patients_in_memory: Some(402),
        state_bytes: Some(31_400_000),
        hours: (0..48).map(|hour| of_hour(hour, &row.hour)).collect(),
        since_us: Some(ago(47 * 60)),
        latest: latest(),
        drift: Some(Drift {
            since_us: Some(ago(600)),
            summary: "Two features are not what the model was trained on.".to_owned(),
            rows: vec![DriftRow {
                what: "lactate, stability".to_owned(),
                value: "0.31".to_owned(),
                limit: "0.25".to_owned(),
                severity: Severity::Medium,
            }],
        }),
        row,
    }
}

fn of_hour(hour: i64, like: &PackCounts) -> HourRow {
    let begin = NOW_US - NOW_US.rem_euclid(HOUR_US);
    let share = (hour % 7).unsigned_abs();
    HourRow {
        from_us: begin - (47 - hour) * HOUR_US,
        counts: PackCounts {
            items: like.items.map(|items| items * share / 6),
            late: like.late.map(|late| late * share / 6),
            findings: like.findings * share / 6,
            revised: share,
            ..PackCounts::default()
        },
    }
}

fn latest() -> Vec<LatestRow> {
    let row = |number: u64, summary: &str, severity| LatestRow {
        explained: Link::to(summary, format!("/findings/alert:7:{number}")),
        patient: Link::to(format!("Patient {number}"), "/patients/7c1e"),
        severity,
        revision: number,
        taken_back: number == 3,
        as_of_us: ago(20),
        known_us: ago(4),
    };
    vec![
        row(1, "NEWS2 8: respiration 25, SpO2 92", Severity::High),
        row(2, "NEWS2 5: pulse 112", Severity::Medium),
        row(3, "NEWS2 1", Severity::None),
    ]
}

/// Gives a finding.
pub fn finding() -> Finding {
    let summary = "NEWS2 8: respiration 25, SpO2 92, systolic 98, pulse 112";
    Finding {
        id: "9f03aa".to_owned(),
        place: "healthcare.alert.stream/7/1204".to_owned(),
        workload: Link::to("deterioration", "/workloads/deterioration"),
        rule: "news2 1.0.0".to_owned(),
        patient: Link::to("P. 4403", "/patients/7c1e"),
        condition: "deterioration".to_owned(),
        summary: summary.to_owned(),
        taken_back: None,
        severity: Severity::High,
        score: Some(8),
        as_of_us: ago(20),
        known_us: ago(11),
        revision: 2,
        is_history: false,
        evidence: evidence(),
        missing: vec!["consciousness".to_owned()],
        revisions: vec![
            revision(2, 11, Severity::High, 8, summary),
            revision(1, 19, Severity::Medium, 5, "NEWS2 5: pulse 112"),
        ],
        looked_through: Some(40_000),
        alert: Some(Link::to("open, high", "/alerts/a2")),
    }
}
