//! One segment file: its name, its header and the sparse index over it.

use crate::bytes::{Fields, put_text, u64_of, usize_of};
use crate::entry::FORMAT_VERSION;
use crate::record::{Check, FIXED_BYTES, Parsed, parse};
use crate::storage::StorageFile;
use crate::{Error, Offset, TopicPartition, limits};
use std::io;
use std::path::{Path, PathBuf};

/// The bytes before a segment's first record.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 256;
/// What every segment begins with.
const MAGIC: [u8; 8] = *b"PWsegmnt";
/// Where the header's checksum stands: at its end.
const CHECKSUM_AT: usize = 252;
/// What the index reads at once.
const SCAN_BYTES: usize = 1 << 20;
/// Directory of the topics.
pub(crate) const TOPICS: &str = "topics";
/// What the name of a segment ends with.
const SUFFIX: &str = ".segment";

/// Gives the directory of a partition's segments.
pub(crate) fn dir_of(root: &Path, partition: &TopicPartition) -> PathBuf {
    let topic: &str = &partition.topic;
    root.join(TOPICS)
        .join(topic)
        .join(partition.partition.to_string())
}

/// Gives the path of a segment.
pub(crate) fn path_of(root: &Path, partition: &TopicPartition, base: Offset) -> PathBuf {
    dir_of(root, partition).join(format!("{base:020}{SUFFIX}"))
}

/// Reads the base offset out of a segment's name.
pub(crate) fn base_of(name: &str) -> Option<Offset> {
    name.strip_suffix(SUFFIX)?.parse().ok()
}

/// Gives the header of a segment.
pub(crate) fn header(id: [u8; 16], partition: &TopicPartition, base: Offset) -> Vec<u8> {
    let mut out = Vec::with_capacity(usize_of(SEGMENT_HEADER_BYTES));
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&id);
    out.extend_from_slice(&partition.partition.to_le_bytes());
    out.extend_from_slice(&base.to_le_bytes());
    put_text(&mut out, &partition.topic);
    out.resize(CHECKSUM_AT, 0);
    let sum = crc32c::crc32c(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// Checks that a file is the segment that its name says, of this journal.
pub(crate) fn check_header(
    file: &dyn StorageFile,
    path: &Path,
    id: [u8; 16],
    partition: &TopicPartition,
    base: Offset,
) -> Result<(), Error> {
    let mut found = vec![0; usize_of(SEGMENT_HEADER_BYTES)];
    let read = file
        .read_at(&mut found, 0)
        .map_err(|error| cannot("read", path, error))?;
    found.truncate(read);
    if found == header(id, partition, base) {
        return Ok(());
    }
    let damaged = |what: &str| Err(Error::damaged(path, 0, what));
    let covered = match found.split_at_checked(CHECKSUM_AT) {
        Some((covered, sum)) if sum == crc32c::crc32c(covered).to_le_bytes() => covered,
        _ => return damaged("its header does not match its checksum"),
    };
    let mut fields = Fields(covered);
    if fields.take(MAGIC.len()) != Some(&MAGIC) {
        return damaged("it is not a segment");
    }
    match fields.u16() {
        Some(FORMAT_VERSION) => {}
        found => {
            let (file, known) = (path.display().to_string(), FORMAT_VERSION);
            return Err(Error::Version {
                file,
                found: found.unwrap_or_default(),
                known,
            });
        }
    }
    if fields.id() != Some(id) {
        return damaged("it belongs to another journal");
    }
    damaged("it is the segment of another place: files were swapped or renamed")
}

/// Names what could not be done with a file.
pub(crate) fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    Error::io(format!("cannot {what} {}", path.display()), error)
}

/// One segment, as the catalog knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) base: Offset,
    /// Its readable bytes, header included.
    pub(crate) length: u64,
    /// The latest received time in it.
    pub(crate) received_max: i64,
    pub(crate) index: Index,
}

/// Where some of a segment's records stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Offsets, counted from the base, and positions; ascending.
    marks: Vec<(u32, u32)>,
    /// Up to here it was written by an earlier process, and has to be looked through before it is known.
    unknown_until: Option<u64>,
}

/// Where to begin to look for an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    At(u64),
    /// The segment has to be looked through first, up to a position.
    Unknown(u64),
}

impl Index {
    /// Makes the index of a segment that an earlier process wrote.
    pub(crate) fn unknown(length: u64) -> Self {
        Self {
            marks: Vec::new(),
            unknown_until: Some(length),
        }
    }

    pub(crate) fn add(&mut self, base: Offset, marks: &[(Offset, u64)]) {
        self.marks
            .extend(marks.iter().map(|mark| relative(base, *mark)));
    }

    /// Puts what was found by [`scan`] before what is known.
    pub(crate) fn fill(&mut self, base: Offset, marks: &[(Offset, u64)]) {
        if self.unknown_until.take().is_some() {
            let found = marks.iter().map(|mark| relative(base, *mark));
            self.marks.splice(0..0, found);
        }
    }

    pub(crate) fn find(&self, base: Offset, offset: Offset) -> Place {
        let wanted = offset.saturating_sub(base);
        let after = self
            .marks
            .partition_point(|(mark, _)| u64::from(*mark) <= wanted);
        let known = after
            .checked_sub(1)
            .and_then(|before| self.marks.get(before));
        match (known, self.unknown_until) {
            (Some((_, position)), _) => Place::At(u64::from(*position)),
            (None, Some(until)) if wanted > 0 => Place::Unknown(until),
            (None, _) => Place::At(SEGMENT_HEADER_BYTES),
        }
    }
}

