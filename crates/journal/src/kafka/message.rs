//! A record as a message of Apache Kafka and back: plain headers that any tool reads.

use super::Prefix;
use crate::record::store;
use crate::{Record, TopicPartition};
use jiff::Timestamp;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};

/// When it was true.
const EVENT_TIME: &str = "event-time";
/// When it was accepted; the message's own timestamp is the same in milliseconds, so that retention goes by it.
const RECEIVED_TIME: &str = "received-time";
/// The key that the value is sealed with.
const SEAL: &str = "seal";
/// Stands before a time in microseconds that no calendar names.
const MICROS: char = '@';

/// The headers of a record, with its times in front.
pub(super) fn headers(record: &Record) -> OwnedHeaders {
    let (event, received) = (time(record.event_time), time(record.received_time));
    let seal = (record.seal != 0).then(|| record.seal.to_string());
    let room = record.headers.len().saturating_add(3);
    let mut headers = OwnedHeaders::new_with_capacity(room)
        .insert(text(EVENT_TIME, &event))
        .insert(text(RECEIVED_TIME, &received));
    if let Some(seal) = &seal {
        headers = headers.insert(text(SEAL, seal));
    }
    for (key, value) in &record.headers {
        let value = Some(&**value);
        headers = headers.insert(Header { key, value });
    }
    headers
}

fn text<'a>(key: &'a str, value: &'a String) -> Header<'a, &'a String> {
    let value = Some(value);
    Header { key, value }
}

/// The time that retention and tools go by.
pub(super) fn timestamp_ms(record: &Record) -> i64 {
    record.received_time.div_euclid(1000).max(0)
}

/// Appends a message as a stored record.
pub(super) fn store_message(message: &BorrowedMessage<'_>, out: &mut Vec<u8>) {
    let at_ms = message.timestamp().to_millis().unwrap_or_default();
    let mut record = Record {
        key: message.key().unwrap_or_default().into(),
        event_time: at_ms.saturating_mul(1000),
        received_time: at_ms.saturating_mul(1000),
        seal: 0,
        headers: Vec::new(),
        value: message.payload().map(Into::into),
    };
    // Ours stand in front, once: what a sender's record has under the same names comes after.
    let (mut event, mut received, mut seal) = (false, false, false);
    let headers = message.headers().map(|headers| headers.iter());
    for header in headers.into_iter().flatten() {
        let value = header.value.unwrap_or_default();
        let words = std::str::from_utf8(value).unwrap_or_default();
        match header.key {
            EVENT_TIME if !event => {
                event = true;
                record.event_time = micros(words).unwrap_or(record.event_time);
            }
            RECEIVED_TIME if !received => {
                received = true;
                record.received_time = micros(words).unwrap_or(record.received_time);
            }
            SEAL if !seal => {
                seal = true;
                record.seal = words.parse().unwrap_or_default();
            }
            name => record.headers.push((name.into(), value.into())),
        }
    }
    let offset = u64::try_from(message.offset()).unwrap_or_default();
    store(&record, offset, 0, out);
}

/// Where a message was read.
pub(super) fn place(message: &BorrowedMessage<'_>, prefix: &Prefix) -> Option<TopicPartition> {
    prefix.partition(message.topic(), message.partition())
}

/// RFC 3339 in UTC to the microsecond.
fn time(micros: i64) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(time) => format!("{time:.6}"),
        Err(_) => format!("{MICROS}{micros}"),
    }
}

fn micros(words: &str) -> Option<i64> {
    match words.strip_prefix(MICROS) {
        Some(micros) => micros.parse().ok(),
        None => Some(words.parse::<Timestamp>().ok()?.as_microsecond()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_to_the_microsecond() {
        for at in [0, 1, -1, 1_700_000_000_123_456, i64::MIN, i64::MAX] {
            assert_eq!(micros(&time(at)), Some(at), "{}", time(at));
        }
        assert_eq!(time(1_700_000_000_123_456), "2023-11-14T22:13:20.123456Z");
        assert_eq!(
            micros("2023-11-14T23:13:20+01:00"),
            Some(1_700_000_000_000_000)
        );
        assert_eq!(micros("yesterday"), None);
    }
}
