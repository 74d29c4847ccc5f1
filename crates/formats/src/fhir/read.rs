//! JSON read where it lies: text is borrowed, numbers keep their digits, what is not asked for is only stepped over.

use std::borrow::Cow;

use wide::u8x16;

use super::json::Number;

/// How deep arrays and objects may stand in each other.
pub const MAX_DEPTH: u32 = 64;

/// How many bytes are looked at together.
const LANES: usize = 16;

/// Why bytes could not be read as JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes are not text.
    #[error("the resource is not UTF-8: send it in UTF-8, as FHIR asks")]
    NotUtf8,
    /// Something else stands where this was expected.
    #[error("the resource is not JSON: {expected} expected, {left} bytes before its end")]
    Expected {
        /// What was expected.
        expected: &'static str,
        /// How many bytes stand after the place.
        left: usize,
    },
    /// Arrays and objects stand in each other deeper than [`MAX_DEPTH`].
    #[error("the resource is nested deeper than {MAX_DEPTH} levels: no FHIR resource needs that")]
    TooDeep,
}

/// One JSON value, where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// Takes bytes that hold one value and nothing else.
    ///
    /// # Errors
    /// When they are not text, or the value does not end where they do.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed::NotUtf8)?;
        let mut cursor = Cursor::new(text);
        let value = cursor.value()?;
        match cursor.peek() {
            None => Ok(value),
            Some(_) => Err(cursor.expected("the end")),
        }
    }

    /// Reads the members of an object that bytes hold and nothing else.
    ///
    /// # Errors
    /// When they are not text, no object, or the object does not end where they do.
    pub fn read_members(bytes: &'a [u8]) -> Result<Vec<(&'a str, Self)>, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed::NotUtf8)?;
        let mut found = Vec::with_capacity(16);
        let mut members = Self(text).members();
        for member in &mut members {
            found.push(member?);
        }
        let mut cursor = members.0.cursor;
        cursor.take(b'}', "a closing bracket")?;
        match cursor.peek() {
            None => Ok(found),
            Some(_) => Err(cursor.expected("the end")),
        }
    }

    /// Takes text that begins with a value; what stands after it is not looked at.
    pub(super) const fn begin(text: &'a str) -> Self {
        Self(text)
    }

    /// Takes bytes that were read before as one value, without looking at them again; nothing where they are not text. Of
    /// others it finds only what stands before the first mistake.
    #[must_use]
    pub fn read_before(bytes: &'a [u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(Self::begin)
    }

    /// Gives the bytes it lies in.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0.as_bytes()
    }

    /// Goes through the members of an object: names as they are written, and values.
    pub const fn members(self) -> Members<'a> {
        Members(Sequence::new(self.0))
    }

    /// Goes through the items of an array.
    pub const fn items(self) -> Items<'a> {
        Items(Sequence::new(self.0))
    }

    /// Finds a member of an object by its name.
    ///
    /// # Errors
    /// When it is no object, or is malformed before that member.
    pub fn get(self, name: &str) -> Result<Option<Self>, Malformed> {
        for member in self.members() {
            let (found, value) = member?;
            if found == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Finds the text of a member of the object that bytes begin with; nothing where there is none. What follows that
    /// member is not looked at.
    #[must_use]
    pub fn text_of(bytes: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
        let object = Self::begin(std::str::from_utf8(bytes).ok()?);
        object.get(name).ok().flatten()?.text().ok()
    }

    /// Reads a string.
    ///
    /// # Errors
    /// When it is no string, or an escape in it is wrong.
    pub fn text(self) -> Result<Cow<'a, str>, Malformed> {
        let body = self.0.strip_prefix('"').and_then(|s| s.strip_suffix('"'));
        let body = body.ok_or_else(|| expected("a string", self.0))?;
        if plain_length(body.as_bytes()) < body.len() {
            unescape(body).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(body))
        }
    }

    /// Reads a number, keeping its digits.
    ///
    /// # Errors
    /// When it is no number.
    pub fn number(self) -> Result<Number<'a>, Malformed> {
        Number::parse(self.0).ok_or_else(|| expected("a number", self.0))
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn boolean(self) -> Result<bool, Malformed> {
        match self.0 {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(expected("true or false", other)),
        }
    }
}

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Members<'a>(Sequence<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = Result<(&'a str, Raw<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(*b"{}", |cursor| {
            let name = cursor.string()?;
            cursor.take(b':', "a colon")?;
            Ok((name, cursor.value()?))
        })
    }
}

/// The items of an array.
#[derive(Clone, Debug)]
pub struct Items<'a>(Sequence<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Result<Raw<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(*b"[]", Cursor::value)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    Within,
    Done,
}

#[derive(Clone, Debug)]
struct Sequence<'a> {
    cursor: Cursor<'a>,
    place: Place,
}

