//! What OBX-5 can hold besides texts, codes and times: numbers, bounds, ranges, ratios, samples.

use std::borrow::Cow;
use std::cmp::Ordering;

use formats::device::nomenclature;
use formats::fhir::json::{Number, Object};
use formats::fhir::validate::compare_dates;

use super::object;
use super::unit::power;
use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// The URI of UCUM.
const UCUM: &str = "http://unitsofmeasure.org";

/// Gives the digits of an HL7 number as JSON allows them; nothing for what is no number.
///
/// Only what JSON does not know is changed: a leading plus sign or zeros, a missing zero beside the point.
pub(crate) fn number(text: &str) -> Option<Cow<'_, str>> {
    if text.contains(['e', 'E']) {
        return None;
    }
    if Number::parse(text).is_some() {
        return Some(Cow::Borrowed(text));
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let text = format!("{sign}{whole}{point}{fraction}");
    Number::parse(&text)?;
    Some(Cow::Owned(text))
}

/// The most digits, and places that the point is moved by, that a decimal of 96 bits holds exactly.
const EXACT_DIGITS_MAX: usize = 28;

/// Gives the digits of a measured number: as [`number`] does, or with an exponent (`1.5E+3`) where its value is exact.
pub(crate) fn amount(text: &str) -> Option<Cow<'_, str>> {
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
        return number(text);
    };
    let places: i8 = exponent.parse().ok()?;
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    if count + usize::from(places.unsigned_abs()) > EXACT_DIGITS_MAX {
        return None;
    }
    let all = match number(digits)? {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(digits) => Cow::Owned(format!("{digits}E{exponent}")),
    };
    Number::parse(&all)?;
    Some(all)
}

/// Splits a bound from its number.
pub(crate) fn bound(text: &str) -> (&'static str, &str) {
    for (sign, comparator) in [
        ("<=", "<="),
        (">=", ">="),
        ("<", "<"),
        (">", ">"),
        ("=", ""),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (comparator, rest.trim());
        }
    }
    ("", text)
}

/// A unit as sent, with its UCUM code if that is known.
#[derive(Debug, Default)]
struct Unit {
    words: String,
    code: String,
}

impl Unit {
    fn write(&self, object: &mut Object<'_>) {
        object.string("unit", &self.words);
        if !self.code.is_empty() {
            object.string("system", UCUM).string("code", &self.code);
        }
    }

    fn quantity(&self, object: &mut Object<'_>, comparator: &str, digits: &str) {
        object
            .number("value", Number::parse(digits))
            .string("comparator", comparator);
        self.write(object);
    }
}

/// Reads OBX-6.
fn unit<'m>(mapper: &mut Mapper<'m>, row: &Row, frame: &Frame<'_, 'm>) -> Unit {
    let Some(piece) = frame
        .field("OBX", 6, None)
        .filter(|piece| piece.is_valued())
    else {
        return Unit::default();
    };
    let part = |number: usize| piece.part(number).filter(|part| part.is_valued());
    let text = |number: usize| part(number).and_then(Piece::text);
    let [code, words, system] = [1, 2, 3].map(text);
    let power = power(piece).map(Cow::Owned);
    let is_power = power.is_some();
    let words = if is_power { None } else { words };
    let code = power.or(code);
    let alternative = [4, 5, 6].map(text);
    let is_ucum = |system: &Option<Cow<'_, str>>| system.as_deref() == Some("UCUM");
    let is_device = system.as_deref().is_some_and(|name| mapper.is_mdc(name));
    let names = [&code, &words].into_iter().filter(|_| is_device);
    let of_device = names.flatten().find_map(|name| nomenclature::ucum(name));
    let is_alternative = !is_ucum(&system) && is_ucum(&alternative[2]);
    let known = || code.as_deref().and_then(|code| known_unit(mapper, code));
    let ucum = if is_ucum(&system) {
        // A power is put together from what was sent.
        let known = known().filter(|_| is_power).map(Cow::Borrowed);
        known.or_else(|| code.clone())
    } else if is_alternative {
        alternative[0].clone()
    } else if of_device.is_some() {
        of_device.map(Cow::Borrowed)
    } else {
        known().map(Cow::Borrowed)
    };
    let read = if is_alternative { 1..=6 } else { 1..=3 };
    for part in read.filter_map(part) {
        mapper.mark(part, row, frame);
    }
    Unit {
        words: of_device
            .map(Cow::Borrowed)
            .or(words)
            .or(code)
            .unwrap_or_default()
            .into_owned(),
        code: ucum.unwrap_or_default().into_owned(),
    }
}

