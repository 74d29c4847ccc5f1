//! Where a task without a changelog starts: from its store as far as that is true, else from the start of the journal.

use crate::time::{NO_WATERMARK, Watermark};
use crate::timers::Timers;
use crate::{ChangelogPosition, Head, Store, StoreBatch, TaskError};
use journal::{Bounds, Journal, Offset, TopicPartition};

/// How a task came by its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Why the store was not used and the state is made from the start of the journal, or of the changelog, if it is.
    pub rebuilt: Option<&'static str>,
    /// Records of the changelog that were taken into the store.
    pub restored: u64,
    /// Records that are stepped again, their outputs being committed already.
    pub repeated: u64,
    /// Records that retention removed before the state had taken them in: without them it is not whole.
    pub missing: u64,
}

/// Where to start.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The next offset of each input to be stepped.
    pub(crate) positions: Vec<Offset>,
    /// Before these offsets, outputs are committed already.
    pub(crate) committed: Vec<Offset>,
    pub(crate) watermark: Watermark,
    pub(crate) timers: Timers,
    pub(crate) recovery: Recovery,
}

/// Finds out where to start; wipes a store that does not tell the truth.
pub(crate) fn plan(
    journal: &dyn Journal,
    store: &mut impl Store,
    group: &str,
    inputs: &[TopicPartition],
) -> Result<Plan, TaskError> {
    let bounds = journal.bounds(inputs)?;
    let committed = committed(journal, group, inputs, &bounds)?;
    let (stored, watermark, rebuilt) = match trusted(store, inputs, &committed)? {
        Ok(head) => (head.offsets, head.watermark, None),
        Err(why) => {
            start_anew(store, None)?;
            let nothing_was_done = committed
                .iter()
                .zip(&bounds)
                .all(|(at, bounds)| *at <= bounds.start);
            (Vec::new(), NO_WATERMARK, (!nothing_was_done).then_some(why))
        }
    };
    let mut recovery = Recovery {
        rebuilt,
        ..Recovery::default()
    };
    let mut positions = Vec::with_capacity(inputs.len());
    for ((input, bounds), committed) in inputs.iter().zip(&bounds).zip(&committed) {
        let found = stored.iter().find(|(known, _)| known == input);
        let from = found.map_or(0, |(_, offset)| *offset);
        let position = from.max(bounds.start);
        recovery.missing += position - from;
        recovery.repeated += committed.saturating_sub(position);
        positions.push(position);
    }
    let timers = timers(store)?;
    let watermark = Watermark(watermark);
    Ok(Plan {
        positions,
        committed,
        watermark,
        timers,
        recovery,
    })
}

/// Gives what the group has committed of each input, or its start.
fn committed(
    journal: &dyn Journal,
    group: &str,
    inputs: &[TopicPartition],
    bounds: &[Bounds],
) -> Result<Vec<Offset>, TaskError> {
    let committed = journal.committed(group)?;
    let inputs = inputs.iter().zip(bounds);
    let positions =
        inputs.map(|(input, bounds)| committed.get(input).copied().unwrap_or(bounds.start));
    Ok(positions.collect())
}

/// Gives the store's head, or why it cannot be trusted.
fn trusted(
    store: &impl Store,
    inputs: &[TopicPartition],
    committed: &[Offset],
) -> Result<Result<Head, &'static str>, TaskError> {
    let Some(head) = store.head()? else {
        return Ok(Err("there is no state of this format"));
    };
    if head.changelog.is_some() {
        return Ok(Err("the state was kept with a changelog"));
    }
    for (input, stored) in &head.offsets {
        let Some(place) = inputs.iter().position(|known| known == input) else {
            return Ok(Err(
                "the state was made from an input that the stage no longer has",
            ));
        };
        if committed
            .get(place)
            .is_none_or(|committed| stored > committed)
        {
            return Ok(Err("the state is ahead of what the journal has committed"));
        }
    }
    Ok(Ok(head))
}

/// Empties a store; from here on it carries this version's mark, even before its first flush.
pub(crate) fn start_anew(
    store: &mut impl Store,
    changelog: Option<ChangelogPosition>,
) -> Result<Head, TaskError> {
    store.wipe()?;
    let head = Head {
        offsets: Vec::new(),
        watermark: NO_WATERMARK,
        changelog,
    };
    store.apply(StoreBatch {
        head: head.clone(),
        ..StoreBatch::default()
    })?;
    Ok(head)
}

/// Reads the timers that a store holds.
pub(crate) fn timers(store: &impl Store) -> Result<Timers, TaskError> {
    let mut timers = Timers::default();
    store.scan_timers(&mut |key, tag, at| timers.restore(key.into(), tag, at))?;
    Ok(timers)
}
