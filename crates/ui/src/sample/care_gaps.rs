//! Invented care gaps: one of each status.

use super::{NOW_US, ago};
use crate::{CareGapList, CareGapRow, GapStatus, Link};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// Gives a work list.
pub fn care_gaps() -> CareGapList {
    let row = |number: u8, (measure, title), status, evidence: &[(&str, i64)]| CareGapRow {
        id: format!("g{number}"),
        patient: Link::to(format!("Patient {number}"), format!("/patients/{number}")),
        measure: String::from(measure),
        title: String::from(title),
        rule: "ColonCancerScreeningFHIR 0.1.000".to_owned(),
        year: 2026,
        status,
        due_us: matches!(status, GapStatus::Open | GapStatus::Reopened)
            .then_some(NOW_US + 300 * DAY_US),
        known_us: ago(number.into()),
        revision: number.into(),
        evidence: evidence
            .iter()
            .map(|(what, days)| ((*what).to_owned(), NOW_US - days * DAY_US))
            .collect(),
        more_evidence: u64::from(number == 1),
    };
    let colon = ("cms130", "colorectal cancer screening");
    let pressure = ("cms165", "blood pressure control");
    let both = ("Blood pressure 142 mm[Hg] / 88 mm[Hg]", 3);
    CareGapList {
        measure: None,
        measures: vec![("cms130".to_owned(), 4), ("cms165".to_owned(), 2)],
        status: None,
        statuses: GapStatus::ALL.map(|status| (status, 1)).into(),
        is_enabled: true,
        rows: vec![
            row(1, pressure, GapStatus::Reopened, &[both]),
            row(2, colon, GapStatus::Open, &[]),
            row(
                3,
                ("cms871", "severe hyperglycemia in hospital"),
                GapStatus::Counted,
                &[("Glucose 312 mg/dL", 2)],
            ),
            row(
                4,
                colon,
                GapStatus::ProvisionallyClosed,
                &[("Colonoscopy", 40)],
            ),
            row(5, colon, GapStatus::Closed, &[("Colonoscopy", 400)]),
            row(
                6,
                pressure,
                GapStatus::Excluded,
                &[("Hospice Encounter", 9)],
            ),
        ],
        more: 1_204,
    }
}
