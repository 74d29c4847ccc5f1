//! `check`: reads a configuration and tells every mistake with its line.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::config;

/// Check a configuration file
///
/// Tells every mistake with its line and what to do about it, and what is valid and hardly meant. Nothing is started and nothing
/// is written.
#[derive(Args)]
pub(crate) struct Check {
    /// The configuration file
    #[arg(value_name = "FILE", required_unless_present = "defaults")]
    file: Option<PathBuf>,
    /// Print every setting with its default instead, to start a file from
    #[arg(long)]
    defaults: bool,
    /// Print what was understood
    #[arg(long)]
    explain: bool,
}

impl Check {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let Some(file) = self.file.as_ref().filter(|_| !self.defaults) else {
            out.write_all(config::DEFAULTS.as_bytes())?;
            return Ok(());
        };
        let config = config::load_to_run(file).map_err(Failure::Config)?;
        writeln!(out, "{} is valid", file.display())?;
        for warning in &config.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        if self.explain {
            writeln!(out, "{config:#?}")?;
        }
        Ok(())
    }
}
