//! Texts, names and telephone numbers.

use std::borrow::Cow;

use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::{From, Row};

/// Writes the whole piece.
pub(super) fn string<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let value = match piece.plain() {
        Some(plain) => Value::Plain(plain),
        None => Value::Text(piece.text()?),
    };
    mapper.mark(piece, row, frame);
    Some(value)
}

/// Writes the parts of the piece with a space between.
pub(super) fn joined<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let text = spaced(piece)?;
    mapper.mark(piece, row, frame);
    Some(Value::Text(text))
}

/// Writes the parts of the piece with the standard separator between, those without content too.
pub(super) fn as_sent<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let parts = piece.parts();
    let texts: Vec<_> = parts
        .iter()
        .map(|part| part.text().unwrap_or_default())
        .collect();
    mapper.mark(piece, row, frame);
    let text = texts.join("^");
    (!text.is_empty()).then_some(Value::Text(Cow::Owned(text)))
}

/// Joins the valued parts, down to the innermost.
pub(crate) fn spaced(piece: Piece<'_>) -> Option<Cow<'_, str>> {
    fn join<'m>(texts: impl Iterator<Item = Cow<'m, str>>) -> Option<Cow<'m, str>> {
        texts.fold(None, |all: Option<Cow<'m, str>>, text| {
            Some(match all {
                None => text,
                Some(all) => Cow::Owned([&*all, &*text].join(" ")),
            })
        })
    }
    match piece {
        Piece::Subcomponent(_) => piece.text(),
        Piece::Component(one) => {
            let parts = one.subcomponents().map(Piece::Subcomponent);
            join(parts.filter_map(Piece::text))
        }
        Piece::Repetition(one) => {
            let parts = one.components().map(Piece::Component);
            join(parts.filter_map(spaced))
        }
    }
}

/// Writes a text that is a FHIR id, and no other.
pub(super) fn id<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let text = piece.text()?;
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_id = text.len() <= ID_LENGTH_MAX && text.bytes().all(may_stand);
    is_id.then(|| string(mapper, piece, row, frame))?
}

/// The longest id of FHIR R4 (`[A-Za-z0-9\-\.]{1,64}`).
const ID_LENGTH_MAX: usize = 64;

/// Writes a number from 1 on, without quotes.
pub(super) fn rank<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let text = piece.text()?;
    let rank: u32 = text.parse().ok().filter(|rank| *rank >= 1)?;
    mapper.mark(piece, row, frame);
    (rank <= RANK_MAX).then(|| Value::Raw(rank.to_string().into_bytes()))
}

/// The greatest positiveInt of FHIR R4.
const RANK_MAX: u32 = 0x7fff_ffff;

/// Writes the street address of an SAD.
pub(super) fn street_address<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    string(mapper, piece.part(1)?, row, frame)
}

/// Writes the name of the street of an SAD.
pub(super) fn street_name<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    string(mapper, piece.part(2)?, row, frame)
}

/// Writes the number of the house of an SAD.
pub(super) fn dwelling_number<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    string(mapper, piece.part(3)?, row, frame)
}

/// Writes the surname of a family name.
pub(super) fn family<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let surname = piece.first();
    if surname.is_valued() {
        return string(mapper, surname, row, frame);
    }
    joined(mapper, piece, row, frame)
}

/// Writes the words of a coded value: its text, else its display, else its code.
pub(super) fn words<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let found = [9, 2, 1, 5, 4]
        .into_iter()
        .filter_map(|number| piece.part(number))
        .find(|part| part.is_valued())?;
    string(mapper, found, row, frame)
}

/// Writes all repetitions, and those of all segments with the name, as lines.
pub(super) fn lines<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let From::Field { segment, field, .. } = row.from else {
        return string(mapper, piece, row, frame);
    };
    let mut all: Option<Cow<'m, str>> = None;
    for segment in frame.segments(segment) {
        for repetition in segment.field(field).repetitions() {
            let piece = Piece::Repetition(repetition);
            let Some(text) = piece.text() else { continue };
            mapper.mark(piece, row, frame);
            all = Some(match all {
                None => text,
                Some(before) => Cow::Owned(format!("{before}\n{text}")),
            });
        }
    }
    all.map(Value::Text)
}

/// Writes a telephone number or address: as sent in one, else from its parts.
pub(super) fn telecom_value<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let part = |number: usize| piece.part(number).filter(|part| part.is_valued());
    let kind = part(3).and_then(Piece::text);
    let is_mail = match kind.as_deref() {
        Some("Internet" | "X.400") => true,
        Some(_) => false,
        None => part(4).is_some() && part(1).is_none(),
    };
    let order: [usize; 3] = if is_mail { [4, 1, 12] } else { [12, 1, 4] };
    let mut parts = order.into_iter().filter_map(part);
    if let Some(chosen) = parts.next() {
        // The same number in another spelling is not lost by choosing one.
        for other in parts {
            if digits(other) == digits(chosen) {
                mapper.mark(other, row, frame);
            }
        }
        return string(mapper, chosen, row, frame);
    }
    let text = |number: usize| part(number).and_then(Piece::text);
    let local = text(7)?;
    let mut all = String::new();
    if let Some(country) = text(5) {
        all.push('+');
        all.push_str(country.trim_start_matches('+'));
        all.push(' ');
    }
    if let Some(area) = text(6) {
        all.push_str(&area);
        all.push(' ');
    }
    all.push_str(&local);
    if let Some(extension) = text(8) {
        all.push_str(" X");
        all.push_str(&extension);
    }
    Some(Value::Text(Cow::Owned(all)))
}

fn digits(piece: Piece<'_>) -> Vec<u8> {
    let raw = piece.raw().iter().copied();
    raw.filter(u8::is_ascii_alphanumeric).collect()
}
