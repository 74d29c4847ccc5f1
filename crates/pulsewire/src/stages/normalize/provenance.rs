//! What a record made of a message says of where it comes from.

use clinical::{EventId, RecordedTime};
use journal::Headers;
use mapping::event::FHIR_JSON;
use mapping::normalize::{RawInfo, Way};
use stream::{DETAIL_HEADER, ORIGIN_HEADER, REASON_HEADER};

use crate::intake::keep::{BACKFILL, WAY};
use crate::intake::resend::MESSAGE_ID;
use crate::stages::header;

/// The version of FHIR that records are of.
const FHIR_VERSION: &str = "4.0.1";

/// Why something is in quarantine, and where it came from.
pub(super) fn cause(raw: &RawInfo<'_>, reason: &str, detail: &[u8]) -> Headers {
    let origin = format!("{}/{}/{}", raw.topic, raw.partition, raw.offset);
    vec![
        header(REASON_HEADER, reason),
        header(DETAIL_HEADER, detail),
        header(ORIGIN_HEADER, origin),
    ]
}

/// What every record derived from a message says of it.
pub(super) fn headers(raw: &RawInfo<'_>, content_type: &str) -> Headers {
    let id = raw.message_id.to_string();
    let span = id.get(..16).unwrap_or_default();
    let mut headers = vec![
        header("content-type", content_type),
        header("source-system", raw.source),
        header(MESSAGE_ID, &id),
        header("traceparent", format!("00-{id}-{span}-01")),
        header(
            "raw",
            format!("{}/{}/{}", raw.topic, raw.partition, raw.offset),
        ),
        header("mapping-version", env!("CARGO_PKG_VERSION")),
    ];
    if raw.way != Way::default() {
        headers.push(header(WAY, raw.way.word()));
    }
    headers.extend(raw.backfill.then(|| header(BACKFILL, "1")));
    headers
}

/// What a resource says of itself besides.
pub(super) fn resource_headers(
    raw: &RawInfo<'_>,
    event_id: EventId,
    (resource_type, id): (&str, &str),
    recorded: Option<RecordedTime>,
) -> Headers {
    let mut headers = headers(raw, FHIR_JSON);
    headers.push(header("fhir-version", FHIR_VERSION));
    headers.push(header("event-id", event_id.to_string()));
    headers.push(header("resource", format!("{resource_type}/{id}")));
    headers.extend(recorded.map(|recorded| header("recorded-time", recorded.to_string())));
    headers
}
