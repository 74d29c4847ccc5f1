//! All visits of a hospital's departments, what is told of their clocks, and how each unit stands.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{Decimal, EventTime};

use super::clock::{Clock, ClockRule, Stage};
use super::crowding::{Crowding, NedocsInputs, nedocs};
use super::visit::{Disposition, Milestone, Report, Visit, VisitKey, whole_minutes};

/// The most visits that are kept; beyond it those that came first go.
pub const MAX_VISITS: usize = 10_000;
/// Rates and medians are of the visits of this time.
const RECENT: Duration = Duration::from_secs(24 * 60 * 60);
/// So long after its arrival or departure a visit can still be reported on.
const KEEP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What was told of a clock of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signal {
    /// The visit.
    pub visit: VisitKey,
    /// Its clock.
    pub clock: Clock,
    /// How far it has come.
    pub stage: Stage,
    /// When it came so far.
    pub at: EventTime,
}

/// A signal that is now told, or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub signal: Signal,
    /// Whether it holds; if not, what was told before is taken back.
    pub holds: bool,
}

/// How many beds there are to divide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitBeds {
    /// Beds of the department.
    pub department: u32,
    /// Beds of the hospital.
    pub hospital: u32,
}

/// How a unit stands at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// When.
    pub at: EventTime,
    /// Patients there.
    pub patients: u32,
    /// Those of them who wait for a treatment room.
    pub waiting: u32,
    /// Those who are to be admitted.
    pub boarding: u32,
    /// Those who are ventilated.
    pub ventilated: u32,
    /// How long the one of those to be admitted has waited who waits longest, in minutes.
    pub longest_boarding_minutes: u64,
    /// How long the patient who got a room last had waited for it, in minutes.
    pub last_door_to_room_minutes: u64,
    /// Visits that ended in the last 24 hours.
    pub departed: u32,
    /// Those of them that ended unseen.
    pub left_unseen: u32,
    /// The median from arrival to a room, of the last 24 hours, in minutes.
    pub door_to_room: Option<Decimal>,
    /// The median from arrival to a provider, of the last 24 hours, in minutes.
    pub door_to_provider: Option<Decimal>,
    /// The median from arrival to departure, of the last 24 hours, in minutes.
    pub length_of_stay: Option<Decimal>,
    /// The median from the decision to admit to departure, of the last 24 hours, in minutes.
    pub boarding_time: Option<Decimal>,
    /// The score of crowding, where beds are given.
    pub nedocs: Option<Decimal>,
    /// How crowded that is.
    pub crowding: Option<Crowding>,
}

/// All visits of a hospital's departments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    visits: BTreeMap<VisitKey, Visit>,
    told: BTreeSet<Signal>,
}

impl Board {
    /// Takes a report in, and says whether anything changed.
    pub fn take(&mut self, report: Report) -> bool {
        let changed = self.visits.entry(report.visit).or_default().take(report);
        self.forget_first();
        changed
    }

    fn forget_first(&mut self) {
        if self.visits.len() > MAX_VISITS {
            let first = self
                .visits
                .iter()
                .min_by_key(|(key, visit)| (visit.at(Milestone::Arrival), **key))
                .map(|(key, _)| *key);
            first.into_iter().for_each(|key| self.forget(key));
        }
    }

    /// Takes a visit in as it now stands, instead of what was reported of it before.
    pub fn put(&mut self, key: VisitKey, visit: Visit) {
        self.visits.insert(key, visit);
        self.forget_first();
    }

    /// Drops a visit: it is on another board.
    pub fn remove(&mut self, key: VisitKey) {
        self.forget(key);
    }

    /// Gives all visits.
    pub fn visits(&self) -> impl Iterator<Item = (VisitKey, &Visit)> {
        self.visits.iter().map(|(key, visit)| (*key, visit))
    }

    /// Gives a visit.
    pub fn visit(&self, key: VisitKey) -> Option<&Visit> {
        self.visits.get(&key)
    }

    /// Gives the units, each once and in order.
    pub fn units(&self) -> BTreeSet<&str> {
        let there = self.visits.values().filter(|visit| visit.counts());
        there.map(Visit::unit).collect()
    }

