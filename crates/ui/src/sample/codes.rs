//! Invented codes that nothing translates, and the message that one of them is in.

use super::ago;
use crate::{CodeRow, CodeTable, Covered, CoveredField, CoveredSegment, Link, Message, Shown};

/// Gives a table of codes.
pub fn codes() -> CodeTable {
    let row = |number: u32, field: &str, system: &str, code: &str, text: &str, count| CodeRow {
        id: format!("c{number}"),
        source: "lab-east".to_owned(),
        field: field.to_owned(),
        system: system.to_owned(),
        code: code.to_owned(),
        text: text.to_owned(),
        count,
        first_us: ago(1_700),
        last_us: ago(i64::from(number) * 4),
        example: Link::to("44120", "/messages/healthcare.hl7v2.oru:7:44120"),
        rule: (!code.is_empty()).then(|| rule(field, &format!("{system}|{code}"))),
    };
    CodeTable {
        source: None,
        field: None,
        sources: vec![
            ("lab-east".to_owned(), 41_213),
            ("icu-monitors".to_owned(), 4),
        ],
        fields: vec![("OBX-3".to_owned(), 41_203), ("PV1-2".to_owned(), 14)],
        rows: vec![
            row(1, "OBX-3", "L", "K", "Potassium (plasma)", 39_204),
            row(2, "OBX-3", "", "", "Blood film, by hand", 1_999),
            row(3, "PV1-2", "", "DAY", "", 10),
        ],
        shown: Shown::new(1, 212),
    }
}

fn rule(field: &str, from: &str) -> String {
    format!(
        "[[source.lab-east.codes]]\nwhere = \"{field}\"\nfrom = \"{from}\"\nsystem = \"\"\ncode = \"\"\ndisplay = \"\"\n"
    )
}

/// Gives one message.
pub fn message() -> Message {
    let field = |place: &str, value: &str, covered, element: &str, why: &str| CoveredField {
        place: place.to_owned(),
        value: value.to_owned(),
        covered,
        element: element.to_owned(),
        why: why.to_owned(),
    };
    Message {
        id: "healthcare.hl7v2.oru:7:44120".to_owned(),
        kind: "ORU^R01".to_owned(),
        source: "lab-east".to_owned(),
        control_id: "LE90211".to_owned(),
        received_us: ago(3),
        origin: "healthcare.hl7v2.oru/7/44120".to_owned(),
        raw: b"MSH|^~\\&|LAB|EAST|PW|ST|20261121064340+0100||ORU^R01^ORU_R01|LE90211|P|2.5.1\rPID|1||4412^^^EXAMPLE^MR||Doe^Jane||19540211|F\rOBX|1|NM|K^Potassium^L||6.9|mmol/L|3.5-5.1|HH|||F|20200101||20261121063500+0100\r".to_vec(),
        covered: None,
        counts: vec![(Covered::Mapped, 14), (Covered::Ignored, 3), (Covered::Unmapped, 1)],
        segments: vec![
            CoveredSegment {
                name: "PID[1]".to_owned(),
                fields: vec![
                    field("PID-1", "1", Covered::Ignored, "", "counts the segments"),
                    field(
                        "PID-3.1",
                        "4412",
                        Covered::Mapped,
                        "Patient.identifier.value",
                        "datatypes/CX.Identifier.tsv:2, row r1 of the guide",
                    ),
                ],
            },
            CoveredSegment {
                name: "OBX[1]".to_owned(),
                fields: vec![field(
                    "OBX-12",
                    "20200101",
                    Covered::Unmapped,
                    "",
                    "effective date of the reference range",
                )],
            },
        ],
    }
}
