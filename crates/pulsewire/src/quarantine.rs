//! Quarantine to work with: why records are there, which there are, and how they are sent through again.

pub(crate) mod reason;

pub(crate) mod list;

pub(crate) mod attempt;

mod original;

mod rehearsal;

pub(crate) mod redrive;

pub(crate) mod edit;

use std::sync::{Arc, Mutex};

use clinical::SiteKey;
use journal::{Journal, Record, TopicPartition, Write};
use stream::FjallDatabase;

use crate::clock::Clock;
use crate::config::Config;
use crate::intake::sources::Sources;

/// Stands on a record that was sent through again: the place of the record in quarantine.
pub(crate) const REDRIVEN_FROM: &str = "redriven-from";
/// Stands beside it: how often it was sent through again, this time included.
pub(crate) const ATTEMPT: &str = "attempt";
/// Stands on a corrected copy: the place of the record in quarantine.
pub(crate) const EDITED_FROM: &str = "edited-from";
/// Stands beside it: who corrected it.
pub(crate) const EDITED_BY: &str = "edited-by";

/// Where quarantine is worked at: the journal, and what a stage is rehearsed with.
pub(crate) struct Desk {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) site: SiteKey,
    pub(crate) config: Config,
    /// Where the stages of this process keep their state; without it a rehearsal knows of no patient.
    pub(crate) states: Option<FjallDatabase>,
    pub(crate) clock: Clock,
    /// One at a time, so that nothing is sent through twice between looking and writing.
    pub(crate) busy: Mutex<()>,
}

impl Desk {
    /// Writes a record with the word that it was sent.
    fn write(
        &self,
        sent: (TopicPartition, Record),
        attempt: (TopicPartition, Record),
    ) -> Result<(), journal::Error> {
        let write = |records| {
            let offsets = vec![];
            self.journal.append(Write { records, offsets }).map(drop)
        };
        match self.config.kafka {
            None => write(vec![sent, attempt]),
            // There raw topics take one record at a time. Between the two a crash loses the word, and normalize sees that the
            // message came twice.
            Some(_) => {
                write(vec![sent])?;
                write(vec![attempt])
            }
        }
    }
}

/// Why quarantine cannot be worked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error("{0}")]
    Unaudited(#[from] clinical::phi::AuditError),
    #[error("there is no record in quarantine at {0}: `pulsewire redrive --list` gives the places")]
    NotThere(String),
    #[error("{0}")]
    NotEditable(String),
    #[error("{0}")]
    NotKnown(String),
}
