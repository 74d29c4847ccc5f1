//! One step at a time: load the key's state, let the processor decide, keep what it did or none of it.

use crate::breaker::Breaker;
use crate::context::{Context, Effects, Sides};
use crate::processor::{Input, Processor, StepError};
use crate::quarantine::{quarantined_record, quarantined_timer};
use crate::resident::Resident;
use crate::spec::{StageSpec, late_topic, quarantine_topic};
use crate::time::{NO_WATERMARK, Watermark};
use crate::timers::{Due, Timers};
use crate::{Counters, Key, Store, StoreBatch, TaskError};
use journal::{RecordRef, TopicPartition};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A timer may set one that is due at once, that one another, and so on; a longer chain than this is a mistake.
const TIMER_CHAIN_MAX: u32 = 100_000;

/// The states, timers and time of a partition, and what steps do to them.
pub(crate) struct Stepper<P: Processor> {
    processor: Arc<P>,
    spec: StageSpec,
    partition: u16,
    sides: Vec<Sides>,
    pub(crate) resident: Resident<P::State>,
    pub(crate) timers: Timers,
    pub(crate) watermark: Watermark,
    received: i64,
    pub(crate) effects: Effects,
    /// Whether what steps bring about was committed by an earlier run.
    pub(crate) repeating: bool,
    pub(crate) counters: Counters,
    failures: Failures,
    pub(crate) breaker: Option<Breaker>,
}

/// How many different keys failed one after the other.
#[derive(Debug, Default)]
struct Failures {
    in_a_row: u32,
    last: Option<Key>,
}

/// What a step is about, besides its input.
#[derive(Clone, Copy)]
struct Cause {
    /// The input whose side topics are used.
    input: usize,
    /// See [`Due::depth`].
    depth: u32,
}

impl<P: Processor> Stepper<P> {
    /// Starts with no state at all.
    pub(crate) fn new(processor: Arc<P>, spec: StageSpec, inputs: &[TopicPartition]) -> Self {
        let sides = |from: &TopicPartition| Sides {
            from: from.clone(),
            late: late_topic(&from.topic),
            quarantine: quarantine_topic(&from.topic),
        };
        Self {
            processor,
            spec,
            partition: inputs.first().map_or(0, |input| input.partition),
            sides: inputs.iter().map(sides).collect(),
            resident: Resident::default(),
            timers: Timers::default(),
            watermark: Watermark(NO_WATERMARK),
            received: NO_WATERMARK,
            effects: Effects::default(),
            repeating: false,
            counters: Counters::default(),
            failures: Failures::default(),
            breaker: None,
        }
    }

    /// Gives the stage that it runs.
    pub(crate) fn spec(&self) -> &StageSpec {
        &self.spec
    }

    /// Counts the different keys that failed one after the other.
    pub(crate) fn failed_keys_in_a_row(&self) -> u32 {
        self.failures.in_a_row
    }

