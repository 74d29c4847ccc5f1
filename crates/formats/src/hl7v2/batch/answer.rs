//! The answer to a batch: the acknowledgements of its messages, in the envelope that the messages came in.

use super::{Batch, BatchIssue};
use crate::hl7v2::message::parse;
use crate::hl7v2::writer::Writer;

/// Puts the acknowledgements of a batch's messages together as a batch; nothing where no message asked for one.
///
/// `answers` holds one for each of [`Batch::messages`], in their order. A file is answered by a file, each batch by a
/// batch that refers to it (BHS-12, FHS-12), and what was wrong with a batch stands in its comment (BTS-2, FTS-2).
#[must_use]
pub fn answer(
    bytes: &[u8],
    batch: &Batch,
    answers: &[Option<Vec<u8>>],
    time: &str,
) -> Option<Vec<u8>> {
    if !batch.messages.is_empty() && answers.iter().all(Option::is_none) && batch.issues.is_empty()
    {
        return None;
    }
    let headers = |name: &[u8]| -> Vec<&[u8]> {
        let spans = batch.envelope.iter();
        spans
            .filter_map(|span| bytes.get(span.clone()))
            .filter(|line| unmarked(line).starts_with(name))
            .collect()
    };
    let (files, batches) = (headers(b"FHS"), headers(b"BHS"));
    let mut whole = Vec::new();
    let file_separator = files
        .first()
        .map(|file| header(&mut whole, "FHS", Some(file), time));
    let groups = groups(batch, answers);
    for (place, group) in groups.iter().enumerate() {
        let sent = group
            .number
            .checked_sub(1)
            .and_then(|n| batches.get(n).copied());
        let separator = header(&mut whole, "BHS", sent, time);
        for answer in &group.answers {
            whole.extend_from_slice(answer);
        }
        let is_last = place + 1 == groups.len();
        let wrong = batch.issues.iter().filter(|issue| {
            let has_group = groups.iter().any(|group| group.number == issue.batch);
            let is_of_file = !has_group || issue.code.is_of_file();
            if is_of_file {
                file_separator.is_none() && is_last
            } else {
                issue.batch == group.number
            }
        });
        trailer(&mut whole, "BTS", separator, group.answers.len(), wrong);
    }
    if let Some(separator) = file_separator {
        let wrong = batch.issues.iter().filter(|issue| {
            issue.code.is_of_file() || groups.iter().all(|group| group.number != issue.batch)
        });
        trailer(&mut whole, "FTS", separator, groups.len(), wrong);
    }
    Some(whole)
}

/// The messages that came one after the other in one batch, or in none.
struct Group<'a> {
    number: usize,
    answers: Vec<&'a [u8]>,
}

fn groups<'a>(batch: &Batch, answers: &'a [Option<Vec<u8>>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (message, answer) in batch.messages.iter().zip(answers) {
        if groups
            .last()
            .is_none_or(|group| group.number != message.batch)
        {
            groups.push(Group {
                number: message.batch,
                answers: Vec::new(),
            });
        }
        if let Some(group) = groups.last_mut() {
            group.answers.extend(answer.as_deref());
        }
    }
    groups
}

/// Writes a header that goes back to where the sent one came from and refers to it; returns what separates its fields.
fn header(whole: &mut Vec<u8>, name: &str, sent: Option<&[u8]>, time: &str) -> u8 {
    let sent = parse(sent.unwrap_or_default());
    let mut writer = Writer::new(name, sent.separators(), sent.charset());
    let can_copy = writer.separators() == sent.separators();
    let segment = sent.segments().next();
    let copy = |writer: &mut Writer, own: usize, theirs: usize| {
        let Some(field) = segment.map(|segment| segment.field(theirs)) else {
            return;
        };
        writer.field(own);
        if can_copy {
            writer.raw(field.raw());
        } else {
            writer.text(&field.text());
        }
    };
    for (own, theirs) in [(3, 5), (4, 6), (5, 3), (6, 4)] {
        copy(&mut writer, own, theirs);
    }
    writer.field(7).text(time);
    copy(&mut writer, 12, 11);
    let separator = writer.separators().field;
    whole.extend(writer.finish());
    separator
}

fn trailer<'i>(
    whole: &mut Vec<u8>,
    name: &str,
    separator: u8,
    count: usize,
    wrong: impl Iterator<Item = &'i BatchIssue>,
) {
    let words: Vec<String> = wrong.map(|issue| issue.code.to_string()).collect();
    whole.extend_from_slice(name.as_bytes());
    whole.push(separator);
    whole.extend_from_slice(count.to_string().as_bytes());
    if !words.is_empty() {
        whole.push(separator);
        whole.extend_from_slice(words.join("; ").as_bytes());
    }
    whole.push(b'\r');
}

/// A line without the marks that may stand before its name.
fn unmarked(line: &[u8]) -> &[u8] {
    let marks = line
        .iter()
        .take_while(|&&byte| super::is_mark(byte))
        .count();
    line.get(marks..).unwrap_or_default()
}
