//! Dates and times as extracts write them, and as FHIR does.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;

use super::Problem;
use crate::source::Zone;

/// How a column writes dates.
#[derive(Clone, Debug)]
pub(super) enum Format {
    /// As ISO 8601 or HL7 v2 does, with a blank for the T or not.
    Known,
    /// By a pattern of `strftime`.
    Pattern(String),
    /// In seconds or milliseconds since 1970 in UTC; so many of them are a second.
    Epoch(i64),
    /// In minutes after a time.
    Minutes(DateTime, i16),
}

/// A date or time, as exactly as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Year(i16),
    Month(i16, i8),
    Day(Date),
    /// A local time, and its offset in minutes.
    Moment(DateTime, i16),
}

impl Format {
    pub(super) fn new(
        format: Option<&str>,
        anchor: Option<&str>,
        zone: &Zone,
        at: &str,
    ) -> Result<Self, Problem> {
        let format = match (format, anchor) {
            (Some("minutes"), Some(anchor)) => match Self::Known.read(anchor, zone) {
                Some(Known::Moment(time, offset)) => Self::Minutes(time, offset),
                _ => {
                    let what = "its anchor is no time";
                    return Err(Problem::new(at, what, "such as 2015-01-01T00:00:00Z"));
                }
            },
            (Some("minutes"), None) | (_, Some(_)) => {
                let what = "minutes need an anchor, and an anchor minutes";
                let hint = "give format = \"minutes\" and the time that they count from as anchor";
                return Err(Problem::new(at, what, hint));
            }
            (None, None) => Self::Known,
            (Some("epoch"), None) => Self::Epoch(1),
            (Some("epoch-ms"), None) => Self::Epoch(1000),
            (Some(pattern), None) => Self::Pattern(pattern.to_owned()),
        };
        if let Self::Pattern(pattern) = &format {
            let some = jiff::civil::date(2026, 3, 1).at(4, 5, 6, 0).in_tz("UTC");
            let written = some.and_then(|some| strtime::format(pattern, &some));
            if written.is_err() || !pattern.contains('%') {
                let hint = "write it as strftime does, such as \"%d.%m.%Y %H:%M\", or epoch, epoch-ms or minutes";
                return Err(Problem::new(at, "its format is none of a date", hint));
            }
        }
        Ok(format)
    }

    /// Reads a date or time; nothing where it is none.
    pub(super) fn read(&self, text: &str, zone: &Zone) -> Option<Known> {
        match self {
            Self::Known => known(text, zone),
            Self::Pattern(pattern) => by_pattern(pattern, text, zone),
            Self::Epoch(in_second) => {
                let count: i64 = text.parse().ok()?;
                let nanos =
                    i32::try_from(count.rem_euclid(*in_second) * (1_000_000_000 / in_second));
                let at = jiff::Timestamp::new(count.div_euclid(*in_second), nanos.ok()?).ok()?;
                Some(Known::Moment(
                    at.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
                    0,
                ))
            }
            Self::Minutes(anchor, offset) => {
                let minutes: i64 = text.parse().ok()?;
                let span = jiff::SignedDuration::from_secs(minutes.checked_mul(60)?);
                Some(Known::Moment(anchor.checked_add(span).ok()?, *offset))
            }
        }
    }
}

impl Known {
    /// Writes it as FHIR's `dateTime`.
    pub(super) fn date_time(self) -> String {
        match self {
            Self::Year(year) => format!("{year:04}"),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Day(date) => day(date),
            Self::Moment(time, offset) => {
                let fraction = match time.subsec_nanosecond() {
                    0 => String::new(),
                    nanos => format!(".{nanos:09}").trim_end_matches('0').to_owned(),
                };
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.unsigned_abs();
                format!(
                    "{}T{:02}:{:02}:{:02}{fraction}{sign}{:02}:{:02}",
                    day(time.date()),
                    time.hour(),
                    time.minute(),
                    time.second(),
                    minutes / 60,
                    minutes % 60
                )
            }
        }
    }

    /// Writes it as FHIR's `date`: no time of day.
    pub(super) fn date(self) -> String {
        match self {
            Self::Moment(time, _) => day(time.date()),
            other => other.date_time(),
        }
    }

    /// Writes it as FHIR's `instant`; nothing where no time of day is known.
    pub(super) fn instant(self) -> Option<String> {
        matches!(self, Self::Moment(..)).then(|| self.date_time())
    }
}

fn day(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

fn by_pattern(pattern: &str, text: &str, zone: &Zone) -> Option<Known> {
    let parsed = strtime::parse(pattern, text).ok()?;
    let Ok(time) = parsed.to_datetime() else {
        return parsed.to_date().ok().map(Known::Day);
    };
    if parsed.hour().is_none() {
        return Some(Known::Day(time.date()));
    }
    let offset = match parsed.offset() {
        Some(offset) => i16::try_from(offset.seconds() / 60).ok()?,
        None => zone.offset_minutes(time),
    };
    Some(Known::Moment(time, offset))
}

fn known(text: &str, zone: &Zone) -> Option<Known> {
    let (digits, rest) = split_digits(text);
    match (digits.len(), rest) {
        (4, "") => return Some(Known::Year(year(digits)?)),
        (4, _) => {}
        (8 | 12 | 14, "") => return compact(digits, zone),
        _ => return None,
    }
    let (month, rest) = split_digits(rest.strip_prefix('-')?);
    let (year, month) = (year(digits)?, two(month)?);
    if rest.is_empty() {
        return (1..=12)
            .contains(&month)
            .then_some(Known::Month(year, month));
    }
    let (day, rest) = split_digits(rest.strip_prefix('-')?);
    let date = Date::new(year, month, two(day)?).ok()?;
    if rest.is_empty() {
        return Some(Known::Day(date));
    }
    let (hour, rest) = split_digits(rest.strip_prefix(['T', ' '])?);
    let (minute, rest) = split_digits(rest.strip_prefix(':')?);
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => split_digits(rest),
        None => ("00", rest),
    };
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("0", rest),
    };
    let nanos: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    let time = jiff::civil::Time::new(two(hour)?, two(minute)?, two(second)?, nanos.parse().ok()?);
    let time = date.to_datetime(time.ok()?);
    let offset = match rest.trim_start() {
        "" => zone.offset_minutes(time),
        "Z" => 0,
        offset => minutes(offset)?,
    };
    Some(Known::Moment(time, offset))
}

