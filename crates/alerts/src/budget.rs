//! The budget of alerts per 100 patient-days: what may be told of all patients together, the most severe first.
//!
//! A patient's step knows that patient alone. It asks for room and reports the days on which something was concluded; the pool,
//! which has a key of its own, gives room, and its answers are records like all others. So the same journal gives the same.

use std::collections::BTreeMap;

use clinical::{AlertId, EventTime, PatientKey, Severity};

use crate::step::Now;

/// Over so many days patient-days and alerts are counted.
pub const WINDOW_DAYS: i64 = 7;
/// So many alerts wait for room; beyond it the least severe stop waiting and stay held back.
pub const MAX_WAITING: usize = 1_000;
/// What of the budget alerts of a severity may use, in hundredths: the rest is kept for what is more severe.
const SHARES: [(Severity, u64); 3] = [
    (Severity::High, 100),
    (Severity::Medium, 75),
    (Severity::Low, 50),
];
pub(crate) const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// What a patient's step tells the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Something was concluded of the patient on another day.
    PatientDay,
    /// An alert was told that is never held back.
    Told,
    /// An alert asks for room.
    Asks {
        /// The alert.
        alert: AlertId,
        /// How much it matters.
        severity: Severity,
    },
    /// An alert that asked is over.
    Ended {
        /// The alert.
        alert: AlertId,
    },
}

/// Room for an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose alert it is.
    pub patient: PatientKey,
    /// The alert.
    pub alert: AlertId,
}

/// An alert that waits for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) patient: PatientKey,
    pub(crate) alert: AlertId,
    pub(crate) severity: Severity,
}

/// What was told and on how many patient-days, of all patients together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// By day: patient-days, and alerts that were told.
    pub(crate) days: BTreeMap<i64, (u64, u64)>,
    /// In the order in which they asked.
    pub(crate) waiting: Vec<Waiting>,
}

/// Gives the key of the pool.
pub fn key() -> PatientKey {
    PatientKey::derive(&[b"budget of alerts"])
}

/// Gives the day of a time.
pub(crate) const fn day_of(at: EventTime) -> i64 {
    at.micros().div_euclid(DAY_MICROS)
}

impl Pool {
    /// Takes a report in, and gives room where there is some.
    pub fn take(
        &mut self,
        budget: u32,
        patient: PatientKey,
        report: Report,
        now: Now,
    ) -> Vec<Grant> {
        let today = day_of(now.watermark);
        self.days.retain(|day, _| *day > today - WINDOW_DAYS);
        let (days, told) = self.days.entry(today).or_default();
        match report {
            Report::PatientDay => *days += 1,
            Report::Told => *told += 1,
            Report::Asks { alert, severity } => {
                self.waiting.retain(|waiting| waiting.alert != alert);
                self.waiting.push(Waiting {
                    patient,
                    alert,
                    severity,
                });
                self.shorten();
            }
            Report::Ended { alert } => self.waiting.retain(|waiting| waiting.alert != alert),
        }
        self.grant(budget, today)
    }

    fn grant(&mut self, budget: u32, today: i64) -> Vec<Grant> {
        let mut grants = Vec::new();
        // The most severe that waits, and of these the one that asked first.
        while let Some(place) = self.next() {
            let Some(waiting) = self.waiting.get(place).copied() else {
                break;
            };
            if self.told() >= self.room(budget, waiting.severity) {
                break;
            }
            self.waiting.remove(place);
            self.days.entry(today).or_default().1 += 1;
            grants.push(Grant {
                patient: waiting.patient,
                alert: waiting.alert,
            });
        }
        grants
    }

    fn next(&self) -> Option<usize> {
        let places = self.waiting.iter().enumerate().rev();
        places
            .max_by_key(|(_, of)| of.severity)
            .map(|(place, _)| place)
    }

    fn shorten(&mut self) {
        if self.waiting.len() > MAX_WAITING {
            let last = self.waiting.iter().enumerate().rev();
            if let Some((place, _)) = last.min_by_key(|(_, of)| of.severity) {
                self.waiting.remove(place);
            }
        }
    }

    /// Counts the patient-days of the window.
    pub fn patient_days(&self) -> u64 {
        self.days.values().map(|(days, _)| days).sum()
    }

    /// Counts the alerts that were told in the window.
    pub fn told(&self) -> u64 {
        self.days.values().map(|(_, told)| told).sum()
    }

