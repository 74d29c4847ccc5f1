//! Where a patient stands in a measure that asks for something to be done.

pub use clinical::GapStatus;
use clinical::{EventTime, FindingId};

use super::outcome::Evaluation;
use super::period::MeasurementPeriod;
use super::{Aim, Measure, MeasuresConfig};

/// Where a patient stands in one measure and year, as it was said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The measure.
    pub measure: Measure,
    /// The year that is measured.
    pub year: i16,
    /// Where the patient stands.
    pub status: GapStatus,
    /// The finding that says so, with what it rests on.
    pub finding: FindingId,
}

/// What was said last of a patient or visit in a measure and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) measure: Measure,
    pub(super) year: i16,
    /// The hash of the visit's id; 0 where the patient is spoken of.
    pub(super) visit: u64,
    pub(super) as_of: EventTime,
    pub(super) revision: u32,
    pub(super) finding: FindingId,
    /// A hash of what it says.
    pub(super) digest: u64,
    pub(super) status: GapStatus,
    /// Whether it was ever said to be closed.
    pub(super) was_closed: bool,
}

/// Finds where a patient stands; that it was closed before is added by who knows what was said.
pub(super) fn status(
    measure: Measure,
    evaluation: &Evaluation,
    period: MeasurementPeriod,
    watermark: EventTime,
    config: &MeasuresConfig,
) -> GapStatus {
    let Some(episode) = evaluation.episodes.first() else {
        return GapStatus::NotEligible;
    };
    if episode.is_excluded {
        return GapStatus::Excluded;
    }
    let aim = measure.about().aim;
    let is_done = episode.is_in_numerator != (aim == Aim::LatestInverse);
    if !is_done {
        return GapStatus::Open;
    }
    let is_over = watermark >= period.ends();
    let is_settled = settles(period, config).is_some_and(|settled| watermark >= settled);
    // What a newer result may undo is not final before the year is over.
    let is_claimed = episode.is_claimed && (aim == Aim::Once || is_over);
    if is_settled || is_claimed {
        GapStatus::Closed
    } else {
        GapStatus::ProvisionallyClosed
    }
}

/// Gives when no more claims are waited for.
pub(super) fn settles(period: MeasurementPeriod, config: &MeasuresConfig) -> Option<EventTime> {
    config.settles_after.map(|after| period.ends().plus(after))
}
