//! `Retry-After`: when somebody who does not answer now wants to be asked again (RFC 9110, 10.2.3).

use std::time::Duration;

use axum::http::{HeaderMap, header};
use clinical::ReceivedTime;

/// When it is to be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    In(Duration),
    At(ReceivedTime),
}

impl Again {
    /// What an answer says.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(header::RETRY_AFTER)?.to_str().ok()?)
    }

    /// How long from now.
    pub(crate) fn after(self, now: ReceivedTime) -> Duration {
        match self {
            Self::In(span) => span,
            Self::At(time) => time.since(now).unwrap_or_default(),
        }
    }

    /// Reads seconds, or a date.
    fn parse(told: &str) -> Option<Self> {
        let told = told.trim();
        if !told.is_empty() && told.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = told.parse().unwrap_or(u64::MAX);
            return Some(Self::In(Duration::from_secs(seconds)));
        }
        let date = jiff::fmt::rfc2822::parse(told).ok()?;
        let micros = date.timestamp().as_microsecond();
        Some(Self::At(ReceivedTime::from_micros(micros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = ReceivedTime::parse("1994-11-06T08:49:37Z").unwrap();
        for (told, expected) in [
            ("120", Some(Again::In(Duration::from_secs(120)))),
            (" 0 ", Some(Again::In(Duration::ZERO))),
            (
                "99999999999999999999",
                Some(Again::In(Duration::from_secs(u64::MAX))),
            ),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(Again::At(date))),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(Again::parse(told), expected, "{told}");
        }
        let before = ReceivedTime::from_micros(date.micros() - 7_000_000);
        assert_eq!(Again::At(date).after(before), Duration::from_secs(7));
        assert_eq!(Again::At(before).after(date), Duration::ZERO);
    }
}
