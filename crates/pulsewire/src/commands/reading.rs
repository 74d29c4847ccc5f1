//! The journal as commands read it beside running processes: nothing is locked, nothing is made.

use std::sync::Arc;

use journal::{EmbeddedJournal, Journal};

use super::Failure;
use crate::config::Config;
#[cfg(feature = "kafka")]
use crate::engine::Engine;

/// Opens what the configuration names, in files or on Apache Kafka.
pub(super) fn journal(config: &Config) -> Result<Arc<dyn Journal>, Failure> {
    #[cfg(feature = "kafka")]
    if config.kafka.is_some() {
        return Ok(Engine::open(config)?.shared());
    }
    let directory = config.journal.directory.join("journal");
    Ok(Arc::new(EmbeddedJournal::open_read_only(&directory)?))
}

/// Refuses what only the journal in files has.
pub(super) fn only_in_files(config: &Config, what: &str, hint: &str) -> Result<(), Failure> {
    match config.kafka {
        None => Ok(()),
        Some(_) => {
            let why = format!("{what} is for the journal in files, and [kafka] names brokers");
            Err(Failure::new(why, hint))
        }
    }
}
