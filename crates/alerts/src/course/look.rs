//! What started a second look at a condition, and what is to be said of it.

use clinical::{Alert, EventTime, Finding, FindingState};

use crate::lines::{Basis, Taken};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look<'a> {
    /// A finding, with what is to be said of it beside its own words.
    At(&'a Finding, Taken, Option<&'a str>),
    /// The newest finding was lower for long enough.
    Fallen,
    /// The quiet time is over.
    QuietOver,
}

impl Look<'_> {
    /// Says whether who was told of an alert does not know what it rests on now, where each finding is news: it is later, or in
    /// other words, or what they were told of is no longer so.
    pub(super) fn is_news(self, told: &Alert, as_of: EventTime, basis: &Basis) -> bool {
        match self {
            Self::At(finding, ..) if as_of < told.as_of => finding.as_of == told.as_of,
            Self::At(finding, taken, _) => taken.is_news && finding.id == basis.finding,
            Self::Fallen | Self::QuietOver => false,
        }
    }
}

/// Says what became of a finding that was known before.
pub(super) fn note(finding: &Finding, taken: Taken) -> Option<String> {
    let as_of = finding.as_of;
    match &finding.state {
        FindingState::Retracted(reason) => {
            Some(format!("finding as of {as_of} taken back: {reason}"))
        }
        FindingState::Asserted if taken.was_reason && !taken.is_reason => {
            let summary = &finding.summary;
            Some(format!("finding as of {as_of} corrected: {summary}"))
        }
        FindingState::Asserted if !taken.is_first => {
            Some(format!("finding as of {as_of} corrected"))
        }
        FindingState::Asserted => None,
    }
}
