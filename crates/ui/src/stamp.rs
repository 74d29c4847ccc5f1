//! Times as people read them: the clock on the wall of the site, and how long ago.

use std::borrow::Borrow;

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::Timestamp;
use jiff::tz::TimeZone;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;

/// The site's clock at the moment a page was made.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    now_us: i64,
    zone: TimeZone,
}

impl Clock {
    /// Sets a clock to a moment in a zone by its IANA name; an unknown zone is UTC.
    pub(crate) fn new(now_us: i64, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Self { now_us, zone }
    }

    /// Gives a moment as the element that shows it.
    pub(crate) fn stamp(&self, at_us: impl Borrow<i64>) -> Stamp {
        let at_us = *at_us.borrow();
        Stamp {
            datetime: self.rfc3339(at_us),
            full: self.full(at_us),
            clock: self.short(at_us),
            age: self.age(at_us),
        }
    }

    /// Gives a moment as RFC 3339 with the zone's offset.
    pub(crate) fn rfc3339(&self, at_us: i64) -> String {
        self.format(at_us, "%Y-%m-%dT%H:%M:%S%:z")
    }

    /// Gives a moment with its date, seconds and zone.
    pub(crate) fn full(&self, at_us: i64) -> String {
        self.format(at_us, "%-d %B %Y %H:%M:%S %Z")
    }

    /// Gives a moment's time of day, with its date where that is not today.
    pub(crate) fn short(&self, at_us: i64) -> String {
        let day = |at| self.format(at, "%Y-%m-%d");
        if day(at_us) == day(self.now_us) {
            self.format(at_us, "%H:%M")
        } else if self.format(at_us, "%Y") == self.format(self.now_us, "%Y") {
            self.format(at_us, "%-d %b %H:%M")
        } else {
            self.format(at_us, "%-d %b %Y %H:%M")
        }
    }

    /// Gives a moment in a pattern of `strftime`.
    pub(crate) fn format(&self, at_us: i64, pattern: &str) -> String {
        Timestamp::from_microsecond(at_us).map_or_else(
            |_| "outside the calendar".to_owned(),
            |at| at.to_zoned(self.zone.clone()).strftime(pattern).to_string(),
        )
    }

    /// Says how far the zone's clock is ahead of UTC at a moment.
    pub(crate) fn ahead_us(&self, at_us: i64) -> i64 {
        Timestamp::from_microsecond(at_us).map_or(0, |at| {
            i64::from(self.zone.to_offset(at).seconds()) * SECOND_US
        })
    }

    /// Says how long ago a moment was.
    pub(crate) fn age(&self, at_us: i64) -> String {
        let past_us = self.now_us.saturating_sub(at_us);
        if past_us <= -SECOND_US {
            format!("in {}", span(past_us.saturating_neg()))
        } else if past_us < SECOND_US {
            "now".to_owned()
        } else {
            format!("{} ago", span(past_us))
        }
    }

    /// Gives the moment itself, in milliseconds, for the script that keeps ages true.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_us / 1000
    }

    /// Gives the zone's name and offset at this moment.
    pub(crate) fn zone_words(&self) -> String {
        let name = self.zone.iana_name().unwrap_or("UTC");
        format!("{name}, {}", self.format(self.now_us, "UTC%:z"))
    }
}

/// Says how long a span is, to the precision that matters at its size.
pub(crate) fn span(us: impl Borrow<i64>) -> String {
    let us = *us.borrow();
    if us < MINUTE_US {
        format!("{} s", us / SECOND_US)
    } else if us < HOUR_US {
        format!("{} min", us / MINUTE_US)
    } else if us < 2 * DAY_US {
        match us % HOUR_US / MINUTE_US {
            0 => format!("{} h", us / HOUR_US),
            minutes => format!("{} h {minutes} min", us / HOUR_US),
        }
    } else {
        format!("{} d", us / DAY_US)
    }
}

/// A moment as the `time` element that shows it.
#[derive(Clone, Debug, Template)]
#[template(path = "part/stamp.html")]
pub(crate) struct Stamp {
    datetime: String,
    full: String,
    clock: String,
    age: String,
}

impl HtmlSafe for Stamp {}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_795_240_000 * SECOND_US;

    #[test]
    fn ages_are_said_at_the_precision_that_matters() {
        let clock = Clock::new(NOW_US, "UTC");
        for (past_us, said) in [
            (0, "now"),
            (12 * SECOND_US, "12 s ago"),
            (59 * SECOND_US, "59 s ago"),
            (60 * SECOND_US, "1 min ago"),
            (59 * MINUTE_US, "59 min ago"),
            (HOUR_US, "1 h ago"),
            (HOUR_US + 5 * MINUTE_US, "1 h 5 min ago"),
            (47 * HOUR_US, "47 h ago"),
            (2 * DAY_US, "2 d ago"),
            (-3 * MINUTE_US, "in 3 min"),
        ] {
            assert_eq!(clock.age(NOW_US - past_us), said);
        }
    }

    #[test]
    fn a_time_shows_the_clock_of_the_site_and_the_date_when_it_is_not_today() {
        let clock = Clock::new(NOW_US, "Europe/Berlin");
        assert_eq!(clock.rfc3339(NOW_US), "2026-11-21T06:46:40+01:00");
        assert_eq!(clock.short(NOW_US), "06:46");
        assert_eq!(clock.short(NOW_US - 8 * HOUR_US), "20 Nov 22:46");
        assert_eq!(clock.short(NOW_US - 400 * DAY_US), "17 Oct 2025 07:46");
        assert_eq!(clock.full(NOW_US), "21 November 2026 06:46:40 CET");
    }

    #[test]
    fn an_hour_that_comes_twice_keeps_its_offset() {
        let clock = Clock::new(1_793_000_000 * SECOND_US, "Europe/Berlin");
        let first_us = 1_792_888_200 * SECOND_US;
        assert_eq!(clock.rfc3339(first_us), "2026-10-25T02:30:00+02:00");
        assert_eq!(
            clock.rfc3339(first_us + HOUR_US),
            "2026-10-25T02:30:00+01:00"
        );
    }

    #[test]
    fn an_unknown_zone_is_utc_and_an_impossible_time_is_said() {
        let clock = Clock::new(NOW_US, "Mars/Olympus");
        assert_eq!(clock.rfc3339(NOW_US), "2026-11-21T05:46:40+00:00");
        assert_eq!(clock.short(i64::MAX), "outside the calendar");
    }
}
