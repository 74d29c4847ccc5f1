//! Three clocks that must not be mixed: when it was true, when it was written down, when it reached us.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use jiff::civil::{Date, DateTime};

/// Marks a time at which something was true of the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Effective;
/// Marks a time at which a person or a device stored something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Recorded;
/// Marks a time at which this platform accepted something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Received;

/// When it was true of the patient: the specimen taken, the vital sign observed.
pub type EventTime = Time<Effective>;
/// When a person or a device stored it.
pub type RecordedTime = Time<Recorded>;
/// When this platform accepted it.
pub type ReceivedTime = Time<Received>;

/// A moment, in microseconds since 1970-01-01T00:00:00Z, on the clock that `K` names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time<K>(i64, PhantomData<K>);

impl<K> Time<K> {
    /// Takes microseconds since the epoch in UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros, PhantomData)
    }

    /// Gives microseconds since the epoch in UTC.
    pub const fn micros(self) -> i64
    where
        K: Copy,
    {
        self.0
    }

    /// Reads RFC 3339 with an offset or `Z`; the offset only decides the moment.
    pub fn parse(text: &str) -> Option<Self> {
        match text.parse::<jiff::Timestamp>() {
            Ok(at) => Some(Self::from_micros(at.as_microsecond())),
            Err(_) => at_either_end(text),
        }
    }

    /// Gives the moment of a local time whose clock is so many seconds ahead of UTC, to the microsecond: of what the offset puts
    /// before or after all years of four digits, the first or the last moment of these.
    pub fn of_local(local: DateTime, seconds_ahead: i32) -> Self {
        let moment = micros_of(local) - i64::from(seconds_ahead) * MICROS_OF_SECOND;
        Self::from_micros(moment.clamp(micros_of(FIRST), micros_of(DateTime::MAX)))
    }

    /// Gives the moment this much later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self
    where
        K: Copy,
    {
        Self::from_micros(self.0.saturating_add(micros(span)))
    }

    /// Gives the moment this much earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self
    where
        K: Copy,
    {
        Self::from_micros(self.0.saturating_sub(micros(span)))
    }

    /// Gives the second that it is of, as people write a time.
    #[must_use]
    pub fn to_second(self) -> Self
    where
        K: Copy,
    {
        let second = self.0.div_euclid(MICROS_OF_SECOND);
        Self::from_micros(second.saturating_mul(MICROS_OF_SECOND))
    }

    /// Gives the time passed since `earlier`, or nothing when that is later.
    pub fn since(self, earlier: Self) -> Option<Duration>
    where
        K: Copy,
    {
        u64::try_from(self.0.checked_sub(earlier.0)?)
            .ok()
            .map(Duration::from_micros)
    }
}

const MICROS_OF_SECOND: i64 = 1_000_000;
const MICROS_OF_DAY: i64 = 86_400 * MICROS_OF_SECOND;
const EPOCH: DateTime = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
/// The first moment of a year of four digits.
const FIRST: DateTime = jiff::civil::date(0, 1, 1).at(0, 0, 0, 0);

fn micros_of(local: DateTime) -> i64 {
    let days = i64::from(crate::moment::days(local.date()));
    let seconds = [local.hour(), local.minute(), local.second()];
    let seconds = seconds
        .into_iter()
        .fold(0, |sum, part| sum * 60 + i64::from(part));
    days * MICROS_OF_DAY + seconds * MICROS_OF_SECOND + i64::from(local.subsec_nanosecond()) / 1000
}

/// Gives a date and time of day in UTC; nothing where that is of no year of four digits.
fn utc(micros: i64) -> Option<DateTime> {
    let days = i32::try_from(micros.div_euclid(MICROS_OF_DAY)).ok()?;
    let of_day = jiff::Span::new()
        .try_microseconds(micros.rem_euclid(MICROS_OF_DAY))
        .ok()?;
    let day = EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?);
    let at = day.ok()?.checked_add(of_day).ok()?;
    (at >= FIRST).then_some(at)
}

/// Reads a time of the days that a timestamp does not reach whatever its offset, such as 9999-12-31, by which many say that
/// there is no end.
fn at_either_end<K>(text: &str) -> Option<Time<K>> {
    let parts = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let local = parts.date().to_datetime(parts.time()?);
    let ahead = match parts.offset()? {
        jiff::fmt::temporal::PiecesOffset::Numeric(offset) => offset.offset().seconds(),
        _ => 0,
    };
    let is_end = local.date().tomorrow().map_or(true, |day| day == Date::MAX);
    (is_end || local.date() < FIRST.date()).then(|| Time::of_local(local, ahead))
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, to the second, or to the microsecond where there is a fraction.
impl<K> fmt::Display for Time<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (jiff::Timestamp::from_microsecond(self.0), utc(self.0)) {
            (Ok(at), _) => write!(f, "{at}"),
            (Err(_), Some(at)) => write!(f, "{at}Z"),
            (Err(_), None) => write!(f, "{} µs", self.0),
        }
    }
}

impl<K> fmt::Debug for Time<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_decides_the_moment() {
        let a = EventTime::parse("2026-03-01T10:00:00+01:00").unwrap();
        assert_eq!(a, EventTime::parse("2026-03-01T09:00:00Z").unwrap());
        assert_eq!(a.to_string(), "2026-03-01T09:00:00Z");
        assert_eq!(EventTime::parse("2026-03-01T09:00:00"), None);
    }

    #[test]
    fn every_time_of_four_digits_is_a_moment() {
        let last = "9999-12-31T23:59:59.999999Z";
        for (text, shown) in [
            ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
            ("9999-12-30T23:59:59-12:00", "9999-12-31T11:59:59Z"),
            ("9999-12-31T00:00:00Z", "9999-12-31T00:00:00Z"),
            ("9999-12-31T23:59:59.25+14:00", "9999-12-31T09:59:59.25Z"),
            (last, last),
            ("9999-12-31T23:59:59-12:00", last),
            ("0001-01-01T00:00:00+14:00", "0000-12-31T10:00:00Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ] {
            let at = EventTime::parse(text).unwrap();
            assert_eq!(at.to_string(), shown, "{text}");
            assert_eq!(EventTime::parse(shown), Some(at), "{text}");
        }
        for none in [
            "9999-12-31T23:59:59",
            "9999-12-31",
            "9999-12-32T00:00:00Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(EventTime::parse(none), None, "{none}");
        }
    }

    #[test]
    fn spans_do_not_overflow() {
        let end = EventTime::from_micros(i64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(
            EventTime::from_micros(5).since(EventTime::from_micros(9)),
            None
        );
    }
}
