//! JSON read strictly and once, byte for byte: what the validator walks along.

use std::borrow::Cow;

use wide::u8x16;

use super::super::json::Number;
use super::super::read;

/// How many bytes are looked at together.
const LANES: usize = 16;

/// Why the bytes cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fhir) enum Broken {
    /// They are not JSON here; this was expected.
    Expected(&'static str, usize),
    /// They are nested too deep here.
    TooDeep(usize),
}

/// A string: its body as written, and where its opening quote is.
#[derive(Clone, Copy, Debug)]
pub(in crate::fhir) struct Text<'b> {
    pub(in crate::fhir) body: &'b str,
    pub(in crate::fhir) at: usize,
    escaped: bool,
}

impl<'b> Text<'b> {
    /// Takes the escapes out.
    pub(in crate::fhir) fn plain(self) -> Result<Cow<'b, str>, Broken> {
        if self.escaped {
            let plain = read::unescape(self.body);
            plain
                .map(Cow::Owned)
                .map_err(|_| Broken::Expected("a right escape", self.at))
        } else {
            Ok(Cow::Borrowed(self.body))
        }
    }
}

/// A place in the bytes of a resource.
#[derive(Clone, Debug)]
pub(in crate::fhir) struct Cursor<'b> {
    pub(in crate::fhir) text: &'b str,
    pub(in crate::fhir) at: usize,
}

impl<'b> Cursor<'b> {
    pub(in crate::fhir) const fn new(text: &'b str) -> Self {
        Self { text, at: 0 }
    }

    /// Steps over white space and gives the byte there.
    #[inline]
    pub(in crate::fhir) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    #[inline]
    pub(in crate::fhir) fn take(&mut self, byte: u8, what: &'static str) -> Result<(), Broken> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.expected(what))
        }
    }

    /// Steps to the next entry of an array or object; says whether there is one.
    #[inline]
    pub(in crate::fhir) fn more(&mut self, close: u8) -> Result<bool, Broken> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.expected("a comma or a closing bracket")),
        }
    }

    /// Steps into an array or object; says whether there is anything in it.
    #[inline]
    pub(in crate::fhir) fn open(&mut self, close: u8) -> bool {
        self.at += 1;
        let empty = self.peek() == Some(close);
        self.at += usize::from(empty);
        !empty
    }

    /// Reads a name and its colon.
    #[inline]
    pub(in crate::fhir) fn name(&mut self) -> Result<Text<'b>, Broken> {
        let name = self.string()?;
        self.take(b':', "a colon")?;
        Ok(name)
    }

    /// Reads a string.
    #[inline]
    pub(in crate::fhir) fn string(&mut self) -> Result<Text<'b>, Broken> {
        self.take(b'"', "a string")?;
        let (start, mut escaped) = (self.at, false);
        loop {
            self.at += plain_length(self.rest());
            match self.rest().first() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => return Err(self.expected("an escape for a control character")),
                None => {
                    // An escape that the end cuts off was stepped over whole.
                    self.at = self.at.min(self.text.len());
                    return Err(self.expected("a closing quote"));
                }
            }
        }
        let body = self.text.get(start..self.at);
        let body = body.ok_or_else(|| self.expected("a right escape"))?;
        self.at += 1;
        Ok(Text {
            body,
            at: start - 1,
            escaped,
        })
    }

    /// Reads a number.
    pub(in crate::fhir) fn number(&mut self) -> Result<&'b str, Broken> {
        let rest = self.rest();
        let is_part = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
        let digits = self
            .text
            .get(self.at..self.at + length)
            .and_then(Number::parse);
        let digits = digits.ok_or_else(|| self.expected("a number"))?;
        self.at += length;
        Ok(digits.digits())
    }

    /// Reads one of JSON's three words.
    pub(in crate::fhir) fn word(&mut self, word: &'static str) -> Result<(), Broken> {
        if self.rest().starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.expected("true, false or null"))
        }
    }

    /// Steps over a value that nothing is known of; every byte of it is JSON.
    pub(in crate::fhir) fn skip(&mut self, depth: u32) -> Result<(), Broken> {
        match self.peek() {
            Some(b'"') => self.string()?.plain().map(drop),
            Some(b'{') => self.skip_entries(depth, b'}'),
            Some(b'[') => self.skip_entries(depth, b']'),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            _ => Err(self.expected("a value")),
        }
    }

    fn skip_entries(&mut self, depth: u32, close: u8) -> Result<(), Broken> {
        if depth == super::DEPTH_MAX {
            return Err(Broken::TooDeep(self.at));
        }
        let mut more = self.open(close);
        while more {
            if close == b'}' {
                self.name()?.plain()?;
            }
            self.skip(depth + 1)?;
            more = self.more(close)?;
        }
        Ok(())
    }

    pub(in crate::fhir) const fn expected(&self, what: &'static str) -> Broken {
        Broken::Expected(what, self.at)
    }

    #[inline]
    fn rest(&self) -> &'b [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// How many bytes stand before the first quote, backslash or control character, sixteen at a time.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    let [quote, backslash, control] = [b'"', b'\\', 0x1f].map(u8x16::splat);
    let (lanes, tail) = bytes.as_chunks::<LANES>();
    for (at, lane) in lanes.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let stops = lane.simd_eq(quote) | lane.simd_eq(backslash) | lane.min(control).simd_eq(lane);
        let stops = stops.to_bitmask();
        if stops != 0 {
            return at * LANES + stops.trailing_zeros() as usize;
        }
    }
    let stop = |b: &u8| matches!(b, b'"' | b'\\' | 0..0x20);
    lanes.len() * LANES + tail.iter().position(stop).unwrap_or(tail.len())
}
