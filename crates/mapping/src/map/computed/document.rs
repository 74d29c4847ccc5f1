//! The text of a document that is sent line by line: one text, with a heading where it is told in sections.

use std::borrow::Cow;

use crate::map::piece::Piece;
use crate::map::primitive::{spaced, to_base64};
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// The types of OBX-5 that are text.
pub(crate) const TEXTS: [&[u8]; 3] = [b"TX", b"FT", b"ST"];

impl<'m> Mapper<'m> {
    /// Writes the lines of all results that are text as base64; a section begins where OBX-3 changes.
    pub(super) fn document_text(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Value<'m>> {
        let all: Vec<_> = frame.sent("OBX").copied().collect();
        let texts = || {
            let is_text = |kind: &[u8]| kind.is_empty() || TEXTS.contains(&kind);
            all.iter()
                .filter(move |one| is_text(one.segment.field(2).raw().trim_ascii()))
        };
        let code = |index: usize| texts().nth(index).map(|one| one.segment.field(3).raw());
        let is_in_sections = texts().any(|one| Some(one.segment.field(3).raw()) != code(0));
        let mut lines: Vec<Cow<'m, str>> = Vec::new();
        let mut section: &[u8] = b"";
        for one in texts() {
            let name = one.segment.field(3).raw();
            if is_in_sections
                && name != section
                && let Some(piece) = one.first(3).map(Piece::Repetition)
                && let Some(words) = piece
                    .part(2)
                    .and_then(Piece::text)
                    .or_else(|| spaced(piece))
            {
                self.mark(piece, row, frame);
                lines.push(words);
            }
            section = name;
            let repetitions: Vec<_> = one.repetitions(5).collect();
            for repetition in repetitions {
                let piece = Piece::Repetition(repetition);
                let text = piece.exact();
                if text.is_some() {
                    self.mark(piece, row, frame);
                }
                lines.push(text.unwrap_or_default());
            }
        }
        let text = lines.join("\n");
        let text = text.trim_end();
        (!text.is_empty()).then(|| Value::Text(Cow::Owned(to_base64(text.as_bytes()))))
    }
}
