//! What findings are about, and which workload says it.

use clinical::EventTime;

use super::{
    BEDSIDE_SCORES, CRITICAL_CULTURES, CRITICAL_RESULTS, DETERIORATION, FIRST_DAY_MIMIC,
    GLUCOSE_EPISODES, KIDNEY_INJURY, KIDNEY_INJURY_MIMIC, ORGAN_FAILURE, ORGAN_FAILURE_2,
    ORGAN_FAILURE_MIMIC, SEPSIS, SEPSIS_3, SEPSIS_3_MIMIC, SEPSIS_BUNDLE, SEPSIS_RISK,
    SEPTIC_SHOCK, SUSPECTED_INFECTION, SUSPECTED_INFECTION_MIMIC, SUSTAINED_THRESHOLDS,
    TEAM_ACTIONS, VARIABILITY_AND_PRESSURE, Workload,
};
use crate::actions::action_word;
use crate::bundle::element_word;
use crate::sustained::{MOST_RULES, name_of};
use crate::{Config, Parameter};

/// What a finding can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    Deterioration,
    ObservationsOverdue,
    SepsisScreen,
    OrganFailure,
    OrganFailureMimic,
    KidneyInjury,
    KidneyInjuryMimic,
    SuspectedInfection,
    SuspectedInfectionMimic,
    Sepsis3,
    Sepsis3Mimic,
    FirstDaySirs,
    FirstDayQsofa,
    Mews,
    ShockIndex,
    RoxIndex,
    OxygenationBand,
    SepsisRisk,
    OrganFailure2,
    SepticShock,
    SevereSepsis,
    SepticShockSep1,
    SevereSepsisCandidate,
    SepticShockCandidate,
    SirsSep1,
    /// An element of the bundle, by its place.
    BundleElement(u8),
    /// What the team does, by its place.
    TeamAction(u8),
    CriticalResult(Parameter),
    /// The sensor of glucose is not heard.
    GlucoseSignal,
    /// An episode by the rule of this number.
    GlucoseEpisode(u8),
    /// A threshold by the rule of this number.
    Sustained(u8),
    VariabilityAndPressure,
}

impl Condition {
    /// Gives its name. Each culture, and each time of results that are flagged alone, is a matter of its own, by the time of its specimen: who took one alert has not taken the other.
    pub(crate) fn name(self, config: &Config, as_of: EventTime) -> String {
        match self {
            Self::Deterioration => "deterioration".into(),
            Self::ObservationsOverdue => "observations-overdue".into(),
            Self::SepsisScreen => "sepsis-screen".into(),
            Self::OrganFailure => "organ-failure".into(),
            Self::OrganFailureMimic => "organ-failure-mimic".into(),
            Self::KidneyInjury => "kidney-injury".into(),
            Self::KidneyInjuryMimic => "kidney-injury-mimic".into(),
            Self::SuspectedInfection => "suspected-infection".into(),
            Self::SuspectedInfectionMimic => "suspected-infection-mimic".into(),
            Self::Sepsis3 => "sepsis-3".into(),
            Self::Sepsis3Mimic => "sepsis-3-mimic".into(),
            Self::FirstDaySirs => "first-day-sirs".into(),
            Self::FirstDayQsofa => "first-day-qsofa".into(),
            Self::Mews => "mews".into(),
            Self::ShockIndex => "shock-index".into(),
            Self::RoxIndex => "rox-index".into(),
            Self::OxygenationBand => "oxygenation".into(),
            Self::SepsisRisk => "sepsis-risk".into(),
            Self::OrganFailure2 => "organ-failure-2".into(),
            Self::SepticShock => "septic-shock".into(),
            Self::SevereSepsis => "severe-sepsis-sep-1".into(),
            Self::SepticShockSep1 => "septic-shock-sep-1".into(),
            Self::SevereSepsisCandidate => "severe-sepsis-candidate".into(),
            Self::SepticShockCandidate => "septic-shock-candidate".into(),
            Self::SirsSep1 => "sirs-sep-1".into(),
            Self::VariabilityAndPressure => "variability-and-pressure".into(),
            Self::TeamAction(place) => format!("team-action/{}", action_word(place)),
            Self::BundleElement(place) => format!("sepsis-bundle/{}", element_word(place)),
            Self::CriticalResult(parameter @ (Parameter::Culture | Parameter::FlaggedResult)) => {
                format!("critical-result/{}/{as_of}", parameter.word())
            }
            Self::CriticalResult(parameter) => format!("critical-result/{}", parameter.word()),
            Self::GlucoseSignal => "glucose-signal-lost".into(),
            Self::GlucoseEpisode(number) => {
                format!("glucose-episode/{}", name_of(&config.glucose, number))
            }
            Self::Sustained(number) => format!("sustained/{}", name_of(&config.sustained, number)),
        }
    }

