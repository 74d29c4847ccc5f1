//! Units: what they are called and the exact factors between them.

mod concentration;
mod scale;
mod ucum;

use std::fmt;

use crate::Decimal;
use scale::scale;
pub use ucum::is_ucum;

/// A unit that values may be compared in; anything else is refused, never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Counts a minute.
    PerMinute,
    /// Hundredths.
    Percent,
    /// Millimetres of mercury.
    MillimetreOfMercury,
    /// Kilopascals.
    Kilopascal,
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
    /// Litres a minute.
    LitrePerMinute,
    /// Millimoles a litre.
    MillimolePerLitre,
    /// Micromoles a litre.
    MicromolePerLitre,
    /// Milliequivalents a litre.
    MilliequivalentPerLitre,
    /// Milligrams a decilitre.
    MilligramPerDecilitre,
    /// Grams a decilitre.
    GramPerDecilitre,
    /// Grams a litre.
    GramPerLitre,
    /// Thousands a microlitre, the same as 10⁹ a litre.
    ThousandPerMicrolitre,
    /// Single cells a microlitre.
    PerMicrolitre,
    /// Seconds.
    Second,
    /// Millimoles a mole.
    MillimolePerMole,
    /// A plain number: a ratio, a pH, a score.
    One,
    /// Milligrams a litre.
    MilligramPerLitre,
    /// Micrograms a litre, the same as nanograms a millilitre.
    MicrogramPerLitre,
    /// Nanograms a litre, the same as picograms a millilitre.
    NanogramPerLitre,
    /// Units of enzyme activity a litre.
    UnitPerLitre,
    /// 10¹² a litre, the same as millions a microlitre.
    TrillionPerLitre,
    /// Kilograms.
    Kilogram,
    /// Grams.
    Gram,
    /// Pounds (avoirdupois).
    Pound,
    /// Metres.
    Metre,
    /// Centimetres.
    Centimetre,
    /// Inches.
    Inch,
    /// Kilograms a square metre.
    KilogramPerSquareMetre,
    /// Millilitres.
    Millilitre,
    /// Micrograms a kilogram of body weight and minute.
    MicrogramPerKilogramPerMinute,
    /// Micrograms a minute.
    MicrogramPerMinute,
    /// Units of a drug a minute.
    UnitPerMinute,
    /// Thousandths of a second.
    Millisecond,
    /// Millilitres a minute.
    MillilitrePerMinute,
}

/// A unit and what it may be called: first the UCUM code, then what senders write.
const NAMES: [(Unit, &[&str]); 36] = [
    (
        Unit::PerMinute,
        &[
            "/min",
            "{beats}/min",
            "{breaths}/min",
            "bpm",
            "beats/min",
            "breaths/min",
            "rpm",
        ],
    ),
    (Unit::Percent, &["%", "%{vol}", "percent"]),
    (Unit::MillimetreOfMercury, &["mm[Hg]", "mmHg", "mm Hg"]),
    (Unit::Kilopascal, &["kPa"]),
    (
        Unit::Celsius,
        &["Cel", "degC", "°C", "C", "deg C", "celsius"],
    ),
    (
        Unit::Fahrenheit,
        &["[degF]", "degF", "°F", "F", "deg F", "fahrenheit"],
    ),
    (Unit::LitrePerMinute, &["L/min", "l/min", "LPM", "lpm"]),
    (Unit::MillimolePerLitre, &["mmol/L", "mmol/l"]),
    (
        Unit::MicromolePerLitre,
        &["umol/L", "umol/l", "µmol/L", "μmol/L"],
    ),
    (
        Unit::MilliequivalentPerLitre,
        &["meq/L", "mEq/L", "MEQ/L", "meq/l", "mval/L", "mval/l"],
    ),
    (
        Unit::MilligramPerDecilitre,
        &["mg/dL", "mg/dl", "MG/DL", "mg%"],
    ),
    (Unit::GramPerDecilitre, &["g/dL", "g/dl", "G/DL", "gm/dL"]),
    (Unit::GramPerLitre, &["g/L", "g/l", "G/L", "G/l"]),
    (
        Unit::ThousandPerMicrolitre,
        &[
            "10*9/L",
            "10*3/uL",
            "K/uL",
            "k/uL",
            "K/µL",
            "K/mcL",
            "10^9/L",
            "10^3/uL",
            "x10^9/L",
            "x10^3/uL",
            "x10E9/L",
            "x10E3/uL",
            "10e9/L",
            "10e3/uL",
            "thou/uL",
            "Thousand/uL",
        ],
    ),
    (
        Unit::PerMicrolitre,
        &["/uL", "{cells}/uL", "cells/uL", "/µL", "/mm3", "cells/mcL"],
    ),
    (Unit::Second, &["s", "sec", "seconds"]),
    (Unit::MillimolePerMole, &["mmol/mol"]),
    (
        Unit::One,
        &[
            "1", "{INR}", "INR", "[pH]", "pH", "{score}", "ratio", "{ratio}",
        ],
    ),
    (Unit::MilligramPerLitre, &["mg/L", "mg/l"]),
    (
        Unit::MicrogramPerLitre,
        &["ug/L", "ug/l", "µg/L", "μg/L", "mcg/L", "ng/mL", "ng/ml"],
    ),
    (Unit::NanogramPerLitre, &["ng/L", "ng/l", "pg/mL", "pg/ml"]),
    (Unit::UnitPerLitre, &["U/L", "u/L", "IU/L", "[iU]/L"]),
    (
        Unit::TrillionPerLitre,
        &[
            "10*12/L", "10*6/uL", "M/uL", "x10^12/L", "x10^6/uL", "10^12/L", "10^6/uL", "10e6/uL",
            "mil/uL", "T/L", "T/l",
        ],
    ),
    (Unit::Kilogram, &["kg", "KG", "Kg"]),
    (Unit::Gram, &["g", "gm"]),
    (Unit::Pound, &["[lb_av]", "lb", "lbs"]),
    (Unit::Metre, &["m"]),
    (Unit::Centimetre, &["cm", "CM"]),
    (Unit::Inch, &["[in_i]", "in", "inch", "inches"]),
    (Unit::KilogramPerSquareMetre, &["kg/m2", "kg/m^2", "kg/m²"]),
    (Unit::Millilitre, &["mL", "ml", "cc"]),
    (
        Unit::MicrogramPerKilogramPerMinute,
        &["ug/kg/min", "mcg/kg/min", "µg/kg/min", "μg/kg/min"],
    ),
    (
        Unit::MicrogramPerMinute,
        &["ug/min", "mcg/min", "µg/min", "μg/min"],
    ),
    (
        Unit::UnitPerMinute,
        &["[IU]/min", "[iU]/min", "U/min", "units/min"],
    ),
    (Unit::Millisecond, &["ms", "msec", "milliseconds"]),
    (Unit::MillilitrePerMinute, &["mL/min", "ml/min"]),
];

