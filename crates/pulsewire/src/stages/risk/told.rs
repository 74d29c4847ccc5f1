//! What is told of hours that a learned risk scored, and of how its model stands, as records say it.

use clinical::{EventTime, PatientKey};
use serde::{Deserialize, Serialize};
use workloads::RiskScore;
use workloads::risk::drift::Stability;
use workloads::risk::watch::{
    Because, Drift, Example, Feedback, Hour, LEAST_LEARNED, Outcome, Quality, Row, Standing,
};

/// The newest version of the records' shapes.
const VERSION: u32 = 1;

/// An hour as it was scored, and what became of it once that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HourTold {
    version: u32,
    pub(super) patient: String,
    end: String,
    admission: String,
    model: String,
    score: f64,
    probability: f64,
    /// In the order of the model's rows; empty where the hour is told again.
    features: Vec<Option<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<OutcomeTold>,
}

/// What became of an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutcomeTold {
    pub(super) revision: u32,
    septic: bool,
    /// What says so.
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    onset: Option<String>,
    alerted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feedback: Option<String>,
}

impl HourTold {
    /// The media type of a record of a patient's hour.
    pub(crate) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.risk-hour+json";
    /// The media type of a record for whoever counts all patients together.
    pub(crate) const WATCHED: &'static str = "application/vnd.pulsewire.risk-example+json";

    /// Writes an hour, with what became of it where that is known.
    pub(super) fn of(patient: PatientKey, hour: &Hour, example: Option<&Example>) -> Self {
        let known = |value: &f64| Some(*value).filter(|value| !value.is_nan());
        Self {
            version: VERSION,
            patient: patient.to_string(),
            end: hour.end.to_string(),
            admission: hour.admission.to_string(),
            model: hour.model.to_string(),
            score: hour.score,
            probability: hour.probability,
            features: hour.row.values().iter().map(known).collect(),
            outcome: example.map(OutcomeTold::of),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("words and numbers always make JSON")
    }

    /// Reads a record; nothing where it is none, or of a newer version.
    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        let told: Self = serde_json::from_slice(json).ok()?;
        (told.version <= VERSION).then_some(told)
    }

    /// Gives whose it is.
    pub(super) fn key(&self) -> Option<PatientKey> {
        PatientKey::parse(&self.patient)
    }

    /// Gives the hour; nothing where a time is none.
    pub(super) fn hour(&self) -> Option<Hour> {
        let features = self.features.iter();
        Some(Hour {
            end: EventTime::parse(&self.end)?,
            admission: EventTime::parse(&self.admission)?,
            model: self.model.as_str().into(),
            score: self.score,
            probability: self.probability,
            row: Row::new(features.map(|value| value.unwrap_or(f64::NAN))),
        })
    }

    /// Gives the hour with what became of it, where that is told.
    pub(super) fn example(&self) -> Option<Example> {
        let told = self.outcome.as_ref()?;
        Some(Example {
            hour: self.hour()?,
            outcome: told.outcome()?,
            revision: told.revision,
            told_of: None,
        })
    }
}

impl OutcomeTold {
    fn of(example: &Example) -> Self {
        let outcome = &example.outcome;
        let (by, onset) = match outcome.because {
            Because::Horizon => ("horizon", None),
            Because::Onset(at) => (workloads::risk::watch::TRUTH, Some(at.to_string())),
        };
        Self {
            revision: example.revision,
            septic: outcome.is_septic(),
            by: by.to_owned(),
            onset,
            alerted: outcome.alerted,
            feedback: outcome.feedback.map(|said| said.word().to_owned()),
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        let because = match (self.septic, &self.onset) {
            (true, Some(onset)) => Because::Onset(EventTime::parse(onset)?),
            (false, None) => Because::Horizon,
            _ => return None,
        };
        let feedback = self.feedback.as_deref();
        Some(Outcome {
            because,
            alerted: self.alerted,
            feedback: match feedback {
                None => None,
                Some(word) => Some(Feedback::parse(word)?),
            },
        })
    }
}

/// How a model stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusTold {
    version: u32,
    pub(crate) workload: String,
    pub(crate) model: String,
    /// The end of the first hour that the model scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    pub(crate) at: String,
    /// What scores hours for alerts: the model, or the rule in its place.
    pub(crate) in_use: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) approved_by: Option<String>,
    pub(crate) drifting: Vec<DriftTold>,
    pub(crate) inputs: InputsTold,
    pub(crate) quality: QualityTold,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) judged_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) judged_to: Option<String>,
    pub(crate) said: SaidTold,
    pub(crate) challenger: ChallengerTold,
}

/// Something that drifts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DriftTold {
    pub(crate) drift: String,
    pub(crate) since: String,
}

/// What the model reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputsTold {
    pub(crate) hours: u64,
    pub(crate) patients: u64,
    pub(crate) recent_patients: u64,
    /// The least stable first; empty while there are too few patients.
    pub(crate) features: Vec<FeatureTold>,
    /// Empty while there are too few patients.
    pub(crate) missing: Vec<MissingTold>,
    pub(crate) units: Vec<UnitTold>,
}

