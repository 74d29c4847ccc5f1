//! What the sender of X12 is answered: a TA1 for each interchange and a 999 for each functional group, in files of their own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clinical::ReceivedTime;
use formats::x12::answer::{self, Stamp, Verdict};
use formats::x12::{self, Interchange};

use super::ending;

/// The folder that senders find their answers in.
pub(super) const ANSWERS: &str = "answers";
/// What stands behind a file's name in those of its answers.
pub(super) const SUFFIXES: [&str; 2] = [".ta1", ".999"];
/// The greatest control number; after it they begin again with 1.
pub(super) const NUMBER_MAX: u32 = 999_999_999;

/// Which answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// A TA1 for each interchange, and a 999 for each group of one that is accepted.
    All,
    /// A TA1 only where ISA14 asks for it or the interchange is refused.
    Asked,
    /// None.
    None,
}

impl Answers {
    /// All of them, by their names in the configuration.
    pub(crate) const NAMES: [(&'static str, Self); 3] = [
        ("all", Self::All),
        ("asked", Self::Asked),
        ("none", Self::None),
    ];
}

/// How many control numbers the answers to a file may need.
pub(super) fn numbers(file: &x12::File<'_>) -> u32 {
    let needed = file.interchanges().iter().map(|one| 1 + one.groups.len());
    u32::try_from(needed.sum::<usize>()).unwrap_or(u32::MAX)
}

/// Writes what a file is answered, TA1s and 999s apart; control numbers count from the first.
pub(super) fn compose(
    file: &x12::File<'_>,
    wanted: Answers,
    first: u32,
    now: ReceivedTime,
) -> [Vec<u8>; 2] {
    let mut answers = [Vec::new(), Vec::new()];
    if wanted == Answers::None {
        return answers;
    }
    let [interchanges, groups] = &mut answers;
    let mut number = first;
    let mut stamp = || {
        let stamp = stamp(number, now);
        number = next(number);
        stamp
    };
    for interchange in file.interchanges() {
        // Nobody answers answers, whatever ISA14 asks for and whatever is wrong with them.
        if is_answer(file, interchange) {
            continue;
        }
        let (verdict, _) = answer::interchange_verdict(interchange);
        if wanted == Answers::All || verdict == Verdict::Refused || asks(file, interchange) {
            interchanges.extend(answer::ta1(file, interchange, &stamp()).unwrap_or_default());
        }
        // What stands in an interchange that is refused was not looked at.
        if verdict == Verdict::Refused {
            continue;
        }
        for group in &interchange.groups {
            let answer = answer::implementation_acknowledgement(file, interchange, group, &stamp());
            groups.extend(answer.unwrap_or_default());
        }
    }
    answers
}

/// The control number after one.
pub(super) const fn next(number: u32) -> u32 {
    if number >= NUMBER_MAX { 1 } else { number + 1 }
}

/// Whether an interchange asks for a TA1.
fn asks(file: &x12::File<'_>, interchange: &Interchange) -> bool {
    let header = file.segment(interchange.header);
    header.is_some_and(|header| header.element(14).raw() == b"1")
}

/// Whether an interchange answers one of ours: an answer to each answer would never end.
fn is_answer(file: &x12::File<'_>, interchange: &Interchange) -> bool {
    let headers = interchange
        .groups
        .iter()
        .map(|group| file.segment(group.header));
    let mut kinds = headers.map(|header| header.map(|header| header.element(1).raw()));
    let begin = interchange.header.unwrap_or_default();
    let end = interchange.trailer.unwrap_or(file.segments().len());
    let inside = file.segments().get(begin..end).unwrap_or_default();
    let has_answer = inside.iter().any(|segment| segment.name() == b"TA1");
    (has_answer || !interchange.groups.is_empty()) && kinds.all(|kind| kind == Some(&b"FA"[..]))
}

fn stamp(number: u32, now: ReceivedTime) -> Stamp {
    // As RFC 3339 has it: 2026-03-01T00:00:00Z.
    let text = now.to_string();
    let part =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u16>().ok());
    let small = |from: usize, to: usize| part(from, to).and_then(|part| u8::try_from(part).ok());
    Stamp {
        interchange: number,
        group: number,
        year: part(0, 4).unwrap_or_default(),
        month: small(5, 7).unwrap_or_default(),
        day: small(8, 10).unwrap_or_default(),
        hour: small(11, 13).unwrap_or_default(),
        minute: small(14, 16).unwrap_or_default(),
    }
}

/// Where the answers to a file are.
pub(super) fn places(folder: &Path, ends_as: &str) -> [PathBuf; 2] {
    SUFFIXES.map(|suffix| folder.join(ANSWERS).join(format!("{ends_as}{suffix}")))
}

/// Puts answers to where their sender finds them, each as a whole; one that is there was written before and stays.
pub(super) fn write(folder: &Path, ends_as: &str, answers: &[Vec<u8>; 2]) -> io::Result<()> {
    let target = folder.join(ANSWERS);
    ending::make(&target)?;
    for (place, bytes) in places(folder, ends_as).iter().zip(answers) {
        if bytes.is_empty() {
            continue;
        }
        let unfinished = target.join(".answer.part");
        // Its sender is another user of this machine; it holds control numbers and codes alone.
        ending::write_new(&unfinished, bytes, 0o644)?;
        // A rename would put it in the place of another; a link does not.
        match fs::hard_link(&unfinished, place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        fs::remove_file(&unfinished)?;
    }
    File::open(&target)?.sync_all()
}

#[cfg(test)]
mod tests;