/// Reads `YYYYMMDD`, with hours and minutes, and seconds, or without.
fn compact(digits: &str, zone: &Zone) -> Option<Known> {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(two);
    let date = Date::new(year(digits.get(..4)?)?, part(4, 6)?, part(6, 8)?).ok()?;
    if digits.len() == 8 {
        return Some(Known::Day(date));
    }
    let second = match digits.len() {
        14 => part(12, 14)?,
        _ => 0,
    };
    let time = jiff::civil::Time::new(part(8, 10)?, part(10, 12)?, second, 0).ok()?;
    let time = date.to_datetime(time);
    Some(Known::Moment(time, zone.offset_minutes(time)))
}

/// Reads `+01:00` or `-0330`.
fn minutes(offset: &str) -> Option<i16> {
    let (sign, rest) = match offset.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, offset.strip_prefix('-')?),
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (two(&digits)?, 0),
        4 => (two(digits.get(..2)?)?, two(digits.get(2..)?)?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then(|| sign * (i16::from(hours) * 60 + i16::from(minutes)))
}

fn year(digits: &str) -> Option<i16> {
    digits.parse().ok().filter(|year| *year > 0)
}

fn two(digits: &str) -> Option<i8> {
    let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_two)
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A format, a text, and the date and time that it is.
    type Case = (
        Option<&'static str>,
        &'static str,
        &'static str,
        &'static str,
    );

    const READ: &[Case] = &[
        (None, "2026", "2026", "2026"),
        (None, "2026-03", "2026-03", "2026-03"),
        (None, "2026-03-01", "2026-03-01", "2026-03-01"),
        (None, "20260301", "2026-03-01", "2026-03-01"),
        (
            None,
            "202607011430",
            "2026-07-01",
            "2026-07-01T14:30:00+02:00",
        ),
        (
            None,
            "2164-09-24 20:21:00",
            "2164-09-24",
            "2164-09-24T20:21:00+02:00",
        ),
        (
            None,
            "2026-03-01T09:05:07.120Z",
            "2026-03-01",
            "2026-03-01T09:05:07.12+00:00",
        ),
        (
            None,
            "2026-03-01 09:05 -0330",
            "2026-03-01",
            "2026-03-01T09:05:00-03:30",
        ),
        (Some("%d.%m.%Y"), "01.03.2026", "2026-03-01", "2026-03-01"),
        // The clock skips it: it is an hour after 01:30, and not before 01:45.
        (
            Some("%d.%m.%Y %H:%M"),
            "29.03.2026 02:30",
            "2026-03-29",
            "2026-03-29T02:30:00+01:00",
        ),
        (
            Some("%d.%m.%Y %H:%M"),
            "01.07.2026 14:30",
            "2026-07-01",
            "2026-07-01T14:30:00+02:00",
        ),
        (
            Some("%m/%d/%Y %I:%M %p"),
            "07/01/2026 02:30 PM",
            "2026-07-01",
            "2026-07-01T14:30:00+02:00",
        ),
        (
            Some("epoch"),
            "0",
            "1970-01-01",
            "1970-01-01T00:00:00+00:00",
        ),
        (
            Some("epoch-ms"),
            "-1",
            "1969-12-31",
            "1969-12-31T23:59:59.999+00:00",
        ),
    ];

    #[test]
    fn dates_are_read_as_they_are_written() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let read = |format: Option<&str>, text: &str| {
            let format = Format::new(format, None, &berlin, "").unwrap();
            let known = format.read(text, &berlin)?;
            Some((known.date(), known.date_time()))
        };
        for (format, text, date, time) in READ.iter().copied() {
            assert_eq!(
                read(format, text),
                Some((date.into(), time.into())),
                "{text}"
            );
        }
        for text in [
            "",
            "0000",
            "2026-13",
            "2026-02-30",
            "01.03.2026",
            "2026-03-01 25:00",
            "2026-03-01T09:05+15:00",
            "yesterday",
        ] {
            assert_eq!(read(None, text), None, "{text}");
        }
    }

    #[test]
    fn minutes_count_from_their_anchor() {
        let format = Format::new(
            Some("minutes"),
            Some("2015-01-01T00:00:00Z"),
            &Zone::UTC,
            "",
        )
        .unwrap();
        let read = |text| format.read(text, &Zone::UTC).map(Known::date_time);
        assert_eq!(read("-8").as_deref(), Some("2014-12-31T23:52:00+00:00"));
        assert_eq!(read("x"), None);
        assert_eq!(read("9223372036854775807"), None);
        for (format, anchor) in [
            (Some("minutes"), None),
            (Some("%d"), Some("2015")),
            (Some("minutes"), Some("x")),
            (Some("%"), None),
            (Some("day"), None),
        ] {
            assert!(
                Format::new(format, anchor, &Zone::UTC, "").is_err(),
                "{format:?}"
            );
        }
    }
}