/// A feature beside what it was in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FeatureTold {
    pub(crate) feature: String,
    pub(crate) index: f64,
    pub(crate) stability: String,
}

/// How often a variable is missing, and was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MissingTold {
    pub(crate) variable: String,
    pub(crate) was: f64,
    pub(crate) is: f64,
    pub(crate) index: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) standard_errors: Option<f64>,
}

/// A variable that comes in another unit, by its median.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UnitTold {
    pub(crate) variable: String,
    pub(crate) was: f64,
    pub(crate) is: f64,
}

/// How right probabilities were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QualityTold {
    pub(crate) hours: u64,
    pub(crate) septic: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auroc: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) brier: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calibration_error: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) observed_over_expected: Option<f64>,
}

/// What people said of alerts, by hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SaidTold {
    pub(crate) alerted: u64,
    pub(crate) alerted_septic: u64,
    pub(crate) accepted: u64,
    pub(crate) false_alarm: u64,
}

/// The model that learns beside the one in use, and both on the same hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChallengerTold {
    pub(crate) learned: u64,
    /// Before it has learned from so many hours it is not compared.
    pub(crate) least: u64,
    pub(crate) model: QualityTold,
    pub(crate) challenger: QualityTold,
}

impl StatusTold {
    /// The media type of its record.
    pub(crate) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.risk-status+json";

    /// Writes how a model stands.
    pub(super) fn of(workload: &str, standing: &Standing, in_use: RiskScore, by: &str) -> Self {
        let drifting = standing.drifting.iter();
        Self {
            version: VERSION,
            workload: workload.to_owned(),
            model: standing.model.to_string(),
            since: standing.since.map(|at| at.to_string()),
            at: standing.at.to_string(),
            in_use: in_use.word().to_owned(),
            approved_by: Some(by.to_owned()).filter(|by| !by.is_empty()),
            drifting: drifting.map(DriftTold::of).collect(),
            inputs: InputsTold::of(standing),
            quality: QualityTold::of(&standing.quality),
            judged_from: standing.judged.map(|(from, _)| from.to_string()),
            judged_to: standing.judged.map(|(_, to)| to.to_string()),
            said: SaidTold {
                alerted: standing.said.alerted as u64,
                alerted_septic: standing.said.alerted_septic as u64,
                accepted: standing.said.accepted as u64,
                false_alarm: standing.said.false_alarm as u64,
            },
            challenger: ChallengerTold {
                learned: standing.learned,
                least: LEAST_LEARNED,
                model: QualityTold::of(&standing.both.0),
                challenger: QualityTold::of(&standing.both.1),
            },
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("words and numbers always make JSON")
    }

    /// Reads a record; nothing where it is none, or of a newer version.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let told: Self = serde_json::from_slice(json).ok()?;
        (told.version <= VERSION).then_some(told)
    }
}

impl DriftTold {
    fn of((drift, since): (&Drift, &EventTime)) -> Self {
        Self {
            drift: drift.word().to_owned(),
            since: since.to_string(),
        }
    }
}

impl InputsTold {
    fn of(standing: &Standing) -> Self {
        let inputs = &standing.inputs;
        let mut features: Vec<_> = inputs.features.iter().collect();
        features.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let features = features.into_iter().map(|(name, index)| FeatureTold {
            feature: name.to_string(),
            index: rounded(*index),
            stability: stability(*index).to_owned(),
        });
        let missing = inputs.missing.iter().map(|of| MissingTold {
            variable: of.name.to_owned(),
            was: rounded(of.share.0),
            is: rounded(of.share.1),
            index: rounded(of.index),
            standard_errors: of.errors.map(rounded),
        });
        let units = inputs.units.iter().map(|of| UnitTold {
            variable: of.name.to_owned(),
            was: rounded(of.median.0),
            is: rounded(of.median.1),
        });
        Self {
            hours: inputs.hours,
            patients: inputs.patients.0 as u64,
            recent_patients: inputs.patients.1 as u64,
            features: features.collect(),
            missing: missing.collect(),
            units: units.collect(),
        }
    }
}

impl QualityTold {
    fn of(quality: &Quality) -> Self {
        Self {
            hours: quality.count as u64,
            septic: quality.septic as u64,
            auroc: quality.auroc.map(rounded),
            brier: quality.brier.map(rounded),
            calibration_error: quality.calibration_error.map(rounded),
            observed_over_expected: quality.observed_over_expected.map(rounded),
        }
    }
}

/// The word for what an index says.
fn stability(index: f64) -> &'static str {
    match Stability::of(index) {
        Stability::Stable => "stable",
        Stability::Watch => "watch",
        Stability::Act => "act",
    }
}

/// Gives four digits behind the point: no measure here says more.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
