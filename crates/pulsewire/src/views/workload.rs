//! What each rule pack read and concluded in the last two days: counted by the minute, with its newest findings.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use clinical::{Event, Fact, Finding, FindingState, ObservationStatus, PatientKey, ReceivedTime};
use workloads::Workloads;

use super::patient::LATE_AFTER;

/// So much is counted.
pub(crate) const HOURS_KEPT: i64 = 48;
/// So many of a rule pack's findings are listed, the newest.
const LATEST_MAX: usize = 50;
/// Of so many patients it is known when a rule pack last concluded something.
const PATIENTS_MAX: usize = 20_000;
const MINUTE_MICROS: i64 = 60 * 1_000_000;
const HOUR_MINUTES: i64 = 60;
const DAY_MINUTES: i64 = 24 * HOUR_MINUTES;

/// What happened in a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Values and orders that it reads.
    pub(crate) items: u64,
    /// Of these, those that reached us late.
    pub(crate) late: u64,
    /// Of these, those that take the place of another or take it back.
    pub(crate) corrected: u64,
    /// Of these, those that came after its window and are not used.
    pub(crate) too_late: u64,
    /// Findings that were said for the first time.
    pub(crate) first: u64,
    /// Findings that were revised or taken back for the first time.
    pub(crate) revised: u64,
    /// Revisions of findings that had been revised before.
    pub(crate) revised_again: u64,
    /// Revisions that take a finding back.
    pub(crate) taken_back: u64,
    /// Findings of loaded history, which stand nowhere else here.
    pub(crate) history: u64,
}

impl Counts {
    /// All that was concluded, revisions included.
    pub(crate) const fn findings(&self) -> u64 {
        self.first + self.revised + self.revised_again
    }

    fn add(&mut self, other: &Self) {
        self.items += other.items;
        self.late += other.late;
        self.corrected += other.corrected;
        self.too_late += other.too_late;
        self.first += other.first;
        self.revised += other.revised;
        self.revised_again += other.revised_again;
        self.taken_back += other.taken_back;
        self.history += other.history;
    }
}

/// A finding, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Latest {
    pub(crate) finding: Finding,
    pub(crate) partition: u16,
    pub(crate) offset: u64,
}

impl Latest {
    fn place(&self) -> (ReceivedTime, u16, u64) {
        (self.finding.known_at, self.partition, self.offset)
    }
}

/// What is known of a rule pack.
#[derive(Debug, Default)]
pub(crate) struct PackView {
    /// By minute since the epoch.
    minutes: BTreeMap<i64, Counts>,
    /// The minute of what was concluded last of each patient.
    patients: BTreeMap<PatientKey, i64>,
    /// The newest minute of a patient that there was no room for.
    forgotten: Option<i64>,
    /// The newest first.
    latest: VecDeque<Latest>,
}

impl PackView {
    /// What happened in so many minutes that end now.
    pub(crate) fn within(&self, minutes: i64, now: ReceivedTime) -> Counts {
        let end = minute(now.micros());
        let mut all = Counts::default();
        let counted = self.minutes.range(end - minutes + 1..=end);
        counted.for_each(|(_, counts)| all.add(counts));
        all
    }

    /// What happened in the last hour.
    pub(crate) fn last_hour(&self, now: ReceivedTime) -> Counts {
        self.within(HOUR_MINUTES, now)
    }

    /// What happened in the last day.
    pub(crate) fn last_day(&self, now: ReceivedTime) -> Counts {
        self.within(DAY_MINUTES, now)
    }

    /// Of how many patients something was concluded in so many minutes that end now; whether there were more.
    fn patients_within(&self, minutes: i64, now: ReceivedTime) -> (u64, bool) {
        let begin = minute(now.micros()) - minutes + 1;
        let known = self.patients.values().filter(|at| **at >= begin);
        let is_more = self.forgotten.is_some_and(|newest| newest >= begin);
        (known.count() as u64, is_more)
    }

    /// Of how many patients something was concluded in the last hour; whether there were more.
    pub(crate) fn patients_last_hour(&self, now: ReceivedTime) -> (u64, bool) {
        self.patients_within(HOUR_MINUTES, now)
    }

    /// Of how many patients something was concluded in the last day; whether there were more.
    pub(crate) fn patients_last_day(&self, now: ReceivedTime) -> (u64, bool) {
        self.patients_within(DAY_MINUTES, now)
    }

    /// What happened in each whole hour and in the one that has begun, oldest first, each with when it began.
    pub(crate) fn hours(&self, now: ReceivedTime) -> Vec<(ReceivedTime, Counts)> {
        let last = minute(now.micros()).div_euclid(HOUR_MINUTES);
        let hours = last - HOURS_KEPT + 1..=last;
        let of = |hour: i64| {
            let begin = hour * HOUR_MINUTES;
            let mut all = Counts::default();
            let counted = self.minutes.range(begin..begin + HOUR_MINUTES);
            counted.for_each(|(_, counts)| all.add(counts));
            (ReceivedTime::from_micros(begin * MINUTE_MICROS), all)
        };
        hours.map(of).collect()
    }

    /// Its newest findings, the newest first, of the time that is counted.
    pub(crate) fn latest(&self, now: ReceivedTime) -> impl Iterator<Item = &Latest> {
        let oldest = minute(now.micros()) - HOURS_KEPT * HOUR_MINUTES;
        let is_kept = move |of: &&Latest| minute(of.finding.known_at.micros()) >= oldest;
        self.latest.iter().take_while(is_kept)
    }

