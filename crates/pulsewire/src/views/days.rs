//! On how many patient-days something was concluded: what alerts are counted against.

use std::collections::BTreeSet;

use clinical::{Finding, PatientKey, ReceivedTime};

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The days of the last week on which something was concluded of a patient, as far as the pages know.
#[derive(Default)]
pub(crate) struct PatientDays(BTreeSet<(i64, PatientKey)>);

impl PatientDays {
    /// Takes in what was concluded, where it is news.
    pub(super) fn take_in(&mut self, finding: &Finding) {
        if finding.backfill {
            return;
        }
        let day = finding.known_at.micros().div_euclid(DAY_MICROS);
        self.0.insert((day, finding.patient));
        let newest = self.0.last().map_or(day, |(newest, _)| *newest);
        let gone = newest - alerts::budget::WINDOW_DAYS;
        while self.0.first().is_some_and(|(day, _)| *day <= gone) {
            self.0.pop_first();
        }
    }

    /// Counts them.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Gives when the first of them began.
    pub(crate) fn since(&self) -> Option<ReceivedTime> {
        let first = self.0.first();
        first.map(|(day, _)| ReceivedTime::from_micros(day * DAY_MICROS))
    }
}
