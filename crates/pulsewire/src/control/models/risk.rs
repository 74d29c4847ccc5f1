//! How learned models stand, as JSON for scripts: what each station said last.

use serde::{Deserialize, Serialize};

use crate::control::Control;
use crate::stages::RiskStatus;

/// What a process tells of its learned models.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RiskTold {
    pub(crate) now: String,
    /// Whether the configuration has any that is watched.
    pub(crate) watched: bool,
    pub(crate) models: Vec<RiskStatus>,
}

/// Says how they stand.
pub(in crate::control) fn told(control: &Control) -> RiskTold {
    RiskTold {
        now: control.clock.now().to_string(),
        watched: control.config.workloads.risk_watched,
        models: control.views.read().risk.values().cloned().collect(),
    }
}
