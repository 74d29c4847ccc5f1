//! What is known of a sender and no message says: its name, its clock, how it names patients and things.

mod local_codes;
mod readable;

use std::collections::BTreeMap;
use std::fmt;

use formats::hl7v2::Charset;
use jiff::tz::AmbiguousOffset;

pub use local_codes::{
    LOCAL_CODES_MAX, LocalCode, LocalCodeError, LocalCodes, LocalRule, Standing, Where,
};
pub use readable::Readable;

/// One sender of messages, as configured.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name; the namespace of whatever it names without saying whose name it is.
    pub name: Box<str>,
    /// The zone of its clock, for times without an offset.
    pub zone: Zone,
    /// The character set of messages that name none.
    pub charset: Charset,
    /// The assigning authority of identifiers that name none; the source's name where there is none.
    pub authority: Option<Box<str>>,
    /// Which of a patient's identifiers is the one, best first; medical record numbers where nothing is said.
    pub identifiers: Vec<Preference>,
    /// Of identifiers of one type, those of these assigning authorities come first, in this order, after those of its own.
    pub preferred: Vec<Box<str>>,
    /// The URIs of assigning authorities, by their namespace id.
    pub authorities: BTreeMap<Box<str>, Box<str>>,
    /// Assigning authorities by what else they are called: a system of FHIR identifiers, a payer's number in X12.
    pub aliases: BTreeMap<Box<str>, Box<str>>,
    /// What the sender's own codes mean.
    pub codes: LocalCodes,
}

impl Source {
    /// Describes a sender of which only the name is known; its clock runs on UTC.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            zone: Zone::UTC,
            charset: Charset::Utf8,
            authority: None,
            identifiers: Vec::new(),
            preferred: Vec::new(),
            authorities: BTreeMap::new(),
            aliases: BTreeMap::new(),
            codes: LocalCodes::default(),
        }
    }

    /// Gives the assigning authority that is called something, or the default one for nothing.
    pub fn authority_called<'s>(&'s self, name: &'s str) -> &'s str {
        match self.aliases.get(name) {
            Some(authority) => authority,
            None if name.is_empty() => self.default_authority(),
            None => name,
        }
    }

    /// Gives where an assigning authority stands among those whose identifiers are preferred: its own first, then the others in
    /// their order, then all that are not listed.
    pub fn standing(&self, authority: &str) -> usize {
        if self.authority.as_deref() == Some(authority) {
            return 0;
        }
        let place = self.preferred.iter().position(|one| **one == *authority);
        place.map_or(usize::MAX, |place| place + 1)
    }

    /// Gives the assigning authority of identifiers that name none.
    pub fn default_authority(&self) -> &str {
        self.authority.as_deref().unwrap_or(&self.name)
    }
}

/// Describes the identifiers to prefer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// The identifier type of HL7 table 0203, such as `MR`; any where nothing is said.
    pub kind: Option<Box<str>>,
    /// The assigning authority; any where nothing is said.
    pub authority: Option<Box<str>>,
}

/// The zone of a sender's clock.
#[derive(Clone, Debug)]
pub struct Zone(ZoneKind);

#[derive(Clone, Debug)]
enum ZoneKind {
    Fixed(i16),
    Named(jiff::tz::TimeZone),
}

/// A zone that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no time zone; write an IANA name such as `Europe/Berlin` or an offset such as `+01:00`"
)]
pub struct UnknownZone(pub String);

impl Zone {
    /// No offset at all.
    pub const UTC: Self = Self(ZoneKind::Fixed(0));