    /// Tells the reason for which nothing more is to be taken in for now.
    pub(crate) fn resting_for(&self) -> Option<&'static str> {
        self.breaker.as_ref().and_then(Breaker::resting_for)
    }

    /// Tells whether a record is to wait: where most failed before it, it is tried on a copy of its key's state, of which nothing
    /// is kept.
    pub(crate) fn must_wait(
        &mut self,
        store: &impl Store,
        (input, from): (usize, &TopicPartition),
        record: RecordRef<'_>,
    ) -> Result<bool, TaskError> {
        // What is only repeated was taken in before.
        let is_to_be_taken = self.repeating || record.key.is_empty();
        let is_at_brink = |breaker: &Breaker| breaker.is_at_brink(&record);
        if is_to_be_taken || !self.breaker.as_ref().is_some_and(is_at_brink) {
            return Ok(false);
        }
        let slot = self.load(store, record.key)?;
        let outcome = self.try_out(slot, (input, from), record);
        let failed = outcome.err().map(|error| error.reason);
        let breaker = self.breaker.as_mut();
        Ok(breaker.is_some_and(|breaker| breaker.tried(failed)))
    }

    /// Steps a key and takes everything back; what steps count, this one does not.
    fn try_out(
        &mut self,
        at: usize,
        (input, from): (usize, &TopicPartition),
        record: RecordRef<'_>,
    ) -> Result<(), StepError> {
        let (mark, times) = (self.effects.mark(), (self.watermark, self.received));
        let before = self.resident.slot(at).state.clone();
        self.received = record.received_time;
        self.watermark
            .observe(record.event_time, record.received_time);
        self.repeating = true;
        let outcome = self.call(at, Input::Record { from, record }, input);
        self.repeating = false;
        (self.watermark, self.received) = times;
        self.resident.slot(at).state = before;
        self.effects.timers.clear();
        self.effects.reset(mark);
        outcome
    }

    /// Takes in one record: its time, then the timers that are due by then, then the record itself.
    pub(crate) fn record(
        &mut self,
        store: &impl Store,
        (input, from): (usize, &TopicPartition),
        record: RecordRef<'_>,
    ) -> Result<(), TaskError> {
        self.counters.records += 1;
        self.received = record.received_time;
        self.watermark
            .observe(record.event_time, record.received_time);
        while let Some(due) = self.timers.pop(self.watermark.0) {
            self.fire(store, &due)?;
        }
        let is_tick = record.key.is_empty();
        if is_tick {
            return Ok(());
        }
        let slot = self.load(store, record.key)?;
        let cause = Cause { input, depth: 0 };
        let outcome = self.step(slot, Input::Record { from, record }, cause);
        self.counters.steps += 1;
        // What is only repeated was judged when it was new.
        if let Some(breaker) = self.breaker.as_mut().filter(|_| !self.repeating) {
            breaker.note(&record, outcome.as_ref().err().map(|error| error.reason));
        }
        if let Err(error) = outcome {
            let copy = quarantined_record(&self.spec, from, &record, &error);
            let key = self.resident.slot(slot).key.clone();
            self.quarantine(input, copy, key);
        }
        Ok(())
    }

    /// Encodes what has changed since the last time.
    pub(crate) fn take_changes(&mut self) -> StoreBatch {
        let (processor, mut scratch) = (&self.processor, Vec::new());
        let states = self.resident.take_changes(|state| {
            scratch.clear();
            processor
                .encode(state, &mut scratch)
                .then(|| scratch.as_slice().into())
        });
        StoreBatch {
            states,
            timers: self.timers.take_changes(),
            ..StoreBatch::default()
        }
    }

    fn fire(&mut self, store: &impl Store, due: &Due) -> Result<(), TaskError> {
        let slot = match self.resident.find(&due.key) {
            Some(slot) => slot,
            None => self.load(store, &due.key)?,
        };
        // A timer has no input of its own: its side topics are those of the first one.
        let cause = Cause {
            input: 0,
            depth: due.depth,
        };
        let outcome = self.step(
            slot,
            Input::Timer {
                tag: &due.tag,
                at: due.at,
            },
            cause,
        );
        self.counters.timers_fired += 1;
        if let Err(error) = outcome {
            let timer = (due.at, &due.key, &due.tag);
            let record = quarantined_timer(&self.spec, timer, self.received, &error);
            self.quarantine(0, record, due.key.clone());
        }
        Ok(())
    }

    fn load(&mut self, store: &impl Store, key: &[u8]) -> Result<usize, TaskError> {
        if let Some(slot) = self.resident.find(key) {
            return Ok(slot);
        }
        let (state, stored_bytes) = match store.get(key)? {
            Some(bytes) => (self.processor.decode(&bytes)?, bytes.len()),
            None => (P::State::default(), 0),
        };
        Ok(self.resident.insert(key.into(), state, stored_bytes))
    }

    /// Steps a key; what fails leaves no trace.
    fn step(&mut self, at: usize, input: Input<'_>, cause: Cause) -> Result<(), StepError> {
        let mark = self.effects.mark();
        let before = self.resident.slot(at).state.clone();
        let outcome = self.call(at, input, cause.input);
        let depth = match self.chained(&input) {
            true => cause.depth + 1,
            false => 0,
        };
        let outcome = outcome.and_then(|()| check_chain(depth));
        if outcome.is_err() {
            self.resident.slot(at).state = before;
            self.effects.reset(mark);
            return outcome;
        }
        let key = self.resident.slot(at).key.clone();
        self.timers.apply(&key, &self.effects.timers, depth);
        self.resident.touch(at);
        self.failures = Failures::default();
        self.settle_effects(mark);
        Ok(())
    }

    /// Lets the processor decide; a panic is a failure like others.
    fn call(&mut self, at: usize, input: Input<'_>, of: usize) -> Result<(), StepError> {
        let slot = self.resident.slot(at);
        self.effects.timers.clear();
        let mut cx = Context {
            key: &slot.key,
            watermark: self.watermark.0,
            received: self.received,
            repeating: self.repeating,
            partition: self.partition,
            spec: &self.spec,
            side: self.sides.get(of).expect("an input of this task"),
            effects: &mut self.effects,
        };
        // Unwinding leaves nothing half done: the state is put back and the effects are taken out below.
        let call = AssertUnwindSafe(|| self.processor.step(&mut slot.state, input, &mut cx));
        let outcome = catch_unwind(call).unwrap_or_else(|_| Err(panicked()));
        let refused = self.effects.refused.take();
        outcome.and_then(|()| refused.map_or(Ok(()), Err))
    }

    /// Tells whether a timer has set one that is due at once.
    fn chained(&self, input: &Input<'_>) -> bool {
        let at_once = |at: Option<i64>| at.is_some_and(|at| at <= self.watermark.0);
        matches!(input, Input::Timer { .. })
            && self.effects.timers.iter().any(|(_, at)| at_once(at))
    }

    /// Counts what a step brought about; an earlier run has committed it already if this one repeats.
    fn settle_effects(&mut self, mark: crate::context::Mark) {
        if self.repeating {
            self.effects.reset(mark);
            self.counters.repeated += 1;
        } else {
            self.counters.emitted += (self.effects.records.len() - mark.records) as u64;
        }
    }

    fn quarantine(&mut self, input: usize, record: journal::Record, key: Key) {
        if self.failures.last.as_ref() != Some(&key) {
            self.failures.in_a_row += 1;
            self.failures.last = Some(key);
        }
        if self.repeating {
            self.counters.repeated += 1;
            return;
        }
        self.counters.quarantined += 1;
        let side = self.sides.get(input).expect("an input of this task");
        let (topic, partition) = (side.quarantine.clone(), self.partition);
        self.effects
            .push(TopicPartition { topic, partition }, record);
    }
}

fn check_chain(depth: u32) -> Result<(), StepError> {
    if depth <= TIMER_CHAIN_MAX {
        return Ok(());
    }
    let detail =
        format!("{TIMER_CHAIN_MAX} timers in a row set one that is due at once: set it later");
    Err(StepError::new("timer-chain", detail))
}

/// The panic's own message stays out: it may quote what was in the record.
fn panicked() -> StepError {
    StepError::new(
        "panicked",
        "the step broke off at a broken invariant; the process's log names the place",
    )
}
