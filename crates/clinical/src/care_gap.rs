//! A care gap: where a patient stands in a quality measure and year, and the finding that says so.

use crate::{EventTime, Finding};

/// Where a patient stands in a measure and year, or that a measure counts a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CareGap {
    /// The measure's name, such as `cms130`.
    pub measure: Box<str>,
    /// What the measure is about.
    pub title: Box<str>,
    /// The calendar year that is measured.
    pub year: i16,
    /// Where the patient stands.
    pub status: GapStatus,
    /// When the year ends.
    pub due: EventTime,
    /// What says so, with its evidence, revision and the version of the measure.
    pub finding: Finding,
}

/// Where a patient stands in a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapStatus {
    /// The measure does not ask it of this patient.
    NotEligible,
    /// The measure leaves the patient out.
    Excluded,
    /// It is not done.
    Open,
    /// It was taken to be done, and no longer is.
    Reopened,
    /// It is done as far as care itself says.
    ProvisionallyClosed,
    /// It is done for good.
    Closed,
    /// A visit that a measure counts: no gap to close, and no longer so once it is not eligible.
    Counted,
}

impl GapStatus {
    /// All of them; the place is the number in stored state.
    pub const ALL: [Self; 7] = [
        Self::NotEligible,
        Self::Excluded,
        Self::Open,
        Self::Reopened,
        Self::ProvisionallyClosed,
        Self::Closed,
        Self::Counted,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotEligible => "not-eligible",
            Self::Excluded => "excluded",
            Self::Open => "open",
            Self::Reopened => "reopened",
            Self::ProvisionallyClosed => "provisionally-closed",
            Self::Closed => "closed",
            Self::Counted => "counted",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Says it to a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotEligible => "not asked for",
            Self::Excluded => "excluded",
            Self::Open => "open",
            Self::Reopened => "open again",
            Self::ProvisionallyClosed => "closed, not yet final",
            Self::Closed => "closed",
            Self::Counted => "counted",
        }
    }

    /// Says whether what is asked for is taken to be done.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::ProvisionallyClosed | Self::Closed)
    }

    /// Says whether something is to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Reopened)
    }
}
