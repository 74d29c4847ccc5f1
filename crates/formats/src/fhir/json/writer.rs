//! JSON written into one buffer, with places in it to go back to: taking back what turned out empty copies nothing.

use super::Number;
use super::escape::{push_escaped, push_string};

/// JSON being written.
///
/// Whether a comma is due is read off the last byte, so that going back is only forgetting bytes.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

/// A place in what a [`Writer`] wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

impl Mark {
    /// Gives how many bytes stand before it.
    pub const fn offset(self) -> usize {
        self.0
    }
}

impl Writer {
    /// Creates a writer with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            out: Vec::with_capacity(bytes),
        }
    }

    /// Gives what was written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// Gives what was written since a place.
    pub fn since(&self, mark: Mark) -> &[u8] {
        self.out.get(mark.0..).unwrap_or_default()
    }

    /// Gives what was written, and ends.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Forgets everything and keeps the memory for the next.
    pub fn clear(&mut self) {
        self.out.clear();
    }

    /// Takes note of this place.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark(self.out.len())
    }

    /// Forgets what was written since a place.
    #[inline]
    pub fn rollback(&mut self, mark: Mark) {
        self.out.truncate(mark.0);
    }

    /// Begins an object.
    #[inline]
    pub fn begin_object(&mut self) {
        self.separate();
        self.out.push(b'{');
    }

    /// Ends the object begun last.
    #[inline]
    pub fn end_object(&mut self) {
        self.out.push(b'}');
    }

    /// Begins an array.
    #[inline]
    pub fn begin_array(&mut self) {
        self.separate();
        self.out.push(b'[');
    }

    /// Ends the array begun last.
    #[inline]
    pub fn end_array(&mut self) {
        self.out.push(b']');
    }

    /// Ends the object begun last, or goes back to a place before it where nothing is in it; says whether anything is.
    #[inline]
    pub fn end_object_unless_empty(&mut self, before: Mark) -> bool {
        self.end_unless_empty(before, *b"{}")
    }

    /// Ends the array begun last, or goes back to a place before it where nothing is in it; says whether anything is.
    #[inline]
    pub fn end_array_unless_empty(&mut self, before: Mark) -> bool {
        self.end_unless_empty(before, *b"[]")
    }

    #[inline]
    fn end_unless_empty(&mut self, before: Mark, [open, close]: [u8; 2]) -> bool {
        let has_content = self.out.last() != Some(&open);
        if has_content {
            self.out.push(close);
        } else {
            self.rollback(before);
        }
        has_content
    }

    /// Writes a member's name.
    #[inline]
    pub fn key(&mut self, name: &str) {
        self.separate();
        push_string(&mut self.out, name.as_bytes());
        self.out.push(b':');
    }

    /// Writes a member's name that is JSON already, its colon with it: `"status":`.
    #[inline]
    pub fn key_raw(&mut self, name: &[u8]) {
        self.separate();
        self.out.extend_from_slice(name);
    }

    /// Writes a text.
    #[inline]
    pub fn string(&mut self, text: &str) {
        self.string_bytes(text.as_bytes());
    }

    /// Writes a text whose bytes are known to be UTF-8.
    #[inline]
    pub fn string_bytes(&mut self, text: &[u8]) {
        self.separate();
        push_string(&mut self.out, text);
    }

    /// Writes a text whose bytes are known to be UTF-8 without anything to escape.
    #[inline]
    pub fn plain(&mut self, text: &[u8]) {
        self.separate();
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    /// Writes what was written between two places before once more.
    pub fn again(&mut self, start: Mark, end: Mark) {
        self.separate();
        if start <= end && end.0 <= self.out.len() {
            self.out.extend_from_within(start.0..end.0);
        }
    }

    /// Writes one text made of several.
    #[inline]
    pub fn string_of(&mut self, parts: &[&str]) {
        self.separate();
        self.out.push(b'"');
        for part in parts {
            push_escaped(&mut self.out, part.as_bytes());
        }
        self.out.push(b'"');
    }

    /// Writes a number, digit for digit.
    #[inline]
    pub fn number(&mut self, number: Number<'_>) {
        self.raw(number.digits().as_bytes());
    }

    /// Writes a whole number.
    pub fn integer(&mut self, value: u64) {
        let mut digits = [0; 20];
        let mut first = digits.len();
        let mut rest = value;
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b"0123456789"
                .get((rest % 10) as usize)
                .copied()
                .unwrap_or_default();
            first = place;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.raw(digits.get(first..).unwrap_or_default());
    }

    /// Splices in bytes that are one JSON value already, unless there are none; white space behind it is left out.
    #[inline]
    pub fn raw(&mut self, json: &[u8]) {
        let json = json.trim_ascii_end();
        if !json.is_empty() {
            self.separate();
            self.out.extend_from_slice(json);
        }
    }

    /// Ends a line, after which the next value stands by itself.
    pub fn line(&mut self) {
        self.out.push(b'\n');
    }

    #[inline]
    fn separate(&mut self) {
        match self.out.last() {
            None | Some(b'{' | b'[' | b':' | b'\n') => {}
            Some(_) => self.out.push(b','),
        }
    }
}