    /// Gives the visits of a unit whose patients are there, those who came first first.
    pub fn there(&self, unit: &str, now: EventTime) -> Vec<(VisitKey, &Visit)> {
        let mut there: Vec<(VisitKey, &Visit)> = self
            .visits
            .iter()
            .filter(|(_, visit)| visit.unit() == unit && visit.is_there(now))
            .map(|(key, visit)| (*key, visit))
            .collect();
        there.sort_by_key(|(key, visit)| (visit.at(Milestone::Arrival), *key));
        there
    }

    /// Says what the clocks now tell that they did not tell before, and what of it no longer holds.
    pub fn changes(&mut self, rules: &[ClockRule], now: EventTime) -> Vec<Change> {
        let signals = self.signals(rules, now);
        let taken_back = self.told.difference(&signals);
        let new = signals.difference(&self.told);
        let changes = taken_back
            .map(|signal| (signal, false))
            .chain(new.map(|signal| (signal, true)))
            .map(|(signal, holds)| Change {
                signal: *signal,
                holds,
            })
            .collect();
        self.told = signals;
        changes
    }

    /// Gives all that holds of the clocks at a time.
    pub fn signals(&self, rules: &[ClockRule], now: EventTime) -> BTreeSet<Signal> {
        let mut signals = BTreeSet::new();
        for (visit, rule, began, stopped) in self.running(rules) {
            for (stage, at) in rule.times(began) {
                if at <= now && stopped.is_none_or(|stopped| stopped >= at) {
                    signals.insert(Signal {
                        visit,
                        clock: rule.clock,
                        stage,
                        at,
                    });
                }
            }
        }
        signals
    }

    /// Gives when a clock next has something to tell.
    pub fn wake(&self, rules: &[ClockRule], now: EventTime) -> Option<EventTime> {
        self.running(rules)
            .filter(|(.., stopped)| stopped.is_none())
            .flat_map(|(_, rule, began, _)| rule.times(began))
            .map(|(_, at)| at)
            .filter(|at| *at > now)
            .min()
    }

    fn running<'a>(
        &'a self,
        rules: &'a [ClockRule],
    ) -> impl Iterator<Item = (VisitKey, &'a ClockRule, EventTime, Option<EventTime>)> {
        self.visits.iter().flat_map(move |(key, visit)| {
            rules.iter().filter_map(move |rule| {
                let (began, stopped) = rule.clock.of(visit)?;
                Some((*key, rule, began, stopped))
            })
        })
    }

    /// Says whether a unit has anything to show at a time: somebody is there, or left in the last 24 hours.
    pub fn is_quiet(&self, now: EventTime) -> bool {
        let mut visits = self.visits.values().filter(|visit| visit.counts());
        !visits.any(|visit| visit.is_there(now) || is_recent(visit, now))
    }

    /// Says whether there are visits that nobody reports on any more.
    pub fn has_expired(&self, now: EventTime) -> bool {
        self.expired(now).next().is_some()
    }

    /// Drops visits that nobody reports on any more.
    pub fn expire(&mut self, now: EventTime) {
        let old: Vec<VisitKey> = self.expired(now).collect();
        old.into_iter().for_each(|key| self.forget(key));
    }

    fn expired(&self, now: EventTime) -> impl Iterator<Item = VisitKey> {
        let visits = self.visits.iter();
        visits.filter_map(move |(key, visit)| {
            let ended = visit.at(Milestone::Departure);
            let last = ended.max(visit.at(Milestone::Arrival));
            let is_old = last.is_some_and(|last| last < now.minus(KEEP));
            is_old.then_some(*key)
        })
    }

    fn forget(&mut self, key: VisitKey) {
        self.visits.remove(&key);
        self.told.retain(|signal| signal.visit != key);
    }

    /// Says how a unit stands at a time.
    pub fn unit(&self, unit: &str, now: EventTime, beds: Option<UnitBeds>) -> UnitState {
        let of_unit = || {
            let visits = self.visits.values();
            visits.filter(|visit| visit.unit() == unit && visit.counts())
        };
        let there: Vec<&Visit> = of_unit().filter(|visit| visit.is_there(now)).collect();
        let boarding = |visit: &&&Visit| visit.to_be_admitted().is_some_and(|at| at <= now);
        let recent: Vec<&Visit> = of_unit().filter(|visit| is_recent(visit, now)).collect();
        let mut state = UnitState {
            at: now,
            patients: count(there.len()),
            waiting: count(there.iter().filter(|visit| !is_in_room(visit, now)).count()),
            boarding: count(there.iter().filter(boarding).count()),
            ventilated: count(there.iter().filter(|visit| visit.is_ventilated()).count()),
            longest_boarding_minutes: there
                .iter()
                .filter_map(|visit| whole_minutes(visit.to_be_admitted()?, now))
                .max()
                .unwrap_or_default(),
            last_door_to_room_minutes: last_door_to_room(of_unit(), now),
            departed: count(recent.len()),
            left_unseen: count(recent.iter().filter(|visit| visit.left_unseen()).count()),
            door_to_room: median(since_arrival(of_unit(), Milestone::Room, now)),
            door_to_provider: median(since_arrival(of_unit(), Milestone::Provider, now)),
            length_of_stay: median(since_arrival(of_unit(), Milestone::Departure, now)),
            boarding_time: median(recent.iter().filter_map(|visit| boarded(visit)).collect()),
            nedocs: None,
            crowding: None,
        };
        state.nedocs = beds.and_then(|beds| nedocs(&state.inputs(beds)));
        state.crowding = state.nedocs.map(Crowding::of);
        state
    }
}

