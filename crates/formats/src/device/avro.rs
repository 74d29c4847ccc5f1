//! The few types of Avro's binary encoding that packets, and what is kept of devices, are made of.

/// Bytes being written.
#[derive(Debug, Default)]
pub struct Encoder(
    /// What was written.
    pub Vec<u8>,
);

impl Encoder {
    /// Writes a whole number, small where it is near zero.
    pub fn long(&mut self, value: i64) {
        let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
        while rest >= 0x80 {
            self.0.push(low(rest) | 0x80);
            rest >>= 7;
        }
        self.0.push(low(rest));
    }

    /// Writes how many follow.
    pub fn count(&mut self, count: usize) {
        self.long(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Writes yes or no.
    pub fn boolean(&mut self, value: bool) {
        self.0.push(value.into());
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Writes an array in one block.
    pub fn longs(&mut self, values: impl ExactSizeIterator<Item = i64>) {
        if values.len() > 0 {
            self.count(values.len());
            values.for_each(|value| self.long(value));
        }
        self.long(0);
    }
}

fn low(rest: u64) -> u8 {
    (rest & 0x7f).to_le_bytes()[0]
}

/// Bytes being read.
#[derive(Debug)]
pub struct Decoder<'a>(
    /// What is left to read.
    pub &'a [u8],
);

impl<'a> Decoder<'a> {
    /// Reads a byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Reads so many bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Reads a whole number.
    pub fn long(&mut self) -> Option<i64> {
        let mut raw = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            raw |= bits << shift;
            if byte & 0x80 == 0 {
                return Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed());
            }
        }
        None
    }

    /// Reads yes or no.
    pub fn boolean(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Reads a text.
    pub fn text(&mut self) -> Option<&'a str> {
        let count = usize::try_from(self.long()?).ok()?;
        std::str::from_utf8(self.take(count)?).ok()
    }

    /// Reads the items of an array, each by `item`, of which there may be so many; each takes a byte at least.
    pub fn array<T>(
        &mut self,
        most: usize,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut items = Vec::new();
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Some(items);
            }
            if count < 0 {
                // A block of another writer, with its size in bytes before it.
                count = count.checked_neg()?;
                self.long()?;
            }
            let count = usize::try_from(count).ok()?;
            if count > most.saturating_sub(items.len()) || count > self.0.len() {
                return None;
            }
            items.reserve(count);
            for _ in 0..count {
                items.push(item(self)?);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back() {
        for value in [0, -1, 1, 63, 64, -64, -65, 1 << 40, i64::MAX, i64::MIN] {
            let mut encoder = Encoder::default();
            encoder.long(value);
            assert_eq!(Decoder(&encoder.0).long(), Some(value));
        }
        assert_eq!(Decoder(&[0xff; 11]).long(), None);
        assert_eq!(Decoder(&[0x80]).long(), None);
    }

    #[test]
    fn an_array_in_blocks_with_their_sizes_is_read_too() {
        let bytes = [3, 4, 2, 4, 2, 6, 0];
        let read = Decoder(&bytes).array(8, Decoder::long);
        assert_eq!(read, Some(vec![1, 2, 3]));
        assert_eq!(Decoder(&bytes).array(2, Decoder::long), None);
    }
}
