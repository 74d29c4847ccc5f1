//! The list of workloads, and what each is and reads.

mod beside;
mod condition;
mod view;

use std::time::Duration;

use crate::chart::Entry;
use crate::config::hours;
use crate::{
    Parameter, actions, bedside, bundle, critical, deterioration, first_day, glucose, kidney,
    organ, sepsis, sepsis_risk, sepsis3, shock, suspicion, sustained, variability,
};
pub use beside::{BESIDE, Beside};
pub(crate) use condition::Condition;
pub(crate) use view::{Concluded, Conclusion, Missing, Proof, View};

/// A rule pack with what must be known to trust it.
#[derive(Debug)]
pub struct Workload {
    /// Its name in findings, flags and configuration.
    pub name: &'static str,
    /// The rule pack and its version.
    pub rule: &'static str,
    /// What it concludes, in a line.
    pub concludes: &'static str,
    /// Who answers for it.
    pub owner: &'static str,
    /// Whether it runs unless told otherwise; one that does not has still to prove itself at a site.
    pub starts: bool,
    /// Where its rules come from.
    pub sources: &'static [&'static str],
    /// How late an item may come and still be used.
    pub late_window: Duration,
    /// How far back findings are revised.
    pub revise_window: Duration,
    /// What it reads.
    pub reads: &'static [Parameter],
    /// The workloads whose findings it reads, and those that they read; they come before it in the list.
    pub rests_on: &'static [&'static str],
    /// What a late item does.
    pub late_items: &'static str,
    /// How long what it published is kept for workloads that read it.
    pub(crate) lines_kept: Duration,
    /// The tag of its timer.
    pub(crate) tag: &'static [u8],
    /// How far before a clinical time it looks to conclude something about it.
    pub(crate) looks_back: Duration,
    /// How long after its time an entry can still matter to it, beyond what the chart keeps anyhow.
    pub(crate) matters: fn(&Entry) -> Option<Duration>,
    pub(crate) conclude: fn(&View<'_>) -> Concluded,
}

/// All workloads, in the order they run.
pub const WORKLOADS: [Workload; 21] = [
    DETERIORATION,
    SEPSIS,
    CRITICAL_RESULTS,
    ORGAN_FAILURE,
    ORGAN_FAILURE_MIMIC,
    KIDNEY_INJURY,
    KIDNEY_INJURY_MIMIC,
    SUSPECTED_INFECTION,
    SUSPECTED_INFECTION_MIMIC,
    SEPSIS_3,
    SEPSIS_3_MIMIC,
    FIRST_DAY_MIMIC,
    BEDSIDE_SCORES,
    GLUCOSE_EPISODES,
    SUSTAINED_THRESHOLDS,
    ORGAN_FAILURE_2,
    SEPTIC_SHOCK,
    SEPSIS_RISK,
    SEPSIS_BUNDLE,
    TEAM_ACTIONS,
    VARIABILITY_AND_PRESSURE,
];

/// Says that the chart keeps all that a workload reads long enough.
const fn nothing(_: &Entry) -> Option<Duration> {
    None
}

/// Where the ways of reading come from that the reference for MIMIC-III has.
const MIMIC_CODE: &str =
    "Johnson AEW et al. J Am Med Inform Assoc 2018;25:32-9 (mimic-code), concepts for MIMIC-III";

/// Who answers for the rules until a site's own clinicians have signed them off.
pub(crate) const OWNER: &str = "Pulsewire; to be signed off by the clinicians of the site";

const DETERIORATION: Workload = Workload {
    name: "deterioration",
    rule: "news2 1.0.0",
    concludes: "NEWS2 of every set of vital signs, how urgent that is, and a set that is overdue.",
    owner: OWNER,
    starts: true,
    sources: &[
        "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017",
    ],
    late_window: hours(8),
    revise_window: hours(8),
    reads: deterioration::READS,
    rests_on: &[],
    late_items: "Within the window every score it touches is revised; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"deterioration",
    looks_back: hours(1),
    matters: deterioration::matters,
    conclude: deterioration::conclude,
};

