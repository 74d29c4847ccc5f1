//! A measurement period, and how old a patient is at a time.

use clinical::{EventTime, Moment};
use jiff::civil::{Date, date};
use jiff::{Span as Length, ToSpan};

use super::time::{Clock, DAY, Point, Span};

/// The calendar year that is measured, on the site's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasurementPeriod {
    year: i16,
    clock: Clock,
}

impl MeasurementPeriod {
    /// Takes a year on a clock that is this many seconds ahead of UTC; nothing where there is no such year.
    pub fn of_year(year: i16, utc_offset_seconds: i32) -> Option<Self> {
        (1900..=9000).contains(&year).then_some(Self {
            year,
            clock: Clock {
                ahead: i64::from(utc_offset_seconds) * 1_000,
            },
        })
    }

    /// Gives the year that a time is in.
    pub fn around(at: EventTime, utc_offset_seconds: i32) -> Option<Self> {
        let local = at.micros() / 1_000_000 + i64::from(utc_offset_seconds);
        let day = jiff::Timestamp::from_second(local).ok()?;
        Self::of_year(
            day.to_zoned(jiff::tz::TimeZone::UTC).year(),
            utc_offset_seconds,
        )
    }

    /// Gives the year.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// Gives the year before it.
    #[must_use]
    pub const fn before(self) -> Self {
        Self {
            year: self.year - 1,
            clock: self.clock,
        }
    }

    /// Gives when it begins.
    pub fn begins(self) -> EventTime {
        self.moment(self.start())
    }

    /// Gives when the next one begins.
    pub fn ends(self) -> EventTime {
        self.moment(self.end().next())
    }

    fn moment(self, point: Point) -> EventTime {
        EventTime::from_micros((point.low - self.clock.ahead) * 1_000)
    }

    pub(super) const fn clock(self) -> Clock {
        self.clock
    }

    pub(super) fn first_day(self) -> Date {
        date(self.year, 1, 1)
    }

    pub(super) fn last_day(self) -> Date {
        date(self.year, 12, 31)
    }

    /// Its first millisecond.
    pub(super) fn start(self) -> Point {
        midnight(self.first_day())
    }

    /// Its last millisecond.
    pub(super) fn end(self) -> Point {
        midnight(self.last_day()).plus(DAY - 1)
    }

    /// All of it.
    pub(super) fn span(self) -> Span {
        Span::between(self.start(), self.end())
    }

    /// All of it, in days.
    pub(super) fn days(self) -> Span {
        self.span().days()
    }

    /// From so many years before its start to its end, in days.
    pub(super) fn days_from_years_before(self, years: i16) -> Span {
        let start = midnight(date(self.year - years, 1, 1));
        Span::between(start, self.end()).days()
    }
}

/// Gives the first millisecond of a day.
pub(super) fn midnight(day: Date) -> Point {
    Point::known(i64::from(clinical::moment::days(day)) * DAY)
}

/// Ages that a patient may have at a time: one where the day of birth is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AgeYears {
    least: i32,
    most: i32,
}

impl AgeYears {
    /// Counts the whole years from birth to a day.
    pub(super) fn at(born: Option<Moment>, day: Date) -> Option<Self> {
        let (first, last) = birth_days(born?)?;
        Some(Self {
            least: whole_years(last, day),
            most: whole_years(first, day),
        })
    }

    /// Says whether it is known to be from one age to another.
    pub(super) const fn is_in(self, least: i32, most: i32) -> bool {
        self.least >= least && self.most <= most
    }

    /// Says whether it is known to be at least an age.
    pub(super) const fn is_least(self, age: i32) -> bool {
        self.least >= age
    }

    /// Says whether it is known to be under an age.
    pub(super) const fn is_under(self, age: i32) -> bool {
        self.most < age
    }

    /// Gives the age where there is only one.
    pub(super) fn exact(self) -> Option<i32> {
        (self.least == self.most).then_some(self.least)
    }
}

/// Gives the first and last day on which the patient may have been born.
fn birth_days(born: Moment) -> Option<(Date, Date)> {
    let utc = Clock { ahead: 0 };
    let point = utc.point(born);
    Some((civil(point.low)?, civil(point.high)?))
}

/// Gives the day that a time on the site's clock is on.
pub(super) fn civil(milliseconds: i64) -> Option<Date> {
    let days = i32::try_from(milliseconds.div_euclid(DAY)).ok()?;
    date(1970, 1, 1).checked_add(days.days()).ok()
}

/// Gives the day on which a patient reaches an age.
pub(super) fn reaches(born: Option<Moment>, age: clinical::Age) -> Option<Date> {
    let (day, _) = birth_days(born?)?;
    let length = match age.unit {
        clinical::AgeUnit::Year => Length::new().try_years(age.count),
        clinical::AgeUnit::Month => Length::new().try_months(age.count),
        clinical::AgeUnit::Week => Length::new().try_weeks(age.count),
        clinical::AgeUnit::Day => Length::new().try_days(age.count),
    };
    day.checked_add(length.ok()?).ok()
}

fn whole_years(born: Date, day: Date) -> i32 {
    let years = i32::from(day.year()) - i32::from(born.year());
    // Who was born on 29 February is a year older on 1 March, as CQL counts.
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    years - i32::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_known_as_far_as_the_birth_date_is() {
        let at = |born: &str, day| AgeYears::at(Moment::parse(born), day);
        let end = date(2025, 12, 31);
        assert!(at("2007-12-31", end).is_some_and(|age| age.is_in(18, 75)));
        assert!(!at("2008-01-01", end).is_some_and(|age| age.is_in(18, 75)));
        assert!(at("2007", end).is_some_and(|age| age.is_least(18)));
        let unsure = at("2007", date(2025, 6, 1)).expect("a year is given");
        assert!(!unsure.is_least(18) && !unsure.is_under(18));
        assert_eq!(unsure.exact(), None);
        let leap = at("2004-02-29", date(2025, 2, 28)).and_then(AgeYears::exact);
        assert_eq!(leap, Some(20));
        assert_eq!(at("", end), None);
    }

    #[test]
    fn a_period_is_a_year_on_the_clock_of_the_site() {
        let year = MeasurementPeriod::of_year(2025, -5 * 3600).expect("there is such a year");
        assert_eq!(year.begins().to_string(), "2025-01-01T05:00:00Z");
        assert_eq!(year.ends().to_string(), "2026-01-01T05:00:00Z");
        let inside = EventTime::parse("2026-01-01T04:59:59Z").expect("it is a time");
        assert_eq!(MeasurementPeriod::around(inside, -5 * 3600), Some(year));
        assert_eq!(MeasurementPeriod::of_year(1899, 0), None);
        assert!(MeasurementPeriod::of_year(1900, 0).is_some());
        assert!(MeasurementPeriod::of_year(9000, 0).is_some());
        assert_eq!(MeasurementPeriod::of_year(9001, 0), None);
    }
}
