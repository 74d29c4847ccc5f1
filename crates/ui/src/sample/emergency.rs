//! An invented emergency department: somebody waits too long, somebody boards, somebody has time.

use super::{NOW_US, ago};
use crate::{EmergencyBoard, EmergencyRow, EmergencyUnit, Link, Severity};

const MINUTE_US: i64 = 60 * 1_000_000;

/// Gives a board.
pub fn emergency() -> EmergencyBoard {
    let row = |patient: &str, place: &str, step: &str, minutes: i64| EmergencyRow {
        patient: Link::to(patient, "/patients/7c1e"),
        acuity: Some(3),
        place: place.to_owned(),
        is_waiting: place.starts_with("WAIT"),
        step: step.to_owned(),
        measured: Vec::new(),
        arrived_us: ago(minutes),
        next: None,
        over: Vec::new(),
    };
    let due = |what: &str, minutes: i64, severity| {
        Some((what.to_owned(), NOW_US + minutes * MINUTE_US, severity))
    };
    let fact = |what: &str, value: &str| (what.to_owned(), value.to_owned());
    let unit = EmergencyUnit {
        name: "ED".to_owned(),
        crowding: Some(("106".to_owned(), "overcrowded".to_owned(), Severity::High)),
        facts: vec![
            fact("Patients", "3"),
            fact("Waiting for a room", "1"),
            fact("Boarding", "1"),
            fact("Median door to provider", "41 min"),
        ],
        rows: vec![
            EmergencyRow {
                next: due("treatment room", -12, Severity::High),
                acuity: None,
                ..row("Aaron Alderbourne", "WAIT / 3", "waits for a room", 72)
            },
            EmergencyRow {
                next: due("bed upstairs", 35, Severity::Medium),
                over: vec!["room: after 71 min".to_owned()],
                measured: vec!["CMS1244: waited for a room more than 60 min".to_owned()],
                ..row("Zoë Pennyard", "BAY2 / 1", "to be admitted", 300)
            },
            EmergencyRow {
                next: due("end of stay", 430, Severity::None),
                ..row("7c1e02aa", "BAY4 / 1", "seen", 50)
            },
        ],
        hidden: 4,
    };
    EmergencyBoard {
        is_enabled: true,
        units: vec![unit],
    }
}
