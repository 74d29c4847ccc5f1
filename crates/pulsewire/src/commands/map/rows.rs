//! What the rows of an extract become by a mapping file.

use std::io::Write;
use std::path::{Path, PathBuf};

use clinical::SiteKey;
use formats::fhir::validate::{Severity, Validator};
use mapping::source::Zone;

use crate::commands::{Failure, files};
use crate::intake::files::{Mapping, rows};

/// Prints the resources of each row as NDJSON; what is refused, and what is not valid, is told with its row.
pub(super) fn run(
    paths: &[PathBuf],
    mapping: &Path,
    (source, zone, site): (&str, &Zone, &SiteKey),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mapping = Mapping::load(mapping).map_err(|mistakes| {
        Failure::new(
            mistakes.join("\n"),
            "docs/files.md says what a mapping file may hold",
        )
    })?;
    let mut validator = Validator::default();
    let mut log = std::io::stderr().lock();
    let mut refused = 0;
    for path in files::walk(paths)? {
        let place = path.display();
        let mut failed = Ok(());
        let read = rows(&path, &mapping, (source, zone, site), &mut |row, made| {
            let done = match made {
                Err(reasons) => {
                    refused += 1;
                    reasons.iter().try_for_each(|why| {
                        let column = why
                            .column
                            .as_deref()
                            .map_or_else(String::new, |column| format!(", {column}"));
                        writeln!(
                            log,
                            "{place}, row {row}{column}: {}: {}",
                            why.code, why.hint
                        )
                    })
                }
                Ok(resources) => resources.iter().try_for_each(|json| {
                    out.write_all(json)?;
                    out.write_all(b"\n")?;
                    let issues = validator.validate(json);
                    let wrong = issues
                        .iter()
                        .filter(|issue| issue.severity > Severity::Warning);
                    wrong.into_iter().try_for_each(|issue| {
                        writeln!(log, "{place}, row {row}: {}: {}", issue.path, issue.text)
                    })
                }),
            };
            if let Err(error) = done {
                failed = Err(error);
            }
        });
        read.map_err(|error| Failure::new(format!("{place}: {error}"), ""))?;
        failed?;
    }
    match refused {
        0 => Ok(()),
        rows => Err(Failure::new(
            format!("{rows} row(s) were refused"),
            "each is named above",
        )),
    }
}
