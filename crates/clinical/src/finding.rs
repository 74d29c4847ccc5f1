//! What a workload concluded, as it was true and as it was known.

use crate::{EventId, EventTime, FindingId, Origin, PatientKey, ReceivedTime};

/// How much a conclusion matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A result worth keeping that asks for nothing.
    None,
    /// Worth knowing.
    Low,
    /// To be looked at soon.
    Medium,
    /// Urgent.
    High,
    /// An emergency.
    Critical,
}

impl Severity {
    /// All of them, least first.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.word() == word)
    }
}

/// A conclusion of a workload about a patient at a time.
///
/// The same workload, patient, condition and `as_of` make one line of revisions: a later one replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name: from workload, patient, the causing event or timer, `as_of` and ordinal.
    pub id: FindingId,
    /// The workload.
    pub workload: Box<str>,
    /// The rule pack and its version, such as `news2 1.0.0`.
    pub rule: Box<str>,
    /// Whom it is about.
    pub patient: PatientKey,
    /// What it is about; one alert is open per patient and condition. Such as `deterioration` or `critical-result/potassium`.
    pub condition: Box<str>,
    /// The clinical time that it speaks of.
    pub as_of: EventTime,
    /// When it could be known: the acceptance of what caused it.
    pub known_at: ReceivedTime,
    /// Counted from 1.
    pub revision: u32,
    /// The finding that this one replaces.
    pub replaces: Option<FindingId>,
    /// Whether it stands.
    pub state: FindingState,
    /// How much it matters.
    pub severity: Severity,
    /// The score, where the workload has one.
    pub score: Option<i32>,
    /// One line for a clinician, without anything that identifies a person.
    pub summary: Box<str>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What it would have needed and did not have.
    pub missing: Vec<Box<str>>,
    /// The event that caused this revision; nothing when a timer did.
    pub cause: Option<EventId>,
    /// Whether all that it rests on is history that was loaded, and no news.
    pub backfill: bool,
}

/// Whether a finding stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingState {
    /// It stands.
    Asserted,
    /// It is taken back, for the reason given.
    Retracted(Box<str>),
}

/// A value that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it is, such as `respiratory rate`.
    pub what: Box<str>,
    /// The value as used, with its unit.
    pub value: Box<str>,
    /// What it added to the score, where there is one.
    pub points: Option<i32>,
    /// When it was true.
    pub at: EventTime,
    /// The event that said so.
    pub event: EventId,
    /// Where the patient stream keeps that event.
    pub origin: Origin,
}