    /// Reads an IANA name or an offset such as `+01:00` or `Z`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, UnknownZone> {
        if text == "Z" {
            return Ok(Self::UTC);
        }
        if let Some(minutes) = fixed(text) {
            return Ok(Self(ZoneKind::Fixed(minutes)));
        }
        match jiff::tz::TimeZone::get(text) {
            Ok(zone) => Ok(Self(ZoneKind::Named(zone))),
            Err(_) => Err(UnknownZone(text.to_owned())),
        }
    }

    /// Gives the hour of the week on this clock at the start of an hour since the epoch: 0 is Monday at midnight.
    pub fn hour_of_week(&self, hour: i64) -> usize {
        let seconds = hour.saturating_mul(3_600);
        let ahead = self.seconds_east(seconds);
        let local = seconds.saturating_add(ahead).div_euclid(3_600);
        // The epoch began on a Thursday.
        usize::try_from((local.saturating_add(3 * 24)).rem_euclid(7 * 24)).unwrap_or_default()
    }

    /// Gives how far this clock is ahead of UTC at a moment, in minutes.
    pub fn minutes_east(&self, at: clinical::EventTime) -> i32 {
        let seconds = self.seconds_east(at.micros().div_euclid(1_000_000));
        i32::try_from(seconds / 60).unwrap_or_default()
    }

    /// How far it is ahead of UTC, seconds after the epoch.
    fn seconds_east(&self, seconds: i64) -> i64 {
        match &self.0 {
            ZoneKind::Fixed(minutes) => i64::from(*minutes) * 60,
            ZoneKind::Named(zone) => jiff::Timestamp::from_second(seconds)
                .map_or(0, |at| i64::from(zone.to_offset(at).seconds())),
        }
    }

    /// Gives the offset in minutes at a local time; the earlier one where the clock goes back, and the one before where it goes
    /// forward and skips that time (RFC 5545, section 3.3.5): so what was written before it stays before it.
    pub(crate) fn offset_minutes(&self, local: jiff::civil::DateTime) -> i16 {
        match &self.0 {
            ZoneKind::Fixed(minutes) => *minutes,
            ZoneKind::Named(zone) => {
                let offset = match zone.to_ambiguous_timestamp(local).offset() {
                    AmbiguousOffset::Unambiguous { offset }
                    | AmbiguousOffset::Gap { before: offset, .. }
                    | AmbiguousOffset::Fold { before: offset, .. } => offset,
                };
                i16::try_from(offset.seconds() / 60).unwrap_or(0)
            }
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ZoneKind::Fixed(minutes) => {
                let sign = if *minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            ZoneKind::Named(zone) => f.write_str(zone.iana_name().unwrap_or("unnamed")),
        }
    }
}

fn fixed(text: &str) -> Option<i16> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_a_name_or_an_offset() {
        for (text, shown) in [
            ("Z", "+00:00"),
            ("+05:30", "+05:30"),
            ("-3", "-03:00"),
            ("Europe/Berlin", "Europe/Berlin"),
        ] {
            assert_eq!(Zone::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(
            Zone::parse("Berlin").unwrap_err().to_string(),
            "`Berlin` is no time zone; write an IANA name such as `Europe/Berlin` or an offset such as `+01:00`"
        );
    }

    #[test]
    fn the_hour_of_the_week_is_that_of_the_zone() {
        let hour = |zone: &str, hour| Zone::parse(zone).unwrap().hour_of_week(hour);
        // Monday, 2 February 2026, at midnight in UTC; and the 6th of July.
        let (winter, summer) = (20_486 * 24, 20_640 * 24);
        assert_eq!(hour("Z", winter), 0);
        assert_eq!(hour("Z", winter - 1), 167);
        assert_eq!(hour("+05:30", winter), 5);
        assert_eq!(hour("-03:00", winter), 165);
        assert_eq!(hour("Europe/Berlin", winter), 1);
        assert_eq!(hour("Europe/Berlin", summer), 2);
        assert!(hour("Europe/Berlin", i64::MAX) < 168);
    }

    #[test]
    fn a_time_that_the_clock_skips_or_has_twice_is_of_the_offset_before() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let offset = |month, day, hour, minute| {
            zone.offset_minutes(jiff::civil::date(2026, month, day).at(hour, minute, 0, 0))
        };
        let spring = [(1, 59), (2, 0), (2, 30), (2, 59), (3, 0)];
        let spring = spring.map(|(hour, minute)| offset(3, 29, hour, minute));
        assert_eq!(spring, [60, 60, 60, 60, 120]);
        let autumn = [(1, 59), (2, 0), (2, 59), (3, 0)];
        let autumn = autumn.map(|(hour, minute)| offset(10, 25, hour, minute));
        assert_eq!(autumn, [120, 120, 120, 60]);
    }

    #[test]
    fn a_named_zone_has_its_summer() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(
            zone.offset_minutes(jiff::civil::date(2026, 7, 1).at(12, 0, 0, 0)),
            120
        );
        assert_eq!(
            zone.offset_minutes(jiff::civil::date(2026, 1, 1).at(12, 0, 0, 0)),
            60
        );
    }
}
