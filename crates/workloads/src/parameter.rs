//! What the chart keeps: the parameters, their units and the values a living patient can have.

use clinical::Decimal;
use clinical::unit::{Analyte, Unit};

/// Something the chart keeps; its number in stored state is its place here, so new ones go last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parameter {
    /// Breaths a minute.
    RespiratoryRate,
    /// Oxygen saturation.
    OxygenSaturation,
    /// Whether oxygen is given.
    Oxygen,
    /// Systolic blood pressure.
    SystolicPressure,
    /// Heart beats a minute.
    Pulse,
    /// Alert, confused, or responding to voice, to pain, or not at all.
    Consciousness,
    /// Body temperature.
    Temperature,
    /// The SpO2 scale a clinician ordered.
    SaturationScale,
    /// Glasgow coma score.
    ComaScale,
    /// Potassium.
    Potassium,
    /// Sodium.
    Sodium,
    /// Total calcium.
    Calcium,
    /// Ionised calcium.
    IonisedCalcium,
    /// Glucose.
    Glucose,
    /// Bicarbonate or total carbon dioxide.
    Bicarbonate,
    /// Magnesium.
    Magnesium,
    /// Arterial pH.
    Ph,
    /// Arterial carbon dioxide pressure.
    CarbonDioxidePressure,
    /// Arterial oxygen pressure.
    OxygenPressure,
    /// Haemoglobin.
    Haemoglobin,
    /// Haematocrit.
    Haematocrit,
    /// Platelets.
    Platelets,
    /// White blood cells.
    WhiteCells,
    /// Band neutrophils in hundredths of the white cells.
    Bands,
    /// International normalised ratio.
    Inr,
    /// Activated partial thromboplastin time.
    Aptt,
    /// Fibrinogen.
    Fibrinogen,
    /// Lactate.
    Lactate,
    /// Total bilirubin.
    Bilirubin,
    /// A culture: ordered, collected or resulted.
    Culture,
    /// A systemic antimicrobial: ordered or given.
    Antimicrobial,
}

/// What holds for a parameter.
struct Row {
    parameter: Parameter,
    word: &'static str,
    words: &'static str,
    number: Option<Number>,
}

/// What holds for a parameter that is a number.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    /// The unit it is compared in.
    pub(crate) unit: Unit,
    /// What its conversions depend on.
    pub(crate) analyte: Analyte,
    /// Values at or below this are refused: no living patient has them.
    above: i64,
    /// Values above this are refused.
    most: i64,
}

impl Number {
    /// Says whether a living patient can have this value.
    pub(crate) fn is_plausible(&self, value: Decimal) -> bool {
        value > Decimal::from(self.above) && value <= Decimal::from(self.most)
    }
}

const fn coded(parameter: Parameter, word: &'static str, words: &'static str) -> Row {
    Row {
        parameter,
        word,
        words,
        number: None,
    }
}

const fn number(
    parameter: Parameter,
    (word, words): (&'static str, &'static str),
    (unit, analyte): (Unit, Analyte),
    (above, most): (i64, i64),
) -> Row {
    Row {
        parameter,
        word,
        words,
        number: Some(Number {
            unit,
            analyte,
            above,
            most,
        }),
    }
}

