//! Starts one station.

use std::sync::Arc;

use stream::{Processor, StageSpec};

use super::Error;
use crate::engine::Engine;
use crate::stages::{self, Stage, StageHealth};
use crate::tasks::Tasks;
use crate::topics;

/// What a station is opened and started with.
pub(super) struct Opening<'a> {
    pub(super) journal: &'a Engine,
    pub(super) shared: Arc<stages::Shared>,
    pub(super) tasks: &'a Tasks,
}

impl Opening<'_> {
    pub(super) fn start<P: Processor + 'static>(
        &self,
        name: &'static str,
        spec: StageSpec,
        stage: P,
    ) -> Result<Arc<StageHealth>, Error> {
        let share = self
            .journal
            .share(&spec.name, &spec.inputs, &topics::one_by_one())?;
        let stage = Stage::open(name, spec, stage, share, &self.shared)?;
        let health = stage.health();
        stage.start(self.tasks)?;
        Ok(health)
    }
}
