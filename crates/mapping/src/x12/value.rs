//! Values of X12 as FHIR writes them: days, times, spans, numbers, money, codes.

use std::borrow::Cow;

use clinical::EventTime;
use formats::fhir::json::{self, Number};

use crate::source::Zone;

/// The currency of amounts; these transactions are those of one country.
const CURRENCY: &str = "USD";

/// A day or a time, as FHIR writes it and as a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) text: String,
    pub(super) time: EventTime,
}

/// A day, a time, or from one to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Moment,
    pub(super) end: Option<Moment>,
}

impl Span {
    /// Gives it as a Period.
    pub(super) fn period(&self) -> Vec<u8> {
        let end = self.end.as_ref().unwrap_or(&self.start);
        json::object(|period| {
            period
                .string("start", &self.start.text)
                .string("end", &end.text);
        })
    }

    /// Gives the name of a choice element and its JSON: a day, or a Period.
    pub(super) fn choice(&self) -> (Vec<u8>, bool) {
        let is_day = self.start.text.len() == DAY_BYTES;
        match &self.end {
            None if is_day => (json::string(&self.start.text), true),
            None => {
                let start = json::object(|period| {
                    period.string("start", &self.start.text);
                });
                (start, false)
            }
            Some(_) => (self.period(), false),
        }
    }
}

/// The length of a day, CCYY-MM-DD.
pub(super) const DAY_BYTES: usize = 10;

/// Reads a day (CCYYMMDD), with a time (HHMM, HHMMSS, HHMMSSDD) where it is known, on the sender's clock.
pub(super) fn moment(date: &str, time: &str, zone: &Zone) -> Option<Moment> {
    let digits = |text: &str, from: usize, to: usize| -> Option<i8> {
        let part = text.get(from..to)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(())?;
        part.parse().ok()
    };
    if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i16 = date.get(..4)?.parse().ok()?;
    let day = jiff::civil::Date::new(year, digits(date, 4, 6)?, digits(date, 6, 8)?).ok()?;
    let hour = digits(time, 0, 2);
    let minute = digits(time, 2, 4);
    let clock = hour
        .zip(minute)
        .filter(|(hour, minute)| (0..24).contains(hour) && (0..60).contains(minute));
    let (hour, minute) = clock.unwrap_or_default();
    let second = digits(time, 4, 6).filter(|second| (0..60).contains(second));
    let local = day.at(hour, minute, second.unwrap_or_default(), 0);
    let minutes = i32::from(zone.offset_minutes(local));
    let moment = EventTime::of_local(local, minutes * 60);
    let date = format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
    let text = match clock {
        None => date,
        Some(_) => {
            let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
            let second = second.unwrap_or_default();
            let (hours, rest) = (minutes / 60, minutes % 60);
            format!("{date}T{hour:02}:{minute:02}:{second:02}{sign}{hours:02}:{rest:02}")
        }
    };
    Some(Moment { text, time: moment })
}

/// Reads what a date qualifier says the text is: D8 a day, RD8 two, DT a day with a time.
pub(super) fn span(format: &str, text: &str, zone: &Zone) -> Option<Span> {
    match format {
        "D8" => Some(Span {
            start: moment(text, "", zone)?,
            end: None,
        }),
        "RD8" => {
            let (start, end) = text.split_once('-')?;
            Some(Span {
                start: moment(start, "", zone)?,
                end: Some(moment(end, "", zone)?),
            })
        }
        "DT" => {
            let (date, time) = text.split_at_checked(8)?;
            Some(Span {
                start: moment(date, time, zone)?,
                end: None,
            })
        }
        _ => None,
    }
}

/// Whether a text is a time of no day, as its qualifier says; FHIR has no element for that here.
pub(super) fn is_clock(format: &str, text: &str) -> bool {
    format == "TM" && formats::x12::is_time(text.as_bytes())
}

