//! Resources one a line, taken while they come: a file of any length in as little memory as one batch of lines.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use axum::body::Body;
use flate2::write::GzDecoder;
use formats::fhir::json;
use formats::fhir::read::Raw;
use formats::fhir::reference::{is_id, resource_type};
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;
use tokio::time::timeout;

use super::Door;
use super::answer::Answer;
use super::body::{Pace, Packing, RATIO_MAX, Spent, too_slow, unreadable};
use super::chunks::Chunks;
use super::request::Asking;
use crate::intake::fhir::{Asked, Done, Interaction, Refusal, Sender};
use crate::intake::keep::Patience;
use crate::tasks::aside;

/// So many lines, or so many bytes of them, are kept in one write.
const LINES_AT_ONCE: usize = 200;
const BYTES_AT_ONCE: usize = 4 << 20;
/// So many refused lines are named; the others are counted.
const NAMED_MAX: usize = 1000;

/// What became of the lines so far.
#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    kept: u64,
    unchanged: u64,
    refused: u64,
    named: Vec<(u64, Refusal)>,
}

/// Bytes that are not yet whole lines.
enum Unpacked {
    Plain(Vec<u8>),
    Gzip(Box<GzDecoder<Vec<u8>>>, usize, usize),
}

/// Takes the lines of a body in.
pub(super) async fn import(
    door: &Arc<Door>,
    asking: &Asking,
    body: Body,
) -> Result<Answer, Refusal> {
    // Who sends a file waits rather than begin again.
    let sender = Sender {
        patience: Patience::Wait,
        ..asking.sender.clone()
    };
    let mut chunks = Chunks::of(body, &asking.spent);
    let mut unpacked = Unpacked::new(Packing::of(&asking.headers)?);
    let mut tally = Tally::default();
    let mut batch = Batch::default();
    let pace = Pace::start();
    let mut received = 0;
    loop {
        let chunk = timeout(door.config.body_timeout, chunks.next()).await;
        let chunk = chunk.map_err(|_| too_slow())??;
        let is_last = chunk.is_none();
        let chunk = chunk.unwrap_or_default();
        received += chunk.len();
        pace.keeps_up(received)?;
        unpacked.push(&chunk, is_last, &asking.spent)?;
        for line in unpacked.lines(is_last) {
            tally.lines += 1;
            batch.add(door, &sender, (tally.lines, line));
            if batch.is_full() {
                batch.keep(door, &sender, &mut tally).await?;
                asking.spent.was_kept();
            }
        }
        if unpacked.pending().len() > door.config.body_size {
            let words = format!(
                "line {} is longer than {} bytes: send its resource in parts, or raise intake.http.body_size",
                tally.lines + 1,
                door.config.body_size
            );
            return Err(Refusal::because(413, IssueCode::TooLong, words));
        }
        if is_last {
            break;
        }
    }
    batch.keep(door, &sender, &mut tally).await?;
    Ok(Answer::new(200, tally.parameters()))
}

impl Unpacked {
    fn new(packing: Packing) -> Self {
        match packing {
            Packing::Plain => Self::Plain(Vec::new()),
            Packing::Gzip => Self::Gzip(Box::new(GzDecoder::new(Vec::new())), 0, 0),
        }
    }

    fn push(&mut self, chunk: &[u8], is_last: bool, spent: &Spent) -> Result<(), Refusal> {
        match self {
            Self::Plain(bytes) => bytes.extend_from_slice(chunk),
            Self::Gzip(decoder, packed, unpacked) => {
                *packed += chunk.len();
                // A chunk is a few kilobytes, so what it unpacks to at once has a limit, too.
                let before = decoder.get_ref().len();
                decoder.write_all(chunk).map_err(|_| unreadable())?;
                if is_last {
                    decoder.try_finish().map_err(|_| unreadable())?;
                }
                let more = decoder.get_ref().len() - before;
                spent.add(more);
                *unpacked += more;
                if *unpacked > packed.saturating_mul(RATIO_MAX) {
                    let words = format!(
                        "the body unpacks to more than {RATIO_MAX} times what was sent: send it less packed"
                    );
                    return Err(Refusal::because(413, IssueCode::TooLong, words));
                }
            }
        }
        Ok(())
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Gzip(decoder, ..) => decoder.get_mut(),
        }
    }

    fn pending(&mut self) -> &[u8] {
        self.bytes()
    }

    /// The whole lines there are, without those that are empty; at the end, what is left is one.
    fn lines(&mut self, is_last: bool) -> Vec<Vec<u8>> {
        let bytes = self.bytes();
        let end = match bytes.iter().rposition(|byte| *byte == b'\n') {
            _ if is_last => bytes.len(),
            Some(end) => end + 1,
            None => return Vec::new(),
        };
        let whole: Vec<u8> = bytes.drain(..end).collect();
        let lines = whole.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    }
}