const SEPSIS: Workload = Workload {
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
    matters: sepsis::matters,
    conclude: sepsis::conclude,
};

const CRITICAL_RESULTS: Workload = Workload {
    name: critical::NAME,
    rule: "critical-ranges 1.0.0",
    concludes: "Laboratory results beyond a critical limit, and positive cultures.",
    owner: OWNER,
    starts: true,
    sources: &[
        "Ranges in data/critical_ranges.tsv, to be reviewed by the laboratory that is accountable for them",
    ],
    late_window: hours(48),
    revise_window: hours(48),
    reads: critical::READS,
    rests_on: &[],
    late_items: "Within the window, of cultures seven days, the result is judged at the time of its specimen; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"critical-results",
    looks_back: hours(12),
    matters: nothing,
    conclude: critical::conclude,
};

/// How late what organ failure is scored by may come: of intensive-care charting all but one row in four hundred is
/// stored within eight hours.
const ORGAN_WINDOW: Duration = hours(12);

const ORGAN_FAILURE: Workload = Workload {
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
    matters: organ::matters,
    conclude: organ::published,
};

const ORGAN_FAILURE_MIMIC: Workload = Workload {
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
    ..ORGAN_FAILURE
};

const ORGAN_FAILURE_2: Workload = Workload {
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

const KIDNEY_INJURY: Workload = Workload {
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
    late_items: "Within the window every stage that it is compared with is judged again; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"kidney-injury",
    looks_back: kidney::LOOKS_BACK,
    matters: kidney::matters,
    conclude: kidney::published,
};

const KIDNEY_INJURY_MIMIC: Workload = Workload {
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

const SUSPECTED_INFECTION: Workload = Workload {
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
    matters: nothing,
    conclude: suspicion::published,
};

const SUSPECTED_INFECTION_MIMIC: Workload = Workload {
    name: "suspected-infection-mimic",
    rule: "suspicion-mimic-iii 1.0.0",
    sources: &[
        "Seymour CW et al. JAMA 2016;315:762-74 (suspected infection)",
        MIMIC_CODE,
    ],
    tag: b"suspected-infection-mimic",
    looks_back: hours(96),
    conclude: suspicion::mimic_iii,
    ..SUSPECTED_INFECTION
};

const SEPSIS_3: Workload = Workload {
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
    matters: nothing,
    conclude: sepsis3::published,
};

const SEPSIS_3_MIMIC: Workload = Workload {
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
    ..SEPSIS_3
};

const SEPTIC_SHOCK: Workload = Workload {
    name: "septic-shock",
    rule: "singer-2016-shock 1.0.0",
    concludes: "Septic shock: sepsis with a vasopressor and a lactate above 2 mmol/L.",
    reads: shock::READS,
    rests_on: &[ORGAN_FAILURE.name, SEPSIS_3.name],
    tag: b"septic-shock",
    looks_back: shock::LASTS,
    matters: shock::matters,
    conclude: shock::conclude,
    ..SEPSIS_3
};

const SEPSIS_BUNDLE: Workload = Workload {
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
    matters: bundle::matters,
    conclude: bundle::conclude,
};

const TEAM_ACTIONS: Workload = Workload {
    name: "team-actions",
    rule: "team-actions 1.0.0",
    concludes: "What the team does already: antimicrobials, fluid, drugs for the circulation, comfort care.",
    owner: OWNER,
    starts: false,
    sources: &["No score: what was given, and that comfort alone is cared for, as it was charted"],
    late_window: hours(24),
    revise_window: hours(24),
    reads: actions::READS,
    rests_on: &[],
    late_items: "Within the window it is said of its own time; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"team-actions",
    looks_back: Duration::ZERO,
    matters: nothing,
    conclude: actions::conclude,
};

const FIRST_DAY_MIMIC: Workload = Workload {
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
    matters: first_day::matters,
    conclude: first_day::conclude,
};

const BEDSIDE_SCORES: Workload = Workload {
    name: "bedside-scores",
    rule: "mews-shock-rox-oxygenation 1.0.0",
    concludes: "MEWS, shock index, ROX index and the band of oxygenation.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Subbe CP et al. QJM 2001;94:521-6 (MEWS)",
        "Allgöwer M, Burri C. Dtsch Med Wochenschr 1967;92:1947-50 (shock index)",
        "Roca O et al. Am J Respir Crit Care Med 2019;199:1368-76 (ROX index)",
        "ARDS Definition Task Force. JAMA 2012;307:2526-33 (bands of PaO2/FiO2)",
    ],
    late_window: hours(8),
    revise_window: hours(8),
    reads: bedside::READS,
    rests_on: &[],
    late_items: "Within the window every score it touches is revised; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"bedside-scores",
    looks_back: bedside::LOOKS_BACK,
    matters: bedside::matters,
    conclude: bedside::conclude,
};

const GLUCOSE_EPISODES: Workload = Workload {
    name: "glucose-episodes",
    rule: "cgm-consensus-2023 1.0.0",
    concludes: "Episodes of low and high glucose by a sensor, and sensors that are not heard.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Battelino T et al. Lancet Diabetes Endocrinol 2023;11:42-57 (episodes)",
        "Rules in data/glucose_episodes.tsv",
    ],
    late_window: glucose::WINDOW,
    revise_window: glucose::WINDOW,
    reads: glucose::READS,
    rests_on: &[],
    late_items: "Within the window the episodes are found again; one that is known only when it is long past is history and pages nobody; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"glucose-episodes",
    looks_back: sustained::LOOKS_BACK,
    matters: glucose::matters,
    conclude: glucose::conclude,
};

