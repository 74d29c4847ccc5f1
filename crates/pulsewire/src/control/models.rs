//! From what is known to what a page shows.

pub(super) mod alert;
pub(super) mod authorizations;
pub(crate) mod care_gaps;
pub(super) mod codes;
pub(super) mod emergency;
pub(super) mod finding;
pub(crate) mod held;
pub(super) mod message;
pub(super) mod overview;
pub(super) mod patient;
pub(super) mod quarantine;
pub(crate) mod risk;
pub(crate) mod sources;
pub(crate) mod workload;

pub(crate) use overview::totals;

/// A severity as pages show it.
fn severity(severity: clinical::Severity) -> ui::Severity {
    match severity {
        clinical::Severity::None => ui::Severity::None,
        clinical::Severity::Low => ui::Severity::Low,
        clinical::Severity::Medium => ui::Severity::Medium,
        clinical::Severity::High => ui::Severity::High,
        clinical::Severity::Critical => ui::Severity::Critical,
    }
}

/// An alert's state as pages show it.
fn state(state: clinical::AlertState) -> ui::AlertState {
    match state {
        clinical::AlertState::Open => ui::AlertState::Open,
        clinical::AlertState::Acknowledged => ui::AlertState::Acknowledged,
        clinical::AlertState::Resolved => ui::AlertState::Resolved,
        clinical::AlertState::Retracted => ui::AlertState::Retracted,
    }
}
