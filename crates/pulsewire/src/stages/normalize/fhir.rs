//! FHIR resources as they were received, to what they state.

use mapping::normalize::{RawInfo, State};
use stream::{Context, StepError};

use super::{NormalizeStage, UNSUPPORTED};

impl NormalizeStage {
    /// Takes in one resource.
    pub(super) fn resource(
        &self,
        _state: &mut State,
        _raw: &RawInfo<'_>,
        _cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let detail = "resources are not normalized in this version: they are kept and can be sent in again from here";
        Err(StepError::new(UNSUPPORTED, detail))
    }
}
