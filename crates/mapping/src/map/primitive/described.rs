//! What R4 has no element for, as a note that says which field it was.

use std::borrow::Cow;

use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::{From, Row};

/// The names of the fields that become notes, as the standard has them.
const NAMES: &[(&str, usize, &str)] = &[
    ("ORC", 25, "Order status modifier"),
    ("ORC", 27, "Filler's expected availability"),
    ("ORC", 34, "Order workflow profile"),
    ("OBR", 11, "Specimen action code"),
    ("OBR", 13, "Relevant clinical information"),
    ("OBR", 18, "Placer field 1"),
    ("OBR", 19, "Placer field 2"),
    ("OBR", 20, "Filler field 1"),
    ("OBR", 21, "Filler field 2"),
    ("OBR", 30, "Transportation mode"),
    ("OBR", 36, "Scheduled"),
    ("OBR", 38, "Transport of the specimen"),
    ("OBR", 43, "Planned patient transport"),
    ("OBR", 49, "Result handling"),
    ("OBX", 9, "Probability"),
    ("OBX", 12, "Reference range in effect since"),
    ("OBX", 13, "User-defined access checks"),
    ("OBX", 22, "Mood"),
    ("OBX", 26, "Release to the patient"),
    ("OBX", 27, "Root cause"),
    ("OBX", 28, "Local process control"),
    ("SPM", 5, "Specimen type modifier"),
    ("SPM", 9, "Source site modifier"),
    ("SPM", 10, "Collection site"),
    ("SPM", 13, "Grouped specimen count"),
    ("SPM", 19, "Expires"),
    ("SPM", 21, "Rejected"),
    ("SPM", 22, "Quality"),
    ("SPM", 23, "Appropriateness"),
    ("SPM", 26, "Number of containers"),
    ("SPM", 29, "Child role"),
    ("SAC", 8, "Container status"),
    ("SAC", 29, "Dilution factor"),
    ("SAC", 30, "Treatment"),
    ("SAC", 31, "Temperature"),
    ("SAC", 32, "Hemolysis index"),
    ("SAC", 34, "Lipemia index"),
    ("SAC", 36, "Icterus index"),
    ("SAC", 40, "System induced contaminants"),
    ("SAC", 41, "Drug interference"),
    ("SAC", 42, "Artificial blood"),
    ("SAC", 43, "Special handling"),
    ("SAC", 44, "Other environmental factors"),
    ("TQ1", 10, "Condition"),
    ("TQ1", 12, "Conjunction"),
    ("TQ1", 5, "Relative time"),
];

/// Writes the field's name and its words.
pub(super) fn described<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let From::Field { segment, field, .. } = row.from else {
        return None;
    };
    let known = NAMES
        .iter()
        .find(|(name, number, _)| *name == segment && *number == field);
    let name = known.map_or(segment, |(_, _, name)| name);
    let coded = [9, 2, 1, 5, 4]
        .into_iter()
        .filter_map(|number| piece.part(number));
    let words = coded.filter_map(Piece::text).next();
    let all = super::spaced(piece)?;
    let text = match words {
        Some(words) if *words == *all => format!("{name}: {words}"),
        Some(words) => format!("{name}: {words} ({all})"),
        None => format!("{name}: {all}"),
    };
    mapper.mark(piece, row, frame);
    Some(Value::Text(Cow::Owned(text)))
}

/// Writes a coded comment as CDC reads it: code and words with a comma between.
pub(super) fn comment<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let parts = [1, 2, 4, 5, 9].into_iter().filter_map(|number| piece.part(number));
    let words: Vec<_> = parts.filter_map(Piece::text).collect();
    mapper.mark(piece, row, frame);
    (!words.is_empty()).then(|| Value::Text(Cow::Owned(words.join(", "))))
}
