//! Care gaps and quality measures: electronic clinical quality measures of CMS, by their published logic.
//!
//! A resource is reduced at once to what measures ask of it ([`clinical::CareFact`]); [`MeasureState`] keeps each as it
//! now stands. A measure is a function of that and of the year that is measured, so whatever comes late, is corrected or
//! taken back moves its populations, and gaps open again. Each measure is a file that names the sections of its source.

mod truth;

mod time;

mod period;

mod set;

mod record;

mod case;

mod outcome;

mod visits;

mod hospice;

mod frailty;

mod hospitalization;

mod cms122;
mod cms125;
mod cms130;
mod cms165;

mod cms816;
mod cms832;
mod cms871;

mod emergency;

mod gap;

mod publish;

mod wire;

use std::time::Duration;

pub use clinical::Care;
use clinical::{CareFact, CareGap, EventId, EventTime, Origin, PatientKey, ReceivedTime};

use case::Case;
pub use gap::{Gap, GapStatus};
pub use outcome::{Episode, Evaluation, Populations};
pub use period::MeasurementPeriod;
use record::Record;
pub use record::{MAX_PARTS, MAX_RECORDS, MeasureState, Source};
pub(crate) use set::value_set;
pub use set::{MeasureValueSets, ValueSetLineError};

use crate::Now;

/// A quality measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Diabetes: glycemic status assessment greater than 9 %.
    Cms122,
    /// Breast cancer screening.
    Cms125,
    /// Colorectal cancer screening.
    Cms130,
    /// Controlling high blood pressure.
    Cms165,
    /// Hospital harm: severe hypoglycemia.
    Cms816,
    /// Hospital harm: acute kidney injury.
    Cms832,
    /// Hospital harm: severe hyperglycemia.
    Cms871,
    /// Emergency care access and timeliness, of hospitals.
    Cms1244,
    /// Emergency care access and timeliness, of rural emergency hospitals.
    Cms1264,
}

/// What must be known of a measure to trust it.
#[derive(Debug)]
struct About {
    word: &'static str,
    title: &'static str,
    /// The published library that it follows, and its version.
    library: &'static str,
    /// What its numerator is.
    aim: Aim,
}

/// What is wanted of the numerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// A patient who is in it has had what is asked for, and that stays so.
    Once,
    /// A patient who is in it fulfils the aim as long as nothing newer says otherwise.
    Latest,
    /// A patient who is in it does not fulfil the aim, as long as nothing newer says otherwise.
    LatestInverse,
    /// A visit that is in it is counted.
    Counted,
}

impl Measure {
    /// All of them; the place is the number in stored state.
    pub const ALL: [Self; 9] = [
        Self::Cms122,
        Self::Cms125,
        Self::Cms130,
        Self::Cms165,
        Self::Cms816,
        Self::Cms832,
        Self::Cms871,
        Self::Cms1244,
        Self::Cms1264,
    ];

    const fn about(self) -> About {
        let (word, title, library, aim) = match self {
            Self::Cms122 => (
                "cms122",
                "glycemic status",
                "DiabetesGlycemicStatusAssessmentGreaterThan9PercentFHIR 0.1.002",
                Aim::LatestInverse,
            ),
            Self::Cms125 => (
                "cms125",
                "breast cancer screening",
                "BreastCancerScreeningFHIR 0.0.001",
                Aim::Once,
            ),
            Self::Cms130 => (
                "cms130",
                "colorectal cancer screening",
                "ColonCancerScreeningFHIR 0.1.000",
                Aim::Once,
            ),
            Self::Cms165 => (
                "cms165",
                "blood pressure control",
                "ControllingHighBloodPressureFHIR 0.1.000",
                Aim::Latest,
            ),
            Self::Cms816 => (
                "cms816",
                "severe hypoglycemia in hospital",
                "CMS816HHHypoFHIR 0.1.001",
                Aim::Counted,
            ),
            Self::Cms832 => (
                "cms832",
                "acute kidney injury in hospital",
                "CMS832HHAKIFHIR 0.0.003",
                Aim::Counted,
            ),
            Self::Cms871 => (
                "cms871",
                "severe hyperglycemia in hospital",
                "CMS871HHHyperFHIR 0.1.001",
                Aim::Counted,
            ),
            Self::Cms1244 => (
                "cms1244",
                "emergency care out of time",
                "CMS1244ECCQHOQRFHIR 0.2.001",
                Aim::Counted,
            ),
            Self::Cms1264 => (
                "cms1264",
                "emergency care out of time, rural",
                "CMS1264ECCQREHQRFHIR 0.3.001",
                Aim::Counted,
            ),
        };
        About {
            word,
            title,
            library,
            aim,
        }
    }

    /// Gives its name in findings and configuration.
    pub const fn word(self) -> &'static str {
        self.about().word
    }

    /// Reads its name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.word() == word)
    }

    /// Gives what it is about, in words.
    pub const fn title(self) -> &'static str {
        self.about().title
    }

    /// Gives the published library that it follows, with its version.
    pub const fn library(self) -> &'static str {
        self.about().library
    }

    /// Says whether it counts patients, whose gap may be closed, and not visits.
    pub const fn is_gap(self) -> bool {
        !matches!(self.about().aim, Aim::Counted)
    }

    const fn number(self) -> u8 {
        self as u8
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Says what it finds of a patient in a year.
    pub fn evaluate(self, state: &MeasureState, period: MeasurementPeriod) -> Evaluation {
        let case = Case::new(state, period);
        let episodes = match self {
            Self::Cms122 => cms122::evaluate(&case),
            Self::Cms125 => cms125::evaluate(&case),
            Self::Cms130 => cms130::evaluate(&case),
            Self::Cms165 => cms165::evaluate(&case),
            Self::Cms816 => cms816::evaluate(&case),
            Self::Cms832 => cms832::evaluate(&case),
            Self::Cms871 => cms871::evaluate(&case),
            Self::Cms1244 => emergency::evaluate(&case, emergency::Kind::Hospital),
            Self::Cms1264 => emergency::evaluate(&case, emergency::Kind::RuralEmergencyHospital),
        };
        Evaluation { episodes }
    }
}

