//! A task that takes nothing in for a while, since all that comes would only fill the quarantine.

use std::time::Duration;

use stream::{Progress, WINDOW_RECORDS};

use crate::clock::Stopwatch;

/// How long it rests before it tries again; twice as long after each try that failed.
const REST: Duration = Duration::from_secs(1);
/// It rests no longer than this.
pub(super) const REST_LONGEST: Duration = Duration::from_secs(60);

/// What a person says to a station that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The cause is mended: try now.
    TryNow,
    /// Take in what comes, to quarantine if need be, until something can be used.
    SetAside,
}

/// Why a task rests, and since when.
#[derive(Clone, Copy)]
pub(super) struct Resting {
    pub(super) reason: &'static str,
    since: Stopwatch,
    /// How often in a row it tried.
    tries: u32,
}

impl Resting {
    /// Whether a task is to rest after what it told, longer each time that it told so.
    pub(super) fn after(before: Option<Self>, told: &Progress) -> Option<Self> {
        let reason = told.resting_for?;
        // What it took in before is not committed yet: it goes on with that at once.
        if !told.committed {
            return before;
        }
        let tried = before.filter(|_| told.records == 0);
        Some(Self {
            reason,
            since: Stopwatch::start(),
            tries: tried.map_or(0, |before| before.tries).saturating_add(1),
        })
    }

    /// How long it still rests.
    pub(super) fn left(&self) -> Duration {
        rest_after(self.tries).saturating_sub(self.since.elapsed())
    }

    /// What people are told.
    pub(super) fn words(&self) -> String {
        format!(
            "It rests instead of filling the quarantine: most of the last {WINDOW_RECORDS} records could not be used, and the next one cannot be either ({}). Nothing is skipped. Mend the cause; it tries again by itself, and at once with `pulsewire resume`.",
            self.reason
        )
    }
}

fn rest_after(tries: u32) -> Duration {
    let doubled = 1_u32.checked_shl(tries.saturating_sub(1));
    REST.saturating_mul(doubled.unwrap_or(u32::MAX))
        .min(REST_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_longer_and_longer_until_something_was_taken_in() {
        let seconds: Vec<u64> = (1..=8).map(|tries| rest_after(tries).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(rest_after(u32::MAX), REST_LONGEST);
        let told = |records| Progress {
            records,
            committed: true,
            recovering: false,
            lag: 1,
            watermark: 0,
            failed_keys_in_a_row: 0,
            resting_for: Some("unreadable"),
        };
        let first = Resting::after(None, &told(0));
        let second = Resting::after(first, &told(0));
        assert_eq!(second.map(|resting| resting.tries), Some(2));
        let again = Resting::after(second, &told(1));
        assert_eq!(again.map(|resting| resting.tries), Some(1));
        let is_over = Progress {
            resting_for: None,
            ..told(1)
        };
        assert!(Resting::after(again, &is_over).is_none());
        let is_open = Progress {
            committed: false,
            ..told(1)
        };
        assert!(Resting::after(None, &is_open).is_none());
    }
}
