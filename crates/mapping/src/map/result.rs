//! OBX-5: what was found, by the type that OBX-2 says, and as text where it is not of that type.

use formats::fhir::json;

use super::computed::Elements;
use super::piece::Piece;
use super::primitive::number;
use super::write::{Frame, Mapper};
use crate::draft::Element;
use crate::issue::IssueCode;
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
            return;
        };
        // A text's repetitions are its lines, not results of their own.
        if rest.is_empty() || matches!(&*kind, "TX" | "FT") {
            let (element, bytes) = self.value(&kind, *first, row, frame);
            elements.push((element.into(), Element::Set(bytes.into())));
            return;
        }
        let code = elements
            .iter()
            .find(|(name, _)| &**name == "code")
            .and_then(|(_, element)| match element {
                Element::Set(bytes) => Some(bytes.to_vec()),
                _ => None,
            })
            .unwrap_or_default();
        let components = json::array(|array| {
            for piece in &pieces {
                let (element, bytes) = self.value(&kind, *piece, row, frame);
                array.object(|object| {
                    object.raw("code", &code).raw(element, &bytes);
                });
            }
        });
        elements.push(("component".into(), Element::Set(components.into())));
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
            elements.push((
                "dataAbsentReason".into(),
                Element::Set(NOT_ASKED.as_bytes().into()),
            ));
        }
    }

    /// Writes one value and says under which element.
    fn value(
        &mut self,
        kind: &str,
        piece: Piece<'m>,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> (&'static str, Vec<u8>) {
        let inferred = infer(kind, piece);
        for value in self
            .tables
            .values
            .iter()
            .filter(|value| value.data_type == inferred)
        {
            if !fits(value.when, piece) {
                continue;
            }
            let value_row = Row {
                id: value.row,
                from: FIELD,
                map: value.map,
                when: Condition::default(),
                vocabulary: None,
                is_bare: false,
            };
            let frame = Frame {
                outer: Some(row.id),
                ..*frame
            };
            let bytes = match value.map {
                Map::Primitive(run) => {
                    run(self, piece, &value_row, &frame).map(|value| value.into_bytes())
                }
                Map::Table(table) => {
                    let nodes = self.tables.data_type(table);
                    let (bytes, content) = self.object(nodes, &frame.inside(&value_row, piece));
                    content.then_some(bytes)
                }
                Map::Computed(_) | Map::Reference { .. } | Map::Link(_) | Map::Links { .. } => None,
            };
            if let Some(bytes) = bytes {
                if kind.is_empty() {
                    self.doubt(IssueCode::ValueTypeUnknown, Some(piece));
                }
                return (value.element, bytes);
            }
        }
        let known = self
            .tables
            .values
            .iter()
            .any(|value| value.data_type == kind);
        self.doubt(
            if known {
                IssueCode::ValueNotOfType
            } else {
                IssueCode::ValueTypeUnknown
            },
            Some(piece),
        );
        self.mark(piece, row, frame);
        (
            "valueString",
            json::string(&piece.text().unwrap_or_default()),
        )
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

/// The conditions of `values.tsv`, which look at the parts of an SN.
pub(crate) const SHAPES: [&str; 4] = ["", "@ratio", "@range", "@amount"];

fn fits(shape: &str, piece: Piece<'_>) -> bool {
    let part = |number: usize| {
        piece
            .part(number)
            .map_or(&b""[..], |part| part.raw().trim_ascii())
    };
    match shape {
        "@ratio" => part(1) != b"<>" && matches!(part(3), b":" | b"/"),
        "@range" => part(3) == b"-",
        "@amount" => part(3).is_empty() && part(4).is_empty(),
        _ => true,
    }
}