impl Unit {
    /// Reads a UCUM code or one of the senders' words for it; case counts, as it does in UCUM.
    ///
    /// # Errors
    /// When the unit is not on the list.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        NAMES
            .iter()
            .find(|(_, names)| names.contains(&text))
            .map(|(unit, _)| *unit)
            .ok_or_else(|| UnitError::Unknown(text.into()))
    }

    /// Gives what it is of an analyte that is told in another: `G/L` is giga per litre of cells where laboratories write French or German,
    /// and grams where all is in capitals; no count is in grams.
    #[must_use]
    pub fn of_count(self, told_in: Self) -> Self {
        match (self, told_in) {
            (Self::GramPerLitre, Self::ThousandPerMicrolitre) => told_in,
            _ => self,
        }
    }

    /// Gives its UCUM code.
    pub fn code(self) -> &'static str {
        NAMES
            .iter()
            .find(|(unit, _)| *unit == self)
            .and_then(|(_, names)| names.first())
            .expect("every unit has a row, as a test shows")
    }

    /// Gives its number in stored state; numbers are never used again for another unit.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Finds the unit of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        NAMES
            .iter()
            .map(|(unit, _)| *unit)
            .find(|unit| unit.number() == number)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Unit {
    /// Writes it as clinicians do.
    pub fn words(self) -> &'static str {
        match self {
            Self::MillimetreOfMercury => "mmHg",
            Self::Celsius => "°C",
            Self::Fahrenheit => "°F",
            Self::One => "",
            other => other.code(),
        }
    }
}

/// What is measured, as far as a factor between units depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Analyte {
    /// Glucose.
    Glucose,
    /// Creatinine.
    Creatinine,
    /// Total bilirubin.
    Bilirubin,
    /// Lactate.
    Lactate,
    /// Urea, by its own mass.
    Urea,
    /// Urea, by the mass of its nitrogen (BUN).
    UreaNitrogen,
    /// Total or ionised calcium.
    Calcium,
    /// Magnesium.
    Magnesium,
    /// Glycated haemoglobin.
    GlycatedHaemoglobin,
    /// Potassium, sodium, chloride, bicarbonate: ions of one charge.
    MonovalentIon,
    /// Haemoglobin, in moles of its single chain.
    Haemoglobin,
    /// Anything for which no factor of its own is needed.
    Other,
}

impl Analyte {
    /// Reads its word in a data file.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "glucose" => Self::Glucose,
            "creatinine" => Self::Creatinine,
            "bilirubin" => Self::Bilirubin,
            "lactate" => Self::Lactate,
            "urea" => Self::Urea,
            "urea-nitrogen" => Self::UreaNitrogen,
            "calcium" => Self::Calcium,
            "magnesium" => Self::Magnesium,
            "glycated-haemoglobin" => Self::GlycatedHaemoglobin,
            "monovalent-ion" => Self::MonovalentIon,
            "haemoglobin" => Self::Haemoglobin,
            "other" => Self::Other,
            _ => return None,
        })
    }
}

