//! Assigning authorities: a URI where one is known, a name otherwise.

use std::borrow::Cow;

use formats::fhir::reference::is_uri;

use crate::map::computed::token;
use crate::map::local::OWN_SYSTEM;
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
        let piece = self.namespace.or(self.universal)?;
        mapper.mark(piece, row, frame);
        piece.text()
    }
}

/// Gives a universal id as a URI; none for what is not of the kind that the sender says.
fn universal_uri(kind: &str, id: &str) -> Option<String> {
    match kind {
        "ISO" => is_oid(id).then(|| format!("urn:oid:{id}")),
        "UUID" | "GUID" => uuid(id).map(|id| format!("urn:uuid:{id}")),
        "URI" => is_uri(id).then(|| id.to_owned()),
        _ => None,
    }
}

/// Says whether a text is an object identifier (FHIR R4, data type oid).
pub(crate) fn is_oid(text: &str) -> bool {
    let is_arc = |arc: &str| {
        let is_number = !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit());
        is_number && (arc == "0" || !arc.starts_with('0'))
    };
    let arcs = text.split_once('.');
    arcs.is_some_and(|(root, rest)| matches!(root, "0" | "1" | "2") && rest.split('.').all(is_arc))
}

/// Gives a UUID in lower case and with its hyphens, as FHIR R4 has it; it is known without them, too.
fn uuid(text: &str) -> Option<String> {
    let digits = text.replace('-', "").to_ascii_lowercase();
    let is_one = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_one
        || !(text.len() == 32
            || UUID_HYPHENS
                .iter()
                .all(|at| text.get(*at..=*at) == Some("-")))
    {
        return None;
    }
    let mut out = digits;
    for at in UUID_HYPHENS {
        out.insert(at, '-');
    }
    Some(out)
}

/// Where the hyphens of a UUID are.
const UUID_HYPHENS: [usize; 4] = [8, 13, 18, 23];

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

/// Writes where the application that an HD names is reached, as a URI: in the sender's own namespace where its universal id is none.
pub(super) fn endpoint<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let part = |number: usize| piece.part(number).filter(|part| part.is_valued());
    let id = part(2)?;
    // A URI has no blanks.
    let text = id
        .text()?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("%20");
    let kind = part(3);
    let named = kind.and_then(Piece::text).unwrap_or_default();
    let uri = match &*named {
        "DNS" => Some(format!("urn:dns:{text}")),
        kind => universal_uri(kind, &text),
    };
    let own = || {
        format!(
            "{OWN_SYSTEM}{}:{}",
            token(&mapper.source.name),
            token(&text)
        )
    };
    let uri = uri.unwrap_or_else(own);
    for piece in [Some(id), kind].into_iter().flatten() {
        mapper.mark(piece, row, frame);
    }
    Some(Value::Text(Cow::Owned(uri)))
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

/// Writes the universal id of the authority of an EI where it is no URI and its name is another one.
pub(super) fn entity_id<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let authority = Authority::at(piece, 2);
    let kind = authority.kind.and_then(Piece::text).unwrap_or_default();
    let id = authority
        .universal
        .filter(|_| authority.namespace.is_some())?;
    let text = id.text()?;
    if universal_uri(&kind, &text).is_some() {
        return None;
    }
    mapper.mark(id, row, frame);
    Some(Value::Text(text))
}

/// Writes what kind of id the authority of an EI has where that is no URI.
pub(super) fn entity_id_kind<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let authority = Authority::at(piece, 2);
    let id = authority.universal.and_then(Piece::text)?;
    let kind = authority.kind?;
    let text = kind.text()?;
    if universal_uri(&text, &id).is_some() {
        return None;
    }
    mapper.mark(kind, row, frame);
    Some(Value::Text(text))
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

/// Writes the system of URIs, for a universal id that is one.
pub(super) fn universal_system<'m>(
    _mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    _row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let kind = frame.piece.and_then(|whole| whole.part(3))?;
    universal_uri(&kind.text()?, &piece.text()?)?;
    Some(Value::Text(Cow::Borrowed(URIS)))
}

/// The system of identifiers that are URIs.
const URIS: &str = "urn:ietf:rfc:3986";
