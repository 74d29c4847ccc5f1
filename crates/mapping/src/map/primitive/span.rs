//! Spans of time and how often: HL7's units of time in the letters of UCUM, and never a number without its unit.

use std::borrow::Cow;

use super::value::number;
use crate::issue::IssueCode;
use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// Units of time as senders write them, in lower case, and in UCUM (R4 value set `units-of-time`).
const UNITS: &[(&str, &str)] = &[
    ("s", "s"),
    ("sec", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "min"),
    ("min", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("h", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("d", "d"),
    ("day", "d"),
    ("days", "d"),
    ("w", "wk"),
    ("wk", "wk"),
    ("week", "wk"),
    ("weeks", "wk"),
    ("l", "mo"),
    ("mo", "mo"),
    ("mon", "mo"),
    ("month", "mo"),
    ("months", "mo"),
    ("a", "a"),
    ("y", "a"),
    ("yr", "a"),
    ("ann", "a"),
    ("year", "a"),
    ("years", "a"),
];

/// Gives a unit of time in UCUM, by a code or its words.
fn unit_of(piece: Piece<'_>) -> Option<&'static str> {
    let texts = [1, 2].into_iter().filter_map(|number| piece.part(number));
    texts.filter_map(Piece::text).find_map(|text| {
        let lower = text.to_lowercase();
        let known = UNITS.iter().find(|(name, _)| *name == lower);
        known.map(|(_, code)| *code)
    })
}

/// Gives how many minutes a number of units are; a unit that is not sent counts as minutes.
pub(crate) fn minutes(amount: &str, unit: Option<Piece<'_>>) -> Option<i64> {
    let seconds: i64 = match unit.filter(|unit| unit.is_valued()) {
        None => 60,
        Some(unit) => match unit_of(unit)? {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "wk" => 7 * 86_400,
            _ => return None,
        },
    };
    let amount: i64 = amount.trim().parse().ok().filter(|amount| *amount >= 0)?;
    amount
        .checked_mul(seconds)
        .map(|seconds| (seconds.saturating_add(59)) / 60)
}

/// The greatest number of minutes that FHIR R4 has room for.
pub(crate) const MINUTES_MAX: i64 = i32::MAX as i64;

/// Writes the unit of a span of time: a CQ, or a number with its unit in the part after it.
pub(super) fn unit<'m>(
    mapper: &mut Mapper<'m>,
    span: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let unit = span.part(2).filter(|unit| unit.is_valued())?;
    amount_of(span)?;
    let code = unit_of(unit)?;
    mapper.mark(unit, row, frame);
    Some(Value::Text(Cow::Borrowed(code)))
}

/// Writes the number of a span of time, unless its unit is none of time.
pub(super) fn amount<'m>(
    mapper: &mut Mapper<'m>,
    span: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let digits = amount_of(span)?;
    let piece = span.part(1)?;
    let unit = span.part(2).filter(|unit| unit.is_valued());
    if unit.and_then(unit_of).is_none() {
        mapper.doubt(IssueCode::CodeUnknown, Some(unit.unwrap_or(piece)));
        return None;
    }
    mapper.mark(piece, row, frame);
    Some(Value::Raw(digits.into_owned().into_bytes()))
}

fn amount_of(span: Piece<'_>) -> Option<Cow<'static, str>> {
    let text = span.part(1)?.text()?;
    let digits = number(&text)?;
    (!digits.starts_with('-')).then(|| Cow::Owned(digits.into_owned()))
}

/// Writes the period of an RPT (parts 5 and 6), unless its unit is none of time.
pub(super) fn repeat_period<'m>(
    mapper: &mut Mapper<'m>,
    pattern: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let (piece, unit) = (pattern.part(5)?, pattern.part(6)?);
    let text = piece.text()?;
    let digits = number(&text).filter(|digits| !digits.starts_with('-'))?;
    unit_of(unit)?;
    mapper.mark(piece, row, frame);
    Some(Value::Raw(digits.into_owned().into_bytes()))
}

/// Writes the unit of that period.
pub(super) fn repeat_period_unit<'m>(
    mapper: &mut Mapper<'m>,
    pattern: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let (piece, unit) = (pattern.part(5)?, pattern.part(6)?);
    let text = piece.text()?;
    number(&text).filter(|digits| !digits.starts_with('-'))?;
    let code = unit_of(unit)?;
    mapper.mark(unit, row, frame);
    Some(Value::Text(Cow::Borrowed(code)))
}

/// Writes the offset of an RPT from its event (parts 9 and 10) in minutes.
pub(super) fn repeat_offset<'m>(
    mapper: &mut Mapper<'m>,
    pattern: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let (piece, unit) = (pattern.part(9)?, pattern.part(10));
    let found = minutes(&piece.text()?, unit).filter(|found| *found <= MINUTES_MAX)?;
    mapper.mark(piece, row, frame);
    if let Some(unit) = unit.filter(|unit| unit.is_valued()) {
        mapper.mark(unit, row, frame);
    }
    Some(Value::Raw(found.to_string().into_bytes()))
}

/// Writes a number of times, if it is one at least.
pub(super) fn times<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let count = piece.text()?.parse::<i32>().ok();
    let Some(count) = count.filter(|count| *count > 0) else {
        mapper.doubt(IssueCode::NotANumber, Some(piece));
        return None;
    };
    mapper.mark(piece, row, frame);
    Some(Value::Raw(count.to_string().into_bytes()))
}

/// Writes a count that may be none, as refills may.
pub(super) fn count<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let Some(count) = piece
        .text()?
        .parse::<i32>()
        .ok()
        .filter(|count| *count >= 0)
    else {
        mapper.doubt(IssueCode::NotANumber, Some(piece));
        return None;
    };
    mapper.mark(piece, row, frame);
    Some(Value::Raw(count.to_string().into_bytes()))
}

#[cfg(test)]
mod tests {
    use formats::hl7v2;

    use super::*;

    fn check(unit: &str, amount: &str, expected: Option<i64>) {
        let text = format!("MSH|^~\\&|\rAIS|{unit}");
        let message = hl7v2::parse(text.as_bytes());
        let segment = message.segments().nth(1).expect("it was just written");
        let piece = Piece::Repetition(segment.field(1).repetition(1));
        assert_eq!(minutes(amount, Some(piece)), expected, "{amount} {unit}");
    }

    #[test]
    fn minutes_are_known_of_units_of_time_only() {
        check("", "30", Some(30));
        check("min^Minutes^ISO", "30", Some(30));
        check("MIN", "30", Some(30));
        check("s", "90", Some(2));
        check("H", "2", Some(120));
        check("^hours", "1", Some(60));
        check("mo", "1", None);
        check("tablets", "1", None);
        check("min", "-5", None);
        check("min", "soon", None);
        check("wk", "9223372036854775807", None);
    }
}
