//! A case for a person who looks into what a provider claims: what it rests on in numbers, and what is at stake.

use clinical::payer::Day;
use clinical::{Decimal, FindingId, PatientKey, ReceivedTime, Severity};

/// A case, as it stands after a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrityCase {
    /// The condition of the finding that tells of it.
    pub condition: Box<str>,
    /// Whose it is.
    pub provider: PatientKey,
    /// That finding.
    pub finding: FindingId,
    /// The finding's revision.
    pub revision: u32,
    /// When that could be known.
    pub known_at: ReceivedTime,
    /// What is found; nothing where the case is taken back.
    pub facts: Option<CaseFacts>,
}

/// What is found of a provider's days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFacts {
    /// How much it matters.
    pub severity: Severity,
    /// The day.
    pub day: Day,
    /// The minutes of all services whose time is known.
    pub minutes: Decimal,
    /// What they are more than.
    pub limit: u32,
    /// So many claims they are of.
    pub claims: u32,
    /// So many members they are of.
    pub members: u32,
    /// What is charged for them.
    pub charged: Decimal,
    /// What of that is not paid yet, and could be held until somebody has looked.
    pub unpaid: Decimal,
}
