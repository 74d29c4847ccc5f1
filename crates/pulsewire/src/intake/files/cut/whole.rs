//! A file that is one thing: a FHIR resource or bundle, or X12.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use formats::x12::{self, Delimiters, Issue, Level, Severity};
use mapping::x12::balance;

use super::{At, Content, DOUBTS_MAX, Error, Kind, Unit, WHOLE_BYTES_MAX};

/// A file as a whole.
pub(in crate::intake::files) struct Whole {
    file: File,
    kind: Kind,
    /// How many units were given before.
    done: u64,
    is_read: bool,
    /// What is still to be given, the last first.
    left: Vec<Unit>,
    /// What is doubtful about it; told once, with its first units.
    doubts: Vec<String>,
    /// Whether an interchange of X12 is refused that is no production data.
    pub(super) production_only: bool,
}

impl Whole {
    pub(super) const fn new(file: File, kind: Kind, at: At) -> Self {
        Self {
            file,
            kind,
            is_read: false,
            left: Vec::new(),
            doubts: Vec::new(),
            done: at.number,
            production_only: false,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Unit>, Error> {
        if !std::mem::replace(&mut self.is_read, true) {
            let (contents, doubts) = self.contents()?;
            if self.done == 0 {
                self.doubts = doubts;
            }
            let numbered = (1_u64..).zip(contents);
            let units = numbered.map(|(number, (line, content))| Unit {
                after: At {
                    number,
                    ..At::START
                },
                line,
                content,
            });
            let done = self.done;
            self.left = units.filter(|unit| unit.after.number > done).collect();
            self.left.reverse();
        }
        Ok(self.left.pop())
    }

    pub(super) fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// What it holds, each with the line that it begins on, and what is doubtful.
    fn contents(&self) -> Result<(Vec<Begun>, Vec<String>), Error> {
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
            Kind::X12 => {
                let (contents, doubts) = sets(&bytes, self.production_only);
                let ends = LineEnds::of(&bytes);
                let contents = contents.into_iter();
                let lines = contents.map(|(position, content)| (ends.line(position), content));
                (lines.collect(), doubts)
            }
            _ => (
                vec![(1, Content::Resource(bytes.trim_ascii().to_vec()))],
                Vec::new(),
            ),
        })
    }
}

/// A part of a file, behind the line that it begins on.
type Begun = (u64, Content);

/// Where the lines of a file end.
struct LineEnds(Vec<usize>);

impl LineEnds {
    /// Lines end with a line feed, or with a carriage return where there is none.
    fn of(bytes: &[u8]) -> Self {
        let end = match bytes.contains(&b'\n') {
            true => b'\n',
            false => b'\r',
        };
        let numbered = (0..).zip(bytes);
        let ends = numbered.filter(|(_, byte)| **byte == end);
        Self(ends.map(|(place, _)| place).collect())
    }

    /// The line that a byte stands on, counted from 1.
    fn line(&self, position: usize) -> u64 {
        1 + self.0.partition_point(|end| *end < position) as u64
    }
}

/// The transaction sets of a file, each in its envelope, with the byte that it begins at, and what is doubtful about them; what
/// has none is refused.
fn sets(bytes: &[u8], production_only: bool) -> (Vec<(usize, Content)>, Vec<String>) {
    let mut file = x12::read(bytes);
    if production_only {
        file.refuse_tests();
    }
    let bad = |issue: &Issue| Content::Bad(issue.code.as_str(), issue.code.text().to_owned());
    let bad_at = |issue: &Issue| (issue.position, bad(issue));
    let is_error = |issue: &&Issue| issue.code.severity() == Severity::Error;
    let is_warning = |issue: &&Issue| issue.code.severity() == Severity::Warning;
    let mut contents = Vec::new();
    let mut doubts: Vec<String> = file
        .issues()
        .iter()
        .filter(is_warning)
        .map(ToString::to_string)
        .collect();
    for (number, set) in (1_u64..).zip(file.sets()) {
        let begins = set.segments().first().map_or(0, |first| first.position());
        let content = match set.refusal() {
            Some(issue) => bad(issue),
            None if ACKNOWLEDGEMENTS.contains(&set.kind().raw()) => acknowledgement(&set),
            None => {
                doubts.extend(malformed(&set, number));
                let issues = balance(&set).into_iter();
                doubts.extend(issues.map(|issue| {
                    format!(
                        "transaction set {number}, segment {}: {}",
                        issue.segment,
                        issue.code.word()
                    )
                }));
                Content::X12(alone(&set))
            }
        };
        contents.push((begins, content));
    }
    // Errors that are no set's own would be nobody's otherwise.
    for interchange in file.interchanges() {
        let has_sets = interchange
            .groups
            .iter()
            .any(|group| !group.sets.is_empty());
        let of_groups = interchange
            .groups
            .iter()
            .filter(|group| group.sets.is_empty());
        let of_groups = of_groups.filter_map(|group| group.errors.iter().find(is_error));
        let own = interchange
            .errors
            .iter()
            .find(is_error)
            .filter(|_| !has_sets);
        contents.extend(own.into_iter().chain(of_groups).map(bad_at));
    }
    let of_file = file.issues().iter().filter(is_error);
    contents.extend(
        of_file
            .filter(|issue| issue.code.level() == Level::File)
            .map(bad_at),
    );
    let answers = file.segments().iter().filter(|one| one.name() == b"TA1");
    contents.extend(answers.map(|one| (one.position(), told("TA1", one.element(4)))));
    if contents.is_empty() {
        let text = "there is no transaction set in it: send it from ST to SE".to_owned();
        contents.push((0, Content::Bad("transaction-set-missing", text)));
    }
    (contents, shortened(doubts, file.issues_dropped()))
}

