//! The checkpoint thread: makes segments durable so that a commit file can be used again.

use crate::checkpoint::{self, Failure};
use crate::recovery::sync_segments;
use crate::shared::{Shared, Turn};
use crate::{Error, Offset, TopicPartition};
use std::sync::MutexGuard;
use std::time::Duration;

/// A checkpoint that the disk had no space for is tried again after this time.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// What was written is in a checkpoint after this time: for readers beside this process, and a quick next start.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// Writes checkpoints when they are due, until it is told to stop.
pub(crate) fn run(shared: &Shared) {
    let mut written = 0;
    loop {
        let turn = wait(shared, CHECKPOINT_EVERY, |turn| !turn.due && !turn.stop);
        let (due, stop) = (turn.due, turn.stop);
        drop(turn);
        if stop {
            return;
        }
        let sequence = shared.catalog().sequence;
        if !due && sequence == written {
            continue;
        }
        shared.turns.lock().due = false;
        match take(shared) {
            Ok(()) => written = sequence,
            Err(_) if shared.poisoned().is_some() => {}
            Err(_) => wait(shared, RETRY_AFTER, |turn| !turn.stop).due = true,
        }
    }
}

fn wait(
    shared: &Shared,
    at_most: Duration,
    while_true: impl Fn(&Turn) -> bool,
) -> MutexGuard<'_, Turn> {
    let turns = &shared.turns;
    let waited = turns
        .changed
        .wait_timeout_while(turns.lock(), at_most, |turn| while_true(turn));
    waited.expect("nothing panics while it holds the turn").0
}

/// Writes a checkpoint now and gives back the commit files that it makes free.
pub(crate) fn take(shared: &Shared) -> Result<(), Error> {
    let held = shared
        .checkpointing
        .lock()
        .expect("nothing panics while it writes a checkpoint");
    take_held(shared, &held)
}

pub(crate) fn take_held(shared: &Shared, _held: &MutexGuard<'_, ()>) -> Result<(), Error> {
    if let Some(error) = shared.poisoned() {
        return Err(error);
    }
    let (next, dirty, grown) = {
        let mut catalog = shared.catalog_mut();
        let (dirty, grown) = (
            std::mem::take(&mut catalog.dirty),
            std::mem::take(&mut catalog.grown),
        );
        let kept = |(name, base): &(TopicPartition, Offset)| {
            let partition = catalog.partitions.get(name);
            partition
                .is_some_and(|partition| partition.segments.iter().any(|one| one.base == *base))
        };
        let dirty = dirty.into_iter().filter(kept).collect();
        (
            catalog.checkpoint(shared.files.id, shared.generation),
            dirty,
            grown,
        )
    };
    let synced = sync_segments(&shared.files, &dirty, &grown);
    let written = synced.map_err(Failure::Fatal).and_then(|syncs| {
        shared.counts.syncs.add(syncs.saturating_add(2));
        checkpoint::write(&*shared.files.storage, &shared.files.dir, &next)
    });
    match written {
        Ok(()) => {}
        Err(Failure::Postponed(error)) => {
            let mut catalog = shared.catalog_mut();
            catalog.dirty.extend(dirty);
            catalog.grown.extend(grown);
            return Err(error);
        }
        Err(Failure::Fatal(error)) => {
            shared.poison(&error);
            return Err(error);
        }
    }
    shared.counts.checkpoints.add(1);
    let mut turn = shared.turns.lock();
    for needed in &mut turn.needed {
        *needed = needed.filter(|last| *last > next.sequence);
    }
    drop(turn);
    shared.turns.changed.notify_all();
    Ok(())
}
