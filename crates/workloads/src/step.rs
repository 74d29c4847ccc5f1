//! One input of one patient: what it changes in the chart, and what follows from that.

mod change;

use std::collections::BTreeSet;
use std::time::Duration;

use clinical::{
    Event, EventId, EventTime, Fact, Finding, Merge, MergeRole, PatientKey, ReceivedTime,
};
use smallvec::SmallVec;

use crate::chart::read;
use crate::config::hours;
use crate::revise::{Cause, publish};
use crate::risk::watch::Hour;
use crate::running::{Running, Runs};
use crate::sepsis_risk;
use crate::state::IDLE;
use crate::tables::Tables;
use crate::touched::Touched;
use crate::workload::{View, WORKLOADS, Workload};
use crate::{Config, DecodeError, Parameter, State};

/// All workloads with what they were configured to do.
#[derive(Clone, Debug)]
pub struct Workloads {
    config: Config,
    running: Running,
    tables: Tables,
}

/// What comes in.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A clinical fact, alone or the last of its message.
    Event(&'a Event),
    /// A clinical fact that another record of the same message follows: it is taken in, and concluded from with the rest.
    Part(&'a Event),
    /// The end of a message whose last record is no clinical fact.
    End,
    /// The time of a timer that was set before.
    Timer {
        /// Its tag.
        tag: &'a [u8],
        /// When it was due.
        at: EventTime,
    },
}

/// What the caller knows of the moment.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// How far clinical time has come on the partition.
    pub watermark: EventTime,
    /// When the input was accepted.
    pub received: ReceivedTime,
    /// Whose input it is.
    pub patient: PatientKey,
}

/// What follows from an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Findings, revisions and retractions.
    pub findings: Vec<Finding>,
    /// Timers by tag; nothing cancels one.
    pub timers: Vec<(Vec<u8>, Option<EventTime>)>,
    /// State for another identity of the same patient.
    pub handover: Vec<(PatientKey, Vec<u8>)>,
    /// The identity that this event belongs to now; nothing else was done with it.
    pub forward_to: Option<PatientKey>,
    /// The workloads that read the event and for which it came too late.
    pub late_for: BTreeSet<&'static str>,
    /// The hours that are over and that the model scored, where it is watched; each is told once.
    pub scored: Vec<Hour>,
    /// What could not be used, to be counted.
    pub quality: Vec<QualityIssue>,
}

/// A value that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityIssue {
    /// The event that brought it.
    pub event: EventId,
    /// What was measured.
    pub parameter: Parameter,
    /// What is wrong with it.
    pub kind: QualityKind,
    /// What is wrong and what to do, in words.
    pub hint: Box<str>,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QualityKind {
    /// Its unit is not known or measures something else.
    UnitRefused,
    /// No living patient has it.
    Implausible,
    /// It is words where a number is needed.
    NotANumber,
    /// It is an answer that is not on the list.
    NotUnderstood,
    /// It speaks of a time that cannot be.
    ImpossibleTime,
}

impl QualityKind {
    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UnitRefused => "unit-refused",
            Self::Implausible => "implausible",
            Self::NotANumber => "not-a-number",
            Self::NotUnderstood => "not-understood",
            Self::ImpossibleTime => "impossible-time",
        }
    }
}

/// An input that cannot be used; the state is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The state that another identity handed over cannot be read.
    #[error("the state handed over by a merge cannot be read: {0}")]
    Handover(#[from] DecodeError),
    /// A merge of a patient with itself.
    #[error("a patient cannot be merged with itself: refuse the merge at its source")]
    SelfMerge,
}

impl Workloads {
    /// Makes the workloads ready.
    pub fn new(config: Config) -> Self {
        Self {
            running: Running::of(&config),
            config,
            tables: Tables::new(),
        }
    }

