//! What the observations of a vaccination say of the Immunization itself, by their LOINC codes.

use formats::fhir::json;

use crate::draft::{Elements, Says};
use crate::map::clock;
use crate::map::group::Sent;
use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper};
use crate::tables::plan::{Node, Row};
use formats::hl7v2::Timestamp;

/// Vaccine funding source (LOINC; CDC's implementation guide for immunization messaging 2.5.1, as all of these).
const FUNDING: &str = "30963-3";
/// Document type of a vaccine information statement.
const DOCUMENT: &str = "69764-9";
/// Vaccine type that a vaccine information statement is about.
const VACCINE: &str = "30956-7";
/// When a vaccine information statement was published.
const PUBLISHED: &str = "29768-9";
/// When it was presented.
const PRESENTED: &str = "29769-7";
/// Dose number in series.
const DOSE: &str = "30973-2";

impl<'m> Mapper<'m> {
    /// Writes the funding source, the education or the dose in its series.
    pub(super) fn vaccine_answer(
        &mut self,
        node: &'static Node,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let all: Vec<_> = frame.sent("OBX").copied().collect();
        let name = node.name;
        match name {
            "fundingSource" => {
                let Some(piece) = all.iter().find_map(|one| answer(one, FUNDING)) else {
                    return;
                };
                self.element(name, Says::Set, elements, |this| {
                    if let Some(nodes) = this.tables.concept() {
                        this.object(nodes, &frame.inside(row, piece));
                    }
                });
            }
            "education" => {
                let bytes = self.education(&all, row, frame);
                self.element(name, Says::Set, elements, |this| this.out.raw(&bytes));
            }
            _ => {
                let found = all.iter().find_map(|one| answer(one, DOSE));
                let text = found.and_then(|piece| piece.first().text());
                let number = text.and_then(|text| text.parse::<u32>().ok());
                if let (Some(number @ 1..), Some(piece)) = (number, found) {
                    self.mark(piece.first(), row, frame);
                    let bytes = format!("[{{\"doseNumberPositiveInt\":{number}}}]");
                    self.element(name, Says::Set, elements, |this| {
                        this.out.raw(bytes.as_bytes());
                    });
                }
            }
        }
    }

    /// Writes what was given to read: an entry for each document, with the dates that stand under its sub-id (OBX-4).
    fn education(&mut self, all: &[Sent<'m>], row: &'static Row, frame: &Frame<'_, 'm>) -> Vec<u8> {
        let mut entries: Vec<Vec<u8>> = Vec::new();
        for document in all {
            let piece = answer(document, DOCUMENT).or_else(|| answer(document, VACCINE));
            let Some(piece) = piece else { continue };
            let words = [2, 1].into_iter().filter_map(|number| piece.part(number));
            let Some(words) = words.filter_map(Piece::text).next() else {
                continue;
            };
            let group = document.segment.field(4).raw();
            let date = |this: &mut Self, code: &str| {
                let same = all.iter().filter(|one| one.segment.field(4).raw() == group);
                let found = same.filter_map(|one| answer(one, code)).next()?.first();
                let time = Timestamp::parse(found.raw()).ok()?;
                this.mark(found, row, frame);
                Some(clock::date(&time))
            };
            let published = date(self, PUBLISHED).unwrap_or_default();
            let presented = date(self, PRESENTED).unwrap_or_default();
            self.mark(piece, row, frame);
            entries.push(json::object(|object| {
                object
                    .string("documentType", &words)
                    .string("publicationDate", &published)
                    .string("presentationDate", &presented);
            }));
        }
        match entries.is_empty() {
            true => Vec::new(),
            false => [b"[".as_slice(), &entries.join(&b','), b"]"].concat(),
        }
    }
}

/// Gives the value of a result, if it is this one.
fn answer<'m>(result: &Sent<'m>, code: &str) -> Option<Piece<'m>> {
    let asked = result.first(3).map(Piece::Repetition)?.first().text()?;
    let value = result.first(5).map(Piece::Repetition)?;
    (asked == code && value.is_valued()).then_some(value)
}
