//! What quality measures ask of a resource: which lists its codes are in, when it was, how far it came, how much.

use crate::unit::Unit;
use crate::value_set::Members;
use crate::{Decimal, Moment, When};

/// A resource, reduced to what quality measures ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CareFact {
    /// The hash of its FHIR id.
    pub resource: u64,
    /// How far it came.
    pub status: CareStatus,
    /// The lists of what it is: of its type, code or medication; none where it says that something shall not be done.
    pub members: Members,
    /// When it was: a visit's period, a condition's onset, when a request was written.
    pub when: When,
    /// What is said of its kind alone.
    pub detail: CareDetail,
}

/// What kind of resource it is, and what is said of that kind alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CareDetail {
    /// Who the patient is.
    Patient {
        /// When born.
        born: Option<Moment>,
        /// The administrative gender.
        gender: CareGender,
    },
    /// A visit or stay.
    Encounter {
        /// Where it takes place.
        class: CareClass,
        /// Where the patient went afterwards.
        discharge: Members,
        /// What it was for.
        diagnoses: Vec<Diagnosis>,
        /// Where the patient was.
        places: Vec<Place>,
    },
    /// A diagnosis or problem.
    Condition {
        /// Whether its clinical status is active, recurrence or relapse.
        active: bool,
        /// When it ended.
        abatement: When,
        /// Where on the body.
        site: Members,
    },
    /// Something measured, found or answered.
    Observation {
        /// Whether it is a survey.
        survey: bool,
        /// Whether it is of a laboratory.
        laboratory: bool,
        /// Whether it is a blood pressure.
        pressure: bool,
        /// The result.
        value: CareValue,
        /// The parts of a panel.
        components: Vec<(Members, CareValue)>,
        /// The hash of the visit's id.
        encounter: Option<u64>,
    },
    /// Something done.
    Procedure,
    /// A service asked for.
    ServiceRequest {
        /// Whether it is an order, and no plan or proposal.
        ordered: bool,
    },
    /// A device asked for.
    DeviceRequest {
        /// Whether it is an order, and no plan or proposal.
        ordered: bool,
    },
    /// A medication asked for; `when` is how long it was to last.
    MedicationRequest {
        /// Whether it is an order, and no plan or proposal.
        ordered: bool,
        /// The hash of the medication's id, where that is a resource of its own.
        medication: Option<u64>,
    },
    /// A medication given.
    MedicationAdministration {
        /// The hash of the medication's id, where that is a resource of its own.
        medication: Option<u64>,
    },
    /// A medication.
    Medication,
    /// A place.
    Location,
}

/// What is said of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Care {
    /// It is so.
    Stands(CareFact),
    /// It was taken back or deleted.
    TakenBack {
        /// The number of its kind.
        kind: u8,
        /// The hash of its id.
        resource: u64,
    },
}

impl CareDetail {
    /// Gives the number of its kind in stored state.
    pub const fn number(&self) -> u8 {
        match self {
            Self::Patient { .. } => 0,
            Self::Encounter { .. } => 1,
            Self::Condition { .. } => 2,
            Self::Observation { .. } => 3,
            Self::Procedure => 4,
            Self::ServiceRequest { .. } => 5,
            Self::DeviceRequest { .. } => 6,
            Self::MedicationRequest { .. } => 7,
            Self::MedicationAdministration { .. } => 8,
            Self::Medication => 9,
            Self::Location => 10,
        }
    }
}

/// A diagnosis of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The hash of the condition's id.
    pub condition: u64,
    /// Whether it is ranked first.
    pub first: bool,
    /// The lists of what it is for: billing, admission.
    pub used: Members,
}

/// A place where the patient was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The hash of the location's id.
    pub location: u64,
    /// When the patient was there.
    pub when: When,
}

/// A result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CareValue {
    /// There is none, or only a bound of it.
    #[default]
    None,
    /// A number in a unit that is known.
    Number(Decimal, Unit),
    /// A coded answer.
    Coded(Members),
    /// Something that is neither: words, a unit that is not known.
    Other,
}

/// How far a resource came, of all statuses of FHIR R4 those that measures tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CareStatus {
    /// Anything else.
    #[default]
    Other,
    /// `active`
    Active,
    /// `completed`
    Completed,
    /// `preliminary`
    Preliminary,
    /// `final`
    Final,
    /// `amended`
    Amended,
    /// `corrected`
    Corrected,
    /// `arrived`
    Arrived,
    /// `triaged`
    Triaged,
    /// `in-progress`
    InProgress,
    /// `onleave`
    OnLeave,
    /// `finished`
    Finished,
}

impl CareStatus {
    /// All of them with their FHIR codes; the place is the number in stored state.
    pub const ALL: [(Self, &str); 12] = [
        (Self::Other, ""),
        (Self::Active, "active"),
        (Self::Completed, "completed"),
        (Self::Preliminary, "preliminary"),
        (Self::Final, "final"),
        (Self::Amended, "amended"),
        (Self::Corrected, "corrected"),
        (Self::Arrived, "arrived"),
        (Self::Triaged, "triaged"),
        (Self::InProgress, "in-progress"),
        (Self::OnLeave, "onleave"),
        (Self::Finished, "finished"),
    ];

    /// Reads a FHIR code.
    pub fn parse(code: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, known)| *known == code)
            .map_or(Self::Other, |(status, _)| status)
    }
}

/// The class of a visit, of HL7 v3 ActCode those that measures tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CareClass {
    /// Anything else.
    #[default]
    Other,
    /// `EMER`
    Emergency,
    /// `IMP`
    Inpatient,
    /// `ACUTE`
    Acute,
    /// `NONAC`
    NonAcute,
    /// `PRENC`
    PreAdmission,
    /// `SS`
    ShortStay,
}

impl CareClass {
    /// All of them with their codes; the place is the number in stored state.
    pub const ALL: [(Self, &str); 7] = [
        (Self::Other, ""),
        (Self::Emergency, "EMER"),
        (Self::Inpatient, "IMP"),
        (Self::Acute, "ACUTE"),
        (Self::NonAcute, "NONAC"),
        (Self::PreAdmission, "PRENC"),
        (Self::ShortStay, "SS"),
    ];

    /// Reads a code of HL7 v3 ActCode.
    pub fn parse(code: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, known)| *known == code)
            .map_or(Self::Other, |(class, _)| class)
    }
}

/// The administrative gender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CareGender {
    /// Other, unknown or not said.
    #[default]
    Other,
    /// Female.
    Female,
    /// Male.
    Male,
}

impl CareGender {
    /// All of them; the place is the number in stored state.
    pub const ALL: [Self; 3] = [Self::Other, Self::Female, Self::Male];

    /// Reads a FHIR code.
    pub fn parse(code: &str) -> Self {
        match code {
            "female" => Self::Female,
            "male" => Self::Male,
            _ => Self::Other,
        }
    }
}
