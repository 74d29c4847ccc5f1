//! The factors by which units of one dimension become one another.

use super::{Analyte, Unit};
use crate::Decimal;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Pressure,
    Temperature,
    Concentration,
    Mass,
    Cells,
    Glycation,
    Weight,
    Length,
    Time,
    Flow,
}

impl Dimension {
    /// Gives the unit that its values are compared in: its scale is one to one.
    pub(super) const fn base(self) -> Unit {
        match self {
            Self::Pressure => Unit::MillimetreOfMercury,
            Self::Temperature => Unit::Celsius,
            Self::Concentration => Unit::MillimolePerLitre,
            Self::Mass => Unit::GramPerLitre,
            Self::Cells => Unit::PerMicrolitre,
            Self::Glycation => Unit::MillimolePerMole,
            Self::Weight => Unit::Kilogram,
            Self::Length => Unit::Metre,
            Self::Time => Unit::Second,
            Self::Flow => Unit::LitrePerMinute,
        }
    }
}

/// How a unit reaches the base of its dimension: (value − offset) × numerator ÷ denominator.
pub(super) struct Scale {
    pub(super) dimension: Dimension,
    pub(super) offset: Decimal,
    pub(super) numerator: Decimal,
    pub(super) denominator: Decimal,
}

pub(super) fn scale(unit: Unit, analyte: Analyte) -> Option<Scale> {
    use Dimension::{
        Cells, Concentration, Flow, Glycation, Length, Mass, Pressure, Temperature, Time, Weight,
    };
    let (zero, one) = (Decimal::ZERO, Decimal::ONE);
    let (dimension, offset, numerator, denominator) = match unit {
        Unit::MillimetreOfMercury => (Pressure, zero, one, one),
        Unit::Kilopascal => (Pressure, zero, KILOPASCAL_IN_MMHG, one),
        Unit::Celsius => (Temperature, zero, one, one),
        Unit::Fahrenheit => (Temperature, Decimal::new(32, 0), one, Decimal::new(18, 1)),
        Unit::MillimolePerLitre if analyte == Analyte::Haemoglobin => {
            (Mass, zero, HAEMOGLOBIN_G_L_PER_MMOL_L, one)
        }
        Unit::MillimolePerLitre => (Concentration, zero, one, one),
        Unit::MicromolePerLitre => (Concentration, zero, one, Decimal::ONE_THOUSAND),
        Unit::MilliequivalentPerLitre if analyte == Analyte::MonovalentIon => {
            (Concentration, zero, one, one)
        }
        Unit::GramPerLitre
        | Unit::GramPerDecilitre
        | Unit::MilligramPerDecilitre
        | Unit::MilligramPerLitre
        | Unit::MicrogramPerLitre
        | Unit::NanogramPerLitre => return mass(unit, analyte),
        Unit::Kilogram => (Weight, zero, one, one),
        Unit::Gram => (Weight, zero, one, Decimal::ONE_THOUSAND),
        Unit::Pound => (Weight, zero, KILOGRAM_PER_POUND, one),
        Unit::Metre => (Length, zero, one, one),
        Unit::Centimetre => (Length, zero, one, Decimal::ONE_HUNDRED),
        Unit::Inch => (Length, zero, METRE_PER_INCH, one),
        Unit::Second => (Time, zero, one, one),
        Unit::Millisecond => (Time, zero, one, Decimal::ONE_THOUSAND),
        Unit::LitrePerMinute => (Flow, zero, one, one),
        Unit::MillilitrePerMinute => (Flow, zero, one, Decimal::ONE_THOUSAND),
        Unit::TrillionPerLitre => (Cells, zero, MILLION, one),
        Unit::ThousandPerMicrolitre => (Cells, zero, Decimal::ONE_THOUSAND, one),
        Unit::PerMicrolitre => (Cells, zero, one, one),
        Unit::Percent if analyte == Analyte::GlycatedHaemoglobin => {
            (Glycation, NGSP_OFFSET, IFCC_PER_NGSP, one)
        }
        Unit::MillimolePerMole if analyte == Analyte::GlycatedHaemoglobin => {
            (Glycation, zero, one, one)
        }
        Unit::PerMinute
        | Unit::Percent
        | Unit::MilliequivalentPerLitre
        | Unit::MillimolePerMole
        | Unit::UnitPerLitre
        | Unit::KilogramPerSquareMetre
        | Unit::Millilitre
        | Unit::MicrogramPerKilogramPerMinute
        | Unit::MicrogramPerMinute
        | Unit::UnitPerMinute
        | Unit::One => return None,
    };
    Some(Scale {
        dimension,
        offset,
        numerator,
        denominator,
    })
}

