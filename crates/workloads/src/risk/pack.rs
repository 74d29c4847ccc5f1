//! A model with all that belongs to it, read and checked together.

use clinical::EventId;

use super::calibration::Calibration;
use super::course::{Course, Person};
use super::drift::Distribution;
use super::explain::{self, Contribution};
use super::feature::{FeatureError, Features};
use super::model::{Model, ModelError};
use super::policy::Policy;
use super::table::{TableError, rows};

const REFERENCE: &str = "reference.tsv";

/// The texts of a pack's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files<'a> {
    /// The trees, as LightGBM writes them.
    pub model: &'a str,
    /// The probabilities of scores.
    pub calibration: &'a str,
    /// The thresholds.
    pub policy: &'a str,
    /// How each feature was distributed.
    pub reference: &'a str,
}

/// The files that are part of the program.
const BUILT_IN: Files<'static> = Files {
    model: include_str!("../../../../models/sepsis-risk/model.lgb.txt"),
    calibration: include_str!("../../../../models/sepsis-risk/calibration.tsv"),
    policy: include_str!("../../../../models/sepsis-risk/policy.tsv"),
    reference: include_str!("../../../../models/sepsis-risk/reference.tsv"),
};

/// A model, the features it reads and how they were distributed, its probabilities, and when it alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    /// The trees.
    pub model: Model,
    /// What they read, in the order of rows.
    pub features: Features,
    /// The probabilities of their scores.
    pub calibration: Calibration,
    /// When a score is an alert.
    pub policy: Policy,
    /// How each feature was distributed in training, in the order of rows.
    pub reference: Vec<Distribution>,
    /// A hash of all files: what a finding says of the model it rests on.
    pub version: Box<str>,
}

/// Why a pack was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The trees cannot be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The trees read what is no feature.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// What a pack says of a patient at the end of an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assessment {
    /// The raw score, which thresholds are compared with.
    pub score: f64,
    /// The probability that held on held-out patients.
    pub probability: f64,
}

impl Pack {
    /// Gives the pack that is part of the program.
    pub fn built_in() -> Self {
        Self::parse(&BUILT_IN).expect("the committed files are a pack, as a test shows")
    }

    /// Reads the files of a pack.
    ///
    /// # Errors
    /// When one of them cannot be read or does not belong to the others.
    pub fn parse(files: &Files<'_>) -> Result<Self, PackError> {
        let model = Model::parse(files.model)?;
        let texts = [
            files.model,
            files.calibration,
            files.policy,
            files.reference,
        ];
        let hash = EventId::derive(&texts.map(str::as_bytes));
        let version: String = hash
            .as_bytes()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            features: Features::parse(model.features())?,
            calibration: Calibration::parse(files.calibration)?,
            policy: Policy::parse(files.policy)?,
            reference: reference(files.reference, &model)?,
            version: version.into(),
            model,
        })
    }

    /// Assesses a patient as known at the end of an hour of the stay; the features stay in the row, for whoever counts
    /// them.
    pub fn assess(
        &self,
        course: &Course,
        person: &Person,
        hour: i64,
        row: &mut Vec<f64>,
    ) -> Assessment {
        course.features(&self.features, person, hour, row);
        let score = self
            .model
            .score(row)
            .expect("the features are those of the model");
        Assessment {
            score,
            probability: self.calibration.probability(score),
        }
    }

    /// Says what raises the score of a row of features, the heaviest first.
    pub fn contributions(&self, row: &[f64]) -> Vec<Contribution> {
        explain::contributions(&self.model, self.features.iter(), row)
    }
}

/// Reads one distribution for each feature of the model, in its order.
fn reference(text: &str, model: &Model) -> Result<Vec<Distribution>, TableError> {
    let mut names = model.features();
    let mut found = Vec::new();
    for row in rows(REFERENCE, text) {
        let [name, _, edges, bins] = row.cells.as_slice() else {
            return Err(row.error(
                "write a feature, the share that is missing, edges and shares, with tabs between",
            ));
        };
        match names.next() {
            Some(expected) if expected == *name => {}
            Some(expected) => {
                return Err(row.error(format!(
                    "the model reads `{expected}` here: write them with train.py"
                )));
            }
            None => {
                return Err(row.error("the model reads no more features: write them with train.py"));
            }
        }
        let missing = row.share(1, "the share that is missing")?;
        let distribution = numbers(edges)
            .zip(numbers(bins))
            .and_then(|(edges, bins)| Distribution::new(edges, &bins, missing));
        found.push(distribution.ok_or_else(|| {
            row.error("edges rise, and the shares of bins and what is missing sum to 1")
        })?);
    }
    match names.next() {
        None => Ok(found),
        Some(name) => Err(TableError {
            table: REFERENCE,
            line: text.lines().count().max(1),
            problem: format!("the feature `{name}` has no row: write them with train.py").into(),
        }),
    }
}

fn numbers(cell: &str) -> Option<Vec<f64>> {
    cell.split_ascii_whitespace()
        .map(|word| word.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_pack_can_be_read() {
        let pack = Pack::parse(&BUILT_IN).unwrap();
        assert_eq!(pack.reference.len(), pack.features.iter().len());
        assert!(pack.model.trees() > 0 && pack.version.len() == 12);
        assert!(
            pack.policy.utility < pack.policy.alert,
            "an alert takes more than an hour that counts"
        );
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused() {
        let less: Vec<&str> = BUILT_IN.reference.lines().collect();
        let less = less[..less.len() - 1].join("\n");
        let more = format!(
            "{}\nHR.last\t0\t0\t0.5 0.5\n",
            BUILT_IN.reference.trim_end()
        );
        let other = BUILT_IN.reference.replacen("HR.last", "HR.age", 1);
        let falling = BUILT_IN.reference.replacen("\t0.", "\t7.", 1);
        for (reference, word) in [
            (less, "has no row"),
            (more, "no more"),
            (other, "reads `HR.last`"),
            (falling, "share"),
        ] {
            let files = Files {
                reference: &reference,
                ..BUILT_IN
            };
            let error = Pack::parse(&files).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let model = BUILT_IN.model.replacen("HR.last", "HR.lost", 1);
        let error = Pack::parse(&Files {
            model: &model,
            ..BUILT_IN
        })
        .unwrap_err();
        assert!(matches!(error, PackError::Feature(_)), "{error}");
    }

    #[test]
    fn a_patient_of_whom_nothing_is_known_has_a_probability() {
        let pack = Pack::built_in();
        let course = Course::new(clinical::EventTime::from_micros(0));
        let assessment = pack.assess(&course, &Person::default(), 0, &mut Vec::new());
        assert!(assessment.score.is_finite() && (0.0..1.0).contains(&assessment.probability));
    }
}
