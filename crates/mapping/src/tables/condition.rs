//! When a row holds: a few comparisons that the tables can write, and small named functions for what they cannot.

use super::{Place, TableError};
use crate::map::computed::result::{is_device, is_no_device};
use crate::map::language::is_no_language;
use crate::map::primitive::number;

/// All terms of one of its alternatives hold; without any, it always does.
#[derive(Debug, Default)]
pub(crate) struct Condition(pub(crate) Vec<Vec<Term>>);

impl Condition {
    /// Says whether it holds only where something is sent in a field.
    pub(crate) fn needs_value(&self) -> bool {
        let needs = |term: &Term| {
            let is_field = matches!(term.subject, Subject::Field { .. } | Subject::Part(_));
            is_field && matches!(term.test, Test::Valued | Test::In(_) | Test::Named(_))
        };
        self.0.iter().any(|terms| terms.iter().any(needs))
    }
}

/// One comparison.
#[derive(Debug)]
pub(crate) struct Term {
    pub(crate) subject: Subject,
    pub(crate) test: Test,
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// A field or a component of one.
    Field {
        segment: &'static str,
        field: usize,
        component: Option<usize>,
    },
    /// A part of the value that the table is applied to.
    Part(usize),
    /// The value that the row reads.
    Value,
    /// The segments with a name.
    Segment(&'static str),
    /// The groups of the message that the resource stands in.
    Group(&'static str),
}

/// What is asked of it.
#[derive(Debug)]
pub(crate) enum Test {
    /// It has content.
    Valued,
    /// It has none.
    NotValued,
    /// It is one of these.
    In(Vec<&'static str>),
    /// It is none of these.
    NotIn(Vec<&'static str>),
    /// A named function says so.
    Named(&'static str),
    /// The field has several repetitions.
    Repeats,
    /// It has one at most.
    Single,
}

/// Judges a value.
type Judge = fn(&[u8]) -> bool;

/// The functions for what the tables cannot write, by name.
pub(crate) const NAMED: [(&str, Judge); 8] = [
    ("@no-language", is_no_language),
    ("@no-instant", is_no_instant),
    ("@not-a-time", is_not_a_time),
    ("@has-time", has_time),
    ("@no-time", has_no_time),
    ("@no-number", is_no_number),
    ("@device", is_device),
    ("@no-device", is_no_device),
];

/// A time that goes beyond the day.
fn has_time(value: &[u8]) -> bool {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    digits.count() > "YYYYMMDD".len()
}

/// A time that ends with the day.
fn has_no_time(value: &[u8]) -> bool {
    !value.is_empty() && !has_time(value)
}

/// What is not known to the minute, or not sent.
fn is_no_instant(value: &[u8]) -> bool {
    let time = formats::hl7v2::Timestamp::parse(value);
    time.ok().and_then(|time| time.minute()).is_none()
}

/// What cannot be read as a time.
fn is_not_a_time(value: &[u8]) -> bool {
    !value.is_empty() && formats::hl7v2::Timestamp::parse(value).is_err()
}

/// What is no number.
fn is_no_number(value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).unwrap_or_default();
    !value.is_empty() && number(text).is_none()
}

impl Condition {
    /// Reads alternatives joined by `|`, each of terms joined by `&`: `PV1-45`, `!PV1-45`, `PV1-2.1=P,R`, `3!=CP`,
    /// `#SPECIMEN`, `TXA`, `OBX-5@repeats`, `@has-time`.
    pub(crate) fn parse(text: &'static str, place: Place) -> Result<Self, TableError> {
        let words = |text: &'static str, by: char| {
            let words = text.split(by).map(str::trim);
            words.filter(|word| !word.is_empty())
        };
        let alternatives = words(text, '|').map(|terms| {
            let terms = words(terms, '&').map(|term| Term::parse(term, place));
            terms.collect::<Result<Vec<_>, _>>()
        });
        Ok(Self(alternatives.collect::<Result<_, _>>()?))
    }
}

impl Term {
    fn parse(text: &'static str, place: Place) -> Result<Self, TableError> {
        let wrong = || {
            place.error(format!(
                "`{text}` is no condition; write `PV1-45`, `!PV1-45`, `PV1-2.1=P,R`, `3!=CP` or a function's name"
            ))
        };
        if text.starts_with('@') {
            return match NAMED.iter().find(|(name, _)| *name == text) {
                Some((name, _)) => Ok(Self {
                    subject: Subject::Value,
                    test: Test::Named(name),
                }),
                None => Err(place.error(format!("no function is called `{text}`"))),
            };
        }
        if let Some(field) = text.strip_suffix("@repeats") {
            let mut term = Self::parse(field, place)?;
            term.test = match term.test {
                Test::NotValued => Test::Single,
                _ => Test::Repeats,
            };
            return Ok(term);
        }
        if let Some(group) = text.strip_prefix('#') {
            return Ok(Self {
                subject: Subject::Group(group),
                test: Test::Valued,
            });
        }
        if let Some(group) = text.strip_prefix("!#") {
            return Ok(Self {
                subject: Subject::Group(group),
                test: Test::NotValued,
            });
        }
        if let Some((field, name)) = text.split_once('@') {
            let Some((name, _)) = NAMED
                .iter()
                .find(|(known, _)| known.strip_prefix('@') == Some(name))
            else {
                return Err(place.error(format!("no function is called `@{name}`")));
            };
            let mut term = Self::parse(field, place)?;
            term.test = Test::Named(name);
            return Ok(term);
        }
        let values = |list: &'static str| list.split(',').map(str::trim).collect();
        let (subject, test) = if let Some((subject, list)) = text.split_once("!=") {
            (subject, Test::NotIn(values(list)))
        } else if let Some((subject, list)) = text.split_once('=') {
            (subject, Test::In(values(list)))
        } else if let Some(subject) = text.strip_prefix('!') {
            (subject, Test::NotValued)
        } else {
            (text, Test::Valued)
        };
        let subject = match subject.split_once('-') {
            None if is_segment(subject) => Subject::Segment(subject),
            None => Subject::Part(subject.parse().map_err(|_| wrong())?),
            Some((segment, rest)) => {
                let (field, component) = field(rest).ok_or_else(wrong)?;
                Subject::Field {
                    segment,
                    field,
                    component,
                }
            }
        };
        Ok(Self { subject, test })
    }
}

/// A segment's name is three capitals or digits, the first a capital.
fn is_segment(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.len() == 3
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(is_part)
}

/// Reads `7` or `7.1`.
pub(crate) fn field(text: &str) -> Option<(usize, Option<usize>)> {
    match text.split_once('.') {
        None => Some((text.parse().ok()?, None)),
        Some((field, component)) => Some((field.parse().ok()?, Some(component.parse().ok()?))),
    }
}
