//! What an event changes in the state.

use clinical::{
    Encounter, Event, EventTime, Fact, Merge, MergeRole, Observation, ObservationStatus,
    PatientKey, Person,
};

use super::{Effects, Now, StepError, Workloads};
use crate::Parameter;
use crate::State;
use crate::chart::read::{self, Taken};
use crate::chart::{Entry, Reading, Withdrawal, resource_hash};
use crate::person::{PersonFacts, Stay};
use crate::revise::{Cause, publish};
use crate::workload::{WORKLOADS, Workload};

/// What an input touched.
pub(super) struct Change {
    /// The earliest time it may have changed; nothing means all of it.
    pub(super) from: Option<EventTime>,
    /// What it was about; nothing means every workload.
    pub(super) parameters: Option<Vec<Parameter>>,
    pub(super) reason: &'static str,
}

impl Change {
    /// A change that may touch everything.
    const fn of_everything(reason: &'static str) -> Self {
        Self {
            from: None,
            parameters: None,
            reason,
        }
    }
}

impl Workloads {
    /// Takes an event into the state, and says what that may change.
    pub(super) fn take(
        &self,
        state: &mut State,
        event: &Event,
        now: Now,
        effects: &mut Effects,
    ) -> Result<Option<Change>, StepError> {
        match &event.fact {
            Fact::Observation(observation) => {
                let mut taken = read::observation(&self.config, &self.tables, event, observation);
                withdraw_unsaid(state, event, observation, &mut taken);
                let reason = observation_reason(observation.status);
                Ok(put(state, taken, now, effects, reason))
            }
            Fact::Order(order) => {
                let taken = read::order(&self.config, &self.tables, event, order);
                let reason = if order.active { LATE_DATA } else { "cancelled" };
                Ok(put(state, taken, now, effects, reason))
            }
            Fact::Encounter(encounter) => Ok(put_stay(state, event, encounter)),
            Fact::Person(person) => Ok(put_person(state, event, person)),
            Fact::Merge(merge) if merge.other == now.patient => Err(StepError::SelfMerge),
            Fact::Merge(Merge {
                role: MergeRole::Retired,
                other,
            }) => {
                retire(state, event, *other, now, effects);
                Ok(None)
            }
            // The survivor learns what the other knew from the handover.
            Fact::Merge(Merge {
                role: MergeRole::Survivor,
                ..
            }) => Ok(None),
            Fact::Handover { state: bytes, .. } => {
                state.absorb(State::decode(bytes)?);
                Ok(Some(Change::of_everything(MERGED)))
            }
        }
    }
}

/// Why a finding of a retired identity is taken back, and one of its survivor revised.
const MERGED: &str = "merged";
/// Why a finding is taken back that was true of what was known.
const LATE_DATA: &str = "late-data";

fn put_stay(state: &mut State, event: &Event, encounter: &Encounter) -> Option<Change> {
    let mut stay = Stay::new(encounter, event.at, event.received);
    let held = state
        .stays
        .iter()
        .find(|held| held.resource == stay.resource);
    if let (None, Some(held)) = (encounter.start, held) {
        stay.start = held.start;
    }
    state
        .put_stay(stay)
        .then_some(Change::of_everything("stay-changed"))
}

fn put_person(state: &mut State, event: &Event, person: &Person) -> Option<Change> {
    let facts = PersonFacts::new(person, event.received);
    let held = state.person;
    if facts.known < held.known {
        return None;
    }
    state.person = facts;
    let news = (facts.born, facts.deceased) != (held.born, held.deceased);
    news.then_some(Change::of_everything("person-changed"))
}

const fn observation_reason(status: ObservationStatus) -> &'static str {
    match status {
        ObservationStatus::EnteredInError => "entered-in-error",
        ObservationStatus::Cancelled => "cancelled",
        ObservationStatus::Corrected | ObservationStatus::Amended => "corrected",
        ObservationStatus::Registered
        | ObservationStatus::Preliminary
        | ObservationStatus::Final
        | ObservationStatus::Unknown => LATE_DATA,
    }
}

/// A new version takes back whatever the one before said and it does not.
fn withdraw_unsaid(state: &State, event: &Event, observation: &Observation, taken: &mut Taken) {
    let withdrawal = match observation.status {
        ObservationStatus::Registered => return,
        ObservationStatus::Cancelled => Withdrawal::Cancelled,
        ObservationStatus::EnteredInError
        | ObservationStatus::Preliminary
        | ObservationStatus::Final
        | ObservationStatus::Corrected
        | ObservationStatus::Amended
        | ObservationStatus::Unknown => Withdrawal::EnteredInError,
    };
    let unsaid: Vec<Entry> = state
        .chart
        .of_resource(resource_hash(&observation.resource))
        .filter(|old| {
            !taken
                .entries
                .iter()
                .any(|new| new.parameter == old.parameter)
        })
        .map(|old| Entry {
            known: event.received,
            event: event.id,
            origin: event.origin,
            reading: Reading::Withdrawn(withdrawal),
            ..*old
        })
        .collect();
    taken.entries.extend(unsaid);
}

/// Puts what was taken into the chart, unless it came too late for everyone who reads it.
fn put(
    state: &mut State,
    taken: Taken,
    now: Now,
    effects: &mut Effects,
    reason: &'static str,
) -> Option<Change> {
    effects.quality.extend(taken.quality);
    let mut change: Option<Change> = None;
    for entry in taken.entries {
        let is_late = |workload: &&Workload| entry.at < now.watermark.minus(workload.late_window);
        let readers = || {
            WORKLOADS
                .iter()
                .filter(|workload| workload.reads.contains(&entry.parameter))
        };
        effects.late |= readers().any(|workload| is_late(&workload));
        if readers().all(|workload| is_late(&workload)) {
            continue;
        }
        if let Some(from) = state.chart.put(entry) {
            let change = change.get_or_insert(Change {
                from: Some(from),
                parameters: Some(Vec::new()),
                reason,
            });
            change.from = change.from.map(|known| known.min(from));
            change
                .parameters
                .get_or_insert_default()
                .push(entry.parameter);
        }
    }
    change
}

/// Hands over what is known, takes back what was said, and leaves only where everything goes from now on.
fn retire(state: &mut State, event: &Event, survivor: PatientKey, now: Now, effects: &mut Effects) {
    let mut old = std::mem::replace(
        state,
        State {
            retired: Some(survivor),
            ..State::default()
        },
    );
    let cause = Cause {
        patient: now.patient,
        known_at: now.received,
        event: Some(event),
        timer: None,
        reason: MERGED,
    };
    for workload in &WORKLOADS {
        let all = EventTime::from_micros(i64::MIN);
        publish(
            workload,
            &cause,
            all,
            Vec::new(),
            &mut old.lines,
            &mut effects.findings,
        );
    }
    for (workload, wake) in WORKLOADS.iter().zip(old.wakes) {
        if wake.is_some() {
            effects.timers.push((workload.tag.to_vec(), None));
        }
    }
    let facts = State {
        lines: Vec::new(),
        wakes: State::default().wakes,
        ..old
    };
    let mut bytes = Vec::new();
    if facts.encode(&mut bytes) {
        effects.handover.push((survivor, bytes));
    }
}
