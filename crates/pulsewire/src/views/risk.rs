//! How learned models stand, as they were told last.

use journal::RecordRef;

use super::Views;
use crate::stages::RiskStatus;

impl Views {
    pub(super) fn take_risk(&mut self, record: &RecordRef<'_>) {
        if let Some(told) = record.value.and_then(RiskStatus::from_json) {
            self.risk.insert(told.workload.clone(), told);
        }
    }
}

/// Whether what a workload finds is about nobody: a source, or a model.
pub(crate) fn is_of_nobody(workload: &str) -> bool {
    [alerts::quiet::WORKLOAD, workloads::risk::watch::WATCHER].contains(&workload)
}

/// Whether a condition is that of a model.
pub(crate) fn is_of_a_model(condition: &str) -> bool {
    condition.starts_with(workloads::risk::watch::CONDITION)
}