impl<'a> Sequence<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text),
            place: Place::Before,
        }
    }

    fn next<T>(
        &mut self,
        brackets: [u8; 2],
        read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Malformed>,
    ) -> Option<Result<T, Malformed>> {
        let next = self.advance(brackets).and_then(|more| {
            if more {
                read(&mut self.cursor).map(Some)
            } else {
                Ok(None)
            }
        });
        if !matches!(next, Ok(Some(_))) {
            self.place = Place::Done;
        }
        next.transpose()
    }

    /// Steps to the next entry; says whether there is one.
    fn advance(&mut self, [open, close]: [u8; 2]) -> Result<bool, Malformed> {
        match self.place {
            Place::Done => return Ok(false),
            Place::Before => {
                let what = if open == b'{' {
                    "an object"
                } else {
                    "an array"
                };
                self.cursor.take(open, what)?;
                self.place = Place::Within;
                return Ok(self.cursor.peek() != Some(close));
            }
            Place::Within => {}
        }
        match self.cursor.peek() {
            Some(byte) if byte == close => Ok(false),
            Some(b',') => {
                self.cursor.at += 1;
                Ok(true)
            }
            _ => Err(self.cursor.expected("a comma or a closing bracket")),
        }
    }
}

#[derive(Clone, Debug)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Steps over white space and gives the byte there.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn take(&mut self, byte: u8, what: &'static str) -> Result<(), Malformed> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.expected(what))
        }
    }

    /// Reads a string's body, escapes and all.
    fn string(&mut self) -> Result<&'a str, Malformed> {
        self.take(b'"', "a string")?;
        let start = self.at;
        self.at += string_length(self.rest()).ok_or_else(|| self.expected("a closing quote"))?;
        let body = self.text.get(start..self.at);
        self.at += 1;
        body.ok_or_else(|| self.expected("a string"))
    }

    fn value(&mut self) -> Result<Raw<'a>, Malformed> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'"') => {
                self.string()?;
            }
            Some(b'{' | b'[') => self.step_over_nested()?,
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
                let rest = self.rest();
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
            _ => return Err(self.expected("a value")),
        }
        let value = self.text.get(start..self.at);
        value.map(Raw).ok_or_else(|| self.expected("a value"))
    }

    /// Steps over an array or object; every bracket must meet its own kind.
    fn step_over_nested(&mut self) -> Result<(), Malformed> {
        let bytes = self.text.as_bytes();
        let (mut depth, mut arrays) = (0_u32, 0_u64);
        while let Some(byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => {
                    let length = string_length(self.rest());
                    self.at += 1 + length.ok_or_else(|| self.expected("a closing quote"))?;
                }
                b'{' | b'[' => {
                    if depth == MAX_DEPTH {
                        return Err(Malformed::TooDeep);
                    }
                    depth += 1;
                    arrays = arrays << 1 | u64::from(*byte == b'[');
                }
                b'}' | b']' => {
                    if (arrays & 1 == 1) != (*byte == b']') {
                        return Err(self.expected("the bracket that was opened"));
                    }
                    arrays >>= 1;
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err(self.expected("a closing bracket"))
    }

    fn expected(&self, expected: &'static str) -> Malformed {
        Malformed::Expected {
            expected,
            left: self.rest().len(),
        }
    }
}

/// How many bytes stand before the quote that closes a string.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        at += plain_length(rest);
        match bytes.get(at)? {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

/// How many bytes stand before the first quote or backslash: sixteen at a time, since most of a resource is text.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    let [quote, backslash] = [b'"', b'\\'].map(u8x16::splat);
    let (lanes, tail) = bytes.as_chunks::<LANES>();
    for (at, lane) in lanes.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let stops = (lane.simd_eq(quote) | lane.simd_eq(backslash)).to_bitmask();
        if stops != 0 {
            return at * LANES + stops.trailing_zeros() as usize;
        }
    }
    let stop = tail.iter().position(|b| matches!(b, b'"' | b'\\'));
    lanes.len() * LANES + stop.unwrap_or(tail.len())
}

fn expected(what: &'static str, text: &str) -> Malformed {
    Malformed::Expected {
        expected: what,
        left: text.len(),
    }
}

pub(super) fn unescape(body: &str) -> Result<String, Malformed> {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let wrong = || expected("an escape", after);
        let mut letters = after.chars();
        let letter = letters.next().ok_or_else(wrong)?;
        rest = letters.as_str();
        out.push(match letter {
            '"' | '\\' | '/' => letter,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let (character, more) = unescape_unicode(rest).ok_or_else(wrong)?;
                rest = more;
                character
            }
            _ => return Err(wrong()),
        });
    }
    out.push_str(rest);
    Ok(out)
}

/// Reads the digits after `\u`, and the second half where they are the first half of a pair.
fn unescape_unicode(text: &str) -> Option<(char, &str)> {
    let (high, rest) = four_digits(text)?;
    if let Some(character) = char::from_u32(high) {
        return Some((character, rest));
    }
    let (low, rest) = four_digits(rest.strip_prefix("\\u")?)?;
    let [high, low] = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    Some((character, rest))
}

fn four_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let all = digits.bytes().all(|b| b.is_ascii_hexdigit());
    Some((u32::from_str_radix(digits, 16).ok().filter(|_| all)?, rest))
}

#[cfg(test)]
mod tests;
