//! Whether the values of a measurement can be true, and whether they can be compared at all.

use super::table::{self, Row, Zero};
use super::{Flag, Reason};
use crate::unit::{self, Unit, UnitError};
use crate::{Code, Decimal, Observation, Quantity, System, Value};

/// Says what is wrong with its value and its parts, and whether more than general knowledge says so.
pub(super) fn doubts(observation: &Observation) -> Vec<(Flag, bool)> {
    let parts = observation.components.iter();
    let parts = parts.map(|(codes, value)| (codes, value, true));
    let whole = observation.value.iter();
    let whole = whole.map(|value| (&observation.codes, value, false));
    whole
        .chain(parts)
        .filter_map(|(codes, value, is_part)| {
            let (code, row) = codes.iter().find_map(|code| Some((code, row_of(code)?)))?;
            let reason = doubt(row, value)?;
            let part = if is_part { &*code.code } else { "" };
            let part = part.into();
            Some((Flag { reason, part }, row.is_published))
        })
        .collect()
}

pub(super) fn row_of(code: &Code) -> Option<&'static Row> {
    if code.system != System::Loinc {
        return None;
    }
    table::row(&code.code)
}

fn doubt(row: &Row, value: &Value) -> Option<Reason> {
    match value {
        Value::Quantity(quantity) => doubt_of_amount(row, quantity),
        // Room air is charted in words, and says how much oxygen that is.
        Value::Text(text) if row.is_inspired_oxygen && unit::is_room_air(text) => None,
        Value::Text(text) => match Quantity::parse(text) {
            Some(quantity) => doubt_of_amount(row, &quantity),
            None => Some(Reason::UnparsedValue),
        },
        // A coded answer says that there is none, or says it in other words.
        Value::Coded(_) => None,
    }
}

fn doubt_of_amount(row: &Row, quantity: &Quantity) -> Option<Reason> {
    let is_zero = quantity.comparator.is_none() && quantity.value.is_zero();
    if is_zero && row.zero == Zero::Artefact {
        return Some(Reason::ZeroValue);
    }
    let value = match in_unit(row, quantity) {
        Ok(value) => value,
        Err(reason) => return Some(reason),
    };
    // A bound such as <0 is odd but says something; only what was measured is judged.
    if quantity.comparator.is_some() {
        return None;
    }
    if !row.impossible.contains(&value) {
        return Some(Reason::ImpossibleValue);
    }
    (!row.implausible.contains(&value)).then_some(Reason::ImplausibleValue)
}

/// Gives the amount in the unit of the row's limits.
fn in_unit(row: &Row, quantity: &Quantity) -> Result<Decimal, Reason> {
    let refused = |error| match error {
        UnitError::Unknown(_) => Reason::UnknownUnit,
        UnitError::Incompatible { .. } => Reason::UnfitUnit,
        UnitError::InspiredOxygen(_) | UnitError::TooLarge(_) => Reason::ImpossibleValue,
    };
    if row.is_inspired_oxygen {
        let fraction = unit::inspired_oxygen(quantity.value, &quantity.unit).map_err(refused)?;
        return Ok(fraction * Decimal::ONE_HUNDRED);
    }
    let (value, unit) = match quantity.unit.trim() {
        "" if row.unit == Unit::One => (quantity.value, Unit::One),
        "" => return Err(Reason::MissingUnit),
        named => unit::measured(quantity.value, named).map_err(refused)?,
    };
    let unit = unit.of_count(row.unit);
    unit::convert_unit(value, unit, row.unit, row.analyte).map_err(refused)
}
