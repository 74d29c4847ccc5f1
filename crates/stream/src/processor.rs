//! What a stage does with a record or a timer: the one thing that is written for each stage.

use crate::Context;
use journal::{RecordRef, TopicPartition};

/// A stage's decision: from a key's state and an input to a new state and effects, and nothing else.
///
/// It may use only what it is given: no clock, no randomness, no hash order. What it returns an error for, or panics
/// over, changes nothing and ends in quarantine.
pub trait Processor: Send + Sync {
    /// What is kept for each key; it is cloned before each step, so what is large and seldom changes is shared in it.
    type State: Clone + Default + Send;

    /// Takes in a record or a timer of the context's key.
    ///
    /// # Errors
    /// When the input cannot be used: state and timers stay as they were and nothing is emitted.
    fn step(
        &self,
        state: &mut Self::State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError>;

    /// Appends the state's versioned bytes; `false` means that it is worth nothing and equal to the default.
    fn encode(&self, state: &Self::State, out: &mut Vec<u8>) -> bool;

    /// Reads what [`Processor::encode`] of this or an earlier version wrote.
    ///
    /// # Errors
    /// When the bytes are not a state.
    fn decode(&self, bytes: &[u8]) -> Result<Self::State, StepError>;

    /// Hears that all its keys are another process's from now on: what it shows of them beside its outputs is not its to
    /// show any more.
    fn give_up(&self) {}
}

/// What a processor is given.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A record of the key.
    Record {
        /// Where it was read.
        from: &'a TopicPartition,
        /// The record.
        record: RecordRef<'a>,
    },
    /// A timer that the key had set.
    Timer {
        /// Its name.
        tag: &'a [u8],
        /// When it was due, in microseconds since the epoch in UTC.
        at: i64,
    },
}

/// Why an input could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct StepError {
    /// A stable code, such as `unknown-unit`.
    pub reason: &'static str,
    /// What was found and what to do; never content of the record.
    pub detail: String,
}

impl StepError {
    /// Names a reason and its details.
    pub fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}
