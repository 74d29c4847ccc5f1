//! Times as FHIR writes them: a moment, or only a day, a month or a year; and spans of them.

use crate::EventTime;

/// A time, as precise as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A moment.
    At(EventTime),
    /// A day of whoever wrote it, counted from 1970-01-01.
    Day(i32),
    /// A month, counted from 1970-01.
    Month(i32),
    /// A year.
    Year(i32),
}

impl Moment {
    /// Reads a FHIR date, dateTime or instant; nothing where a time of day has no offset, since none is made up.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('T') {
            return EventTime::parse(text).map(Self::At);
        }
        let mut parts = text.split('-');
        let year = digits(parts.next()?, 4)?;
        let Some(month) = parts.next() else {
            return Some(Self::Year(year));
        };
        let month = digits(month, 2).filter(|month| (1..=12).contains(month))?;
        let Some(day) = parts.next() else {
            return Some(Self::Month((year - 1970) * 12 + month - 1));
        };
        let part = |value: i32| i8::try_from(value).ok();
        let date = jiff::civil::Date::new(
            i16::try_from(year).ok()?,
            part(month)?,
            part(digits(day, 2)?)?,
        );
        parts.next().is_none().then_some(())?;
        Some(Self::Day(days(date.ok()?)))
    }
}

fn digits(text: &str, count: usize) -> Option<i32> {
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok())?
}

/// Counts the days from 1970-01-01 to a date.
pub fn days(date: jiff::civil::Date) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = date.duration_since(epoch).as_hours().div_euclid(24);
    i32::try_from(days).expect("a year has four digits")
}

/// When something was, in one of the shapes that FHIR allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// It is not said.
    #[default]
    Unsaid,
    /// At one time.
    At(Moment),
    /// From one time to another; either may be left open.
    Period(Option<Moment>, Option<Moment>),
    /// While the patient was of an age, from the first to the end of the last.
    Age(Age, Age),
}

/// An age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// How many.
    pub count: i32,
    /// Of what.
    pub unit: AgeUnit,
}

/// What an age is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeUnit {
    /// Years.
    Year,
    /// Months.
    Month,
    /// Weeks.
    Week,
    /// Days.
    Day,
}

impl AgeUnit {
    /// All of them; the place is the number in stored state.
    pub const ALL: [Self; 4] = [Self::Year, Self::Month, Self::Week, Self::Day];

    /// Reads a UCUM code.
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "a" => Some(Self::Year),
            "mo" => Some(Self::Month),
            "wk" => Some(Self::Week),
            "d" => Some(Self::Day),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_precise_as_it_was_written() {
        let at = EventTime::parse("2025-03-01T10:00:00.5Z").unwrap();
        for (text, moment) in [
            ("2025", Some(Moment::Year(2025))),
            ("2025-03", Some(Moment::Month(662))),
            ("1970-01-01", Some(Moment::Day(0))),
            ("1969-12-31", Some(Moment::Day(-1))),
            ("2025-03-01", Some(Moment::Day(20_148))),
            ("2025-03-01T10:00:00.500Z", Some(Moment::At(at))),
            ("2025-03-01T11:00:00.5+01:00", Some(Moment::At(at))),
            ("2025-03-01T11:00:00", None),
            ("2025-13", None),
            ("2025-02-29", None),
            ("2025-3-1", None),
            ("2025-03-01-01", None),
            ("25", None),
            ("", None),
        ] {
            assert_eq!(Moment::parse(text), moment, "{text}");
        }
    }
}
