//! How far the clock of a device or a sender is off: the minimum-delay filter that NTP uses, made robust by a median.
//!
//! What is received can only be later than what was observed, by the way it took. The least difference of a minute is therefore
//! nearest to the clocks' own, and the median of some minutes' leasts is not moved by one odd report.

use std::collections::VecDeque;

/// The least difference is found in each block of received time this long.
pub(crate) const BLOCK: i64 = 60_000_000;
/// So many blocks are looked at.
pub(crate) const BLOCKS_MAX: usize = 10;
/// They lie within so long.
const LATELY: i64 = 10 * BLOCK;
/// So many are looked at where it is heard more seldom.
const BLOCKS_SELDOM: usize = 3;
/// What was heard longer ago says nothing of now.
const OLDEST: i64 = 24 * 3_600_000_000;
/// Fewer blocks tell nothing: what was kept while it was cut off comes all at once.
pub(crate) const BLOCKS_LEAST: usize = 2;
/// A clock that is off by more than this is wrong, and what it dates nobody's vital sign.
pub(crate) const OFF_MOST: i64 = 5 * 60_000_000;

/// What is known of a clock that is not ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClockOffset {
    /// When each block began, and the least difference in it.
    pub(crate) blocks: VecDeque<(i64, i64)>,
    /// Whether it was told to be wrong.
    pub(crate) is_wrong: bool,
}

impl ClockOffset {
    /// Takes in when a report was received and the time of its latest sample.
    pub(crate) fn take(&mut self, received: i64, observed: i64) {
        let block = received - received.rem_euclid(BLOCK);
        let offset = received.saturating_sub(observed);
        match self.blocks.back_mut().filter(|(began, _)| *began == block) {
            Some((_, least)) => *least = offset.min(*least),
            None => self.blocks.push_back((block, offset)),
        }
        let lately = received.saturating_sub(LATELY);
        let oldest = received.saturating_sub(OLDEST);
        while self.blocks.front().is_some_and(|(began, _)| {
            let spare = self.blocks.len() > BLOCKS_SELDOM;
            self.blocks.len() > BLOCKS_MAX || *began <= lately && spare || *began <= oldest
        }) {
            self.blocks.pop_front();
        }
    }

    /// Received less observed, in microseconds; nothing where there is too little to tell it from.
    ///
    /// What is heard seldom and is long ago when it comes was kept until then for all we know: only a clock that is ahead shows.
    pub(crate) fn offset(&self) -> Option<i64> {
        let newest = self.blocks.back().map_or(i64::MIN, |(began, _)| *began);
        let lately = newest.saturating_sub(LATELY);
        let told = self.blocks.iter();
        let told = told.filter(|(began, least)| *began > lately || *least <= OFF_MOST);
        let mut leasts: Vec<i64> = told.map(|(_, least)| *least).collect();
        if leasts.len() < BLOCKS_LEAST {
            return None;
        }
        leasts.sort_unstable();
        leasts.get((leasts.len() - 1) / 2).copied()
    }

    /// Whether it is wrong now, where that can be told.
    pub(crate) fn judge(&self) -> Option<bool> {
        self.offset()
            .map(|offset| offset.saturating_abs() > OFF_MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn fed(reports: impl IntoIterator<Item = (i64, i64)>) -> ClockOffset {
        let mut clock = ClockOffset::default();
        for (received, offset) in reports {
            clock.take(received * SECOND, (received - offset) * SECOND);
        }
        clock
    }

    #[test]
    fn the_least_delay_counts_and_one_odd_minute_does_not() {
        let steady = fed((0..600).map(|n| (n, 2 + n % 7)));
        assert_eq!(steady.offset(), Some(2 * SECOND));
        let odd = fed((0..600).map(|n| (n, if n / 60 == 3 { 4_000 } else { 2 })));
        assert_eq!((odd.offset(), odd.judge()), (Some(2 * SECOND), Some(false)));
    }

    #[test]
    fn three_hours_are_seen_and_what_was_kept_while_cut_off_is_not_taken_for_that() {
        assert_eq!(fed((0..200).map(|n| (n, 3 * 3_600))).judge(), Some(true));
        assert_eq!(fed((0..200).map(|n| (n, -3 * 3_600))).judge(), Some(true));
        assert_eq!(fed((0..30).map(|n| (n, 7_200 - n))).judge(), None);
    }

    #[test]
    fn a_device_that_is_heard_seldom_is_judged_by_its_last_reports() {
        let seldom = |offsets: &[i64]| {
            let reports = (0..).zip(offsets).map(|(n, offset)| (n * 900, *offset));
            fed(reports).judge()
        };
        assert_eq!(seldom(&[-3_600]), None);
        assert_eq!(seldom(&[-3_600, -3_600]), Some(true));
        assert_eq!(seldom(&[2, -3_600, 3]), Some(false));
        assert_eq!(seldom(&[2, 2, 2, -3_600, -3_600]), Some(true));
        assert_eq!(seldom(&[-3_600, -3_600, 2, 2]), Some(false));
        let day = OLDEST / SECOND;
        assert_eq!(fed([(0, -3_600), (day, -3_600)]).judge(), None);
    }

    #[test]
    fn what_is_kept_until_a_meter_is_docked_is_no_wrong_clock() {
        let hour = 3_600;
        let docked = |delays: &[i64]| {
            let reports = (0..).zip(delays);
            fed(reports.map(|(n, delay)| (n * 4 * hour, *delay))).judge()
        };
        assert_eq!(docked(&[2 * hour, 2 * hour]), None);
        assert_eq!(docked(&[2 * hour, 5 * hour, 3 * hour]), None);
        assert_eq!(docked(&[2, 2 * hour]), Some(false));
    }

    #[test]
    fn it_is_off_only_beyond_the_limit() {
        let limit = OFF_MOST / SECOND;
        let judged = |offset: i64| fed((0..200).map(|n| (n, offset))).judge();
        assert_eq!(
            [limit - 1, limit, limit + 1].map(judged),
            [Some(false), Some(false), Some(true)]
        );
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let clock = fed((0..200)
            .map(|n| (n, 4_000))
            .chain((5_000..5_200).map(|n| (n, 1))));
        assert_eq!(clock.judge(), Some(false));
        assert!(clock.blocks.len() <= BLOCKS_MAX);
    }
}
