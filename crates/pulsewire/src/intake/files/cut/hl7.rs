//! HL7 v2 messages in a file: alone, one after the other, in batches, or in MLLP frames as a capture has them.

use std::io;

use formats::hl7v2::{self, IssueCode};
use serde::{Deserialize, Serialize};

use super::lines::Lines;
use super::{At, Chunks, Content, DOUBTS_MAX, Error, UNIT_BYTES_MAX, Unit};

/// Ends an MLLP frame.
const FRAME_END: u8 = 0x1C;

/// What was seen of a file's batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::intake::files) struct Envelope {
    in_file: bool,
    in_batch: bool,
    batches: u64,
    messages: u64,
}

impl Envelope {
    pub(super) const NONE: Self = Self {
        in_file: false,
        in_batch: false,
        batches: 0,
        messages: 0,
    };
}

/// The messages of a file.
pub(in crate::intake::files) struct Messages {
    lines: Lines,
    number: u64,
    envelope: Envelope,
    doubts: Vec<String>,
    /// The line that was read too far: the next message's, or one of a batch.
    ahead: Option<Ahead>,
    has_started: bool,
    /// What is wrong with a file in which nothing has begun so far.
    nothing: Option<IssueCode>,
}

/// A line that begins something.
struct Ahead {
    bytes: Vec<u8>,
    line: u64,
    is_over: bool,
}

impl Messages {
    pub(super) fn new(chunks: Chunks, at: At) -> io::Result<Self> {
        let lines = Lines::new(chunks, b'\n', at, UNIT_BYTES_MAX).terminated_as_it_begins()?;
        Ok(Self {
            lines,
            number: at.number,
            envelope: at.envelope,
            doubts: Vec::new(),
            ahead: None,
            has_started: at.number > 0,
            nothing: (at.number == 0).then_some(IssueCode::NoHeader),
        })
    }

    pub(super) fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// The next message; nothing at the end. A file in which neither a message nor a batch begins is none of HL7 v2.
    pub(super) fn next(&mut self) -> Result<Option<Unit>, Error> {
        while let Some(begins) = self.beginning()? {
            self.nothing = None;
            match name(&begins.bytes) {
                b"MSH" => return Ok(Some(self.message(begins)?)),
                _ => self.envelope(&begins.bytes),
            }
        }
        if let Some(wrong) = self.nothing {
            return Err(Error::NotHl7(wrong));
        }
        self.close_batch();
        self.close_file();
        Ok(None)
    }

