//! A file that is one thing: a FHIR resource or bundle, or X12.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use formats::x12::{self, Delimiters};

use super::{At, Content, Error, Kind, Unit, WHOLE_BYTES_MAX};

/// A file as a whole.
pub(in crate::intake::files) struct Whole {
    file: File,
    kind: Kind,
    /// How many units were given before.
    done: u64,
    is_read: bool,
    /// What is still to be given, the last first.
    left: Vec<Unit>,
}

impl Whole {
    pub(super) const fn new(file: File, kind: Kind, at: At) -> Self {
        Self {
            file,
            kind,
            is_read: false,
            left: Vec::new(),
            done: at.number,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Unit>, Error> {
        if !std::mem::replace(&mut self.is_read, true) {
            let contents = self.contents()?.into_iter();
            let units = (1_u64..).zip(contents).map(|(number, content)| Unit {
                after: At {
                    number,
                    ..At::START
                },
                line: 1,
                content,
            });
            let done = self.done;
            self.left = units.filter(|unit| unit.after.number > done).collect();
            self.left.reverse();
        }
        Ok(self.left.pop())
    }

    fn contents(&self) -> Result<Vec<Content>, Error> {
        let length = self.file.metadata()?.len();
        if length > WHOLE_BYTES_MAX {
            return Err(Error::TooLong);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.take(WHOLE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > WHOLE_BYTES_MAX {
            return Err(Error::TooLong);
        }
        Ok(match self.kind {
            Kind::X12 => sets(&bytes),
            _ => vec![Content::Resource(bytes.trim_ascii().to_vec())],
        })
    }
}

/// The transaction sets of a file, each in its envelope.
fn sets(bytes: &[u8]) -> Vec<Content> {
    let file = x12::read(bytes);
    let sets = file.sets().map(|set| match set.refusal() {
        Some(issue) => Content::Bad(issue.code.as_str(), issue.code.text().to_owned()),
        None => Content::X12(alone(&set)),
    });
    let sets: Vec<Content> = sets.collect();
    if !sets.is_empty() {
        return sets;
    }
    let issue = file.issues().first().map(|issue| issue.code);
    let (code, text) = issue.map_or(
        (
            "transaction-set-missing",
            "there is no transaction set in it",
        ),
        |code| (code.as_str(), code.text()),
    );
    vec![Content::Bad(code, text.to_owned())]
}

/// A transaction set in an interchange of its own, under the headers that it came with.
fn alone(set: &x12::Set<'_, '_>) -> Vec<u8> {
    let (isa, gs) = (set.interchange_header(), set.group_header());
    let mut bytes = Vec::new();
    for header in [isa, gs].into_iter().flatten() {
        bytes.extend_from_slice(header.whole());
    }
    for segment in set.segments() {
        bytes.extend_from_slice(segment.whole());
    }
    for (name, header, number) in [("GE", gs, 6), ("IEA", isa, 13)] {
        if let Some(header) = header {
            let Delimiters {
                element, segment, ..
            } = header.delimiters();
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&[element, b'1', element]);
            bytes.extend_from_slice(header.element(number).raw());
            bytes.push(segment);
        }
    }
    bytes
}
