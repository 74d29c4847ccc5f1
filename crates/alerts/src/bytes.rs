//! The bytes of numbers, texts and lists, written and read in one order.

use clinical::id::Id;
use clinical::time::Time;

use crate::DecodeError;

/// Writes values one after another.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.byte(u8::from(value));
    }

    /// Writes seven bits a byte, lowest first, the high bit set on all but the last.
    pub(crate) fn number(&mut self, mut value: u64) {
        loop {
            let low = value.to_le_bytes()[0] & 0x7f;
            value >>= 7;
            if value == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.number(length as u64);
    }

    pub(crate) fn signed(&mut self, value: i64) {
        self.0.extend(value.to_le_bytes());
    }

    /// Writes how far a value is from the one before it, nearer ones in fewer bytes.
    pub(crate) fn step(&mut self, value: i64, before: &mut i64) {
        let step = value.wrapping_sub(*before);
        *before = value;
        self.number(((step << 1) ^ (step >> 63)).cast_unsigned());
    }

    pub(crate) fn time<K: Copy>(&mut self, time: Time<K>) {
        self.signed(time.micros());
    }

    pub(crate) fn id<K>(&mut self, id: Id<K>) {
        self.0.extend(id.as_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend(text.as_bytes());
    }

    pub(crate) fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.length(items.len());
        for item in items {
            write(self, item);
        }
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Reads values back in the order they were written.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
        }
    }

    pub(crate) const fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.damaged("the end"))
        }
    }

    pub(crate) const fn damaged(&self, what: &'static str) -> DecodeError {
        DecodeError::Damaged {
            what,
            at: self.length - self.rest.len(),
        }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array("a byte")?;
        Ok(byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged("yes or no")),
        }
    }

    pub(crate) fn number(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.damaged("a number of at most 64 bits"))
    }

    pub(crate) fn narrow<N: TryFrom<u64>>(&mut self) -> Result<N, DecodeError> {
        let number = self.number()?;
        N::try_from(number).map_err(|_| self.damaged("a smaller number"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, DecodeError> {
        self.array("a number of 8 bytes").map(i64::from_le_bytes)
    }

    pub(crate) fn step(&mut self, before: &mut i64) -> Result<i64, DecodeError> {
        let number = self.number()?;
        let step = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        *before = before.wrapping_add(step);
        Ok(*before)
    }

    pub(crate) fn time<K>(&mut self) -> Result<Time<K>, DecodeError> {
        self.signed().map(Time::from_micros)
    }

    pub(crate) fn id<K>(&mut self) -> Result<Id<K>, DecodeError> {
        self.array("an id of 16 bytes").map(Id::from_bytes)
    }

    pub(crate) fn text(&mut self) -> Result<Box<str>, DecodeError> {
        let length = self.narrow()?;
        let Some((text, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.damaged("a text of the length before it"));
        };
        let text = std::str::from_utf8(text).map_err(|_| self.damaged("a text in UTF-8"))?;
        self.rest = rest;
        Ok(text.into())
    }

    /// Reads as many as were written; room is made as they come, since a damaged count must not ask for all memory.
    pub(crate) fn list<T, C: FromIterator<T>>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<C, DecodeError> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.flag()? {
            read(self).map(Some)
        } else {
            Ok(None)
        }
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(self.damaged(what));
        };
        self.rest = rest;
        Ok(*array)
    }
}
