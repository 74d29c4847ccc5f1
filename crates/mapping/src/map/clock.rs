//! HL7 times as FHIR writes them: as precise as sent, with the offset of the sender's clock.

use std::fmt::Write as _;

use formats::hl7v2::{Message, Precision, Timestamp};
use jiff::civil::DateTime;

use crate::source::{Source, Zone};

/// The sender's clock, as one message sets it.
#[derive(Debug)]
pub(crate) struct Clock<'m> {
    zone: &'m Zone,
    /// The offset of MSH-7, where the source's zone would not give the same.
    offset_minutes: Option<i16>,
}

/// Gives the offsets of the times in a message, in minutes: where one states none, that of MSH-7, or else of the source's zone.
pub fn offsets<'m>(
    message: &Message<'_>,
    source: &'m Source,
) -> impl Fn(&Timestamp) -> i16 + use<'m> {
    let time = message.header().and_then(|header| header.time());
    let time = time.and_then(Result::ok);
    let clock = Clock::new(source, time.as_ref());
    move |time| clock.offset(time)
}

impl<'m> Clock<'m> {
    /// Takes the offset of MSH-7 before that of the source, unless the source's zone says the same at that time:
    /// then it knows summer and winter too.
    pub(crate) fn new(source: &'m Source, message_time: Option<&Timestamp>) -> Self {
        let zone = &source.zone;
        let offset_minutes = message_time.and_then(|time| {
            let sent = time.offset_minutes()?;
            (zone.offset_minutes(local(time)?) != sent).then_some(sent)
        });
        Self {
            zone,
            offset_minutes,
        }
    }

    fn offset_minutes(&self, time: &Timestamp, local: DateTime) -> i16 {
        time.offset_minutes()
            .or(self.offset_minutes)
            .unwrap_or_else(|| self.zone.offset_minutes(local))
    }

    /// Gives the offset of a time in minutes; none where it is no time.
    pub(crate) fn offset(&self, time: &Timestamp) -> i16 {
        local(time).map_or(0, |local| self.offset_minutes(time, local))
    }

    /// Gives the moment in microseconds since the epoch; what was not sent counts as its beginning.
    pub(crate) fn micros(&self, time: &Timestamp) -> Option<i64> {
        let local = local(time)?;
        let ahead = i32::from(self.offset_minutes(time, local)) * 60;
        Some(clinical::EventTime::of_local(local, ahead).micros())
    }

    /// Writes a FHIR date or dateTime; a time to the hour is written as its day.
    pub(crate) fn date_time(&self, time: &Timestamp) -> Option<String> {
        let mut text = date(time);
        if time.precision() >= Precision::Minute {
            self.push_time(&mut text, time)?;
        }
        Some(text)
    }

    /// Writes a FHIR instant; nothing for what is not known to the minute.
    pub(crate) fn instant(&self, time: &Timestamp) -> Option<String> {
        (time.precision() >= Precision::Minute).then_some(())?;
        self.date_time(time)
    }

    /// Writes the FHIR instant so many minutes later, by the same offset.
    pub(crate) fn instant_after(&self, time: &Timestamp, minutes: i64) -> Option<String> {
        let start = local(time)?;
        let later = start
            .checked_add(jiff::Span::new().try_minutes(minutes).ok()?)
            .ok()?;
        let mut text = later.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        self.push_offset(&mut text, time, start)?;
        Some(text)
    }

    fn push_time(&self, text: &mut String, time: &Timestamp) -> Option<()> {
        let local = local(time)?;
        let parts = [local.hour(), local.minute(), local.second()];
        for (mark, part) in ['T', ':', ':'].into_iter().zip(parts) {
            text.push(mark);
            push_two(text, part.unsigned_abs());
        }
        push_fraction(text, time);
        self.push_offset(text, time, local)
    }

    fn push_offset(&self, text: &mut String, time: &Timestamp, local: DateTime) -> Option<()> {
        let offset = self.offset_minutes(time, local);
        text.push(if offset < 0 { '-' } else { '+' });
        let minutes = offset.unsigned_abs();
        push_two(text, u8::try_from(minutes / 60).ok()?);
        text.push(':');
        push_two(text, u8::try_from(minutes % 60).ok()?);
        Some(())
    }
}

/// Writes the date as precise as it was sent.
pub(crate) fn date(time: &Timestamp) -> String {
    // As long as the longest, `2026-03-01T10:00:00.0000+00:00`.
    let mut text = String::with_capacity(30);
    let year = time.year();
    for pair in [year / 100, year % 100] {
        push_two(&mut text, u8::try_from(pair).unwrap_or_default());
    }
    for part in [time.month(), time.day()].into_iter().flatten() {
        text.push('-');
        push_two(&mut text, part);
    }
    text
}

