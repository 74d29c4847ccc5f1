//! The checkpoint: up to where the segments are durable, and so from where the commit files are needed.

use crate::bytes::{Fields, put_text, u32_of};
use crate::entry::{FORMAT_VERSION, put_topic, topic};
use crate::index::Mark;
use crate::segment::cannot;
use crate::storage::{Mode, Storage, read_all};
use crate::{Error, Group, Offset, TopicPartition, TopicSpec};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What a checkpoint begins with.
const MAGIC: [u8; 8] = *b"PWchckpt";
/// Its name.
const NAME: &str = "checkpoint";
/// Its name while it is being written.
const NEW_NAME: &str = "checkpoint.new";

/// What was durable in the segments at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Tells this journal's files from those of another.
    pub(crate) id: [u8; 16],
    /// Entries up to this number are in the segments.
    pub(crate) sequence: u64,
    /// Entries of earlier generations count for nothing.
    pub(crate) generation: u64,
    pub(crate) topics: Vec<TopicSpec>,
    pub(crate) partitions: Vec<(TopicPartition, Kept)>,
    pub(crate) groups: BTreeMap<Group, BTreeMap<TopicPartition, Offset>>,
}

/// What is kept of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) start: Offset,
    pub(crate) end: Offset,
    /// Base offset, bytes and latest received time of each segment.
    pub(crate) segments: Vec<(Offset, u64, i64)>,
    /// Where a few records of the last segment stand.
    pub(crate) hints: Vec<Mark>,
}

/// Gives the path of the checkpoint.
pub(crate) fn path_of(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// Why a checkpoint was not written.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The new file could not be written: the old one still holds, and it can be tried again.
    Postponed(Error),
    /// A sync failed: nothing is known any more.
    Fatal(Error),
}

/// Replaces the checkpoint, whole or not at all.
pub(crate) fn write(
    storage: &dyn Storage,
    dir: &Path,
    checkpoint: &Checkpoint,
) -> Result<(), Failure> {
    let new = dir.join(NEW_NAME);
    let written = storage.open(&new, Mode::Create).and_then(|file| {
        file.write_at(&checkpoint.encode(), 0)?;
        Ok(file)
    });
    let file = written.map_err(|error| {
        let full = error.kind() == io::ErrorKind::StorageFull;
        let error = cannot("write", &new, error);
        if full {
            Failure::Postponed(error)
        } else {
            Failure::Fatal(error)
        }
    })?;
    let replace = || {
        file.sync()?;
        storage.rename(&new, &path_of(dir))?;
        storage.sync_dir(dir)
    };
    replace().map_err(|error| Failure::Fatal(cannot("sync", &new, error)))
}

/// Reads the checkpoint; none where there is no file.
pub(crate) fn read(storage: &dyn Storage, dir: &Path) -> Result<Option<Checkpoint>, Error> {
    let path = path_of(dir);
    let bytes = match storage.open(&path, Mode::Read) {
        Ok(file) => read_all(&*file).map_err(|error| cannot("read", &path, error))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("open", &path, error)),
    };
    let Some((covered, sum)) = bytes.split_last_chunk::<4>() else {
        return Err(Error::damaged(&path, 0, "the checkpoint is cut off"));
    };
    if u32::from_le_bytes(*sum) != crc32c::crc32c(covered) {
        return Err(Error::damaged(
            &path,
            0,
            "the checkpoint does not match its checksum",
        ));
    }
    let mut fields = Fields(covered);
    if fields.take(MAGIC.len()) != Some(&MAGIC) {
        return Err(Error::damaged(&path, 0, "it is not a checkpoint"));
    }
    let found = fields.u16().unwrap_or_default();
    if found != FORMAT_VERSION {
        let file = path.display().to_string();
        return Err(Error::Version {
            file,
            found,
            known: FORMAT_VERSION,
        });
    }
    match Checkpoint::decode(&mut fields) {
        Some(checkpoint) if fields.0.is_empty() => Ok(Some(checkpoint)),
        _ => Err(Error::damaged(
            &path,
            0,
            "the checkpoint's lengths do not add up",
        )),
    }
}

impl Checkpoint {
    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&self.id);
        put(&mut out, &[self.sequence, self.generation]);
        put_count(&mut out, self.topics.len());
        for spec in &self.topics {
            put_topic(&mut out, spec);
        }
        put_count(&mut out, self.partitions.len());
        for (name, kept) in &self.partitions {
            put_partition(&mut out, name);
            put(&mut out, &[kept.start, kept.end]);
            put_count(&mut out, kept.segments.len());
            for (base, length, received_max) in &kept.segments {
                put(&mut out, &[*base, *length, received_max.cast_unsigned()]);
            }
            put_count(&mut out, kept.hints.len());
            for (offset, position) in &kept.hints {
                out.extend_from_slice(&offset.to_le_bytes());
                out.extend_from_slice(&position.to_le_bytes());
            }
        }
        put_count(&mut out, self.groups.len());
        for (group, offsets) in &self.groups {
            put_text(&mut out, group);
            put_count(&mut out, offsets.len());
            for (name, offset) in offsets {
                put_partition(&mut out, name);
                put(&mut out, &[*offset]);
            }
        }
        let sum = crc32c::crc32c(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let (id, sequence, generation) = (fields.id()?, fields.u64()?, fields.u64()?);
        let mut checkpoint = Self {
            id,
            sequence,
            generation,
            ..Self::default()
        };
        for _ in 0..fields.u32()? {
            checkpoint.topics.push(topic(fields)?);
        }
        for _ in 0..fields.u32()? {
            let name = partition(fields)?;
            let (start, end) = (fields.u64()?, fields.u64()?);
            let mut segments = Vec::new();
            for _ in 0..fields.u32()? {
                segments.push((fields.u64()?, fields.u64()?, fields.i64()?));
            }
            let mut hints = Vec::new();
            for _ in 0..fields.u32()? {
                hints.push((fields.u32()?, fields.u32()?));
            }
            checkpoint.partitions.push((
                name,
                Kept {
                    start,
                    end,
                    segments,
                    hints,
                },
            ));
        }
        for _ in 0..fields.u32()? {
            let group = fields.text()?;
            let mut offsets = BTreeMap::new();
            for _ in 0..fields.u32()? {
                offsets.insert(partition(fields)?, fields.u64()?);
            }
            checkpoint.groups.insert(group.into(), offsets);
        }
        Some(checkpoint)
    }
}

fn put(out: &mut Vec<u8>, numbers: &[u64]) {
    numbers
        .iter()
        .for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32_of(count).to_le_bytes());
}

fn put_partition(out: &mut Vec<u8>, name: &TopicPartition) {
    put_text(out, &name.topic);
    out.extend_from_slice(&name.partition.to_le_bytes());
}

fn partition(fields: &mut Fields<'_>) -> Option<TopicPartition> {
    let topic = fields.text()?;
    Some(TopicPartition::new(topic, fields.u16()?))
}