fn relative(base: Offset, (offset, position): (Offset, u64)) -> (u32, u32) {
    let small =
        |number| u32::try_from(number).expect("a segment is limited to less than 2^32 bytes");
    (small(offset.saturating_sub(base)), small(position))
}

/// Looks through a segment for its index. It stops where it cannot go on: the reader who comes there tells why.
pub(crate) fn scan(
    file: &dyn StorageFile,
    base: Offset,
    until: u64,
) -> io::Result<Vec<(Offset, u64)>> {
    let mut marks = Vec::new();
    let (mut position, mut offset, mut marked) = (SEGMENT_HEADER_BYTES, base, SEGMENT_HEADER_BYTES);
    let mut buffer = Vec::new();
    while position < until {
        buffer.resize(SCAN_BYTES.min(usize_of(until.saturating_sub(position))), 0);
        let read = file.read_at(&mut buffer, position)?;
        buffer.truncate(read);
        let mut rest = buffer.as_slice();
        let begun = position;
        while let Some((found, size)) = front(rest) {
            if found != offset {
                return Ok(marks);
            }
            if position.saturating_sub(marked) >= u64::from(limits::INDEX_INTERVAL_BYTES) {
                marks.push((offset, position));
                marked = position;
            }
            position = position.saturating_add(size);
            offset = offset.saturating_add(1);
            match usize::try_from(size).ok().and_then(|size| rest.get(size..)) {
                Some(tail) => rest = tail,
                None => break,
            }
        }
        if position == begun {
            break;
        }
    }
    Ok(marks)
}

/// Reads the offset and the size of a record of which only the front may be there.
fn front(bytes: &[u8]) -> Option<(Offset, u64)> {
    let mut fields = Fields(bytes.get(..FIXED_BYTES)?);
    let length = fields.u32()?;
    fields.u32()?;
    let size = u64::from(length).saturating_add(u64_of(crate::record::PREFIX_BYTES));
    Some((fields.u64()?, size))
}

/// A stretch of a segment's records that was read and checked.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// What to read of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) path: &'a Path,
    /// A position where a record begins, at or before the one wanted.
    pub(crate) position: u64,
    /// Where the segment ends.
    pub(crate) length: u64,
    pub(crate) offset: Offset,
    pub(crate) max_bytes: usize,
}

/// Reads at least the record of an offset, else about as many bytes as wanted, and checks them.
pub(crate) fn read(file: &dyn StorageFile, wanted: Wanted<'_>) -> Result<Stretch, Error> {
    let left = usize_of(wanted.length.saturating_sub(wanted.position));
    let slack = usize_of(u64::from(limits::INDEX_INTERVAL_BYTES));
    let mut size = wanted
        .max_bytes
        .min(limits::READ_BYTES_MAX)
        .saturating_add(slack)
        .min(left);
    loop {
        let mut bytes = vec![0; size];
        let read = file
            .read_at(&mut bytes, wanted.position)
            .map_err(|error| cannot("read", wanted.path, error))?;
        if read < size {
            let end = wanted.position.saturating_add(u64_of(read));
            return Err(Error::damaged(
                wanted.path,
                end,
                "the file ends before its records do",
            ));
        }
        match pick(&bytes, wanted)? {
            Picked::Whole { first, end, count } => {
                bytes.truncate(end);
                return Ok(Stretch {
                    bytes,
                    first,
                    count,
                });
            }
            Picked::Needs(more) if more > left => {
                let what = "a record reaches over the end of its segment";
                return Err(Error::damaged(wanted.path, wanted.position, what));
            }
            Picked::Needs(more) => size = more,
        }
    }
}

enum Picked {
    Whole {
        first: usize,
        end: usize,
        count: usize,
    },
    Needs(usize),
}

fn pick(bytes: &[u8], wanted: Wanted<'_>) -> Result<Picked, Error> {
    let (mut first, mut end, mut count, mut expected) = (0_usize, 0_usize, 0_usize, None);
    loop {
        let rest = bytes.get(end..).unwrap_or_default();
        let skipped = expected.is_some_and(|expected| expected < wanted.offset);
        let check = if skipped {
            Check::Trusted
        } else {
            Check::Verified
        };
        let damaged = |what: &str| {
            let position = wanted.position.saturating_add(u64_of(end));
            Err(Error::damaged(wanted.path, position, what))
        };
        let (record, size) = match parse(rest, check) {
            Parsed::Record(record, size) => (record, size),
            Parsed::Short(_) if count > 0 => return Ok(Picked::Whole { first, end, count }),
            Parsed::Short(size) => return Ok(Picked::Needs(end.saturating_add(size))),
            Parsed::Damaged(what) => return damaged(what),
        };
        if expected.is_some_and(|expected| expected != record.offset)
            || record.offset > wanted.offset && count == 0
        {
            return damaged("a record of another offset than the one due");
        }
        expected = record.offset.checked_add(1);
        let after = end.saturating_add(size);
        if record.offset < wanted.offset {
            first = after;
        } else if count > 0 && after.saturating_sub(first) > wanted.max_bytes {
            return Ok(Picked::Whole { first, end, count });
        } else {
            count = count.saturating_add(1);
        }
        end = after;
    }
}