/// Gives the scale of a mass in a volume: that of its moles where the molar mass is known.
///
/// Urea nitrogen is told in mg/dL alone: who writes g/L weighs the urea, 2.14 times as much.
fn mass(unit: Unit, analyte: Analyte) -> Option<Scale> {
    let one = Decimal::ONE;
    if analyte == Analyte::UreaNitrogen && unit != Unit::MilligramPerDecilitre {
        return None;
    }
    // Grams a litre in one of the unit.
    let (above, below) = match unit {
        Unit::GramPerLitre => (one, one),
        Unit::GramPerDecilitre => (Decimal::TEN, one),
        Unit::MilligramPerDecilitre => (one, Decimal::ONE_HUNDRED),
        Unit::MilligramPerLitre => (one, Decimal::ONE_THOUSAND),
        Unit::MicrogramPerLitre => (one, MILLION),
        Unit::NanogramPerLitre => (one, BILLION),
        _ => return None,
    };
    let (dimension, numerator, denominator) = match milligram_per_decilitre(analyte) {
        Some((numerator, denominator)) if unit == Unit::MilligramPerDecilitre => {
            (Dimension::Concentration, numerator, denominator)
        }
        Some((numerator, denominator)) => (
            Dimension::Concentration,
            above * Decimal::ONE_HUNDRED * numerator,
            below * denominator,
        ),
        None => (Dimension::Mass, above, below),
    };
    Some(Scale {
        dimension,
        offset: Decimal::ZERO,
        numerator,
        denominator,
    })
}

/// 1 kPa in mmHg: 1000 / 133.322 Pa (NIST SP 811, appendix B.8).
const KILOPASCAL_IN_MMHG: Decimal = Decimal::from_parts(750_062, 0, 0, false, 5);
/// HbA1c mmol/mol = 10.929 × (NGSP % − 2.15): the NGSP and IFCC master equation.
const IFCC_PER_NGSP: Decimal = Decimal::from_parts(10_929, 0, 0, false, 3);
const NGSP_OFFSET: Decimal = Decimal::from_parts(215, 0, 0, false, 2);
/// Glucose: 180.156 g/mol.
const GLUCOSE_MG_DL_PER_MMOL_L: Decimal = Decimal::from_parts(180_156, 0, 0, false, 4);
/// Creatinine: 113.1 g/mol, as µmol/L per mg/dL.
const CREATININE_UMOL_L_PER_MG_DL: Decimal = Decimal::from_parts(8_842, 0, 0, false, 2);
/// Bilirubin: 584.7 g/mol, as µmol/L per mg/dL.
const BILIRUBIN_UMOL_L_PER_MG_DL: Decimal = Decimal::from_parts(1_710, 0, 0, false, 2);
/// Lactate: 90.08 g/mol.
const LACTATE_MG_DL_PER_MMOL_L: Decimal = Decimal::from_parts(9_008, 0, 0, false, 3);
/// Urea from its nitrogen: two atoms of 14.007 in a molecule.
const UREA_MMOL_L_PER_BUN_MG_DL: Decimal = Decimal::from_parts(357, 0, 0, false, 3);
/// Urea: 60.056 g/mol (IUPAC standard atomic weights).
const UREA_MG_DL_PER_MMOL_L: Decimal = Decimal::from_parts(60_056, 0, 0, false, 4);
/// Calcium: 40.078 g/mol (IUPAC standard atomic weight).
const CALCIUM_MG_DL_PER_MMOL_L: Decimal = Decimal::from_parts(40_078, 0, 0, false, 4);
/// Magnesium: 24.305 g/mol (IUPAC standard atomic weight).
const MAGNESIUM_MG_DL_PER_MMOL_L: Decimal = Decimal::from_parts(24_305, 0, 0, false, 4);

/// Haemoglobin: 16.114 g/mol of a single chain, a quarter of the molecule.
const HAEMOGLOBIN_G_L_PER_MMOL_L: Decimal = Decimal::from_parts(16_114, 0, 0, false, 3);
/// The international pound and inch (NIST SP 811, appendix B.8), both exact.
const KILOGRAM_PER_POUND: Decimal = Decimal::from_parts(45_359_237, 0, 0, false, 8);
const METRE_PER_INCH: Decimal = Decimal::from_parts(254, 0, 0, false, 4);
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
const BILLION: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Gives mmol/L in one mg/dL as numerator and denominator.
fn milligram_per_decilitre(analyte: Analyte) -> Option<(Decimal, Decimal)> {
    let one = Decimal::ONE;
    match analyte {
        Analyte::Glucose => Some((one, GLUCOSE_MG_DL_PER_MMOL_L)),
        Analyte::Creatinine => Some((CREATININE_UMOL_L_PER_MG_DL, Decimal::ONE_THOUSAND)),
        Analyte::Bilirubin => Some((BILIRUBIN_UMOL_L_PER_MG_DL, Decimal::ONE_THOUSAND)),
        Analyte::Lactate => Some((one, LACTATE_MG_DL_PER_MMOL_L)),
        Analyte::Urea => Some((one, UREA_MG_DL_PER_MMOL_L)),
        Analyte::UreaNitrogen => Some((UREA_MMOL_L_PER_BUN_MG_DL, one)),
        Analyte::Calcium => Some((one, CALCIUM_MG_DL_PER_MMOL_L)),
        Analyte::Magnesium => Some((one, MAGNESIUM_MG_DL_PER_MMOL_L)),
        Analyte::GlycatedHaemoglobin
        | Analyte::MonovalentIon
        | Analyte::Haemoglobin
        | Analyte::Other => None,
    }
}
