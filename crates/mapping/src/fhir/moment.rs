//! When a resource was true and when it was stored: dates and times of FHIR as moments.

use clinical::{EventTime, ReceivedTime, RecordedTime};
use formats::fhir::read::Raw;
use jiff::civil::Date;

use super::path::Path;
use super::table::{Row, row};
use crate::source::Zone;

/// Gives when a resource was true of the patient and when its source stored it, where it says so; what may lie ahead only as
/// long as it does not.
pub fn times(
    resource: &[u8],
    zone: &Zone,
    received: ReceivedTime,
) -> (Option<EventTime>, Option<RecordedTime>) {
    let Ok(raw) = Raw::read(resource) else {
        return (None, None);
    };
    let named = raw.get("resourceType").ok().flatten();
    let named = named.and_then(|name| name.text().ok());
    let Some(row) = named.and_then(|name| row(&name)) else {
        return (None, None);
    };
    let latest = EventTime::from_micros(received.micros());
    (event_time(raw, row, zone, latest), recorded(raw, row, zone))
}

/// Gives when a resource was true of the patient, where it says so: what is not after `latest`, if it may lie ahead.
pub(super) fn event_time(
    resource: Raw<'_>,
    row: &Row,
    zone: &Zone,
    latest: EventTime,
) -> Option<EventTime> {
    let own = row.time.iter().find_map(|path| {
        let at = EventTime::from_micros(at(resource, path, zone)?);
        (!path.may_lie_ahead() || at <= latest).then_some(at)
    });
    own.or_else(|| last_updated(resource, zone).map(EventTime::from_micros))
}

/// Gives when the source stored a resource, where it says so.
pub(super) fn recorded(resource: Raw<'_>, row: &Row, zone: &Zone) -> Option<RecordedTime> {
    let own = row
        .recorded
        .iter()
        .find_map(|path| at(resource, path, zone));
    own.or_else(|| last_updated(resource, zone))
        .map(RecordedTime::from_micros)
}

fn last_updated(resource: Raw<'_>, zone: &Zone) -> Option<i64> {
    let meta = resource.get("meta").ok()??;
    micros(&meta.get("lastUpdated").ok()??.text().ok()?, zone)
}

fn at(resource: Raw<'_>, path: &Path, zone: &Zone) -> Option<i64> {
    micros(&path.first(resource)?.text().ok()?, zone)
}

/// Gives the moment that a date or time begins, in microseconds; one without an offset is of the source's clock.
fn micros(text: &str, zone: &Zone) -> Option<i64> {
    let text = text.trim();
    if let Some(at) = EventTime::parse(text) {
        return Some(at.micros());
    }
    let local = if text.contains('T') {
        text.parse().ok()?
    } else {
        beginning(text)?.at(0, 0, 0, 0)
    };
    let ahead = i32::from(zone.offset_minutes(local)) * 60;
    Some(EventTime::of_local(local, ahead).micros())
}

/// Reads a year, a month or a day as the first day of it.
fn beginning(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let mut next = || match parts.next() {
        None => Some(1),
        Some(part) if part.len() == 2 => part.parse().ok(),
        Some(_) => None,
    };
    Date::new(year, next()?, next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last moment of a year of four digits.
    const LAST: &str = "9999-12-31T23:59:59.999999Z";

    #[test]
    fn a_date_begins_where_the_source_is() {
        let check = |text: &str, zone: &str, expected: Option<&str>| {
            let at = micros(text, &Zone::parse(zone).unwrap());
            let shown = at.map(|at| EventTime::from_micros(at).to_string());
            assert_eq!(shown.as_deref(), expected, "{text}");
        };
        check("2012", "Z", Some("2012-01-01T00:00:00Z"));
        check("2012-05", "+02:00", Some("2012-04-30T22:00:00Z"));
        check("2012-05-17", "Europe/Berlin", Some("2012-05-16T22:00:00Z"));
        check(
            "2012-05-17T10:00:00.5+01:00",
            "+05:00",
            Some("2012-05-17T09:00:00.5Z"),
        );
        check(
            "2012-05-17T10:00:00",
            "+05:00",
            Some("2012-05-17T05:00:00Z"),
        );
        for zone in ["Z", "-12:00", "America/New_York"] {
            assert!(micros("9999-12-31", &Zone::parse(zone).unwrap()).is_some());
        }
        check("9999-12-31", "Z", Some("9999-12-31T00:00:00Z"));
        check("9999-12-31T23:59:59-12:00", "Z", Some(LAST));
        check("9999-12-31T23:59:59", "-12:00", Some(LAST));
        for wrong in [
            "",
            "12",
            "2012-13",
            "2012-5",
            "2012-05-32",
            "soon",
            "2012-05-17T",
        ] {
            check(wrong, "Z", None);
        }
    }
}