/// Lines that are kept together.
#[derive(Default)]
struct Batch {
    numbers: Vec<u64>,
    asked: Vec<Asked>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.asked.len() >= LINES_AT_ONCE || self.bytes >= BYTES_AT_ONCE
    }

    fn add(&mut self, door: &Door, sender: &Sender, (number, line): (u64, Vec<u8>)) {
        self.bytes += line.len();
        self.numbers.push(number);
        let asked = aside(line.len(), || asked(door, sender, line));
        self.asked.push(asked.unwrap_or_else(Asked::refused));
    }

    async fn keep(
        &mut self,
        door: &Door,
        sender: &Sender,
        tally: &mut Tally,
    ) -> Result<(), Refusal> {
        let Self { numbers, asked, .. } = std::mem::take(self);
        if asked.is_empty() {
            return Ok(());
        }
        let done = door.fhir.take(asked, sender, false).await;
        let done = done.map_err(|refusal| {
            let words = format!(
                "after {} kept lines: {refusal}; what is sent again is not kept twice where it has an id",
                tally.kept
            );
            Refusal::because(503, IssueCode::Transient, words)
        })?;
        for (number, done) in numbers.into_iter().zip(done) {
            match done {
                Done::Kept { .. } => tally.kept += 1,
                Done::Unchanged(_) => tally.unchanged += 1,
                Done::Refused(refusal) => tally.refuse(number, refusal),
            }
        }
        Ok(())
    }
}

/// What a line asks for: its resource is as it says; one without an id gets the one that its content has.
fn asked(door: &Door, sender: &Sender, line: Vec<u8>) -> Result<Asked, Refusal> {
    strict::check(&line)?;
    let text = |name| Raw::text_of(&line, name).map(Cow::into_owned);
    let kind = text("resourceType").unwrap_or_default();
    let kind = resource_type(&kind).filter(|kind| mapping::fhir::is_kept(kind));
    let kind = kind.ok_or_else(|| {
        let words = "the resourceType is none that is kept by itself: look for its right name, and send what is in a bundle by itself";
        Refusal::because(422, IssueCode::NotSupported, words)
    })?;
    let id = text("id");
    if id.as_deref().is_some_and(|id| !is_id(id)) {
        let words = "an id has 1 to 64 letters, digits, hyphens and points: change it";
        return Err(Refusal::because(400, IssueCode::Value, words));
    }
    let mut asked = Asked::new(Interaction::Update, kind, line);
    asked.id = Some(id.unwrap_or_else(|| door.fhir.content_id(sender, kind, &asked.bytes)));
    Ok(asked)
}

impl Tally {
    fn refuse(&mut self, number: u64, refusal: Refusal) {
        self.refused += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push((number, refusal));
        }
    }

    /// The counts and the refused lines as Parameters.
    fn parameters(&self) -> Vec<u8> {
        json::object(|parameters| {
            parameters.string("resourceType", "Parameters");
            parameters.array("parameter", |all| {
                let counts = [
                    ("lines", self.lines),
                    ("kept", self.kept),
                    ("unchanged", self.unchanged),
                    ("refused", self.refused),
                ];
                for (name, count) in counts {
                    all.object(|one| {
                        one.string("name", name);
                        one.string("valueString", &count.to_string());
                    });
                }
                for (number, refusal) in &self.named {
                    all.object(|one| {
                        one.string("name", "refusedLine");
                        one.array("part", |parts| {
                            let number = number.to_string();
                            let said = [
                                ("line", number.as_str()),
                                ("reason", refusal.code()),
                                ("detail", &refusal.words()),
                            ];
                            for (name, value) in said {
                                parts.object(|part| {
                                    part.string("name", name).string("valueString", value);
                                });
                            }
                        });
                    });
                }
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_come() {
        let mut unpacked = Unpacked::new(Packing::Plain);
        let mut lines = Vec::new();
        for byte in b"one\r\n\n two\nthree" {
            unpacked.push(&[*byte], false, &Spent::default()).unwrap();
            lines.extend(unpacked.lines(false));
        }
        assert_eq!(lines, [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(unpacked.lines(true), [b"three".to_vec()]);
        assert!(unpacked.lines(true).is_empty());
    }
}
