//! Findings to alerts to deliveries due: what a person must see, and who is told.
//!
//! Everything is decided by [`Alerts::step`] from the patient's [`State`], one input and the time it is given.
//! It reads no clock and sends nothing: the caller publishes the alerts, sets the timers and carries out the deliveries.
#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm)]

pub mod step;

pub mod budget;
pub mod policy;
pub mod quiet;
pub mod rule;
pub mod state;

mod course;
mod episode;
mod heard;
mod hold;
mod lines;

mod bytes;
pub mod summary;

pub use heard::is_read_back;
pub use hold::{ACTION, held_because, was_told};
pub use policy::{AcknowledgeWithin, Policy, Route};
pub use state::{DecodeError, State};
pub use step::{
    Alerts, Effects, Input, Now, Refusal, Refused, StepError, Suppressed, Suppression, Timer,
};
pub use summary::summary;
