//! One feed, a source or one of its signals: when it was heard, and whether its silence was told.

use std::collections::BTreeMap;

use super::hours::Hours;

pub(crate) const MINUTE_US: i64 = 60 * 1_000_000;

/// What is known of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Feed {
    /// When it was last heard.
    pub(crate) last: Option<i64>,
    pub(crate) hours: Hours,
    /// Hours that are not over.
    pub(crate) open: BTreeMap<i64, Open>,
    /// Its silence, once it was told.
    pub(crate) quiet: Option<Quiet>,
    /// When a silence since then is too long: what it teaches itself, hour by hour, does not put that off.
    pub(crate) due: Option<Due>,
}

/// When a silence is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) since: i64,
    pub(crate) at: i64,
}

/// An hour that is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// The minutes in which it was heard: told twice or in another order, they are the same.
    pub(crate) minutes: u64,
    pub(crate) messages: u64,
}

/// A silence that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    /// When it was heard before; nothing where it never was.
    pub(crate) last: Option<i64>,
}

/// In how many minutes of an hour a feed would be heard that comes as often after a silent minute as this one did, whatever it
/// did before: a heap counts once, however long it takes, and what never stops counts whole.
fn arrivals(minutes: u64) -> u32 {
    // The minute before the first counts as silent if that is heard.
    let followed = (1 << 59) - 1;
    let silent = (!minutes & followed).count_ones() + u32::from(minutes & 1 == 1);
    let begun = (minutes & !(minutes << 1)).count_ones();
    let alike = (60 * begun).checked_div(silent);
    alike.map_or(0, |alike| alike.min(minutes.count_ones()))
}

impl Feed {
    /// Takes in that it was heard; `at` is hour and minute where these are not over.
    pub(crate) fn heard(&mut self, last: i64, at: Option<(i64, i64)>, messages: u64) {
        self.last = self.last.max(Some(last));
        if let Some((hour, minute)) = at {
            let open = self.open.entry(hour).or_default();
            open.minutes |= 1 << minute;
            open.messages = open.messages.saturating_add(messages);
        }
    }

    /// Ends an hour, and learns from it where somebody was there to hear.
    pub(crate) fn close(&mut self, hour: i64, label: usize, is_known: bool) {
        let open = self.open.remove(&hour).unwrap_or_default();
        // What was never heard has taught nothing yet, not even when it is silent.
        if is_known && self.last.is_some() {
            self.hours
                .learn(label, arrivals(open.minutes), open.messages);
        }
    }

    /// When a silence since then is too long.
    pub(crate) fn due(&mut self, since: i64, hour_of_week: &dyn Fn(i64) -> usize) -> Option<i64> {
        let minute = self.hours.due(since.div_euclid(MINUTE_US), hour_of_week);
        let now = minute.and_then(|minute| minute.checked_mul(MINUTE_US));
        let before = self.due.filter(|due| due.since == since);
        let at = before.map(|due| due.at).into_iter().chain(now).min();
        self.due = at.map(|at| Due { since, at });
        at
    }

    /// Notes that its silence is told.
    pub(crate) fn fall_silent(&mut self) {
        self.quiet = Some(Quiet { last: self.last });
    }

    /// Ends a silence that was told if it was heard since; gives since when it was silent.
    pub(crate) fn take_back(&mut self) -> Option<Option<i64>> {
        let last = self.last;
        let ended = self.quiet.take_if(|quiet| last > quiet.last);
        ended.map(|quiet| quiet.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heap_counts_once_and_what_never_stops_counts_whole() {
        let hour = (1 << 60) - 1;
        let heap = 0b11_1111 << 20;
        for (minutes, counted) in [
            (0, 0),
            (1, 1),
            (1 << 59, 1),
            (heap, 1),
            (heap | heap >> 15, 2),
            (hour, 60),
            (hour & !(1 << 30), 59),
            // Every other minute, and every tenth.
            (0x555_5555_5555_5555, 30),
            (0b1 | 1 << 10 | 1 << 20 | 1 << 30 | 1 << 40 | 1 << 50, 6),
        ] {
            assert_eq!(arrivals(minutes), counted, "{minutes:060b}");
        }
    }
}
