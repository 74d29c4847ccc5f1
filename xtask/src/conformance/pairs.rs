//! The corpora: messages, each with what somebody else made of it.

use std::path::{Path, PathBuf};

use super::whistle;
use crate::step::{Failed, root};

/// Who made the expected output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Corpus {
    /// CDC ReportStream's tests of the official guide's inventory.
    Cdc,
    /// CDC ReportStream's whole messages.
    CdcSamples,
    /// Microsoft's FHIR converter.
    Microsoft,
    /// Google's Whistle mappings.
    Google,
}

impl Corpus {
    /// All of them, in the order in which they are printed.
    pub(super) const ALL: [Self; 4] = [Self::Cdc, Self::CdcSamples, Self::Microsoft, Self::Google];

    /// Gives its name on the command line and in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cdc => "cdc",
            Self::CdcSamples => "cdc-samples",
            Self::Microsoft => "microsoft",
            Self::Google => "google",
        }
    }
}

/// A message and what is expected of it.
pub(super) struct Pair {
    /// The message's name inside the corpus, without ending.
    pub(super) name: String,
    /// The file with the message.
    pub(super) message: PathBuf,
    /// The expected resources, as JSON.
    pub(super) expected: String,
}

/// Gives the pairs of a corpus in order of name; what cannot be used is told in `left_out`.
pub(super) fn of(
    corpus: Corpus,
    corpora: &Path,
    left_out: &mut Vec<String>,
) -> Result<Vec<Pair>, Failed> {
    let cdc = corpora.join("cdc-reportstream");
    match corpus {
        Corpus::Cdc => beside(&cdc.join("mappinginventory")),
        Corpus::CdcSamples => beside(&cdc.join("HL7_to_FHIR")),
        Corpus::Microsoft => microsoft(&corpora.join("microsoft-fhir-converter")),
        Corpus::Google => google(
            &corpora.join("google-whistle/unit_tests/messages"),
            left_out,
        ),
    }
}

/// Pairs of `X.hl7` and `X.fhir`, in folders.
fn beside(folder: &Path) -> Result<Vec<Pair>, Failed> {
    let messages = files(folder, ".hl7")?.into_iter();
    let pairs = messages.map(|(name, message)| (name, message.with_extension("fhir"), message));
    let pairs = pairs.filter(|(_, expected, _)| expected.is_file());
    let pairs = pairs.map(|(name, expected, message)| {
        Ok(Pair {
            name,
            expected: read(&expected)?,
            message,
        })
    });
    pairs.collect()
}

fn microsoft(folder: &Path) -> Result<Vec<Pair>, Failed> {
    let expected = files(&folder.join("expected-fhir"), "-expected.json")?.into_iter();
    let pairs = expected.map(|(name, expected)| {
        let message = name.rsplit('/').next().unwrap_or(&name);
        let message = folder.join("hl7v2").join(format!("{message}.hl7"));
        (name, expected, message)
    });
    let pairs = pairs.filter(|(_, _, message)| message.is_file());
    let pairs = pairs.map(|(name, expected, message)| {
        Ok(Pair {
            name,
            expected: read(&expected)?,
            message,
        })
    });
    pairs.collect()
}

/// The messages are JSON of parsed fields: they are written back as HL7 v2 into the target folder first.
fn google(folder: &Path, left_out: &mut Vec<String>) -> Result<Vec<Pair>, Failed> {
    let written = root().join("target/conformance/google");
    std::fs::create_dir_all(&written)
        .map_err(|error| Failed(format!("{}: {error}", written.display())))?;
    let mut pairs = Vec::new();
    for (name, input) in files(folder, ".hl7.fhir.input.json")? {
        let output = folder.join(format!("{name}.hl7.fhir.output.json"));
        let message = written.join(format!("{name}.hl7"));
        match whistle::message(&read(&input)?) {
            Ok(text) => {
                std::fs::write(&message, text)
                    .map_err(|error| Failed(format!("{}: {error}", message.display())))?;
                pairs.push(Pair {
                    name,
                    message,
                    expected: read(&output)?,
                });
            }
            Err(reason) => left_out.push(format!("{name}: {reason}")),
        }
    }
    Ok(pairs)
}

/// The files below a folder with an ending, by their names below it without the ending, in order.
fn files(folder: &Path, ending: &str) -> Result<Vec<(String, PathBuf)>, Failed> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next)
            .map_err(|error| Failed(format!("{}: {error}", next.display())))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.strip_prefix(folder).unwrap_or(&path);
            let name = name.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = name.strip_suffix(ending) {
                found.push((name.to_owned(), path));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<String, Failed> {
    let bytes =
        std::fs::read(path).map_err(|error| Failed(format!("{}: {error}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
