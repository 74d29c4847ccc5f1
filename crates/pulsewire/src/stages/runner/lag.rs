//! How much a stage has still to do, also where no task takes it in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use stream::Processor;

use super::{Stage, Turn};
use crate::clock::Stopwatch;
use crate::metrics::StageLabel;

/// How often the lag is asked for where asking is a question to brokers.
const LAG_EVERY: Duration = Duration::from_secs(2);

impl<P: Processor + 'static> Stage<P> {
    /// Tells how much there is to do before the first turn, which can be long.
    pub(super) fn tell_what_waits(&mut self) {
        let repeats = self.slots.values().filter_map(|slot| slot.task.as_ref());
        let repeats = repeats.map(|task| task.recovery().repeated);
        let restoring = repeats.fold(0, u64::saturating_add);
        let partitions: Vec<_> = self.slots.keys().copied().collect();
        if partitions.is_empty() {
            return;
        }
        if let Some(waits) = self.uncommitted(&partitions) {
            let lag = waits.saturating_add(restoring);
            self.health.lag.store(lag, Ordering::Relaxed);
            let label = StageLabel { stage: self.name };
            let told = self.shared.metrics.stage_lag.get_or_create(&label);
            told.set(i64::try_from(lag).unwrap_or(i64::MAX));
        }
        self.health.restoring.store(restoring, Ordering::Relaxed);
    }

    /// Asks how much there is still to come, where a task knows only of what has come, and where none takes anything in.
    pub(super) fn ask_lag(&mut self, turn: &mut Turn) {
        let is_shared = self.share.is_shared();
        let partitions = match is_shared {
            true => self.slots.keys().copied().collect(),
            false => std::mem::take(&mut turn.unknown),
        };
        if partitions.is_empty() {
            return;
        }
        let asked = self.lag_asked.map(Stopwatch::elapsed);
        if !is_shared || asked.is_none_or(|since| since >= LAG_EVERY) {
            self.lag_asked = Some(Stopwatch::start());
            self.lag_known = self.uncommitted(&partitions).unwrap_or(self.lag_known);
        }
        turn.lag = match is_shared {
            true => turn.lag.max(self.lag_known),
            false => turn.lag.saturating_add(self.lag_known),
        };
    }

    fn uncommitted(&self, partitions: &[u16]) -> Option<u64> {
        let (group, inputs) = (&self.spec.name, &self.spec.inputs);
        let lag = self.share.lag(group, inputs, partitions);
        let warn = |error: &journal::Error| tracing::warn!(stage = self.name, %error, "the lag is not known");
        lag.inspect_err(warn).ok()
    }
}