    /// Gives its number in stored state.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Deterioration => 0,
            Self::ObservationsOverdue => 1,
            Self::SepsisScreen => 2,
            Self::OrganFailure => 3,
            Self::OrganFailureMimic => 4,
            Self::KidneyInjury => 5,
            Self::KidneyInjuryMimic => 6,
            Self::SuspectedInfection => 7,
            Self::SuspectedInfectionMimic => 8,
            Self::Sepsis3 => 9,
            Self::Sepsis3Mimic => 10,
            Self::FirstDaySirs => 11,
            Self::FirstDayQsofa => 12,
            Self::Mews => 13,
            Self::ShockIndex => 14,
            Self::RoxIndex => 15,
            Self::OxygenationBand => AFTER_CRITICAL,
            Self::SepsisRisk => SEPSIS_RISK_NUMBER,
            Self::VariabilityAndPressure => VARIABILITY_NUMBER,
            Self::OrganFailure2 => BESIDE_CRITICAL,
            Self::SepticShock => SECOND_BESIDE,
            Self::SevereSepsis => BUNDLE_BASE,
            Self::SepticShockSep1 => BUNDLE_BASE + 1,
            Self::SevereSepsisCandidate => BUNDLE_BASE + 2,
            Self::SepticShockCandidate => BUNDLE_BASE + 3,
            Self::SirsSep1 => BUNDLE_BASE + 4,
            Self::BundleElement(place) => FIRST_ELEMENT + place,
            Self::TeamAction(THIRD_ACTION) => LAST_ACTION,
            Self::TeamAction(place) => FIRST_ACTION + place,
            Self::CriticalResult(parameter) => CRITICAL_BASE + parameter.number(),
            Self::GlucoseSignal => GLUCOSE_BASE,
            Self::GlucoseEpisode(rule) => GLUCOSE_BASE + rule,
            Self::Sustained(rule) => SUSTAINED_BASE + rule,
        }
    }

    /// Finds the condition of a number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Deterioration),
            1 => Some(Self::ObservationsOverdue),
            2 => Some(Self::SepsisScreen),
            3 => Some(Self::OrganFailure),
            4 => Some(Self::OrganFailureMimic),
            5 => Some(Self::KidneyInjury),
            6 => Some(Self::KidneyInjuryMimic),
            7 => Some(Self::SuspectedInfection),
            8 => Some(Self::SuspectedInfectionMimic),
            9 => Some(Self::Sepsis3),
            10 => Some(Self::Sepsis3Mimic),
            11 => Some(Self::FirstDaySirs),
            12 => Some(Self::FirstDayQsofa),
            13 => Some(Self::Mews),
            14 => Some(Self::ShockIndex),
            15 => Some(Self::RoxIndex),
            AFTER_CRITICAL => Some(Self::OxygenationBand),
            SEPSIS_RISK_NUMBER => Some(Self::SepsisRisk),
            VARIABILITY_NUMBER => Some(Self::VariabilityAndPressure),
            GLUCOSE_BASE => Some(Self::GlucoseSignal),
            FIRST_GLUCOSE..=SUSTAINED_BASE => Some(Self::GlucoseEpisode(number - GLUCOSE_BASE)),
            FIRST_SUSTAINED..=LAST_SUSTAINED => Some(Self::Sustained(number - SUSTAINED_BASE)),
            BESIDE_CRITICAL => Some(Self::OrganFailure2),
            SECOND_BESIDE => Some(Self::SepticShock),
            BUNDLE_BASE..FIRST_ELEMENT => BUNDLE.get(usize::from(number - BUNDLE_BASE)).copied(),
            FIRST_ACTION..AFTER_CRITICAL => Some(Self::TeamAction(number - FIRST_ACTION)),
            LAST_ACTION => Some(Self::TeamAction(THIRD_ACTION)),
            FIRST_ELEMENT..=LAST_ELEMENT => Some(Self::BundleElement(number - FIRST_ELEMENT)),
            other => {
                Parameter::from_number(other.checked_sub(CRITICAL_BASE)?).map(Self::CriticalResult)
            }
        }
    }

    /// Gives the parameter that it is about alone, where it is.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other condition is about several parameters"
    )]
    pub(crate) const fn of_parameter(self) -> Option<Parameter> {
        match self {
            Self::CriticalResult(parameter) => Some(parameter),
            _ => None,
        }
    }

    /// Gives the workload that speaks of it.
    pub(crate) const fn workload(self) -> &'static Workload {
        match self {
            Self::Deterioration | Self::ObservationsOverdue => &DETERIORATION,
            Self::SepsisScreen => &SEPSIS,
            Self::OrganFailure => &ORGAN_FAILURE,
            Self::OrganFailureMimic => &ORGAN_FAILURE_MIMIC,
            Self::KidneyInjury => &KIDNEY_INJURY,
            Self::KidneyInjuryMimic => &KIDNEY_INJURY_MIMIC,
            Self::SuspectedInfection => &SUSPECTED_INFECTION,
            Self::SuspectedInfectionMimic => &SUSPECTED_INFECTION_MIMIC,
            Self::Sepsis3 => &SEPSIS_3,
            Self::Sepsis3Mimic => &SEPSIS_3_MIMIC,
            Self::FirstDaySirs => &FIRST_DAY_MIMIC,
            Self::FirstDayQsofa => &FIRST_DAY_MIMIC,
            Self::Mews => &BEDSIDE_SCORES,
            Self::ShockIndex => &BEDSIDE_SCORES,
            Self::RoxIndex => &BEDSIDE_SCORES,
            Self::OxygenationBand => &BEDSIDE_SCORES,
            Self::SepsisRisk => &SEPSIS_RISK,
            Self::VariabilityAndPressure => &VARIABILITY_AND_PRESSURE,
            Self::OrganFailure2 => &ORGAN_FAILURE_2,
            Self::SepticShock => &SEPTIC_SHOCK,
            Self::SevereSepsis
            | Self::SepticShockSep1
            | Self::SevereSepsisCandidate
            | Self::SepticShockCandidate
            | Self::SirsSep1
            | Self::BundleElement(_) => &SEPSIS_BUNDLE,
            Self::TeamAction(_) => &TEAM_ACTIONS,
            Self::CriticalResult(Parameter::Culture) => &CRITICAL_CULTURES,
            Self::CriticalResult(_) => &CRITICAL_RESULTS,
            Self::GlucoseSignal | Self::GlucoseEpisode(_) => &GLUCOSE_EPISODES,
            Self::Sustained(_) => &SUSTAINED_THRESHOLDS,
        }
    }
}

