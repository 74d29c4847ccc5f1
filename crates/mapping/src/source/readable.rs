//! A message's bytes in the character set of its sender, so that they can be parsed.

use std::borrow::Cow;

use formats::hl7v2::{Charset, CharsetRule, Message, Options, Parser};

use super::Source;

/// A message that can be parsed as its sender meant it.
#[derive(Clone, Debug)]
pub struct Readable<'a> {
    bytes: Cow<'a, [u8]>,
    options: Options,
    /// What it was decoded from, if that had to be done before parsing.
    decoded_from: Option<Charset>,
}

impl Source {
    /// Makes a message readable: in the character set it names, else in this sender's. Where characters may hold the
    /// bytes that separate fields, all of it is decoded first.
    pub fn readable<'a>(&self, bytes: &'a [u8]) -> Readable<'a> {
        let options = Options {
            charset: self.charset,
            ..Options::default()
        };
        let charset = if self.charset.may_hold_separators() || may_hide_separators(bytes) {
            Parser::new(options).parse(bytes).charset()
        } else {
            Charset::Utf8
        };
        if !charset.may_hold_separators() {
            return Readable {
                bytes: Cow::Borrowed(bytes),
                options,
                decoded_from: None,
            };
        }
        Readable {
            bytes: match charset.decode(bytes) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            },
            options: Options {
                charset: Charset::Utf8,
                charset_rule: CharsetRule::Always,
                ..options
            },
            decoded_from: Some(charset),
        }
    }
}

/// Says whether a separator may be part of a character: its other byte is then one that UTF-8 does not have there.
fn may_hide_separators(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err() || bytes.contains(&ESCAPE)
}

/// What ISO-2022-JP switches sets with.
const ESCAPE: u8 = 0x1b;

impl Readable<'_> {
    /// Parses it.
    pub fn message(&self) -> Message<'_> {
        Parser::new(self.options).parse(&self.bytes)
    }

    /// Gives a part of it in the bytes its sender would have sent.
    pub fn as_sent(&self, part: Vec<u8>) -> Vec<u8> {
        match self.decoded_from {
            None => part,
            Some(charset) => charset.encode(&String::from_utf8_lossy(&part)).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::split;

    fn names(charset: Charset, declared: &str, names: &[u8]) -> String {
        let mut source = Source::new("here");
        source.charset = charset;
        let header =
            format!("MSH|^~\\&|A|B|||20260301||ADT^A08|1|P|2.5||||||{declared}\rPID|||7||");
        let bytes = [header.as_bytes(), names].concat();
        let readable = source.readable(&bytes);
        let message = readable.message();
        let parts = split(&message).unwrap();
        assert_eq!(parts.len(), 1);
        let again = readable.as_sent(parts.concat());
        assert_eq!(again.trim_ascii(), bytes.as_slice());
        let person = message.segment(b"PID").unwrap();
        let part = |number: usize| person.field(5).component(number).text().into_owned();
        format!("{} {}", part(1), part(2))
    }

    #[test]
    fn the_senders_set_holds_unless_the_message_names_one() {
        assert_eq!(
            names(Charset::Latin2, "", b"Wa\xb3\xeasa^Ann"),
            "Wałęsa Ann"
        );
        // These bytes are UTF-8 as well, but the sender does not send that.
        assert_eq!(names(Charset::Latin1, "", b"A\xc3\xa9^Ann"), "AÃ© Ann");
        assert_eq!(
            names(Charset::Latin1, "UNICODE UTF-8", b"\xc3\xa9^Ann"),
            "é Ann"
        );
        assert_eq!(names(Charset::Utf8, "8859/2", b"\xb3^Ann"), "ł Ann");
    }

    #[test]
    fn characters_that_hold_separators_do_not_separate() {
        // The second byte of the first character is a backslash, of the second a bar.
        assert_eq!(
            names(Charset::ShiftJis, "", b"\x95\x5c\x83\x7c^Ann"),
            "表ポ Ann"
        );
        assert_eq!(
            names(Charset::Utf8, "ISO IR14", b"\x95\x5c\x83\x7c^Ann"),
            "表ポ Ann"
        );
        assert_eq!(
            names(Charset::Utf8, "ISO IR87", b"\x1b$B%]\x1b(B^Ann"),
            "ポ Ann"
        );
    }
}
