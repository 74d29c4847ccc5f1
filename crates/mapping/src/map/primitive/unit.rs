//! The unit of an amount: a code only together with its system, and UCUM where the sender's spelling is known.

use std::borrow::Cow;

use formats::device::nomenclature::ucum;

use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// The URI of UCUM.
const UCUM: &str = "http://unitsofmeasure.org";

/// Gives the UCUM code of a unit that is sent without a coding system, or with one that has no URI, or that of devices.
fn known<'m>(mapper: &Mapper<'m>, unit: Piece<'m>) -> Option<&'static str> {
    let system = unit.part(3).and_then(Piece::text).unwrap_or_default();
    let texts = [1, 2].into_iter().filter_map(|number| unit.part(number));
    if mapper.is_mdc(&system) {
        return texts.filter_map(Piece::text).find_map(|text| ucum(&text));
    }
    if !system.is_empty() && !system.starts_with("ISO") {
        return None;
    }
    texts.filter_map(Piece::text).find_map(|text| {
        let lower = text.to_lowercase();
        mapper.tables.units.get(lower.as_str()).copied()
    })
}

/// Writes the code of a unit that has no system but a spelling that is known.
pub(super) fn code<'m>(
    mapper: &mut Mapper<'m>,
    unit: Piece<'m>,
    _: &Row,
    _: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    known(mapper, unit).map(|code| Value::Text(Cow::Borrowed(code)))
}

/// Writes the system of that code.
pub(super) fn system<'m>(
    mapper: &mut Mapper<'m>,
    unit: Piece<'m>,
    _: &Row,
    _: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    known(mapper, unit).map(|_| Value::Text(Cow::Borrowed(UCUM)))
}