/// Where the numbers of critical results begin; there is one for each parameter there can be, and what follows is free.
const CRITICAL_BASE: u8 = 16;
const BESIDE_CRITICAL: u8 = 128;
const SECOND_BESIDE: u8 = BESIDE_CRITICAL + 1;
/// What the sepsis bundle says, and then its elements.
const BUNDLE_BASE: u8 = SECOND_BESIDE + 1;
const BUNDLE: [Condition; 5] = [
    Condition::SevereSepsis,
    Condition::SepticShockSep1,
    Condition::SevereSepsisCandidate,
    Condition::SepticShockCandidate,
    Condition::SirsSep1,
];
const FIRST_ELEMENT: u8 = BUNDLE_BASE + 5;
const LAST_ELEMENT: u8 = FIRST_ELEMENT + 6;
/// What the team does: two numbers before those of glucose, and the last there is.
const FIRST_ACTION: u8 = LAST_ELEMENT + 1;
const THIRD_ACTION: u8 = 2;
const LAST_ACTION: u8 = u8::MAX;
const AFTER_CRITICAL: u8 = 144;
/// After those of the parameters there can be.
const SEPSIS_RISK_NUMBER: u8 = 124;
/// The next two are free.
const VARIABILITY_NUMBER: u8 = SEPSIS_RISK_NUMBER + 1;
/// Rules of glucose are numbered from 1 after this, and those of thresholds after the last one there can be.
const GLUCOSE_BASE: u8 = 145;
const FIRST_GLUCOSE: u8 = GLUCOSE_BASE + 1;
const SUSTAINED_BASE: u8 = 155;
const FIRST_SUSTAINED: u8 = SUSTAINED_BASE + 1;
const LAST_SUSTAINED: u8 = SUSTAINED_BASE + MOST_RULES;
