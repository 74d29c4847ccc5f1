//! What can be read: topics, partitions, their segments and the positions of groups, as of one moment.

use crate::checkpoint::{Checkpoint, Kept};
use crate::index::{Gap, Index, Place};
use crate::segment::Segment;
use crate::{Bounds, Error, Group, Offset, PartitionStatus, Topic, TopicPartition, TopicSpec};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The readable state of a journal; one write of it makes a whole group of writes visible.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) topics: BTreeMap<Topic, TopicSpec>,
    pub(crate) partitions: BTreeMap<TopicPartition, Partition>,
    pub(crate) groups: BTreeMap<Group, BTreeMap<TopicPartition, Offset>>,
    /// The number of the newest entry that is visible.
    pub(crate) sequence: u64,
    /// Segments that were written to since the last checkpoint.
    pub(crate) dirty: BTreeSet<(TopicPartition, Offset)>,
    /// Partitions that got a segment since the last checkpoint.
    pub(crate) grown: BTreeSet<TopicPartition>,
}

/// One partition's segments.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    pub(crate) start: Offset,
    pub(crate) end: Offset,
    pub(crate) segments: VecDeque<Segment>,
}

/// Records that were added to the end of one partition.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) partition: TopicPartition,
    pub(crate) end: Offset,
    /// The segment they are in.
    pub(crate) base: Offset,
    pub(crate) length: u64,
    pub(crate) received_max: i64,
    pub(crate) marks: Vec<(Offset, u64)>,
    /// The number of the newest write among them, where it is not told otherwise.
    pub(crate) sequence: u64,
}

/// Where an offset is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Located {
    /// It is the end: there is nothing yet.
    End,
    /// It is in this segment, which has so many bytes.
    In {
        base: Offset,
        length: u64,
        place: Place,
    },
}

impl Partition {
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            start: self.start,
            end: self.end,
        }
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.length).sum()
    }

    fn kept(&self) -> Kept {
        let segments = self.segments.iter();
        let segments = segments
            .map(|one| (one.base, one.length, one.received_max))
            .collect();
        let hints = self
            .segments
            .back()
            .map(|last| last.index.hints(last.length))
            .unwrap_or_default();
        Kept {
            start: self.start,
            end: self.end,
            segments,
            hints,
        }
    }

    fn locate(&self, offset: Offset) -> Option<Located> {
        if offset < self.start || offset > self.end {
            return None;
        }
        if offset == self.end {
            return Some(Located::End);
        }
        let after = self
            .segments
            .partition_point(|segment| segment.base <= offset);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let place = segment.index.find(segment.base, offset);
        Some(Located::In {
            base: segment.base,
            length: segment.length,
            place,
        })
    }
}

impl Catalog {
    /// Finds where an offset is.
    pub(crate) fn locate(&self, at: &TopicPartition, offset: Offset) -> Result<Located, Error> {
        let partition = self.partition(at)?;
        let Bounds { start, end } = partition.bounds();
        let outside = || Error::OutOfRange {
            at: at.clone(),
            asked: offset,
            start,
            end,
        };
        partition.locate(offset).ok_or_else(outside)
    }

    pub(crate) fn partition(&self, name: &TopicPartition) -> Result<&Partition, Error> {
        self.partitions
            .get(name)
            .ok_or_else(|| Error::NoSuchPartition(name.clone()))
    }

    /// Tells what is kept of a partition.
    pub(crate) fn kept(&self, name: &TopicPartition) -> Result<Kept, Error> {
        Ok(self.partition(name)?.kept())
    }

    /// Tells whether a topic is there as asked for.
    pub(crate) fn has_topic(&self, spec: &TopicSpec) -> Result<bool, Error> {
        let Some(known) = self.topics.get(&spec.name) else {
            return Ok(false);
        };
        if known.partitions != spec.partitions {
            let (existing, asked) = (known.partitions, spec.partitions);
            return Err(Error::Partitions {
                topic: spec.name.to_string(),
                existing,
                asked,
            });
        }
        Ok(known == spec)
    }

