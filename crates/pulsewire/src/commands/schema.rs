//! `schema`: what is registered, and whether what this program writes would break somebody who reads.

mod check;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use journal::{EmbeddedJournal, Journal};
use schema::compatibility::Language;
use serde::Serialize;

use super::{Configured, Failure};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::Engine;
use crate::registry::{self, Ask, Error, ours};

/// List, show, check or write the schemas of what is published
///
/// Asks the registry that the configuration names: one at an address, or Pulsewire's own, which is read beside a running
/// process.
#[derive(Args)]
pub(crate) struct Schema {
    #[command(flatten)]
    configured: Configured,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the subjects with their versions
    List {
        /// As JSON, one version a line
        #[arg(long)]
        json: bool,
    },
    /// Print a schema
    Show {
        /// The subject, such as healthcare.fhir.patient-value
        subject: String,
        /// This version of it, instead of the last one
        #[arg(long, value_name = "NUMBER")]
        version: Option<u32>,
    },
    Check(check::Check),
    /// Write the schemas of this program as files, one a subject, to check a later one against
    Export {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Serialize)]
struct Line<'l> {
    subject: &'l str,
    version: u32,
    id: u32,
    #[serde(rename = "schemaType")]
    language: &'l str,
    bytes: usize,
}

impl Schema {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        match &self.verb {
            Verb::List { json } => list(&*opened(&config)?, *json, out),
            Verb::Show { subject, version } => {
                let kept = opened(&config)?
                    .version(subject, *version)
                    .map_err(|error| {
                        Failure::new(error, "`pulsewire schema list` lists the subjects")
                    })?;
                writeln!(out, "{}", kept.text)?;
                Ok(())
            }
            Verb::Check(check) => check.run(&config, out),
            Verb::Export { folder } => {
                std::fs::create_dir_all(folder)?;
                for one in ours() {
                    let ending = ending(one.schema.language());
                    let path = folder.join(format!("{}.{ending}", one.subject));
                    std::fs::write(path, format!("{}\n", one.schema.text()))?;
                }
                Ok(())
            }
        }
    }
}

/// The ending of a file with a schema of a language.
const fn ending(language: Language) -> &'static str {
    match language {
        Language::Avro => "avsc",
        Language::Json => "json",
    }
}

/// The registry that the configuration names; our own is only read.
fn opened(config: &Config) -> Result<Box<dyn Ask>, Failure> {
    let journal: Arc<dyn Journal> = if !config.schema_registry.url.is_empty() {
        // It is not asked for what it does not keep.
        Arc::new(journal::MemoryJournal::new())
    } else if config.kafka.is_some() {
        Engine::open(config)?.shared()
    } else {
        let directory = config.journal.directory.join("journal");
        Arc::new(EmbeddedJournal::open_read_only(&directory)?)
    };
    registry::open(config, &journal, Clock::system()).map_err(failed)
}

fn failed(error: Error) -> Failure {
    match error {
        Error::Journal(error) => Failure::Journal(error),
        other => Failure::new(other, ""),
    }
}

fn list(registry: &dyn Ask, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    if !json {
        writeln!(
            out,
            "{:<56} {:>7} {:>10}  {:<4} {:>8}",
            "subject", "version", "id", "type", "bytes"
        )?;
    }
    for subject in registry.subjects().map_err(failed)? {
        for version in registry.versions(&subject).map_err(failed)? {
            let kept = registry.version(&subject, Some(version)).map_err(failed)?;
            let line = Line {
                subject: &subject,
                version,
                id: kept.id,
                language: &kept.language,
                bytes: kept.text.len(),
            };
            if json {
                let line =
                    serde_json::to_string(&line).expect("names and numbers always make JSON");
                writeln!(out, "{line}")?;
            } else {
                writeln!(
                    out,
                    "{subject:<56} {version:>7} {:>10}  {:<4} {:>8}",
                    line.id, line.language, line.bytes
                )?;
            }
        }
    }
    Ok(())
}
