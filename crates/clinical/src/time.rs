//! Three clocks that must not be mixed: when it was true, when it was written down, when it reached us.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

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
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self::from_micros(t.as_microsecond()))
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

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, to the second, or to the microsecond where there is a fraction.
impl<K> fmt::Display for Time<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{} µs", self.0),
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
    fn spans_do_not_overflow() {
        let end = EventTime::from_micros(i64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(
            EventTime::from_micros(5).since(EventTime::from_micros(9)),
            None
        );
    }
}
