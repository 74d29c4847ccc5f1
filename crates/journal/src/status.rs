//! What a journal tells about itself, for metrics and pages.

use crate::{Bounds, Group, Offset, TopicPartition};
use std::collections::BTreeMap;

/// One partition, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Which one.
    pub partition: TopicPartition,
    /// What can be read.
    pub bounds: Bounds,
    /// How many bytes its records take.
    pub bytes: u64,
    /// How many segments they are in.
    pub segments: usize,
}

/// How much room the disk has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disk {
    /// Enough.
    #[default]
    Enough,
    /// Below the warning; writes are still taken.
    Low,
    /// Below the limit; writes are refused until there is space.
    Full,
}

/// What was done since this process opened the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Writes that became durable.
    pub writes: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes written to the commit file.
    pub commit_bytes: u64,
    /// Groups of writes, each durable by one sync.
    pub groups: u64,
    /// Syncs of any file.
    pub syncs: u64,
    /// Checkpoints written.
    pub checkpoints: u64,
    /// Writes refused because the disk was full.
    pub refused_disk_full: u64,
    /// Records that retention removed.
    pub removed_records: u64,
    /// Records that retention removed though a group had not read them: each is a reason to alarm.
    pub removed_unread_records: u64,
}

/// The journal as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The version of the files.
    pub format_version: u16,
    /// What tells this journal's files from those of another.
    pub journal_id: String,
    /// The number of the newest write.
    pub newest: u64,
    /// Records that can be read.
    pub records: u64,
    /// Bytes they take.
    pub bytes: u64,
    /// Every partition, by topic.
    pub partitions: Vec<PartitionStatus>,
    /// Where each group will read on.
    pub groups: BTreeMap<Group, BTreeMap<TopicPartition, Offset>>,
    /// What was done.
    pub counters: Counters,
    /// Writes that wait for their commit.
    pub queued_writes: usize,
    /// Bytes that wait for their commit.
    pub queued_bytes: usize,
    /// The room on the disk.
    pub disk: Disk,
    /// The bytes free on the disk when it was last asked.
    pub disk_free_bytes: u64,
    /// Why the journal stopped, if it did.
    pub poisoned: Option<String>,
}

impl Status {
    /// Tells what a catalog holds.
    pub(crate) fn of(catalog: &crate::catalog::Catalog, format_version: u16) -> Self {
        let partitions = catalog.status();
        let records = |one: &PartitionStatus| one.bounds.end.saturating_sub(one.bounds.start);
        Self {
            format_version,
            newest: catalog.sequence,
            records: partitions.iter().map(records).sum(),
            bytes: partitions.iter().map(|one| one.bytes).sum(),
            partitions,
            groups: catalog.groups.clone(),
            ..Self::default()
        }
    }
}

/// Writes an id as hexadecimal digits.
pub(crate) fn hex(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}
