//! `validate`: holds FHIR R4 resources in files against the standard.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use formats::fhir::read::Raw;
use formats::fhir::validate::{Issue, Severity, Validator, operation_outcome};

use super::{Failure, files};

/// Check FHIR R4 resources in JSON against the standard
///
/// Tells what is wrong with each resource, where, and what to do about it: structure, cardinality, types, codes of required
/// bindings, references and the invariants that can be computed. Profiles are not looked at. Ends with 1 if any is not valid.
#[derive(Args)]
pub(crate) struct Validate {
    /// Files with one resource, or with one on each line (NDJSON); folders are walked, `-` reads the standard input
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
        for file in files::walk(&self.files)? {
            let bytes = content(&file)?;
            if Raw::read(&bytes).is_ok() || !is_lines(&bytes) {
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

/// Whether bytes that are not one resource are resources on a line each, however broken some of them are: the first line is a
/// whole one, or each begins one. Where one resource stands on several lines, neither is so.
fn is_lines(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return false;
    };
    let mut others = lines.peekable();
    let is_only = others.peek().is_none();
    let begins = |line: &[u8]| line.starts_with(b"{");
    !is_only && begins(first) && (Raw::read(first).is_ok() || others.all(begins))
}

fn content(file: &Path) -> Result<Vec<u8>, Failure> {
    if file.as_os_str() != "-" {
        return files::read(file, "FHIR in JSON, or give - for the standard input");
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("the standard input: {error}"), ""))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(content: &str, expected: Expect) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), content).unwrap();
        let command = Validate {
            files: vec![folder.path().to_owned()],
            json: false,
        };
        let mut out = Vec::new();
        let is_valid = command.run(&mut out).is_ok();
        let out = String::from_utf8(out).unwrap();
        let out = out.replace(&format!("{}/", folder.path().display()), "");
        expected.assert_eq(&format!("{out}{is_valid}"));
    }

    #[test]
    fn a_broken_line_is_told_and_the_others_are_looked_at() {
        let patient = |more: &str| format!("{{\"resourceType\":\"Patient\"{more}\n");
        let lines = [
            &patient("}"),
            &patient(""),
            "\n",
            &patient(",\"gender\":\"males\"}"),
        ];
        let (first, rest) = lines.split_at(1);
        check(
            &[first.concat(), rest.concat()].concat(),
            expect![[r#"
            file:2: fatal structure at byte 25, Patient.resourceType: this is not JSON: a comma or a closing bracket expected; what stands after it was not looked at
            file:4: error code-invalid at byte 35, Patient.gender: write one of the codes of administrative-gender: female, male, other, unknown
            3 resource(s), 2 not valid, 0 more with warnings
            false"#]],
        );
        check(
            &[rest.concat(), first.concat()].concat(),
            expect![[r#"
            file:1: fatal structure at byte 25, Patient.resourceType: this is not JSON: a comma or a closing bracket expected; what stands after it was not looked at
            file:3: error code-invalid at byte 35, Patient.gender: write one of the codes of administrative-gender: female, male, other, unknown
            3 resource(s), 2 not valid, 0 more with warnings
            false"#]],
        );
        check(
            "{\"resourceType\":\"Patient\"}\nMSH|\n",
            expect![[r#"
            file:2: fatal structure at byte 0, Resource: this is not JSON: an object expected; what stands after it was not looked at
            2 resource(s), 1 not valid, 0 more with warnings
            false"#]],
        );
    }

    #[test]
    fn a_resource_on_several_lines_is_one() {
        check(
            "{\n \"resourceType\": \"Patient\"\n}\n",
            expect![[r#"
            1 resource(s), 0 not valid, 0 more with warnings
            true"#]],
        );
        check(
            "{\n \"resourceType\": \"Patient\",\n}\n",
            expect![[r#"
            file: fatal structure at byte 30, Patient: this is not JSON: a string expected; what stands after it was not looked at
            1 resource(s), 1 not valid, 0 more with warnings
            false"#]],
        );
        check(
            "",
            expect![[r#"
            file: fatal structure at byte 0, Resource: this is not JSON: an object expected; what stands after it was not looked at
            1 resource(s), 1 not valid, 0 more with warnings
            false"#]],
        );
    }
}
