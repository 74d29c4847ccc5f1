//! How far the values of a feature moved from those it was trained on: population stability, and how often it is missing.

/// From this index on a feature is watched (Siddiqi, Credit Risk Scorecards, 2006).
pub const WATCH: f64 = 0.1;
/// From this index on something is done about it (Siddiqi, Credit Risk Scorecards, 2006).
pub const ACT: f64 = 0.25;
/// The most bins of a distribution, without the one for what is missing.
pub const MAX_BINS: usize = 64;

/// A share smaller than this counts as this much: the index of a bin that was never filled would have no end.
const LEAST_SHARE: f64 = 1e-4;

/// How the values of a feature were distributed.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Where one bin ends and the next begins; a value on an edge belongs to the lower one.
    pub(in crate::risk) edges: Vec<f64>,
    /// The share of each bin, and last of what was missing.
    pub(in crate::risk) shares: Vec<f64>,
}

/// How many values of a feature fell into each bin of its distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// One more than bins: the last is what was missing.
    counts: Vec<u64>,
}

/// What an index says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stability {
    /// The values are those it was trained on.
    Stable,
    /// They moved enough to look at them.
    Watch,
    /// They moved so far that the model is to be judged anew.
    Act,
}

impl Distribution {
    /// Takes the edges between bins, the share of each bin and the share that was missing; nothing where edges do not
    /// rise, there is not one share more than edges, or the shares do not sum to 1.
    pub fn new(edges: Vec<f64>, bins: &[f64], missing: f64) -> Option<Self> {
        let mut shares = bins.to_vec();
        shares.push(missing);
        let sum: f64 = shares.iter().sum();
        let holds = bins.len() == edges.len() + 1
            && bins.len() <= MAX_BINS
            && edges.iter().all(|edge| edge.is_finite())
            && edges.array_windows().all(|[low, high]| low < high)
            && shares.iter().all(|share| (0.0..=1.0).contains(share))
            && (sum - 1.0).abs() <= 1e-3;
        holds.then_some(Self { edges, shares })
    }

    /// Gives the share that was missing.
    pub fn missing(&self) -> f64 {
        self.shares.last().copied().unwrap_or_default()
    }

    /// Begins to count values against this distribution.
    pub fn histogram(&self) -> Histogram {
        Histogram {
            counts: vec![0; self.shares.len()],
        }
    }

    /// Takes up counts where they were left; nothing where there are not as many as bins.
    pub fn counted(&self, counts: Vec<u64>) -> Option<Histogram> {
        (counts.len() == self.shares.len()).then_some(Histogram { counts })
    }

    /// Gives the edge below which this share of the values lay that were not missing; the nearest edge at the ends, and
    /// nothing where there is none.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let sought = share * (1.0 - self.missing());
        let mut below = 0.0;
        let reached = self.shares.iter().zip(&self.edges).find(|(bin, _)| {
            below += **bin;
            below >= sought
        });
        reached
            .map(|(_, edge)| *edge)
            .or(self.edges.last().copied())
    }

    /// Counts a value; NaN is missing.
    pub fn count(&self, histogram: &mut Histogram, value: f64) {
        let bin = if value.is_nan() {
            self.edges.len() + 1
        } else {
            self.edges.partition_point(|edge| *edge < value)
        };
        if let Some(count) = histogram.counts.get_mut(bin) {
            *count += 1;
        }
    }

    /// Gives the population stability index of what was counted, or nothing where nothing was.
    pub fn index(&self, histogram: &Histogram) -> Option<f64> {
        stability_index(&self.shares, &histogram.shares()?)
    }
}

impl Histogram {
    /// Gives the counts by bin, and last of what was missing.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Adds what another one of the same distribution counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Gives how many values were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Gives how many values were missing.
    pub fn missing(&self) -> u64 {
        self.counts.last().copied().unwrap_or_default()
    }

    fn shares(&self) -> Option<Vec<f64>> {
        let total = self.total();
        let share = |count: &u64| *count as f64 / total as f64;
        (total > 0).then(|| self.counts.iter().map(share).collect())
    }
}

impl Stability {
    /// Says what an index means.
    pub fn of(index: f64) -> Self {
        if index >= ACT {
            Self::Act
        } else if index >= WATCH {
            Self::Watch
        } else {
            Self::Stable
        }
    }
}

/// Gives the population stability index, the sum over bins of (actual - expected) · ln(actual / expected); nothing where
/// there are not as many shares of one as of the other.
pub fn stability_index(expected: &[f64], actual: &[f64]) -> Option<f64> {
    let term = |(expected, actual): (&f64, &f64)| {
        let (expected, actual) = (expected.max(LEAST_SHARE), actual.max(LEAST_SHARE));
        (actual - expected) * (actual / expected).ln()
    };
    (expected.len() == actual.len()).then(|| expected.iter().zip(actual).map(term).sum())
}

