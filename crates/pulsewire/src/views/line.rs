//! What workloads said of a patient that matters, as it stands: of each condition and time the newest revision.

use std::collections::BTreeMap;

use clinical::{EventTime, Finding, FindingState, ReceivedTime, Severity};

/// So many are kept of a patient, those of the newest times.
const LINES_MAX: usize = 60;

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) workload: Box<str>,
    pub(crate) severity: Severity,
    pub(crate) summary: Box<str>,
    pub(crate) taken_back: bool,
    pub(crate) revision: u32,
    pub(crate) first_known: ReceivedTime,
    pub(crate) known: ReceivedTime,
    /// Where the newest revision is: partition and offset of the alert stream.
    pub(crate) place: (u16, u64),
}

/// All of them, by the time that they speak of and their condition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(BTreeMap<(EventTime, Box<str>), Line>);

impl Lines {
    /// Takes in what was said. What never mattered is left out; what once did is shown as it stands.
    pub(super) fn take_in(&mut self, finding: &Finding, place: (u16, u64)) {
        let key = (finding.as_of, finding.condition.clone());
        let held = self.0.get(&key);
        if held.is_none() && finding.severity == Severity::None {
            return;
        }
        let taken_back = matches!(finding.state, FindingState::Retracted(_));
        let line = Line {
            workload: finding.workload.clone(),
            severity: finding.severity,
            summary: match &finding.state {
                FindingState::Asserted => finding.summary.clone(),
                FindingState::Retracted(_) => {
                    held.map_or_else(|| finding.summary.clone(), |held| held.summary.clone())
                }
            },
            taken_back,
            revision: finding.revision,
            first_known: held.map_or(finding.known_at, |held| held.first_known),
            known: finding.known_at,
            place,
        };
        self.0.insert(key, line);
        if self.0.len() > LINES_MAX {
            self.0.pop_first();
        }
    }

    /// Gives up what speaks of a time before this.
    pub(super) fn forget(&mut self, begin: EventTime) {
        self.0.retain(|(at, _), _| *at >= begin);
    }

    /// All of them with the time that they speak of, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (EventTime, &Line)> {
        self.0.iter().rev().map(|((at, _), line)| (*at, line))
    }
}

#[cfg(test)]
mod tests {
    use clinical::{FindingId, PatientKey};

    use super::*;

    fn finding(as_of: i64, severity: Severity, revision: u32) -> Finding {
        Finding {
            id: FindingId::derive(&[&as_of.to_be_bytes(), &revision.to_be_bytes()]),
            workload: "deterioration".into(),
            rule: "news2 1.0.0".into(),
            patient: PatientKey::from_bytes([1; 16]),
            condition: "deterioration".into(),
            as_of: EventTime::from_micros(as_of),
            known_at: ReceivedTime::from_micros(as_of + i64::from(revision)),
            revision,
            replaces: None,
            state: FindingState::Asserted,
            severity,
            score: None,
            summary: format!("revision {revision}").into(),
            evidence: Vec::new(),
            missing: Vec::new(),
            cause: None,
            backfill: false,
        }
    }

    #[test]
    fn what_once_mattered_stands_as_it_was_last_said() {
        let mut lines = Lines::default();
        lines.take_in(&finding(10, Severity::None, 1), (0, 1));
        assert_eq!(lines.newest_first().count(), 0);
        lines.take_in(&finding(20, Severity::High, 1), (0, 2));
        lines.take_in(&finding(20, Severity::None, 2), (0, 3));
        let taken_back = Finding {
            state: FindingState::Retracted("corrected".into()),
            summary: "".into(),
            ..finding(20, Severity::None, 3)
        };
        lines.take_in(&taken_back, (0, 4));
        let (at, line) = lines.newest_first().next().unwrap();
        assert_eq!(at.micros(), 20);
        assert_eq!((line.revision, line.place), (3, (0, 4)));
        assert_eq!((line.first_known.micros(), line.known.micros()), (21, 23));
        assert!(line.taken_back && &*line.summary == "revision 2");
    }

    #[test]
    fn only_the_newest_times_are_kept() {
        let mut lines = Lines::default();
        for as_of in 0..200 {
            lines.take_in(&finding(as_of, Severity::Low, 1), (0, 0));
        }
        assert_eq!(lines.newest_first().count(), LINES_MAX);
        lines.forget(EventTime::from_micros(190));
        assert_eq!(lines.newest_first().count(), 10);
    }
}
