//! What a backtest found, as words and as lines.

use std::io::{self, Write};

use backtest::{Group, Measures};
use serde::Serialize;

/// What is said where nothing says what became of the patients.
const UNKNOWN: &str = "not known";

/// What a backtest found, and of what.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    pub(super) workload: &'static str,
    pub(super) rule: String,
    pub(super) data: &'static str,
    /// Who says what became of the patients; nothing where nobody does.
    pub(super) outcomes: Option<String>,
    pub(super) known_at_once: bool,
    pub(super) facts_left_out: u64,
    #[serde(flatten)]
    pub(super) measures: Measures,
}

/// A figure: what it is, its value, and what it means.
pub(super) type Line = (&'static str, String, &'static str);

impl Told {
    /// Prints it as lines.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} ({})", self.workload, self.rule)?;
        for (what, value, _) in self.lines() {
            writeln!(out, "{what:<36} {value}")?;
        }
        for group in &self.measures.groups {
            let Group {
                name,
                alerts,
                patient_days,
                ..
            } = group;
            let rate = share(group.alerts_per_100_patient_days);
            writeln!(
                out,
                "{name:<36} {alerts} alerts in {patient_days:.1} patient-days, {rate} per 100"
            )?;
        }
        if self.outcomes.is_none() {
            writeln!(
                out,
                "The data do not say what became of the patients: --label sepsis-3 lets a workload say it."
            )?;
        }
        Ok(())
    }

    /// Gives all figures that are one number, in the order in which they are read.
    pub(super) fn lines(&self) -> Vec<Line> {
        let all = [self.volume(), self.worth(), self.steadiness()];
        all.into_iter().flatten().collect()
    }

    fn volume(&self) -> Vec<Line> {
        let measures = &self.measures;
        let mut lines = vec![
            (
                "patients",
                measures.patients.to_string(),
                "whose history was played",
            ),
            (
                "stays",
                measures.stays.to_string(),
                "times under observation",
            ),
            (
                "patient-days",
                format!("{:.1}", measures.patient_days),
                "all stays together",
            ),
            (
                "stays with onset",
                self.labelled(measures.stays_with_onset.map(|stays| stays.to_string())),
                "in which it set in",
            ),
            (
                "stays alerted",
                measures.stays_alerted.to_string(),
                "with one alert or more",
            ),
            (
                "alerts",
                measures.alerts.to_string(),
                "rising edges: an alert that lasts is one",
            ),
        ];
        if measures.alerts_outside_stays > 0 {
            lines.push((
                "alerts outside stays",
                measures.alerts_outside_stays.to_string(),
                "raised while the patient was in no bed; not counted above",
            ));
        }
        lines.push((
            "alerts per 100 patient-days",
            share(measures.alerts_per_100_patient_days),
            "what a ward would have to answer",
        ));
        lines
    }

    fn worth(&self) -> Vec<Line> {
        let measures = &self.measures;
        let lead = measures.lead_hours.map(|lead| {
            format!(
                "{:.1} h (quarters at {:.1} and {:.1})",
                lead.median, lead.lower, lead.upper
            )
        });
        let of = |value: Option<f64>| self.labelled(value.map(|value| share(Some(value))));
        let mut lines = vec![
            (
                "sensitivity at any time",
                of(measures.sensitivity),
                "of the stays with onset, those alerted",
            ),
            (
                "sensitivity before onset",
                of(measures.sensitivity_before_onset),
                "of the stays with onset, those alerted at or before it",
            ),
            (
                "sensitivity, open in the 12 h before",
                of(measures.sensitivity_in_window),
                "of the stays with onset, those with an alert open in the 12 hours up to it",
            ),
            (
                "patients alerted who have it",
                of(measures.patient_ppv),
                "of the stays alerted, those with onset",
            ),
            (
                "alerts that onset followed in 12 h",
                of(measures.alert_ppv),
                "of the alerts",
            ),
            (
                "first alert before onset, median",
                self.labelled(lead),
                "where it was raised before; a long lead is as often chance as foresight",
            ),
            (
                "utility (PhysioNet 2019)",
                of(measures.utility),
                "0 is silence, 1 is who knows everything",
            ),
        ];
        if let Some(error) = measures.calibration_error {
            lines.push((
                "calibration error",
                format!("{error:.4}"),
                "how far probabilities are from what came to be, over ten bins",
            ));
        }
        lines
    }

    fn steadiness(&self) -> Vec<Line> {
        let measures = &self.measures;
        let mut lines = vec![
            (
                "changes per alert",
                share(measures.changes_per_alert),
                "after it was raised",
            ),
            (
                "findings that revise others",
                share(measures.revised_findings),
                "of all that was published",
            ),
            (
                "findings held back by the policy",
                measures.held_back.to_string(),
                "reached the threshold and were not raised",
            ),
            (
                "facts that came too late",
                measures.late_facts.to_string(),
                "behind the window of a workload",
            ),
        ];
        if self.facts_left_out > 0 {
            lines.push((
                "facts left out",
                self.facts_left_out.to_string(),
                "without a patient or a time, or not to be read",
            ));
        }
        lines
    }

    /// A figure that needs outcomes: not known where there are none, and `-` where it is a share of nothing.
    fn labelled(&self, value: Option<String>) -> String {
        match (value, &self.outcomes) {
            (_, None) => UNKNOWN.to_owned(),
            (Some(value), Some(_)) => value,
            (None, Some(_)) => "-".to_owned(),
        }
    }
}

/// A number with three digits behind the point; `-` where there is none.
pub(super) fn share(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{share:.3}"))
}
