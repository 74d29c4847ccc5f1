//! `map --to hl7v2`: FHIR resources from files as the HL7 v2 messages that a results interface or an inbox takes.

use std::io::Write;
use std::path::{Path, PathBuf};

use clinical::EventTime;
use formats::fhir::read::Raw;
use mapping::outbound::{IssueCode, Outbound, Sent, to_v2};

use crate::commands::{Failure, files};

/// Prints the messages that the resources of files make, and names on the standard error what is in none of them.
pub(super) fn run(
    paths: &[PathBuf],
    at: EventTime,
    is_terminal: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut refused = 0;
    for path in files::walk(paths)? {
        let bytes = files::read(&path, "FHIR resources as JSON or NDJSON")?;
        for unit in units(&bytes) {
            let mut log = std::io::stderr().lock();
            match to_v2(&unit, &Outbound::default(), at) {
                Ok(sent) => {
                    print(&sent, is_terminal, out)?;
                    name(&sent, &path, &mut log)?;
                }
                Err(refusal) => {
                    refused += 1;
                    writeln!(log, "{}: {refusal}", path.display())?;
                }
            }
        }
    }
    if refused > 0 {
        return Err(Failure::new(
            format!("of {refused} input(s) no message could be made"),
            "each is named above",
        ));
    }
    Ok(())
}

/// Prints messages one after the other; a person sees a segment a line, a program gets the bytes to send.
fn print(sent: &Sent, is_terminal: bool, out: &mut dyn Write) -> std::io::Result<()> {
    for message in &sent.messages {
        if is_terminal {
            for segment in message.bytes.split(|byte| *byte == b'\r') {
                out.write_all(segment)?;
                writeln!(out)?;
            }
        } else {
            out.write_all(&message.bytes)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Names what is in no message, and what to do about each kind once.
fn name(sent: &Sent, path: &Path, log: &mut dyn Write) -> std::io::Result<()> {
    let mut last = None;
    for issue in &sent.issues {
        if last.is_some_and(|last: IssueCode| last != issue.code) {
            writeln!(log, "  hint: {}", last.map_or("", IssueCode::hint))?;
        }
        last = Some(issue.code);
        let place = [&*issue.resource, &*issue.path].join(" ");
        let word = issue.code.word();
        writeln!(log, "{}: {word}: {}", path.display(), place.trim_end())?;
    }
    last.map_or(Ok(()), |last| writeln!(log, "  hint: {}", last.hint()))
}

/// Gives what belongs together: each bundle by itself, and a file's other resources.
fn units(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    let values: Vec<&[u8]> = match Raw::read(bytes) {
        Ok(_) => vec![bytes],
        Err(_) => bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
            .collect(),
    };
    let is_bundle = |value: &&[u8]| {
        let kind = Raw::read(value).and_then(|raw| raw.get("resourceType"));
        let kind = kind.ok().flatten().and_then(|kind| kind.text().ok());
        kind.is_some_and(|kind| kind == "Bundle")
    };
    let (bundles, others): (Vec<_>, Vec<_>) = values.into_iter().partition(is_bundle);
    let mut units: Vec<Vec<&[u8]>> = bundles.into_iter().map(|bundle| vec![bundle]).collect();
    if !others.is_empty() {
        units.push(others);
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueString":"|"}"#;

    fn printed(content: &str, is_terminal: bool) -> Result<String, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("resources.json"), content).unwrap();
        let mut out = Vec::new();
        let files = [folder.path().to_owned()];
        run(&files, EventTime::from_micros(0), is_terminal, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_file_is_a_resource_a_bundle_or_lines_of_them() {
        let one = printed(RESULT, false).unwrap();
        assert!(
            one.contains("\rOBX|1|ST|^x^^^^^^^x||\\F\\||||||F\r\n"),
            "{one}"
        );
        let bundle = format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{RESULT}}}]}}"#);
        assert_eq!(printed(&bundle, false).unwrap(), one);
        let lines = format!("{bundle}\n\n{bundle}\n");
        assert_eq!(printed(&lines, false).unwrap(), [&*one, &*one].concat());
        let other = RESULT.replace("\"o\"", "\"p\"");
        let together = printed(&format!("{RESULT}\n{other}"), true).unwrap();
        assert_eq!(
            together
                .lines()
                .filter(|line| line.starts_with("MSH"))
                .count(),
            1
        );
        assert_eq!(
            together
                .lines()
                .filter(|line| line.starts_with("OBX"))
                .count(),
            2
        );
    }

    #[test]
    fn what_makes_no_message_fails() {
        assert!(printed(r#"{"resourceType":"Patient"}"#, false).is_err());
        assert!(printed("MSH|", false).is_err());
    }
}
