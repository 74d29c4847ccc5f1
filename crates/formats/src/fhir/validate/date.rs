//! Dates and times as FHIR writes them: real days, and which of two comes first.

use std::cmp::Ordering;

/// How exactly a moment is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    Year,
    Month,
    Day,
    /// To the second or better, with its offset.
    Second,
}

/// Compares two dates or times as FHIR writes them; nothing where one of them is none, or not known as exactly as the other.
pub fn compare(first: &str, second: &str) -> Option<Ordering> {
    Moment::parse(first)?.compare(&Moment::parse(second)?)
}

/// A date or time, as exactly as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment<'t> {
    pub(super) precision: Precision,
    /// Year, month and day; what is not known is 0.
    date: [u16; 3],
    /// Seconds since the year 0 began, in UTC.
    seconds: i64,
    fraction: &'t [u8],
}

impl<'t> Moment<'t> {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss[.f]offset`.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (year, rest) = digits::<4>(text.as_bytes())?;
        let mut moment = Self {
            precision: Precision::Year,
            date: [year, 0, 0],
            seconds: 0,
            fraction: &[],
        };
        if year == 0 {
            return None;
        }
        let [b'-', rest @ ..] = rest else {
            return rest.is_empty().then_some(moment);
        };
        let (month, rest) = digits::<2>(rest)?;
        (moment.precision, moment.date) = (Precision::Month, [year, month, 0]);
        if !(1..=12).contains(&month) {
            return None;
        }
        let [b'-', rest @ ..] = rest else {
            return rest.is_empty().then_some(moment);
        };
        let (day, rest) = digits::<2>(rest)?;
        (moment.precision, moment.date) = (Precision::Day, [year, month, day]);
        if day == 0 || day > days_in(year, month) {
            return None;
        }
        let [b'T', rest @ ..] = rest else {
            return rest.is_empty().then_some(moment);
        };
        let (of_day, fraction, rest) = time(rest)?;
        moment.precision = Precision::Second;
        moment.seconds = days_before(moment.date) * 86_400 + of_day - offset(rest)?;
        moment.fraction = fraction;
        Some(moment)
    }

    /// Says which is earlier, where both are known exactly enough.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.precision == Precision::Second && other.precision == Precision::Second {
            let seconds = self.seconds.cmp(&other.seconds);
            let fraction = significant(self.fraction).cmp(significant(other.fraction));
            return Some(seconds.then(fraction));
        }
        let known = |moment: &Self| moment.date.iter().take_while(|part| **part > 0).count();
        let count = known(self).min(known(other));
        match self.date.get(..count)?.cmp(other.date.get(..count)?) {
            Ordering::Equal if self.precision != other.precision => None,
            order => Some(order),
        }
    }
}

/// Whether a text is a time of day.
pub(super) fn is_time(text: &str) -> bool {
    time(text.as_bytes()).is_some_and(|(_, _, rest)| rest.is_empty())
}

/// Reads `hh:mm:ss[.f]` as seconds, and the digits of the fraction.
fn time(bytes: &[u8]) -> Option<(i64, &[u8], &[u8])> {
    let (hour, rest) = digits::<2>(bytes)?;
    let (minute, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    let (second, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    // A leap second is the 60th.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let [b'.', rest @ ..] = rest else {
        return Some((seconds, &[], rest));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = rest.split_at(length);
    (length > 0).then_some((seconds, fraction, rest))
}

/// Reads `Z` or `+hh:mm`, at most fourteen hours, as seconds.
fn offset(bytes: &[u8]) -> Option<i64> {
    let (sign, rest) = match bytes {
        [b'Z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits::<2>(rest)?;
    let (minutes, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    let fits = minutes < 60 && hours * 60 + minutes <= 14 * 60 && rest.is_empty();
    fits.then_some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

fn digits<const N: usize>(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let mut number = 0;
    for byte in first {
        number = number * 10 + digit(byte)?;
    }
    Some((number, rest))
}

/// The digits of a fraction up to its last zeros.
fn significant(fraction: &[u8]) -> &[u8] {
    let zeros = fraction
        .iter()
        .rev()
        .take_while(|digit| **digit == b'0')
        .count();
    fraction.get(..fraction.len() - zeros).unwrap_or_default()
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in(year: u16, month: u16) -> u16 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the year 0 began.
fn days_before([year, month, day]: [u16; 3]) -> i64 {
    let before = i64::from(year) - 1;
    let leaps = before / 4 - before / 100 + before / 400;
    let months: u16 = (1..month).map(|month| days_in(year, month)).sum();
    before * 365 + leaps + i64::from(months) + i64::from(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_days_are_dates() {
        for right in [
            "2024",
            "2024-12",
            "2024-02-29",
            "1905-08-23",
            "2000-02-29",
            "9999-12-31",
        ] {
            assert!(Moment::parse(right).is_some(), "{right}");
        }
        for wrong in [
            "",
            "24",
            "0000",
            "2024-00",
            "2024-13",
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-1-1",
            "2024-01-00",
            "2024-01-01 ",
            "20240101",
            "2024-01-01T",
            "2024-01-01T10:00",
            "2024-01-01T10:00:00",
            "2024-01-01T24:00:00Z",
            "2024-01-01T10:60:00Z",
            "2024-01-01T10:00:00+14:01",
            "2024-01-01T10:00:00.Z",
            "2024-01-01T10:00:00+1:00",
        ] {
            assert!(Moment::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn moments_are_in_order_where_they_are_known_exactly_enough() {
        let order = |a: &str, b: &str| {
            Moment::parse(a)
                .unwrap()
                .compare(&Moment::parse(b).unwrap())
        };
        assert_eq!(
            order("2024-01-01T00:00:00+02:00", "2023-12-31T22:00:00Z"),
            Some(Ordering::Equal)
        );
        assert_eq!(
            order("2024-01-01T00:00:00Z", "2023-12-31T22:00:00-05:00"),
            Some(Ordering::Less)
        );
        assert_eq!(
            order("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.25Z"),
            Some(Ordering::Greater)
        );
        assert_eq!(
            order("2024-01-01T00:00:00.50Z", "2024-01-01T00:00:00.5Z"),
            Some(Ordering::Equal)
        );
        assert_eq!(order("2024", "2024-05"), None);
        assert_eq!(order("2024", "2025-05"), Some(Ordering::Less));
        assert_eq!(order("2024-02-01", "2024-01"), Some(Ordering::Greater));
        assert_eq!(order("2024-02-01", "2024-02-01T10:00:00Z"), None);
        assert_eq!(order("2024-03-01", "2024-03-01"), Some(Ordering::Equal));
    }

    #[test]
    fn times_of_day() {
        assert!(is_time("23:59:60") && is_time("00:00:00.001"));
        assert!(!is_time("24:00:00") && !is_time("10:00") && !is_time("10:00:00Z"));
    }
}
