//! Texts as JSON strings: what needs no escape is found many bytes at a time and copied as it stands.

/// The bytes looked at together.
const LANES: usize = 16;

/// The bytes of shorter texts looked at together.
const WORD_BYTES: usize = 8;

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
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        push_with_escapes(out, text);
    }
}

/// Says whether no byte must be escaped.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    if text.len() < WORD_BYTES {
        return !text.iter().any(|byte| needs_escape(*byte));
    }
    // The last bytes may be looked at twice: that takes less than going through them one by one.
    if let Some(last) = text.last_chunk::<LANES>() {
        let (blocks, _) = text.as_chunks::<LANES>();
        let any = |block: &[u8; LANES]| {
            block
                .iter()
                .fold(false, |any, byte| any | needs_escape(*byte))
        };
        return !blocks.iter().any(any) && !any(last);
    }
    let ends = [
        text.first_chunk::<WORD_BYTES>(),
        text.last_chunk::<WORD_BYTES>(),
    ];
    !ends
        .into_iter()
        .flatten()
        .any(|word| has_escape(u64::from_le_bytes(*word)))
}

/// Says whether one of eight bytes must be escaped.
const fn has_escape(word: u64) -> bool {
    const fn repeated(byte: u8) -> u64 {
        u64::from_le_bytes([byte; WORD_BYTES])
    }
    const fn below(word: u64, byte: u8) -> u64 {
        word.wrapping_sub(repeated(byte)) & !word
    }
    let quotes = word ^ repeated(b'"');
    let backslashes = word ^ repeated(b'\\');
    let found = below(word, 0x20) | below(quotes, 1) | below(backslashes, 1);
    found & repeated(0x80) != 0
}

/// Counts the bytes before the first that must be escaped.
fn plain_length(text: &[u8]) -> usize {
    let stop = text.iter().position(|byte| needs_escape(*byte));
    stop.unwrap_or(text.len())
}

#[cold]
fn push_with_escapes(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    loop {
        let (before, after) = rest.split_at(plain_length(rest));
        out.extend_from_slice(before);
        let Some((byte, after)) = after.split_first() else {
            return;
        };
        push_escape(out, *byte);
        rest = after;
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
