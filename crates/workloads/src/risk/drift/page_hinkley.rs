//! Whether the mean of a sequence changed: the Page-Hinkley test (Page 1954), to either side.

/// Adds up how far values lie from their mean so far, less what is tolerated, and tells when that has risen or fallen by
/// more than a threshold.
///
/// On calibration the values are outcome (0 or 1) minus predicted probability, in the order in which outcomes matured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageHinkley {
    tolerance: f64,
    threshold: f64,
    count: u64,
    mean: f64,
    risen: f64,
    fallen: f64,
}

impl PageHinkley {
    /// Begins with how far from the mean a value may be, and how much of what is beyond may add up.
    pub const fn new(tolerance: f64, threshold: f64) -> Self {
        Self {
            tolerance,
            threshold,
            count: 0,
            mean: 0.0,
            risen: 0.0,
            fallen: 0.0,
        }
    }

    /// Gives what it has added up, to be taken up by [`PageHinkley::resume`]: how many values, their mean, and how far the
    /// sum has risen and fallen.
    pub const fn sums(&self) -> (u64, [f64; 3]) {
        (self.count, [self.mean, self.risen, self.fallen])
    }

    /// Goes on where another one of the same limits was left.
    #[must_use]
    pub const fn resume(self, (count, [mean, risen, fallen]): (u64, [f64; 3])) -> Self {
        Self {
            count,
            mean,
            risen,
            fallen,
            ..self
        }
    }

    /// Takes the next value in, and says whether the mean has changed; then it begins anew. NaN is left out.
    pub fn changes(&mut self, value: f64) -> bool {
        if value.is_nan() {
            return false;
        }
        self.count += 1;
        self.mean += (value - self.mean) / self.count as f64;
        let off = value - self.mean;
        // How far the sum lies above its least, and below its greatest, value so far.
        self.risen = (self.risen + off - self.tolerance).max(0.0);
        self.fallen = (self.fallen - off - self.tolerance).max(0.0);
        let changed = self.risen > self.threshold || self.fallen > self.threshold;
        if changed {
            *self = Self::new(self.tolerance, self.threshold);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(test: &mut PageHinkley, values: impl Iterator<Item = f64>) -> Option<usize> {
        values.into_iter().position(|value| test.changes(value))
    }

    #[test]
    fn a_constant_never_changes() {
        let mut test = PageHinkley::new(0.0, 1e-9);
        assert_eq!(first(&mut test, std::iter::repeat_n(0.3, 10_000)), None);
    }

    #[test]
    fn a_jump_is_told_when_the_sum_says_so() {
        // After n zeros, the k-th one is 1 - k/(n+k) = n/(n+k) above the mean: the sum of n/(n+j) - t for j up to k.
        let (before, tolerance, threshold): (u32, f64, f64) = (100, 0.05, 5.0);
        let mut sum = 0.0;
        let expected = (1..).find(|k: &u32| {
            sum += f64::from(before) / f64::from(before + k) - tolerance;
            sum > threshold
        });
        let mut test = PageHinkley::new(tolerance, threshold);
        let zeros = std::iter::repeat_n(0.0, 100);
        let told = first(&mut test, zeros.chain(std::iter::repeat_n(1.0, 100)));
        assert_eq!(told, expected.map(|k| (before + k - 1) as usize));
        assert_eq!(test, PageHinkley::new(tolerance, threshold));
    }

    #[test]
    fn a_fall_is_told_as_soon_as_a_rise() {
        let rise = (0..200).map(|place| if place < 100 { 0.0 } else { 1.0 });
        let told = first(&mut PageHinkley::new(0.05, 5.0), rise.clone());
        assert_eq!(
            first(&mut PageHinkley::new(0.05, 5.0), rise.map(|value| -value)),
            told
        );
        assert!(told.is_some());
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut test = PageHinkley::new(0.0, 1.0);
        assert!(!test.changes(f64::NAN));
        assert_eq!(test, PageHinkley::new(0.0, 1.0));
    }
}
