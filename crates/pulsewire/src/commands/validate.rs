//! `validate`: holds FHIR R4 resources in files against the standard.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use formats::fhir::read::Raw;
use formats::fhir::validate::{Issue, Severity, Validator, operation_outcome};

use super::Failure;

/// Check FHIR R4 resources in JSON against the standard
///
/// Tells what is wrong with each resource, where, and what to do about it: structure, cardinality, types, codes of required
/// bindings, references and the invariants that can be computed. Profiles are not looked at. Ends with 1 if any is not valid.
#[derive(Args)]
pub(crate) struct Validate {
    /// Files with one resource, or with one on each line (NDJSON); `-` reads the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print an OperationOutcome for each resource instead, one a line
    #[arg(long)]
    json: bool,
}

/// What was seen.
#[derive(Default)]
struct Seen {
    resources: u64,
    invalid: u64,
    warned: u64,
}

impl Validate {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let mut validator = Validator::default();
        let mut seen = Seen::default();
        for file in &self.files {
            let bytes = content(file)?;
            let is_one = Raw::read(&bytes).is_ok() || !bytes.contains(&b'\n');
            if is_one || !is_lines(&bytes) {
                let issues = validator.validate(&bytes);
                self.tell(&file.display().to_string(), &issues, &mut seen, out)?;
                continue;
            }
            for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
                if !line.trim_ascii().is_empty() {
                    let issues = validator.validate(line);
                    let place = format!("{}:{number}", file.display());
                    self.tell(&place, &issues, &mut seen, out)?;
                }
            }
        }
        let Seen {
            resources,
            invalid,
            warned,
        } = seen;
        if !self.json {
            writeln!(
                out,
                "{resources} resource(s), {invalid} not valid, {warned} more with warnings"
            )?;
        }
        if invalid > 0 {
            Err(Failure::Said)
        } else {
            Ok(())
        }
    }

    fn tell(
        &self,
        place: &str,
        issues: &[Issue],
        seen: &mut Seen,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        seen.resources += 1;
        match issues.iter().map(|issue| issue.severity).max() {
            None => {}
            Some(Severity::Warning) => seen.warned += 1,
            Some(Severity::Error | Severity::Fatal) => seen.invalid += 1,
        }
        if self.json {
            out.write_all(&operation_outcome(issues))?;
            writeln!(out)?;
            return Ok(());
        }
        for issue in issues {
            let Issue {
                severity,
                code,
                path,
                text,
                position,
            } = issue;
            let (severity, code) = (severity.code(), code.code());
            writeln!(
                out,
                "{place}: {severity} {code} at byte {position}, {path}: {text}"
            )?;
        }
        Ok(())
    }
}

/// Whether bytes are resources on a line each.
fn is_lines(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.all(|line| line.is_empty() || (line.starts_with(b"{") && line.ends_with(b"}")))
}

fn content(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| {
        let hint = "name a file with FHIR in JSON, or - for the standard input";
        Failure::new(format!("{} cannot be read: {error}", file.display()), hint)
    })
}
