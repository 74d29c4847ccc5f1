//! What an event changes in the state.

use clinical::{
    Encounter, Event, EventTime, Fact, Merge, MergeRole, ObservationStatus, PatientKey, Person,
};

use super::{Effects, Now, QualityIssue, StepError, Workloads};
use crate::chart::read::{self, Taken};
use crate::chart::{Entry, Reading, Withdrawal};
use crate::person::{PersonFacts, Stay};
use crate::quality;
use crate::revise::{Cause, publish};
use crate::running::Runs;
use crate::touched::{Reason, Touched};
use crate::workload::WORKLOADS;
use crate::{Config, Parameter, State};

impl Workloads {
    /// Takes an event into the state, and says what that may change.
    pub(super) fn take(
        &self,
        state: &mut State,
        event: &Event,
        now: Now,
        effects: &mut Effects,
    ) -> Result<Option<Touched>, StepError> {
        match &event.fact {
            Fact::Observation(observation) => {
                let mut taken = read::observation(&self.config, &self.tables, event, observation);
                let is_known = state.chart.may_know(taken.resource);
                if let Some(withdrawal) = withdrawal(observation.status).filter(|_| is_known) {
                    let said = [taken.resource];
                    withdraw_unsaid(state, event, (&said, withdrawal), &mut taken);
                }
                let reason = observation_reason(observation.status);
                // Two parts of one observation may speak of the same.
                taken.is_first = !is_known && taken.says_each_once();
                Ok(self.put(state, taken, now, effects, reason))
            }
            Fact::Order(order) => {
                let mut taken = read::order(&self.config, &self.tables, event, order);
                let resource = read::order_of(event, order);
                let said = [resource, read::end_of(resource)];
                withdraw_unsaid(state, event, (&said, Withdrawal::Cancelled), &mut taken);
                let reason = if order.active {
                    Reason::LateData
                } else {
                    Reason::Cancelled
                };
                Ok(self.put(state, taken, now, effects, reason))
            }
            Fact::Problem(problem) => {
                let mut taken = read::problem(&self.config, &self.tables, event, problem);
                let said = [read::problem_of(event, problem)];
                let unsaid = (&said[..], Withdrawal::EnteredInError);
                withdraw_unsaid(state, event, unsaid, &mut taken);
                // That it is over unmakes nothing of what was so while it lasted.
                if problem.active && problem.over {
                    taken.entries.retain(|entry| entry.parameter.lasts());
                }
                let reason = if problem.active {
                    Reason::LateData
                } else {
                    Reason::Corrected
                };
                Ok(self.put(state, taken, now, effects, reason))
            }
            Fact::Encounter(encounter) => Ok(put_stay(state, event, encounter)),
            Fact::Person(person) => Ok(put_person(state, event, person)),
            Fact::Merge(merge) if merge.other == now.patient => Err(StepError::SelfMerge),
            Fact::Merge(Merge {
                role: MergeRole::Retired,
                other,
            }) => {
                retire(&self.config, state, event, *other, now, effects);
                Ok(None)
            }
            // The survivor learns what the other knew from the handover.
            Fact::Merge(Merge {
                role: MergeRole::Survivor,
                ..
            }) => Ok(None),
            Fact::Handover { state: bytes, .. } => {
                state.absorb(State::decode(bytes)?);
                Ok(Some(Touched::everything(Reason::Joined)))
            }
        }
    }

    /// Puts what was taken into the chart, unless it came too late for everyone who reads it: to be judged, and to be what later values
    /// are compared with.
    fn put(
        &self,
        state: &mut State,
        taken: Taken,
        now: Now,
        effects: &mut Effects,
        reason: Reason,
    ) -> Option<Touched> {
        let is_read = |issue: &QualityIssue| self.running.readers(issue.parameter).next().is_some();
        let quality = taken.quality.into_iter();
        effects.quality.extend(quality.filter(is_read));
        let mut all: Option<Touched> = None;
        let mut words = taken.words;
        for entry in taken.entries {
            // What lasts is known whenever it began.
            let lasts = entry.parameter.lasts();
            let is_late = |runs: &&Runs| !lasts && entry.at < now.watermark.minus(runs.late);
            let readers = || self.running.readers(entry.parameter);
            let late = readers().filter(is_late);
            effects.late_for.extend(late.map(|runs| runs.workload.name));
            if readers().all(|runs| is_late(&runs) && !runs.compares_with(&entry, now.watermark)) {
                continue;
            }
            let unusable = quality::finding(&state.chart, &entry, now);
            let from = match taken.is_first {
                true => state.chart.put_first(entry),
                false => state.chart.put(entry),
            };
            // Of a version that another one has replaced already nothing is said.
            if unusable.is_some() {
                let mut versions = state.chart.of_resource(entry.resource);
                let stands = versions.any(|held| held.event == entry.event);
                effects.findings.extend(unusable.filter(|_| stands));
            }
            let is_named = from.is_some() && entry.parameter == Parameter::FlaggedResult;
            if let Some(words) = words.take_if(|_| is_named) {
                state.chart.words.put(entry.resource, words);
            }
            if let Some(from) = from {
                let touched = Touched::parameter(entry.parameter, from, reason);
                match &mut all {
                    Some(all) => all.add(touched),
                    None => all = Some(touched),
                }
            }
        }
        all
    }
}

