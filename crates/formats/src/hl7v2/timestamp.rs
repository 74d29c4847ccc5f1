//! HL7 v2 times: as precise as they were sent, never more.

use std::fmt;

/// Says how much of a time was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `YYYY`.
    Year,
    /// `YYYYMM`.
    Month,
    /// `YYYYMMDD`.
    Day,
    /// `YYYYMMDDHH`.
    Hour,
    /// `YYYYMMDDHHMM`.
    Minute,
    /// `YYYYMMDDHHMMSS`.
    Second,
    /// `YYYYMMDDHHMMSS.S`, with how many digits after the point.
    Fraction(u8),
}

/// A date or time as HL7 v2 writes it (DTM, DT and TS).
///
/// Parts that were not sent are not there; nothing is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    precision: Precision,
    offset_minutes: Option<i16>,
}

/// Says why bytes are not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// The form is another.
    #[error("not an HL7 time; write YYYY[MM[DD[HH[MM[SS[.S]]]]]][+ZZZZ]")]
    Form,
    /// A part is out of its range.
    #[error("the {part} is out of its range; check the digits of YYYYMMDDHHMMSS")]
    Range {
        /// Which part.
        part: &'static str,
    },
    /// The offset from UTC is not one.
    #[error("the offset is not one; write +HHMM or -HHMM, at most 14 hours")]
    Offset,
}

/// The largest offset from UTC in use anywhere, east or west.
const OFFSET_HOURS_MAX: u8 = 14;

/// More digits after the point than nanoseconds cannot be kept.
const FRACTION_DIGITS_MAX: usize = 9;

impl Timestamp {
    /// Reads a time; white space around it is ignored.
    ///
    /// # Errors
    ///
    /// Says what is wrong if the bytes are not a time or name one that does not exist.
    pub fn parse(bytes: &[u8]) -> Result<Self, TimestampError> {
        let bytes = bytes.trim_ascii();
        let sign = bytes.iter().position(|byte| matches!(byte, b'+' | b'-'));
        let (time, offset) = bytes.split_at(sign.unwrap_or(bytes.len()));
        let offset_minutes = match offset.split_first() {
            None => None,
            Some((sign, digits)) => Some(parse_offset(*sign, digits)?),
        };
        let point = time.iter().position(|&byte| byte == b'.');
        let (whole, fraction) = time.split_at(point.unwrap_or(time.len()));
        let mut this = Self::parse_whole(whole)?;
        if let Some((_, digits)) = fraction.split_first() {
            this.set_fraction(digits)?;
        }
        if offset_minutes.is_some() && this.precision < Precision::Hour {
            return Err(TimestampError::Offset);
        }
        this.offset_minutes = offset_minutes;
        Ok(this)
    }

    /// Returns how much of the time was sent.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the year.
    #[must_use]
    pub fn year(&self) -> u16 {
        self.year
    }

    /// Returns the month, from 1.
    #[must_use]
    pub fn month(&self) -> Option<u8> {
        self.sent(Precision::Month, self.month)
    }

    /// Returns the day of the month, from 1.
    #[must_use]
    pub fn day(&self) -> Option<u8> {
        self.sent(Precision::Day, self.day)
    }

    /// Returns the hour.
    #[must_use]
    pub fn hour(&self) -> Option<u8> {
        self.sent(Precision::Hour, self.hour)
    }

    /// Returns the minute.
    #[must_use]
    pub fn minute(&self) -> Option<u8> {
        self.sent(Precision::Minute, self.minute)
    }

    /// Returns the second.
    #[must_use]
    pub fn second(&self) -> Option<u8> {
        self.sent(Precision::Second, self.second)
    }

    /// Returns the part of a second after the point, in nanoseconds.
    #[must_use]
    pub fn nanosecond(&self) -> Option<u32> {
        self.sent(Precision::Fraction(0), self.nanosecond)
    }

    /// Returns the offset from UTC in minutes, east positive.
    #[must_use]
    pub fn offset_minutes(&self) -> Option<i16> {
        self.offset_minutes
    }

    fn sent<Part>(&self, needed: Precision, part: Part) -> Option<Part> {
        (self.precision >= needed).then_some(part)
    }