    fn take_finding(&mut self, finding: &Finding, (partition, offset): (u16, u64)) {
        let at = minute(finding.known_at.micros());
        let counts = self.minutes.entry(at).or_default();
        if finding.backfill {
            counts.history += 1;
            return;
        }
        match finding.revision {
            0 | 1 => counts.first += 1,
            2 => counts.revised += 1,
            _ => counts.revised_again += 1,
        }
        counts.taken_back += u64::from(matches!(finding.state, FindingState::Retracted(_)));
        let last = self.patients.entry(finding.patient).or_insert(at);
        *last = at.max(*last);
        let latest = Latest {
            finding: finding.clone(),
            partition,
            offset,
        };
        let after = |held: &Latest| held.place() > latest.place();
        let place = self.latest.partition_point(after);
        if place < LATEST_MAX {
            self.latest.insert(place, latest);
            self.latest.truncate(LATEST_MAX);
        }
    }

    /// Gives up what is older than what is kept, and patients there is no room for.
    fn forget(&mut self, newest: i64) {
        let oldest = newest - HOURS_KEPT * HOUR_MINUTES;
        self.minutes = self.minutes.split_off(&oldest);
        // A tenth at a time: to look for the oldest is work in the number of patients.
        if self.patients.len() <= PATIENTS_MAX + PATIENTS_MAX / 10 {
            return;
        }
        let mut by_age: Vec<_> = self.patients.iter().map(|(key, at)| (*at, *key)).collect();
        by_age.sort_unstable();
        for (at, key) in by_age
            .iter()
            .take(by_age.len().saturating_sub(PATIENTS_MAX))
        {
            self.forgotten = self.forgotten.max(Some(*at));
            self.patients.remove(key);
        }
    }
}

/// All rule packs.
#[derive(Default)]
pub(crate) struct Packs {
    /// The workloads as they run here: they say who reads what.
    rules: Option<Arc<Workloads>>,
    by_name: BTreeMap<Box<str>, PackView>,
    /// The newest minute that anything is known of.
    newest: i64,
    /// When the first of what is counted became known.
    pub(crate) since: Option<ReceivedTime>,
}

impl Packs {
    /// Knows who reads what.
    pub(super) fn read_by(&mut self, rules: Workloads) {
        self.rules = Some(Arc::new(rules));
    }

    /// What is known of a rule pack; nothing where it read and concluded nothing.
    pub(crate) fn of(&self, name: &str) -> Option<&PackView> {
        self.by_name.get(name)
    }

    /// Takes in what arrived for the rule packs that read it.
    pub(super) fn take_event(&mut self, event: &Event) {
        if event.backfill {
            return;
        }
        let Some(rules) = self.rules.clone() else {
            return;
        };
        let behind = event.received.micros().saturating_sub(event.at.micros());
        let late = u64::try_from(behind).is_ok_and(|of| Duration::from_micros(of) > LATE_AFTER);
        let counts = Counts {
            items: 1,
            late: u64::from(late),
            corrected: u64::from(is_correction(&event.fact)),
            ..Counts::default()
        };
        for workload in rules.readers(event) {
            self.add(workload.name, event.received, &counts);
        }
    }

    /// Takes in that something came too late for those named, with blanks between them.
    pub(super) fn take_late(&mut self, names: &str, received: ReceivedTime) {
        let counts = Counts {
            too_late: 1,
            ..Counts::default()
        };
        for name in names.split_whitespace() {
            self.add(name, received, &counts);
        }
    }

    /// Takes in what was concluded.
    pub(super) fn take_finding(&mut self, finding: &Finding, place: (u16, u64)) {
        if self.is_counted(finding.known_at) {
            let newest = self.newest;
            let view = self.by_name.entry(finding.workload.clone()).or_default();
            view.take_finding(finding, place);
            view.forget(newest);
        }
    }

    fn add(&mut self, name: &str, received: ReceivedTime, counts: &Counts) {
        if self.is_counted(received) {
            let newest = self.newest;
            let view = self.by_name.entry(name.into()).or_default();
            let of = view.minutes.entry(minute(received.micros())).or_default();
            of.add(counts);
            view.forget(newest);
        }
    }

    /// Whether a time is among what is counted; a newer one moves that on.
    fn is_counted(&mut self, at: ReceivedTime) -> bool {
        self.newest = self.newest.max(minute(at.micros()));
        let oldest = self.newest - HOURS_KEPT * HOUR_MINUTES;
        let counted = minute(at.micros()) >= oldest;
        if counted {
            self.since = Some(self.since.map_or(at, |since| since.min(at)));
        }
        counted
    }
}

const fn minute(micros: i64) -> i64 {
    micros.div_euclid(MINUTE_MICROS)
}

/// Whether it takes the place of something said before, or takes it back.
fn is_correction(fact: &Fact) -> bool {
    use ObservationStatus::{Amended, Cancelled, Corrected, EnteredInError};
    match fact {
        Fact::Observation(observation) => matches!(
            observation.status,
            Amended | Cancelled | Corrected | EnteredInError
        ),
        Fact::Order(order) => !order.active,
        Fact::Problem(problem) => !problem.active,
        Fact::Encounter(_) | Fact::Person(_) | Fact::Merge(_) | Fact::Handover { .. } => false,
    }
}

#[cfg(test)]
mod tests;
