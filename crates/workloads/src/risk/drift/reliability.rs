//! Whether probabilities hold: outcomes against what was expected, by tenths of probability.

/// Into so many bins of equal width probabilities are sorted.
pub const RELIABILITY_BINS: usize = 10;

/// Predicted probabilities with their outcomes, by bins of probability.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reliability {
    bins: [Bin; RELIABILITY_BINS],
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bin {
    count: u64,
    observed: u64,
    expected: f64,
}

impl Reliability {
    /// Takes in a probability whose outcome is known. What is no probability is left out.
    pub fn take(&mut self, probability: f64, outcome: bool) {
        if !(0.0..=1.0).contains(&probability) {
            return;
        }
        let edges = (1..RELIABILITY_BINS).map(|place| place as f64 / RELIABILITY_BINS as f64);
        let place = edges.take_while(|edge| *edge <= probability).count();
        if let Some(bin) = self.bins.get_mut(place) {
            bin.count += 1;
            bin.observed += u64::from(outcome);
            bin.expected += probability;
        }
    }

    /// Gives the number of outcomes.
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// Gives the expected calibration error: how far outcomes are from probabilities, over all bins by their size.
    pub fn error(&self) -> Option<f64> {
        let off = self
            .bins
            .iter()
            .map(|bin| (bin.observed as f64 - bin.expected).abs());
        (self.count() > 0).then(|| off.sum::<f64>() / self.count() as f64)
    }

    /// Gives how many outcomes there were for each that was expected, or nothing where none was.
    pub fn observed_over_expected(&self) -> Option<f64> {
        let observed: u64 = self.bins.iter().map(|bin| bin.observed).sum();
        let expected: f64 = self.bins.iter().map(|bin| bin.expected).sum();
        (expected > 0.0).then(|| observed as f64 / expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_weighed_by_the_size_of_bins() {
        let mut reliability = Reliability::default();
        assert_eq!(
            (reliability.error(), reliability.observed_over_expected()),
            (None, None)
        );
        // Three at 0.25 with one outcome are 0.25 off in sum; one at 0.75 without is 0.75 off: 1 of 4.
        for (probability, outcome) in [(0.25, true), (0.25, false), (0.25, false), (0.75, false)] {
            reliability.take(probability, outcome);
        }
        assert_eq!(reliability.error(), Some(0.25));
        assert_eq!(reliability.observed_over_expected(), Some(1.0 / 1.5));
    }

    #[test]
    fn within_a_bin_errors_cancel_and_between_bins_they_do_not() {
        let mut one = Reliability::default();
        one.take(0.5, true);
        one.take(0.5, false);
        assert_eq!(one.error(), Some(0.0));
        let mut two = Reliability::default();
        two.take(0.0, true);
        two.take(1.0, false);
        assert_eq!(two.error(), Some(1.0));
    }

    #[test]
    fn what_is_no_probability_is_left_out() {
        let mut reliability = Reliability::default();
        for probability in [f64::NAN, -0.1, 1.1] {
            reliability.take(probability, true);
        }
        assert_eq!(reliability.count(), 0);
    }
}
