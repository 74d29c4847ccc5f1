//! Escape sequences: decoded once, kept when nobody knows them, written where text needs them.

use std::borrow::Cow;

use super::charset::Charset;
use super::separators::Separators;
use crate::limits::{ESCAPE_BYTES_MAX, FORMATTING_ESCAPE_MAX};

/// Decodes the escape sequences and the character set of one piece of a message.
pub(crate) fn decode<'m>(raw: &'m [u8], separators: Separators, charset: Charset) -> Cow<'m, str> {
    if !raw.contains(&separators.escape) {
        return charset.decode(raw);
    }
    let mut decoder = Decoder {
        charset,
        text: String::with_capacity(raw.len()),
        pending: Vec::new(),
    };
    let mut rest = raw;
    while let Some(open) = rest.iter().position(|&byte| byte == separators.escape) {
        let (literal, from_escape) = rest.split_at(open);
        decoder.literal(literal);
        rest = decoder.sequence(from_escape, separators);
    }
    decoder.literal(rest);
    decoder.flush();
    Cow::Owned(decoder.text)
}

/// Writes text so that none of it is read as a separator, an escape or the end of the segment.
pub(crate) fn encode(bytes: &[u8], separators: &Separators, out: &mut Vec<u8>) {
    for &byte in bytes {
        let name: &[u8] = match byte {
            b'\r' => b"X0D",
            b'\n' => b"X0A",
            _ if byte == separators.field => b"F",
            _ if byte == separators.component => b"S",
            _ if byte == separators.repetition => b"R",
            _ if byte == separators.escape => b"E",
            _ if byte == separators.subcomponent => b"T",
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.push(separators.escape);
        out.extend_from_slice(name);
        out.push(separators.escape);
    }
}

/// Gathers text; bytes given in hexadecimal wait in `pending`, since a character may be spread over several sequences.
struct Decoder {
    charset: Charset,
    text: String,
    pending: Vec<u8>,
}

impl Decoder {
    fn literal(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.flush();
        self.text.push_str(&self.charset.decode(bytes));
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.text.push_str(&self.charset.decode(&self.pending));
            self.pending.clear();
        }
    }

    /// Decodes what starts with an escape character and returns what follows.
    fn sequence<'m>(&mut self, from_escape: &'m [u8], separators: Separators) -> &'m [u8] {
        let (escape, after) = from_escape.split_at(from_escape.len().min(1));
        let Some(length) = sequence_length(after, separators.escape) else {
            self.literal(escape);
            return after;
        };
        let (name, from_close) = after.split_at(length);
        let rest = from_close.get(1..).unwrap_or_default();
        if let Some(bytes) = hexadecimal(name) {
            self.pending.extend_from_slice(&bytes);
            return rest;
        }
        self.flush();
        match name {
            b"F" => self.separator(separators.field, '|'),
            b"S" => self.separator(separators.component, '^'),
            b"T" => self.separator(separators.subcomponent, '&'),
            b"R" => self.separator(separators.repetition, '~'),
            b"E" => self.separator(separators.escape, '\\'),
            b"P" => self.separator(separators.truncation, '#'),
            b"H" | b"N" => {}
            b".br" | b".ce" => self.text.push('\n'),
            _ => match formatting(name) {
                Some((letter, count)) => self.text.extend(std::iter::repeat_n(letter, count)),
                None => {
                    self.literal(escape);
                    self.literal(name);
                    self.literal(escape);
                }
            },
        }
        rest
    }

    /// A message that declares no such separator means the standard one.
    fn separator(&mut self, declared: u8, standard: char) {
        self.text.push(match declared {
            Separators::NONE => standard,
            byte => char::from(byte),
        });
    }
}

