//! Assigning authorities: a URI where one is known, a name otherwise.

use std::borrow::Cow;

use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// The parts of an HD, wherever they stand.
struct Authority<'m> {
    namespace: Option<Piece<'m>>,
    universal: Option<Piece<'m>>,
    kind: Option<Piece<'m>>,
}

impl<'m> Authority<'m> {
    fn at(piece: Piece<'m>, first: usize) -> Self {
        let parts = piece.split();
        let part = |number: usize| parts.of(piece, number).filter(|part| part.is_valued());
        Self {
            namespace: part(first),
            universal: part(first + 1),
            kind: part(first + 2),
        }
    }

    fn uri(&self, mapper: &mut Mapper<'m>, row: &Row, frame: &Frame<'_, 'm>) -> Option<String> {
        let text = |piece: Option<Piece<'m>>| piece.and_then(Piece::text);
        let (kind, id) = (text(self.kind).unwrap_or_default(), text(self.universal));
        if let Some(uri) = id.and_then(|id| universal_uri(&kind, &id)) {
            for piece in [self.universal, self.kind].into_iter().flatten() {
                mapper.mark(piece, row, frame);
            }
            return Some(uri);
        }
        let namespace = text(self.namespace)?;
        let known = mapper.source.authorities.get(&*namespace)?;
        Some(known.to_string())
    }

    fn name(
        &self,
        mapper: &mut Mapper<'m>,
        row: &Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Cow<'m, str>> {
        for piece in [self.universal, self.kind].into_iter().flatten() {
            mapper.mark(piece, row, frame);
        }
        let piece = self.namespace.or(self.universal)?;
        mapper.mark(piece, row, frame);
        piece.text()
    }
}

fn universal_uri(kind: &str, id: &str) -> Option<String> {
    match kind {
        _ if id.contains(char::is_whitespace) => None,
        "ISO" => Some(format!("urn:oid:{id}")),
        "UUID" | "GUID" => Some(format!("urn:uuid:{}", id.to_ascii_lowercase())),
        "URI" => Some(id.to_owned()),
        _ => None,
    }
}

/// Writes the URI of an HD.
pub(super) fn uri<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let uri = Authority::at(piece, 1).uri(mapper, row, frame)?;
    Some(Value::Text(Cow::Owned(uri)))
}

/// Writes where the application that an HD names is reached, as a URI.
pub(super) fn endpoint<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let part = |number: usize| piece.part(number).filter(|part| part.is_valued());
    let (id, kind) = (part(2)?, part(3)?);
    // A URI has no blanks.
    let text = id
        .text()?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("%20");
    let uri = match &*kind.text()? {
        "DNS" => Some(format!("urn:dns:{text}")),
        kind => universal_uri(kind, &text),
    };
    mapper.mark(id, row, frame);
    mapper.mark(kind, row, frame);
    Some(Value::Text(Cow::Owned(uri?)))
}

/// Writes the name of an HD: its namespace, else its universal id.
pub(super) fn name<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let name = Authority::at(piece, 1).name(mapper, row, frame)?;
    Some(Value::Text(name))
}

/// Writes the URI of the authority of an EI, which stands beside the identifier.
pub(super) fn entity_uri<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let uri = Authority::at(piece, 2).uri(mapper, row, frame)?;
    Some(Value::Text(Cow::Owned(uri)))
}

/// Writes the name of the authority of an EI.
pub(super) fn entity_name<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let name = Authority::at(piece, 2).name(mapper, row, frame)?;
    Some(Value::Text(name))
}

/// Writes the URI of a namespace that is not part of an HD.
pub(super) fn string_uri<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    _row: &Row,
    _frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let known = mapper.source.authorities.get(&*piece.text()?)?;
    Some(Value::Text(Cow::Owned(known.to_string())))
}

/// Writes a universal id as the URI that it is, if the part after it says so.
pub(super) fn universal_id<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let id = piece.text()?;
    mapper.mark(piece, row, frame);
    let kind = frame.piece.and_then(|whole| whole.part(3));
    let Some(kind) = kind.filter(|kind| kind.is_valued()) else {
        return Some(Value::Text(id));
    };
    mapper.mark(kind, row, frame);
    let uri = universal_uri(&kind.text()?, &id);
    Some(Value::Text(uri.map_or(id, Cow::Owned)))
}
