//! Copies of what could not be used or came too late, with the cause in the headers.

use crate::spec::StageSpec;
use crate::{Key, StepError, Tag};
use journal::{Headers, Record, RecordRef, TopicPartition};

/// Names the header with the stable code of the cause.
pub const REASON_HEADER: &str = "reason";
/// Names the header that says what was found; it holds no content of the record.
pub const DETAIL_HEADER: &str = "detail";
/// Names the header with the stage that could not use the record.
pub const STAGE_HEADER: &str = "stage";
/// Names the header with the version of that stage.
pub const VERSION_HEADER: &str = "version";
/// Names the header with the record's `topic/partition/offset`, or `timer`.
pub const ORIGIN_HEADER: &str = "origin";
/// Names the header with a timer's tag, in hexadecimal digits.
pub const TIMER_TAG_HEADER: &str = "timer-tag";
/// Names the header with the time a timer was due, in microseconds since the epoch in UTC.
pub const TIMER_AT_HEADER: &str = "timer-at";

/// Names the headers that only the copy has: a record that comes by again gets new ones.
pub const ADDED_HEADERS: [&str; 7] = [
    REASON_HEADER,
    DETAIL_HEADER,
    STAGE_HEADER,
    VERSION_HEADER,
    ORIGIN_HEADER,
    TIMER_TAG_HEADER,
    TIMER_AT_HEADER,
];

/// Copies a record whose step failed.
pub(crate) fn quarantined_record(
    spec: &StageSpec,
    from: &TopicPartition,
    record: &RecordRef<'_>,
    error: &StepError,
) -> Record {
    copy(spec, from, record, error)
}

/// Copies a record that came after its window.
pub(crate) fn late_record(
    spec: &StageSpec,
    from: &TopicPartition,
    record: &RecordRef<'_>,
) -> Record {
    let cause = StepError::new("late", "it came after the window of the stage");
    copy(spec, from, record, &cause)
}

/// Makes the record for a timer whose step failed; it has no value.
pub(crate) fn quarantined_timer(
    spec: &StageSpec,
    (at, key, tag): (i64, &Key, &Tag),
    received_time: i64,
    error: &StepError,
) -> Record {
    let mut headers = Headers::new();
    describe(&mut headers, spec, "timer".to_owned(), error);
    let tag: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    put(&mut headers, TIMER_TAG_HEADER, &tag);
    put(&mut headers, TIMER_AT_HEADER, &at.to_string());
    Record {
        key: Box::from(&**key),
        event_time: at,
        received_time,
        seal: 0,
        headers,
        value: None,
    }
}

fn copy(
    spec: &StageSpec,
    from: &TopicPartition,
    record: &RecordRef<'_>,
    cause: &StepError,
) -> Record {
    let mut copy = record.to_record();
    copy.headers
        .retain(|(name, _)| !ADDED_HEADERS.contains(&&**name));
    let origin = format!("{}/{}/{}", from.topic, from.partition, record.offset);
    describe(&mut copy.headers, spec, origin, cause);
    copy
}

fn describe(headers: &mut Headers, spec: &StageSpec, origin: String, cause: &StepError) {
    put(headers, REASON_HEADER, cause.reason);
    put(headers, DETAIL_HEADER, &cause.detail);
    put(headers, STAGE_HEADER, &spec.name);
    put(headers, VERSION_HEADER, &spec.version);
    put(headers, ORIGIN_HEADER, &origin);
}

fn put(headers: &mut Headers, name: &str, value: &str) {
    headers.push((name.into(), value.as_bytes().into()));
}
