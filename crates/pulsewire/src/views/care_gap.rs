//! Where patients stand in quality measures, as the work list shows it: the newest of each patient, measure and year.

use std::collections::BTreeMap;

use clinical::{CareGap, EventTime, GapStatus, PatientKey};

/// So many are kept. What is to be done is kept longest.
const GAPS_MAX: usize = 100_000;

/// What a gap or counted visit is known by: patient, measure, year, and when the visit was.
type Key = (PatientKey, Box<str>, i16, EventTime);

/// All of them.
#[derive(Default)]
pub(crate) struct CareGaps(BTreeMap<Key, CareGap>);

impl CareGaps {
    /// Takes one in; an earlier revision, which comes again when the topic is read anew, changes nothing.
    pub(crate) fn take_in(&mut self, gap: CareGap) {
        let finding = &gap.finding;
        let key = (
            finding.patient,
            gap.measure.clone(),
            gap.year,
            finding.as_of,
        );
        let held = self.0.get(&key).map(|held| &held.finding);
        let is_older = |held: &clinical::Finding| {
            (held.known_at, held.revision) > (finding.known_at, finding.revision)
        };
        if held.is_some_and(is_older) {
            return;
        }
        if gap.status == GapStatus::NotEligible {
            self.0.remove(&key);
        } else {
            self.0.insert(key, gap);
        }
        self.forget();
    }

    /// Gives them by patient and measure.
    pub(crate) fn all(&self) -> impl Iterator<Item = &CareGap> {
        self.0.values()
    }

    fn forget(&mut self) {
        // A tenth at a time: to look for the oldest is work in the number of gaps.
        if self.0.len() <= GAPS_MAX + GAPS_MAX / 10 {
            return;
        }
        let mut order: Vec<_> = self
            .0
            .iter()
            .map(|(key, gap)| (gap.status.is_open(), gap.finding.known_at, key.clone()))
            .collect();
        order.sort_unstable();
        for (_, _, key) in order.iter().take(self.0.len() - GAPS_MAX) {
            self.0.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use clinical::{Finding, FindingId, FindingState, ReceivedTime, Severity};

    use super::*;

    fn gap(patient: u8, status: GapStatus, revision: u32) -> CareGap {
        CareGap {
            measure: "cms130".into(),
            title: "colorectal cancer screening".into(),
            year: 2026,
            status,
            due: EventTime::default(),
            finding: Finding {
                id: FindingId::from_bytes([patient; 16]),
                workload: "care-gaps".into(),
                rule: "rule".into(),
                patient: PatientKey::from_bytes([patient; 16]),
                condition: "care-gap/cms130".into(),
                as_of: EventTime::default(),
                known_at: ReceivedTime::from_micros(i64::from(revision)),
                revision,
                replaces: None,
                state: FindingState::Asserted,
                severity: Severity::Low,
                score: None,
                summary: "open".into(),
                evidence: Vec::new(),
                missing: Vec::new(),
                cause: None,
                backfill: false,
            },
        }
    }

    #[test]
    fn the_newest_stands_and_what_is_no_longer_asked_goes() {
        let mut gaps = CareGaps::default();
        let standing =
            |gaps: &CareGaps| -> Vec<GapStatus> { gaps.all().map(|gap| gap.status).collect() };
        gaps.take_in(gap(1, GapStatus::Open, 1));
        gaps.take_in(gap(1, GapStatus::Closed, 2));
        gaps.take_in(gap(1, GapStatus::Open, 1));
        gaps.take_in(gap(2, GapStatus::Open, 1));
        assert_eq!(standing(&gaps), [GapStatus::Closed, GapStatus::Open]);
        gaps.take_in(gap(1, GapStatus::NotEligible, 3));
        assert_eq!(standing(&gaps), [GapStatus::Open]);
    }
}
