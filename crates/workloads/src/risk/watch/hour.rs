//! An hour as a model scored it: what it read, and what it said.

use clinical::EventTime;

/// The features of an hour, in the order of a model's rows; what was not known is NaN.
///
/// Two rows are equal where a model reads the same of both: what is not known equals itself.
#[derive(Clone, Debug, Default)]
pub struct Row(Vec<f64>);

/// An hour of a stay as it was scored when it was over; what came later did not change it.
#[derive(Clone, Debug)]
pub struct Hour {
    /// When the hour ended: all that the row says was known and true by then.
    pub end: EventTime,
    /// When the hospital admitted the patient: what was before belongs to no hour of the stay.
    pub admission: EventTime,
    /// The version of the model.
    pub model: Box<str>,
    /// The raw score.
    pub score: f64,
    /// The probability that the model gave.
    pub probability: f64,
    /// What it read.
    pub row: Row,
}

impl Row {
    /// Takes the values of a row.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let canonical = |value: f64| if value.is_nan() { f64::NAN } else { value };
        Self(values.into_iter().map(canonical).collect())
    }

    /// Gives the values.
    pub fn values(&self) -> &[f64] {
        &self.0
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        let bits = |row: &Self| {
            row.0
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        bits(self) == bits(other)
    }
}

impl Eq for Row {}

impl PartialEq for Hour {
    fn eq(&self, other: &Self) -> bool {
        let said = |hour: &Self| (hour.score.to_bits(), hour.probability.to_bits());
        (self.end, self.admission, &self.model) == (other.end, other.admission, &other.model)
            && said(self) == said(other)
            && self.row == other.row
    }
}

impl Eq for Hour {}
