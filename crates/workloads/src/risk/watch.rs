//! Whether a model is still to be relied on: its hours until their outcome is known, and all of them held against what it was trained on.
//!
//! Of a patient, [`Outcomes`] keeps each hour that was scored, as it was scored then, until it can be known whether sepsis
//! followed. Of all patients, a [`Board`] counts what came in and what came true, and lets a [`Challenger`] learn beside the
//! model. None of it changes what the model says: a person reads it and decides.

mod hour;

mod outcome;

mod inputs;

mod window;

mod challenger;

mod board;

mod wire;

/// What concludes that a model drifts.
pub const WATCHER: &str = "model-watch";
/// What the conditions of models that drift begin with; behind it stands what drifts.
pub const CONDITION: &str = "model-drift";
/// The workload that says when sepsis began.
pub const TRUTH: &str = "sepsis-3";

pub use board::{Board, Drift, MAX_WAITING, News, Standing};
pub use challenger::{Challenger, LEAST_LEARNED};
pub use hour::{Hour, Row};
pub use inputs::{
    InputDrift, LEAST_PATIENTS, LEAST_RECENT_PATIENTS, MAX_PATIENTS, MissingShare, RECENT_DAYS,
    UnitMoved, WINDOW_DAYS,
};
pub use outcome::{
    Because, Example, Feedback, HORIZON, Heard, LABEL_DELAY, MAX_ALERTS, MAX_HOURS, MAX_ONSETS,
    Outcome, Outcomes, Raised, SETTLED,
};
pub use window::{MAX_JUDGED, Quality, Said};
