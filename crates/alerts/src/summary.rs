//! An alert in one line, for consoles, logs and small screens.

use std::time::Duration;

use clinical::{Alert, EventTime};

/// Prints severity, condition, state, reason and how old it is, without anything that identifies a person.
pub fn summary(alert: &Alert, now: EventTime) -> String {
    let (severity, condition) = (alert.severity.word(), &alert.condition);
    let (state, reason) = (alert.state.word(), &alert.reason);
    let age = now.since(alert.as_of).unwrap_or_default();
    format!(
        "{severity} {condition}: {reason} ({} ago, {state})",
        words(age)
    )
}

/// Gives a span in its largest whole unit.
pub fn words(span: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let seconds = span.as_secs();
    UNITS
        .into_iter()
        .find(|(unit, _)| seconds >= *unit)
        .map_or_else(
            || format!("{seconds} s"),
            |(unit, word)| format!("{} {word}", seconds / unit),
        )
}

#[cfg(test)]
mod tests {
    use clinical::{AlertId, AlertState, FindingId, PatientKey, ReceivedTime, Severity};
    use expect_test::{Expect, expect};

    use super::*;

    fn check(age_seconds: i64, expect: &Expect) {
        let alert = Alert {
            id: AlertId::default(),
            patient: PatientKey::default(),
            condition: "deterioration".into(),
            episode: 1,
            revision: 1,
            severity: Severity::High,
            state: AlertState::Open,
            reason: "NEWS2 7".into(),
            rule: "news2 1.0.0".into(),
            as_of: EventTime::default(),
            known_at: ReceivedTime::default(),
            opened_at: ReceivedTime::default(),
            finding: FindingId::default(),
            evidence: Vec::new(),
            history: Vec::new(),
        };
        let now = EventTime::from_micros(age_seconds * 1_000_000);
        expect.assert_eq(&summary(&alert, now));
    }

    #[test]
    fn an_alert_in_one_line() {
        check(-1, &expect!["high deterioration: NEWS2 7 (0 s ago, open)"]);
        check(59, &expect!["high deterioration: NEWS2 7 (59 s ago, open)"]);
        check(
            60,
            &expect!["high deterioration: NEWS2 7 (1 min ago, open)"],
        );
        check(
            3_600,
            &expect!["high deterioration: NEWS2 7 (1 h ago, open)"],
        );
        check(
            90_000,
            &expect!["high deterioration: NEWS2 7 (1 d ago, open)"],
        );
    }
}