const SUSTAINED_THRESHOLDS: Workload = Workload {
    name: "sustained-thresholds",
    rule: "sustained-thresholds 1.0.0",
    concludes: "Values that stay beyond a limit for a while.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017 (limits)",
        "Rules in data/sustained_thresholds.tsv, or the site's own",
    ],
    late_window: sustained::WINDOW,
    revise_window: sustained::WINDOW,
    reads: sustained::READS,
    rests_on: &[],
    late_items: "Within the window the episodes are found again; one that is known only when it is long past is history and pages nobody; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"sustained-thresholds",
    looks_back: sustained::LOOKS_BACK,
    matters: sustained::matters,
    conclude: sustained::conclude,
};

const VARIABILITY_AND_PRESSURE: Workload = Workload {
    name: "variability-and-pressure",
    rule: "variability-and-pressure 1.0.0",
    concludes: "Investigational: heart rate variability that falls below a patient's own while the mean pressure falls.",
    owner: OWNER,
    starts: false,
    sources: &[
        "Task Force of the ESC and NASPE. Circulation 1996;93:1043-65 (heart rate variability)",
        "Barnaby D et al. Acad Emerg Med 2002;9:661-70 (it is lower in sepsis that becomes worse)",
        "Chen WL, Kuo CD. Acad Emerg Med 2007;14:392-7 (against it: some of it rises before septic shock)",
        "Rows of data/variability_pressure.tsv, which no study has set together",
    ],
    late_window: variability::WINDOW,
    revise_window: variability::WINDOW,
    reads: variability::READS,
    rests_on: &[],
    late_items: "Within the window what it changes is found again; what is known only when it is long past is history and pages nobody; after it the item is counted and kept aside.",
    lines_kept: Duration::ZERO,
    tag: b"variability-and-pressure",
    looks_back: variability::LOOKS_BACK,
    matters: variability::matters,
    conclude: variability::conclude,
};

const SEPSIS_RISK: Workload = Workload {
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
    matters: sepsis_risk::matters,
    conclude: sepsis_risk::conclude,
};
