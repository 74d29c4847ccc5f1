//! The rule score that stands in for the model where an operator says so: NEWS2.

use clinical::EventTime;

use super::{Score, word};
use crate::deterioration;
use crate::risk::Policy;
use crate::workload::{Proof, View};

/// From this on NEWS2 calls for an emergency response, and below the other one it no longer calls for an urgent one (Royal College of
/// Physicians, 2017).
const HIGH: f64 = 7.0;
const NO_LONGER_URGENT: f64 = 5.0;

/// Gives thresholds of the rule; how long they hold and how often they are told is as the model's.
pub(super) const fn policy(of_model: &Policy) -> Policy {
    Policy {
        alert: HIGH,
        clear: NO_LONGER_URGENT,
        utility: HIGH,
        ..*of_model
    }
}

/// Scores what is charted up to a time.
pub(super) fn score(view: &View<'_>, at: EventTime) -> Option<Score> {
    let score = deterioration::Score::at(view.chart, at, &view.config.deterioration);
    (!score.parts.is_empty()).then(|| Score {
        raw: f64::from(score.total()),
        probability: None,
    })
}

/// Says what the rule scored.
pub(super) fn explained(view: &View<'_>, at: EventTime, note: u8) -> (String, Vec<Proof>) {
    let score = deterioration::Score::at(view.chart, at, &view.config.deterioration);
    let summary = format!(
        "sepsis risk {} by rule: NEWS2 {} in place of the model",
        word(note),
        score.total()
    );
    let proof = |part: &deterioration::Part<'_>| Proof {
        entry: *part.entry,
        value: part.shown(),
        points: Some(part.points),
    };
    (summary, score.parts.iter().map(proof).collect())
}
