//! One entry of the commit file: a write or a topic, whole or not at all.

use crate::bytes::{Fields, patch_u32, put_text, u32_of, u64_of};
use crate::{Offset, TopicSpec};
use std::time::Duration;

/// The version of every file's format that this program writes.
pub(crate) const FORMAT_VERSION: u16 = 1;
/// The bytes before an entry's body.
pub(crate) const ENTRY_HEADER_BYTES: usize = 44;
/// Entries begin at multiples of this, so that looking for them is quick.
pub(crate) const ENTRY_ALIGNMENT: usize = 8;
/// What every entry begins with.
pub(crate) const ENTRY_MAGIC: [u8; 4] = *b"PWen";
/// Where the checksum stands.
const CHECKSUM_AT: usize = 4;
/// Where what the checksum covers begins.
const COVERED_AT: usize = 8;
/// Stands for a limit that a topic does not have.
const NONE: u64 = u64::MAX;

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Write = 1,
    Topic = 2,
}

/// Where an entry stands among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Rises with every use of a commit file: an entry left over from an earlier use is not taken for one of this.
    pub(crate) generation: u64,
    /// The number of the entry, one more than that of the entry before.
    pub(crate) sequence: u64,
    /// The number of the first entry that was made durable by the same sync.
    pub(crate) group_first: u64,
}

/// An entry as it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) place: Place,
    pub(crate) version: u16,
    pub(crate) kind: Option<Kind>,
    pub(crate) body: &'a [u8],
    /// Its bytes with the filling behind it.
    pub(crate) size: usize,
}

/// Begins an entry; its body is written behind, then [`finish`] closes it.
pub(crate) fn begin(kind: Kind, place: Place, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&ENTRY_MAGIC);
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    let kind: u16 = match kind {
        Kind::Write => 1,
        Kind::Topic => 2,
    };
    out.extend_from_slice(&kind.to_le_bytes());
    for number in [place.generation, place.sequence, place.group_first] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&[0; 4]);
    start
}

/// Fills in the length and the checksum of the entry begun at `start`, and aligns what follows.
pub(crate) fn finish(start: usize, seed: u32, out: &mut Vec<u8>) {
    let body = out
        .len()
        .saturating_sub(start)
        .saturating_sub(ENTRY_HEADER_BYTES);
    patch_u32(out, start.saturating_add(COVERED_AT), u32_of(body));
    let covered = out
        .get(start.saturating_add(COVERED_AT)..)
        .unwrap_or_default();
    let sum = crc32c::crc32c_append(seed, covered);
    patch_u32(out, start.saturating_add(CHECKSUM_AT), sum);
    let length = out
        .len()
        .saturating_sub(start)
        .next_multiple_of(ENTRY_ALIGNMENT);
    out.resize(start.saturating_add(length), 0);
}

/// Reads the entry at the front of some bytes, if there is a whole and unchanged one.
pub(crate) fn parse(bytes: &[u8], seed: u32) -> Option<Entry<'_>> {
    let mut fields = Fields(bytes);
    if fields.take(ENTRY_MAGIC.len())? != ENTRY_MAGIC {
        return None;
    }
    let sum = fields.u32()?;
    let length = Fields(fields.0).size()?;
    let covered_length = length.checked_add(ENTRY_HEADER_BYTES.saturating_sub(COVERED_AT))?;
    let covered = fields.0.get(..covered_length)?;
    if crc32c::crc32c_append(seed, covered) != sum {
        return None;
    }
    let mut fields = Fields(covered);
    fields.u32()?;
    let version = fields.u16()?;
    let kind = match fields.u16()? {
        1 => Some(Kind::Write),
        2 => Some(Kind::Topic),
        _ => None,
    };
    let place = Place {
        generation: fields.u64()?,
        sequence: fields.u64()?,
        group_first: fields.u64()?,
    };
    fields.u32()?;
    let size = length
        .saturating_add(ENTRY_HEADER_BYTES)
        .next_multiple_of(ENTRY_ALIGNMENT);
    Some(Entry {
        place,
        version,
        kind,
        body: fields.0,
        size,
    })
}

/// The checksum's first value: that of the journal's id, so that another journal's entries do not match.
pub(crate) fn seed(id: [u8; 16]) -> u32 {
    crc32c::crc32c(&id)
}

/// The body of a write, as it was read.
#[derive(Debug, Default)]
pub(crate) struct WriteBody<'a> {
    /// The partitions it names.
    pub(crate) partitions: Vec<(&'a str, u16)>,
    /// For each record, which of the partitions, and its stored bytes.
    pub(crate) records: Vec<(usize, &'a [u8])>,
    /// For each group, which of the partitions, and the offset.
    pub(crate) offsets: Vec<(&'a str, usize, Offset)>,
}

impl<'a> WriteBody<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let mut write = Self::default();
        for _ in 0..fields.u32()? {
            let topic = fields.text()?;
            write.partitions.push((topic, fields.u16()?));
        }
        for _ in 0..fields.u32()? {
            let partition = fields.size()?;
            let length = Fields(fields.0).size()?;
            let stored = fields.take(length.checked_add(crate::record::PREFIX_BYTES)?)?;
            write.records.push((partition, stored));
        }
        for _ in 0..fields.u32()? {
            let group = fields.text()?;
            let partition = fields.size()?;
            write.offsets.push((group, partition, fields.u64()?));
        }
        fields.0.is_empty().then_some(write)
    }
}

/// Writes how a topic is kept.
pub(crate) fn put_topic(out: &mut Vec<u8>, spec: &TopicSpec) {
    put_text(out, &spec.name);
    out.extend_from_slice(&spec.partitions.to_le_bytes());
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(NONE);
    for limit in [spec.retention.map(micros), spec.retention_bytes] {
        out.extend_from_slice(&limit.unwrap_or(NONE).to_le_bytes());
    }
}

/// Reads how a topic is kept.
pub(crate) fn topic(fields: &mut Fields<'_>) -> Option<TopicSpec> {
    let name = fields.text()?.into();
    let partitions = fields.u16()?;
    let retention = Some(fields.u64()?)
        .filter(|micros| *micros != NONE)
        .map(Duration::from_micros);
    let retention_bytes = Some(fields.u64()?).filter(|bytes| *bytes != NONE);
    Some(TopicSpec {
        name,
        partitions,
        retention,
        retention_bytes,
        compacted: false,
    })
}

/// Counts the bytes that were taken up to an entry's end.
pub(crate) fn end_of(position: u64, entry: &Entry<'_>) -> u64 {
    position.saturating_add(u64_of(entry.size))
}
