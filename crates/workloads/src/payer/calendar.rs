//! Spans of hours and of days, in the payer's zone.

use clinical::EventTime;
use clinical::payer::{Day, Stated};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::config::hours;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// So many seconds.
    Seconds(u32),
    /// So many hours that pass, whatever clocks are changed.
    Hours(u32),
    /// Until the end of the day so many days after.
    CalendarDays(u32),
    /// The same, of days that are neither of a weekend nor holidays.
    BusinessDays(u32),
}

impl Span {
    /// Reads an amount and its unit.
    pub(crate) fn parse(amount: &str, unit: &str) -> Option<Self> {
        let amount = amount.parse().ok()?;
        match unit {
            "seconds" => Some(Self::Seconds(amount)),
            "hours" => Some(Self::Hours(amount)),
            "calendar-days" => Some(Self::CalendarDays(amount)),
            "business-days" => Some(Self::BusinessDays(amount)),
            _ => None,
        }
    }

    /// Says it in words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Seconds(amount) => format!("{amount} seconds"),
            Self::Hours(amount) => format!("{amount} hours"),
            Self::CalendarDays(amount) => format!("{amount} calendar days"),
            Self::BusinessDays(amount) => format!("{amount} business days"),
        }
    }
}

/// Days as one payer counts them.
pub(crate) struct Calendar<'a> {
    pub(crate) zone: &'a TimeZone,
    pub(crate) holidays: &'a [Date],
}

impl Calendar<'_> {
    /// Gives the last moment of a span.
    pub(crate) fn end(&self, from: EventTime, span: Span) -> EventTime {
        match span {
            Span::Seconds(amount) => from.plus(std::time::Duration::from_secs(amount.into())),
            Span::Hours(amount) => from.plus(hours(u64::from(amount))),
            Span::CalendarDays(amount) => self.end_of(add(self.date(from), amount)),
            Span::BusinessDays(amount) => {
                let mut date = self.date(from);
                let mut left = amount;
                while left > 0 && date < Date::MAX {
                    date = add(date, 1);
                    left -= u32::from(self.is_business(date));
                }
                self.end_of(date)
            }
        }
    }

    /// Gives when something was, the beginning of a day that has no time.
    pub(crate) fn moment(&self, stated: Stated) -> EventTime {
        match stated {
            Stated::Moment(moment) => moment,
            Stated::Day(day) => self.start_of(date_of(day)),
        }
    }

    /// Gives the beginning of a day.
    pub(crate) fn start(&self, day: Day) -> EventTime {
        self.start_of(date_of(day))
    }

    /// Gives the day of a moment.
    pub(crate) fn day(&self, at: EventTime) -> Day {
        Day::try_from(self.date(at).duration_since(EPOCH).as_hours() / 24).unwrap_or_default()
    }

    /// Gives the last day of the month of a day.
    pub(crate) fn end_of_month(&self, day: Day) -> Day {
        let last = date_of(day).last_of_month();
        Day::try_from(last.duration_since(EPOCH).as_hours() / 24).unwrap_or(day)
    }

    /// Writes a moment to the minute, as it is on a clock there.
    pub(crate) fn words(&self, at: EventTime) -> String {
        let moment = timestamp(at).to_zoned(self.zone.clone());
        moment.strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    fn is_business(&self, date: Date) -> bool {
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && self.holidays.binary_search(&date).is_err()
    }

    fn date(&self, at: EventTime) -> Date {
        timestamp(at).to_zoned(self.zone.clone()).date()
    }

    fn start_of(&self, date: Date) -> EventTime {
        let start = date.to_zoned(self.zone.clone());
        let micros = start.map_or(i64::MAX, |start| start.timestamp().as_microsecond());
        EventTime::from_micros(micros)
    }

    /// The last microsecond of a day.
    fn end_of(&self, date: Date) -> EventTime {
        EventTime::from_micros(self.start_of(add(date, 1)).micros().saturating_sub(1))
    }
}

/// Writes a day.
pub fn day_words(day: Day) -> String {
    date_of(day).to_string()
}

/// Reads a day.
pub fn parse_day(text: &str) -> Option<Day> {
    let date: Date = text.parse().ok()?;
    Day::try_from(date.duration_since(EPOCH).as_hours() / 24).ok()
}

fn date_of(day: Day) -> Date {
    EPOCH.checked_add(day.days()).unwrap_or(Date::MAX)
}

fn add(date: Date, days: u32) -> Date {
    date.checked_add(i64::from(days).days())
        .unwrap_or(Date::MAX)
}

fn timestamp(at: EventTime) -> Timestamp {
    Timestamp::from_microsecond(at.micros()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(zone: &str, from: &str, span: Span) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let holidays = [jiff::civil::date(2026, 5, 25)];
        let calendar = Calendar {
            zone: &zone,
            holidays: &holidays,
        };
        let end = calendar.end(EventTime::parse(from).unwrap(), span);
        calendar.words(end)
    }

    #[test]
    fn hours_pass_through_a_change_of_clocks() {
        let from = "2026-03-07T12:00:00-05:00";
        assert_eq!(
            end("America/New_York", from, Span::Hours(72)),
            "2026-03-10 13:00 EDT"
        );
    }

    #[test]
    fn days_end_in_the_payers_zone() {
        let from = "2026-03-02T03:00:00Z";
        assert_eq!(
            end("America/New_York", from, Span::CalendarDays(7)),
            "2026-03-08 23:59 EDT"
        );
        assert_eq!(
            end("UTC", from, Span::CalendarDays(7)),
            "2026-03-09 23:59 UTC"
        );
    }

    #[test]
    fn business_days_leave_out_weekends_and_holidays() {
        let friday = "2026-05-22T15:00:00Z";
        assert_eq!(
            end("UTC", friday, Span::BusinessDays(2)),
            "2026-05-27 23:59 UTC"
        );
    }
}
