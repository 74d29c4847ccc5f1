//! What a stage is called, what it reads and writes, and its limits.

use journal::{Group, Topic};

/// A stage: the same for all of its partitions.
#[derive(Clone, Debug)]
pub struct StageSpec {
    /// Its name, which is its consumer group's too.
    pub name: Group,
    /// The version of what decides in it; it stands on what goes to quarantine.
    pub version: Box<str>,
    /// The topics it reads, all of them with `partitions` partitions.
    pub inputs: Vec<Topic>,
    /// The topics it may emit to, besides its inputs' `.quarantine` and `.late`.
    pub outputs: Vec<Topic>,
    /// How many partitions each of these topics has.
    pub partitions: u16,
    /// How much it takes at a time.
    pub limits: Limits,
}

/// How much a task takes at a time; none of them changes what comes out.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes read from a topic at a time.
    pub read_bytes: usize,
    /// A commit takes at most this many input records.
    pub commit_records: usize,
    /// A commit is made once the outputs are about this large; those of one input record are divided over several
    /// commits where they are more than twice that.
    pub commit_bytes: usize,
    /// State is flushed to the store after this many steps; a restart repeats at most so many. With a changelog, a commit
    /// is made instead, here and below.
    pub flush_steps: u64,
    /// State is flushed once about so many bytes of it have changed.
    pub flush_bytes: usize,
    /// More keys than this are not kept in memory between commits.
    pub resident_max_keys: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read_bytes: 512 << 10,
            commit_records: 1000,
            commit_bytes: 2 << 20,
            flush_steps: 200_000,
            flush_bytes: 32 << 20,
            resident_max_keys: 200_000,
        }
    }
}

/// Names the topic for what of `input` could not be used.
pub fn quarantine_topic(input: &str) -> Topic {
    format!("{input}.quarantine").into()
}

/// Names the topic for what of `input` came after its window.
pub fn late_topic(input: &str) -> Topic {
    format!("{input}.late").into()
}

/// Names the topic that the state of a stage is kept in where a journal of several processes is run on.
pub fn changelog_topic(stage: &str) -> Topic {
    format!("pulsewire.changelog.{stage}").into()
}