fn put_stay(state: &mut State, event: &Event, encounter: &Encounter) -> Option<Touched> {
    let mut stay = Stay::new(encounter, event.at, event.received);
    let held = state
        .stays
        .iter()
        .find(|held| held.resource == stay.resource);
    if let (None, Some(held)) = (encounter.start, held) {
        stay.start = held.start;
    }
    stay.pulse = held.and_then(|held| held.pulse);
    state
        .put_stay(stay)
        .then_some(Touched::everything(Reason::StayChanged))
}

fn put_person(state: &mut State, event: &Event, person: &Person) -> Option<Touched> {
    let facts = PersonFacts::new(person, event.received);
    let held = state.person;
    if facts.known < held.known {
        return None;
    }
    state.person = facts;
    let says = |of: PersonFacts| (of.born, of.male, of.deceased);
    let news = says(facts) != says(held);
    news.then_some(Touched::everything(Reason::PersonChanged))
}

const fn observation_reason(status: ObservationStatus) -> Reason {
    match status {
        ObservationStatus::EnteredInError => Reason::EnteredInError,
        ObservationStatus::Cancelled => Reason::Cancelled,
        ObservationStatus::Corrected | ObservationStatus::Amended => Reason::Corrected,
        ObservationStatus::Registered
        | ObservationStatus::Preliminary
        | ObservationStatus::Final
        | ObservationStatus::Unknown => Reason::LateData,
    }
}

/// How what an observation said before is taken back; one that is expected takes nothing back.
const fn withdrawal(status: ObservationStatus) -> Option<Withdrawal> {
    match status {
        ObservationStatus::Registered => None,
        ObservationStatus::Cancelled => Some(Withdrawal::Cancelled),
        ObservationStatus::EnteredInError
        | ObservationStatus::Preliminary
        | ObservationStatus::Final
        | ObservationStatus::Corrected
        | ObservationStatus::Amended
        | ObservationStatus::Unknown => Some(Withdrawal::EnteredInError),
    }
}

/// A new version takes back whatever the one before said and it does not.
fn withdraw_unsaid(
    state: &State,
    event: &Event,
    (resources, withdrawal): (&[u64], Withdrawal),
    taken: &mut Taken,
) {
    let said = |old: &Entry| {
        let mut new = taken.entries.iter();
        new.any(|new| (new.parameter, new.resource) == (old.parameter, old.resource))
    };
    let unsaid: Vec<Entry> = resources
        .iter()
        .flat_map(|resource| state.chart.of_resource(*resource))
        .filter(|old| !said(old))
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

/// Hands over what is known, takes back what was said, and leaves only where everything goes from now on.
fn retire(
    config: &Config,
    state: &mut State,
    event: &Event,
    survivor: PatientKey,
    now: Now,
    effects: &mut Effects,
) {
    let mut old = std::mem::replace(
        state,
        State {
            retired: Some(survivor),
            ..State::default()
        },
    );
    let touched = Touched {
        event: Some(event.id),
        ..Touched::everything(Reason::Merged)
    };
    let cause = Cause {
        config,
        patient: now.patient,
        known_at: now.received,
        timer: None,
        touched: &touched,
    };
    for workload in &WORKLOADS {
        publish(
            workload,
            &cause,
            EventTime::from_micros(i64::MIN),
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
        pending: None,
        wakes: State::default().wakes,
        ..old
    };
    let mut bytes = Vec::new();
    if facts.encode(&mut bytes) {
        effects.handover.push((survivor, bytes));
    }
}
