//! Moments as devices write them, in microseconds since 1970 in UTC.

use crate::hl7v2::{Precision, Timestamp};

const MICROS_A_SECOND: i64 = 1_000_000;

/// Reads RFC 3339, with an offset or `Z`; nothing where it is no moment or has no offset.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.splitn(3, '-');
    let mut part = |digits: usize| {
        let part = parts.next()?;
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i64>().ok())?
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let (time, offset) = split_offset(rest.strip_prefix(['T', 't', ' '])?)?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = whole.splitn(3, ':');
    let mut part = || {
        let part = parts.next()?;
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i64>().ok())?
    };
    let (hour, minute, second) = (part()?, part()?, part()?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range || year == 0 {
        return None;
    }
    let seconds = days_before(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds - offset * 60) * MICROS_A_SECOND + micros(fraction)?)
}

/// The moment of an HL7 v2 time; one that does not say its offset is read with this one, in minutes.
pub(super) fn of(time: &Timestamp, offset: i16) -> Option<i64> {
    if time.precision() < Precision::Minute {
        return None;
    }
    let (month, day) = (time.month()?.into(), time.day()?.into());
    let days = days_before(time.year().into(), month, day);
    let minutes = i64::from(time.hour()?) * 60 + i64::from(time.minute()?)
        - i64::from(time.offset_minutes().unwrap_or(offset));
    let seconds = days * 86_400 + minutes * 60 + i64::from(time.second().unwrap_or(0));
    Some(seconds * MICROS_A_SECOND + i64::from(time.nanosecond().unwrap_or(0) / 1_000))
}

/// The time and its offset in minutes.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let (time, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (sign, offset) = match offset.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    let in_range = hours <= 14 && minutes < 60;
    in_range.then(|| (time, sign * (i64::from(hours) * 60 + i64::from(minutes))))
}

/// The microseconds of digits behind the point; what is finer is left out.
fn micros(fraction: &str) -> Option<i64> {
    let mut micros = 0;
    let mut worth = 100_000;
    for digit in fraction.bytes() {
        if !digit.is_ascii_digit() {
            return None;
        }
        micros += i64::from(digit - b'0') * worth;
        worth /= 10;
    }
    Some(micros)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years are counted from March, so that the leap day is the last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_where_its_offset_puts_it() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-03-01T09:00:00Z"), Some(1_772_355_600_000_000));
        assert_eq!(
            parse("2026-03-01T10:00:00.25+01:00"),
            Some(1_772_355_600_250_000)
        );
        assert_eq!(
            parse("2026-02-28T23:59:59.9999999-05:00"),
            parse("2026-03-01T04:59:59.999999Z")
        );
        assert_eq!(
            parse("2024-02-29T00:00:00Z").map(|at| at % 86_400_000_000),
            Some(0)
        );
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2026-03-01",
            "2026-03-01T09:00:00",
            "2026-02-29T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-01T09:00Z",
            "2026-03-01T09:00:00+15:00",
            "2026-03-01T09:00:00.xZ",
            "é026-03-01T09:00:00Z",
            "2026-03-01T09:00:00é+1:00",
            "+026-03-01T09:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_of_hl7_takes_its_own_offset_before_the_given_one() {
        let at =
            |text: &str, offset| of(&Timestamp::parse(text.as_bytes()).expect("a time"), offset);
        assert_eq!(
            at("20260301100000.250+0100", 0),
            Some(1_772_355_600_250_000)
        );
        assert_eq!(at("202603011000", 60), Some(1_772_355_600_000_000));
        assert_eq!(at("20260301", 0), None);
    }
}
