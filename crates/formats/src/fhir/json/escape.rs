//! Texts as JSON strings: what needs no escape is found many bytes at a time and copied as it stands.

/// The bytes looked at together; compilers turn such a loop into two or three instructions.
const LANES: usize = 16;

/// Writes a text between quotation marks.
#[inline]
pub(super) fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// Writes a text's bytes, escaped where JSON asks for it.
#[inline]
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    let plain = plain_length(text);
    if plain == text.len() {
        out.extend_from_slice(text);
    } else {
        push_with_escapes(out, text, plain);
    }
}

/// Counts the bytes before the first that must be escaped.
#[inline]
fn plain_length(text: &[u8]) -> usize {
    let (blocks, tail) = text.as_chunks::<LANES>();
    for (place, block) in blocks.iter().enumerate() {
        if block
            .iter()
            .fold(false, |any, byte| any | needs_escape(*byte))
        {
            return place * LANES + plain_bytes(block);
        }
    }
    blocks.len() * LANES + plain_bytes(tail)
}

fn plain_bytes(text: &[u8]) -> usize {
    let stop = text.iter().position(|byte| needs_escape(*byte));
    stop.unwrap_or(text.len())
}

#[cold]
fn push_with_escapes(out: &mut Vec<u8>, text: &[u8], plain: usize) {
    let mut plain = plain;
    let mut rest = text;
    while let Some((before, after)) = rest.split_at_checked(plain) {
        out.extend_from_slice(before);
        let Some((byte, after)) = after.split_first() else {
            return;
        };
        push_escape(out, *byte);
        rest = after;
        plain = plain_length(rest);
    }
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
