//! Takes a file apart into units, one after the other, in bounded memory: messages, lines, rows, or the file as a whole.

mod hl7;
mod lines;
mod table;
mod whole;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use formats::hl7v2::IssueCode;
use mapping::extract::{Bound, Problem};
use mapping::source::Zone;
use serde::{Deserialize, Serialize};

use super::Extract;
use hl7::Messages;
use lines::Lines;
use table::Table;
use whole::Whole;

pub(super) use hl7::Envelope;

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// The longest line of NDJSON, and the longest message of a file: as long as a body over HTTP and a frame may be.
pub(super) const UNIT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The largest file that is read as a whole: one resource, or X12.
pub(super) const WHOLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How files begin that are text in UTF-16, or packed by gzip or zip.
const HINDERED: [&[u8]; 6] = [
    b"\xFF\xFE",
    b"\xFE\xFF",
    b"M\0S\0H\0",
    b"\0M\0S\0H",
    b"\x1F\x8B",
    b"PK\x03\x04",
];

/// The most doubts kept of one file.
const DOUBTS_MAX: usize = 100;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// HL7 v2 messages: one, several, in batches or in MLLP frames.
    Hl7,
    /// FHIR resources, one a line.
    FhirNdjson,
    /// One FHIR resource; a bundle is taken apart.
    Fhir,
    /// Rows that a mapping file makes resources of.
    Csv,
    /// X12 interchanges.
    X12,
}

impl Kind {
    /// All of them, by their names in the configuration.
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("hl7", Self::Hl7),
        ("fhir-ndjson", Self::FhirNdjson),
        ("fhir", Self::Fhir),
        ("csv", Self::Csv),
        ("x12", Self::X12),
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(own, _)| *own == name);
        found.map(|(_, kind)| *kind)
    }

    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }

    /// Finds out what a file holds from its name and how it begins; nothing where that does not tell.
    pub(super) fn guess(name: &str, head: &[u8]) -> Option<Self> {
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        let text = text.trim_ascii_start();
        let text = text.strip_prefix(b"\x0b").unwrap_or(text);
        let begins = |with: &[&[u8]]| with.iter().any(|start| text.starts_with(start));
        let lower = name.to_ascii_lowercase();
        if begins(&[b"MSH", b"FHS", b"BHS"]) {
            Some(Self::Hl7)
        } else if begins(&[b"ISA"]) {
            Some(Self::X12)
        } else if begins(&[b"{"]) {
            let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let is_whole_line = formats::fhir::read::Raw::read(first).is_ok();
            let is_named = lower.ends_with(".ndjson") || lower.ends_with(".jsonl");
            Some(if is_named || is_whole_line {
                Self::FhirNdjson
            } else {
                Self::Fhir
            })
        } else if lower.ends_with(".csv") {
            Some(Self::Csv)
        } else if lower.ends_with(".hl7") || HINDERED.iter().any(|start| head.starts_with(start)) {
            // None of these can be read, and it is said so by what HL7 v2 says of them.
            Some(Self::Hl7)
        } else {
            None
        }
    }
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct At {
    /// How many units were read.
    pub(super) number: u64,
    /// The line that comes next, counted from 1.
    pub(super) next_line: u64,
    /// How many bytes were read.
    pub(super) end: u64,
    /// What was seen of batches.
    #[serde(default)]
    pub(super) envelope: Envelope,
}

impl At {
    /// At the beginning.
    pub(super) const START: Self = Self {
        number: 0,
        next_line: 1,
        end: 0,
        envelope: Envelope::NONE,
    };
}

/// A unit of a file, and where reading goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) after: At,
    /// The line that it begins on.
    pub(super) line: u64,
    pub(super) content: Content,
}

