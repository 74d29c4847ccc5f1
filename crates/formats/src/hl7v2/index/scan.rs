//! Finds the field separators and segment ends of 64 bytes at a time.

use wide::u8x16;

/// The bytes looked at together: one bit each in a `u64`.
pub(super) const BLOCK_BYTES: usize = 64;

const LANES: usize = 16;

/// Holds one bit for each byte of a block, the first byte's lowest.
pub(super) struct Block {
    /// The bytes that end a field, the segment ends among them.
    pub(super) all: u64,
    /// The bytes that end a segment.
    pub(super) segment_ends: u64,
}

/// Looks for two bytes, and notes on the way whether any byte is not ASCII, and the least one.
pub(super) struct Scanner {
    field: u8x16,
    terminator: u8x16,
    any: u8x16,
    least: u8x16,
}

impl Scanner {
    pub(super) fn new(field: u8, terminator: u8) -> Self {
        Self {
            field: u8x16::splat(field),
            terminator: u8x16::splat(terminator),
            any: u8x16::splat(0),
            least: u8x16::splat(u8::MAX),
        }
    }

    #[inline]
    pub(super) fn block(&mut self, bytes: &[u8; BLOCK_BYTES]) -> Block {
        let (lanes, _) = bytes.as_chunks::<LANES>();
        let mut all = 0_u64;
        let mut segment_ends = 0_u64;
        let mut any_end = u8x16::splat(0);
        for lane in lanes.iter().rev() {
            let lane = u8x16::new(*lane);
            let ends = lane.simd_eq(self.terminator);
            let either = ends | lane.simd_eq(self.field);
            all = (all << LANES) | u64::from(either.to_bitmask());
            any_end |= ends;
            self.any |= lane;
            self.least = self.least.min(lane);
        }
        // Two blocks of three hold no segment end.
        if any_end.to_bitmask() != 0 {
            for lane in lanes.iter().rev() {
                let ends = u8x16::new(*lane).simd_eq(self.terminator);
                segment_ends = (segment_ends << LANES) | u64::from(ends.to_bitmask());
            }
        }
        Block { all, segment_ends }
    }

    pub(super) fn has_non_ascii(&self) -> bool {
        self.any.to_bitmask() != 0
    }

    /// Returns the least byte.
    pub(super) fn least(&self) -> u8 {
        self.least.reduce_min()
    }
}
