//! What one element is written from, and how, by its type in FHIR.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use formats::fhir::definition::Primitive;
use formats::fhir::json::Number;

use super::condition::Condition;
use super::moment::Format;
use super::plan::{Decimal, Unknown};
use crate::source::Zone;

/// A table of codes: what a value of the extract means.
pub(super) type Codes = Arc<BTreeMap<Box<str>, Meaning>>;

/// An element that is written from a row.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) from: From,
    pub(super) kind: Kind,
    pub(super) codes: Option<Codes>,
    pub(super) unknown: Unknown,
    pub(super) system: Box<str>,
    pub(super) display: Option<usize>,
    pub(super) required: bool,
    /// The codes that FHIR allows, where it allows only some.
    pub(super) allowed: Option<&'static [&'static str]>,
    pub(super) when: Vec<Condition>,
    /// How its numbers are written.
    pub(super) decimal: Decimal,
}

impl Decimal {
    /// A number with a point; nothing where a point stands in what is written with commas, which may be one between thousands.
    pub(super) fn pointed(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Point => Some(Cow::Borrowed(text)),
            Self::Comma if text.contains('.') => None,
            Self::Comma => Some(Cow::Owned(text.replace(',', "."))),
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(super) enum From {
    Fixed(Box<str>),
    Column(usize),
    Columns(Vec<usize>),
}

/// How a value is written.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Primitive(Primitive),
    Moment(Primitive, Format, Zone),
    Coding,
    Concept,
    Quantity(Unit),
    Reference(To),
    Identifier,
}

/// The unit of a quantity.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) column: Option<usize>,
    pub(super) fixed: Option<Box<str>>,
    pub(super) codes: Option<Codes>,
}

/// What is referred to.
#[derive(Clone, Debug)]
pub(super) struct To {
    pub(super) kind: Box<str>,
    /// By an identifier of the system that is named, or by the id that its own row derives.
    pub(super) by_identifier: bool,
}

/// What a value of the extract means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) system: Box<str>,
    pub(super) code: Box<str>,
    pub(super) display: Box<str>,
}

impl Meaning {
    /// Reads a code alone, `system|code` or `system|code|display`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(3, '|').map(str::trim).collect();
        let (system, code, display) = match *parts.as_slice() {
            [code] => ("", code, ""),
            [system, code] => (system, code, ""),
            [system, code, display] => (system, code, display),
            _ => return None,
        };
        (!code.is_empty()).then(|| Self {
            system: system.into(),
            code: code.into(),
            display: display.into(),
        })
    }
}

impl Leaf {
    /// Tells what is wrong with what is always written.
    pub(super) fn can_be_fixed(&self, text: &str) -> Result<(), &'static str> {
        match &self.kind {
            Kind::Primitive(primitive) => primitive_json(*primitive, text, self.allowed)
                .map(drop)
                .map_err(|(_, hint)| hint),
            Kind::Moment(_, format, zone) => match format.read(text, zone) {
                Some(_) => Ok(()),
                None => Err("write a date or time, such as 2026-03-01"),
            },
            Kind::Quantity(_) => match Number::parse(text) {
                Some(_) => Ok(()),
                None => Err("write a number"),
            },
            Kind::Coding | Kind::Concept | Kind::Reference(_) | Kind::Identifier => Ok(()),
        }
    }
}

/// Why something is no number.
pub(super) const NOT_A_NUMBER: (&str, &str) = (
    "not-a-number",
    "write a number as in 9.60, or say decimal = \",\" in [extract] where it is 9,60, without a mark between thousands, and whole where FHIR asks for it",
);

/// Writes a value of a primitive type as JSON, or says by its name why that cannot be.
pub(super) fn primitive_json(
    primitive: Primitive,
    text: &str,
    allowed: Option<&[&str]>,
) -> Result<Vec<u8>, (&'static str, &'static str)> {
    let number = || Number::parse(text).map(|number| number.digits());
    let whole = |least: i64| -> Option<&str> {
        let digits = number()?;
        let value: i64 = digits.parse().ok()?;
        (least..=i64::from(i32::MAX))
            .contains(&value)
            .then_some(digits)
    };
    let written: Option<Cow<'_, str>> = match primitive {
        Primitive::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "t" => Some("true".into()),
            "false" | "0" | "no" | "n" | "f" => Some("false".into()),
            _ => return Err(("not-a-boolean", "write true or false, 1 or 0, yes or no")),
        },
        Primitive::Integer => whole(i64::from(i32::MIN)).map(Cow::Borrowed),
        Primitive::UnsignedInt => whole(0).map(Cow::Borrowed),
        Primitive::PositiveInt => whole(1).map(Cow::Borrowed),
        Primitive::Decimal => number().map(Cow::Borrowed),
        Primitive::Code if allowed.is_some_and(|codes| !codes.contains(&text)) => {
            let hint = "FHIR allows only some codes there: translate it by a table of codes";
            return Err(("code-not-allowed", hint));
        }
        _ => return Ok(formats::fhir::json::string(text)),
    };
    let digits = written.ok_or(NOT_A_NUMBER)?;
    Ok(digits.as_bytes().to_vec())
}

/// Takes a number apart that may be a bound: `<0.01`.
pub(super) fn bounded(text: &str) -> Option<(&'static str, Number<'_>)> {
    const BOUNDS: [&str; 4] = ["<=", ">=", "<", ">"];
    let bound = BOUNDS.iter().find(|bound| text.starts_with(**bound));
    let bound = bound.copied().unwrap_or_default();
    let digits = text.get(bound.len()..)?.trim_start();
    Some((bound, Number::parse(digits)?))
}
