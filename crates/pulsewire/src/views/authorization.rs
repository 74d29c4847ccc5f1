//! How prior authorizations stand, as the pages show them.

use journal::RecordRef;

use super::Views;
use crate::stages::AuthorizationTold;

/// So many authorizations are kept; beyond it the one that was decided first goes.
const AUTHORIZATIONS_MAX: usize = 20_000;

impl Views {
    pub(super) fn take_authorization(&mut self, record: &RecordRef<'_>) {
        if let Some(told) = record.value.and_then(AuthorizationTold::from_json) {
            let key = (told.patient.clone(), told.case.clone());
            if told.outcome == "withdrawn" {
                self.authorizations.remove(&key);
            } else {
                self.authorizations.insert(key, told);
            }
        }
        if self.authorizations.len() > AUTHORIZATIONS_MAX {
            let ended = self
                .authorizations
                .iter()
                .filter_map(|(key, told)| Some((told.final_response_time.clone()?, key.clone())));
            if let Some((_, key)) = ended.min() {
                self.authorizations.remove(&key);
            }
        }
    }
}
