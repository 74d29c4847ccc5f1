//! Finds a definition by its name in one step: an open-addressed table of numbers.

/// How many bits of the hash choose a slot: twice the 8,500 members there are, at least.
const SLOT_BITS: u32 = 15;

/// What an empty slot holds.
const EMPTY: u16 = u16::MAX;

/// An odd number without a pattern: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Numbers by name, and by the number of the part that the name is of.
#[derive(Default)]
pub(super) struct Index(Vec<u16>);

impl Index {
    /// Makes one of parts, names and numbers.
    pub(super) fn new<'n>(members: impl Iterator<Item = (u16, &'n str, u16)>) -> Self {
        let mut slots = vec![EMPTY; 1 << SLOT_BITS];
        for (part, name, number) in members {
            let mut slot = first_slot(part, name);
            while slots.get(slot).is_some_and(|taken| *taken != EMPTY) {
                slot = next_slot(slot);
            }
            if let Some(free) = slots.get_mut(slot) {
                *free = number;
            }
        }
        Self(slots)
    }

    /// Finds the number that is this name's among those that may be.
    #[inline]
    pub(super) fn find(&self, part: u16, name: &str, is: impl Fn(u16) -> bool) -> Option<u16> {
        let mut slot = first_slot(part, name);
        loop {
            match self.0.get(slot) {
                None | Some(&EMPTY) => return None,
                Some(number) if is(*number) => return Some(*number),
                Some(_) => slot = next_slot(slot),
            }
        }
    }
}

const fn next_slot(slot: usize) -> usize {
    (slot + 1) & ((1 << SLOT_BITS) - 1)
}

/// Hashes the part, and the first and last bytes of the name.
#[inline]
fn first_slot(part: u16, name: &str) -> usize {
    let bytes = name.as_bytes();
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => (
                u64::from(u32::from_le_bytes(*first)),
                u64::from(u32::from_le_bytes(*last)),
            ),
            _ => (
                bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
                0,
            ),
        },
    };
    let key = first ^ last.rotate_left(29) ^ u64::from(part) << 16 ^ bytes.len() as u64;
    let mixed = (key ^ key >> 32).wrapping_mul(SPREAD);
    usize::try_from(mixed >> (64 - SLOT_BITS)).unwrap_or_default()
}
