//! What a workload may look at, and what it concludes from it.

use std::time::Duration;

use clinical::{EventTime, Severity};

use super::Condition;
use crate::Parameter;
use crate::chart::{Chart, Entry, Unusable};
use crate::config::Config;
use crate::person::{PersonFacts, Stay};
use crate::state::Line;

/// What a workload may look at.
pub(crate) struct View<'a> {
    pub(crate) config: &'a Config,
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
