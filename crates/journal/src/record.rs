//! One record: a key, two times, headers and a value; and how it stands in a file.

use crate::Offset;
use crate::bytes::{Fields, patch_u32, u32_of};

/// Header names and values, in the order they were given.
pub type Headers = Vec<(Box<str>, Box<[u8]>)>;

/// The bytes of a stored record before its key: length, checksum, offset, sequence, two times, seal,
/// three lengths.
pub(crate) const FIXED_BYTES: usize = 60;
/// The bytes of a stored record that its length does not count: the length and the checksum.
pub(crate) const PREFIX_BYTES: usize = 8;
/// Stands for the length of the value of a record that has none.
const NO_VALUE: u32 = u32::MAX;

/// A record to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What decides the partition; empty where a record has none.
    pub key: Box<[u8]>,
    /// When it was true, in microseconds since the epoch in UTC.
    pub event_time: i64,
    /// When it was accepted, in microseconds since the epoch in UTC.
    pub received_time: i64,
    /// The key that its value is sealed with; 0 is not sealed.
    pub seal: u64,
    /// Names and values.
    pub headers: Headers,
    /// The content; `None` deletes what the key named before.
    pub value: Option<Box<[u8]>>,
}

/// A record as it stands in a batch that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// Its offset.
    pub offset: Offset,
    /// See [`Record::key`].
    pub key: &'a [u8],
    /// See [`Record::event_time`].
    pub event_time: i64,
    /// See [`Record::received_time`].
    pub received_time: i64,
    /// See [`Record::seal`].
    pub seal: u64,
    /// The number of the write that committed it: one order over all topics, stored with the record; what
    /// lets a reader of several topics meet them in the order they were committed, again and again. 0 where the
    /// journal keeps no such order (Apache Kafka).
    pub sequence: u64,
    /// See [`Record::value`].
    pub value: Option<&'a [u8]>,
    headers: &'a [u8],
}

impl<'a> RecordRef<'a> {
    /// Goes through the headers, in the order they were given.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let mut fields = Fields(self.headers);
        std::iter::from_fn(move || {
            let name = fields.text()?;
            let length = fields.size()?;
            Some((name, fields.take(length)?))
        })
    }

    /// Gives the first header of a name.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Copies it into a record of its own.
    pub fn to_record(&self) -> Record {
        Record {
            key: self.key.into(),
            event_time: self.event_time,
            received_time: self.received_time,
            seal: self.seal,
            headers: self
                .headers()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            value: self.value.map(Into::into),
        }
    }
}

/// Records that were read together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    first: usize,
    count: usize,
    next: Option<Offset>,
}

impl Batch {
    /// Takes stored records whose checksums were verified, `first` bytes into `bytes`, their offsets without gaps.
    pub(crate) fn verified(bytes: Vec<u8>, first: usize, count: usize) -> Self {
        let mut batch = Self {
            bytes,
            first,
            count,
            next: None,
        };
        let after = |first: RecordRef<'_>| first.offset.saturating_add(crate::bytes::u64_of(count));
        batch.next = batch.iter().next().map(after);
        batch
    }

    /// Reads on elsewhere than right after the last record: offsets that no record has are passed over.
    pub(crate) fn followed_by(mut self, next: Option<Offset>) -> Self {
        self.next = next;
        self
    }

    /// Takes stored records that were just made of what brokers gave, with where to read on.
    #[cfg(feature = "kafka")]
    pub(crate) fn given(bytes: Vec<u8>, count: usize, next: Option<Offset>) -> Self {
        Self {
            bytes,
            first: 0,
            count,
            next,
        }
    }

    /// Goes through the records, in the order of their offsets.
    pub fn iter(&self) -> BatchIter<'_> {
        BatchIter {
            rest: self.bytes.get(self.first..).unwrap_or_default(),
            left: self.count,
        }
    }

    /// Counts the records.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Gives where to read on; `None` where nothing was there to be read.
    ///
    /// A batch without records can move on, too: Apache Kafka's transactions take offsets of their own, and what was
    /// aborted is not given.
    pub fn next_offset(&self) -> Option<Offset> {
        self.next
    }

    /// Gives the size of the stored records.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len().saturating_sub(self.first)
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = RecordRef<'a>;
    type IntoIter = BatchIter<'a>;

    fn into_iter(self) -> BatchIter<'a> {
        self.iter()
    }
}

/// The records of a batch, one by one.
#[derive(Clone, Debug)]
pub struct BatchIter<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for BatchIter<'a> {
    type Item = RecordRef<'a>;

    fn next(&mut self) -> Option<RecordRef<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (record, size) = match parse(self.rest, Check::Trusted) {
            Parsed::Record(record, size) => (record, size),
            Parsed::Short(_) | Parsed::Damaged(_) => return None,
        };
        self.rest = self.rest.get(size..).unwrap_or_default();
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Gives how many bytes a record takes when stored.
pub(crate) fn stored_bytes(record: &Record) -> usize {
    let value = record.value.as_ref().map_or(0, |value| value.len());
    FIXED_BYTES
        .saturating_add(record.key.len())
        .saturating_add(headers_bytes(&record.headers))
        .saturating_add(value)
}

fn headers_bytes(headers: &Headers) -> usize {
    headers.iter().fold(0, |sum: usize, (name, value)| {
        sum.saturating_add(6)
            .saturating_add(name.len())
            .saturating_add(value.len())
    })
}

