//! What alerts were worth, over all stays: how many, how right, how early, how steady.

mod tally;

use serde::Serialize;

use crate::{Course, History};
use tally::Tally;

/// What the alerts of all stays were worth. What the data do not tell, and a share of nothing, is no number.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measures {
    /// Patients; of identities that were merged, one.
    pub patients: u64,
    /// Stays.
    pub stays: u64,
    /// Days that patients were observed, all together.
    pub patient_days: f64,
    /// Stays of which it is known what became of the patient.
    pub stays_with_outcome: u64,
    /// Stays in which it set in; nothing where no outcome is known.
    pub stays_with_onset: Option<u64>,
    /// Stays with an alert.
    pub stays_alerted: u64,
    /// Alerts raised in stays: each rising edge once, however long it lasted.
    pub alerts: u64,
    /// Alerts raised while the patient was in no stay.
    pub alerts_outside_stays: u64,
    /// Alerts for a hundred patient-days.
    pub alerts_per_100_patient_days: Option<f64>,
    /// Of the stays with onset, the share that was alerted at any time.
    pub sensitivity: Option<f64>,
    /// Of the stays with onset, the share that was alerted at or before it.
    pub sensitivity_before_onset: Option<f64>,
    /// Of the stays with onset, the share that had an alert open in the twelve hours up to it.
    pub sensitivity_in_window: Option<f64>,
    /// Of the stays that were alerted and whose outcome is known, the share with onset.
    pub patient_ppv: Option<f64>,
    /// Of the alerts in stays whose outcome is known, the share that onset followed within twelve hours.
    pub alert_ppv: Option<f64>,
    /// How long before onset the first alert was raised, in hours, where it was raised before it.
    pub lead_hours: Option<Quartiles>,
    /// The same lead times, by spans of hours.
    pub lead_bins: Vec<Bin>,
    /// The utility of the PhysioNet/CinC Challenge 2019: 0 for silence, 1 for whoever knows everything.
    pub utility: Option<f64>,
    /// How far probabilities are from what came to be, over ten bins of equally many hours.
    pub calibration_error: Option<f64>,
    /// Those bins, where the workload gives a probability and outcomes are known.
    pub calibration: Vec<Expected>,
    /// How often an alert changed after it was raised.
    pub changes_per_alert: Option<f64>,
    /// Of what was published, the share that revised or took back what had been said.
    pub revised_findings: Option<f64>,
    /// Findings that reached the threshold and were held back by the policy.
    pub held_back: u64,
    /// Facts that came too late to be used.
    pub late_facts: u64,
    /// Stays by how many alerts they had; the last bin has all with more.
    pub alerts_per_stay: Vec<Bin>,
    /// Alerts by how grave they were when they were raised.
    pub severities: Vec<Bin>,
    /// The same alerts by unit, and by shift where the data tell the hour of the day.
    pub groups: Vec<Group>,
}

/// The alerts of a unit or shift.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Group {
    /// Which one.
    pub name: String,
    /// Days that patients were observed in it.
    pub patient_days: f64,
    /// Alerts raised in it.
    pub alerts: u64,
    /// Alerts for a hundred patient-days.
    pub alerts_per_100_patient_days: Option<f64>,
}

/// How many are of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// Which kind.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// What was expected of some hours, and what came to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// How many hours.
    pub hours: u64,
    /// Their mean probability.
    pub expected: f64,
    /// The share in which it came to be.
    pub observed: f64,
}

/// The middle of a distribution, and its quarters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quartiles {
    /// A quarter is below.
    pub lower: f64,
    /// Half is below.
    pub median: f64,
    /// A quarter is above.
    pub upper: f64,
}

impl Quartiles {
    /// Finds them, by the nearest rank.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |quarters: usize| values.get((last * quarters).div_ceil(4)).copied();
        Some(Self {
            lower: at(1)?,
            median: at(2)?,
            upper: at(3)?,
        })
    }
}

/// Holds what was raised against what became of the patients.
pub fn measure<'a>(all: impl IntoIterator<Item = (&'a History, &'a Course)>) -> Measures {
    let mut tally = Tally::default();
    for (history, course) in all {
        tally.add(history, course);
    }
    tally.finish()
}

#[cfg(test)]
mod tests;
