//! The ways in which a message is damaged: what networks, editors and interface engines do, and worse.

use bolero::TypeGenerator;

/// A seed that has grown to this is damaged, but not made longer.
const BYTES_MAX: usize = 256 * 1024;
/// A part is repeated at most so often.
const REPEATS_MAX: usize = 40;

/// What means something to a parser of HL7 v2, or to what comes after it.
pub const PIECES: [&[u8]; 72] = [
    b"|",
    b"^",
    b"~",
    b"\\",
    b"&",
    b"#",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\r",
    b"\0",
    b"\x0b",
    b"\x1c",
    b"\x1c\r",
    b"\x1a",
    b"\x1b$B",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\xFF",
    b"\xC3",
    b"\xC3\xA9",
    b"\x83\x7c",
    b"\xED\xA0\x80",
    b"\"\"",
    b"\"",
    b" ",
    b"\\E\\",
    b"\\F\\",
    b"\\T\\",
    b"\\X0D0A\\",
    b"\\X\\",
    b"\\XZZ\\",
    b"\\H\\",
    b"\\.sp99999999\\",
    b"\\.br\\",
    b"\\E\\T\\E\\",
    b"\\C2842\\",
    b"MSH|",
    b"MSH|^~\\&|",
    b"FHS|^~\\&|\r",
    b"BHS|^~\\&|\r",
    b"BTS|9\r",
    b"FTS|9\r",
    b"PID|||7\r",
    b"PID|1||\"\"\r",
    b"MRG|7\r",
    b"PV1|1|I\r",
    b"ORC|CA\r",
    b"OBR|1\r",
    b"OBX|1|NM|1||",
    b"OBX||SN||",
    b"OBX|1|ED|1||^^^Base64^",
    b"SPM|1\r",
    b"NTE|1||",
    b"ZZZ|1^2\r",
    b"zz|",
    b"R01",
    b"A40",
    b"A37",
    b"2.5.1",
    b"UNICODE UTF-8",
    b"ISO IR87",
    b"8859/15",
    b"20260229",
    b"20260329023000",
    b"9999",
    b"0000000000",
    b"-",
    b"1e999",
    b"NaN",
    b"<0.10",
    b"1,5",
];

/// One thing that is done to a message.
#[derive(Clone, Debug, TypeGenerator)]
pub enum Damage {
    /// A bit is turned.
    Flip {
        /// Where.
        at: u32,
        /// Which.
        bit: u8,
    },
    /// A byte is another.
    Put {
        /// Where.
        at: u32,
        /// Which.
        byte: u8,
    },
    /// A piece is put in.
    Insert {
        /// Where.
        at: u32,
        /// Which of [`PIECES`].
        piece: u8,
    },
    /// A field or part of one is a piece instead.
    Replace {
        /// Where.
        at: u32,
        /// Which of [`PIECES`].
        piece: u8,
    },
    /// Bytes are gone.
    Remove {
        /// Where.
        at: u32,
        /// How many.
        length: u16,
    },
    /// Bytes come again and again.
    Repeat {
        /// Where.
        at: u32,
        /// How many.
        length: u8,
        /// How often.
        times: u8,
    },
    /// A segment of another message comes in between.
    Graft {
        /// Before which segment.
        at: u32,
        /// Of which seed.
        seed: u16,
        /// Which segment.
        segment: u16,
    },
    /// Two segments change places.
    Swap {
        /// The one.
        one: u16,
        /// The other.
        other: u16,
    },
    /// The end is missing.
    Cut {
        /// Where.
        at: u32,
    },
}

impl Damage {
    /// Does it.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let end = bytes.len();
        let place = |at: u32| at as usize % (end + 1);
        match *self {
            Self::Flip { at, bit } => {
                if let Some(byte) = bytes.get_mut(place(at)) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Self::Put { at, byte } => {
                if let Some(old) = bytes.get_mut(place(at)) {
                    *old = byte;
                }
            }
            Self::Insert { at, piece } => insert(bytes, place(at), piece_of(piece)),
            Self::Replace { at, piece } => replace(bytes, place(at), piece_of(piece)),
            Self::Remove { at, length } => {
                let from = place(at);
                bytes.drain(from..end.min(from + usize::from(length)));
            }
            Self::Repeat { at, length, times } => {
                let from = place(at);
                let part = bytes.get(from..end.min(from + usize::from(length)));
                let again = part
                    .unwrap_or_default()
                    .repeat(usize::from(times) % REPEATS_MAX);
                insert(bytes, from, &again);
            }
            Self::Graft { at, seed, segment } => {
                let other = seeds.get(usize::from(seed) % seeds.len().max(1));
                let segments = segments(other.map_or(&[][..], |seed| seed));
                let chosen = usize::from(segment) % segments.len().max(1);
                let own = self::segments(bytes);
                let before: usize = own
                    .iter()
                    .take(at as usize % (own.len() + 1))
                    .map(|s| s.len())
                    .sum();
                insert(
                    bytes,
                    before,
                    segments.get(chosen).copied().unwrap_or_default(),
                );
            }
            Self::Swap { one, other } => {
                let mut parts = segments(bytes);
                let count = parts.len().max(1);
                let (one, other) = (usize::from(one) % count, usize::from(other) % count);
                if !parts.is_empty() {
                    parts.swap(one, other);
                }
                *bytes = parts.concat();
            }
            Self::Cut { at } => bytes.truncate(place(at)),
        }
    }
}

fn piece_of(number: u8) -> &'static [u8] {
    PIECES
        .get(usize::from(number) % PIECES.len())
        .copied()
        .unwrap_or_default()
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    if bytes.len() + part.len() <= BYTES_MAX {
        bytes.splice(at..at, part.iter().copied());
    }
}

/// Puts a piece in the place of what stands between two separators.
fn replace(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    let is_separator = |byte: &u8| b"|^~&\r".contains(byte);
    let before = bytes.get(..at).unwrap_or_default();
    let start = before
        .iter()
        .rposition(is_separator)
        .map_or(0, |place| place + 1);
    let after = bytes.get(at..).unwrap_or_default();
    let end = after
        .iter()
        .position(is_separator)
        .map_or(bytes.len(), |place| at + place);
    bytes.splice(start..end, part.iter().copied());
}

fn segments(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\r').collect()
}
