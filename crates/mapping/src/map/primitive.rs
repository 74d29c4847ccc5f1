//! The small functions that the tables name: one piece of text to one FHIR primitive.

mod attachment;

mod authority;

mod described;

mod text;

mod span;

mod unit;

mod value;

use std::borrow::Cow;

use formats::fhir::json;
use formats::hl7v2::Timestamp;

use super::clock;
use super::language;
use super::piece::Piece;
use super::write::{Frame, Mapper, Value};
use crate::issue::IssueCode;
use crate::tables::plan::Row;

/// Writes a piece; nothing if it cannot be written as this.
pub(crate) type Primitive =
    for<'m> fn(&mut Mapper<'m>, Piece<'m>, &Row, &Frame<'_, 'm>) -> Option<Value<'m>>;

/// The functions by the names that the tables use.
const PRIMITIVES: &[(&str, Primitive)] = &[
    ("string", text::string),
    ("uri", text::string),
    ("as-sent", text::as_sent),
    ("joined", text::joined),
    ("street", text::joined),
    ("id", text::id),
    ("rank", text::rank),
    ("street-address", text::street_address),
    ("street-name", text::street_name),
    ("dwelling-number", text::dwelling_number),
    ("family", text::family),
    ("words", text::words),
    ("lines", text::lines),
    ("described", described::described),
    ("comment", described::comment),
    ("telecom-value", text::telecom_value),
    ("code", code),
    ("known-code", known_code),
    ("table-system", table_system),
    ("language", language::language),
    ("code-as-sent", code_as_sent),
    ("required-code", required_code),
    ("boolean", boolean),
    ("integer", integer),
    ("decimal", decimal),
    ("date", date),
    ("dateTime", date_time),
    ("instant", instant),
    ("time", time),
    ("period", value::period),
    ("authority-uri", authority::uri),
    ("authority-name", authority::name),
    ("entity-authority-uri", authority::entity_uri),
    ("entity-authority-name", authority::entity_name),
    ("entity-authority-id", authority::entity_id),
    ("entity-authority-id-kind", authority::entity_id_kind),
    ("string-uri", authority::string_uri),
    ("universal-id", authority::universal_id),
    ("universal-system", authority::universal_system),
    ("endpoint", authority::endpoint),
    ("quantity", value::quantity),
    ("composite-quantity", value::composite_quantity),
    ("structured-quantity", value::structured_quantity),
    ("structured-range", value::structured_range),
    ("structured-ratio", value::structured_ratio),
    ("structured-text", value::structured_text),
    ("number-range", value::number_range),
    ("value-range", value::value_range),
    ("sampled-data", value::sampled_data),
    ("mime-type", attachment::mime_type),
    ("mime-type-rp", attachment::mime_type_of_pointer),
    ("base64-data", attachment::data),
    ("span-unit", span::unit),
    ("span-amount", span::amount),
    ("repeat-period", span::repeat_period),
    ("repeat-period-unit", span::repeat_period_unit),
    ("repeat-offset", span::repeat_offset),
    ("times", span::times),
    ("count", span::count),
    ("unit-code", unit::code),
    ("unit-system", unit::system),
    ("unit-power", unit::power_words),
];

/// Finds a function by its name.
pub(crate) fn find(name: &str) -> Option<Primitive> {
    PRIMITIVES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, primitive)| *primitive)
}

pub(crate) use attachment::to_base64;
pub(crate) use authority::is_oid;
pub(crate) use span::{MINUTES_MAX, minutes};
pub(crate) use text::spaced;
pub(crate) use value::{amount, bound, number};

fn code<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let text = piece.text()?;
    let name = row.vocabulary.or(frame.vocabulary)?;
    let table = mapper.tables.codes.get(name)?;
    let found = table.get(&text).map(|target| target.code).or_else(|| {
        let upper = text.to_ascii_uppercase();
        table.get(&upper).map(|target| target.code)
    });
    if found.is_none()
        && let Some(known) = mapper.local(&text, "", row, frame)
        && table.has(&known.code)
    {
        mapper.mark(piece, row, frame);
        return Some(Value::Text(Cow::Borrowed(&known.code)));
    }
    if found.is_none() && table.unknown.is_some() {
        mapper.doubt(IssueCode::CodeUnknown, Some(piece));
    }
    let code = found.or(table.unknown)?;
    mapper.mark(piece, row, frame);
    Some(Value::Text(Cow::Borrowed(code)))
}

