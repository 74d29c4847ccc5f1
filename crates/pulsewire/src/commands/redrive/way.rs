//! How records are sent through again: by the running process, or here where none runs on the journal.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use stream::FjallDatabase;

use crate::clock::Clock;
use crate::commands::process::Process;
use crate::commands::{Failure, reading};
use crate::config::Config;
use crate::control::quarantine::PATH;
use crate::engine::Engine;
use crate::intake::sources::Sources;
use crate::quarantine::redrive::{Answer, Request};
use crate::quarantine::{Desk, Error};
use crate::site_key;
use crate::topics;

/// A request is of few records, and some of them are tried on a copy first.
const ASK_TIMEOUT: Duration = Duration::from_secs(120);
/// A longer answer is none: it has a line for each record of a request.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// The way to the journal.
pub(super) enum Way {
    /// By ourselves.
    Here(Box<Desk>),
    /// By the process at this address, which has the journal.
    There(String),
}

impl Way {
    /// Takes the journal where nobody has it; else the process that has it is asked.
    pub(super) fn open(config: Config, address: &str) -> Result<Self, Failure> {
        // What is not there is not made here.
        drop(reading::journal(&config)?);
        crate::stages::state_formats::check(&config.journal.directory.join("state"))?;
        let journal = match Engine::open(&config) {
            Err(journal::Error::InUse { .. }) => return Ok(Self::There(address.to_owned())),
            opened => opened?,
        };
        let other = |error: &dyn std::fmt::Display| Failure::new(error, "");
        let directory = &config.journal.directory;
        let sources = Sources::new(&config.sources).map_err(|error| other(&error))?;
        let site = site_key::load(config.journal.site_key.as_deref(), directory)
            .map_err(|error| other(&error))?;
        let states = match config.kafka {
            None => Some(FjallDatabase::open(&directory.join("state")).map_err(|e| other(&e))?),
            // There it is the processes' own, which run.
            Some(_) => None,
        };
        let specs = topics::specs(config.journal.partitions, config.journal.retention);
        for spec in specs.iter().filter(|spec| &*spec.name == topics::REDRIVEN) {
            journal.ensure_topic(spec)?;
        }
        Ok(Self::Here(Box::new(Desk {
            journal: journal.shared(),
            sources: Arc::new(sources),
            site,
            config,
            states,
            clock: Clock::system(),
            busy: Mutex::default(),
        })))
    }

    /// Has a request done.
    pub(super) fn redrive(&self, request: &Request) -> Result<Answer, Failure> {
        match self {
            Self::Here(desk) => desk.redrive(request).map_err(|error| match error {
                Error::Journal(error) => Failure::Journal(error),
                other => Failure::new(other, ""),
            }),
            Self::There(address) => ask(address, request),
        }
    }
}

fn ask(address: &str, request: &Request) -> Result<Answer, Failure> {
    let process = Process {
        address,
        timeout: ASK_TIMEOUT,
        answer_bytes_max: ANSWER_BYTES_MAX,
        hint: "the journal is in use by a running process: name its control.listen with --process, or its configuration with --config",
    };
    let body = serde_json::to_vec(request).expect("words and numbers always make JSON");
    let (code, text) = process.post(&format!("{PATH}/redrive"), &body)?;
    let read = serde_json::from_str(&text).ok();
    read.filter(|_| code.is_success()).ok_or_else(|| {
        let said: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let why = said["error"]
            .as_str()
            .unwrap_or("not with an answer of this version");
        Failure::new(format!("{address} answers {code}: {why}"), "")
    })
}
