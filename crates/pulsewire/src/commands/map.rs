//! `map`: HL7 v2 to FHIR R4 and back, message by message, without a journal and without state.

mod explain;
mod outbound;
mod rows;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use clinical::{EventTime, ReceivedTime, SiteKey};
use formats::fhir::json;
use formats::hl7v2;
use mapping::bundle::bundle;
use mapping::identity::{Subjects, split};
use mapping::map::{map, message_time};

use super::send::Content;
use super::{Configured, Failure, send};
use crate::clock::Clock;
use crate::intake::sources::Sources;

/// Map HL7 v2 messages to FHIR R4, or FHIR R4 back to HL7 v2
///
/// Prints one bundle a message as NDJSON, as the message alone has it: nothing is remembered between messages, and each counts
/// as received when it was made (MSH-7). Ids are derived with a key of zeros unless --site-key names the site's, so that they do
/// not tell a site's pseudonyms.
///
/// With --explain it says of each element which field it came from, and which row of the tables says so: the guide's
/// (guide:r12) or one of ours (ours:key), with what the guide says, what we do, and why.
///
/// With --to hl7v2 the files hold FHIR resources: JSON, NDJSON or bundles. Each bundle, and each file's other resources
/// together, become ORU^R01 (DiagnosticReport, Observation) and MDM^T02 (Communication, and a report that is nothing but
/// its document). What no message carries is named on the standard error.
///
/// With --mapping the files are CSV, and the resources of each row are printed as NDJSON; what is refused is named with its row
/// and column on the standard error.
#[derive(Args)]
pub(crate) struct Map {
    #[command(flatten)]
    configured: Configured,
    /// Files with messages or resources, one or many each; folders are walked
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to make
    #[arg(long, value_enum, default_value_t = Form::Fhir, value_name = "FORM")]
    to: Form,
    /// Print what became of every populated field of every message instead, one a line
    #[arg(long)]
    coverage: bool,
    /// Print where each element came from instead
    #[arg(long, conflicts_with = "coverage")]
    explain: bool,
    /// With --explain, as JSON, one element a line; what else is printed is JSON in any case
    #[arg(long)]
    json: bool,
    /// The files are CSV: what this mapping file makes of their rows
    #[arg(long, value_name = "FILE", conflicts_with_all = ["coverage", "explain", "to"])]
    mapping: Option<PathBuf>,
    /// With --mapping, whose the rows are: a [source.NAME]
    #[arg(
        long,
        value_name = "NAME",
        default_value = "default",
        requires = "mapping"
    )]
    source: String,
    /// The site's key, for the pseudonyms and ids that the running platform gives
    #[arg(long, value_name = "FILE")]
    site_key: Option<PathBuf>,
}

/// What `map` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// FHIR R4 of HL7 v2 messages
    Fhir,
    /// HL7 v2 of FHIR R4 resources
    Hl7v2,
}