/// Writes a code that its resource must have.
fn required_code<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    code(mapper, piece, row, frame)
}

/// Writes the system of the table that a code is in, and takes note of one that is not.
fn table_system<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    _frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let table = mapper.tables.codes.get(row.vocabulary?)?;
    if table.get(&piece.text()?).is_none() {
        mapper.doubt(IssueCode::CodeUnknown, Some(piece));
        return None;
    }
    Some(Value::Text(Cow::Borrowed(table.v2_system())))
}

/// Writes a code where nothing else is allowed, and takes note of one that its table does not have.
fn known_code<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let found = code(mapper, piece, row, frame);
    if found.is_none() {
        mapper.doubt(IssueCode::CodeUnknown, Some(piece));
    }
    found
}

/// Writes a code without the white space that FHIR does not allow in one.
fn code_as_sent<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    if let Some(plain) = piece.plain()
        && !plain.iter().any(|byte| *byte == b' ' || !byte.is_ascii())
    {
        mapper.mark(piece, row, frame);
        return Some(Value::Plain(plain));
    }
    let text = piece.text()?;
    mapper.mark(piece, row, frame);
    let is_plain = !text.contains("  ") && !text.chars().any(|c| c.is_whitespace() && c != ' ');
    Some(Value::Text(if is_plain {
        text
    } else {
        Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }))
}

fn boolean<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    match code(mapper, piece, row, frame)? {
        Value::Text(word) if word == "true" || word == "false" => {
            Some(Value::Raw(word.as_bytes().to_vec()))
        }
        _ => None,
    }
}

fn integer<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let text = piece.text()?;
    let Ok(number) = text.parse::<i32>() else {
        mapper.doubt(IssueCode::NotANumber, Some(piece));
        return None;
    };
    mapper.mark(piece, row, frame);
    Some(Value::Raw(number.to_string().into_bytes()))
}

fn decimal<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let text = piece.text()?;
    let Some(digits) = number(&text) else {
        mapper.doubt(IssueCode::NotANumber, Some(piece));
        return None;
    };
    mapper.mark(piece, row, frame);
    Some(Value::Raw(digits.into_owned().into_bytes()))
}

/// Reads a time, and takes note of one that cannot be read.
pub(super) fn timestamp<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Timestamp> {
    let piece = piece.first();
    match Timestamp::parse(piece.raw()) {
        Ok(time) => {
            mapper.mark(piece, row, frame);
            Some(time)
        }
        Err(_) => {
            mapper.doubt(IssueCode::NotATime, Some(piece));
            None
        }
    }
}

fn date<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let time = timestamp(mapper, piece, row, frame)?;
    Some(Value::Text(Cow::Owned(clock::date(&time))))
}

fn date_time<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let time = timestamp(mapper, piece, row, frame)?;
    if time.hour().is_some() && time.minute().is_none() {
        mapper.doubt(IssueCode::TimeToTheHour, Some(piece));
    }
    mapper
        .clock
        .date_time(&time)
        .map(|text| Value::Text(Cow::Owned(text)))
}

fn instant<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let known = Timestamp::parse(piece.first().raw()).ok();
    if known.is_some_and(|time| time.minute().is_none()) {
        mapper.doubt(IssueCode::TimeToTheHour, Some(piece));
        return None;
    }
    let time = timestamp(mapper, piece, row, frame)?;
    mapper
        .clock
        .instant(&time)
        .map(|text| Value::Text(Cow::Owned(text)))
}

fn time<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let Some(text) = clock::time_of_day(piece.raw()) else {
        let code = match clock::has_offset(piece.raw()) {
            true => IssueCode::NotFitting,
            false => IssueCode::NotATime,
        };
        mapper.doubt(code, Some(piece));
        return None;
    };
    mapper.mark(piece, row, frame);
    Some(Value::Text(Cow::Owned(text)))
}

/// Gives a JSON object as a value, unless it is empty.
fn object<'m>(build: impl FnOnce(&mut json::Object<'_>)) -> Option<Value<'m>> {
    let bytes = json::object(build);
    (!bytes.is_empty()).then_some(Value::Raw(bytes))
}
