//! Points and spans of time that may be known only in part, compared as Clinical Quality Language 1.5 does.

use clinical::{Moment, When};

use super::truth::{Truth, both};

/// Milliseconds in a day; the step between two times is one of them, as in CQL.
pub(super) const DAY: i64 = 24 * HOUR;
/// Milliseconds in an hour.
pub(super) const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a minute.
pub(super) const MINUTE: i64 = 60_000;

/// A time between a first and a last possible one; in milliseconds of the site's clock since 1970, or in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Point {
    /// The least of all times.
    const LEAST: Self = Self::known(i64::MIN);
    /// The greatest of all times.
    const GREATEST: Self = Self::known(i64::MAX);

    /// A time that is known.
    pub(super) const fn known(at: i64) -> Self {
        Self { low: at, high: at }
    }

    /// Gives the days that it may be on.
    pub(super) const fn day(self) -> Self {
        Self {
            low: self.low.div_euclid(DAY),
            high: self.high.div_euclid(DAY),
        }
    }

    /// Gives the time this much later. To what is written in part CQL adds no more than as precisely as it is written: to
    /// a day whole days, and nothing for the rest.
    pub(super) const fn plus(self, milliseconds: i64) -> Self {
        let width = self.width();
        let whole = milliseconds / width * width;
        Self {
            low: self.low.saturating_add(whole),
            high: self.high.saturating_add(whole),
        }
    }

    /// Gives the last time before it that can be written as it is.
    pub(super) const fn previous(self) -> Self {
        self.plus(-self.width())
    }

    /// Gives the first time after it that can be written as it is.
    pub(super) const fn next(self) -> Self {
        self.plus(self.width())
    }

    /// Gives how many milliseconds it may be: 1 where it is known.
    const fn width(self) -> i64 {
        self.high.saturating_sub(self.low).saturating_add(1)
    }

    /// Says whether it is the same time as another or before it. CQL compares as far as both are written: whether a time
    /// of a day is before that day, not even the day's first or last millisecond tells.
    pub(super) fn at_or_before(self, other: Self) -> Truth {
        // An end that nobody knows is no time written in part: it may be any up to the one that is known.
        let is_up_to = self.low == i64::MIN && self.high == other.low;
        if self.high < other.low || self == other || is_up_to {
            Some(true)
        } else if self.low > other.high {
            Some(false)
        } else {
            None
        }
    }

    /// Says whether it is before another.
    pub(super) fn before(self, other: Self) -> Truth {
        other.at_or_before(self).map(|not| !not)
    }
}

/// An end of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    At(Point),
    /// It goes on without an end: a closed end that is null in CQL.
    Unbounded,
    /// It began, but nobody knows when: an open end that is null in CQL.
    Unknown,
}

/// A span of time with both of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: Edge,
    end: Edge,
}

impl Span {
    /// Between two points.
    pub(super) const fn between(start: Point, end: Point) -> Self {
        Self {
            start: Edge::At(start),
            end: Edge::At(end),
        }
    }

    /// From one point up to another that is no part of it.
    pub(super) const fn until(start: Point, end: Point) -> Self {
        Self::between(start, end.previous())
    }

    /// Between two points of which either may be missing: then it never began, or never ends.
    pub(super) fn open(start: Option<Point>, end: Option<Point>) -> Self {
        Self {
            start: start.map_or(Edge::Unbounded, Edge::At),
            end: end.map_or(Edge::Unbounded, Edge::At),
        }
    }

    /// As FHIRHelpers reads a Period: without a start, nobody knows when it began; without an end, it goes on.
    pub(super) fn of_period(start: Option<Point>, end: Option<Point>) -> Self {
        Self {
            start: start.map_or(Edge::Unknown, Edge::At),
            end: end.map_or(Edge::Unbounded, Edge::At),
        }
    }

    /// Gives it in days.
    pub(super) fn days(self) -> Self {
        let day = |edge| match edge {
            Edge::At(point) => Edge::At(point.day()),
            Edge::Unbounded => Edge::Unbounded,
            Edge::Unknown => Edge::Unknown,
        };
        Self {
            start: day(self.start),
            end: day(self.end),
        }
    }

    /// Gives when it starts, unless nobody knows.
    pub(super) const fn start(self) -> Option<Point> {
        match self.start {
            Edge::At(point) => Some(point),
            Edge::Unbounded => Some(Point::LEAST),
            Edge::Unknown => None,
        }
    }

    /// Gives when it ends, unless nobody knows.
    pub(super) const fn end(self) -> Option<Point> {
        match self.end {
            Edge::At(point) => Some(point),
            Edge::Unbounded => Some(Point::GREATEST),
            Edge::Unknown => None,
        }
    }

    /// Says whether it has no start or no end.
    pub(super) fn is_open(self) -> bool {
        !matches!((self.start, self.end), (Edge::At(_), Edge::At(_)))
    }

    /// Gives its end where it has one, else its start: `latest` of QICoreCommon.
    pub(super) fn latest(self) -> Option<Point> {
        match self.end {
            Edge::At(point) => Some(point),
            Edge::Unbounded | Edge::Unknown => self.start(),
        }
    }

    /// Gives its start where it has one, else its end: `earliest` of QICoreCommon.
    pub(super) fn earliest(self) -> Option<Point> {
        match self.start {
            Edge::At(point) => Some(point),
            Edge::Unbounded | Edge::Unknown => self.end(),
        }
    }

    /// Gives the first and last point; of an end that nobody knows, what it may be.
    fn closed(self) -> (Point, Point) {
        let start = self.start().unwrap_or(Point {
            low: i64::MIN,
            high: self.end().map_or(i64::MAX, |end| end.high),
        });
        let end = self.end().unwrap_or(Point {
            low: start.low,
            high: i64::MAX,
        });
        (start, end)
    }

