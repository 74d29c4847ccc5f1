//! When a stay or a procedure ends: not before it begins, and by how long it took.

use std::borrow::Cow;

use formats::hl7v2::Timestamp;

use crate::issue::IssueCode;
use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// The longest procedure in minutes: a week; a larger number is a mistake.
const PROCEDURE_MAX_MIN: i64 = 7 * 24 * 60;

impl<'m> Mapper<'m> {
    /// Writes when a stay ended; an end before its beginning is a mistake of one of them, and FHIR has no such period.
    pub(super) fn stay_end(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Value<'m>> {
        let piece = self.read(row, frame)?;
        let end = Timestamp::parse(piece.first().raw());
        let begin = frame.field("PV1", 44, None);
        let begin = begin.and_then(|begin| Timestamp::parse(begin.first().raw()).ok());
        let micros = |time: &Timestamp| self.clock.micros(time);
        let is_before = match (&begin, &end) {
            (Some(begin), Ok(end)) => micros(end) < micros(begin),
            _ => false,
        };
        let text = end.ok().filter(|_| !is_before);
        let Some(text) = text.and_then(|end| self.clock.date_time(&end)) else {
            self.doubt(IssueCode::NotATime, Some(piece));
            return None;
        };
        self.mark(piece, row, frame);
        Some(Value::Text(Cow::Owned(text)))
    }

    /// Writes when a procedure ended: so many minutes after it began.
    pub(super) fn procedure_end(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Value<'m>> {
        let piece = self.read(row, frame)?;
        let minutes = piece.first().text()?.trim().parse::<i64>().ok();
        let Some(minutes) = minutes.filter(|minutes| (0..=PROCEDURE_MAX_MIN).contains(minutes))
        else {
            self.doubt(IssueCode::NotANumber, Some(piece));
            return None;
        };
        let begin = frame.field("PR1", 5, None).map(Piece::first)?;
        let begin = Timestamp::parse(begin.raw()).ok()?;
        let text = self.clock.instant_after(&begin, minutes)?;
        self.mark(piece, row, frame);
        Some(Value::Text(Cow::Owned(text)))
    }
}
