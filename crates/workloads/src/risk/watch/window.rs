//! The newest hours whose outcome is known, and how right a model was about them.

use std::collections::BTreeMap;

use clinical::EventTime;

use super::outcome::{Feedback, Outcome};
use crate::risk::drift::Reliability;

/// The most hours that are judged; the oldest go first.
pub const MAX_JUDGED: usize = 8_192;

/// An hour among all patients: its end, and a number of patient and end.
pub(super) type Name = (EventTime, u64);

/// The newest hours whose outcome is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Window(pub(super) BTreeMap<Name, Judged>);

/// What was foreseen of an hour, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Judged {
    pub(super) revision: u32,
    pub(super) septic: bool,
    pub(super) alerted: bool,
    pub(super) feedback: Option<Feedback>,
    /// The probability that the model gave.
    pub(super) champion: f64,
    /// What the challenger gave, before it learned from the hour; nothing while it had learned too little.
    pub(super) challenger: Option<f64>,
}

/// How right probabilities were.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Of so many hours.
    pub count: usize,
    /// The label was on in so many.
    pub septic: usize,
    /// The area under the ROC curve; nothing where all labels are the same.
    pub auroc: Option<f64>,
    /// The mean square of how far off probabilities were (Brier 1950).
    pub brier: Option<f64>,
    /// The expected calibration error, over ten bins.
    pub calibration_error: Option<f64>,
    /// Labels that were on for each that was expected.
    pub observed_over_expected: Option<f64>,
    /// The mean of label less probability.
    pub mean_error: Option<f64>,
}

/// What people said of the hours that were judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Hours at whose end an alert stood.
    pub alerted: usize,
    /// Of these, the label was on.
    pub alerted_septic: usize,
    /// Of the alerted, a person took the alert or said that it is over.
    pub accepted: usize,
    /// Of the alerted, a person said that it was a false alarm.
    pub false_alarm: usize,
}

impl Judged {
    /// Takes what became of the hour.
    pub(super) const fn revise(&mut self, outcome: &Outcome, revision: u32) {
        if revision > self.revision {
            self.revision = revision;
            self.septic = outcome.is_septic();
            self.alerted = outcome.alerted;
            self.feedback = outcome.feedback;
        }
    }
}

impl Window {
    /// Takes an hour in, in place of what was known of it.
    pub(super) fn take(&mut self, name: Name, judged: Judged) {
        self.0.insert(name, judged);
        while self.0.len() > MAX_JUDGED {
            self.0.pop_first();
        }
    }

    /// Says how right the model was about all hours.
    pub(super) fn champion(&self) -> Quality {
        let all = self.0.values();
        quality(all.map(|of| (of.champion, of.septic)).collect())
    }

    /// Says how right model and challenger were about the hours of which both said anything.
    pub(super) fn both(&self) -> (Quality, Quality) {
        let both = || {
            let all = self.0.values();
            all.filter_map(|of| Some((of, of.challenger?)))
        };
        let champion = both().map(|(of, _)| (of.champion, of.septic));
        let challenger = both().map(|(of, said)| (said, of.septic));
        (quality(champion.collect()), quality(challenger.collect()))
    }

    /// Counts what people said.
    pub(super) fn said(&self) -> Said {
        let mut said = Said::default();
        for of in self.0.values().filter(|of| of.alerted) {
            said.alerted += 1;
            said.alerted_septic += usize::from(of.septic);
            match of.feedback {
                Some(Feedback::Acknowledged | Feedback::Resolved) => said.accepted += 1,
                Some(Feedback::FalseAlarm) => said.false_alarm += 1,
                None => {}
            }
        }
        said
    }
}

/// Says how right probabilities were, which come in one order.
fn quality(judged: Vec<(f64, bool)>) -> Quality {
    let mut reliability = Reliability::default();
    let (mut square, mut error) = (0.0, 0.0);
    for (probability, septic) in &judged {
        reliability.take(*probability, *septic);
        let off = f64::from(*septic) - probability;
        square += off * off;
        error += off;
    }
    let count = judged.len();
    let mean = |sum: f64| (count > 0).then(|| sum / count as f64);
    Quality {
        count,
        septic: judged.iter().filter(|(_, septic)| *septic).count(),
        brier: mean(square),
        mean_error: mean(error),
        calibration_error: reliability.error(),
        observed_over_expected: reliability.observed_over_expected(),
        auroc: auroc(judged),
    }
}

/// Gives the share of pairs, one with the label on and one with it off, in which the first has the higher probability;
/// where both have the same, half of it.
fn auroc(mut judged: Vec<(f64, bool)>) -> Option<f64> {
    judged.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (mut off_below, mut half_pairs, mut on) = (0_u128, 0_u128, 0_u128);
    for tied in judged.chunk_by(|(one, _), (other, _)| one.total_cmp(other).is_eq()) {
        let septic = tied.iter().filter(|(_, septic)| *septic).count() as u128;
        let well = tied.len() as u128 - septic;
        half_pairs += septic * (2 * off_below + well);
        off_below += well;
        on += septic;
    }
    let pairs = on * off_below;
    (pairs > 0).then(|| half_pairs as f64 / (2 * pairs) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_that_are_in_order() {
        let judged = |all: &[(f64, bool)]| auroc(all.to_vec());
        assert_eq!(judged(&[]), None);
        assert_eq!(judged(&[(0.5, true)]), None);
        assert_eq!(judged(&[(0.1, false), (0.9, true)]), Some(1.0));
        assert_eq!(judged(&[(0.9, false), (0.1, true)]), Some(0.0));
        assert_eq!(judged(&[(0.5, false), (0.5, true)]), Some(0.5));
        // Of the six pairs four are in order, one is not, and one is tied.
        let six = [
            (0.1, false),
            (0.3, true),
            (0.3, false),
            (0.8, true),
            (0.9, false),
        ];
        let six = [six[0], six[1], six[2], six[3], six[4]];
        assert_eq!(judged(&six), Some((1.0 + 0.5 + 1.0 + 1.0) / 6.0));
    }

    #[test]
    fn errors_are_means_over_all_hours() {
        let of = quality(vec![
            (0.25, true),
            (0.25, false),
            (0.75, false),
            (0.75, true),
        ]);
        assert_eq!((of.count, of.septic), (4, 2));
        assert_eq!(of.brier, Some((0.5625 + 0.0625 + 0.5625 + 0.0625) / 4.0));
        assert_eq!(of.mean_error, Some(0.0));
        assert_eq!(of.observed_over_expected, Some(1.0));
        assert_eq!(quality(Vec::new()), Quality::default());
    }

    #[test]
    fn the_oldest_hours_go_first_and_a_revision_only_forward() {
        let judged = Judged {
            revision: 2,
            septic: false,
            alerted: true,
            feedback: None,
            champion: 0.1,
            challenger: None,
        };
        let mut window = Window::default();
        let name = |number: usize| {
            let micros = i64::try_from(number).unwrap();
            (EventTime::from_micros(micros), 7)
        };
        for number in (0..=MAX_JUDGED).rev() {
            window.take(name(number), judged);
        }
        assert_eq!(window.0.len(), MAX_JUDGED);
        assert!(!window.0.contains_key(&name(0)));
        let outcome = Outcome {
            because: super::super::Because::Onset(EventTime::from_micros(0)),
            alerted: true,
            feedback: Some(Feedback::FalseAlarm),
        };
        for (revision, septic) in [(1, false), (2, false), (3, true)] {
            let mut of = judged;
            of.revise(&outcome, revision);
            assert_eq!(of.septic, septic, "{revision}");
        }
    }
}