    /// Takes one input of a patient.
    ///
    /// # Errors
    /// When the input cannot be used; the state is then as it was.
    pub fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), StepError> {
        if let Some(survivor) = state.retired {
            if !is_repeat_of_merge(input, survivor) {
                effects.forward_to = Some(survivor);
            }
            return Ok(());
        }
        let before = state.idle_at();
        self.advance(state, input, now, effects)?;
        let idle_at = state.idle_at();
        if idle_at != before && idle_at.is_none_or(|at| at > now.watermark) {
            effects.timers.push((IDLE.to_vec(), idle_at));
        }
        Ok(())
    }

    fn advance(
        &self,
        state: &mut State,
        input: Input<'_>,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), StepError> {
        if let Input::Event(event) | Input::Part(event) = input
            && let Some(touched) = self.take(state, event, now, effects)?
        {
            state.touch(Touched {
                event: Some(event.id),
                ..touched
            });
        }
        let due = self.due(state, input, now);
        // Of what a lost end leaves behind the next input concludes, whatever it is.
        let pending = match input {
            Input::Part(_) => return Ok(()),
            Input::End if state.pending.is_none() => return Ok(()),
            Input::Event(_) | Input::End | Input::Timer { .. } => state.pending.take(),
        };
        let timer = self.timer(state, input);
        state.expire(now.watermark, &self.running);
        for touched in pending.iter().chain(&timer) {
            self.conclude(state, input, now, touched, effects);
        }
        if let Some(due) = due {
            self.watch(state, due, now, effects);
        }
        Ok(())
    }

    /// Gives the workloads that run and read what an event says, in whatever state its patient is.
    pub fn readers(&self, event: &Event) -> impl Iterator<Item = &'static Workload> + use<'_> {
        let entries = match &event.fact {
            Fact::Observation(observation) => {
                read::observation(&self.config, &self.tables, event, observation).entries
            }
            Fact::Order(order) => read::order(&self.config, &self.tables, event, order).entries,
            Fact::Problem(problem) => {
                read::problem(&self.config, &self.tables, event, problem).entries
            }
            Fact::Encounter(_) | Fact::Person(_) | Fact::Merge(_) | Fact::Handover { .. } => {
                SmallVec::new()
            }
        };
        let running = self.running.iter().map(|runs| runs.workload);
        running.filter(move |workload| {
            let mut said = entries.iter().map(|entry| entry.parameter);
            said.any(|parameter| workload.reads.contains(&parameter))
        })
    }

    /// Gives when the learned risk was to look at the passing of time, where it is watched and that is now: whatever timer
    /// comes first, it looks at all hours that are over then.
    fn due(&self, state: &State, input: Input<'_>, now: Now) -> Option<(usize, EventTime)> {
        if !self.config.risk.watched {
            return None;
        }
        let mut places = WORKLOADS.iter();
        let place = places.position(|workload| workload.name == sepsis_risk::NAME)?;
        let own = WORKLOADS.get(place)?.tag;
        let at = match input {
            Input::Timer { tag, at } if tag == own => Some(at),
            Input::Event(_) | Input::Part(_) | Input::End | Input::Timer { .. } => {
                state.wakes.get(place).copied().flatten()
            }
        };
        at.filter(|at| *at <= now.watermark).map(|at| (place, at))
    }

    /// Tells the hours that are over since the learned risk was to look, as it scores them now, once it has looked.
    fn watch(&self, state: &State, due: (usize, EventTime), now: Now, effects: &mut Effects) {
        let (place, at) = due;
        let is_still_to_look = state.wakes.get(place).copied().flatten() == Some(at);
        if let Some(runs) = self.running.iter().find(|runs| runs.place == place)
            && !is_still_to_look
            && !state.person.deceased
        {
            let received = EventTime::from_micros(now.received.micros());
            let first = at.max(received.minus(runs.workload.late_window));
            let view = self.view(state, runs, now, &Touched::by_time(runs.workload));
            if runs.workload.adults && view.person.is_child(at) {
                return;
            }
            effects.scored.extend(sepsis_risk::scored(&view, first));
        }
    }

    /// Finds what has to look at the passing of time.
    fn timer(&self, state: &mut State, input: Input<'_>) -> Option<Touched> {
        let Input::Timer { tag, .. } = input else {
            return None;
        };
        let place = WORKLOADS.iter().position(|workload| workload.tag == tag)?;
        // A timer that fired is no longer set.
        *state.wakes.get_mut(place)? = None;
        WORKLOADS.get(place).map(Touched::by_time)
    }

    fn conclude(
        &self,
        state: &mut State,
        input: Input<'_>,
        now: Now,
        touched: &Touched,
        effects: &mut Effects,
    ) {
        let cause = Cause {
            config: &self.config,
            patient: now.patient,
            known_at: now.received,
            timer: match input {
                Input::Timer { tag, at } => Some((tag, at)),
                Input::Event(_) | Input::Part(_) | Input::End => None,
            },
            touched,
        };
        for runs in self.running.iter() {
            let (place, workload) = (runs.place, runs.workload);
            if !touched.concerns(workload) {
                continue;
            }
            let mut wake = None;
            if workload.after_death || !state.person.deceased {
                let view = self.view(state, runs, now, touched);
                let mut concluded = (workload.conclude)(&view);
                wake = concluded.wake;
                if workload.adults && view.person.is_child(now.watermark) {
                    // Whatever was told before that was known is taken back, however long ago.
                    concluded.from = EventTime::from_micros(i64::MIN);
                    concluded.conclusions.clear();
                } else if workload.adults {
                    let is_child = |at| view.person.is_child(at);
                    concluded.conclusions.retain(|one| !is_child(one.as_of));
                }
                publish(
                    workload,
                    &cause,
                    concluded.from,
                    concluded.conclusions,
                    &mut state.lines,
                    &mut effects.findings,
                );
            }
            set_timer(state, place, (wake, touched.from.is_none()), now, effects);
        }
    }

    fn view<'a>(&'a self, state: &'a State, runs: &Runs, now: Now, touched: &Touched) -> View<'a> {
        let window = now.watermark.minus(runs.revise);
        // Where entries were given up for room, what rests on them is left as it was published.
        let frozen = state
            .chart
            .floor
            .map_or(window, |floor| {
                let after = floor.plus(Duration::from_micros(1));
                window.max(after.plus(runs.workload.looks_back))
            })
            .min(now.watermark.minus(NEVER_FROZEN));
        View {
            config: &self.config,
            chart: &state.chart,
            person: &state.person,
            stays: &state.stays,
            lines: &state.lines,
            watermark: now.watermark,
            frozen,
            from: touched.from.unwrap_or(frozen),
        }
    }
}

