//! Documents in a message: their MIME type and their bytes as base64.

use std::borrow::Cow;

use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::Row;

/// Writes the MIME type of an ED from its type and subtype.
pub(super) fn mime_type<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let encoding = encoding_of(piece);
    if let Some(named) = from_parts(mapper, piece, row, frame, [encoding - 2, encoding - 1]) {
        return Some(named);
    }
    let part = |number: usize| piece.part(number).filter(|part| part.is_valued());
    part(encoding + 1)?;
    // Data must say what they are (R4 constraint att-1): text of no kind is plain, and all else is bytes (RFC 2046, 4.1.4 and 4.5.1).
    let kind = encoding.checked_sub(2).and_then(part);
    let is_text = |kind: &Piece<'m>| {
        let name = kind.text().unwrap_or_default().to_ascii_lowercase();
        TEXTS.contains(&name.as_str())
    };
    if let Some(kind) = kind.filter(is_text) {
        mapper.mark(kind, row, frame);
        return Some(Value::Text(Cow::Borrowed("text/plain")));
    }
    Some(Value::Text(Cow::Borrowed("application/octet-stream")))
}

/// What senders call text.
const TEXTS: [&str; 3] = ["text", "tx", "ft"];

/// Which part of an ED names its encoding: the fourth, or where some senders shift it to.
fn encoding_of(whole: Piece<'_>) -> usize {
    let names_encoding = |part: &usize| {
        let text = whole.part(*part).and_then(Piece::text);
        text.is_some_and(|text| {
            ["base64", "hex"]
                .iter()
                .any(|name| text.trim().eq_ignore_ascii_case(name))
        })
    };
    [ENCODING, 3, 5, 2]
        .into_iter()
        .find(names_encoding)
        .unwrap_or(ENCODING)
}

/// The part of an ED that names its encoding, HL7 v2.9 chapter 2A, ED.4.
const ENCODING: usize = 4;

/// Writes the MIME type of an RP.
pub(super) fn mime_type_of_pointer<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    from_parts(mapper, piece, row, frame, [3, 4])
}

fn from_parts<'m>(
    mapper: &mut Mapper<'m>,
    piece: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
    [kind, subtype]: [usize; 2],
) -> Option<Value<'m>> {
    let part = |number: usize| {
        let part = (number > 0).then(|| piece.part(number)).flatten();
        part.filter(|part| part.is_valued())
    };
    let parts = [part(kind), part(subtype)];
    let [kind, subtype] = parts.map(|piece| {
        piece
            .and_then(Piece::text)
            .map(|text| text.to_ascii_lowercase())
    });
    let subtype = subtype.filter(|subtype| !subtype.contains(char::is_whitespace))?;
    for piece in parts.into_iter().flatten() {
        mapper.mark(piece, row, frame);
    }
    if subtype.contains('/') {
        return Some(Value::Text(Cow::Owned(subtype)));
    }
    let kind = match kind.as_deref() {
        // Whatever it is called, a PDF is no image.
        _ if subtype == "pdf" => "application",
        Some("im" | "image") => "image",
        Some("au" | "audio") => "audio",
        Some(kind) if TEXTS.contains(&kind) => "text",
        Some("multipart") => "multipart",
        _ => "application",
    };
    Some(Value::Text(Cow::Owned(format!("{kind}/{subtype}"))))
}

/// Writes the bytes of an ED as base64, from base64, hexadecimal digits or text; they follow what names their encoding.
pub(super) fn data<'m>(
    mapper: &mut Mapper<'m>,
    whole: Piece<'m>,
    row: &Row,
    frame: &Frame<'_, 'm>,
) -> Option<Value<'m>> {
    let place = encoding_of(whole);
    let encoding = whole.part(place).filter(|encoding| encoding.is_valued());
    let piece = whole.part(place + 1).filter(|data| data.is_valued())?;
    let text = piece.exact()?;
    mapper.mark(piece, row, frame);
    if let Some(encoding) = encoding {
        mapper.mark(encoding, row, frame);
    }
    let encoding = encoding
        .and_then(Piece::text)
        .map(|text| text.to_ascii_lowercase());
    let encoded = match encoding.as_deref() {
        Some("base64") => {
            let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            is_base64(&kept).then_some(kept)
        }
        Some("hex") => from_hex(&text).map(|bytes| to_base64(&bytes)),
        _ => None,
    };
    // What is not what it says it is, is kept as the text that was sent.
    let encoded = encoded.unwrap_or_else(|| to_base64(text.as_bytes()));
    Some(Value::Text(Cow::Owned(encoded)))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// Writes bytes as base64.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|index| chunk.get(index).copied().unwrap_or(0));
        let bits = u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c);
        for place in 0..4_usize {
            let digit = (bits >> (18 - 6 * place)) & 63;
            let symbol = ALPHABET.get(digit as usize).copied().unwrap_or(b'=');
            text.push(if place > chunk.len() {
                '='
            } else {
                char::from(symbol)
            });
        }
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| {
        let pairs = digits.chunks_exact(2);
        pairs
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_to_four() {
        let all = ["", "f", "fo", "foo", "foob"].map(|text| to_base64(text.as_bytes()));
        assert_eq!(all, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
        assert!(is_base64("Zm9vYg=="));
        assert!(!is_base64("Zm9vYg="));
        assert_eq!(from_hex("4a 4B"), Some(vec![0x4a, 0x4b]));
        assert_eq!(from_hex("4"), None);
    }
}