    /// The next line that begins something; what comes before the first is told and left.
    fn beginning(&mut self) -> io::Result<Option<Ahead>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while let Some(line) = self.lines.next_line()? {
            if is_beginning(line.bytes) {
                self.has_started = true;
                let bytes = line.bytes.to_vec();
                let (line, is_over) = (line.number, line.is_over);
                return Ok(Some(Ahead {
                    bytes,
                    line,
                    is_over,
                }));
            }
            let is_junk = !self.has_started && !unframed(line.bytes).trim_ascii().is_empty();
            if is_junk {
                self.has_started = true;
                if let Some(issue) = hl7v2::parse(line.bytes).first_error() {
                    self.nothing = self.nothing.map(|_| issue.code);
                }
                self.doubt("batch-leading-bytes: what stands before the first message was skipped");
            }
        }
        Ok(None)
    }

    /// The message that a line begins, up to the next line that begins something.
    fn message(&mut self, begins: Ahead) -> io::Result<Unit> {
        let Ahead {
            mut bytes,
            line,
            mut is_over,
        } = begins;
        let mut after = self.after();
        while let Some(next) = self.lines.next_line()? {
            if is_beginning(next.bytes) {
                self.ahead = Some(Ahead {
                    bytes: next.bytes.to_vec(),
                    line: next.number,
                    is_over: next.is_over,
                });
                break;
            }
            is_over |= next.is_over || bytes.len() + next.bytes.len() > UNIT_BYTES_MAX;
            if !is_over {
                bytes.extend_from_slice(next.bytes);
            }
            after = self.after();
        }
        if self.ahead.is_none() && !is_over && !is_ended(&bytes) {
            self.doubt("segment-end-missing: the last segment of the file is not ended; it may have been cut off");
        }
        self.number += 1;
        self.envelope.messages += 1;
        if !self.envelope.in_batch && self.envelope.messages == 1 {
            // To the count of FTS-1 they are a batch.
            self.envelope.batches += 1;
        }
        let content = match is_over {
            true => Content::Bad(
                "message-too-long",
                format!(
                    "the message is longer than {UNIT_BYTES_MAX} bytes: send what is so large by reference"
                ),
            ),
            false => Content::Message(unframed(&bytes).to_vec()),
        };
        let after = At {
            number: self.number,
            envelope: self.envelope,
            ..after
        };
        Ok(Unit {
            after,
            line,
            content,
        })
    }

    /// Where reading goes on after the lines that were read.
    fn after(&self) -> At {
        At {
            number: self.number,
            next_line: self.lines.coming_line(),
            end: self.lines.end(),
            envelope: self.envelope,
        }
    }

    fn envelope(&mut self, line: &[u8]) {
        match name(line) {
            b"FHS" => {
                self.close_batch();
                self.close_file();
                self.envelope = Envelope {
                    in_file: true,
                    ..Envelope::NONE
                };
            }
            b"BHS" => {
                self.close_batch();
                self.envelope.in_batch = true;
                self.envelope.batches += 1;
                self.envelope.messages = 0;
            }
            b"BTS" => {
                let found = std::mem::take(&mut self.envelope.messages);
                if !std::mem::take(&mut self.envelope.in_batch) {
                    self.doubt("batch-header-missing: a BTS ends no batch");
                }
                if let Some(said) = declared(line).filter(|said| *said != found) {
                    self.doubt(&format!(
                        "batch-message-count: BTS-1 says {said} messages, {found} came"
                    ));
                }
            }
            _ => {
                self.close_batch();
                let found = self.envelope.batches;
                if !self.envelope.in_file {
                    self.doubt("file-header-missing: an FTS ends no file");
                }
                if let Some(said) = declared(line).filter(|said| *said != found) {
                    self.doubt(&format!(
                        "file-batch-count: FTS-1 says {said} batches, {found} came"
                    ));
                }
                self.envelope = Envelope::NONE;
            }
        }
    }

    fn close_batch(&mut self) {
        if std::mem::take(&mut self.envelope.in_batch) {
            self.doubt("batch-trailer-missing: a batch has no BTS; it may have been cut off");
        }
    }

    fn close_file(&mut self) {
        if std::mem::take(&mut self.envelope.in_file) {
            self.doubt("file-trailer-missing: the file has no FTS; it may have been cut off");
        }
    }

    fn doubt(&mut self, what: &str) {
        if self.doubts.len() < DOUBTS_MAX {
            self.doubts.push(what.to_owned());
        }
    }
}

/// The name of the segment that a line is.
fn name(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|byte| is_mark(**byte)).count();
    line.get(marks..marks + 3).unwrap_or_default()
}

fn is_beginning(line: &[u8]) -> bool {
    matches!(name(line), b"MSH" | b"FHS" | b"BHS" | b"BTS" | b"FTS")
}

/// Tells the bytes that may stand before a segment's name: framing, a byte order mark, blanks and line feeds.
const fn is_mark(byte: u8) -> bool {
    matches!(byte, 0x0B | FRAME_END | 0xEF | 0xBB | 0xBF | b' ' | b'\n')
}

/// Whether the last segment has what ends it, or the frame that it is in.
fn is_ended(bytes: &[u8]) -> bool {
    bytes
        .last()
        .is_some_and(|byte| matches!(*byte, b'\r' | b'\n' | FRAME_END))
}

/// A message without what frames it.
fn unframed(bytes: &[u8]) -> &[u8] {
    let marks = bytes.iter().take_while(|byte| is_mark(**byte)).count();
    let bytes = bytes.get(marks..).unwrap_or_default();
    let trimmed = bytes.trim_ascii_end();
    match trimmed.strip_suffix(&[FRAME_END]) {
        Some(framed) => framed,
        None => bytes,
    }
}

/// The count that a trailer states; one that is no number says nothing.
fn declared(line: &[u8]) -> Option<u64> {
    let line = line.get(line.iter().take_while(|byte| is_mark(**byte)).count()..)?;
    let separator = *line.get(3)?;
    let first = line.split(|byte| *byte == separator).nth(1)?;
    std::str::from_utf8(first.trim_ascii()).ok()?.parse().ok()
}