/// As many doubts as are kept, and how many more there are, those that were dropped before with them.
fn shortened(mut doubts: Vec<String>, dropped: usize) -> Vec<String> {
    let more = doubts.len().saturating_sub(DOUBTS_MAX) + dropped;
    doubts.truncate(DOUBTS_MAX);
    if more > 0 {
        doubts.push(format!("and {more} more"));
    }
    doubts
}

/// What is wrong with the segments of a set that is taken in, as the 999 tells its sender.
fn malformed(set: &x12::Set<'_, '_>, number: u64) -> Vec<String> {
    let faults = x12::check(set).into_iter();
    faults
        .flat_map(|fault| {
            let head = format!(
                "transaction set {number}, segment {}: {}",
                fault.place, fault.name
            );
            let of_segment = (fault.code != OF_ELEMENTS)
                .then(|| format!("{head} {}", words(&SEGMENT_FAULTS, fault.code)));
            let elements = fault.elements.into_iter().map(move |one| {
                let words = words(&ELEMENT_FAULTS, one.code);
                format!("{head}{:02} {words}", one.element)
            });
            of_segment.into_iter().chain(elements).collect::<Vec<_>>()
        })
        .collect()
}

/// IK304 of a segment whose elements have faults.
const OF_ELEMENTS: &str = "8";
/// IK304 in words.
const SEGMENT_FAULTS: [(&str, &str); 6] = [
    ("1", "is not known"),
    ("2", "is out of place"),
    ("3", "is required and missing"),
    ("4", "begins a loop once too often"),
    ("5", "stands once too often"),
    ("6", "belongs to other sets"),
];
/// IK403 in words.
const ELEMENT_FAULTS: [(&str, &str); 6] = [
    ("1", "is required and missing"),
    ("4", "is too short"),
    ("5", "is too long"),
    ("6", "has a character that it cannot have"),
    ("7", "is no code that it can be"),
    ("8", "is no day or time"),
];

fn words(table: &[(&str, &'static str)], code: &str) -> &'static str {
    let found = table.iter().find(|(known, _)| *known == code);
    found.map_or("is not as it should be", |(_, words)| words)
}

/// The transaction sets that answer what was sent.
const ACKNOWLEDGEMENTS: [&[u8]; 2] = [b"997", b"999"];

/// An answer to a functional group, with what AK901 says; it is nobody's event and waits for nobody.
fn acknowledgement(set: &x12::Set<'_, '_>) -> Content {
    let verdict = set.first(b"AK9").map(|answer| answer.element(1));
    let kind = set.kind().text().into_owned();
    verdict.map_or_else(
        || Content::Acknowledgement(kind.clone()),
        |verdict| told(&kind, verdict),
    )
}

fn told(kind: &str, verdict: x12::Element<'_>) -> Content {
    let verdict = verdict.text();
    let known = ["A", "E", "P", "R", "M", "W", "X"].contains(&&*verdict);
    let verdict = if known { &*verdict } else { "" };
    Content::Acknowledgement(format!("{kind} {verdict}").trim_end().to_owned())
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
