//! Every limit of the journal, in one place.

/// A topic's name is at most this long, so that it is a file name everywhere.
pub const TOPIC_NAME_BYTES_MAX: usize = 200;
/// A consumer group's name is at most this long.
pub const GROUP_NAME_BYTES_MAX: usize = 200;
/// A topic has at most this many partitions.
pub const PARTITIONS_MAX: u16 = 1024;
/// A header's name is at most this long.
pub const HEADER_NAME_BYTES_MAX: usize = 1024;
/// A write is at most this large, encoded, whatever the commit file would hold.
pub const WRITE_BYTES_MAX: usize = 48 << 20;
/// This many writes wait at most; `submit` waits above it.
pub const QUEUE_WRITES_MAX: usize = 65_536;
/// Writes of this many bytes wait at most; one larger write is taken when nothing waits.
pub const QUEUE_BYTES_MAX: usize = 32 << 20;
/// A group commit stops taking writes at this size.
pub const GROUP_BYTES_MAX: usize = 4 << 20;
/// A commit file is at least this large.
pub const COMMIT_BYTES_MIN: u64 = 16 << 10;
/// A commit file is at most this large, which bounds the time that recovery takes.
pub const COMMIT_BYTES_MAX: u64 = 1 << 30;
/// A segment is at most this large, so that a position in it is 32 bits.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// A read gives at most about this much.
pub const READ_BYTES_MAX: usize = 64 << 20;
/// One index entry stands for this many bytes of a segment.
pub const INDEX_INTERVAL_BYTES: u32 = 16 << 10;
/// This many segment files are open at once.
pub const OPEN_FILES_MAX: usize = 512;
/// The free space is asked for again after this many bytes.
pub const DISK_CHECK_EVERY_BYTES: u64 = 1 << 20;
