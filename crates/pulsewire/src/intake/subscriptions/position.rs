//! Which events of a subscription were taken in: a set that only grows, so that what is written of it may be read in any order and twice.

use serde::{Deserialize, Serialize};

/// A number may be at most so far beyond the first that is missing: one that is farther is no number of an event.
pub(super) const AHEAD_MAX: u64 = 1_000_000;
/// Missing numbers lie in at most so many places.
pub(super) const GAPS_MAX: usize = 1_000;
/// Of a subscription that is heard for the first time in the middle, so many earlier events are asked for.
const EARLIER_MAX: u64 = 1_000;

/// How far a subscription was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// How often its server has begun to count anew.
    pub(super) epoch: u64,
    /// The greatest number that was heard of.
    pub(super) announced: u64,
    /// What was taken in: first and last of each run of numbers.
    pub(super) taken: Vec<(u64, u64)>,
    /// The newest change that a query has brought, in microseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) queried: Option<i64>,
}

impl Position {
    /// Takes in what another says that knows of other events.
    pub(super) fn merge(&mut self, other: &Self) {
        self.queried = self.queried.max(other.queried);
        match self.epoch.cmp(&other.epoch) {
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Less => {
                self.epoch = other.epoch;
                self.announced = other.announced;
                self.taken.clone_from(&other.taken);
            }
            std::cmp::Ordering::Equal => {
                self.announced = self.announced.max(other.announced);
                self.taken.extend(&other.taken);
                self.join();
            }
        }
    }

    /// Notes that the subscription begins, with so many events behind it. Where more were heard of, its server counts anew.
    pub(super) fn begin(&mut self, count: u64) {
        if self.is_new() || count < self.announced {
            self.epoch += 1;
            self.announced = count;
            self.taken = (count > 0).then_some((1, count)).into_iter().collect();
        }
        self.announced = self.announced.max(count);
    }

    /// Notes that there have been so many events; says whether there can be.
    pub(super) fn announce(&mut self, count: u64) -> bool {
        if self.is_new() && count > EARLIER_MAX {
            self.taken = vec![(1, count - EARLIER_MAX)];
        }
        let from = self
            .missing()
            .next()
            .map_or(self.announced, |(first, _)| first);
        if count > from.saturating_add(AHEAD_MAX) {
            return false;
        }
        self.announced = self.announced.max(count);
        true
    }

    /// Notes that these events were taken in.
    pub(super) fn take(&mut self, first: u64, last: u64) {
        self.announced = self.announced.max(last);
        self.taken.push((first, last));
        self.join();
    }

    /// Whether an event was taken in.
    pub(super) fn has(&self, number: u64) -> bool {
        self.taken
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// What was announced and not taken in: first and last of each run.
    pub(super) fn missing(&self) -> impl Iterator<Item = (u64, u64)> {
        let begins = std::iter::once(1).chain(self.taken.iter().map(|(_, last)| last + 1));
        let after = (self.announced + 1, self.announced + 1);
        let ends = self.taken.iter().copied().chain([after]);
        let gaps = begins.zip(ends.map(|(first, _)| first - 1));
        gaps.filter(|(first, last)| first <= last)
    }

    /// How many are missing.
    pub(super) fn missing_count(&self) -> u64 {
        self.missing().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether nothing was ever heard of it, not even that it begins.
    fn is_new(&self) -> bool {
        self.epoch == 0 && self.announced == 0 && self.taken.is_empty()
    }

    /// Puts runs together that touch or overlap.
    fn join(&mut self) {
        self.taken.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(self.taken.len());
        for (first, last) in self.taken.drain(..) {
            match joined.last_mut() {
                Some((_, before)) if first <= before.saturating_add(1) => {
                    *before = last.max(*before);
                }
                _ => joined.push((first, last)),
            }
        }
        self.taken = joined;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn missing(position: &Position) -> Vec<(u64, u64)> {
        position.missing().collect()
    }

    #[test]
    fn what_is_announced_and_not_taken_is_missing() {
        let mut position = Position::default();
        position.begin(0);
        assert_eq!(missing(&position), []);
        position.take(1, 1);
        position.take(3, 4);
        assert!(position.announce(6));
        assert_eq!(missing(&position), [(2, 2), (5, 6)]);
        assert_eq!(position.missing_count(), 3);
        position.take(5, 6);
        position.take(2, 2);
        assert_eq!(
            (missing(&position), &*position.taken),
            (vec![], &[(1, 6)][..])
        );
        assert!(position.has(1) && position.has(6) && !position.has(7));
        // A handshake that comes again changes nothing.
        let before = position.clone();
        position.begin(6);
        assert_eq!(position, before);
    }

    #[test]
    fn a_server_that_counts_anew_is_followed() {
        let mut position = Position::default();
        position.begin(3);
        assert_eq!(missing(&position), [], "what was before is not ours");
        position.take(4, 9);
        position.begin(0);
        assert_eq!((position.epoch, position.announced), (2, 0));
        position.take(1, 1);
        let mut old = Position::default();
        old.take(1, 8);
        position.merge(&old);
        assert_eq!((position.announced, position.has(5)), (1, false));
    }

    #[test]
    fn what_was_before_the_first_is_asked_for_as_far_as_there_is_a_limit() {
        let first = |count| {
            let mut position = Position::default();
            position.announce(count);
            position.missing_count()
        };
        assert_eq!(
            [EARLIER_MAX - 1, EARLIER_MAX, EARLIER_MAX + 1].map(first),
            [EARLIER_MAX - 1, EARLIER_MAX, EARLIER_MAX]
        );
    }

    #[test]
    fn a_number_far_ahead_is_none() {
        let mut position = Position::default();
        position.take(1, 10);
        let can = |count| position.clone().announce(count);
        assert_eq!(
            [9, 10, 11].map(|more| can(AHEAD_MAX + more)),
            [true, true, false]
        );
    }

    fn position() -> impl Strategy<Value = Position> {
        let runs = proptest::collection::vec((1_u64..40, 0_u64..6), 0..6);
        (0_u64..2, 0_u64..50, runs, proptest::option::of(0_i64..5)).prop_map(
            |(epoch, announced, runs, queried)| {
                let mut position = Position {
                    epoch,
                    queried,
                    ..Position::default()
                };
                position.announced = announced;
                for (first, more) in runs {
                    position.take(first, first + more);
                }
                position
            },
        )
    }

    proptest! {
        #[test]
        fn the_order_in_which_positions_are_merged_does_not_matter(
            one in position(), two in position(), three in position()
        ) {
            let merged = |all: [&Position; 3]| {
                let mut merged = all[0].clone();
                merged.merge(all[1]);
                merged.merge(all[2]);
                merged
            };
            let told = merged([&one, &two, &three]);
            prop_assert_eq!(&told, &merged([&three, &one, &two]));
            let mut again = told.clone();
            again.merge(&two);
            prop_assert_eq!(&again, &told);
            for number in 1..50 {
                let is_missing = told.missing().any(|(first, last)| (first..=last).contains(&number));
                prop_assert_eq!(is_missing, number <= told.announced && !told.has(number));
            }
        }
    }
}
