//! A model that learns beside the one in use: logistic regression over the same features, hour by hour as outcomes come.
//!
//! It learns by follow-the-regularized-leader (McMahan HB et al. KDD 2013): each weight has a rate of its own that falls as
//! it has been moved. Every sum is of plain arithmetic, so that the same hours in the same order give the same bits
//! on any machine.

use std::sync::Arc;

use crate::risk::Pack;

/// How fast weights move at first, and how soon that falls. Of 0.001, 0.003, 0.006, 0.01, 0.03 and 0.1 this one ranked best on 2,500
/// stays of the model's training data with outcomes 78 hours late (an area of 0.74); faster, it learns those who lie there
/// now by heart.
const ALPHA: f64 = 0.01;
const BETA: f64 = 1.0;
/// How much large weights cost.
const RIDGE: f64 = 1.0;
/// Before it has learned from so many hours nothing that it says is compared: as many as are judged at once.
pub const LEAST_LEARNED: u64 = 8_192;
/// A value farther than this from the median, in standard deviations, says no more than one that far.
const FARTHEST: f64 = 4.0;
/// Into so many steps a standard deviation is divided.
const STEPS: f64 = 256.0;
/// Stands for what is not known.
const UNKNOWN: i16 = i16::MIN;
/// Between the quartiles of a normal distribution lie so many standard deviations.
const QUARTILES: f64 = 1.349;

/// A row as the challenger reads it: how far each value lies from what was usual in training.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standardised(pub(super) Arc<[i16]>);

/// What it has learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Challenger {
    /// Hours that it learned from.
    pub(super) learned: u64,
    /// Of each weight the sum that it follows from, and the sum of squares of what moved it: of each value, then of each
    /// value's absence, then of what is always there.
    pub(super) sums: Vec<[f64; 2]>,
}

impl Standardised {
    /// Reads a row; nothing where it is not of the pack.
    pub(super) fn of(pack: &Pack, values: &[f64]) -> Option<Self> {
        if values.len() != pack.reference.len() {
            return None;
        }
        let each = values.iter().zip(&pack.reference).map(|(value, of)| {
            if value.is_nan() {
                return UNKNOWN;
            }
            let middle = of.quantile(0.5).unwrap_or_default();
            let quartiles = of.quantile(0.25).zip(of.quantile(0.75));
            let width = quartiles.map_or(0.0, |(low, high)| (high - low) / QUARTILES);
            let width = if width > 0.0 { width } else { 1.0 };
            let off = ((value - middle) / width).clamp(-FARTHEST, FARTHEST);
            step(off * STEPS)
        });
        Some(Self(each.collect()))
    }

    /// Gives the inputs that are not zero, by their place among the weights.
    fn inputs(&self) -> impl Iterator<Item = (usize, f64)> {
        let length = self.0.len();
        let values = self.0.iter().enumerate();
        let values = values.map(move |(place, step)| match *step {
            UNKNOWN => (length + place, 1.0),
            step => (place, f64::from(step) / STEPS),
        });
        values.chain([(2 * length, 1.0)])
    }
}

impl Challenger {
    /// Gives how many hours it learned from.
    pub const fn learned(&self) -> u64 {
        self.learned
    }

    /// Says how probable it is that the label is on.
    pub(super) fn probability(&self, row: &Standardised) -> f64 {
        let weigh = |(place, value)| self.weight(place) * value;
        logistic(row.inputs().map(weigh).sum())
    }

    /// Learns from an hour, after it was asked of it.
    pub(super) fn learn(&mut self, row: &Standardised, septic: bool) {
        let off = self.probability(row) - f64::from(septic);
        self.sums.resize(2 * row.0.len() + 1, [0.0; 2]);
        for (place, value) in row.inputs() {
            let weight = self.weight(place);
            if let Some([sum, squares]) = self.sums.get_mut(place) {
                let slope = off * value;
                let more = *squares + slope * slope;
                *sum += slope - (more.sqrt() - squares.sqrt()) / ALPHA * weight;
                *squares = more;
            }
        }
        self.learned += 1;
    }

    fn weight(&self, place: usize) -> f64 {
        let of = self.sums.get(place);
        of.map_or(0.0, |[sum, squares]| {
            -sum / ((BETA + squares.sqrt()) / ALPHA + RIDGE)
        })
    }
}

/// Rounds to the nearest of the steps that there are.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what is rounded lies within the farthest step, a thousandth of what there is room for"
)]
fn step(value: f64) -> i16 {
    value.round() as i16
}

/// Gives 1 / (1 + e^-x) by plain arithmetic: what a library gives may differ in the last bit from machine to machine.
fn logistic(x: f64) -> f64 {
    let rest = exponential(-x.abs());
    let small = rest / (1.0 + rest);
    if x < 0.0 { small } else { 1.0 - small }
}

/// Gives e^x of what is not above zero: the series of a small part of it, squared as often as it was halved.
fn exponential(x: f64) -> f64 {
    const HALVED: i32 = 10;
    let part = x.max(-700.0) / f64::from(1 << HALVED);
    let series = (1..=9)
        .rev()
        .fold(1.0, |sum, term| 1.0 + part / f64::from(term) * sum);
    (0..HALVED).fold(series, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logistic_function_is_that_of_the_library_nearly() {
        for x in [
            -800.0, -40.0, -3.0, -0.1, 0.0, 1e-9, 0.7, 5.0, 36.0, 800.0_f64,
        ] {
            let expected = 1.0 / (1.0 + (-x).exp());
            assert!((logistic(x) - expected).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn a_row_is_read_by_what_was_usual() {
        let pack = Pack::built_in();
        let names: Vec<&str> = pack.model.features().collect();
        let mut values = vec![f64::NAN; names.len()];
        let rate = names.iter().position(|name| *name == "HR.last").unwrap();
        for (value, least, most) in [(82.0, -0.5, 0.5), (140.0, 2.0, 4.0), (300.0, 4.0, 4.0)] {
            values[rate] = value;
            let read = Standardised::of(&pack, &values).unwrap();
            let off = f64::from(read.0[rate]) / STEPS;
            assert!((least..=most).contains(&off), "{value}: {off}");
        }
        assert_eq!(Standardised::of(&pack, &values[1..]), None);
        let read = Standardised::of(&pack, &values).unwrap();
        let of: Vec<_> = read.inputs().collect();
        assert_eq!(of.len(), names.len() + 1);
        assert!(
            of.contains(&(names.len() + rate + 1, 1.0)),
            "what is missing is said"
        );
        assert!(of.contains(&(2 * names.len(), 1.0)));
    }

    #[test]
    fn it_learns_what_decides_and_that_something_is_missing() {
        // The label is on where the first is high, or the second is missing.
        let row = |round: i16| {
            let high = if round % 3 == 0 { 512 } else { -256 };
            let second = if round % 5 == 0 { UNKNOWN } else { 30 };
            let septic = round % 3 == 0 || round % 5 == 0;
            (Standardised([high, second, round % 7].into()), septic)
        };
        let mut challenger = Challenger::default();
        assert!((challenger.probability(&row(1).0) - 0.5).abs() < 1e-12);
        for _ in 0..100 {
            for round in 0..1_000 {
                let (row, septic) = row(round);
                challenger.learn(&row, septic);
            }
        }
        assert_eq!(challenger.learned(), 100_000);
        for round in 0..15 {
            let (row, septic) = row(round);
            let said = challenger.probability(&row);
            assert_eq!(said > 0.5, septic, "{round}: {said}");
        }
    }
}
