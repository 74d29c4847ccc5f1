//! The list of workloads, and what each is and reads.

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::chart::{Chart, Entry, Unusable};
use crate::config::{Config, hours};
use crate::person::{PersonFacts, Stay};
use crate::state::Line;
use crate::tables::Tables;
use crate::{Parameter, critical, deterioration, sepsis};

/// A rule pack with what must be known to trust it.
#[derive(Debug)]
pub struct Workload {
    /// Its name in findings, flags and configuration.
    pub name: &'static str,
    /// The rule pack and its version.
    pub rule: &'static str,
    /// Where its rules come from.
    pub sources: &'static [&'static str],
    /// How late an item may come and still be used.
    pub late_window: Duration,
    /// How far back findings are revised.
    pub revise_window: Duration,
    /// What it reads.
    pub reads: &'static [Parameter],
    /// What a late item does.
    pub late_items: &'static str,
    /// The tag of its timer.
    pub(crate) tag: &'static [u8],
    /// How far before a clinical time it looks to conclude something about it.
    pub(crate) looks_back: Duration,
    pub(crate) conclude: fn(&View<'_>) -> Concluded,
}

/// All workloads, in the order they run.
pub const WORKLOADS: [Workload; 3] = [DETERIORATION, SEPSIS, CRITICAL_RESULTS];

const DETERIORATION: Workload = Workload {
    name: "deterioration",
    rule: "news2 1.0.0",
    sources: &[
        "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017",
    ],
    late_window: hours(8),
    revise_window: hours(8),
    reads: deterioration::READS,
    late_items: "Within the window every score it touches is revised; after it the item is counted and kept aside.",
    tag: b"deterioration",
    looks_back: hours(1),
    conclude: deterioration::conclude,
};

const SEPSIS: Workload = Workload {
    name: "sepsis",
    rule: "sirs-qsofa 1.0.0",
    sources: &[
        "Bone RC et al. Chest 1992;101:1644-55 (SIRS)",
        "Singer M et al. JAMA 2016;315:801-10 (qSOFA)",
        "Seymour CW et al. JAMA 2016;315:762-74 (suspected infection)",
    ],
    late_window: hours(48),
    revise_window: hours(72),
    reads: sepsis::READS,
    late_items: "Within the window the screen is repeated and its onset may move; after it the item is counted and kept aside.",
    tag: b"sepsis",
    looks_back: hours(73),
    conclude: sepsis::conclude,
};

const CRITICAL_RESULTS: Workload = Workload {
    name: "critical-results",
    rule: "critical-ranges 1.0.0",
    sources: &[
        "Ranges in data/critical_ranges.tsv, to be reviewed by the laboratory that is accountable for them",
    ],
    late_window: hours(48),
    revise_window: hours(48),
    reads: critical::READS,
    late_items: "Within the window the result is judged at the time of its specimen; after it the item is counted and kept aside.",
    tag: b"critical-results",
    looks_back: hours(12),
    conclude: critical::conclude,
};

/// What a workload may look at.
pub(crate) struct View<'a> {
    pub(crate) config: &'a Config,
    pub(crate) tables: &'a Tables,
    pub(crate) chart: &'a Chart,
    pub(crate) person: &'a PersonFacts,
    pub(crate) stays: &'a [Stay],
    /// What this workload has published.
    pub(crate) lines: &'a [Line],
    pub(crate) watermark: EventTime,
    /// Nothing before this is revised.
    pub(crate) frozen: EventTime,
    /// Nothing before this can have changed.
    pub(crate) from: EventTime,
}

/// What a workload concludes from the chart as it now is.
#[derive(Debug)]
pub(crate) struct Concluded {
    /// From when on this is all there is to say.
    pub(crate) from: EventTime,
    pub(crate) conclusions: Vec<Conclusion>,
    /// When time alone may change that.
    pub(crate) wake: Option<EventTime>,
}

/// What is true at a clinical time.
#[derive(Debug)]
pub(crate) struct Conclusion {
    pub(crate) condition: Condition,
    pub(crate) as_of: EventTime,
    pub(crate) severity: Severity,
    pub(crate) score: Option<i32>,
    pub(crate) summary: String,
    pub(crate) evidence: Vec<Proof>,
    pub(crate) missing: Vec<Missing>,
    /// Whether it rests on loaded history without any evidence of its own.
    pub(crate) history: bool,
    /// What the workload wants to find again beside the published line.
    pub(crate) note: u8,
}

/// A chart entry with what it added.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) entry: Entry,
    pub(crate) value: String,
    pub(crate) points: Option<i32>,
}

/// A parameter that was needed, how old its last value is, and why a newer one is not used.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) parameter: Parameter,
    pub(crate) last: Option<Duration>,
    /// Why the value that is there cannot be used, where one is.
    pub(crate) why: Option<Unusable>,
}

/// What a finding can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    Deterioration,
    ObservationsOverdue,
    SepsisScreen,
    CriticalResult(Parameter),
}

impl Condition {
    /// Gives its name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Deterioration => "deterioration".into(),
            Self::ObservationsOverdue => "observations-overdue".into(),
            Self::SepsisScreen => "sepsis-screen".into(),
            Self::CriticalResult(parameter) => format!("critical-result/{}", parameter.word()),
        }
    }

    /// Gives its number in stored state.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Deterioration => 0,
            Self::ObservationsOverdue => 1,
            Self::SepsisScreen => 2,
            Self::CriticalResult(parameter) => CRITICAL_BASE + parameter.number(),
        }
    }

    /// Finds the condition of a number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Deterioration),
            1 => Some(Self::ObservationsOverdue),
            2 => Some(Self::SepsisScreen),
            other => {
                Parameter::from_number(other.checked_sub(CRITICAL_BASE)?).map(Self::CriticalResult)
            }
        }
    }

    /// Gives the workload that speaks of it.
    pub(crate) const fn workload(self) -> &'static Workload {
        match self {
            Self::Deterioration | Self::ObservationsOverdue => &DETERIORATION,
            Self::SepsisScreen => &SEPSIS,
            Self::CriticalResult(_) => &CRITICAL_RESULTS,
        }
    }
}

const CRITICAL_BASE: u8 = 16;
