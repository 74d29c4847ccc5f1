//! The one loop: poll, fire due timers, step, commit.
//!
//! It knows no medicine and no transport: a [`Processor`] decides, a [`journal::Journal`] orders, a [`Store`] remembers.
//!
//! What happens is a function of the journal alone: the inputs of a partition are met in the order in which they were
//! committed; each record moves the watermark by its own times, then every timer that is due by then fires, in the
//! order (time, key, tag), then the record steps. A timer that is set into the past fires before the next record.
//! Batches, commits, flushes and crashes change nothing of it.
//!
//! State is kept in one of two ways. Without a changelog it is flushed to the store now and then, and what was stepped
//! since is stepped again after a crash: right where the journal is beside the store ([`Task::open`]). With one, each
//! commit carries what it changes of the state, the store is written only once the journal has acknowledged that, and
//! whoever takes a partition over restores its state from there: right where several processes share the work
//! ([`Task::open_with_changelog`]).
#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm)]

mod processor;

mod context;

mod spec;

mod task;

mod inputs;

mod stepper;

mod time;

mod timers;

mod resident;

mod commit;

mod changelog;

mod recovery;
mod restore;

mod store;

mod quarantine;

mod rehearsal;

mod breaker;

mod progress;

pub use breaker::{Breaker, WINDOW_RECORDS};
pub use context::Context;
pub use processor::{Input, Processor, StepError};
pub use progress::{Counters, Progress};
pub use quarantine::{
    ADDED_HEADERS, DETAIL_HEADER, ORIGIN_HEADER, REASON_HEADER, STAGE_HEADER, TIMER_AT_HEADER,
    TIMER_TAG_HEADER, VERSION_HEADER,
};
pub use recovery::Recovery;
pub use rehearsal::rehearse;
pub use spec::{Limits, StageSpec, changelog_topic, late_topic, quarantine_topic};
pub use store::{
    ChangelogPosition, EachState, EachTimer, FjallDatabase, FjallStore, Head, MemoryStore, Store,
    StoreBatch, StoreError,
};
pub use task::{Task, TaskError};
pub use time::{FUTURE_SKEW_MICROS, NO_WATERMARK};

/// What state and timers belong to: a record's key.
pub type Key = std::sync::Arc<[u8]>;

/// The name of a timer of a key.
pub type Tag = std::sync::Arc<[u8]>;