/// Writes a number below 100 with both digits.
fn push_two(text: &mut String, number: u8) {
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

fn push_fraction(text: &mut String, time: &Timestamp) {
    if let (Precision::Fraction(digits), Some(nanosecond)) = (time.precision(), time.nanosecond()) {
        let all = format!("{nanosecond:09}");
        if let Some(kept) = all
            .get(..usize::from(digits).min(9))
            .filter(|kept| !kept.is_empty())
        {
            text.push('.');
            text.push_str(kept);
        }
    }
}

/// Gives the local time, what was not sent counting as its beginning.
fn local(time: &Timestamp) -> Option<DateTime> {
    let part =
        |part: Option<u8>, least: i8| part.map_or(Some(least), |part| i8::try_from(part).ok());
    let second = part(time.second(), 0)?.min(59);
    DateTime::new(
        i16::try_from(time.year()).ok()?,
        part(time.month(), 1)?,
        part(time.day(), 1)?,
        part(time.hour(), 0)?,
        part(time.minute(), 0)?,
        second,
        i32::try_from(time.nanosecond().unwrap_or(0)).ok()?,
    )
    .ok()
}

/// Says whether a time of day has an offset, which FHIR's has not.
pub(crate) fn has_offset(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, b'+' | b'-'))
}

/// Writes an HL7 time of day as a FHIR time; nothing if it has no minutes or an offset.
pub(crate) fn time_of_day(bytes: &[u8]) -> Option<String> {
    if has_offset(bytes) {
        return None;
    }
    let digits = bytes.trim_ascii();
    // A time of day is a time without its date: any day tells whether it is one.
    let mut whole = b"20000101".to_vec();
    whole.extend_from_slice(digits);
    let time = Timestamp::parse(&whole).ok()?;
    let mut text = format!("{:02}:{:02}", time.hour()?, time.minute()?);
    write!(text, ":{:02}", time.second().unwrap_or(0)).ok()?;
    push_fraction(&mut text, &time);
    Some(text)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(zone: &str, message_time: &str, time: &str, expected: Expect) {
        let mut source = Source::new("here");
        source.zone = Zone::parse(zone).unwrap();
        let message_time = Timestamp::parse(message_time.as_bytes()).ok();
        let clock = Clock::new(&source, message_time.as_ref());
        let time = Timestamp::parse(time.as_bytes()).unwrap();
        let text = clock.date_time(&time).unwrap_or_default();
        let micros = clock.micros(&time).unwrap_or_default();
        expected.assert_eq(&format!(
            "{text} at {}",
            clinical::EventTime::from_micros(micros)
        ));
    }

    #[test]
    fn the_offset_is_of_the_field_then_of_the_message_then_of_the_zone() {
        check(
            "Europe/Berlin",
            "",
            "20260701120000-0500",
            expect!["2026-07-01T12:00:00-05:00 at 2026-07-01T17:00:00Z"],
        );
        check(
            "Europe/Berlin",
            "20260701+0300",
            "20260701120000",
            expect!["2026-07-01T12:00:00+02:00 at 2026-07-01T10:00:00Z"],
        );
        check(
            "Europe/Berlin",
            "202607010000+0300",
            "20260701120000",
            expect!["2026-07-01T12:00:00+03:00 at 2026-07-01T09:00:00Z"],
        );
        check(
            "Europe/Berlin",
            "",
            "202601011200",
            expect!["2026-01-01T12:00:00+01:00 at 2026-01-01T11:00:00Z"],
        );
    }

    #[test]
    fn a_zone_that_agrees_with_the_message_keeps_its_winter() {
        check(
            "Europe/Berlin",
            "202607010000+0200",
            "20260101120000",
            expect!["2026-01-01T12:00:00+01:00 at 2026-01-01T11:00:00Z"],
        );
    }

    #[test]
    fn a_time_that_the_clock_skips_is_not_before_the_hour_that_it_follows() {
        check(
            "Europe/Berlin",
            "",
            "20260329023000",
            expect!["2026-03-29T02:30:00+01:00 at 2026-03-29T01:30:00Z"],
        );
    }

    #[test]
    fn the_last_day_that_can_be_written_is_a_time_as_all_others() {
        check(
            "Europe/Berlin",
            "",
            "99991231",
            expect!["9999-12-31 at 9999-12-30T23:00:00Z"],
        );
        check(
            "Z",
            "",
            "99991231235959-1200",
            expect!["9999-12-31T23:59:59-12:00 at 9999-12-31T23:59:59.999999Z"],
        );
    }

    #[test]
    fn precision_is_kept() {
        check("Z", "", "2026", expect!["2026 at 2026-01-01T00:00:00Z"]);
        check(
            "Z",
            "",
            "202602",
            expect!["2026-02 at 2026-02-01T00:00:00Z"],
        );
        check(
            "Z",
            "",
            "2026020310",
            expect!["2026-02-03 at 2026-02-03T10:00:00Z"],
        );
        check(
            "Z",
            "",
            "20260203101112.50",
            expect!["2026-02-03T10:11:12.50+00:00 at 2026-02-03T10:11:12.5Z"],
        );
    }

    #[test]
    fn a_time_of_day_needs_its_minutes() {
        assert_eq!(time_of_day(b"1011").as_deref(), Some("10:11:00"));
        assert_eq!(time_of_day(b"101112.5").as_deref(), Some("10:11:12.5"));
        assert_eq!(time_of_day(b"101112.5-0500"), None);
        assert_eq!(time_of_day(b"10"), None);
        assert_eq!(time_of_day(b"2561"), None);
    }
}
