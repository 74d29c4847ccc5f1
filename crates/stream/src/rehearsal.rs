//! One record stepped on a copy of its key's state, to see what would become of it; nothing is kept.

use crate::spec::StageSpec;
use crate::stepper::Stepper;
use crate::{Processor, Store, TaskError};
use journal::{Record, RecordRef, TopicPartition};
use std::sync::Arc;

/// Steps a record as the stage would, and gives what it would write: what it could not use is a record for quarantine.
///
/// Only the state of the record's own key is looked at, as the store has it; timers are not.
///
/// # Errors
/// When the stored state cannot be read.
pub fn rehearse<P: Processor>(
    processor: Arc<P>,
    spec: &StageSpec,
    store: &impl Store,
    from: &TopicPartition,
    record: RecordRef<'_>,
) -> Result<Vec<(TopicPartition, Record)>, TaskError> {
    let inputs = std::slice::from_ref(from);
    let mut stepper = Stepper::new(processor, spec.clone(), inputs);
    stepper.record(store, (0, from), record)?;
    Ok(stepper.effects.records)
}
