//! Whether probabilities hold: what was expected of hours against what came to be, over bins of equally many.

use crate::measures::Expected;

/// Into so many bins hours are sorted by their probability.
const BINS: usize = 10;

/// Probabilities whose outcome is known.
#[derive(Debug, Default)]
pub(crate) struct Reliability {
    hours: Vec<(f64, bool)>,
}

impl Reliability {
    /// Takes in what an hour was given, and whether it came to be. What is no probability is left out.
    pub(crate) fn take(&mut self, probability: f64, comes: bool) {
        if (0.0..=1.0).contains(&probability) {
            self.hours.push((probability, comes));
        }
    }

    /// Gives the expected calibration error, and the bins.
    #[expect(
        clippy::cast_precision_loss,
        reason = "hours of stays are far fewer than 2^52"
    )]
    pub(crate) fn finish(mut self) -> (Option<f64>, Vec<Expected>) {
        self.hours
            .sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let all = self.hours.len();
        let edge = |bin: usize| all * bin / BINS;
        let bins: Vec<Expected> = (0..BINS)
            .filter_map(|bin| self.hours.get(edge(bin)..edge(bin + 1)))
            .filter(|hours| !hours.is_empty())
            .map(|hours| {
                let count = hours.len() as f64;
                let expected: f64 = hours.iter().map(|(probability, _)| probability).sum();
                let observed = hours.iter().filter(|(_, comes)| *comes).count() as f64;
                Expected {
                    hours: hours.len() as u64,
                    expected: expected / count,
                    observed: observed / count,
                }
            })
            .collect();
        let off = bins
            .iter()
            .map(|bin| (bin.expected - bin.observed).abs() * bin.hours as f64);
        let error = (all > 0).then(|| off.sum::<f64>() / all as f64);
        (error, bins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_that_hold_are_off_by_nothing() {
        let mut reliability = Reliability::default();
        for tenth in 0..10_u32 {
            for hour in 0..10 {
                reliability.take(f64::from(tenth) / 10.0, hour < tenth);
            }
        }
        reliability.take(f64::NAN, true);
        let (error, bins) = reliability.finish();
        assert!(error.is_some_and(|error| error < 1e-12), "{error:?}");
        assert_eq!((bins.len(), bins[3].hours, bins[3].observed), (10, 10, 0.3));
    }

    #[test]
    fn who_expects_too_much_is_off_by_it() {
        let mut reliability = Reliability::default();
        (0..20).for_each(|_| reliability.take(0.75, false));
        assert_eq!(reliability.finish().0, Some(0.75));
        assert_eq!(Reliability::default().finish(), (None, Vec::new()));
    }
}
