//! Adds durable records to their segments: for the commit thread, and for recovery.

use crate::bytes::u64_of;
use crate::catalog::{Added, Catalog};
use crate::files::Files;
use crate::segment::SEGMENT_HEADER_BYTES;
use crate::{Error, Group, Offset, Topic, TopicPartition, TopicSpec, limits};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

/// The end of every partition, and what is to be added there.
pub(crate) struct Appender {
    pub(crate) files: Arc<Files>,
    segment_bytes: u64,
    slots: Vec<Slot>,
    by_name: HashMap<TopicPartition, usize>,
    /// Slots with something to write.
    pending: Vec<usize>,
    written: Vec<Added>,
    topics: Vec<TopicSpec>,
    partitions_of: BTreeMap<Topic, u16>,
    offsets: Vec<(Group, TopicPartition, Offset)>,
}

/// One partition's end.
struct Slot {
    name: TopicPartition,
    end: Offset,
    /// Base offset and bytes of the segment that is written to.
    segment: Option<(Offset, u64)>,
    /// Where the last index mark stands.
    marked: u64,
    stored: Vec<u8>,
    first: Offset,
    marks: Vec<(Offset, usize)>,
    received_max: i64,
}

impl Appender {
    pub(crate) fn new(files: Arc<Files>, segment_bytes: u64, catalog: &Catalog) -> Self {
        let mut appender = Self {
            files,
            segment_bytes,
            slots: Vec::new(),
            by_name: HashMap::new(),
            pending: Vec::new(),
            written: Vec::new(),
            topics: Vec::new(),
            partitions_of: BTreeMap::new(),
            offsets: Vec::new(),
        };
        for spec in catalog.topics.values() {
            appender
                .partitions_of
                .insert(spec.name.clone(), spec.partitions);
        }
        for (name, partition) in &catalog.partitions {
            let segment = partition
                .segments
                .back()
                .map(|segment| (segment.base, segment.length));
            appender.add_slot(name.clone(), partition.end, segment);
        }
        appender
    }

    fn add_slot(&mut self, name: TopicPartition, end: Offset, segment: Option<(Offset, u64)>) {
        let slot = Slot {
            name: name.clone(),
            end,
            segment,
            // The first record behind an earlier process's gets a mark: what is before it is unknown.
            marked: 0,
            stored: Vec::new(),
            first: end,
            marks: Vec::new(),
            received_max: i64::MIN,
        };
        self.by_name.insert(name, self.slots.len());
        self.slots.push(slot);
    }

    pub(crate) fn find(&self, partition: &TopicPartition) -> Result<usize, Error> {
        let found = self.by_name.get(partition).copied();
        found.ok_or_else(|| Error::NoSuchPartition(partition.clone()))
    }

    pub(crate) fn name(&self, slot: usize) -> &TopicPartition {
        &self.slots.get(slot).expect("slots are never removed").name
    }

    /// Gives the offset of the next record and counts on.
    pub(crate) fn next_offset(&mut self, slot: usize) -> Offset {
        let slot = self.slots.get_mut(slot).expect("slots are never removed");
        let offset = slot.end;
        slot.end = slot.end.saturating_add(1);
        offset
    }

    /// Takes a stored record, whose offset was given by [`Self::next_offset`].
    pub(crate) fn push(&mut self, at: usize, stored: &[u8], offset: Offset, received_time: i64) {
        let slot = self.slots.get_mut(at).expect("slots are never removed");
        if slot.stored.is_empty() {
            slot.first = offset;
            self.pending.push(at);
        }
        let position = slot.stored.len();
        let last = slot.marks.last().map_or(0, |(_, position)| *position);
        let interval = crate::bytes::usize_of(u64::from(limits::INDEX_INTERVAL_BYTES));
        if position == 0 || position.saturating_sub(last) >= interval {
            slot.marks.push((offset, position));
        }
        slot.received_max = slot.received_max.max(received_time);
        slot.stored.extend_from_slice(stored);
    }

    /// Takes a group's position.
    pub(crate) fn push_offset(&mut self, group: Group, slot: usize, offset: Offset) {
        let name = self.name(slot).clone();
        self.offsets.push((group, name, offset));
    }

    /// Makes a topic's partitions, or checks that there are as many.
    pub(crate) fn check_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        match self.partitions_of.get(&spec.name) {
            Some(existing) if *existing != spec.partitions => Err(Error::Partitions {
                topic: spec.name.to_string(),
                existing: *existing,
                asked: spec.partitions,
            }),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn add_topic(&mut self, spec: TopicSpec) {
        for number in 0..spec.partitions {
            let name = TopicPartition::new(spec.name.clone(), number);
            if !self.by_name.contains_key(&name) {
                self.add_slot(name, 0, None);
            }
        }
        self.partitions_of
            .insert(spec.name.clone(), spec.partitions);
        self.topics.push(spec);
    }

    /// Counts the bytes that wait to be written.
    pub(crate) fn pending_bytes(&self) -> usize {
        let pending = self.pending.iter().filter_map(|at| self.slots.get(*at));
        pending.map(|slot| slot.stored.len()).sum()
    }

    /// Writes what was taken to the segments. When it fails it can be called again: nothing is written twice.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        while let Some(at) = self.pending.last() {
            let slot = self.slots.get_mut(*at).expect("slots are never removed");
            let added = slot.write(&self.files, self.segment_bytes)?;
            self.written.push(added);
            self.pending.pop();
        }
        Ok(())
    }

    /// Makes everything that was written visible.
    pub(crate) fn publish(&mut self, catalog: &mut Catalog, sequence: u64) {
        self.topics
            .drain(..)
            .for_each(|spec| catalog.add_topic(spec));
        self.written.drain(..).for_each(|added| catalog.add(added));
        for (group, partition, offset) in self.offsets.drain(..) {
            catalog
                .groups
                .entry(group)
                .or_default()
                .insert(partition, offset);
        }
        catalog.sequence = sequence;
    }
}

impl Slot {
    fn write(&mut self, files: &Files, segment_bytes: u64) -> io::Result<Added> {
        let more = u64_of(self.stored.len());
        let fits = |(_, length): &(Offset, u64)| length.saturating_add(more) <= segment_bytes;
        let (base, length, file) = match self.segment.filter(fits) {
            Some((base, length)) => (base, length, files.get(&self.name, base).map_err(into_io)?),
            None => (
                self.first,
                SEGMENT_HEADER_BYTES,
                files.create(&self.name, self.first)?,
            ),
        };
        file.write_at(&self.stored, length)?;
        if length == SEGMENT_HEADER_BYTES {
            self.marked = length;
        }
        let mut marks = Vec::new();
        for (offset, position) in self.marks.drain(..) {
            let position = length.saturating_add(u64_of(position));
            if position.saturating_sub(self.marked) >= u64::from(limits::INDEX_INTERVAL_BYTES) {
                marks.push((offset, position));
                self.marked = position;
            }
        }
        let length = length.saturating_add(more);
        self.segment = Some((base, length));
        let (partition, received_max) = (self.name.clone(), self.received_max);
        let end = self.end;
        self.stored.clear();
        self.stored.shrink_to(limits::GROUP_BYTES_MAX);
        self.received_max = i64::MIN;
        Ok(Added {
            partition,
            end,
            base,
            length,
            received_max,
            marks,
            sequence: 0,
        })
    }
}

fn into_io(error: Error) -> io::Error {
    match error {
        Error::Io { what, source } => io::Error::new(source.kind(), what),
        other => io::Error::other(other.to_string()),
    }
}
