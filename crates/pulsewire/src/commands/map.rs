//! `map`: HL7 v2 to FHIR R4, message by message, without a journal and without state.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clinical::SiteKey;
use formats::hl7v2::{self, ack::Fault};
use mapping::bundle::bundle;
use mapping::identity::{Subjects, split};
use mapping::map::map;

use super::{Configured, Failure, send};
use crate::clock::Clock;
use crate::intake::sources::Sources;

/// Map HL7 v2 messages to FHIR R4
///
/// Prints one bundle a message as NDJSON, as the message alone has it: nothing is remembered between messages. Ids are
/// derived with a key of zeros unless --site-key names the site's, so that they do not tell a site's pseudonyms.
#[derive(Args)]
pub(crate) struct Map {
    #[command(flatten)]
    configured: Configured,
    /// Files with messages, one or many each; folders are walked
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print what became of every populated field instead, one a line
    #[arg(long)]
    coverage: bool,
    /// The site's key, for the pseudonyms and ids that the running platform gives
    #[arg(long, value_name = "FILE")]
    site_key: Option<PathBuf>,
}

impl Map {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let sources = Sources::new(&config.sources).map_err(|error| Failure::new(error, ""))?;
        let site = match &self.site_key {
            Some(path) => crate::site_key::load(Some(path), &config.journal.directory)
                .map_err(|error| Failure::new(error, ""))?,
            None => SiteKey::new([0; 32]),
        };
        let mut refused = 0;
        for (number, bytes) in (1..).zip(send::messages(&self.files)?) {
            refused += u64::from(!self.one(&bytes, number, &sources, &site, out)?);
        }
        if refused > 0 {
            Err(Failure::new(
                format!("{refused} message(s) could not be mapped"),
                "each is named above",
            ))
        } else {
            Ok(())
        }
    }

    /// Maps one message; tells whether it could be.
    fn one(
        &self,
        bytes: &[u8],
        number: u64,
        sources: &Sources,
        site: &SiteKey,
        out: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let message = hl7v2::parse(bytes);
        if let Some(issue) = message.first_error() {
            let fault = Fault::from_issue(&message, issue);
            let mut log = std::io::stderr().lock();
            writeln!(log, "message {number}: {issue}\n  hint: {}", fault.text)?;
            return Ok(false);
        }
        let source = &sources.of(message.header().as_ref()).mapping;
        if let Subjects::Several(_) = mapping::identity::subjects(&message, source) {
            for part in split(&message) {
                let parsed = hl7v2::parse(&part);
                self.print(&parsed, source, site, out)?;
            }
            return Ok(true);
        }
        self.print(&message, source, site, out)?;
        Ok(true)
    }

    fn print(
        &self,
        message: &hl7v2::Message<'_>,
        source: &mapping::source::Source,
        site: &SiteKey,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let mapped = map(message, source, site, Clock::system().now());
        if self.coverage {
            out.write_all(&mapped.coverage.report(message).to_json_lines())?;
        } else {
            out.write_all(&bundle(&mapped))?;
            writeln!(out)?;
        }
        Ok(())
    }
}
