//! How fast a file is read: no faster than it may be, and history behind what is live.

use std::time::Duration;

/// History waits while a station has more records than this before it: then live ones would wait behind it.
pub(crate) const LAG_MAX: u64 = 10_000;
/// History goes slower where keeping a batch takes longer than this: then live senders wait for their answers, too.
const SLOW: Duration = Duration::from_millis(250);
/// The first and the longest pause of history that goes slower.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);

/// How fast a file is read.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// Records a second; none for as fast as can be.
    rate: Option<u32>,
    is_history: bool,
    pause: Duration,
}

impl Pace {
    pub(crate) const fn new(rate: Option<u32>, is_history: bool) -> Self {
        Self {
            rate,
            is_history,
            pause: Duration::ZERO,
        }
    }

    /// Whether nothing may be kept while a station has so many records before it.
    pub(super) const fn holds(&self, lag: u64) -> bool {
        self.is_history && lag > LAG_MAX
    }

    /// How long to rest after a batch of so many records that took so long to keep.
    pub(super) fn rest(&mut self, records: usize, took: Duration) -> Duration {
        if self.is_history {
            self.pause = match (took > SLOW, self.pause) {
                (true, Duration::ZERO) => PAUSE_FIRST,
                (true, pause) => (pause * 2).min(PAUSE_LONGEST),
                (false, pause) if pause <= PAUSE_FIRST => Duration::ZERO,
                (false, pause) => pause / 2,
            };
        }
        let due = self.rate.map_or(Duration::ZERO, |rate| {
            let records = u32::try_from(records).unwrap_or(u32::MAX);
            Duration::from_secs(1).saturating_mul(records) / rate.max(1)
        });
        due.saturating_sub(took).max(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_rate_is_kept() {
        let mut pace = Pace::new(Some(100), false);
        assert_eq!(pace.rest(50, ms(0)), ms(500));
        assert_eq!(pace.rest(50, ms(200)), ms(300));
        assert_eq!(pace.rest(50, ms(900)), ms(0));
        assert_eq!(Pace::new(None, false).rest(50, ms(900)), ms(0));
    }

    #[test]
    fn history_stands_back_while_live_messages_wait() {
        let mut pace = Pace::new(None, true);
        assert_eq!(pace.rest(50, SLOW), ms(0));
        let slower: Vec<_> = (0..9)
            .map(|_| pace.rest(50, SLOW + ms(1)).as_millis())
            .collect();
        assert_eq!(slower, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        let faster: Vec<_> = (0..8).map(|_| pace.rest(50, ms(1)).as_millis()).collect();
        assert_eq!(faster, [2500, 1250, 625, 312, 156, 78, 39, 0]);
        for (lag, holds) in [(LAG_MAX - 1, false), (LAG_MAX, false), (LAG_MAX + 1, true)] {
            assert_eq!(pace.holds(lag), holds);
            assert!(!Pace::new(None, false).holds(lag));
        }
    }
}
