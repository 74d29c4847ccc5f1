//! Resources one a line, taken while they come: a file of any length in as little memory as one batch of lines.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use axum::body::Body;
use flate2::write::MultiGzDecoder;
use formats::fhir::json;
use formats::fhir::read::Raw;
use formats::fhir::reference::{is_id, resource_type};
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;
use journal::{Offset, Topic};
use tokio::time::timeout;

use super::Door;
use super::answer::Answer;
use super::body::{Pace, Packing, RATIO_MAX, Spent, no_gzip, too_slow};
use super::chunks::Chunks;
use super::request::Asking;
use crate::intake::fhir::{Asked, Done, Interaction, Refusal, Sender};
use crate::intake::keep::{Kept, Patience};
use crate::tasks::aside;

/// So many lines, or so many bytes of them, are kept in one write.
const LINES_AT_ONCE: usize = 200;
const BYTES_AT_ONCE: usize = 4 << 20;
/// So many refused lines are named; the others are counted.
const NAMED_MAX: usize = 1000;
/// What a file of lines may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What became of the lines so far.
#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    kept: u64,
    unchanged: u64,
    refused: u64,
    named: Vec<(u64, Refusal)>,
    /// Where the kept ones are, by partition of their topic: from which offset to which, and how many.
    places: BTreeMap<(Topic, u16), (Offset, Offset, u64)>,
}

/// Bytes that are not yet whole lines, and how many lines there were before them.
struct Unpacked {
    line: u64,
    as_sent: AsSent,
}

/// As they come.
enum AsSent {
    Plain(Vec<u8>),
    Gzip(Box<MultiGzDecoder<Vec<u8>>>, usize, usize),
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
        for (number, line) in unpacked.lines(is_last) {
            tally.lines += 1;
            let line = asking.own.relative(line);
            batch.add(door, &sender, (number, line));
            if batch.is_full() {
                batch.keep(door, &sender, &mut tally).await?;
                asking.spent.was_kept();
            }
        }
        if unpacked.pending().len() > door.config.body_size {
            let words = format!(
                "line {} is longer than {} bytes: send its resource in parts, or raise intake.http.body_size",
                unpacked.line + 1,
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
        let as_sent = match packing {
            Packing::Plain => AsSent::Plain(Vec::new()),
            Packing::Gzip => AsSent::Gzip(Box::new(MultiGzDecoder::new(Vec::new())), 0, 0),
        };
        Self { line: 0, as_sent }
    }

    fn push(&mut self, chunk: &[u8], is_last: bool, spent: &Spent) -> Result<(), Refusal> {
        match &mut self.as_sent {
            AsSent::Plain(bytes) => bytes.extend_from_slice(chunk),
            AsSent::Gzip(decoder, packed, unpacked) => {
                *packed += chunk.len();
                // A chunk is a few kilobytes, so what it unpacks to at once has a limit, too.
                let before = decoder.get_ref().len();
                decoder.write_all(chunk).map_err(|_| no_gzip())?;
                if is_last {
                    decoder.try_finish().map_err(|_| no_gzip())?;
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
        match &mut self.as_sent {
            AsSent::Plain(bytes) => bytes,
            AsSent::Gzip(decoder, ..) => decoder.get_mut(),
        }
    }

    fn pending(&mut self) -> &[u8] {
        self.bytes()
    }

    /// The whole lines there are with their numbers, counted from 1, without those that are blank; at the end, what is left is one.
    fn lines(&mut self, is_last: bool) -> Vec<(u64, Vec<u8>)> {
        let bytes = self.bytes();
        let end = match bytes.iter().rposition(|byte| *byte == b'\n') {
            _ if is_last => bytes.len(),
            Some(end) => end + 1,
            None => return Vec::new(),
        };
        let whole: Vec<u8> = bytes.drain(..end).collect();
        let mut lines = Vec::new();
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            self.line += 1;
            let marked = line.strip_prefix(BYTE_ORDER_MARK);
            let line = marked.filter(|_| self.line == 1).unwrap_or(line);
            let line = line.trim_ascii();
            if !line.is_empty() {
                lines.push((self.line, line.to_vec()));
            }
        }
        lines
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
                Done::Kept { kept, .. } => tally.keep(&kept),
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
    fn keep(&mut self, kept: &Kept) {
        self.kept += 1;
        let place = (kept.topic.clone(), kept.partition);
        let place = self.places.entry(place);
        let (first, last, count) = place.or_insert((kept.offset, kept.offset, 0));
        *first = kept.offset.min(*first);
        *last = kept.offset.max(*last);
        *count += 1;
    }

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
                    let (number, words) = (number.to_string(), refusal.words());
                    let said = [
                        ("line", number.as_str()),
                        ("reason", refusal.code()),
                        ("detail", &words),
                    ];
                    all.object(|one| write_parts(one, "refusedLine", &said));
                }
                for ((topic, partition), (first, last, count)) in &self.places {
                    let numbers = [u64::from(*partition), *first, *last, *count];
                    let [partition, first, last, count] = numbers.map(|number| number.to_string());
                    let said = [
                        ("topic", &**topic),
                        ("partition", &partition),
                        ("firstOffset", &first),
                        ("lastOffset", &last),
                        ("kept", &count),
                    ];
                    all.object(|one| write_parts(one, "place", &said));
                }
            });
        })
    }
}

/// A parameter of several words.
fn write_parts(parameter: &mut json::Object<'_>, name: &str, said: &[(&str, &str)]) {
    parameter.string("name", name);
    parameter.array("part", |parts| {
        for (name, value) in said {
            parts.object(|part| {
                part.string("name", name).string("valueString", value);
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn lines_are_whole_however_they_come() {
        let mut unpacked = Unpacked::new(Packing::Plain);
        let mut lines = Vec::new();
        for byte in b"\xEF\xBB\xBFone\r\n\n two\n \r\nthree" {
            unpacked.push(&[*byte], false, &Spent::default()).unwrap();
            lines.extend(unpacked.lines(false));
        }
        assert_eq!(lines, [(1, b"one".to_vec()), (3, b"two".to_vec())]);
        assert_eq!(unpacked.lines(true), [(5, b"three".to_vec())]);
        assert!(unpacked.lines(true).is_empty());
    }

    /// The lines of a packed body that comes in pieces, or the status of its refusal.
    fn packed_lines(body: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, u16> {
        let mut unpacked = Unpacked::new(Packing::Gzip);
        let mut lines = Vec::new();
        let spent = Spent::default();
        for piece in body.chunks(piece) {
            let pushed = unpacked.push(piece, false, &spent);
            pushed.map_err(|refusal| refusal.status)?;
            lines.extend(unpacked.lines(false));
        }
        let ended = unpacked.push(&[], true, &spent);
        ended.map_err(|refusal| refusal.status)?;
        lines.extend(unpacked.lines(true));
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }

    #[test]
    fn lines_of_all_members_are_read_and_nothing_else_may_follow() {
        let member = |text: &str| {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let both = [member("one\ntw"), member(""), member("o\nthree\n")].concat();
        let expected = ["one", "two", "three"].map(|line| line.as_bytes().to_vec());
        for piece in [1, 7, both.len()] {
            assert_eq!(packed_lines(&both, piece), Ok(expected.to_vec()));
            for behind in [&b"junk behind it"[..], b"\x1f\x8b\x08", b"\0"] {
                let body = [&both[..], behind].concat();
                assert_eq!(packed_lines(&body, piece), Err(400), "{behind:?}");
            }
            assert_eq!(packed_lines(&both[..both.len() - 1], piece), Err(400));
        }
    }
}