    pub(crate) fn add_topic(&mut self, spec: TopicSpec) {
        for number in 0..spec.partitions {
            self.partitions
                .entry(TopicPartition::new(spec.name.clone(), number))
                .or_default();
        }
        self.topics.insert(spec.name.clone(), spec);
    }

    pub(crate) fn add(&mut self, added: Added) {
        let name = added.partition;
        let partition = self.partitions.entry(name.clone()).or_default();
        partition.end = added.end;
        if partition
            .segments
            .back()
            .is_none_or(|segment| segment.base != added.base)
        {
            let (base, received_max) = (added.base, i64::MIN);
            let segment = Segment {
                base,
                length: 0,
                received_max,
                index: Index::default(),
            };
            partition.segments.push_back(segment);
            self.grown.insert(name.clone());
        }
        if let Some(segment) = partition.segments.back_mut() {
            segment.length = added.length;
            segment.received_max = segment.received_max.max(added.received_max);
            segment.index.add(added.base, &added.marks);
        }
        self.dirty.insert((name, added.base));
    }

    /// Puts in the index of a segment that was looked through.
    pub(crate) fn fill_index(
        &mut self,
        at: &TopicPartition,
        base: Offset,
        gap: Gap,
        marks: &[(Offset, u64)],
    ) {
        let partition = self.partitions.get_mut(at);
        if let Some(segment) = partition
            .and_then(|partition| partition.segments.iter_mut().find(|one| one.base == base))
        {
            segment.index.fill(base, gap, marks);
        }
    }

    /// Gives what a checkpoint says of this moment.
    pub(crate) fn checkpoint(&self, id: [u8; 16], generation: u64) -> Checkpoint {
        let kept =
            |(name, partition): (&TopicPartition, &Partition)| (name.clone(), partition.kept());
        Checkpoint {
            id,
            sequence: self.sequence,
            generation,
            topics: self.topics.values().cloned().collect(),
            partitions: self.partitions.iter().map(kept).collect(),
            groups: self.groups.clone(),
        }
    }

    /// Makes the catalog that a checkpoint describes.
    pub(crate) fn from_checkpoint(checkpoint: Checkpoint) -> Self {
        let partition = |(name, kept): (TopicPartition, Kept)| {
            let segment = |(base, length, received_max)| Segment {
                base,
                length,
                received_max,
                index: Index::unknown(length, Vec::new()),
            };
            let mut segments: VecDeque<_> = kept.segments.into_iter().map(segment).collect();
            if let Some(last) = segments.back_mut() {
                last.index = Index::unknown(last.length, kept.hints);
            }
            (
                name,
                Partition {
                    start: kept.start,
                    end: kept.end,
                    segments,
                },
            )
        };
        Self {
            topics: checkpoint
                .topics
                .into_iter()
                .map(|spec| (spec.name.clone(), spec))
                .collect(),
            partitions: checkpoint.partitions.into_iter().map(partition).collect(),
            groups: checkpoint.groups,
            sequence: checkpoint.sequence,
            ..Self::default()
        }
    }

    /// Takes over what a newer checkpoint says, and keeps what was found behind it.
    pub(crate) fn follow(&mut self, newer: Self) {
        for (name, theirs) in newer.partitions {
            let ours = self.partitions.entry(name).or_default();
            if ours.end < theirs.end || ours.segments.is_empty() {
                *ours = theirs;
                continue;
            }
            ours.start = theirs.start;
            while ours
                .segments
                .get(1)
                .is_some_and(|after| after.base <= theirs.start)
            {
                ours.segments.pop_front();
            }
        }
        self.topics = newer.topics;
        self.groups = newer.groups;
        self.sequence = self.sequence.max(newer.sequence);
    }

    /// Tells of every partition.
    pub(crate) fn status(&self) -> Vec<PartitionStatus> {
        let one = |(name, partition): (&TopicPartition, &Partition)| PartitionStatus {
            partition: name.clone(),
            bounds: partition.bounds(),
            bytes: partition.size_bytes(),
            segments: partition.segments.len(),
        };
        self.partitions.iter().map(one).collect()
    }
}
