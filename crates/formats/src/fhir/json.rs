//! JSON written straight into bytes, without trees; what has nothing in it is not written.

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
    let mut out = Vec::with_capacity(256);
    nested(&mut out, *b"{}", |out| {
        let mut object = Object { out, any: false };
        build(&mut object);
        object.any
    });
    out
}

/// Writes an array; gives no bytes at all where nothing was written into it.
pub fn array(build: impl FnOnce(&mut Array<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    nested(&mut out, *b"[]", |out| {
        let mut array = Array { out, any: false };
        build(&mut array);
        array.any
    });
    out
}

/// Gives a text as a JSON string; no bytes at all where it is empty.
pub fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    if !text.is_empty() {
        push_string(&mut out, text);
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

/// An object being written.
#[derive(Debug)]
pub struct Object<'w> {
    out: &'w mut Vec<u8>,
    any: bool,
}

impl Object<'_> {
    /// Writes a text, unless it is empty.
    pub fn string(&mut self, name: &str, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.name(name);
            push_string(self.out, text);
        }
        self
    }

    /// Writes a number, digit for digit, where there is one.
    pub fn number(&mut self, name: &str, number: Option<Number<'_>>) -> &mut Self {
        if let Some(number) = number {
            self.raw(name, number.digits().as_bytes());
        }
        self
    }

    /// Writes a whole number.
    pub fn integer(&mut self, name: &str, value: u64) -> &mut Self {
        self.raw(name, value.to_string().as_bytes())
    }

    /// Writes a boolean, where there is one.
    pub fn boolean(&mut self, name: &str, value: Option<bool>) -> &mut Self {
        if let Some(value) = value {
            self.raw(name, boolean(value));
        }
        self
    }

    /// Splices in bytes that are JSON already, unless there are none.
    pub fn raw(&mut self, name: &str, json: &[u8]) -> &mut Self {
        if !json.is_empty() {
            self.name(name);
            self.out.extend_from_slice(json);
        }
        self
    }

    /// Writes an object, unless nothing is written into it.
    pub fn object(&mut self, name: &str, build: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.nested(name, *b"{}", |out| {
            let mut object = Object { out, any: false };
            build(&mut object);
            object.any
        })
    }

    /// Writes an array, unless nothing is written into it.
    pub fn array(&mut self, name: &str, build: impl FnOnce(&mut Array<'_>)) -> &mut Self {
        self.nested(name, *b"[]", |out| {
            let mut array = Array { out, any: false };
            build(&mut array);
            array.any
        })
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

    fn nested(
        &mut self,
        name: &str,
        brackets: [u8; 2],
        build: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> &mut Self {
        let (mark, any) = (self.out.len(), self.any);
        self.name(name);
        if !nested(self.out, brackets, build) {
            self.out.truncate(mark);
            self.any = any;
        }
        self
    }

    fn name(&mut self, name: &str) {
        if self.any {
            self.out.push(b',');
        }
        self.any = true;
        push_string(self.out, name);
        self.out.push(b':');
    }
}

/// An array being written.
#[derive(Debug)]
pub struct Array<'w> {
    out: &'w mut Vec<u8>,
    any: bool,
}

impl Array<'_> {
    /// Writes a text, unless it is empty.
    pub fn string(&mut self, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.separate();
            push_string(self.out, text);
        }
        self
    }

    /// Splices in bytes that are JSON already, unless there are none.
    pub fn raw(&mut self, json: &[u8]) -> &mut Self {
        if !json.is_empty() {
            self.separate();
            self.out.extend_from_slice(json);
        }
        self
    }

    /// Writes an object, unless nothing is written into it.
    pub fn object(&mut self, build: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        let (mark, any) = (self.out.len(), self.any);
        self.separate();
        let wrote = nested(self.out, *b"{}", |out| {
            let mut object = Object { out, any: false };
            build(&mut object);
            object.any
        });
        if !wrote {
            self.out.truncate(mark);
            self.any = any;
        }
        self
    }

    /// Writes a data type, unless it has nothing in it.
    pub fn one(&mut self, value: &impl ToJson) -> &mut Self {
        self.object(|object| value.members(object))
    }

    fn separate(&mut self) {
        if self.any {
            self.out.push(b',');
        }
        self.any = true;
    }
}

/// Writes what stands between two brackets, or nothing at all where there is nothing.
fn nested(
    out: &mut Vec<u8>,
    [open, close]: [u8; 2],
    build: impl FnOnce(&mut Vec<u8>) -> bool,
) -> bool {
    let mark = out.len();
    out.push(open);
    let any = build(out);
    if any {
        out.push(close);
    } else {
        out.truncate(mark);
    }
    any
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(plain) = rest.iter().position(|byte| needs_escape(*byte)) {
        let (before, after) = rest.split_at(plain);
        out.extend_from_slice(before);
        if let [byte, after @ ..] = after {
            push_escape(out, *byte);
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    out.push(b'\\');
    match byte {
        b'"' | b'\\' => out.push(byte),
        b'\n' => out.push(b'n'),
        b'\r' => out.push(b'r'),
        b'\t' => out.push(b't'),
        control => {
            let digit = |nibble: u8| match nibble {
                0..=9 => b'0' + nibble,
                more => b'a' + (more - 10),
            };
            out.extend_from_slice(&[b'u', b'0', b'0', digit(control >> 4), digit(control & 15)]);
        }
    }
}

#[cfg(test)]
mod tests;
