//! What the chart keeps: the parameters, their units and the values a living patient can have.

mod rows;

pub(crate) use rows::Number;
use rows::{ROWS, Row};

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
    /// Mean arterial pressure.
    MeanPressure,
    /// Inspired oxygen in hundredths.
    OxygenFraction,
    /// Creatinine.
    Creatinine,
    /// Urine that came; what went in to irrigate counts against it.
    UrineOutput,
    /// Body weight.
    Weight,
    /// Glasgow coma score, opening of the eyes.
    ComaEye,
    /// Glasgow coma score, verbal response; 0 where a tube makes it impossible.
    ComaVerbal,
    /// Glasgow coma score, motor response.
    ComaMotor,
    /// Help with breathing: a ventilator's setting, a device that gives oxygen, or its end.
    RespiratorySupport,
    /// How fast norepinephrine runs.
    Norepinephrine,
    /// How fast epinephrine runs.
    Epinephrine,
    /// How fast dopamine runs.
    Dopamine,
    /// How fast dobutamine runs.
    Dobutamine,
    /// How fast vasopressin runs.
    Vasopressin,
    /// How fast phenylephrine runs.
    Phenylephrine,
    /// Glucose between the cells, as a sensor under the skin measures it.
    InterstitialGlucose,
    /// How fast milrinone runs.
    Milrinone,
    /// A machine in the heart's place or the lungs'.
    CirculatorySupport,
    /// Dialysis or the like.
    KidneyReplacement,
    /// A drug against delirium: ordered or given.
    DeliriumDrug,
    /// Crystalloid fluid that was given.
    Crystalloid,
    /// Diastolic blood pressure.
    DiastolicPressure,
    /// End-tidal carbon dioxide.
    EndTidalCarbonDioxide,
    /// Base excess of arterial blood.
    BaseExcess,
    /// Oxygen saturation of arterial blood, measured in it.
    ArterialSaturation,
    /// Aspartate aminotransferase.
    AspartateAminotransferase,
    /// Urea nitrogen.
    UreaNitrogen,
    /// Alkaline phosphatase.
    AlkalinePhosphatase,
    /// Chloride.
    Chloride,
    /// Direct bilirubin.
    DirectBilirubin,
    /// Phosphate.
    Phosphate,
    /// Cardiac troponin I.
    Troponin,
    /// A culture of blood: ordered, collected or resulted; it is kept beside the culture that it is.
    BloodCulture,
    /// What was written down of a sepsis and its care.
    SepsisNote,
    /// The standard deviation of the times between beats, of a window of minutes.
    HeartRateVariability,
    /// Whether the heart beats by its own rhythm.
    HeartRhythm,
    /// Somebody wrote down that the patient is dialysed for good.
    ChronicDialysis,
    /// A result that its sender flags as critical, of an analyte that no range is for; what it is, is kept beside it in words.
    FlaggedResult,
}

impl Parameter {
    /// How many there can be: stored state has room for no more.
    pub(crate) const MOST: usize = 108;

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
        Self::NEWS2.contains(&self)
            || matches!(
                self,
                Self::ComaScale
                    | Self::MeanPressure
                    | Self::OxygenFraction
                    | Self::InterstitialGlucose
                    | Self::HeartRateVariability
            )
    }

    /// Says whether it is the rate of a drug that supports the circulation.
    pub(crate) const fn is_infusion(self) -> bool {
        matches!(
            self,
            Self::Norepinephrine
                | Self::Epinephrine
                | Self::Dopamine
                | Self::Dobutamine
                | Self::Vasopressin
                | Self::Phenylephrine
                | Self::Milrinone
        )
    }

    /// Says whether several sensors of a patient may measure it at once, or it stands for several analytes.
    pub(crate) const fn is_told_apart(self) -> bool {
        matches!(self, Self::InterstitialGlucose | Self::FlaggedResult)
    }

    /// Says whether it holds as long as nobody takes it back, whenever it began.
    pub(crate) const fn lasts(self) -> bool {
        matches!(self, Self::ChronicDialysis)
    }

    /// Says whether it is something ordered or given.
    pub(crate) const fn is_order(self) -> bool {
        matches!(self, Self::Culture | Self::Antimicrobial)
    }
}

#[cfg(test)]
mod tests {
    use clinical::Decimal;

    use super::*;

    #[test]
    fn every_parameter_has_its_row_and_reads_back() {
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(usize::from(row.parameter.number()), place, "{}", row.word);
            assert_eq!(Parameter::parse(row.word), Some(row.parameter));
        }
    }

    #[test]
    fn there_is_room_for_all() {
        assert!(Parameter::all().count() <= Parameter::MOST);
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
