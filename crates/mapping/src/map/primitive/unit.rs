//! The unit of an amount: a code only together with its system, and UCUM where the sender's spelling is known.

use std::borrow::Cow;

use formats::device::nomenclature::ucum;

use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// The URI of UCUM.
const UCUM: &str = "http://unitsofmeasure.org";

/// Gives a power of ten whose `^` was sent unescaped, so that it separates components: `10^3/uL` is `10` and `3/uL`.
pub(super) fn power(unit: Piece<'_>) -> Option<String> {
    let [base, rest] = [1, 2].map(|number| unit.part(number).and_then(Piece::text));
    let (base, rest) = (base?, rest?);
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_power = matches!(&*base, "10" | "x10" | "X10");
    (is_power && digits.len() < rest.len() && digits.starts_with('/'))
        .then(|| format!("{base}^{rest}"))
}

/// Writes such a power as words.
pub(super) fn power_words<'m>(
    _: &mut Mapper<'m>,
    unit: Piece<'m>,
    _: &Row,
    _: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    power(unit).map(|words| Value::Text(Cow::Owned(words)))
}

/// Gives the UCUM code of a unit that is sent without a coding system, or with one that has no URI, or that of devices.
fn known<'m>(mapper: &Mapper<'m>, unit: Piece<'m>) -> Option<&'static str> {
    let system = unit.part(3).and_then(Piece::text).unwrap_or_default();
    if let Some(power) = power(unit) {
        let lower = power.to_lowercase();
        return mapper.tables.units.get(lower.as_str()).copied();
    }
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
    let code = known(mapper, unit).map(Cow::Borrowed);
    // Beside its system a power that is not known stands as sent; the guide's row would have `10`.
    let as_sent = || power(unit).filter(|_| unit.part(3).is_some_and(Piece::is_valued));
    code.or_else(|| as_sent().map(Cow::Owned)).map(Value::Text)
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
