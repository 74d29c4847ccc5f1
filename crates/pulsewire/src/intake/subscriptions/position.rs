//! Which events of a subscription were taken in: a set that only grows, so that what is written of it may be read in any order and twice.

use formats::fhir::notification::Standing;
use serde::{Deserialize, Serialize};

/// A number may be at most so far beyond the first that is missing: one that is farther is no number of an event.
pub(super) const AHEAD_MAX: u64 = 1_000_000;
/// Missing numbers lie in at most so many places.
pub(super) const GAPS_MAX: usize = 1_000;
/// What is written is written anew when it is so old, so that it outlives what retention removes.
pub(super) const OLD_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
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
    /// When the newest event that was taken in of this count happened, by its server's clock, in microseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) latest: Option<i64>,
    /// How the subscription stands at its server, as was heard last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) standing: Option<Stands>,
}

/// How a subscription stands at its server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stands {
    /// When that was heard, in microseconds since the epoch.
    pub(super) at: i64,
    /// The code of FHIR.
    pub(super) status: String,
}

impl Stands {
    /// Whether its server tells nothing, or not all, of what happens.
    pub(super) fn is_silent(&self) -> bool {
        Standing::parse(&self.status).is_some_and(Standing::is_silent)
    }
}

/// The place of an event: the count that it is of, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) epoch: u64,
    pub(crate) number: u64,
}

impl Position {
    /// Takes in what another says that knows of other events.
    pub(super) fn merge(&mut self, other: &Self) {
        self.queried = self.queried.max(other.queried);
        if self.standing < other.standing {
            self.standing.clone_from(&other.standing);
        }
        match self.epoch.cmp(&other.epoch) {
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Less => {
                self.epoch = other.epoch;
                self.announced = other.announced;
                self.latest = other.latest;
                self.taken.clone_from(&other.taken);
            }
            std::cmp::Ordering::Equal => {
                self.announced = self.announced.max(other.announced);
                self.latest = self.latest.max(other.latest);
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
            self.latest = None;
            self.taken = (count > 0).then_some((1, count)).into_iter().collect();
        }
        self.announced = self.announced.max(count);
    }

    /// Notes that its server counts anew, though it did not say so, and has told of so many events: none of them was taken in.
    pub(super) fn restart(&mut self, count: u64) {
        self.epoch += 1;
        self.announced = count;
        self.latest = None;
        let before = count.saturating_sub(EARLIER_MAX);
        self.taken = (before > 0).then_some((1, before)).into_iter().collect();
    }

    /// Notes how the subscription stands, where that is news or was heard long ago.
    pub(super) fn stand(&mut self, standing: Standing, at: i64) {
        let is_known = self.standing.as_ref().is_some_and(|known| {
            known.status == standing.code() && at.saturating_sub(known.at) <= OLD_MICROS
        });
        if !is_known {
            let status = standing.code().to_owned();
            self.standing = Some(Stands { at, status });
        }
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

    /// The place of an event of the present count.
    pub(super) const fn place(&self, number: u64) -> Place {
        let epoch = self.epoch;
        Place { epoch, number }
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
    fn a_server_that_counts_anew_without_a_word_is_asked_for_what_it_told_of() {
        let mut position = Position::default();
        position.take(1, 50);
        position.latest = Some(7);
        position.restart(3);
        assert_eq!((position.epoch, position.latest), (1, None));
        assert_eq!(missing(&position), [(1, 3)]);
        position.restart(EARLIER_MAX + 1);
        assert_eq!(missing(&position), [(2, EARLIER_MAX + 1)]);
    }

    #[test]
    fn how_a_subscription_stands_is_written_where_it_is_news_or_old() {
        let mut position = Position::default();
        let mut stands = |standing, at| {
            position.stand(standing, at);
            let told = position.standing.clone().unwrap();
            (told.at, told.is_silent())
        };
        assert_eq!(stands(Standing::Active, 1), (1, false));
        assert_eq!(stands(Standing::Active, 2), (1, false));
        assert_eq!(stands(Standing::Off, 3), (3, true));
        assert_eq!(stands(Standing::Off, 3 + OLD_MICROS), (3, true));
        assert_eq!(
            stands(Standing::Off, 4 + OLD_MICROS),
            (4 + OLD_MICROS, true)
        );
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
        let time = || proptest::option::of(0_i64..5);
        let standing = proptest::option::of((0_i64..5, "active|off"));
        let standing = standing.prop_map(|one| one.map(|(at, status)| Stands { at, status }));
        let times = (time(), time(), standing);
        (0_u64..2, 0_u64..50, runs, times).prop_map(
            |(epoch, announced, runs, (queried, latest, standing))| {
                let mut position = Position {
                    epoch,
                    queried,
                    latest,
                    standing,
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