    fn parse_whole(digits: &[u8]) -> Result<Self, TimestampError> {
        let precision = match digits.len() {
            4 => Precision::Year,
            6 => Precision::Month,
            8 => Precision::Day,
            10 => Precision::Hour,
            12 => Precision::Minute,
            14 => Precision::Second,
            _ => return Err(TimestampError::Form),
        };
        let mut pairs = [0_u8; 7];
        for (pair, text) in pairs.iter_mut().zip(digits.chunks_exact(2)) {
            *pair = two_digits(text).ok_or(TimestampError::Form)?;
        }
        let [century, years, month, day, hour, minute, second] = pairs;
        let year = u16::from(century) * 100 + u16::from(years);
        let days = days_in_month(year, month);
        let ranges = [
            (Precision::Month, "month", (1..=12).contains(&month)),
            (Precision::Day, "day", (1..=days).contains(&day)),
            (Precision::Hour, "hour", hour < 24),
            (Precision::Minute, "minute", minute < 60),
            (Precision::Second, "second", second < 60),
        ];
        for (needed, part, is_in_range) in ranges {
            if precision >= needed && !is_in_range {
                return Err(TimestampError::Range { part });
            }
        }
        if year == 0 {
            return Err(TimestampError::Range { part: "year" });
        }
        Ok(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond: 0,
            precision,
            offset_minutes: None,
        })
    }

    fn set_fraction(&mut self, digits: &[u8]) -> Result<(), TimestampError> {
        let is_number = digits.iter().all(u8::is_ascii_digit);
        let fits = (1..=FRACTION_DIGITS_MAX).contains(&digits.len());
        if self.precision != Precision::Second || !is_number || !fits {
            return Err(TimestampError::Form);
        }
        let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
        self.nanosecond = padded
            .take(FRACTION_DIGITS_MAX)
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        self.precision = Precision::Fraction(u8::try_from(digits.len()).unwrap_or_default());
        Ok(())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}", self.year)?;
        let parts = [
            self.month(),
            self.day(),
            self.hour(),
            self.minute(),
            self.second(),
        ];
        for part in parts.into_iter().flatten() {
            write!(formatter, "{part:02}")?;
        }
        if let Precision::Fraction(digits) = self.precision {
            let dropped = FRACTION_DIGITS_MAX.saturating_sub(usize::from(digits));
            let scale = (0..dropped).fold(1, |scale, _| scale * 10);
            let width = usize::from(digits);
            write!(formatter, ".{:0width$}", self.nanosecond / scale)?;
        }
        if let Some(offset) = self.offset_minutes {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            write!(formatter, "{sign}{:02}{:02}", minutes / 60, minutes % 60)?;
        }
        Ok(())
    }
}

/// Reads `ZZZZ`, or the `ZZ` that some senders write.
fn parse_offset(sign: u8, digits: &[u8]) -> Result<i16, TimestampError> {
    let (hours, minutes) = match digits.len() {
        2 => (two_digits(digits), Some(0)),
        4 => {
            let (hours, minutes) = digits.split_at(2);
            (two_digits(hours), two_digits(minutes))
        }
        _ => (None, None),
    };
    let (Some(hours), Some(minutes)) = (hours, minutes) else {
        return Err(TimestampError::Offset);
    };
    let is_over = hours > OFFSET_HOURS_MAX || (hours == OFFSET_HOURS_MAX && minutes > 0);
    if is_over || minutes > 59 {
        return Err(TimestampError::Offset);
    }
    let total = i16::from(hours) * 60 + i16::from(minutes);
    Ok(if sign == b'-' { -total } else { total })
}

fn two_digits(text: &[u8]) -> Option<u8> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

fn days_in_month(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "expect![] is passed as it is made"
    )]
    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&match Timestamp::parse(text.as_bytes()) {
            Ok(time) => format!("{time} {:?}", time.precision()),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn precision_and_offset_are_kept() {
        check("2026", expect!["2026 Year"]);
        check("202602", expect!["202602 Month"]);
        check("20240229", expect!["20240229 Day"]);
        check("2026022813", expect!["2026022813 Hour"]);
        check("202602281359", expect!["202602281359 Minute"]);
        check("20260228135901", expect!["20260228135901 Second"]);
        check(
            "20260228135901.0250-0500",
            expect!["20260228135901.0250-0500 Fraction(4)"],
        );
        check("202602281359+01", expect!["202602281359+0100 Minute"]);
        check("202602281359-0330", expect!["202602281359-0330 Minute"]);
        check(" 20260228 ", expect!["20260228 Day"]);
    }

    #[test]
    fn what_is_no_time_says_why() {
        let form = expect!["not an HL7 time; write YYYY[MM[DD[HH[MM[SS[.S]]]]]][+ZZZZ]"];
        for text in [
            "",
            "202",
            "2026-02-28",
            "2026022813590",
            "20260228135901.",
            "2026x2",
            "20260228.5",
        ] {
            let error = Timestamp::parse(text.as_bytes()).map(|time| time.to_string());
            assert!(error.is_err(), "{text}");
        }
        check("20", form);
        check(
            "20260229",
            expect!["the day is out of its range; check the digits of YYYYMMDDHHMMSS"],
        );
        check(
            "202613",
            expect!["the month is out of its range; check the digits of YYYYMMDDHHMMSS"],
        );
        check(
            "2026010124",
            expect!["the hour is out of its range; check the digits of YYYYMMDDHHMMSS"],
        );
        check(
            "0000",
            expect!["the year is out of its range; check the digits of YYYYMMDDHHMMSS"],
        );
        check(
            "2026010112+1430",
            expect!["the offset is not one; write +HHMM or -HHMM, at most 14 hours"],
        );
        check(
            "2026010112+1",
            expect!["the offset is not one; write +HHMM or -HHMM, at most 14 hours"],
        );
    }

    proptest! {
        #[test]
        fn a_time_is_written_as_it_was_read(text in "(19|20)[0-9]{2}((0[1-9]|1[0-2])((0[1-9]|1[0-9]|2[0-8])([01][0-9]([0-5][0-9]([0-5][0-9](\\.[0-9]{1,9})?)?([+-]0[0-9][0-5][0-9])?)?)?)?)?") {
            let time = Timestamp::parse(text.as_bytes());
            prop_assert_eq!(time.map(|time| time.to_string()), Ok(text.replace("-0000", "+0000")));
        }

        #[test]
        fn any_bytes_are_a_time_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..30)) {
            if let Ok(time) = Timestamp::parse(&bytes) {
                prop_assert_eq!(Timestamp::parse(time.to_string().as_bytes()), Ok(time));
            }
        }
    }
}
