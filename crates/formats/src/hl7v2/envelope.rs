//! Finds the message among the bytes around it: byte order marks, framing left over, junk.

use std::ops::Range;

use super::issue::{Issue, IssueCode};

/// Says where the segments are and what was found around them.
pub(super) struct Envelope {
    /// The bytes that hold segments; none if there cannot be any.
    pub(super) body: Option<Range<usize>>,
    pub(super) issues: [Option<Issue>; 3],
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What MLLP frames end with, and what some files end with.
const FILE_SEPARATOR: u8 = 0x1C;
const VERTICAL_TAB: u8 = 0x0B;
const SUBSTITUTE: u8 = 0x1A;

pub(super) fn find(bytes: &[u8]) -> Envelope {
    let (end, trailing) = find_end(bytes);
    if bytes.starts_with(b"MSH") {
        return Envelope {
            body: Some(0..end),
            issues: [None, None, trailing],
        };
    }
    if is_utf16(bytes) {
        return Envelope {
            body: None,
            issues: [Some(Issue::at(IssueCode::Utf16, 0)), None, None],
        };
    }
    let after_mark = bytes.strip_prefix(BYTE_ORDER_MARK);
    let mark = after_mark.map(|_| Issue::at(IssueCode::ByteOrderMark, 0));
    let start = bytes.len() - after_mark.unwrap_or(bytes).len();
    let content = bytes.get(start..end).unwrap_or_default();
    let junk = find_header(content);
    let skipped = content.get(..junk).unwrap_or_default();
    let leading =
        (!skipped.trim_ascii().is_empty()).then(|| Issue::at(IssueCode::LeadingBytes, start));
    Envelope {
        body: Some(start + junk..end.max(start + junk)),
        issues: [mark, leading, trailing],
    }
}

/// Reports whether the bytes start with a segment that declares separators.
pub(super) fn starts_header(bytes: &[u8]) -> bool {
    [b"MSH", b"FHS", b"BHS"]
        .iter()
        .any(|name| bytes.starts_with(*name))
}

/// Cuts framing bytes off the end, if there are any.
fn find_end(bytes: &[u8]) -> (usize, Option<Issue>) {
    let is_framing = |byte: u8| matches!(byte, FILE_SEPARATOR | VERTICAL_TAB | SUBSTITUTE);
    let run = bytes
        .iter()
        .rev()
        .take_while(|&&byte| matches!(byte, b'\r' | b'\n') || is_framing(byte))
        .count();
    let start = bytes.len() - run;
    let ending = bytes.get(start..).unwrap_or_default();
    match ending.iter().position(|&byte| is_framing(byte)) {
        None => (bytes.len(), None),
        Some(place) => {
            let position = start + place;
            (
                position,
                Some(Issue::at(IssueCode::TrailingBytes, position)),
            )
        }
    }
}

/// Returns how many bytes are before the header: one at the start of a line, else any that looks like one, else none.
fn find_header(content: &[u8]) -> usize {
    let mut at_line_start = true;
    let mut inside = None;
    for (place, &byte) in content.iter().enumerate() {
        let rest = content.get(place..).unwrap_or_default();
        if matches!(byte, b'M' | b'F' | b'B') && starts_header(rest) {
            if at_line_start {
                return place;
            }
            let follows = rest.get(3).is_some_and(u8::is_ascii_punctuation);
            if follows && inside.is_none() && rest.starts_with(b"MSH") {
                inside = Some(place);
            }
        }
        at_line_start = byte.is_ascii_whitespace()
            && (at_line_start || matches!(byte, b'\r' | b'\n'))
            || matches!(byte, VERTICAL_TAB | FILE_SEPARATOR);
    }
    inside.unwrap_or_default()
}

fn is_utf16(bytes: &[u8]) -> bool {
    [b"\xFF\xFE", b"\xFE\xFF", b"M\0", b"\0M"]
        .iter()
        .any(|start| bytes.starts_with(*start))
}
