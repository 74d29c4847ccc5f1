//! Raw bytes as text that hides nothing: one segment a line, control characters by name, no byte dropped.

/// How much of a record is shown; what is longer is cut and said to be.
const RAW_SHOWN_BYTES_MAX: usize = 64 * 1024;

/// A record's bytes, ready to be shown.
pub(crate) struct RawText {
    pub(crate) lines: Vec<RawLine>,
    pub(crate) hidden_bytes: usize,
}

/// One segment.
pub(crate) struct RawLine {
    pub(crate) number: usize,
    pub(crate) pieces: Vec<RawPiece>,
}

/// Text, or one thing in it that would not be seen.
pub(crate) enum RawPiece {
    Text(String),
    Control { sign: String, name: String },
}

impl RawText {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let (shown, hidden) = bytes
            .split_at_checked(RAW_SHOWN_BYTES_MAX)
            .unwrap_or((bytes, &[]));
        let mut lines = Vec::new();
        let mut rest = shown;
        while !rest.is_empty() {
            let end = line_end(rest);
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            lines.push(RawLine {
                number: lines.len() + 1,
                pieces: pieces(line),
            });
            rest = after;
        }
        Self {
            lines,
            hidden_bytes: hidden.len(),
        }
    }
}

/// Gives where a line ends, its CR, LF or CR LF included.
fn line_end(bytes: &[u8]) -> usize {
    let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return bytes.len();
    };
    match bytes.get(at..at + 2) {
        Some(b"\r\n") => at + 2,
        _ => at + 1,
    }
}

fn pieces(line: &[u8]) -> Vec<RawPiece> {
    let mut pieces = Vec::new();
    for chunk in line.utf8_chunks() {
        let mut text = String::new();
        for letter in chunk.valid().chars() {
            if let Some((sign, name)) = control(letter) {
                flush(&mut text, &mut pieces);
                pieces.push(RawPiece::Control { sign, name });
            } else {
                text.push(letter);
            }
        }
        flush(&mut text, &mut pieces);
        for byte in chunk.invalid() {
            pieces.push(RawPiece::Control {
                sign: format!("\\x{byte:02X}"),
                name: "byte that is not UTF-8".to_owned(),
            });
        }
    }
    pieces
}

fn flush(text: &mut String, pieces: &mut Vec<RawPiece>) {
    if !text.is_empty() {
        pieces.push(RawPiece::Text(std::mem::take(text)));
    }
}

/// Gives the sign and the name of what would not be seen.
fn control(letter: char) -> Option<(String, String)> {
    let code = u32::from(letter);
    let name = match code {
        0x09 => "tab".to_owned(),
        0x0A => "line feed".to_owned(),
        0x0B => "vertical tab, start of block".to_owned(),
        0x0D => "carriage return, end of segment".to_owned(),
        0x1C => "file separator, end of block".to_owned(),
        0xFEFF => "byte order mark".to_owned(),
        0x00..0x20 | 0x7F..0xA0 => format!("control character {code:02X}"),
        0xAD | 0x200B..0x2010 | 0x2028..0x202F | 0x2060..0x2070 => {
            format!("invisible character U+{code:04X}")
        }
        _ => return None,
    };
    let sign = usize::try_from(code).ok().and_then(|at| SIGNS.get(at));
    let sign = sign.map_or_else(|| format!("U+{code:04X}"), |sign| (*sign).to_owned());
    Some((sign, name))
}

/// The names of the first control characters, as ISO/IEC 646 gives them.
const SIGNS: [&str; 32] = [
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR",
    "SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC",
    "FS", "GS", "RS", "US",
];

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(clippy::needless_pass_by_value, reason = "the macro gives it by value")]
    fn check(bytes: &[u8], shown: Expect) {
        let mut text = String::new();
        for line in RawText::read(bytes).lines {
            text.push_str(&format!("{}:", line.number));
            for piece in line.pieces {
                match piece {
                    RawPiece::Text(words) => text.push_str(&format!(" '{words}'")),
                    RawPiece::Control { sign, name } => text.push_str(&format!(" {sign} ({name})")),
                }
            }
            text.push('\n');
        }
        shown.assert_eq(&text);
    }

    #[test]
    fn every_segment_is_a_line_with_its_end_visible() {
        check(
            b"\x0bMSH|^~\\&|A\rPID|1\r\nOBX\n\x1c\r",
            expect![[r#"
                1: VT (vertical tab, start of block) 'MSH|^~\&|A' CR (carriage return, end of segment)
                2: 'PID|1' CR (carriage return, end of segment) LF (line feed)
                3: 'OBX' LF (line feed)
                4: FS (file separator, end of block) CR (carriage return, end of segment)
            "#]],
        );
    }

    #[test]
    fn bytes_that_are_no_text_and_signs_that_deceive_are_seen() {
        check(
            "M\u{202e}x\u{feff}".as_bytes(),
            expect![[r#"
                1: 'M' U+202E (invisible character U+202E) 'x' U+FEFF (byte order mark)
            "#]],
        );
        check(
            b"M\xfcller\x00",
            expect![[r#"
                1: 'M' \xFC (byte that is not UTF-8) 'ller' NUL (control character 00)
            "#]],
        );
    }

    #[test]
    fn what_is_too_long_is_cut_and_counted() {
        let shown = RawText::read(&vec![b'x'; RAW_SHOWN_BYTES_MAX]);
        assert_eq!(shown.hidden_bytes, 0);
        let cut = RawText::read(&vec![b'x'; RAW_SHOWN_BYTES_MAX + 1]);
        assert_eq!(cut.hidden_bytes, 1);
    }
}
