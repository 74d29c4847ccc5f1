//! A case for a person who looks into what a provider claims: what it rests on in numbers, and what is at stake.

use clinical::payer::Day;
use clinical::{Decimal, FindingId, PatientKey, ReceivedTime, Severity};

use super::mix::{LEVELS, MixKind};

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

/// What is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseFacts {
    /// A day of more time than is likely, or can be.
    Day(DayFacts),
    /// Visits of higher levels than those of others.
    Levels(LevelFacts),
}

/// What is found of a provider's visits beside those of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelFacts {
    /// How much it matters.
    pub severity: Severity,
    /// Of which visits.
    pub kind: MixKind,
    /// The first day of those looked at.
    pub from: Day,
    /// The last.
    pub until: Day,
    /// So many visits of each level, the lowest first.
    pub counts: [u32; LEVELS],
    /// Their mean level.
    pub mean: Decimal,
    /// The median of the mean levels of all who have visits enough.
    pub median: Decimal,
    /// The median of how far these are from it.
    pub deviation: Decimal,
    /// The modified z-score.
    pub score: Decimal,
    /// So many others have visits enough.
    pub peers: u32,
    /// What is charged for the visits.
    pub charged: Decimal,
    /// What of that is not paid yet, and could be held until somebody has looked.
    pub unpaid: Decimal,
}

/// What is found of a provider's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayFacts {
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
