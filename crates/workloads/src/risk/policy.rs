//! When a score is an alert: where it stays above a threshold, not before it fell back, and not again too soon.

use super::table::{TableError, rows};

const TABLE: &str = "policy.tsv";
/// The longest refractory time and persistence, in hours: a week.
const MAX_HOURS: u32 = 168;

/// Thresholds that keep a budget of alerts, chosen on held-out patients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// From this score on an alert is raised.
    pub alert: f64,
    /// Below this score the next alert may be raised.
    pub clear: f64,
    /// For how many hours in a row the score must be at the threshold or above.
    pub persistence_hours: u32,
    /// How many hours must lie between two alerts of a patient.
    pub refractory_hours: u32,
    /// From this score on an alert at this hour has more utility than none, by the challenge's measure.
    pub utility: f64,
}

/// Where a patient stands between two hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alerting {
    /// Whether the score has not fallen back since it raised an alert.
    pub raised: bool,
    /// The hour of the last alert.
    pub last: Option<i64>,
    /// The hour that was taken in last.
    pub seen: Option<i64>,
    /// For how many hours in a row, up to that one, the score was at the threshold or above.
    pub run: u32,
}

const NAMES: [&str; 5] = [
    "alert",
    "clear",
    "persistence_hours",
    "refractory_hours",
    "utility",
];

impl Policy {
    /// Reads rows of a name and a number.
    ///
    /// # Errors
    /// When a row is not known, is missing, is there twice, or a number cannot stand there.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut found = [None; NAMES.len()];
        for row in rows(TABLE, text) {
            let name = row.cells.first().copied().unwrap_or_default();
            let place = NAMES.iter().position(|known| *known == name);
            let Some(slot) = place.and_then(|place| found.get_mut(place)) else {
                return Err(row.error(format!(
                    "`{name}` is not known: write one of {}",
                    NAMES.join(", ")
                )));
            };
            if slot.replace(row.number(1, "a number")?).is_some() {
                return Err(row.error(format!("`{name}` is there twice: leave one out")));
            }
        }
        let error = |problem: String| TableError {
            table: TABLE,
            line: text.lines().count().max(1),
            problem: problem.into(),
        };
        let [
            Some(alert),
            Some(clear),
            Some(persistence),
            Some(refractory),
            Some(utility),
        ] = found
        else {
            return Err(error(format!("write each of {}", NAMES.join(", "))));
        };
        if clear > alert {
            return Err(error(
                "`clear` must not be above `alert`: a score that alerts would be clear at once"
                    .into(),
            ));
        }
        let hours = |name: &str, least: u32, number: f64| {
            (least..=MAX_HOURS)
                .find(|hours| f64::from(*hours).total_cmp(&number).is_eq())
                .ok_or_else(|| {
                    error(format!(
                        "`{name}` must be a whole number from {least} to {MAX_HOURS}"
                    ))
                })
        };
        Ok(Self {
            alert,
            clear,
            persistence_hours: hours("persistence_hours", 1, persistence)?,
            refractory_hours: hours("refractory_hours", 0, refractory)?,
            utility,
        })
    }

    /// Takes in the score of an hour, and says whether it raises an alert. Hours come in order; to revise one, begin with
    /// where the patient stood before it.
    pub fn step(&self, patient: &mut Alerting, hour: i64, score: f64) -> bool {
        let follows = patient
            .seen
            .is_none_or(|seen| seen.checked_add(1) == Some(hour));
        patient.seen = Some(hour);
        patient.run = match (score >= self.alert, follows) {
            (true, true) => patient.run.saturating_add(1),
            (true, false) => 1,
            (false, _) => 0,
        };
        if score < self.clear {
            patient.raised = false;
        }
        if patient.raised || patient.run < self.persistence_hours {
            return false;
        }
        patient.raised = true;
        let refractory = i64::from(self.refractory_hours);
        let alerts = patient
            .last
            .is_none_or(|last| hour.saturating_sub(last) >= refractory);
        if alerts {
            patient.last = Some(hour);
        }
        alerts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "alert\t0.8\nclear\t0.5\npersistence_hours\t1\nrefractory_hours\t5\nutility\t-0.7\n";

    fn alerts(policy: &Policy, scores: &[f64]) -> Vec<i64> {
        let mut patient = Alerting::default();
        (0..)
            .zip(scores)
            .filter(|(hour, score)| policy.step(&mut patient, *hour, **score))
            .map(|(hour, _)| hour)
            .collect()
    }

    #[test]
    fn an_alert_is_an_edge() {
        let scores = [0.1, 0.9, 0.6, 0.9, 0.1, 0.9, 0.1, 0.9, f64::NAN, 0.9];
        let policy = Policy::parse(TEXT).unwrap();
        assert_eq!(alerts(&policy, &scores), [1, 7]);
        let policy = Policy {
            refractory_hours: 0,
            ..policy
        };
        assert_eq!(alerts(&policy, &scores), [1, 5, 7]);
        let policy = Policy {
            clear: policy.alert,
            ..policy
        };
        assert_eq!(alerts(&policy, &scores), [1, 3, 5, 7]);
    }

    #[test]
    fn a_high_hour_alone_may_be_chance() {
        let scores = [0.9, 0.1, 0.9, 0.9, 0.9, 0.6, 0.9, 0.9];
        let policy = Policy {
            persistence_hours: 2,
            refractory_hours: 0,
            ..Policy::parse(TEXT).unwrap()
        };
        assert_eq!(alerts(&policy, &scores), [3]);
        let policy = Policy {
            clear: policy.alert,
            ..policy
        };
        assert_eq!(alerts(&policy, &scores), [3, 7]);
        // Two high hours with one between them of which nothing is known do not follow one another.
        let mut patient = Alerting::default();
        assert!(!policy.step(&mut patient, 4, 0.9));
        assert!(!policy.step(&mut patient, 6, 0.9));
        assert!(policy.step(&mut patient, 7, 0.9));
    }

    #[test]
    fn the_threshold_itself_alerts() {
        let policy = Policy::parse(TEXT).unwrap();
        assert_eq!(alerts(&policy, &[0.8_f64.next_down(), 0.8]), [1]);
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for (text, word) in [
            (TEXT.replace("alert", "alarm"), "`alarm` is not known"),
            (TEXT.replace("clear\t0.5\n", ""), "write each"),
            (format!("{TEXT}clear\t0.4\n"), "twice"),
            (TEXT.replace("0.5", "0.9"), "must not be above"),
            (TEXT.replace("\t5", "\t5.5"), "whole number"),
            (TEXT.replace("\t1", "\t0"), "from 1 to 168"),
            (TEXT.replace("\t5", "\t169"), "whole number"),
            (TEXT.replace("-0.7", "high"), "a number"),
        ] {
            let error = Policy::parse(&text).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(Policy::parse(&TEXT.replace("\t5", "\t168")).is_ok());
    }
}