/// The workload's name in findings.
pub const NAME: &str = "care-gaps";

/// How resources are reduced beside the value sets: what a former program left out is only in the journal, so that another
/// number reads it again. 2: parts of a pressure by themselves, and results without a category.
const REDUCTION: u8 = 2;

/// What a site sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasuresConfig {
    /// The measures that it looks at.
    pub measures: Vec<Measure>,
    /// How far its clock is ahead of UTC: days and years begin by it.
    pub utc_offset_seconds: i32,
    /// How long after the year a gap may still be closed by claims that come late; without it only a claim is final.
    pub settles_after: Option<Duration>,
}

/// The measures of a site.
#[derive(Clone, Debug)]
pub struct Measures {
    config: MeasuresConfig,
    /// The fingerprint of the value sets by which resources are reduced.
    reduced_by: u64,
}

/// A resource as it now stands, with where that is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The event that says so.
    pub event: EventId,
    /// Where the patient stream keeps it.
    pub origin: Origin,
    /// When it was accepted; of two versions the later one stands.
    pub received: ReceivedTime,
    /// Who says so.
    pub source: Source,
    /// What it says.
    pub care: Care,
}

/// What follows from what is known now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasureEffects {
    /// Where the patient stands now, each with its finding, where that is news.
    pub gaps: Vec<CareGap>,
    /// When time alone may change them.
    pub wake: Option<EventTime>,
}

impl Measures {
    /// Makes the measures ready for resources that are reduced by these value sets.
    pub fn new(config: MeasuresConfig, sets: &MeasureValueSets) -> Self {
        Self {
            config,
            reduced_by: sets.sets().fingerprint(),
        }
    }

    /// Gives a name for exactly these settings and value sets: what was concluded under others may say something else.
    pub fn fingerprint(&self) -> u64 {
        let words: Vec<&[u8]> = self
            .config
            .measures
            .iter()
            .map(|measure| measure.word().as_bytes())
            .collect();
        let settles = self.config.settles_after.map_or(0, |after| after.as_secs());
        EventId::derive(&[
            &[REDUCTION],
            &self.reduced_by.to_be_bytes(),
            &words.join(&b' '),
            &self.config.utc_offset_seconds.to_be_bytes(),
            &settles.to_be_bytes(),
        ])
        .first_eight()
    }

    /// Says whether any measure asks anything of a resource. Most of what is said of a patient none asks; what was taken
    /// back is kept, since it may yet come.
    pub fn concerns(&self, state: &MeasureState, change: &Change) -> bool {
        match &change.care {
            Care::Stands(fact) => {
                is_asked_for(fact) || state.has(fact.detail.number(), fact.resource)
            }
            Care::TakenBack { .. } => true,
        }
    }

    /// Takes a resource in; says whether anything may follow from it, or to whom it belongs by now.
    ///
    /// # Errors
    /// When the patient is known under another identity: the event goes there.
    pub fn take(&self, state: &mut MeasureState, change: Change) -> Result<bool, PatientKey> {
        if let Some(survivor) = state.retired {
            return Err(survivor);
        }
        if !self.concerns(state, &change) {
            return Ok(false);
        }
        let (kind, resource, fact) = match change.care {
            Care::Stands(mut fact) => {
                record::bound(&mut fact);
                let (kind, resource) = (fact.detail.number(), fact.resource);
                (kind, resource, Some(fact).filter(is_asked_for))
            }
            Care::TakenBack { kind, resource } => (kind, resource, None),
        };
        if state.reduced_by == 0 {
            state.reduced_by = self.reduced_by;
        }
        Ok(state.put(Record {
            kind,
            resource,
            known: change.received,
            event: change.event,
            origin: change.origin,
            source: change.source,
            fact,
        }))
    }

    /// Says what is true now, of the year that it is and of the one before, where that is news.
    pub fn conclude(
        &self,
        state: &mut MeasureState,
        now: Now,
        cause: Option<EventId>,
    ) -> MeasureEffects {
        publish::conclude(&self.config, state, now, cause)
    }

    /// Retires an identity: takes back what was said of it, and gives its state for the one that stays.
    pub fn retire(
        &self,
        state: &mut MeasureState,
        survivor: PatientKey,
        now: Now,
        cause: Option<EventId>,
    ) -> (MeasureEffects, Vec<u8>) {
        publish::retire(&self.config, state, survivor, now, cause)
    }

    /// Takes in what another identity of the same patient knew.
    pub fn absorb(&self, state: &mut MeasureState, other: MeasureState) {
        state.absorb(other);
    }
}

/// Says whether a measure asks anything of a resource: it is in a value set, or it is looked at for another reason.
fn is_asked_for(fact: &CareFact) -> bool {
    use clinical::{CareClass, CareDetail};
    !fact.members.is_none()
        || match &fact.detail {
            CareDetail::Patient { .. } => true,
            CareDetail::Encounter { class, .. } => *class != CareClass::Other,
            CareDetail::Observation { pressure, .. } => *pressure,
            CareDetail::MedicationRequest { medication, .. }
            | CareDetail::MedicationAdministration { medication } => medication.is_some(),
            CareDetail::Condition { .. }
            | CareDetail::Procedure
            | CareDetail::ServiceRequest { .. }
            | CareDetail::DeviceRequest { .. }
            | CareDetail::Medication
            | CareDetail::Location => false,
        }
}
