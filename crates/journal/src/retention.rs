//! Retention: whole segments go, by time and by size, oldest first.

use crate::segment::{cannot, path_of};
use crate::shared::Shared;
use crate::{Error, Group, Offset, TopicPartition, checkpointer};
use std::collections::BTreeMap;

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
    checkpointer::take_held(shared, &held)?;
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
        let slowest = slowest(&catalog.groups, name);
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

/// Gives how far the slowest of the groups that read a topic has come in a partition of it.
fn slowest(
    groups: &BTreeMap<Group, BTreeMap<TopicPartition, Offset>>,
    partition: &TopicPartition,
) -> Option<Offset> {
    let readers = groups
        .values()
        .filter(|offsets| offsets.keys().any(|one| one.topic == partition.topic));
    readers
        .map(|offsets| offsets.get(partition).copied().unwrap_or(0))
        .min()
}