fn known_unit(mapper: &Mapper<'_>, code: &str) -> Option<&'static str> {
    let lower = code.to_lowercase();
    mapper.tables.units.get(lower.as_str()).copied()
}

/// Writes a number, or a bound such as `<0.10`, with the unit of OBX-6.
pub(super) fn quantity<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let text = piece.text()?;
    let (comparator, rest) = bound(&text);
    let digits = amount(rest)?;
    mapper.mark(piece, row, frame);
    let unit = unit(mapper, row, frame);
    object(|object| unit.quantity(object, comparator, &digits))
}

/// Writes a CQ: a number with its own unit.
pub(super) fn composite_quantity<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let [value, unit] = [piece.part(1)?, piece.part(2)?];
    let text = value.text()?;
    let digits = amount(&text)?;
    let words = unit.first().text().unwrap_or_default();
    mapper.mark(value, row, frame);
    mapper.mark(unit.first(), row, frame);
    let code = known_unit(mapper, &words).unwrap_or_default();
    let unit = Unit {
        words: words.into_owned(),
        code: code.to_owned(),
    };
    object(|object| unit.quantity(object, "", &digits))
}

/// The four parts of an SN, marked.
fn structured<'m>(piece: Piece<'m>) -> [Option<Cow<'m, str>>; 4] {
    [1, 2, 3, 4].map(|number| piece.part(number).and_then(Piece::text))
}

/// Writes an SN that is a number or a bound.
pub(super) fn structured_quantity<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let [sign, first, None, None] = structured(piece) else {
        return None;
    };
    let comparator = match sign.as_deref() {
        None | Some("=") => "",
        Some(sign @ ("<" | "<=" | ">" | ">=")) => sign,
        Some(_) => return None,
    };
    let first = first?;
    let digits = amount(&first)?;
    mapper.mark(piece, row, frame);
    let unit = unit(mapper, row, frame);
    object(|object| unit.quantity(object, comparator, &digits))
}

/// Writes an SN such as `^10^-^20`.
pub(super) fn structured_range<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let [sign, Some(low), Some(separator), Some(high)] = structured(piece) else {
        return None;
    };
    if separator != "-" || !matches!(sign.as_deref(), None | Some("=")) {
        return None;
    }
    range(mapper, piece, row, frame, &low, &high)
}

/// Writes an NR.
pub(super) fn number_range<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let [low, high] = [1, 2].map(|number| piece.part(number).and_then(Piece::text));
    if low.is_none() && high.is_none() {
        return None;
    }
    let (low, high) = (low.unwrap_or_default(), high.unwrap_or_default());
    range(mapper, piece, row, frame, &low, &high)
}

fn range<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
    low: &str,
    high: &str,
) -> Option<Value<'m>> {
    let end = |text: &str| match text {
        "" => Some(String::new()),
        text => amount(text).map(Cow::into_owned),
    };
    let (low, high) = (end(low)?, end(high)?);
    let bounds = low.parse::<f64>().ok().zip(high.parse::<f64>().ok());
    if bounds.is_some_and(|(low, high)| low > high) {
        return None;
    }
    mapper.mark(piece, row, frame);
    let unit = unit(mapper, row, frame);
    object(|object| {
        for (name, digits) in [("low", &low), ("high", &high)] {
            if !digits.is_empty() {
                object.object(name, |object| unit.quantity(object, "", digits));
            }
        }
    })
}

