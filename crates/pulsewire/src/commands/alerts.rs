//! `alerts`: how many alerts are told for 100 patient-days, and what is held back.

use std::io::Write;

use clap::Args;

use super::Failure;
use super::status::ask::Asked;
use crate::control::{ALERTS_PATH, AlertsTold, HeldTold};

/// Say how many alerts are told for 100 patient-days, and list what is held back and why
///
/// Asks the process of the configuration (control.listen), or the one named with --at, which must have the role ui. Patients are named by
/// their pseudonyms, and the audit says that they were listed. Exits with 1 if nobody answers.
#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    asked: Asked,
}

impl Ask {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        self.asked.print(ALERTS_PATH, out, show).map(drop)
    }
}

fn show(told: &AlertsTold, out: &mut dyn Write) -> std::io::Result<()> {
    let since = told.since.as_deref().and_then(|since| since.get(..10));
    let rate = told
        .per_hundred_patient_days
        .map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}"));
    let budget = told
        .budget
        .map_or_else(|| "none".to_owned(), |budget| budget.to_string());
    writeln!(
        out,
        "{} alerts told on {} patient-days since {}: {rate} for 100 (budget {budget})",
        told.told,
        told.patient_days,
        since.unwrap_or("now"),
    )?;
    writeln!(out, "{} held back", told.held.len())?;
    for held in &told.held {
        one(held, out)?;
    }
    Ok(())
}

fn one(held: &HeldTold, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<8} {:<28} {:<32} {}  {}",
        held.severity, held.condition, held.patient, held.since, held.why
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_alert_that_is_held_back_is_a_line_with_its_reason() {
        let told: AlertsTold = serde_json::from_value(serde_json::json!({
            "now": "2026-03-01T12:00:00Z", "since": "2026-02-23T00:00:00Z", "patientDays": 40, "told": 3,
            "perHundredPatientDays": 7.5, "budget": 8, "held": [{
                "alert": "1f", "patient": "7c1e000000000000000000000000abcd", "condition": "sepsis-screen", "severity": "high",
                "since": "2026-03-01T11:00:00Z", "why": "held back: the team already acts: antimicrobial since 2026-03-01T10:00:00Z"
            }]
        }))
        .unwrap();
        let mut out = Vec::new();
        show(&told, &mut out).unwrap();
        expect![[r#"
            3 alerts told on 40 patient-days since 2026-02-23: 7.5 for 100 (budget 8)
            1 held back
            high     sepsis-screen                7c1e000000000000000000000000abcd 2026-03-01T11:00:00Z  held back: the team already acts: antimicrobial since 2026-03-01T10:00:00Z
        "#]].assert_eq(&String::from_utf8(out).unwrap());
    }
}