/// Returns the length of the sequence's name if what follows an escape character is one that is closed again.
fn sequence_length(after: &[u8], escape: u8) -> Option<usize> {
    let first = *after.first()?;
    if !matches!(
        first,
        b'H' | b'N' | b'F' | b'S' | b'T' | b'R' | b'E' | b'P' | b'X' | b'C' | b'M' | b'Z' | b'.'
    ) {
        return None;
    }
    let longest = if first == b'X' {
        after.len()
    } else {
        ESCAPE_BYTES_MAX
    };
    let length = after
        .iter()
        .take(longest)
        .position(|&byte| byte == escape || !is_in_name(byte))?;
    (after.get(length) == Some(&escape)).then_some(length)
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
}

fn hexadecimal(name: &[u8]) -> Option<Vec<u8>> {
    let digits = name.strip_prefix(b"X")?;
    if digits.is_empty() || digits.len() % 2 != 0 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect()
}

/// Reads `.sp` (line breaks) and `.sk` (spaces), with how many.
fn formatting(name: &[u8]) -> Option<(char, usize)> {
    let (letter, count) = match name.split_at_checked(3)? {
        (b".sp", count) => ('\n', count),
        (b".sk", count) => (' ', count),
        _ => return None,
    };
    if count.is_empty() {
        return Some((letter, 1));
    }
    let count = std::str::from_utf8(count).ok()?.parse::<usize>().ok()?;
    (count <= FORMATTING_ESCAPE_MAX).then_some((letter, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "expect![] is passed as it is made"
    )]
    fn check(raw: &str, expected: Expect) {
        expected.assert_eq(&decode(raw.as_bytes(), Separators::STANDARD, Charset::Utf8));
    }

    #[test]
    fn separators_are_decoded_once() {
        check(r"10\S\9/L", expect!["10^9/L"]);
        check(r"a\F\b\T\c\R\d\E\e\P\f", expect![[r"a|b&c~d\e#f"]]);
        check(r"\E\T\E\", expect![[r"\T\"]]);
        check(r"end\E\", expect![[r"end\"]]);
    }

    #[test]
    fn hexadecimal_is_decoded_in_the_character_set_of_the_message() {
        check(r"a\X0D0A\b", expect![["a\r\nb"]]);
        check(r"\Xc3a9\", expect!["é"]);
        check(r"\XC3\\XA9\", expect!["é"]);
        check(r"\X0D0\", expect![[r"\X0D0\"]]);
        check(r"\X\", expect![[r"\X\"]]);
        check(r"\X0G\", expect![[r"\X0G\"]]);
    }

    #[test]
    fn formatting_becomes_line_breaks_and_spaces() {
        check(r"a\.br\b\.sp\c\.sp2\d", expect![["a\nb\nc\n\nd"]]);
        check(r"\H\bold\N\ plain\.sk2\end", expect!["bold plain  end"]);
        check(r"\.sp101\", expect![[r"\.sp101\"]]);
    }

    #[test]
    fn unknown_and_unbalanced_sequences_are_kept() {
        check(
            r"\Zab\ \C2842\ \.in+4\",
            expect![[r"\Zab\ \C2842\ \.in+4\"]],
        );
        check(r"C:\dir\F\x", expect![[r"C:\dir|x"]]);
        check(r"a\ b \F\ c\", expect![[r"a\ b | c\"]]);
        check(r"\", expect![[r"\"]]);
        check(r"\\", expect![[r"\\"]]);
        check(r"\Fx\", expect![[r"\Fx\"]]);
    }

    proptest! {
        #[test]
        fn encoded_text_is_decoded_to_itself(text in "[ -~\r\näß]{0,40}") {
            let mut raw = Vec::new();
            encode(text.as_bytes(), &Separators::STANDARD, &mut raw);
            prop_assert!(!raw.iter().any(|byte| b"|^~&\r\n".contains(byte)));
            prop_assert_eq!(decode(&raw, Separators::STANDARD, Charset::Utf8), text);
        }

        #[test]
        fn any_bytes_decode(raw in prop::collection::vec(any::<u8>(), 0..60)) {
            let text = decode(&raw, Separators::STANDARD, Charset::Utf8);
            prop_assert!(raw.is_empty() == text.is_empty() || raw.contains(&b'\\'));
        }
    }
}
