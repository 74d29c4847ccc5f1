//! The list of workloads, and what each is and reads.

mod beside;
mod condition;
mod organs;
mod sepsis;
mod view;

use std::time::Duration;

use crate::chart::Entry;
use crate::config::hours;
use crate::critical::cultures;
use crate::{
    Parameter, actions, bedside, critical, deterioration, glucose, sustained, variability,
};
pub use beside::{BESIDE, Beside};
pub(crate) use condition::Condition;
use organs::{
    KIDNEY_INJURY, KIDNEY_INJURY_MIMIC, ORGAN_FAILURE, ORGAN_FAILURE_2, ORGAN_FAILURE_MIMIC,
};
use sepsis::{
    FIRST_DAY_MIMIC, SEPSIS, SEPSIS_3, SEPSIS_3_MIMIC, SEPSIS_BUNDLE, SEPSIS_RISK, SEPTIC_SHOCK,
    SUSPECTED_INFECTION, SUSPECTED_INFECTION_MIMIC,
};
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
    /// Whether it goes on after death: what is measured of somebody who is said to be dead may well be of somebody alive.
    pub(crate) after_death: bool,
    /// Whether it is defined for adults alone, and says nothing of whoever is known to be younger.
    pub(crate) adults: bool,
    /// How long after its time an entry can still matter to it, beyond what the chart keeps anyhow.
    pub(crate) matters: fn(&Entry) -> Option<Duration>,
    /// Whether it compares with what was measured days ago, which counts for that however late it came.
    pub(crate) has_baseline: bool,
    pub(crate) conclude: fn(&View<'_>) -> Concluded,
}

/// All workloads, in the order they run.
pub const WORKLOADS: [Workload; 22] = [
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
    CRITICAL_CULTURES,
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
    after_death: false,
    adults: false,
    matters: deterioration::matters,
    has_baseline: false,
    conclude: deterioration::conclude,
};

const CRITICAL_RESULTS: Workload = Workload {
    name: "critical-results",
    rule: "critical-ranges 1.0.0",
    concludes: "Laboratory results beyond a critical limit.",
    owner: OWNER,
    starts: true,
    sources: &[
        "Ranges in data/critical_ranges.tsv, to be reviewed by the laboratory that is accountable for them",
    ],
    late_window: hours(48),
    revise_window: hours(48),
    reads: critical::READS,
    rests_on: &[],
    late_items: "Within the window the result is judged at the time of its specimen; after it the item is counted and kept aside.",
    // As long as the results that what was told makes repeats of.
    lines_kept: hours(74),
    tag: b"critical-results",
    looks_back: hours(12),
    after_death: true,
    adults: false,
    matters: nothing,
    has_baseline: false,
    conclude: critical::conclude,
};

const CRITICAL_CULTURES: Workload = Workload {
    name: "critical-cultures",
    rule: "critical-cultures 1.0.0",
    concludes: "Cultures in which something grew, each by itself.",
    sources: &[
        "CLSI M47, second edition, 2022 (how long blood is cultured)",
        "Names of what grows in blood in src/chart/read/cultures.rs, to be reviewed by the laboratory that is accountable for them",
    ],
    late_window: cultures::WINDOW,
    revise_window: cultures::WINDOW,
    reads: cultures::READS,
    late_items: "Within the window the culture is judged at the time of its specimen; after it the item is counted and kept aside.",
    tag: b"critical-cultures",
    looks_back: Duration::ZERO,
    conclude: cultures::conclude,
    ..CRITICAL_RESULTS
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
    after_death: false,
    adults: false,
    matters: nothing,
    has_baseline: false,
    conclude: actions::conclude,
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
    after_death: false,
    adults: true,
    matters: bedside::matters,
    has_baseline: false,
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
    after_death: false,
    adults: false,
    matters: glucose::matters,
    has_baseline: false,
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
    after_death: false,
    adults: false,
    matters: sustained::matters,
    has_baseline: false,
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
    after_death: false,
    adults: false,
    matters: variability::matters,
    has_baseline: false,
    conclude: variability::conclude,
};
