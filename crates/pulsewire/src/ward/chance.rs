//! Chance that a seed decides: our own few lines, so that a seed means the same ward whatever a library changes.

use std::time::Duration;

/// A sequence of numbers that look random (SplitMix64: Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Gives a number from `low` to `high`, both possible.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low).saturating_add(1);
        low.saturating_add_unsigned(self.next() % span)
    }

    /// Gives a number from `-width` to `width`, small ones more often.
    pub(super) fn noise(&mut self, width: i64) -> i64 {
        let (one, other) = (self.between(0, width), self.between(0, width));
        one - other
    }

    /// Says yes so many times in a thousand.
    pub(super) fn permille(&mut self, times: i64) -> bool {
        self.between(0, 999) < times
    }

    /// Gives a place in a list of this length.
    pub(super) fn place(&mut self, length: usize) -> usize {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        usize::try_from(self.between(0, length - 1)).unwrap_or_default()
    }

    /// Chooses from a list.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.place(list.len())]
    }

    /// Gives a span of so many minutes, to the second.
    pub(super) fn minutes(&mut self, low: i64, high: i64) -> Duration {
        self.seconds(low * 60, high * 60)
    }

    /// Gives a span of so many seconds.
    pub(super) fn seconds(&mut self, low: i64, high: i64) -> Duration {
        Duration::from_secs(self.between(low, high).unsigned_abs())
    }
}

/// Gives a fixed span of minutes.
pub(super) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}