/// What stands in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// An HL7 v2 message.
    Message(Vec<u8>),
    /// A FHIR resource, or a bundle of some.
    Resource(Vec<u8>),
    /// The fields of a row.
    Row(Vec<Vec<u8>>),
    /// A transaction set of X12 in its envelope.
    X12(Vec<u8>),
    /// Somebody's answer to what was sent: which, and its verdict, such as `999 A`.
    Acknowledgement(String),
    /// Something that cannot be used: the name of the reason, and what to do.
    Bad(&'static str, String),
}

/// Why a file cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it has no header: write the names of the columns into its first row")]
    NoHeader,
    #[error("its columns are not those of its mapping: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Columns(Vec<Problem>),
    #[error(
        "it is longer than {WHOLE_BYTES_MAX} bytes: send FHIR resources as NDJSON, and X12 in several files"
    )]
    TooLong,
    #[error("there is no message in it: {}", .0.text())]
    NotHl7(IssueCode),
}

impl Error {
    /// The name that reports use; it never changes.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "unreadable",
            Self::NoHeader => "header-missing",
            Self::Columns(problems) if problems.iter().any(|one| one.is_column_twice) => {
                "column-twice"
            }
            Self::Columns(_) => "column-missing",
            Self::TooLong => "file-too-long",
            Self::NotHl7(code) => code.as_str(),
        }
    }
}

/// What takes a file apart.
pub(super) enum Cutter {
    Messages(Messages),
    Lines(Lines),
    Table(Box<Table>),
    Whole(Whole),
}

impl Cutter {
    /// Begins where reading goes on; rows are read by a mapping, with the zone of their source.
    pub(super) fn new(
        file: File,
        kind: Kind,
        at: At,
        mapping: Option<(&Extract, &Zone)>,
    ) -> Result<Self, Error> {
        let lines = |file| {
            let chunks = Chunks::new(file, at.end)?;
            Ok::<_, Error>(Self::Lines(Lines::new(chunks, b'\n', at, UNIT_BYTES_MAX)))
        };
        match (kind, mapping) {
            (Kind::Hl7, _) => {
                let chunks = Chunks::new(file, at.end)?;
                Ok(Self::Messages(Messages::new(chunks, at)?))
            }
            (Kind::Csv, Some((extract, zone))) => {
                let table = Table::new(file, extract, zone, at)?;
                Ok(Self::Table(Box::new(table)))
            }
            // What knows no mapping counts rows as lines.
            (Kind::FhirNdjson, _) | (Kind::Csv, None) => lines(file),
            (Kind::Fhir | Kind::X12, _) => Ok(Self::Whole(Whole::new(file, kind, at))),
        }
    }

    /// Takes all interchanges of X12, or only those of production data.
    pub(super) fn taking(mut self, production_only: bool) -> Self {
        if let Self::Whole(whole) = &mut self {
            whole.production_only = production_only;
        }
        self
    }

    /// Gives the next unit; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Unit>, Error> {
        match self {
            Self::Messages(messages) => messages.next(),
            Self::Lines(lines) => Ok(lines.next_resource()?),
            Self::Table(table) => Ok(table.next()?),
            Self::Whole(whole) => whole.next(),
        }
    }

    /// The mapping on the columns of this file, where it has one.
    pub(super) fn bound(&self) -> Option<&Bound> {
        match self {
            Self::Table(table) => Some(table.bound()),
            _ => None,
        }
    }

    /// What does not add up in its batches; asked at the end.
    pub(super) fn doubts(&self) -> &[String] {
        match self {
            Self::Messages(messages) => messages.doubts(),
            Self::Whole(whole) => whole.doubts(),
            _ => &[],
        }
    }
}

/// A file in pieces.
pub(super) struct Chunks {
    file: File,
    buffer: Vec<u8>,
}

impl Chunks {
    fn new(mut file: File, from: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(from))?;
        Ok(Self {
            file,
            buffer: vec![0; CHUNK_BYTES],
        })
    }

    /// The next piece; an empty one at the end.
    fn next(&mut self) -> io::Result<&[u8]> {
        let read = self.file.read(&mut self.buffer)?;
        Ok(self.buffer.get(..read).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
