//! What a task tells about itself, for its runner and for metrics.

/// How far one call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Input records that this call took in.
    pub records: usize,
    /// Whether everything taken in so far that had outputs is committed; not while the state is restored from a changelog,
    /// so that the next call comes soon.
    pub committed: bool,
    /// Whether the state is still being brought up to what was committed before.
    pub recovering: bool,
    /// Input records that were readable and are not yet taken in; while the state is restored from a changelog, what is
    /// left of that.
    pub lag: u64,
    /// The partition's watermark.
    pub watermark: i64,
    /// Different keys that failed one after the other, with no success between them.
    pub failed_keys_in_a_row: u32,
    /// The reason for which the next record would fail as most before it did: it waits where it is, and the next call tries it
    /// again.
    pub resting_for: Option<&'static str>,
}

/// Totals since the task was opened, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Input records taken in, ticks included.
    pub records: u64,
    /// Steps of records.
    pub steps: u64,
    /// Timers fired.
    pub timers_fired: u64,
    /// Steps and timers repeated to bring the state up to what was committed before.
    pub repeated: u64,
    /// Records emitted.
    pub emitted: u64,
    /// Records and timers sent to quarantine.
    pub quarantined: u64,
    /// Records sent to a `.late` topic.
    pub late: u64,
    /// Commits made.
    pub commits: u64,
    /// Flushes to the store; with a changelog, one for each commit.
    pub flushes: u64,
    /// Keys taken out of memory to keep its bound.
    pub evicted: u64,
    /// Input records that retention removed before they were taken in.
    pub skipped: u64,
    /// Keys in memory.
    pub resident_keys: usize,
    /// Timers set.
    pub timers: usize,
    /// Encoded bytes of the keys in memory, as of their last flush.
    pub state_bytes: u64,
}
