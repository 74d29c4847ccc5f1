//! When alerts are held back: while the team acts, with another of the patient, and for want of room in the budget.

use std::time::Duration;

use super::reader::Reader;

/// The most alerts for 100 patient-days that can be set: a hundred for each day of a patient.
const MAX_BUDGET: usize = 10_000;

/// What of `[alerts]` holds alerts back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// No time holds none back.
    pub(crate) while_acting: Duration,
    /// No time tells each apart.
    pub(crate) roll_up_within: Duration,
    /// For 100 patient-days; 0 sets no bound.
    pub(crate) budget: u32,
}

/// Reads it.
pub(super) fn read(reader: &mut Reader<'_>) -> Holding {
    let budget = reader.count("alerts", "budget_per_100_patient_days", 0, MAX_BUDGET);
    Holding {
        while_acting: reader.duration("alerts", "hold_while_acting"),
        roll_up_within: reader.duration("alerts", "roll_up_within"),
        budget: u32::try_from(budget).unwrap_or(u32::MAX),
    }
}
