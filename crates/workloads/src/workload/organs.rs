//! The rule packs of failing organs.

use std::time::Duration;

use super::{MIMIC_CODE, OWNER, Workload};
use crate::config::hours;
use crate::{kidney, organ};

/// How late what organ failure is scored by may come: of intensive-care charting all but one row in four hundred is
/// stored within eight hours.
const ORGAN_WINDOW: Duration = hours(12);

pub(super) const ORGAN_FAILURE: Workload = Workload {
    name: "organ-failure",
    rule: "sofa-1996 1.0.0",
    concludes: "SOFA of every hour of a stay, by the worst of its day.",
    owner: OWNER,
    starts: false,
    sources: &["Vincent JL et al. Intensive Care Med 1996;22:707-10 (SOFA)"],
    late_window: ORGAN_WINDOW,
    revise_window: ORGAN_WINDOW,
    reads: organ::READS,
    rests_on: &[],
    late_items: "Within the window every hour whose day it belongs to is scored again; after it the item is counted and kept aside.",
    lines_kept: hours(8 * 24),
    tag: b"organ-failure",
    looks_back: organ::LOOKS_BACK,
    after_death: false,
    adults: true,
    matters: organ::matters,
    has_baseline: false,
    conclude: organ::published,
};

pub(super) const ORGAN_FAILURE_MIMIC: Workload = Workload {
    name: "organ-failure-mimic",
    rule: "sofa-1996-mimic-iii 1.0.0",
    sources: &[
        "Vincent JL et al. Intensive Care Med 1996;22:707-10 (SOFA)",
        MIMIC_CODE,
    ],
    reads: organ::MIMIC_READS,
    tag: b"organ-failure-mimic",
    matters: organ::mimic_matters,
    conclude: organ::mimic_iii,
    adults: false,
    ..ORGAN_FAILURE
};

pub(super) const ORGAN_FAILURE_2: Workload = Workload {
    name: "organ-failure-2",
    rule: "sofa-2-2025 1.0.0",
    concludes: "SOFA-2 of every hour of a stay, by the worst of its day.",
    sources: &["Ranzani OT et al. JAMA 2025, doi:10.1001/jama.2025.20516 (SOFA-2)"],
    reads: organ::SECOND_READS,
    tag: b"organ-failure-2",
    matters: organ::second_matters,
    conclude: organ::second,
    ..ORGAN_FAILURE
};

pub(super) const KIDNEY_INJURY: Workload = Workload {
    name: "kidney-injury",
    rule: "kdigo-2012 1.0.0",
    concludes: "Stages of acute kidney injury by creatinine, urine and dialysis.",
    owner: OWNER,
    starts: false,
    sources: &[
        "KDIGO. Clinical Practice Guideline for Acute Kidney Injury. Kidney Int Suppl 2012;2:1-138",
    ],
    late_window: hours(24),
    revise_window: hours(24),
    reads: kidney::READS,
    rests_on: &[],
    late_items: "Within the window every stage that it is compared with is judged again; after it no stage of its own time is, the item is counted and kept aside, and as a baseline it counts as long as any does.",
    lines_kept: Duration::ZERO,
    tag: b"kidney-injury",
    looks_back: kidney::LOOKS_BACK,
    after_death: false,
    adults: false,
    matters: kidney::matters,
    has_baseline: true,
    conclude: kidney::published,
};

pub(super) const KIDNEY_INJURY_MIMIC: Workload = Workload {
    name: "kidney-injury-mimic",
    rule: "kdigo-2012-mimic-iii 1.0.0",
    sources: &[
        "KDIGO. Clinical Practice Guideline for Acute Kidney Injury. Kidney Int Suppl 2012;2:1-138",
        MIMIC_CODE,
    ],
    reads: kidney::MIMIC_READS,
    tag: b"kidney-injury-mimic",
    conclude: kidney::mimic_iii,
    ..KIDNEY_INJURY
};
