//! The checkpoint thread: makes segments durable so that a commit file can be used again; and retention.

use crate::checkpoint::{self, Failure};
use crate::recovery::sync_segments;
use crate::segment::{cannot, path_of};
use crate::shared::Shared;
use crate::{Error, Offset, TopicPartition};
use std::sync::MutexGuard;
use std::time::Duration;

/// A checkpoint that the disk had no space for is tried again after this time.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Writes checkpoints when they are due, until it is told to stop.
pub(crate) fn run(shared: &Shared) {
    loop {
        let mut turn = shared.turns.lock();
        while !turn.due && !turn.stop {
            turn = shared.turns.wait(turn);
        }
        if turn.stop {
            return;
        }
        turn.due = false;
        drop(turn);
        if take(shared).is_err() && shared.poisoned().is_none() {
            let turn = shared.turns.lock();
            let waited = shared
                .turns
                .changed
                .wait_timeout_while(turn, RETRY_AFTER, |turn| !turn.stop);
            waited
                .expect("nothing panics while it holds the turn")
                .0
                .due = true;
        }
    }
}

/// Writes a checkpoint now and gives back the commit files that it makes free.
pub(crate) fn take(shared: &Shared) -> Result<(), Error> {
    let held = shared
        .checkpointing
        .lock()
        .expect("nothing panics while it writes a checkpoint");
    take_held(shared, &held)
}

fn take_held(shared: &Shared, _held: &MutexGuard<'_, ()>) -> Result<(), Error> {
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

/// Removes the segments that are too old or too many, oldest first, never the one that is written to.
pub(crate) fn retain(shared: &Shared, now: i64) -> Result<u64, Error> {
    let held = shared
        .checkpointing
        .lock()
        .expect("nothing panics while it writes a checkpoint");
    let removed = forget(shared, now);
    if removed.is_empty() {
        return Ok(0);
    }
    // The files go after the checkpoint that does not name them is durable: a crash between leaves files, not gaps.
    take_held(shared, &held)?;
    let mut records = 0_u64;
    for one in &removed {
        let path = path_of(&shared.files.dir, &one.partition, one.base);
        shared.files.close(&one.partition, one.base);
        shared
            .files
            .storage
            .remove(&path)
            .map_err(|error| cannot("remove", &path, error))?;
        records = records.saturating_add(one.end.saturating_sub(one.base));
        shared.counts.removed_unread_records.add(one.unread);
    }
    shared.counts.removed_records.add(records);
    Ok(records)
}

/// A segment that is not in the catalog any more.
struct Removed {
    partition: TopicPartition,
    base: Offset,
    end: Offset,
    /// Records that the slowest group had not read.
    unread: u64,
}

fn forget(shared: &Shared, now: i64) -> Vec<Removed> {
    let mut catalog = shared.catalog_mut();
    let catalog = &mut *catalog;
    let mut removed = Vec::new();
    for (name, partition) in &mut catalog.partitions {
        let Some(spec) = catalog.topics.get(&name.topic) else {
            continue;
        };
        let slowest = catalog
            .groups
            .values()
            .filter_map(|offsets| offsets.get(name))
            .min()
            .copied();
        while let (Some(oldest), Some(after)) =
            (partition.segments.front(), partition.segments.get(1))
        {
            let age = now.saturating_sub(oldest.received_max);
            let too_old = spec.retention.is_some_and(|limit| {
                i64::try_from(limit.as_micros()).is_ok_and(|limit| age > limit)
            });
            let too_many = spec
                .retention_bytes
                .is_some_and(|limit| partition.size_bytes() > limit);
            if !too_old && !too_many {
                break;
            }
            let (base, end) = (oldest.base, after.base);
            let unread = slowest.map_or(0, |slowest| end.saturating_sub(slowest.max(base)));
            removed.push(Removed {
                partition: name.clone(),
                base,
                end,
                unread,
            });
            partition.start = end;
            partition.segments.pop_front();
        }
    }
    removed
}
