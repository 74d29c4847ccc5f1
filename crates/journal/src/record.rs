//! One record: a key, two times, headers and a value.

use crate::Offset;

/// Header names and values, in the order they were given.
pub type Headers = Vec<(Box<str>, Box<[u8]>)>;

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

/// Records that were read together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
}
