//! X12 transaction sets to the claims, coverages and answers that they state.

use mapping::normalize::{RawInfo, State};
use stream::{Context, StepError};

use super::{NormalizeStage, UNSUPPORTED};

impl NormalizeStage {
    /// Takes in one transaction set.
    pub(super) fn transaction_set(
        &self,
        _state: &mut State,
        _raw: &RawInfo<'_>,
        _cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let detail = "transaction sets are not normalized in this version: they are kept and can be sent in again from here";
        Err(StepError::new(UNSUPPORTED, detail))
    }
}