/// Gives the day of a moment in UTC.
pub(super) fn day_of(micros: i64) -> String {
    let moment = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let date = jiff::tz::Offset::UTC.to_datetime(moment).date();
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// Gives a number of X12 as JSON has it: digit for digit, but without a leading or trailing point or leading zeros.
pub(super) fn number(text: &str) -> Option<Cow<'_, str>> {
    if let Some(number) = Number::parse(text) {
        return Some(Cow::Borrowed(number.digits()));
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = rest.split_once('.').unwrap_or((rest, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if part.is_empty() { "" } else { "." };
    let digits = format!("{sign}{whole}{point}{part}");
    Number::parse(&digits)?;
    Some(Cow::Owned(digits))
}

/// Gives an amount of money; nothing where there are no digits.
pub(super) fn money(digits: &str) -> Vec<u8> {
    json::object(|money| {
        if let Some(number) = Number::parse(digits) {
            money
                .number("value", Some(number))
                .string("currency", CURRENCY);
        }
    })
}

/// Gives a quantity; nothing where there are no digits.
pub(super) fn quantity(digits: &str, unit: &str) -> Vec<u8> {
    json::object(|quantity| {
        if let Some(number) = Number::parse(digits) {
            quantity.number("value", Some(number)).string("unit", unit);
        }
    })
}

/// Gives a concept of one code; nothing where there is none.
pub(super) fn concept(system: &str, code: &str, text: &str) -> Vec<u8> {
    json::object(|concept| {
        concept.array("coding", |codings| {
            if !code.is_empty() {
                codings.object(|coding| {
                    coding.string("system", system).string("code", code);
                });
            }
        });
        concept.string("text", text);
    })
}

/// Gives the system of a code of the standard's own, by the number of its data element.
pub(super) fn system(element: &str) -> String {
    format!("https://codesystem.x12.org/005010/{element}")
}

/// Gives a concept by a code of the standard's own.
pub(super) fn coded(element: &str, code: &str, text: &str) -> Vec<u8> {
    concept(&system(element), code, text)
}

/// Gives a reference; nothing where it refers to nothing.
pub(super) fn reference(to: &str) -> Vec<u8> {
    json::object(|reference| {
        reference.string("reference", to);
    })
}

/// Gives a reference by a number of its own, where the resource may never have been sent.
pub(super) fn by_number(kind: &str, number: &str) -> Vec<u8> {
    json::object(|reference| {
        if !number.is_empty() {
            reference.string("type", kind);
            reference.object("identifier", |identifier| {
                identifier.string("value", number);
            });
        }
    })
}

/// Gives a reference by words.
pub(super) fn by_words(words: &str) -> Vec<u8> {
    json::object(|reference| {
        reference.string("display", words);
    })
}

/// Gives a list of entries; nothing where there are none.
pub(super) fn list(entries: &[Vec<u8>]) -> Vec<u8> {
    json::array(|list| {
        for entry in entries {
            list.raw(entry);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_digit_for_digit() {
        for (text, digits) in [
            ("34.00", Some("34.00")),
            ("-1.27", Some("-1.27")),
            (".5", Some("0.5")),
            ("-.50", Some("-0.50")),
            ("007", Some("7")),
            ("5.", Some("5")),
            ("0", Some("0")),
            ("", None),
            (".", None),
            ("1,5", None),
            ("1.2.3", None),
            ("N/A", None),
        ] {
            assert_eq!(number(text).as_deref(), digits, "{text}");
        }
    }

    #[test]
    fn days_and_times_are_of_the_senders_clock() {
        let zone = Zone::parse("America/New_York").unwrap();
        let text = |date: &str, time: &str| moment(date, time, &zone).map(|at| at.text);
        assert_eq!(text("20260301", "").as_deref(), Some("2026-03-01"));
        let summer = text("20260701", "0915");
        assert_eq!(summer.as_deref(), Some("2026-07-01T09:15:00-04:00"));
        let seconds = text("20260101", "09150777");
        assert_eq!(seconds.as_deref(), Some("2026-01-01T09:15:07-05:00"));
        assert_eq!(text("20260230", ""), None);
        assert_eq!(text("2026030", ""), None);
        assert_eq!(text("20260301", "2575").as_deref(), Some("2026-03-01"));
        let span = span("RD8", "20260301-20260305", &zone).unwrap();
        let period = String::from_utf8(span.period()).unwrap();
        assert_eq!(period, r#"{"start":"2026-03-01","end":"2026-03-05"}"#);
    }
}
