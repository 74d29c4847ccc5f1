//! Reading little-endian fields out of bytes that may be too short.

/// What is left to read.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn id(&mut self) -> Option<[u8; 16]> {
        self.array()
    }

    /// Reads a count of 32 bits as a length in memory.
    pub(crate) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    /// Reads a text that its length precedes.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.u16()?;
        std::str::from_utf8(self.take(usize::from(length))?).ok()
    }
}

/// Writes a text behind its length; the caller has checked that it is short.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("names are checked to be short");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Turns a length in memory into 32 bits; the caller has checked that it is within the limits.
pub(crate) fn u32_of(length: usize) -> u32 {
    u32::try_from(length).expect("lengths are checked against the limits, all below 2^32")
}

/// Turns a position in a file into one in memory.
pub(crate) fn usize_of(position: u64) -> usize {
    usize::try_from(position).expect("files are limited to less than memory can address")
}

/// Widens a length in memory to a position in a file.
pub(crate) fn u64_of(length: usize) -> u64 {
    u64::try_from(length).expect("a length in memory fits 64 bits")
}

/// Overwrites four bytes that were left open for a value known only later.
pub(crate) fn patch_u32(out: &mut [u8], at: usize, value: u32) {
    let open = out
        .get_mut(at..)
        .and_then(|tail| tail.first_chunk_mut::<4>())
        .expect("the place was left open before");
    *open = value.to_le_bytes();
}