    /// Says whether the two have a time in common.
    pub(super) fn overlaps(self, other: Self) -> Truth {
        let ((start, end), (from, to)) = (self.closed(), other.closed());
        both(start.at_or_before(to), from.at_or_before(end))
    }

    /// Says whether all of the other is within this one.
    pub(super) fn includes(self, other: Self) -> Truth {
        let ((start, end), (from, to)) = (self.closed(), other.closed());
        both(start.at_or_before(from), to.at_or_before(end))
    }

    /// Says whether a point is within it.
    pub(super) fn contains(self, point: Option<Point>) -> Truth {
        let point = point?;
        let (start, end) = self.closed();
        both(start.at_or_before(point), point.at_or_before(end))
    }
}

/// Turns what FHIR says into points on the site's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// How far the site's clock is ahead of UTC, in milliseconds.
    pub(super) ahead: i64,
}

impl Clock {
    /// Places a time that was written with any precision.
    pub(super) fn point(self, moment: Moment) -> Point {
        match moment {
            Moment::At(at) => Point::known(at.micros().div_euclid(1_000) + self.ahead),
            Moment::Day(day) => whole(i64::from(day), i64::from(day) + 1),
            Moment::Month(month) => whole(first_of_month(month), first_of_month(month + 1)),
            Moment::Year(year) => {
                let month = (year - 1970) * 12;
                whole(first_of_month(month), first_of_month(month + 12))
            }
        }
    }

    /// Places a span: `toInterval` of QICoreCommon, but for ages, which take a birth date.
    pub(super) fn span(self, when: When) -> Option<Span> {
        let point = |moment: Option<Moment>| moment.map(|moment| self.point(moment));
        match when {
            When::At(moment) => {
                let at = self.point(moment);
                Some(Span::between(at, at))
            }
            When::Period(start, end) => Some(Span::of_period(point(start), point(end))),
            When::Unsaid | When::Age(..) => None,
        }
    }
}

/// A time between two midnights.
fn whole(from_day: i64, to_day: i64) -> Point {
    Point {
        low: from_day * DAY,
        high: to_day * DAY - 1,
    }
}

/// Gives the day that a month, counted from 1970-01, begins with.
fn first_of_month(month: i32) -> i64 {
    let (year, month) = (1970 + month.div_euclid(12), month.rem_euclid(12) + 1);
    let date = i16::try_from(year).ok().zip(i8::try_from(month).ok());
    let date = date.and_then(|(year, month)| jiff::civil::Date::new(year, month, 1).ok());
    date.map_or(0, |date| i64::from(clinical::moment::days(date)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(text: &str) -> Point {
        Clock { ahead: 0 }.point(Moment::parse(text).unwrap())
    }

    #[test]
    fn what_is_known_in_part_may_be_before_or_not() {
        for (one, other, truth) in [
            ("2025", "2026", Some(true)),
            ("2025", "2025-06", None),
            ("2025-06", "2025-06", Some(true)),
            ("2026-01-01", "2025", Some(false)),
            ("2025-12-31", "2025-12-31T10:00:00Z", None),
            ("2025-12-31", "2025-12-31T23:59:59.999Z", None),
            ("2025-12-31T00:00:00Z", "2025-12-31", None),
            ("2025", "2025-12-31", None),
            (
                "2025-12-31T09:59:59.999Z",
                "2025-12-31T10:00:00Z",
                Some(true),
            ),
            (
                "2025-12-31T10:00:00.001Z",
                "2025-12-31T10:00:00Z",
                Some(false),
            ),
        ] {
            assert_eq!(
                point(one).at_or_before(point(other)),
                truth,
                "{one} {other}"
            );
        }
        assert_eq!(point("2025-06").before(point("2025-06")), Some(false));
        let day = |text| point(text).day();
        assert_eq!(
            day("2025-12-31").at_or_before(day("2025-12-31T10:00:00Z")),
            Some(true)
        );
    }

    #[test]
    fn to_a_day_whole_days_are_added() {
        let day = point("2025-12-31");
        for (hours, wanted) in [
            (23, "2025-12-31"),
            (-23, "2025-12-31"),
            (24, "2026-01-01"),
            (-49, "2025-12-29"),
        ] {
            assert_eq!(day.plus(hours * HOUR), point(wanted), "{hours}");
        }
        assert_eq!(day.previous(), point("2025-12-30"));
        assert_eq!(day.next(), point("2026-01-01"));
        let noon = point("2025-12-31T12:00:00Z");
        assert_eq!(noon.plus(-1).next(), noon);
        assert_eq!(noon.previous(), noon.plus(-1));
    }

    #[test]
    fn the_site_decides_which_day_it_is() {
        let at = Moment::parse("2026-01-01T03:00:00Z").unwrap();
        let new_york = Clock { ahead: -5 * HOUR };
        assert_eq!(new_york.point(at).day(), point("2025-12-31").day());
    }

    #[test]
    fn a_start_that_nobody_knows_is_not_after_the_end() {
        let year = Span::between(point("2025-01-01T00:00:00Z"), point("2025-12-31T23:59:59Z"));
        let ongoing = Span::open(Some(point("2024-03-01T00:00:00Z")), None);
        assert_eq!(ongoing.overlaps(year), Some(true));
        assert_eq!(year.includes(ongoing), Some(false));
        let late = Span::of_period(None, Some(point("2024-12-31T00:00:00Z")));
        assert_eq!((late.start(), late.overlaps(year)), (None, Some(false)));
        assert_eq!(late.earliest(), late.end());
    }
}