    /// Gives how many alerts of a severity the patient-days of the window leave room for; what begins counts as one.
    fn room(&self, budget: u32, severity: Severity) -> u64 {
        let share = SHARES.iter().find(|(of, _)| *of == severity);
        let share = share.map_or(100, |(_, share)| *share);
        (self.patient_days() * u64::from(budget) * share).div_ceil(100 * 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::fixture::now;

    const DAY: i64 = 24 * 60;

    fn patient(number: u8) -> PatientKey {
        PatientKey::from_bytes([number; 16])
    }

    fn alert(number: u8) -> AlertId {
        AlertId::from_bytes([number; 16])
    }

    fn asks(number: u8, severity: Severity) -> Report {
        let alert = alert(number);
        Report::Asks { alert, severity }
    }

    /// A pool that ten patients were looked at in, with a budget of 20: room for two.
    fn ten_patients() -> Pool {
        let mut pool = Pool::default();
        for number in 0..10 {
            assert!(
                pool.take(20, patient(number), Report::PatientDay, now(0))
                    .is_empty()
            );
        }
        pool
    }

    fn granted(pool: &mut Pool, number: u8, report: Report, at: i64) -> Vec<AlertId> {
        let grants = pool.take(20, patient(number), report, now(at));
        grants.iter().map(|grant| grant.alert).collect()
    }

    #[test]
    fn room_is_for_as_many_as_the_budget_says_and_no_more() {
        let mut pool = ten_patients();
        assert_eq!(
            granted(&mut pool, 1, asks(1, Severity::High), 1),
            [alert(1)]
        );
        assert_eq!(
            granted(&mut pool, 2, asks(2, Severity::High), 2),
            [alert(2)]
        );
        assert!(granted(&mut pool, 3, asks(3, Severity::High), 3).is_empty());
        assert_eq!((pool.patient_days(), pool.told()), (10, 2));
        // Four patient-days more are room for one.
        for number in 10..14 {
            granted(&mut pool, number, Report::PatientDay, 4);
        }
        assert_eq!(pool.told(), 3, "what begins counts as one");
    }

    #[test]
    fn the_most_severe_that_waits_is_next_and_the_least_severe_leaves_room() {
        let mut pool = Pool::default();
        for number in 0..20 {
            granted(&mut pool, number, Report::PatientDay, 0);
        }
        // Room for four, of which medium ones may use three.
        for number in 1..=3 {
            assert_eq!(
                granted(&mut pool, number, asks(number, Severity::Medium), 1).len(),
                1
            );
        }
        assert!(granted(&mut pool, 4, asks(4, Severity::Medium), 2).is_empty());
        assert_eq!(
            granted(&mut pool, 5, asks(5, Severity::High), 3),
            [alert(5)]
        );
        assert!(granted(&mut pool, 6, asks(6, Severity::High), 4).is_empty());
        // One more patient-day begins a fifth room, and the most severe takes it.
        let next = granted(&mut pool, 7, Report::PatientDay, DAY);
        assert_eq!(next, [alert(6)]);
        // A week after the first day that one is counted no more, and a week after the second neither is what it used.
        assert!(granted(&mut pool, 7, Report::PatientDay, 7 * DAY).is_empty());
        let later = granted(&mut pool, 7, Report::PatientDay, 8 * DAY);
        assert_eq!(later, [alert(4)]);
    }

    #[test]
    fn what_is_told_without_asking_uses_the_budget_and_what_ended_waits_no_more() {
        let mut pool = ten_patients();
        granted(&mut pool, 1, Report::Told, 1);
        granted(&mut pool, 1, Report::Told, 1);
        assert!(granted(&mut pool, 2, asks(2, Severity::High), 2).is_empty());
        granted(&mut pool, 2, Report::Ended { alert: alert(2) }, 3);
        assert_eq!(pool.waiting, []);
    }

    #[test]
    fn so_many_wait_and_the_least_severe_go_first() {
        let mut pool = Pool::default();
        let id = |number: usize| AlertId::derive(&[&number.to_be_bytes()]);
        let ask = |pool: &mut Pool, number: usize, severity| {
            let report = Report::Asks {
                alert: id(number),
                severity,
            };
            pool.take(0, patient(1), report, now(0));
        };
        for number in 0..MAX_WAITING - 1 {
            ask(&mut pool, number, Severity::High);
        }
        ask(&mut pool, MAX_WAITING, Severity::Medium);
        assert_eq!(pool.waiting.len(), MAX_WAITING);
        ask(&mut pool, MAX_WAITING + 1, Severity::High);
        assert_eq!(pool.waiting.len(), MAX_WAITING);
        assert!(
            pool.waiting
                .iter()
                .all(|waiting| waiting.severity == Severity::High)
        );
    }
}
