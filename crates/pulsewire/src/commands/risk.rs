//! `risk`: which learned model is in use, what of it drifts, how right it was, and how right one is that learns beside it.

use std::io::Write;

use clap::Args;

use super::Failure;
use super::status::ask::Asked;
use crate::control::{RISK_PATH, RiskTold};
use crate::stages::{QualityTold, RiskStatus};

/// So many features stand in the table; as JSON there are all.
const FEATURES: usize = 10;

/// Say how the learned models stand: what drifts, and how right each was
///
/// Asks the process of the configuration (control.listen), or the one named with --at, which must have the role ui. Exits with 1 if it
/// does not answer, or if a model drifts. docs/scores.md says how to read it; nothing is changed by it.
#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    asked: Asked,
}

impl Ask {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let told = self.asked.print(RISK_PATH, out, show)?;
        if told.models.iter().all(|model| model.drifting.is_empty()) {
            Ok(())
        } else {
            Err(Failure::Said)
        }
    }
}

fn show(told: &RiskTold, out: &mut dyn Write) -> std::io::Result<()> {
    if !told.watched {
        writeln!(out, "no learned model is watched (workloads.sepsis-risk)")?;
    } else if told.models.is_empty() {
        writeln!(out, "no hour was scored yet")?;
    }
    for model in &told.models {
        one(model, out)?;
    }
    Ok(())
}

fn one(told: &RiskStatus, out: &mut dyn Write) -> std::io::Result<()> {
    let by = told.approved_by.as_ref();
    let by = by.map_or_else(String::new, |by| format!(", approved by {by}"));
    writeln!(
        out,
        "{}: model {}, which scores since {}; alerts are by the {}{by}; as of {}",
        told.workload,
        told.model,
        told.since.as_deref().unwrap_or("-"),
        told.in_use,
        told.at
    )?;
    for drift in &told.drifting {
        writeln!(out, "  drifts: {} since {}", drift.drift, drift.since)?;
    }
    inputs(told, out)?;
    quality("model", &told.quality, out)?;
    if let (Some(from), Some(to)) = (&told.judged_from, &told.judged_to) {
        writeln!(out, "  these hours ended from {from} to {to}")?;
    }
    let said = &told.said;
    writeln!(
        out,
        "  {} of them with an alert: {} septic, {} accepted by a person, {} called a false alarm",
        said.alerted, said.alerted_septic, said.accepted, said.false_alarm
    )?;
    let beside = &told.challenger;
    writeln!(
        out,
        "  challenger: learned from {} hours, compared from {} on",
        beside.learned, beside.least
    )?;
    if beside.challenger.hours > 0 {
        quality("model beside it", &beside.model, out)?;
        quality("challenger", &beside.challenger, out)?;
    }
    Ok(())
}

fn inputs(told: &RiskStatus, out: &mut dyn Write) -> std::io::Result<()> {
    let inputs = &told.inputs;
    writeln!(
        out,
        "  inputs: {} hours of {} patients, {} of them newly",
        inputs.hours, inputs.patients, inputs.recent_patients
    )?;
    if inputs.features.is_empty() {
        writeln!(out, "  too few patients to hold features against training")?;
    }
    let moved = inputs.features.iter().take(FEATURES);
    for of in moved.filter(|of| of.stability != "stable") {
        writeln!(
            out,
            "  {:<24} index {:.3}, {}",
            of.feature, of.index, of.stability
        )?;
    }
    for of in &inputs.missing {
        if of.index >= workloads::risk::drift::WATCH {
            let (is, was) = (of.is * 100.0, of.was * 100.0);
            writeln!(
                out,
                "  {:<24} missing in {is:.0} % of hours, {was:.0} % in training",
                of.variable
            )?;
        }
    }
    for of in &inputs.units {
        writeln!(
            out,
            "  {:<24} median about {}, {} in training: another unit?",
            of.variable, of.is, of.was
        )?;
    }
    Ok(())
}

