//! Whether the times of a measurement can be true.

use std::time::Duration;

use super::{Circumstances, MAX_AHEAD, Policy, Reason};
use crate::EventTime;

/// A birth date has no zone: so long before midnight UTC it begins somewhere on Earth.
const EARLIEST_ZONE: Duration = Duration::from_secs(14 * 3600);
/// A year of the Gregorian calendar on average: 365.2425 days.
pub(super) const YEAR_SECONDS: u64 = 31_556_952;

/// Says what is wrong with its times.
pub(super) fn doubts(given: &Circumstances<'_>, policy: &Policy) -> Vec<Reason> {
    let Some(effective) = given.effective else {
        return Vec::new();
    };
    let received = EventTime::from_micros(given.received.micros());
    let years = Duration::from_secs(YEAR_SECONDS * u64::from(policy.max_age_years));
    let issued = given.issued.map(|at| EventTime::from_micros(at.micros()));
    let doubts = [
        (effective > received.plus(MAX_AHEAD), Reason::FromFuture),
        (
            given
                .birth
                .and_then(born)
                .is_some_and(|born| effective < born),
            Reason::BeforeBirth,
        ),
        (effective < received.minus(years), Reason::TooLongAgo),
        (
            issued.is_some_and(|issued| effective > issued.plus(MAX_AHEAD)),
            Reason::IssuedBefore,
        ),
    ];
    doubts
        .into_iter()
        .filter_map(|(is_so, reason)| is_so.then_some(reason))
        .collect()
}

/// Gives the first moment at which somebody with this birth date may have been born; nothing where it is no date.
fn born(date: &str) -> Option<EventTime> {
    let date = date.split('T').next()?;
    let whole = match date.len() {
        4 => format!("{date}-01-01"),
        7 => format!("{date}-01"),
        _ => date.to_owned(),
    };
    let midnight = EventTime::parse(&format!("{whole}T00:00:00Z"))?;
    Some(midnight.minus(EARLIEST_ZONE))
}