/// Writes an SN such as `^1^:^128`.
pub(super) fn structured_ratio<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let [sign, Some(first), Some(separator), Some(second)] = structured(piece) else {
        return None;
    };
    let comparator = match sign.as_deref() {
        None | Some("=") => "",
        Some(sign @ ("<" | "<=" | ">" | ">=")) => sign,
        Some(_) => return None,
    };
    if separator != ":" && separator != "/" {
        return None;
    }
    let (first, second) = (amount(&first)?, amount(&second)?);
    mapper.mark(piece, row, frame);
    let unit = unit(mapper, row, frame);
    object(|object| {
        object.object("numerator", |object| {
            unit.quantity(object, comparator, &first);
        });
        object.object("denominator", |object| unit.quantity(object, "", &second));
    })
}

/// Writes an SN that is nothing else, with its unit, as text.
pub(super) fn structured_text<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let mut text = super::text::spaced(piece)?.into_owned();
    mapper.mark(piece, row, frame);
    let unit = unit(mapper, row, frame);
    if !unit.words.is_empty() {
        text.push(' ');
        text.push_str(&unit.words);
    }
    Some(Value::Text(Cow::Owned(text)))
}

/// Writes a VR as `a-b`.
pub(super) fn value_range<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let parts: Vec<_> = piece.parts().into_iter().filter_map(Piece::text).collect();
    mapper.mark(piece, row, frame);
    (!parts.is_empty()).then(|| Value::Text(Cow::Owned(parts.join("-"))))
}

/// Writes a DR.
pub(super) fn period<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let end = |mapper: &mut Mapper<'m>, number: usize| {
        let part = piece.part(number).filter(|part| part.is_valued())?;
        let time = super::timestamp(mapper, part, row, frame)?;
        mapper.clock.date_time(&time)
    };
    let start = end(mapper, 1).unwrap_or_default();
    let marked = mapper.marks.len();
    let mut end = end(mapper, 2).unwrap_or_default();
    if compare_dates(&start, &end) == Some(Ordering::Greater) {
        mapper.withdraw(marked);
        end.clear();
    }
    object(|object| {
        object.string("start", &start).string("end", &end);
    })
}

/// Writes an NA as samples a millisecond apart, since HL7 does not say how far: FHIR wants a period.
pub(super) fn sampled_data<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let samples: Vec<_> = piece
        .parts()
        .into_iter()
        .map(|part| part.text().unwrap_or(Cow::Borrowed("E")))
        .collect();
    let all_numbers = samples
        .iter()
        .all(|one| *one == "E" || number(one).is_some());
    if !all_numbers {
        return None;
    }
    mapper.mark(piece, row, frame);
    let unit = unit(mapper, row, frame);
    object(|object| {
        object.object("origin", |object| unit.quantity(object, "", "0"));
        object
            .number("period", Number::parse("1"))
            .integer("dimensions", 1)
            .string("data", &samples.join(" "));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stay_as_sent() {
        for (text, digits) in [
            ("9.60", Some("9.60")),
            ("-0", Some("-0")),
            ("+5", Some("5")),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("007.10", Some("7.10")),
            ("1,5", None),
            ("NaN", None),
            ("1e999", None),
            ("1.2.3", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(number(text).as_deref(), digits, "{text}");
        }
    }

    #[test]
    fn an_exponent_is_read_where_the_value_is_exact() {
        for (text, digits) in [
            ("1.5E+3", Some("1.5E+3")),
            ("-2e-3", Some("-2e-3")),
            (".5E03", Some("0.5E03")),
            ("9.60", Some("9.60")),
            ("1E27", Some("1E27")),
            ("1E28", None),
            ("1E-28", None),
            ("1234567890123456789012345678E1", None),
            ("1e999", None),
            ("1E-4294967295", None),
            ("E5", None),
            ("1E", None),
            ("1E5.0", None),
            ("1E5E5", None),
        ] {
            assert_eq!(amount(text).as_deref(), digits, "{text}");
        }
    }

    #[test]
    fn a_bound_is_apart_from_its_number() {
        assert_eq!(bound("<0.10"), ("<", "0.10"));
        assert_eq!(bound(">= 5"), (">=", "5"));
        assert_eq!(bound("5"), ("", "5"));
    }
}
