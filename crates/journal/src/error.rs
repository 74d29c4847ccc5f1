//! What can go wrong with a journal, and what to do about it.

use crate::{Offset, TopicPartition};

/// Why the journal did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The topic or partition does not exist.
    #[error("no partition {} of topic {}", .0.partition, .0.topic)]
    NoSuchPartition(TopicPartition),
    /// The topic exists with another number of partitions.
    #[error(
        "topic {topic} has {existing} partitions, not {asked}: partitions cannot change; set journal.partitions to what is there, or begin anew in another data directory or under another kafka.prefix"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// How many it has.
        existing: u16,
        /// How many were asked for.
        asked: u16,
    },
    /// The offset lies outside what is kept.
    #[error("offset {asked} of {} {} is outside {start}..{end}", .at.topic, .at.partition)]
    OutOfRange {
        /// The partition.
        at: TopicPartition,
        /// The offset asked for.
        asked: Offset,
        /// The first one kept.
        start: Offset,
        /// One past the last.
        end: Offset,
    },
    /// Stored bytes are not what was written.
    #[error(
        "{file} is damaged at byte {position}: {what}; restore this file from a replica or a backup before starting again"
    )]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        position: u64,
        /// What was found.
        what: String,
    },
    /// Another process has the directory.
    #[error(
        "{dir} is in use by process {pid}: one process per directory; stop it or choose another directory"
    )]
    InUse {
        /// The directory.
        dir: String,
        /// The holder, as it wrote itself down.
        pid: String,
    },
    /// The disk is nearly full; nothing was written.
    #[error(
        "the disk has {free_bytes} bytes left, under the limit of {limit_bytes}: free space; writing resumes by itself"
    )]
    DiskFull {
        /// What is left.
        free_bytes: u64,
        /// Below this nothing is accepted.
        limit_bytes: u64,
    },
    /// An earlier write or sync failed: what the disk holds is unknown until the next start.
    #[error(
        "the journal stopped after a failed write ({0}): restart the process; it will recover what was acknowledged"
    )]
    Poisoned(String),
    /// The files are of a version that this program does not know.
    #[error(
        "{file} has format version {found}, this program reads up to {known}: use the newer program"
    )]
    Version {
        /// The file.
        file: String,
        /// Its version.
        found: u16,
        /// The newest one known.
        known: u16,
    },
    /// The write is larger than the journal takes.
    #[error("a write of {bytes} bytes is over the limit of {limit} bytes")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A topic, group or header cannot be stored as it was named.
    #[error("{what} {name:?} cannot be stored: {why}")]
    Name {
        /// What is named.
        what: &'static str,
        /// The name.
        name: String,
        /// What it would have to be.
        why: &'static str,
    },
    /// An option does not fit the others.
    #[error("option {option} is {value}: {why}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: u64,
        /// What it would have to be.
        why: &'static str,
    },
    /// The directory holds no journal.
    #[error("{dir} holds no journal: give the data directory of a journal that was started once")]
    NoJournal {
        /// The directory.
        dir: String,
    },
    /// The journal was opened for reading only.
    #[error("the journal is open for reading only: write through the process that runs on it")]
    ReadOnly,
    /// The brokers do not answer, or too few of them hold what is to be kept.
    #[error("{doing}: {cause}; it works again once the brokers answer")]
    Unavailable {
        /// What was tried.
        doing: &'static str,
        /// What the client said.
        cause: String,
    },
    /// A transaction was taken back: nothing of the write is there.
    #[error("the write was taken back ({0}): go on from what is committed")]
    Aborted(String),
    /// Another process has taken over this writer's place.
    #[error(
        "{writer} was taken over by another process: nothing of it is written any more ({cause})"
    )]
    Fenced {
        /// The transactional id.
        writer: String,
        /// What the broker said.
        cause: String,
    },
    /// The brokers refuse what was asked, and will again.
    #[error("{doing}: {cause}; {hint}")]
    Refused {
        /// What was tried.
        doing: String,
        /// What they answered.
        cause: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The journal is shutting down.
    #[error("the journal is closed")]
    Closed,
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What it answered.
        source: std::sync::Arc<std::io::Error>,
    },
}

impl Error {
    /// Names what was tried beside what the operating system answered.
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            source: std::sync::Arc::new(source),
        }
    }

    /// Names the file, the place and what was found there.
    pub(crate) fn damaged(file: &std::path::Path, position: u64, what: impl Into<String>) -> Self {
        Self::Damaged {
            file: file.display().to_string(),
            position,
            what: what.into(),
        }
    }
}