/// Says whether an input repeats the merge that retired an identity; a timer of it is left from before.
fn is_repeat_of_merge(input: Input<'_>, survivor: PatientKey) -> bool {
    match input {
        Input::Event(event) | Input::Part(event) => {
            event.fact
                == Fact::Merge(Merge {
                    role: MergeRole::Retired,
                    other: survivor,
                })
        }
        Input::End => false,
        Input::Timer { .. } => true,
    }
}

/// However many entries a chart has, this much of the newest is scored.
const NEVER_FROZEN: Duration = hours(1);

/// Sets a workload's one timer. After a change that did not look at all of the window the one that is set stays if it
/// is earlier: to wake for nothing changes nothing.
fn set_timer(
    state: &mut State,
    place: usize,
    (wake, complete): (Option<EventTime>, bool),
    now: Now,
    effects: &mut Effects,
) {
    let (Some(slot), Some(workload)) = (state.wakes.get_mut(place), WORKLOADS.get(place)) else {
        return;
    };
    let held = slot.filter(|held| !complete && *held > now.watermark);
    let wanted = held.into_iter().chain(wake).min();
    if *slot != wanted {
        *slot = wanted;
        effects.timers.push((workload.tag.to_vec(), wanted));
    }
}

#[cfg(test)]
mod tests;
