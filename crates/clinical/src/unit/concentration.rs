//! Concentrations that are not on the list of units, by their dimension: a prefix and what it counts, in a volume.
//!
//! Source of prefixes and units: Schadow G, McDonald CJ, The Unified Code for Units of Measure, version 2.1 (ucum.org).

use super::Unit;
use crate::Decimal;

/// What there is so much of in a litre.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    Mass,
    Amount,
    Charge,
    Number,
}

/// What is counted, as it is written in lower case.
const COUNTED: [(&str, Counted); 7] = [
    ("mol", Counted::Amount),
    ("eq", Counted::Charge),
    ("val", Counted::Charge),
    ("gm", Counted::Mass),
    ("g", Counted::Mass),
    ("{cells}", Counted::Number),
    ("cells", Counted::Number),
];
/// Prefixes and their powers of ten.
const PREFIXES: [(&str, i32); 10] = [
    ("", 0),
    ("d", -1),
    ("c", -2),
    ("mc", -6),
    ("m", -3),
    ("u", -6),
    ("µ", -6),
    ("μ", -6),
    ("n", -9),
    ("p", -12),
];
/// A femtolitre is a unit of volume, a femtogram of mass.
const FEMTO: (&str, i32) = ("f", -15);
/// Volumes that are written without a litre.
const CUBES: [(&str, i32); 5] = [
    ("mm3", -6),
    ("cmm", -6),
    ("mm^3", -6),
    ("mm³", -6),
    ("cm3", -3),
];
/// Units of the list, each by its power of ten of a gram, mole, equivalent or cell a litre, the largest first.
const LISTED: [(Counted, i32, Unit); 12] = [
    (Counted::Mass, 1, Unit::GramPerDecilitre),
    (Counted::Mass, 0, Unit::GramPerLitre),
    (Counted::Mass, -2, Unit::MilligramPerDecilitre),
    (Counted::Mass, -3, Unit::MilligramPerLitre),
    (Counted::Mass, -6, Unit::MicrogramPerLitre),
    (Counted::Mass, -9, Unit::NanogramPerLitre),
    (Counted::Amount, -3, Unit::MillimolePerLitre),
    (Counted::Amount, -6, Unit::MicromolePerLitre),
    (Counted::Charge, -3, Unit::MilliequivalentPerLitre),
    (Counted::Number, 12, Unit::TrillionPerLitre),
    (Counted::Number, 9, Unit::ThousandPerMicrolitre),
    (Counted::Number, 6, Unit::PerMicrolitre),
];

/// Reads a unit of concentration; gives the next smaller unit of the list and how many of it one is.
///
/// Case does not count, but a `G` that stands alone may be giga as well as gram.
pub(super) fn read(text: &str) -> Option<(Unit, Decimal)> {
    let lower = text.trim().to_lowercase();
    let (above, below) = lower.split_once('/')?;
    let volume = volume(below)?;
    let (counted, power) = counted(above.trim_end())?;
    let is_giga = text.split('/').next().map(str::trim) == Some("G");
    if is_giga {
        return None;
    }
    let power = power - volume;
    let mut listed = LISTED.iter().filter(|(kind, _, _)| *kind == counted);
    let smaller = listed.clone().find(|(_, at, _)| *at <= power);
    let (_, at, unit) = smaller.or_else(|| listed.next_back())?;
    Some((*unit, ten_to(power - at)?))
}

/// Reads what is counted, and its power of ten: `mg`, `10*3`, `x10^9`, `1000`, or nothing.
fn counted(text: &str) -> Option<(Counted, i32)> {
    if let Some(power) = power_of_ten(text) {
        return Some((Counted::Number, power));
    }
    COUNTED.iter().find_map(|(name, counted)| {
        let prefix = text.strip_suffix(name)?.trim_end();
        let power = match counted {
            Counted::Number => power_of_ten(prefix)?,
            _ => prefix_power(prefix)?,
        };
        Some((*counted, power))
    })
}

/// Reads a power of ten that stands for itself.
fn power_of_ten(text: &str) -> Option<i32> {
    let text = text.strip_prefix('x').unwrap_or(text).trim_start();
    if text.is_empty() {
        return Some(0);
    }
    let marks = ["10*", "10^", "10e"];
    if let Some(digits) = marks.iter().find_map(|mark| text.strip_prefix(mark)) {
        return digits.parse().ok().filter(|power| (0..=12).contains(power));
    }
    // Thousands and their powers; `10` is what a separator leaves of a power.
    let zeros = text.strip_prefix('1')?;
    let is_power = zeros.len() <= 12 && zeros.len().is_multiple_of(3);
    let is_power = is_power && zeros.bytes().all(|digit| digit == b'0');
    is_power.then(|| i32::try_from(zeros.len()).ok())?
}

fn prefix_power(text: &str) -> Option<i32> {
    let mut all = PREFIXES.iter().chain([&FEMTO]);
    all.find_map(|(prefix, power)| (*prefix == text).then_some(*power))
}

/// Reads a volume as its power of ten of a litre.
fn volume(text: &str) -> Option<i32> {
    let text = text.trim();
    let mut cubes = CUBES.iter();
    let cube = cubes.find_map(|(name, power)| (*name == text).then_some(*power));
    cube.or_else(|| prefix_power(text.strip_suffix('l')?))
}

fn ten_to(power: i32) -> Option<Decimal> {
    match u32::try_from(power) {
        Ok(power) => Decimal::try_from_i128_with_scale(10_i128.checked_pow(power)?, 0).ok(),
        Err(_) => Decimal::try_from_i128_with_scale(1, power.unsigned_abs()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_concentration_is_read_by_its_dimension() {
        for (text, want) in [
            ("mg/mL", Some(("g/L", "1"))),
            ("µg/dl", Some(("ug/L", "10"))),
            ("UG/DL", Some(("ug/L", "10"))),
            ("ug/mL", Some(("mg/L", "1"))),
            ("mcg/ml", Some(("mg/L", "1"))),
            ("ng/dL", Some(("ng/L", "10"))),
            ("pg/dl", Some(("ng/L", "0.01"))),
            ("nmol/L", Some(("umol/L", "0.001"))),
            ("mol/L", Some(("mmol/L", "1000"))),
            ("µmol/ml", Some(("mmol/L", "1"))),
            ("mval/l", Some(("meq/L", "1"))),
            ("MVAL/L", Some(("meq/L", "1"))),
            ("1000/µl", Some(("10*9/L", "1"))),
            ("1000 /uL", Some(("10*9/L", "1"))),
            ("/nl", Some(("10*9/L", "1"))),
            ("/pL", Some(("10*12/L", "1"))),
            ("x10*6/mL", Some(("10*9/L", "1"))),
            ("10^12/l", Some(("10*12/L", "1"))),
            ("cells/mm3", Some(("/uL", "1"))),
            ("10*3 cells/mL", Some(("/uL", "1"))),
            ("cells/mL", Some(("/uL", "0.001"))),
            ("G/L", None),
            ("T/l", None),
            ("G/DL", None),
            ("GM/DL", Some(("g/dL", "1"))),
            ("Mg", None),
            ("mg/kg", None),
            ("mg/min", None),
            ("20/uL", None),
            ("10/uL", None),
            ("10*13/L", None),
            ("10*-3/L", None),
            ("/", None),
            ("g/", None),
            ("mU/L", None),
            ("kg/L", None),
        ] {
            let got = read(text).map(|(unit, many)| (unit.code(), many.to_string()));
            let want = want.map(|(unit, many)| (unit, many.to_owned()));
            assert_eq!(got, want, "{text}");
        }
    }
}