/// Appends a record as it is stored.
pub(crate) fn store(record: &Record, offset: Offset, sequence: u64, out: &mut Vec<u8>) {
    let start = out.len();
    let size = stored_bytes(record);
    out.reserve(size);
    let length = u32_of(size.saturating_sub(PREFIX_BYTES));
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&record.event_time.to_le_bytes());
    out.extend_from_slice(&record.received_time.to_le_bytes());
    out.extend_from_slice(&record.seal.to_le_bytes());
    let value_length = record
        .value
        .as_ref()
        .map_or(NO_VALUE, |value| u32_of(value.len()));
    for length in [
        u32_of(record.key.len()),
        u32_of(headers_bytes(&record.headers)),
        value_length,
    ] {
        out.extend_from_slice(&length.to_le_bytes());
    }
    out.extend_from_slice(&record.key);
    for (name, value) in &record.headers {
        crate::bytes::put_text(out, name);
        out.extend_from_slice(&u32_of(value.len()).to_le_bytes());
        out.extend_from_slice(value);
    }
    out.extend_from_slice(record.value.as_deref().unwrap_or_default());
    let body = out
        .get(start.saturating_add(PREFIX_BYTES)..)
        .unwrap_or_default();
    let sum = checksum(length, body);
    patch_u32(out, start.saturating_add(4), sum);
}

/// Whether the checksum is computed, or known to be right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Verified,
    Trusted,
}

/// What stands at the front of some bytes.
pub(crate) enum Parsed<'a> {
    /// A record and its stored size.
    Record(RecordRef<'a>, usize),
    /// The front of a record that takes so many bytes.
    Short(usize),
    /// Not a record.
    Damaged(&'static str),
}

/// Reads the record at the front of some bytes.
pub(crate) fn parse(bytes: &[u8], check: Check) -> Parsed<'_> {
    let mut fields = Fields(bytes);
    let Some(length) = fields.u32() else {
        return Parsed::Short(FIXED_BYTES);
    };
    let Ok(body_length) = usize::try_from(length) else {
        return Parsed::Damaged("a record too long for memory");
    };
    let size = body_length.saturating_add(PREFIX_BYTES);
    if size < FIXED_BYTES || body_length > crate::limits::WRITE_BYTES_MAX {
        return Parsed::Damaged("a record of an impossible length");
    }
    let (Some(sum), Some(body)) = (fields.u32(), fields.take(body_length)) else {
        return Parsed::Short(size);
    };
    if check == Check::Verified && checksum(length, body) != sum {
        return Parsed::Damaged("a record whose checksum does not match");
    }
    match parse_body(body) {
        Some(record) => Parsed::Record(record, size),
        None => Parsed::Damaged("a record whose lengths do not add up"),
    }
}

fn parse_body(body: &[u8]) -> Option<RecordRef<'_>> {
    let mut fields = Fields(body);
    let offset = fields.u64()?;
    let sequence = fields.u64()?;
    let event_time = fields.i64()?;
    let received_time = fields.i64()?;
    let seal = fields.u64()?;
    let key_length = fields.size()?;
    let headers_length = fields.size()?;
    let value_length = fields.u32()?;
    let key = fields.take(key_length)?;
    let headers = fields.take(headers_length)?;
    let value = match value_length {
        NO_VALUE => None,
        length => Some(fields.take(usize::try_from(length).ok()?)?),
    };
    fields.0.is_empty().then_some(RecordRef {
        offset,
        sequence,
        key,
        event_time,
        received_time,
        seal,
        value,
        headers,
    })
}

fn checksum(length: u32, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            key: b"key".as_slice().into(),
            event_time: -1,
            received_time: 2,
            seal: 3,
            headers: vec![
                ("a".into(), b"1".as_slice().into()),
                ("".into(), b"".as_slice().into()),
            ],
            value: Some(b"value".as_slice().into()),
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was_stored() {
        let without = Record {
            value: None,
            ..record()
        };
        let empty = Record {
            value: Some(Box::default()),
            ..Record::default()
        };
        for (offset, record) in [(7, record()), (u64::MAX, without), (0, empty)] {
            let mut bytes = Vec::new();
            store(&record, offset, 5, &mut bytes);
            assert_eq!(bytes.len(), stored_bytes(&record));
            let Parsed::Record(read, size) = parse(&bytes, Check::Verified) else {
                panic!("it is whole");
            };
            assert_eq!(
                (read.offset, read.to_record(), size),
                (offset, record, bytes.len())
            );
        }
    }

    #[test]
    fn a_cut_record_is_short_and_a_changed_one_damaged() {
        let mut bytes = Vec::new();
        store(&record(), 7, 5, &mut bytes);
        for length in 0..bytes.len() {
            assert!(matches!(
                parse(&bytes[..length], Check::Verified),
                Parsed::Short(_)
            ));
        }
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !matches!(parse(&changed, Check::Verified), Parsed::Record(..)),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn headers_are_found_by_name() {
        let mut bytes = Vec::new();
        store(&record(), 7, 5, &mut bytes);
        let batch = Batch::verified(bytes, 0, 1);
        let read = batch.iter().next().expect("one record");
        assert_eq!(read.header("a"), Some(b"1".as_slice()));
        assert_eq!(read.header("b"), None);
        assert_eq!(batch.next_offset(), Some(8));
        assert_eq!(read.sequence, 5);
    }
}
