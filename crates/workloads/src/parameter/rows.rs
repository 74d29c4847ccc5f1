//! The table of parameters: words, units, and the values a living patient can have.

use clinical::Decimal;
use clinical::unit::{Analyte, Unit};

use super::Parameter;

/// What holds for a parameter.
pub(super) struct Row {
    pub(super) parameter: Parameter,
    pub(super) word: &'static str,
    pub(super) words: &'static str,
    pub(super) number: Option<Number>,
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
pub(super) const ROWS: [Row; 69] = [
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
        (Unit::GramPerDecilitre, Analyte::Haemoglobin),
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
        (0, 150),
    ),
    coded(Parameter::Culture, "culture", "culture"),
    coded(Parameter::Antimicrobial, "antimicrobial", "antimicrobial"),
    number(
        Parameter::MeanPressure,
        ("mean-pressure", "mean arterial pressure"),
        (Unit::MillimetreOfMercury, Analyte::Other),
        (0, 299),
    ),
    number(
        Parameter::OxygenFraction,
        ("oxygen-fraction", "FiO2"),
        (Unit::Percent, Analyte::Other),
        (19, 100),
    ),
    number(
        Parameter::Creatinine,
        ("creatinine", "creatinine"),
        (Unit::MilligramPerDecilitre, Analyte::Creatinine),
        // A laboratory may round the least that there is to 0.0.
        (-1, 150),
    ),
    number(
        Parameter::UrineOutput,
        ("urine-output", "urine output"),
        (Unit::Millilitre, Analyte::Other),
        // Bladders are irrigated with tens of litres, which may be charted at once.
        (-50_001, 50_000),
    ),
    number(
        Parameter::Weight,
        ("weight", "weight"),
        (Unit::Kilogram, Analyte::Other),
        (0, 700),
    ),
    number(
        Parameter::ComaEye,
        ("coma-eye", "eye opening"),
        (Unit::One, Analyte::Other),
        (0, 4),
    ),
    number(
        Parameter::ComaVerbal,
        ("coma-verbal", "verbal response"),
        (Unit::One, Analyte::Other),
        (-1, 5),
    ),
    number(
        Parameter::ComaMotor,
        ("coma-motor", "motor response"),
        (Unit::One, Analyte::Other),
        (0, 6),
    ),
    coded(
        Parameter::RespiratorySupport,
        "respiratory-support",
        "respiratory support",
    ),
    number(
        Parameter::Norepinephrine,
        ("norepinephrine", "norepinephrine"),
        (Unit::MicrogramPerKilogramPerMinute, Analyte::Other),
        (-1, 1000),
    ),
    number(
        Parameter::Epinephrine,
        ("epinephrine", "epinephrine"),
        (Unit::MicrogramPerKilogramPerMinute, Analyte::Other),
        (-1, 1000),
    ),
    number(
        Parameter::Dopamine,
        ("dopamine", "dopamine"),
        (Unit::MicrogramPerKilogramPerMinute, Analyte::Other),
        (-1, 1000),
    ),
    number(
        Parameter::Dobutamine,
        ("dobutamine", "dobutamine"),
        (Unit::MicrogramPerKilogramPerMinute, Analyte::Other),
        (-1, 1000),
    ),
    number(
        Parameter::Vasopressin,
        ("vasopressin", "vasopressin"),
        (Unit::UnitPerMinute, Analyte::Other),
        (-1, 1000),
    ),
    number(
        Parameter::Phenylephrine,
        ("phenylephrine", "phenylephrine"),
        (Unit::MicrogramPerKilogramPerMinute, Analyte::Other),
        (-1, 1000),
    ),
    number(
        Parameter::InterstitialGlucose,
        ("interstitial-glucose", "interstitial glucose"),
        (Unit::MilligramPerDecilitre, Analyte::Glucose),
        (0, 1000),
    ),
    number(
        Parameter::Milrinone,
        ("milrinone", "milrinone"),
        (Unit::MicrogramPerKilogramPerMinute, Analyte::Other),
        (-1, 1000),
    ),
    coded(
        Parameter::CirculatorySupport,
        "circulatory-support",
        "circulatory support",
    ),
    coded(
        Parameter::KidneyReplacement,
        "kidney-replacement",
        "kidney replacement",
    ),
    coded(
        Parameter::DeliriumDrug,
        "delirium-drug",
        "drug against delirium",
    ),
    number(
        Parameter::Crystalloid,
        ("crystalloid", "crystalloid fluid"),
        (Unit::Millilitre, Analyte::Other),
        (-1, 20_000),
    ),
    number(
        Parameter::DiastolicPressure,
        ("diastolic-pressure", "diastolic pressure"),
        (Unit::MillimetreOfMercury, Analyte::Other),
        (9, 350),
    ),
    number(
        Parameter::EndTidalCarbonDioxide,
        ("end-tidal-carbon-dioxide", "end-tidal CO2"),
        (Unit::MillimetreOfMercury, Analyte::Other),
        (0, 150),
    ),
    number(
        Parameter::BaseExcess,
        ("base-excess", "base excess"),
        (Unit::MillimolePerLitre, Analyte::MonovalentIon),
        (-61, 60),
    ),
    number(
        Parameter::ArterialSaturation,
        ("arterial-saturation", "SaO2"),
        (Unit::Percent, Analyte::Other),
        (9, 100),
    ),
    number(
        Parameter::AspartateAminotransferase,
        ("aspartate-aminotransferase", "AST"),
        (Unit::UnitPerLitre, Analyte::Other),
        (0, 50000),
    ),
    number(
        Parameter::UreaNitrogen,
        ("urea-nitrogen", "urea nitrogen"),
        (Unit::MilligramPerDecilitre, Analyte::UreaNitrogen),
        (0, 500),
    ),
    number(
        Parameter::AlkalinePhosphatase,
        ("alkaline-phosphatase", "alkaline phosphatase"),
        (Unit::UnitPerLitre, Analyte::Other),
        (0, 10000),
    ),
    number(
        Parameter::Chloride,
        ("chloride", "chloride"),
        (Unit::MillimolePerLitre, Analyte::MonovalentIon),
        (39, 250),
    ),
    number(
        Parameter::DirectBilirubin,
        ("direct-bilirubin", "direct bilirubin"),
        (Unit::MilligramPerDecilitre, Analyte::Bilirubin),
        (-1, 150),
    ),
    number(
        Parameter::Phosphate,
        ("phosphate", "phosphate"),
        (Unit::MilligramPerDecilitre, Analyte::Other),
        (0, 50),
    ),
    number(
        Parameter::Troponin,
        ("troponin", "troponin I"),
        (Unit::MicrogramPerLitre, Analyte::Other),
        (-1, 1000),
    ),
    coded(Parameter::BloodCulture, "blood-culture", "blood culture"),
    coded(Parameter::SepsisNote, "sepsis-note", "sepsis note"),
    number(
        Parameter::HeartRateVariability,
        ("heart-rate-variability", "heart rate variability"),
        (Unit::Millisecond, Analyte::Other),
        (0, 1000),
    ),
    coded(Parameter::HeartRhythm, "heart-rhythm", "heart rhythm"),
    coded(
        Parameter::ChronicDialysis,
        "chronic-dialysis",
        "chronic dialysis",
    ),
    coded(Parameter::FlaggedResult, "flagged", "result"),
];
