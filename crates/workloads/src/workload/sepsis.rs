//! The rule packs of infection and what it does.

use std::time::Duration;

use super::organs::{ORGAN_FAILURE, ORGAN_FAILURE_MIMIC};
use super::{MIMIC_CODE, OWNER, Workload, nothing};
use crate::config::hours;
use crate::{bundle, first_day, sepsis, sepsis_risk, sepsis3, shock, suspicion};

pub(super) const SEPSIS: Workload = Workload {
    name: "sepsis",
    rule: "sirs-qsofa 1.0.0",
    concludes: "SIRS and qSOFA around a suspected infection, and when both came together.",
    owner: OWNER,
    starts: true,
    sources: &[
        "Bone RC et al. Chest 1992;101:1644-55 (SIRS)",
        "Singer M et al. JAMA 2016;315:801-10 (qSOFA)",
        "Seymour CW et al. JAMA 2016;315:762-74 (suspected infection)",
    ],
    late_window: hours(48),
    revise_window: hours(72),
    reads: sepsis::READS,
    rests_on: &[],
    late_items: "Within the window the screen is repeated and its onset may move; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"sepsis",
    looks_back: sepsis::LOOKS_BACK,
    after_death: false,
    adults: false,
    matters: sepsis::matters,
    has_baseline: false,
    conclude: sepsis::conclude,
};

pub(super) const SUSPECTED_INFECTION: Workload = Workload {
    name: "suspected-infection",
    rule: "seymour-2016 1.0.0",
    concludes: "A suspected infection: a culture and an antimicrobial of one another's days.",
    owner: OWNER,
    starts: false,
    sources: &["Seymour CW et al. JAMA 2016;315:762-74 (suspected infection)"],
    late_window: hours(48),
    revise_window: hours(96),
    reads: suspicion::READS,
    rests_on: &[],
    late_items: "Within the window every suspicion is looked for again, and its onset may move; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"suspected-infection",
    looks_back: hours(72),
    after_death: false,
    adults: false,
    matters: nothing,
    has_baseline: false,
    conclude: suspicion::published,
};

pub(super) const SUSPECTED_INFECTION_MIMIC: Workload = Workload {
    name: "suspected-infection-mimic",
    rule: "suspicion-mimic-iii 1.0.0",
    sources: &[
        "Seymour CW et al. JAMA 2016;315:762-74 (suspected infection)",
        MIMIC_CODE,
    ],
    tag: b"suspected-infection-mimic",
    looks_back: hours(96),
    after_death: false,
    adults: false,
    conclude: suspicion::mimic_iii,
    ..SUSPECTED_INFECTION
};

pub(super) const SEPSIS_3: Workload = Workload {
    name: "sepsis-3",
    rule: "singer-2016 1.0.0",
    concludes: "Sepsis: a suspected infection and a SOFA that is two points higher than before.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Singer M et al. JAMA 2016;315:801-10 (Sepsis-3)",
        "Seymour CW et al. JAMA 2016;315:762-74 (suspected infection)",
    ],
    late_window: hours(48),
    revise_window: hours(120),
    reads: sepsis3::READS,
    rests_on: &[ORGAN_FAILURE.name],
    late_items: "Within the window the score and the suspicion are looked at again, and onset may move or go; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"sepsis-3",
    looks_back: hours(72),
    after_death: false,
    adults: true,
    matters: nothing,
    has_baseline: false,
    conclude: sepsis3::published,
};

pub(super) const SEPSIS_3_MIMIC: Workload = Workload {
    name: "sepsis-3-mimic",
    rule: "sepsis3-mimic 1.0.0",
    sources: &[
        "Singer M et al. JAMA 2016;315:801-10 (Sepsis-3)",
        MIMIC_CODE,
    ],
    rests_on: &[ORGAN_FAILURE_MIMIC.name],
    // A culture of which only the day is known may be four days before the antimicrobial that makes it suspicious.
    revise_window: hours(96 + 48 + 1),
    tag: b"sepsis-3-mimic",
    matters: sepsis3::mimic_matters,
    conclude: sepsis3::mimic,
    adults: false,
    ..SEPSIS_3
};

pub(super) const SEPTIC_SHOCK: Workload = Workload {
    name: "septic-shock",
    rule: "singer-2016-shock 1.0.0",
    concludes: "Septic shock: sepsis with a vasopressor and a lactate above 2 mmol/L.",
    reads: shock::READS,
    rests_on: &[ORGAN_FAILURE.name, SEPSIS_3.name],
    tag: b"septic-shock",
    looks_back: shock::LASTS,
    after_death: false,
    adults: true,
    matters: shock::matters,
    conclude: shock::conclude,
    ..SEPSIS_3
};

pub(super) const SEPSIS_BUNDLE: Workload = Workload {
    name: "sepsis-bundle",
    rule: "sep-1 1.0.0",
    concludes: "When severe sepsis and septic shock presented, and which elements of the bundle are due, met or missed.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Centers for Medicare & Medicaid Services. Specifications Manual for National Hospital Inpatient Quality Measures, SEP-1; the edition in force is the site's to name",
        "Epic. EHI Tables CMS_SEP1_ABSTN and SEP1_AUTOPOP_* (how far before and after its presentation each element counts)",
        "Rhee C et al. Clin Infect Dis 2021;72:541-52 (what is disputed about time zero)",
    ],
    late_window: bundle::WINDOW,
    revise_window: bundle::WINDOW,
    reads: bundle::READS,
    rests_on: &[],
    late_items: "Within the window presentation and deadlines are found again and may move or go; a deadline that was over before it could be known is said to be seen in retrospect and pages nobody; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"sepsis-bundle",
    looks_back: bundle::LOOKS_BACK,
    after_death: false,
    adults: false,
    matters: bundle::matters,
    has_baseline: false,
    conclude: bundle::conclude,
};

pub(super) const FIRST_DAY_MIMIC: Workload = Workload {
    name: "first-day-mimic",
    rule: "sirs-qsofa-first-day-mimic-iii 1.0.0",
    concludes: "SIRS and qSOFA by the worst of a stay's first day.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Bone RC et al. Chest 1992;101:1644-55 (SIRS)",
        "Singer M et al. JAMA 2016;315:801-10 (qSOFA)",
        MIMIC_CODE,
    ],
    late_window: hours(48),
    revise_window: hours(72),
    reads: first_day::READS,
    rests_on: &[],
    late_items: "Within the window the first day of the stay is scored again; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"first-day-mimic",
    looks_back: hours(6),
    after_death: false,
    adults: false,
    matters: first_day::matters,
    has_baseline: false,
    conclude: first_day::conclude,
};

pub(super) const SEPSIS_RISK: Workload = Workload {
    name: sepsis_risk::NAME,
    rule: "sepsis-risk-trees 1.0.0",
    concludes: "A learned risk of sepsis for every hour of a stay, and when it first passes its threshold.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Reyna MA et al. Crit Care Med 2020;48:210-7 (data and utility of the PhysioNet/CinC Challenge 2019)",
        "models/sepsis-risk/CARD.md: what the model is worth, and to whom it is not",
    ],
    late_window: hours(12),
    revise_window: hours(12),
    reads: sepsis_risk::READS,
    rests_on: &[],
    late_items: "Within the window every hour that knew it is scored again; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"sepsis-risk",
    looks_back: sepsis_risk::LOOKS_BACK,
    after_death: false,
    adults: true,
    matters: sepsis_risk::matters,
    has_baseline: false,
    conclude: sepsis_risk::conclude,
};