/// A unit that cannot be used; the value must not be scored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Nobody has said what it means.
    #[error("unknown unit {0:?}: map it to a UCUM code at the source or in the mapping tables")]
    Unknown(Box<str>),
    /// It measures something else.
    #[error("{from} cannot become {to} for {analyte:?}: check the unit the sender gives")]
    Incompatible {
        /// The unit the value came in.
        from: &'static str,
        /// The unit that was asked for.
        to: &'static str,
        /// What was measured.
        analyte: Analyte,
    },
    /// An oxygen concentration that is neither a fraction nor a percentage.
    #[error(
        "inspired oxygen of {0} is neither a fraction (0.21 to 1) nor a percentage (21 to 100)"
    )]
    InspiredOxygen(Decimal),
    /// The result has too many digits.
    #[error("{0} is too large to convert")]
    TooLarge(Decimal),
}

/// Gives a value with its unit: one of the list with the digits as they are, or a concentration in the next unit of its dimension.
///
/// # Errors
/// When it is neither.
pub fn measured(value: Decimal, unit: &str) -> Result<(Decimal, Unit), UnitError> {
    let unknown = match Unit::parse(unit) {
        Ok(unit) => return Ok((value, unit)),
        Err(unknown) => unknown,
    };
    let (unit, many) = concentration::read(unit).ok_or(unknown)?;
    if many == Decimal::ONE {
        return Ok((value, unit));
    }
    let product = value.checked_mul(many).ok_or(UnitError::TooLarge(value))?;
    Ok((product.normalize(), unit))
}

/// Converts a value between units named in UCUM or in senders' words.
///
/// # Errors
/// When a unit is unknown or the two do not measure the same thing.
pub fn convert(
    value: Decimal,
    from: &str,
    to: &str,
    analyte: Analyte,
) -> Result<Decimal, UnitError> {
    let (value, from) = measured(value, from)?;
    convert_unit(value, from, Unit::parse(to)?, analyte)
}

/// Converts a value between units; a value already in the unit asked for keeps its digits.
///
/// # Errors
/// When the two do not measure the same thing.
pub fn convert_unit(
    value: Decimal,
    from: Unit,
    to: Unit,
    analyte: Analyte,
) -> Result<Decimal, UnitError> {
    if from == to {
        return Ok(value);
    }
    let incompatible = UnitError::Incompatible {
        from: from.code(),
        to: to.code(),
        analyte,
    };
    let (Some(source), Some(target)) = (scale(from, analyte), scale(to, analyte)) else {
        return Err(incompatible);
    };
    if source.dimension != target.dimension {
        return Err(incompatible);
    }
    value
        .checked_sub(source.offset)
        .and_then(|v| v.checked_mul(source.numerator))
        .and_then(|v| v.checked_mul(target.denominator))
        .and_then(|v| v.checked_div(source.denominator.checked_mul(target.numerator)?))
        .and_then(|v| v.checked_add(target.offset))
        .map(|v| v.normalize())
        .ok_or(UnitError::TooLarge(value))
}

/// Gives a value in the unit that all of its dimension are compared in; one of no dimension stays as it is.
pub fn in_base_unit(value: Decimal, unit: Unit, analyte: Analyte) -> (Decimal, Unit) {
    let base = scale(unit, analyte).map_or(unit, |scale| scale.dimension.base());
    let converted = convert_unit(value, unit, base, analyte);
    converted.map_or((value, unit), |value| (value, base))
}

/// Reads an inspired oxygen concentration as a fraction, whichever way it was charted.
///
/// # Errors
/// When it is outside of both ranges, or in a unit of something else.
pub fn inspired_oxygen(value: Decimal, unit: &str) -> Result<Decimal, UnitError> {
    let named = if unit.trim().is_empty() {
        None
    } else {
        Some(Unit::parse(unit)?)
    };
    if !matches!(named, None | Some(Unit::Percent | Unit::One)) {
        return Err(UnitError::Incompatible {
            from: named.map_or("", Unit::code),
            to: Unit::Percent.code(),
            analyte: Analyte::Other,
        });
    }
    // Room air is 20.9 %, and is charted as 20 as well.
    let (least, most) = (Decimal::new(20, 2), Decimal::ONE);
    // A fraction is charted under the unit % often enough to be read by its size alone.
    [value, value / Decimal::ONE_HUNDRED]
        .into_iter()
        .find(|fraction| (least..=most).contains(fraction))
        .ok_or(UnitError::InspiredOxygen(value))
}

/// Says whether words for inspired oxygen mean that none is given.
pub fn is_room_air(text: &str) -> bool {
    ["air", "room air", "ra"].contains(&text.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests;
