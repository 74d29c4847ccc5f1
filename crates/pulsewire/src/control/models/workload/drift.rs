//! How far a learned model is from what it was trained on, as its page shows it.

use clinical::ReceivedTime;
use ui::{Drift, DriftRow, Severity};
use workloads::risk::drift::{ACT, WATCH};

use crate::stages::RiskStatus;

/// So many of the features that moved furthest are shown; `pulsewire risk` has all.
const FEATURES: usize = 12;

/// Says how a model stands, by what its station told last.
pub(super) fn of(status: &RiskStatus) -> Drift {
    let micros = |text: &str| ReceivedTime::parse(text).map(ReceivedTime::micros);
    let since = status.drifting.iter();
    let moved = status.inputs.features.iter().take(FEATURES);
    let rows = moved.map(|feature| DriftRow {
        what: format!("{}: stability index", feature.feature),
        value: format!("{:.2}", feature.index),
        limit: format!("{WATCH} to look at, {ACT} to act"),
        severity: match feature.index {
            index if index >= ACT => Severity::Medium,
            index if index >= WATCH => Severity::Low,
            _ => Severity::None,
        },
    });
    Drift {
        since_us: since.filter_map(|drift| micros(&drift.since)).min(),
        summary: summary(status),
        rows: rows.collect(),
    }
}

fn summary(status: &RiskStatus) -> String {
    let names: Vec<&str> = status.drifting.iter().map(|of| &*of.drift).collect();
    let drifting = match names.as_slice() {
        [] => "Nothing drifts".to_owned(),
        names => format!("Drifting: {}", names.join(", ")),
    };
    let judged = match status.quality.auroc {
        Some(auroc) => format!(
            "AUROC {auroc:.2} over {} hours whose outcome is known, {} of them septic",
            status.quality.hours, status.quality.septic
        ),
        None => "too few outcomes are known to judge it by".to_owned(),
    };
    let patients = status.inputs.patients;
    format!(
        "{drifting}; model {}, {judged}; inputs of {patients} patients.",
        status.model
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_marked_from_their_limits_on() {
        let json = r#"{"version":1,"workload":"sepsis-risk","model":"13fc","at":"2026-03-02T12:00:00Z","inUse":"model",
            "drifting":[{"drift":"inputs","since":"2026-03-02T10:00:00Z"},{"drift":"units","since":"2026-03-02T09:00:00Z"}],
            "inputs":{"hours":900,"patients":120,"recentPatients":30,"missing":[],"units":[],"features":[
                {"feature":"lactate","index":0.25,"stability":"act"},{"feature":"pulse","index":0.1,"stability":"watch"},
                {"feature":"age","index":0.09,"stability":"stable"}]},
            "quality":{"hours":800,"septic":12,"auroc":0.78},"said":{"alerted":9,"alertedSeptic":4,"accepted":3,"falseAlarm":1},
            "challenger":{"learned":5,"least":1000,"model":{"hours":0,"septic":0},"challenger":{"hours":0,"septic":0}}}"#;
        let shown = of(&RiskStatus::from_json(json.as_bytes()).unwrap());
        let marked: Vec<_> = shown.rows.iter().map(|row| row.severity).collect();
        assert_eq!(marked, [Severity::Medium, Severity::Low, Severity::None]);
        let first = ReceivedTime::parse("2026-03-02T09:00:00Z").unwrap();
        assert_eq!(shown.since_us, Some(first.micros()));
        expect_test::expect!["Drifting: inputs, units; model 13fc, AUROC 0.78 over 800 hours whose outcome is known, 12 of them septic; inputs of 120 patients."]
            .assert_eq(&shown.summary);
    }
}
