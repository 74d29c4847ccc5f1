//! The ways in which a message is damaged: what networks, editors and interface engines do, and worse.

use bolero::TypeGenerator;

use crate::seeds::Kind;

/// A seed that has grown to this is damaged, but not made longer.
const BYTES_MAX: usize = 256 * 1024;
/// A part is repeated at most so often.
const REPEATS_MAX: usize = 40;

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
        /// Which of the kind's pieces.
        piece: u8,
    },
    /// A field or part of one is a piece instead.
    Replace {
        /// Where.
        at: u32,
        /// Which of the kind's pieces.
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
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>, kind: &Kind) {
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
            Self::Insert { at, piece } => insert(bytes, place(at), kind.piece(piece)),
            Self::Replace { at, piece } => {
                replace(bytes, place(at), kind.piece(piece), kind.separators);
            }
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
                let other = kind.seeds.get(usize::from(seed) % kind.seeds.len().max(1));
                let segments = kind.segments(other.map_or(&[][..], |seed| seed));
                let chosen = usize::from(segment) % segments.len().max(1);
                let own = kind.segments(bytes);
                let before = own.iter().take(at as usize % (own.len() + 1));
                let before = before.map(|segment| segment.len()).sum();
                insert(
                    bytes,
                    before,
                    segments.get(chosen).copied().unwrap_or_default(),
                );
            }
            Self::Swap { one, other } => {
                let mut parts = kind.segments(bytes);
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

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    if bytes.len() + part.len() <= BYTES_MAX {
        bytes.splice(at..at, part.iter().copied());
    }
}

/// Puts a piece in the place of what stands between two separators.
fn replace(bytes: &mut Vec<u8>, at: usize, part: &[u8], separators: &[u8]) {
    let is_separator = |byte: &u8| separators.contains(byte);
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
