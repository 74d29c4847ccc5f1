//! JSON written straight into bytes, without trees; what has nothing in it is not written.

pub(crate) mod escape;

mod writer;

pub use writer::{Mark, Writer};

/// Something that is a JSON object, such as a FHIR data type or resource.
pub trait ToJson {
    /// Writes the members.
    fn members(&self, object: &mut Object<'_>);

    /// Gives the object as bytes; no bytes at all where it has nothing in it.
    fn to_json(&self) -> Vec<u8> {
        object(|members| self.members(members))
    }
}

/// Writes an object; gives no bytes at all where nothing was written into it.
pub fn object(build: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut writer = Writer::with_capacity(SOME_BYTES);
    let before = writer.mark();
    write_object(&mut writer, before, build);
    writer.into_bytes()
}

/// Writes an array; gives no bytes at all where nothing was written into it.
pub fn array(build: impl FnOnce(&mut Array<'_>)) -> Vec<u8> {
    let mut writer = Writer::with_capacity(SOME_BYTES);
    let before = writer.mark();
    write_array(&mut writer, before, build);
    writer.into_bytes()
}

/// What most data types have room in.
const SOME_BYTES: usize = 256;

/// Gives a text as a JSON string; no bytes at all where it is empty.
pub fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    if !text.is_empty() {
        escape::push_string(&mut out, text.as_bytes());
    }
    out
}

/// Gives a JSON boolean.
pub fn boolean(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

/// Digits that are a JSON number, kept as they were sent (`9.60`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// Takes digits that are a JSON number as they stand; nothing for `+5`, `.5`, `5.` or `05`.
    pub fn parse(digits: &'a str) -> Option<Self> {
        let rest = digits.strip_prefix('-').unwrap_or(digits).as_bytes();
        let (whole, rest) = split_digits(rest);
        let starts_well = match whole {
            [] => false,
            [first, more @ ..] => *first != b'0' || more.is_empty(),
        };
        let rest = match rest {
            [b'.', rest @ ..] => match split_digits(rest) {
                ([], _) => return None,
                (_, rest) => rest,
            },
            rest => rest,
        };
        let rest = match rest {
            [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] => {
                match split_digits(rest) {
                    ([], _) => return None,
                    (_, rest) => rest,
                }
            }
            rest => rest,
        };
        (starts_well && rest.is_empty()).then_some(Self(digits))
    }

    /// Gives the digits.
    pub const fn digits(self) -> &'a str {
        self.0
    }
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    bytes.split_at(end)
}

/// An object being written; what has nothing in it is not written.
#[derive(Debug)]
pub struct Object<'w>(&'w mut Writer);

impl Object<'_> {
    /// Writes a text, unless it is empty.
    pub fn string(&mut self, name: &str, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.0.key(name);
            self.0.string(text);
        }
        self
    }

    /// Writes a number, digit for digit, where there is one.
    pub fn number(&mut self, name: &str, number: Option<Number<'_>>) -> &mut Self {
        if let Some(number) = number {
            self.0.key(name);
            self.0.number(number);
        }
        self
    }

    /// Writes a whole number.
    pub fn integer(&mut self, name: &str, value: u64) -> &mut Self {
        self.0.key(name);
        self.0.integer(value);
        self
    }

    /// Writes a boolean, where there is one.
    pub fn boolean(&mut self, name: &str, value: Option<bool>) -> &mut Self {
        match value {
            Some(value) => self.raw(name, boolean(value)),
            None => self,
        }
    }

    /// Splices in bytes that are JSON already, unless there are none.
    pub fn raw(&mut self, name: &str, json: &[u8]) -> &mut Self {
        if !json.is_empty() {
            self.0.key(name);
            self.0.raw(json);
        }
        self
    }

    /// Writes an object, unless nothing is written into it.
    pub fn object(&mut self, name: &str, build: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        let before = self.0.mark();
        self.0.key(name);
        write_object(self.0, before, build);
        self
    }

    /// Writes an array, unless nothing is written into it.
    pub fn array(&mut self, name: &str, build: impl FnOnce(&mut Array<'_>)) -> &mut Self {
        let before = self.0.mark();
        self.0.key(name);
        write_array(self.0, before, build);
        self
    }

    /// Writes a data type, unless it has nothing in it.
    pub fn one(&mut self, name: &str, value: &impl ToJson) -> &mut Self {
        self.object(name, |object| value.members(object))
    }

    /// Writes an array of data types, without those that have nothing in them.
    pub fn all<'v, T: ToJson + 'v>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = &'v T>,
    ) -> &mut Self {
        self.array(name, |array| {
            for value in values {
                array.one(value);
            }
        })
    }
}

/// An array being written; what has nothing in it is not written.
#[derive(Debug)]
pub struct Array<'w>(&'w mut Writer);

impl Array<'_> {
    /// Writes a text, unless it is empty.
    pub fn string(&mut self, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.0.string(text);
        }
        self
    }

    /// Splices in bytes that are JSON already, unless there are none.
    pub fn raw(&mut self, json: &[u8]) -> &mut Self {
        if !json.is_empty() {
            self.0.raw(json);
        }
        self
    }

    /// Writes an object, unless nothing is written into it.
    pub fn object(&mut self, build: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        let before = self.0.mark();
        write_object(self.0, before, build);
        self
    }

    /// Writes a data type, unless it has nothing in it.
    pub fn one(&mut self, value: &impl ToJson) -> &mut Self {
        self.object(|object| value.members(object))
    }
}

fn write_object(writer: &mut Writer, before: Mark, build: impl FnOnce(&mut Object<'_>)) {
    writer.begin_object();
    build(&mut Object(writer));
    writer.end_object_unless_empty(before);
}

fn write_array(writer: &mut Writer, before: Mark, build: impl FnOnce(&mut Array<'_>)) {
    writer.begin_array();
    build(&mut Array(writer));
    writer.end_array_unless_empty(before);
}

#[cfg(test)]
mod tests;
