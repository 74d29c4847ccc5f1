//! Alerts against outcomes: each figure on stays that were made for it.

use clinical::{EventTime, PatientKey, ReceivedTime, Severity};

use super::*;
use crate::{Open, Outcome, Stay};

const HOUR_US: i64 = 60 * 60 * 1_000_000;

fn at(hour: i64) -> EventTime {
    EventTime::from_micros(hour * HOUR_US)
}

fn history(hours: i64, outcome: Outcome) -> History {
    History {
        patient: PatientKey::default(),
        events: Vec::new(),
        stays: vec![Stay {
            units: vec![(at(0), "4 West".into())],
            began: at(0),
            ended: at(hours),
            admitted: None,
            outcome,
            minutes_east: Some(60),
        }],
    }
}

fn stay(hours: i64, onset: Option<i64>) -> History {
    history(
        hours,
        onset.map_or(Outcome::Without, |hour| Outcome::Onset(at(hour))),
    )
}

fn raised(spans: &[(i64, Option<i64>)]) -> Course {
    let open = |(from, until): &(i64, Option<i64>)| Open {
        from: ReceivedTime::from_micros(from * HOUR_US),
        until: until.map(|hour| ReceivedTime::from_micros(hour * HOUR_US)),
        as_of: at(*from),
        severity: Severity::High,
        changes: 2,
    };
    Course {
        alerts: spans.iter().map(open).collect(),
        findings: 4,
        revisions: 1,
        ..Course::default()
    }
}

#[test]
fn alerts_are_held_against_what_became_of_the_patients() {
    let all = [
        // Found ten hours ahead, and once more too early to be about it.
        (stay(48, Some(40)), raised(&[(10, Some(12)), (30, None)])),
        // Found too late.
        (stay(24, Some(10)), raised(&[(11, None)])),
        // Missed.
        (stay(24, Some(20)), raised(&[])),
        // For nothing.
        (stay(48, None), raised(&[(5, Some(6))])),
    ];
    let told = measure(all.iter().map(|(history, course)| (history, course)));
    assert_eq!(
        (told.stays, told.stays_with_onset, told.stays_alerted),
        (4, Some(3), 3)
    );
    assert_eq!((told.alerts, told.patient_days), (4, 6.0));
    let third = |thirds: u32| Some(f64::from(thirds) / 3.0);
    assert_eq!(told.sensitivity, third(2));
    assert_eq!(told.sensitivity_before_onset, third(1));
    assert_eq!(told.sensitivity_in_window, third(1));
    assert_eq!(told.patient_ppv, third(2));
    assert_eq!(told.alert_ppv, Some(0.25));
    assert_eq!(told.lead_hours.map(|lead| lead.median), Some(30.0));
    assert_eq!(told.changes_per_alert, Some(2.0));
    assert_eq!(told.revised_findings, Some(0.25));
    let groups: Vec<_> = told
        .groups
        .iter()
        .map(|group| (&*group.name, group.alerts))
        .collect();
    assert_eq!(
        groups,
        [
            ("day, 07 to 19", 3),
            ("night, 19 to 07", 1),
            ("unit 4 West", 4)
        ]
    );
}

#[test]
fn silence_is_worth_nothing_and_knowing_everything_is_worth_one() {
    let stays = [stay(48, Some(30)), stay(48, None)];
    let quiet = Course::default();
    let silent = measure(stays.iter().map(|stay| (stay, &quiet)));
    assert_eq!(silent.utility, Some(0.0));
    let knowing = [raised(&[(18, Some(34))]), raised(&[])];
    let best = measure(stays.iter().zip(&knowing));
    assert_eq!(best.utility, Some(1.0));
    let nobody = measure([]);
    assert_eq!((nobody.sensitivity, nobody.utility), (None, None));
}

#[test]
fn what_nobody_says_is_not_known() {
    let all = [
        (
            history(24, Outcome::Unknown),
            raised(&[(5, None), (30, None)]),
        ),
        (history(24, Outcome::Unknown), raised(&[])),
    ];
    let told = measure(all.iter().map(|(history, course)| (history, course)));
    assert_eq!((told.alerts, told.alerts_outside_stays), (1, 1));
    assert_eq!((told.stays_with_outcome, told.stays_with_onset), (0, None));
    assert_eq!(
        (told.sensitivity, told.patient_ppv, told.utility),
        (None, None, None)
    );
    assert_eq!(told.alerts_per_100_patient_days, Some(50.0));
    let stays: Vec<u64> = told.alerts_per_stay.iter().map(|bin| bin.count).collect();
    assert_eq!(stays, [1, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn a_probability_is_held_against_what_comes_within_six_hours() {
    let course = Course {
        probabilities: vec![(at(3), 0.0), (at(4), 1.0), (at(20), 1.0)],
        ..Course::default()
    };
    let told = measure([(&stay(24, Some(10)), &course)]);
    assert_eq!(told.calibration_error, Some(0.0));
    let unknown = measure([(&history(24, Outcome::Unknown), &course)]);
    assert_eq!(unknown.calibration_error, None);
}