impl Map {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        if self.to == Form::Hl7v2 {
            if self.coverage || self.explain || self.site_key.is_some() {
                return Err(Failure::new(
                    "--coverage, --explain and --site-key are about messages that come in",
                    "leave them out with --to hl7v2, which names what it does not carry anyway",
                ));
            }
            let at = EventTime::from_micros(Clock::system().now().micros());
            return outbound::run(&self.files, at, std::io::stdout().is_terminal(), out);
        }
        let config = self.configured.load()?;
        let sources = Sources::new(&config.sources).map_err(|error| Failure::new(error, ""))?;
        let site = match &self.site_key {
            Some(path) => crate::site_key::load(Some(path), &config.journal.directory)
                .map_err(|error| Failure::new(error, ""))?,
            None => SiteKey::new([0; 32]),
        };
        if let Some(mapping) = &self.mapping {
            let zone = &sources.named(&self.source).mapping.zone;
            return rows::run(&self.files, mapping, (&self.source, zone, &site), out);
        }
        let mut refused = 0;
        for Content { path, messages } in send::read(&self.files)? {
            if messages.is_empty() {
                refused += 1;
                writeln!(
                    std::io::stderr(),
                    "{}: there is no message in it",
                    path.display()
                )?;
            }
            for (number, bytes) in (1..).zip(messages) {
                let place = format!("{}, message {number}", path.display());
                refused += u64::from(!self.one(&bytes, &place, &sources, &site, out)?);
            }
        }
        if refused > 0 {
            Err(Failure::new(
                format!("of {refused} message(s) or file(s) nothing could be mapped"),
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
        place: &str,
        sources: &Sources,
        site: &SiteKey,
        out: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let source = &sources.of(hl7v2::parse(bytes).header().as_ref()).mapping;
        let readable = source.readable(bytes);
        let message = readable.message();
        if let Some(issue) = message.first_error() {
            let mut log = std::io::stderr().lock();
            writeln!(log, "{place}: {issue}")?;
            if bytes.trim_ascii_start().starts_with(b"{") {
                let hint = "FHIR resources as JSON become messages with --to hl7v2";
                writeln!(log, "  hint: {hint}")?;
            }
            return Ok(false);
        }
        if let Subjects::Several(_) = mapping::identity::subjects(&message, source) {
            let parts = match split(&message) {
                Ok(parts) => parts,
                Err(error) => {
                    writeln!(std::io::stderr(), "{place}: {error}")?;
                    return Ok(false);
                }
            };
            for (number, part) in (1..).zip(parts) {
                let part = readable.as_sent(part);
                let place = format!("{place}, patient {number}");
                self.print(
                    &source.readable(&part).message(),
                    &place,
                    (source, site),
                    out,
                )?;
            }
            return Ok(true);
        }
        self.print(&message, place, (source, site), out)?;
        Ok(true)
    }

    fn print(
        &self,
        message: &hl7v2::Message<'_>,
        place: &str,
        (source, site): (&mapping::source::Source, &SiteKey),
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        // As if it had come when it was made, so that the same files give the same bytes.
        let received = message_time(message, source).map_or_else(
            || Clock::system().now(),
            |made| ReceivedTime::from_micros(made.micros()),
        );
        let mapped = map(message, source, site, received);
        if self.coverage {
            let report = mapped.coverage.report(message).to_json_lines();
            let place = [b"{\"message\":", &*json::string(place), b","].concat();
            for line in report.split_inclusive(|byte| *byte == b'\n') {
                out.write_all(&place)?;
                out.write_all(line.strip_prefix(b"{").unwrap_or(line))?;
            }
        } else if self.explain {
            let all = mapped.explain(message);
            if self.json {
                explain::json(&all, out)?;
            } else {
                explain::print(&all, out)?;
            }
        } else {
            out.write_all(&bundle(&mapped))?;
            writeln!(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `map` prints of a message, by a configuration.
    fn mapped(config: &str, message: &[u8]) -> String {
        printed(config, message, false)
    }

    fn printed(config: &str, message: &[u8], explain: bool) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let command = Map {
            configured: Configured {
                config: Some(file("pulsewire.toml", config.as_bytes())),
                data: None,
            },
            files: vec![file("message.hl7", message)],
            to: Form::Fhir,
            coverage: false,
            explain,
            json: false,
            mapping: None,
            source: "default".into(),
            site_key: None,
        };
        let mut out = Vec::new();
        command.run(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_read_in_the_senders_character_set() {
        // In UTF-8 the second name would be one letter shorter, and is valid.
        let message = b"MSH|^~\\&|LIS|H|||20260301100000+0000||ADT^A08|1|P|2.5\rPID|||7^^^H^MR||M\xfcller^A\xc3\xa9\r";
        let latin = "[source.lab]\nsending_application = \"LIS\"\ncharset = \"8859/1\"\n";
        let printed = mapped(latin, message);
        assert!(
            printed.contains(r#""family":"Müller","given":["AÃ©"]"#),
            "{printed}"
        );
        let polish = latin.replace("8859/1", "8859/2");
        let printed = mapped(
            &polish,
            &message.map(|byte| if byte == 0xfc { 0xb3 } else { byte }),
        );
        assert!(printed.contains(r#""family":"Młller""#), "{printed}");
    }

    #[test]
    fn an_explanation_names_field_row_and_reason() {
        let message = b"MSH|^~\\&|LIS|H|||20260301100000+0000||ADT^A04^ADT_A01|1|P|2.5\rPID|||7^^^H^MR\rPV1|1|E|||||||||||||||||V1\r";
        let text = printed("", message, true);
        let says = |words: &[&str]| {
            let found = text
                .lines()
                .any(|line| words.iter().all(|word| line.contains(word)));
            assert!(found, "{words:?}\n{text}");
        };
        says(&[
            "status ",
            "PV1[1]-2",
            "segments/PV1.Encounter.tsv:",
            "ours:encounter-status",
            "= in-progress",
        ]);
        says(&["subject.reference", "(link)", "= Patient/"]);
        for words in ["the guide says  ", "we do           ", "why             "] {
            says(&[words]);
        }
    }
}
