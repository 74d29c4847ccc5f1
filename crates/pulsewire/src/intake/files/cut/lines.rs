//! Lines within a limit: NDJSON, and the segments that messages are made of.

use std::io;

use super::{At, Chunks, Content, Unit};

/// A line with what ends it.
pub(super) struct Line<'l> {
    pub(super) bytes: &'l [u8],
    /// It was longer than the limit, and only its beginning is here.
    pub(super) is_over: bool,
    pub(super) number: u64,
}

/// The lines of a file.
pub(in crate::intake::files) struct Lines {
    chunks: Chunks,
    terminator: u8,
    limit: usize,
    buffer: Vec<u8>,
    /// Bytes of the buffer before this were given.
    at: usize,
    /// Bytes of the file before the buffer, those left out of lines that were too long included.
    before: u64,
    /// The line that comes next.
    line: u64,
    /// The units that were given.
    number: u64,
    /// How many bytes of the line being read were left out.
    left_out: u64,
    has_ended: bool,
}

impl Lines {
    pub(super) fn new(chunks: Chunks, terminator: u8, at: At, limit: usize) -> Self {
        Self {
            chunks,
            terminator,
            limit,
            buffer: Vec::new(),
            at: 0,
            before: at.end,
            line: at.next_line,
            number: at.number,
            left_out: 0,
            has_ended: false,
        }
    }

    /// Takes what ends lines from how the file begins: a carriage return if there is one.
    pub(super) fn terminated_as_it_begins(mut self) -> io::Result<Self> {
        self.fill()?;
        if self.buffer.contains(&b'\r') {
            self.terminator = b'\r';
        }
        Ok(self)
    }

    /// The next line; nothing at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut scanned = self.at;
        loop {
            let rest = self.buffer.get(scanned..).unwrap_or_default();
            let found = rest.iter().position(|byte| *byte == self.terminator);
            let end = match found {
                Some(place) => scanned + place + 1,
                None if self.has_ended => self.buffer.len(),
                None => {
                    self.leave_out();
                    let kept = self.buffer.len() - self.at;
                    self.fill()?;
                    scanned = self.at + kept;
                    continue;
                }
            };
            if end == self.at && self.left_out == 0 {
                return Ok(None);
            }
            return Ok(Some(self.take(end)));
        }
    }

    /// How many bytes of the file were given.
    pub(super) const fn end(&self) -> u64 {
        self.before + self.at as u64
    }

    /// The line that comes next.
    pub(super) const fn coming_line(&self) -> u64 {
        self.line
    }

    /// How many bytes it holds in memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.buffer.capacity()
    }

    fn take(&mut self, end: usize) -> Line<'_> {
        let start = std::mem::replace(&mut self.at, end);
        let is_over = self.left_out > 0 || end - start > self.limit + 2;
        self.left_out = 0;
        let number = self.line;
        self.line += 1;
        Line {
            bytes: self.buffer.get(start..end).unwrap_or_default(),
            is_over,
            number,
        }
    }

    /// Lets go of a line that is longer than any may be, but for its beginning, by which it is known.
    fn leave_out(&mut self) {
        const BEGINNING: usize = 64;
        let length = self.buffer.len() - self.at;
        if length > self.limit + 2 || self.left_out > 0 {
            let kept = self.at + BEGINNING.min(length);
            let gone = (self.buffer.len() - kept) as u64;
            self.buffer.truncate(kept);
            self.before += gone;
            self.left_out += gone;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        let more = self.chunks.next()?;
        self.has_ended = more.is_empty();
        self.buffer.extend_from_slice(more);
        Ok(())
    }

    /// The next line that is not blank, as a resource.
    pub(super) fn next_resource(&mut self) -> io::Result<Option<Unit>> {
        loop {
            let limit = self.limit;
            let Some(line) = self.next_line()? else {
                return Ok(None);
            };
            let text = line
                .bytes
                .strip_prefix(b"\xEF\xBB\xBF")
                .filter(|_| line.number == 1);
            let text = text.unwrap_or(line.bytes).trim_ascii();
            if text.is_empty() {
                continue;
            }
            let content = if line.is_over || text.len() > limit {
                let hint = format!(
                    "the line is longer than {limit} bytes: send what is so large over HTTP, or by reference"
                );
                Content::Bad("line-too-long", hint)
            } else {
                Content::Resource(text.to_vec())
            };
            let line = line.number;
            self.number += 1;
            let after = At {
                number: self.number,
                next_line: self.line,
                end: self.end(),
                ..At::START
            };
            return Ok(Some(Unit {
                after,
                line,
                content,
            }));
        }
    }
}