fn quality(of: &str, quality: &QualityTold, out: &mut dyn Write) -> std::io::Result<()> {
    let number =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    writeln!(
        out,
        "  {of}: {} hours, {} septic; area under ROC {}, Brier {}, calibration error {}, observed/expected {}",
        quality.hours,
        quality.septic,
        number(quality.auroc),
        number(quality.brier),
        number(quality.calibration_error),
        number(quality.observed_over_expected)
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_model_is_shown_with_what_drifts_and_beside_its_challenger() {
        let told: RiskTold = serde_json::from_value(serde_json::json!({
            "now": "2026-03-10T12:00:00Z", "watched": true, "models": [{
                "version": 1, "workload": "sepsis-risk", "model": "0123456789ab", "since": "2026-02-01T01:00:00Z",
                "at": "2026-03-10T11:00:00Z", "inUse": "rule", "approvedBy": "A. Okafor",
                "drifting": [{"drift": "units", "since": "2026-03-10T09:00:00Z"}],
                "inputs": {"hours": 20000, "patients": 310, "recentPatients": 44, "features": [
                        {"feature": "Glucose.last", "index": 1.25, "stability": "act"},
                        {"feature": "HR.last", "index": 0.01, "stability": "stable"}],
                    "missing": [
                        {"variable": "lactate", "was": 0.78, "is": 0.99, "index": 0.6, "standardErrors": 12.0},
                        {"variable": "glucose", "was": 0.2, "is": 0.2, "index": 0.0}],
                    "units": [{"variable": "glucose", "was": 126.0, "is": 7.0}]},
                "quality": {"hours": 8192, "septic": 120, "auroc": 0.81, "brier": 0.014, "calibrationError": 0.004,
                    "observedOverExpected": 1.1},
                "judgedFrom": "2026-03-01T00:00:00Z", "judgedTo": "2026-03-07T05:00:00Z",
                "said": {"alerted": 90, "alertedSeptic": 40, "accepted": 50, "falseAlarm": 20},
                "challenger": {"learned": 9000, "least": 8192,
                    "model": {"hours": 808, "septic": 12, "auroc": 0.8, "brier": 0.014},
                    "challenger": {"hours": 808, "septic": 12, "auroc": 0.7, "brier": 0.015}}
            }]
        }))
        .unwrap();
        let mut out = Vec::new();
        show(&told, &mut out).unwrap();
        expect![[r#"
            sepsis-risk: model 0123456789ab, which scores since 2026-02-01T01:00:00Z; alerts are by the rule, approved by A. Okafor; as of 2026-03-10T11:00:00Z
              drifts: units since 2026-03-10T09:00:00Z
              inputs: 20000 hours of 310 patients, 44 of them newly
              Glucose.last             index 1.250, act
              lactate                  missing in 99 % of hours, 78 % in training
              glucose                  median about 7, 126 in training: another unit?
              model: 8192 hours, 120 septic; area under ROC 0.810, Brier 0.014, calibration error 0.004, observed/expected 1.100
              these hours ended from 2026-03-01T00:00:00Z to 2026-03-07T05:00:00Z
              90 of them with an alert: 40 septic, 50 accepted by a person, 20 called a false alarm
              challenger: learned from 9000 hours, compared from 8192 on
              model beside it: 808 hours, 12 septic; area under ROC 0.800, Brier 0.014, calibration error -, observed/expected -
              challenger: 808 hours, 12 septic; area under ROC 0.700, Brier 0.015, calibration error -, observed/expected -
        "#]].assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn where_nothing_is_watched_that_is_said() {
        for (watched, words) in [
            (false, "no learned model"),
            (true, "no hour was scored yet"),
        ] {
            let told = RiskTold {
                now: String::new(),
                watched,
                models: Vec::new(),
            };
            let mut out = Vec::new();
            show(&told, &mut out).unwrap();
            assert!(String::from_utf8(out).unwrap().contains(words));
        }
    }
}
