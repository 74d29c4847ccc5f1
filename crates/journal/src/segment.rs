//! One segment file: its name, its header and its records.

use crate::bytes::{Fields, put_text, u64_of, usize_of};
use crate::entry::FORMAT_VERSION;
use crate::index::Index;
use crate::record::{Check, Parsed, parse};
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
            Picked::Needs(more) => size = more.max(size.saturating_mul(2)).min(left),
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
