//! OBX-5: what was found, by the type that OBX-2 says, and as text where it is not of that type.

use formats::fhir::json::Mark;

use super::clock::has_offset;
use super::piece::Piece;
use super::primitive::{amount, bound, number};
use super::write::{Frame, Mapper};
use crate::draft::{Elements, Says, Stated};
use crate::issue::IssueCode;
use crate::tables::ValueRow;
use crate::tables::condition::Condition;
use crate::tables::plan::{From, Map, Row};

impl<'m> Mapper<'m> {
    /// Writes the value, or a component for each of several.
    pub(crate) fn observation_value(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let kind = frame
            .field("OBX", 2, None)
            .filter(|piece| piece.is_valued());
        if let Some(kind) = kind {
            self.mark(kind, row, frame);
        }
        let kind = kind.and_then(Piece::text).unwrap_or_default();
        self.not_asked(row, frame, elements);
        let Some(segment) = frame.segments("OBX").next() else {
            return;
        };
        if kind == "ED" || kind == "RP" {
            return;
        }
        let field = segment.field(5);
        let pieces: Vec<_> = field
            .repetitions()
            .map(Piece::Repetition)
            .filter(|piece| piece.is_valued())
            .collect();
        let [first, rest @ ..] = pieces.as_slice() else {
            // A result without a value; an explicit null says so.
            if let Some(null) = field
                .repetitions()
                .map(Piece::Repetition)
                .find(|piece| piece.is_null())
            {
                self.mark(null, row, frame);
            }
            return;
        };
        // A text's repetitions are its lines, not results of their own.
        if rest.is_empty() || matches!(&*kind, "TX" | "FT") {
            let before = self.out.mark();
            let (element, start) = self.value_of(&kind, *first, row, frame);
            let end = self.out.mark();
            if start < end {
                elements.push(Stated::new(element, Says::Set, start..end));
            } else {
                self.out.rollback(before);
            }
            return;
        }
        let code = elements.iter().find(|known| known.name == "code");
        let code = code.map(Stated::places);
        self.element("component", Says::Set, elements, |this| {
            this.out.begin_array();
            for piece in &pieces {
                this.out.begin_object();
                if let Some((start, end)) = code {
                    this.out.key_raw(b"\"code\":");
                    this.out.again(start, end);
                }
                this.value_of(&kind, *piece, row, frame);
                this.out.end_object();
            }
            this.out.end_array();
        });
    }

    /// Says so where OBX-11 says that it was not asked for.
    fn not_asked(&mut self, row: &'static Row, frame: &Frame<'_, 'm>, elements: &mut Elements) {
        let status = frame.field("OBX", 11, Some(1));
        let value = frame.field("OBX", 5, None);
        if status.is_some_and(|piece| piece.raw() == b"N")
            && value.is_none_or(|piece| !piece.is_valued())
        {
            if let Some(status) = status {
                self.mark(status, row, frame);
            }
            self.element("dataAbsentReason", Says::Set, elements, |this| {
                this.out.raw(NOT_ASKED.as_bytes());
            });
        }
    }

    /// Writes one value, with the name of its element before it; says the name, and where the value begins.
    fn value_of(
        &mut self,
        kind: &str,
        piece: Piece<'m>,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> (&'static str, Mark) {
        let inferred = infer(kind, piece);
        let rows = self.tables.values.iter();
        let before = self.out.mark();
        for value in rows.filter(|value| value.data_type == inferred) {
            if !fits(value.when, piece, frame) {
                continue;
            }
            self.out.key(value.element);
            let start = self.out.mark();
            if self.try_value(value, piece, row, frame) {
                if kind.is_empty() {
                    self.doubt(IssueCode::ValueTypeUnknown, Some(piece));
                }
                return (value.element, start);
            }
            self.out.rollback(before);
        }
        let Some(text) = piece.text() else {
            // Blanks that were escaped are no value.
            return ("valueString", before);
        };
        let is_known = self
            .tables
            .values
            .iter()
            .any(|value| value.data_type == kind);
        self.doubt(
            if is_known {
                IssueCode::ValueNotOfType
            } else {
                IssueCode::ValueTypeUnknown
            },
            Some(piece),
        );
        self.mark(piece, row, frame);
        self.out.key("valueString");
        let start = self.out.mark();
        self.out.string(&text);
        ("valueString", start)
    }

    /// Writes a value as a row says; says whether it can be written so.
    fn try_value(
        &mut self,
        value: &'static ValueRow,
        piece: Piece<'m>,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> bool {
        let value_row = Row {
            id: value.row,
            from: FIELD,
            map: value.map,
            when: Condition::default(),
            vocabulary: None,
            standing: Box::default(),
        };
        let frame = Frame {
            outer: Some(row.id),
            ..*frame
        };
        match value.map {
            Map::Primitive(run) => match run(self, piece, &value_row, &frame) {
                Some(value) => {
                    self.value(value);
                    true
                }
                None => false,
            },
            Map::Table(table) => {
                let nodes = self.tables.data_type(table);
                self.object(nodes, &frame.inside(&value_row, piece))
            }
            Map::Computed(_) | Map::Reference { .. } | Map::Link(_) | Map::Links { .. } => false,
        }
    }
}

const FIELD: From = From::Field {
    segment: "OBX",
    field: 5,
    component: None,
};

/// Says that it was not asked for.
const NOT_ASKED: &str = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-asked","display":"Not Asked"}]}"#;

/// Takes a value of no type for a number if it is one, for a coded value if it has parts, else for text.
fn infer<'k>(kind: &'k str, piece: Piece<'_>) -> &'k str {
    if !kind.is_empty() {
        return kind;
    }
    let text = piece.text().unwrap_or_default();
    if number(&text).is_some() {
        "NM"
    } else if piece.part(3).is_some_and(|part| part.is_valued()) {
        "CWE"
    } else {
        "ST"
    }
}

/// The conditions of `values.tsv`, which look at the parts of an SN, for the offset of a TM, and for the unit of a text.
pub(crate) const SHAPES: [&str; 6] = ["", "@ratio", "@range", "@amount", "@offset", "@measured"];

fn fits(shape: &str, piece: Piece<'_>, frame: &Frame<'_, '_>) -> bool {
    let part = |number: usize| {
        piece
            .part(number)
            .map_or(&b""[..], |part| part.raw().trim_ascii())
    };
    match shape {
        "@ratio" => part(1) != b"<>" && matches!(part(3), b":" | b"/"),
        "@range" => part(3) == b"-",
        "@amount" => part(3).is_empty() && part(4).is_empty(),
        "@offset" => has_offset(piece.raw()),
        "@measured" => is_measured(piece, frame),
        _ => true,
    }
}

/// Says whether a text is a number or a bound beside a unit: laboratories send `>8.0` so.
fn is_measured(piece: Piece<'_>, frame: &Frame<'_, '_>) -> bool {
    let unit = frame.field("OBX", 6, None);
    let value = frame.segments("OBX").next().map(|obx| obx.field(5));
    let is_alone = value.is_some_and(|value| value.repetitions().count() == 1);
    let is_amount = |text: &str| amount(bound(text).1).is_some();
    is_alone
        && unit.is_some_and(|unit| unit.is_valued())
        && piece.text().is_some_and(|text| is_amount(&text))
}
