//! The character sets of HL7 table 0211, and how bytes in them become text.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// Names a character set that a message can be in.
///
/// Bytes that are not text in the set are read as windows-1252, which has a character for every byte, so that
/// nothing is lost; the parser reports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// `UNICODE UTF-8`.
    #[default]
    Utf8,
    /// `ASCII`; UTF-8 found in it is read as that.
    Ascii,
    /// `8859/1`, read as its superset windows-1252.
    Latin1,
    /// `8859/2`.
    Latin2,
    /// `8859/3`.
    Latin3,
    /// `8859/4`.
    Latin4,
    /// `8859/5`.
    Cyrillic,
    /// `8859/6`.
    Arabic,
    /// `8859/7`.
    Greek,
    /// `8859/8`.
    Hebrew,
    /// `8859/9`, read as its superset windows-1254.
    Latin5,
    /// `8859/15`.
    Latin9,
    /// `ISO IR14`, read as Shift JIS.
    ShiftJis,
    /// `ISO IR87`, read as ISO-2022-JP.
    Iso2022Jp,
    /// `GB 18030-2000`.
    Gb18030,
    /// `KS X 1001`, read as EUC-KR.
    EucKr,
    /// `BIG-5`.
    Big5,
}

impl Charset {
    /// Reads a name of HL7 table 0211, or one of the ways in which it is commonly misspelt.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "UNICODE UTF-8" {
            return Some(Self::Utf8);
        }
        let letters: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let charset = match letters.as_str() {
            "UNICODEUTF8" | "UTF8" | "UNICODE" => Self::Utf8,
            "ASCII" | "USASCII" | "ISOIR6" => Self::Ascii,
            "88591" | "ISO88591" | "LATIN1" | "WINDOWS1252" | "CP1252" => Self::Latin1,
            "88592" | "ISO88592" | "LATIN2" => Self::Latin2,
            "88593" | "ISO88593" => Self::Latin3,
            "88594" | "ISO88594" => Self::Latin4,
            "88595" | "ISO88595" => Self::Cyrillic,
            "88596" | "ISO88596" => Self::Arabic,
            "88597" | "ISO88597" => Self::Greek,
            "88598" | "ISO88598" => Self::Hebrew,
            "88599" | "ISO88599" | "LATIN5" => Self::Latin5,
            "885915" | "ISO885915" | "LATIN9" => Self::Latin9,
            "ISOIR14" | "SHIFTJIS" => Self::ShiftJis,
            "ISOIR87" | "ISO2022JP" => Self::Iso2022Jp,
            "GB180302000" | "GB18030" => Self::Gb18030,
            "KSX1001" | "EUCKR" => Self::EucKr,
            "BIG5" => Self::Big5,
            _ => return None,
        };
        Some(charset)
    }

    /// Reports whether characters of the set may hold the bytes that separate HL7 v2 fields.
    ///
    /// Decode such a message as a whole, and parse the text with [`super::CharsetRule::Always`] and UTF-8.
    #[must_use]
    pub const fn may_hold_separators(self) -> bool {
        matches!(
            self,
            Self::ShiftJis | Self::Iso2022Jp | Self::Gb18030 | Self::Big5
        )
    }

    /// Reports whether text in it is UTF-8 as it stands.
    pub(crate) const fn is_utf8(self) -> bool {
        matches!(self, Self::Utf8 | Self::Ascii)
    }

    /// Decodes bytes to text, without losing any.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        self.decode_exactly(bytes).unwrap_or_else(|| {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
            text
        })
    }

    /// Decodes bytes to text if all of them are text in this set.
    #[must_use]
    pub fn decode_exactly(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self.encoding() {
            None => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Some(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes),
        }
    }

    /// Encodes text, with a question mark for what the set cannot say.
    #[must_use]
    pub fn encode(self, text: &str) -> Cow<'_, [u8]> {
        let Some(encoding) = self.encoding() else {
            return Cow::Borrowed(text.as_bytes());
        };
        let (bytes, _, unmappable) = encoding.encode(text);
        if !unmappable {
            return bytes;
        }
        let sayable: String = text
            .chars()
            .map(|letter| {
                let (_, _, unmappable) = encoding.encode(letter.encode_utf8(&mut [0; 4]));
                if unmappable { '?' } else { letter }
            })
            .collect();
        let (bytes, _, _) = encoding.encode(&sayable);
        Cow::Owned(bytes.into_owned())
    }

    /// Returns where the first byte is that is not text in this set.
    pub(crate) fn first_fault(self, bytes: &[u8]) -> Option<usize> {
        let non_ascii = || bytes.iter().position(|byte| !byte.is_ascii());
        match self {
            // This one is faster than the standard library's.
            Self::Utf8 => {
                let valid = Encoding::utf8_valid_up_to(bytes);
                (valid < bytes.len()).then_some(valid)
            }
            Self::Ascii => non_ascii(),
            _ if self.decode_exactly(bytes).is_some() => None,
            _ => Some(non_ascii().unwrap_or_default()),
        }
    }

    fn encoding(self) -> Option<&'static Encoding> {
        match self {
            Self::Utf8 | Self::Ascii => None,
            Self::Latin1 => Some(encoding_rs::WINDOWS_1252),
            Self::Latin2 => Some(encoding_rs::ISO_8859_2),
            Self::Latin3 => Some(encoding_rs::ISO_8859_3),
            Self::Latin4 => Some(encoding_rs::ISO_8859_4),
            Self::Cyrillic => Some(encoding_rs::ISO_8859_5),
            Self::Arabic => Some(encoding_rs::ISO_8859_6),
            Self::Greek => Some(encoding_rs::ISO_8859_7),
            Self::Hebrew => Some(encoding_rs::ISO_8859_8),
            Self::Latin5 => Some(encoding_rs::WINDOWS_1254),
            Self::Latin9 => Some(encoding_rs::ISO_8859_15),
            Self::ShiftJis => Some(encoding_rs::SHIFT_JIS),
            Self::Iso2022Jp => Some(encoding_rs::ISO_2022_JP),
            Self::Gb18030 => Some(encoding_rs::GB18030),
            Self::EucKr => Some(encoding_rs::EUC_KR),
            Self::Big5 => Some(encoding_rs::BIG5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_table_0211_are_known() {
        let names = [
            ("ASCII", Charset::Ascii),
            ("8859/1", Charset::Latin1),
            ("8859/9", Charset::Latin5),
            ("8859/15", Charset::Latin9),
            ("ISO IR87", Charset::Iso2022Jp),
            ("GB 18030-2000", Charset::Gb18030),
            ("KS X 1001", Charset::EucKr),
            ("BIG-5", Charset::Big5),
            ("UNICODE", Charset::Utf8),
            ("UNICODE UTF-8", Charset::Utf8),
            ("iso-8859-1", Charset::Latin1),
        ];
        for (name, charset) in names {
            assert_eq!(Charset::from_name(name), Some(charset), "{name}");
        }
        assert_eq!(Charset::from_name("EBCDIC"), None);
        assert_eq!(Charset::from_name(""), None);
    }

    #[test]
    fn undecodable_bytes_are_read_as_windows_1252_and_none_is_lost() {
        assert_eq!(Charset::Utf8.decode(b"M\xFCller"), "Müller");
        assert_eq!(Charset::Utf8.first_fault(b"M\xFCller"), Some(1));
        let every: Vec<u8> = (0..=255).collect();
        let text = Charset::Utf8.decode(&every);
        assert_eq!(text.chars().count(), 256);
        assert!(!text.contains('\u{FFFD}'));
    }

    #[test]
    fn declared_sets_decode() {
        assert_eq!(Charset::Latin1.decode(b"M\xFCller"), "Müller");
        assert_eq!(Charset::Greek.decode(b"\xC1"), "Α");
        assert_eq!(Charset::Utf8.decode("Müller".as_bytes()), "Müller");
        assert_eq!(Charset::Ascii.decode("Müller".as_bytes()), "Müller");
        assert_eq!(Charset::Ascii.first_fault("Müller".as_bytes()), Some(1));
    }

    #[test]
    fn text_a_set_cannot_say_is_encoded_with_question_marks() {
        assert_eq!(&*Charset::Latin1.encode("Müller"), b"M\xFCller");
        assert_eq!(&*Charset::Latin1.encode("5 \u{2192} é"), b"5 ? \xE9");
        assert_eq!(&*Charset::Utf8.encode("é"), "é".as_bytes());
    }
}