/// Gives by how many standard errors the share that is missing differs from what it was; nothing where nothing was
/// counted, or it was missing never or always, so that any other share is news.
pub fn missing_shift(was_missing: f64, missing: u64, total: u64) -> Option<f64> {
    let variance = was_missing * (1.0 - was_missing) / total as f64;
    let shift = missing as f64 / total as f64 - was_missing;
    (total > 0 && variance > 0.0).then(|| shift / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) {
        assert!(
            (value - expected).abs() < 1e-12,
            "{value} is not {expected}"
        );
    }

    #[test]
    fn the_index_is_that_of_the_formula() {
        near(stability_index(&[0.5, 0.5], &[0.5, 0.5]).unwrap(), 0.0);
        // (0.75 - 0.5) ln 1.5 + (0.25 - 0.5) ln 0.5 = 0.25 ln 3.
        near(
            stability_index(&[0.5, 0.5], &[0.75, 0.25]).unwrap(),
            0.25 * 3_f64.ln(),
        );
        // What never was counts as the least share.
        near(
            stability_index(&[1.0, 0.0], &[0.0, 1.0]).unwrap(),
            2.0 * (1.0 - LEAST_SHARE) * (1.0 / LEAST_SHARE).ln(),
        );
        assert_eq!(stability_index(&[1.0], &[0.5, 0.5]), None);
    }

    #[test]
    fn values_are_counted_in_their_bins() {
        let distribution = Distribution::new(vec![0.0, 10.0], &[0.25, 0.25, 0.25], 0.25).unwrap();
        let mut histogram = distribution.histogram();
        assert_eq!(distribution.index(&histogram), None);
        for value in [
            0.0,
            f64::NEG_INFINITY,
            0.1,
            10.0,
            10.1,
            f64::INFINITY,
            f64::NAN,
            f64::NAN,
        ] {
            distribution.count(&mut histogram, value);
        }
        assert_eq!(histogram.counts, [2, 2, 2, 2]);
        assert_eq!((histogram.total(), histogram.missing()), (8, 2));
        near(distribution.index(&histogram).unwrap(), 0.0);
    }

    #[test]
    fn a_quantile_is_the_edge_that_reaches_it() {
        let distribution =
            Distribution::new(vec![1.0, 2.0, 3.0], &[0.2, 0.1, 0.1, 0.1], 0.5).unwrap();
        for (share, edge) in [(0.0, 1.0), (0.4, 1.0), (0.5, 2.0), (0.75, 3.0), (1.0, 3.0)] {
            assert_eq!(distribution.quantile(share), Some(edge), "{share}");
        }
        let never = Distribution::new(Vec::new(), &[0.0], 1.0).unwrap();
        assert_eq!(never.quantile(0.5), None);
    }

    #[test]
    fn counts_add_up_and_are_taken_up_again() {
        let distribution = Distribution::new(vec![0.0], &[0.5, 0.5], 0.0).unwrap();
        let mut histogram = distribution.histogram();
        distribution.count(&mut histogram, 1.0);
        let mut twice = distribution.counted(histogram.counts().to_vec()).unwrap();
        twice.add(&histogram);
        assert_eq!(twice.counts(), [0, 2, 0]);
        assert_eq!(distribution.counted(vec![0; 2]), None);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        let edges = |count: u32| (1..=count).map(f64::from).collect::<Vec<_>>();
        assert!(Distribution::new(edges(1), &[0.5, 0.5], 0.0).is_some());
        assert!(Distribution::new(edges(1), &[0.5, 0.3], 0.0).is_none());
        assert!(Distribution::new(edges(1), &[1.0], 0.0).is_none());
        assert!(Distribution::new(vec![1.0, 1.0], &[0.5, 0.5, 0.0], 0.0).is_none());
        assert!(Distribution::new(vec![f64::NAN], &[0.5, 0.5], 0.0).is_none());
        assert!(Distribution::new(edges(1), &[1.5, -0.5], 0.0).is_none());
        for (bins, holds) in [
            (MAX_BINS - 1, true),
            (MAX_BINS, true),
            (MAX_BINS + 1, false),
        ] {
            let shares = vec![1.0 / bins as f64; bins];
            let edges = edges(u32::try_from(bins).unwrap() - 1);
            assert_eq!(Distribution::new(edges, &shares, 0.0).is_some(), holds);
        }
    }

    #[test]
    fn an_index_has_a_meaning_from_its_threshold_on() {
        for (index, stability) in [
            (WATCH.next_down(), Stability::Stable),
            (WATCH, Stability::Watch),
            (ACT.next_down(), Stability::Watch),
            (ACT, Stability::Act),
        ] {
            assert_eq!(Stability::of(index), stability);
        }
    }

    #[test]
    fn a_shift_of_what_is_missing_is_in_standard_errors() {
        // Of 100 with a share of 0.5 the standard error is 0.05.
        near(missing_shift(0.5, 60, 100).unwrap(), 2.0);
        near(missing_shift(0.5, 40, 100).unwrap(), -2.0);
        assert_eq!(missing_shift(0.5, 0, 0), None);
        assert_eq!(missing_shift(0.0, 1, 10), None);
    }
}
