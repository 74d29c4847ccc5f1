//! Cuts bytes into segments: nothing is left out, so that they join to the bytes again.

use super::Limits;
use crate::x12::delimiters::{Delimiters, HEADER_BYTES, HEADER_BYTES_MAX};
use crate::x12::issue::{Issue, IssueCode};
use crate::x12::segment::Segment;

/// What cutting gave.
pub(super) struct Cut<'b> {
    pub(super) leading: &'b [u8],
    pub(super) segments: Vec<Segment<'b>>,
    pub(super) trailing: &'b [u8],
    /// At most one of each segment, and a few of the whole.
    pub(super) issues: Vec<Issue>,
}

/// Cuts a file into segments.
pub(super) fn cut<'b>(bytes: &'b [u8], limits: &Limits) -> Cut<'b> {
    let start = start(bytes);
    let mut cutter = Cutter {
        bytes,
        cut: Cut {
            leading: bytes.get(..start).unwrap_or_default(),
            segments: Vec::new(),
            trailing: b"",
            issues: Vec::new(),
        },
        delimiters: Delimiters::STANDARD,
    };
    let leading = cutter.cut.leading;
    if leading.iter().any(|byte| !is_blank(*byte)) {
        cutter.report(IssueCode::LeadingBytes, 0, 0);
    }
    if bytes.len() > limits.file_bytes {
        cutter.report(IssueCode::FileTooLong, 0, limits.file_bytes);
        cutter.cut.trailing = bytes.get(start..).unwrap_or_default();
        return cutter.cut;
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        cutter.report(IssueCode::NotText, 0, error.valid_up_to());
    }
    cutter.run(start, limits);
    cutter.cut
}

struct Cutter<'b> {
    bytes: &'b [u8],
    cut: Cut<'b>,
    delimiters: Delimiters,
}

impl<'b> Cutter<'b> {
    fn run(&mut self, start: usize, limits: &Limits) {
        let mut position = start;
        while let Some(rest) = self.bytes.get(position..).filter(|rest| !rest.is_empty()) {
            let number = u32::try_from(self.cut.segments.len() + 1).unwrap_or(u32::MAX);
            if self.cut.segments.len() >= limits.segments {
                self.report(IssueCode::TooManySegments, 0, position);
                self.cut.trailing = rest;
                return;
            }
            if is_header(rest) {
                self.header(rest, number, position);
            }
            let end = memchr::memchr(self.delimiters.segment, rest);
            let Some(end) = end else {
                self.last(rest, number, position);
                return;
            };
            let behind = rest.get(end + 1..).unwrap_or_default();
            let blanks = behind.iter().take_while(|byte| is_blank(**byte)).count();
            let length = end + 1 + blanks;
            self.push(rest, end, length, position);
            if rest.starts_with(b"IEA") {
                // What follows without a header of its own is a fragment.
                self.delimiters = Delimiters::STANDARD;
            }
            position += length;
        }
    }

    /// Takes the delimiters of an ISA segment.
    fn header(&mut self, rest: &[u8], number: u32, position: usize) {
        let window = rest.get(..HEADER_BYTES_MAX + 2).unwrap_or(rest);
        let issue = match Delimiters::read(window) {
            Ok((delimiters, issue)) => {
                self.delimiters = delimiters;
                issue
            }
            Err(code) => {
                self.delimiters = Delimiters::STANDARD;
                Some(code)
            }
        };
        if let Some(code) = issue {
            self.report(code, number, position);
        }
    }

    /// Takes what no terminator ends: a segment that was cut, or control characters that end a file.
    fn last(&mut self, rest: &'b [u8], number: u32, position: usize) {
        let is_junk = |byte: &u8| is_blank(*byte) || byte.is_ascii_control();
        if rest.iter().all(is_junk) {
            self.cut.trailing = rest;
            return;
        }
        let text = rest.trim_ascii_end();
        self.push(rest, text.len(), rest.len(), position);
        self.report(IssueCode::SegmentUnterminated, number, position);
    }

    fn push(&mut self, rest: &'b [u8], end: usize, length: usize, position: usize) {
        let number = u32::try_from(self.cut.segments.len() + 1).unwrap_or(u32::MAX);
        self.cut.segments.push(Segment {
            raw: rest.get(..end).unwrap_or_default(),
            whole: rest.get(..length).unwrap_or_default(),
            delimiters: self.delimiters,
            number,
            position,
        });
    }

    fn report(&mut self, code: IssueCode, segment: u32, position: usize) {
        self.cut.issues.push(Issue {
            code,
            segment,
            element: None,
            position,
        });
    }
}

/// Finds where the first segment starts: behind a byte order mark and blanks, or at the first ISA segment that can be read.
fn start(bytes: &[u8]) -> usize {
    let marks = if bytes.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    };
    let rest = bytes.get(marks..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
    let first = marks + blanks;
    let text = bytes.get(first..).unwrap_or_default();
    if is_header(text)
        || [&b"GS*"[..], b"ST*"]
            .iter()
            .any(|one| text.starts_with(one))
    {
        return first;
    }
    let is_whole = |place: &usize| {
        let header = text.get(*place..place + HEADER_BYTES);
        header.is_some_and(|header| matches!(Delimiters::read(header), Ok((_, None))))
    };
    let found = memchr::memmem::find_iter(text, b"ISA").find(is_whole);
    first + found.unwrap_or(0)
}

/// Whether a segment that starts here declares delimiters.
fn is_header(text: &[u8]) -> bool {
    let behind = text.strip_prefix(b"ISA").and_then(<[u8]>::first);
    behind.is_some_and(|byte| !byte.is_ascii_alphanumeric() && *byte != b' ')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t')
}