impl UnitState {
    const fn inputs(&self, beds: UnitBeds) -> NedocsInputs {
        NedocsInputs {
            patients: self.patients,
            department_beds: beds.department,
            admitted: self.boarding,
            hospital_beds: beds.hospital,
            ventilated: self.ventilated,
            longest_admit_minutes: self.longest_boarding_minutes,
            last_door_to_bed_minutes: self.last_door_to_room_minutes,
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn is_in_room(visit: &Visit, now: EventTime) -> bool {
    visit.at(Milestone::Room).is_some_and(|at| at <= now)
}

/// Says whether a visit ended in the last 24 hours.
fn is_recent(visit: &Visit, now: EventTime) -> bool {
    is_within(visit.at(Milestone::Departure), now)
}

fn is_within(at: Option<EventTime>, now: EventTime) -> bool {
    at.is_some_and(|at| at <= now && at > now.minus(RECENT))
}

/// Gives how long it took from arrival to what was reached in the last 24 hours.
fn since_arrival<'a>(
    visits: impl Iterator<Item = &'a Visit>,
    milestone: Milestone,
    now: EventTime,
) -> Vec<u64> {
    visits
        .filter(|visit| is_within(visit.at(milestone), now))
        .filter_map(|visit| visit.minutes(Milestone::Arrival, milestone))
        .collect()
}

/// Gives how long a patient who was admitted had waited for the bed.
fn boarded(visit: &Visit) -> Option<u64> {
    if visit.disposition() != Some(Disposition::Admitted) || visit.is_observation() {
        return None;
    }
    whole_minutes(visit.to_be_admitted()?, visit.at(Milestone::Departure)?)
}

fn last_door_to_room<'a>(visits: impl Iterator<Item = &'a Visit>, now: EventTime) -> u64 {
    let roomed = visits.filter_map(|visit| {
        let at = visit.at(Milestone::Room).filter(|at| *at <= now)?;
        Some((at, visit.minutes(Milestone::Arrival, Milestone::Room)?))
    });
    roomed.max().map(|(_, minutes)| minutes).unwrap_or_default()
}

/// Gives the middle one by size, or what lies between the middle two.
fn median(mut minutes: Vec<u64>) -> Option<Decimal> {
    minutes.sort_unstable();
    let half = minutes.len() / 2;
    let upper = *minutes.get(half)?;
    let lower = if minutes.len().is_multiple_of(2) {
        *minutes.get(half.checked_sub(1)?)?
    } else {
        upper
    };
    Some(Decimal::from(lower + upper) / Decimal::TWO)
}
