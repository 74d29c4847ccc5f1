//! Throughput of emergency departments: where each visit stands, what is about to breach, how crowded a unit is.
//!
//! This is no workload of a patient's chart. A [`Board`] is the state of one hospital and holds the visits of many
//! patients, each as the milestones that were reported of it. Every number is computed from what the visits now say:
//! what is reported late, put right or taken back is then out of the counts and medians by itself.

mod board;
mod clock;
mod course;
mod crowding;
mod department;
mod patient;
mod sign;
mod standing;
mod visit;
mod wire;

pub use board::{Board, Change, MAX_VISITS, Signal, UnitBeds, UnitState};
pub use clock::{
    Clock, ClockError, ClockRule, Due, Stage, breached, own_clocks, parse_clocks, running,
};
pub use course::{Course, Heard, MAX_SNAPSHOTS};
pub use crowding::{Crowding, NedocsInputs, nedocs};
pub use department::{Department, NO_UNIT};
pub use patient::{Effects, Emergency, Input, PatientState};
pub use sign::{Says, Sign, SignRule, own_signs, parse_signs, signs};
pub use standing::Standing;
pub use visit::{Disposition, Milestone, Report, Said, Visit, VisitKey, whole_minutes};

/// The workload's name in findings.
pub const NAME: &str = "emergency";