/// The limits of what is plausible are wide: they find a zero, a slip of the keyboard or a unit, not an illness.
const ROWS: [Row; 31] = [
    number(
        Parameter::RespiratoryRate,
        ("respiratory-rate", "respiratory rate"),
        (Unit::PerMinute, Analyte::Other),
        (0, 100),
    ),
    number(
        Parameter::OxygenSaturation,
        ("oxygen-saturation", "SpO2"),
        (Unit::Percent, Analyte::Other),
        (19, 100),
    ),
    coded(Parameter::Oxygen, "oxygen", "oxygen"),
    number(
        Parameter::SystolicPressure,
        ("systolic-pressure", "systolic pressure"),
        (Unit::MillimetreOfMercury, Analyte::Other),
        (19, 350),
    ),
    number(
        Parameter::Pulse,
        ("pulse", "pulse"),
        (Unit::PerMinute, Analyte::Other),
        (9, 350),
    ),
    coded(Parameter::Consciousness, "consciousness", "consciousness"),
    number(
        Parameter::Temperature,
        ("temperature", "temperature"),
        (Unit::Celsius, Analyte::Other),
        (19, 46),
    ),
    coded(Parameter::SaturationScale, "saturation-scale", "SpO2 scale"),
    number(
        Parameter::ComaScale,
        ("coma-scale", "Glasgow coma score"),
        (Unit::One, Analyte::Other),
        (2, 15),
    ),
    number(
        Parameter::Potassium,
        ("potassium", "potassium"),
        (Unit::MillimolePerLitre, Analyte::MonovalentIon),
        (0, 30),
    ),
    number(
        Parameter::Sodium,
        ("sodium", "sodium"),
        (Unit::MillimolePerLitre, Analyte::MonovalentIon),
        (49, 250),
    ),
    number(
        Parameter::Calcium,
        ("calcium", "calcium"),
        (Unit::MilligramPerDecilitre, Analyte::Calcium),
        (0, 40),
    ),
    number(
        Parameter::IonisedCalcium,
        ("ionised-calcium", "ionised calcium"),
        (Unit::MillimolePerLitre, Analyte::Calcium),
        (0, 10),
    ),
    number(
        Parameter::Glucose,
        ("glucose", "glucose"),
        (Unit::MilligramPerDecilitre, Analyte::Glucose),
        (0, 3000),
    ),
    number(
        Parameter::Bicarbonate,
        ("bicarbonate", "bicarbonate"),
        (Unit::MillimolePerLitre, Analyte::MonovalentIon),
        (0, 100),
    ),
    number(
        Parameter::Magnesium,
        ("magnesium", "magnesium"),
        (Unit::MilligramPerDecilitre, Analyte::Magnesium),
        (0, 40),
    ),
    number(
        Parameter::Ph,
        ("ph", "pH"),
        (Unit::One, Analyte::Other),
        (5, 9),
    ),
    number(
        Parameter::CarbonDioxidePressure,
        ("carbon-dioxide-pressure", "PaCO2"),
        (Unit::MillimetreOfMercury, Analyte::Other),
        (0, 250),
    ),
    number(
        Parameter::OxygenPressure,
        ("oxygen-pressure", "PaO2"),
        (Unit::MillimetreOfMercury, Analyte::Other),
        (0, 800),
    ),
    number(
        Parameter::Haemoglobin,
        ("haemoglobin", "haemoglobin"),
        (Unit::GramPerDecilitre, Analyte::Other),
        (0, 35),
    ),
    number(
        Parameter::Haematocrit,
        ("haematocrit", "haematocrit"),
        (Unit::Percent, Analyte::Other),
        (0, 100),
    ),
    number(
        Parameter::Platelets,
        ("platelets", "platelets"),
        (Unit::ThousandPerMicrolitre, Analyte::Other),
        (-1, 10000),
    ),
    number(
        Parameter::WhiteCells,
        ("white-cells", "white cells"),
        (Unit::ThousandPerMicrolitre, Analyte::Other),
        (-1, 2000),
    ),
    number(
        Parameter::Bands,
        ("bands", "band neutrophils"),
        (Unit::Percent, Analyte::Other),
        (-1, 100),
    ),
    number(
        Parameter::Inr,
        ("inr", "INR"),
        (Unit::One, Analyte::Other),
        (0, 50),
    ),
    number(
        Parameter::Aptt,
        ("aptt", "aPTT"),
        (Unit::Second, Analyte::Other),
        (0, 500),
    ),
    number(
        Parameter::Fibrinogen,
        ("fibrinogen", "fibrinogen"),
        (Unit::MilligramPerDecilitre, Analyte::Other),
        (0, 3000),
    ),
    number(
        Parameter::Lactate,
        ("lactate", "lactate"),
        (Unit::MillimolePerLitre, Analyte::Lactate),
        (0, 60),
    ),
    number(
        Parameter::Bilirubin,
        ("bilirubin", "bilirubin"),
        (Unit::MilligramPerDecilitre, Analyte::Bilirubin),
        (0, 100),
    ),
    coded(Parameter::Culture, "culture", "culture"),
    coded(Parameter::Antimicrobial, "antimicrobial", "antimicrobial"),
];

impl Parameter {
    /// The seven parameters of NEWS2.
    pub(crate) const NEWS2: [Self; 7] = [
        Self::RespiratoryRate,
        Self::OxygenSaturation,
        Self::Oxygen,
        Self::SystolicPressure,
        Self::Pulse,
        Self::Consciousness,
        Self::Temperature,
    ];

    /// Gives all of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.parameter)
    }

    fn row(self) -> &'static Row {
        ROWS.get(usize::from(self.number()))
            .expect("every parameter has a row, as a test shows")
    }

    /// Gives its one word, as in the data files.
    pub fn word(self) -> &'static str {
        self.row().word
    }

    /// Gives its name for a clinician.
    pub fn words(self) -> &'static str {
        self.row().words
    }

    /// Reads its one word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::all().find(|parameter| parameter.word() == word)
    }

    /// Gives what holds for it as a number, if it is one.
    pub(crate) fn numeric(self) -> Option<&'static Number> {
        self.row().number.as_ref()
    }

    /// Gives its number in stored state.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// Finds the parameter of a number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        ROWS.get(usize::from(number)).map(|row| row.parameter)
    }

    /// Says whether it is charted at the bedside.
    pub(crate) fn is_vital(self) -> bool {
        Self::NEWS2.contains(&self) || self == Self::ComaScale
    }

    /// Says whether it is something ordered or given.
    pub(crate) const fn is_order(self) -> bool {
        matches!(self, Self::Culture | Self::Antimicrobial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_its_row_and_reads_back() {
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(usize::from(row.parameter.number()), place, "{}", row.word);
            assert_eq!(Parameter::parse(row.word), Some(row.parameter));
        }
    }

    #[test]
    fn zero_is_no_vital_sign() {
        for parameter in Parameter::all().filter(|parameter| parameter.is_vital()) {
            if let Some(number) = parameter.numeric() {
                assert!(!number.is_plausible(Decimal::ZERO), "{parameter:?}");
            }
        }
    }
}
