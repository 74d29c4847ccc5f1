//! Languages: what senders call them, as the tags that FHIR allows (RFC 5646).

use std::borrow::Cow;

use super::piece::Piece;
use super::write::{Frame, Mapper, Value};
use crate::issue::IssueCode;
use crate::tables::TABLES;
use crate::tables::codes::CodeTable;
use crate::tables::plan::Row;

/// The table of languages.
pub(crate) const LANGUAGES: &str = "0296";

/// The parts of a coded element that may say which language it is: codes before words.
const SAYING: [usize; 5] = [1, 4, 2, 5, 9];

/// Gives the tag of a language by its code or name, with the region behind it.
fn tag(table: &CodeTable, text: &str) -> Option<Cow<'static, str>> {
    let known = |text: &str| table.get(&text.to_uppercase()).map(|target| target.code);
    let text = text.trim();
    if let Some(code) = known(text) {
        return Some(Cow::Borrowed(code));
    }
    let (language, region) = text.split_once(['-', '_'])?;
    let is_region = match region.len() {
        2 => region.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => region.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    let code = known(language).filter(|_| is_region && language.len() <= 3)?;
    Some(Cow::Owned(format!(
        "{code}-{}",
        region.to_ascii_uppercase()
    )))
}

impl<'m> Mapper<'m> {
    /// Writes the language that a coded element names; FHIR allows nothing but tags, so that one which no table knows is
    /// undetermined, with the code as sent beside it.
    pub(super) fn language_coding(
        &mut self,
        piece: Piece<'m>,
        row: &Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Value<'m>> {
        let table = self.tables.codes.get(LANGUAGES)?;
        let text = |number: usize| piece.part(number)?.first().text();
        let found = SAYING
            .iter()
            .find_map(|number| Some((*number, tag(table, &text(*number)?)?)));
        let (number, tag) = match found {
            Some(found) => found,
            None => {
                self.doubt(IssueCode::CodeUnknown, Some(piece));
                (0, Cow::Borrowed(table.unknown?))
            }
        };
        let language = tag.split('-').next().unwrap_or_default();
        let known = table.get(&language.to_uppercase())?;
        let is_code = matches!(number, 1 | 4);
        let words = text(number + 1).filter(|_| is_code);
        for part in [number, number + 1, number + 2] {
            if is_code && let Some(part) = piece.part(part).filter(|part| part.is_valued()) {
                self.mark(part, row, frame);
            }
        }
        let before = self.out.mark();
        self.out.begin_object();
        for (name, text) in [
            ("system", known.system),
            ("code", &*tag),
            ("display", words.as_deref().unwrap_or(known.display)),
        ] {
            self.out.key(name);
            self.out.string(text);
        }
        self.out.end_object_unless_empty(before);
        Some(Value::Written)
    }
}

/// Says whether a code names no language that the table knows.
pub(crate) fn is_no_language(value: &[u8]) -> bool {
    let table = TABLES.codes.get(LANGUAGES);
    let text = String::from_utf8_lossy(value);
    table.is_none_or(|table| tag(table, &text).is_none())
}

/// Writes a language as its tag.
pub(super) fn language<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let piece = piece.first();
    let table = mapper.tables.codes.get(LANGUAGES)?;
    let Some(found) = tag(table, &piece.text()?) else {
        mapper.doubt(IssueCode::CodeUnknown, Some(piece));
        return None;
    };
    mapper.mark(piece, row, frame);
    Some(Value::Text(found))
}
