//! The headers of records: their names, what they say, and which kind of record carries which.

use super::RecordKind;

/// A header of a record; its value is UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Whether each record of the kind carries it.
    pub is_required: bool,
}

impl Header {
    const fn must(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            is_required: true,
        }
    }

    const fn may(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            is_required: false,
        }
    }
}

/// What every record on Apache Kafka carries; the embedded journal keeps the two times and the seal beside the headers.
const TRANSPORT: [Header; 3] = [
    Header::must(
        "event-time",
        "when it was true: RFC 3339 in UTC, to the microsecond",
    ),
    Header::must(
        "received-time",
        "when it reached Pulsewire: RFC 3339 in UTC, to the microsecond; the record's own timestamp says the same to the millisecond",
    ),
    Header::may(
        "seal",
        "the id of the key that the value is sealed with; none where it is not sealed",
    ),
];

const CONTENT_TYPE: Header = Header::must("content-type", "the media type of the value");

const SOURCE: [Header; 5] = [
    Header::must(
        "source-system",
        "the configured name of who sent the message",
    ),
    Header::must("message-id", "the id of the message: 32 hexadecimal digits"),
    Header::must(
        "traceparent",
        "the W3C trace context; the trace's id is the message's",
    ),
    Header::may(
        "way",
        "the way it came in: http, mqtt or file; none where that is HL7 v2 over MLLP",
    ),
    BACKFILL,
];

const BACKFILL: Header = Header::may(
    "backfill",
    "1 where it is history that was loaded, or comes of nothing else: nobody is told of it",
);

const CONTROL: Header = Header::must(
    "control-key",
    "a keyed hash of source and control id, by which a resend is known",
);

/// What stands on what came in, by whichever way.
const WAY: [Header; 3] = [
    Header::may(
        "way",
        "the way by which it came: http, mqtt or file; none where by MLLP",
    ),
    Header::may(
        "backfill",
        "1 on what is history: it is used, and nobody is paged for it",
    ),
    Header::may(
        "row",
        "which row, message or transaction set of its file it was, counted from 1",
    ),
];

/// What stands on a resource as it was received besides.
const RECEIVED: [Header; 6] = [
    Header::may(
        "subscription",
        "the subscription that told of it, where one did",
    ),
    Header::may("event-number", "the number of the event that told of it"),
    Header::may(
        "event-epoch",
        "how often its server had begun to count events anew by then",
    ),
    Header::may(
        "version",
        "the number of the resource's version here, counted from 1",
    ),
    Header::may(
        "interaction",
        "what its sender did with it: create, update or delete",
    ),
    Header::may(
        "retired-key",
        "the pseudonym of the identity that went into that of the key: 32 hexadecimal digits",
    ),
];

const DERIVED: [Header; 2] = [
    Header::must(
        "raw",
        "topic/partition/offset of the message it was made from",
    ),
    Header::must("mapping-version", "the version of what mapped it"),
];

const EVENT_ID: Header = Header::must("event-id", "the id of the event: 32 hexadecimal digits");

/// What is known of the message that led to it; a record that the time or a person led to has none of them.
const CAUSE: [Header; 4] = [
    Header::may(
        "source-system",
        "the configured name of who sent the message that led to it; none where time or a person did",
    ),
    Header::may(
        "message-id",
        "the id of the message that led to it: 32 hexadecimal digits",
    ),
    Header::may("traceparent", "the W3C trace context of that message"),
    BACKFILL,
];

const BY_WHICH: &str = "by which message the visit stands as the record says: 16 hexadecimal digits of its id, when its sender made it and when it was accepted in microseconds since 1970 in UTC, and `backfill` where it was loaded as history";

const MOMENT: Header = Header::must("moment", BY_WHICH);

const RESOURCE: [Header; 7] = [
    Header::must("fhir-version", "the version of FHIR, such as 4.0.1"),
    Header::must(
        "resource",
        "type and id of the resource, such as Patient/0f3a",
    ),
    Header::may("recorded-time", "when its source stored it: RFC 3339"),
    Header::may(
        "validation",
        "what is not valid in it: path and code of the first issues; none where it is valid",
    ),
    Header::may(
        "plausibility",
        "why a measurement is doubted, such as zero-value,unknown-unit@8462-4 (of its component 8462-4); none where it is not",
    ),
    Header::may(
        "schema-id",
        "on the topic of its type, the registry's id of the schema that it is written by",
    ),
    Header::may("moment", BY_WHICH),
];

/// What stands on records of the patient stream alone.
const STREAM: [Header; 2] = [
    Header::may(
        "more",
        "another record of the same message and patient follows",
    ),
    Header::may(
        "forwarded-from",
        "the pseudonym of the merged identity that it was written for",
    ),
];

const REASON: Header = Header::must("reason", "the code of why it could not be used");
const DETAIL: Header = Header::must("detail", "the same in words, with what to do");

/// What stands on records that were set aside.
const SET_ASIDE: [Header; 7] = [
    REASON,
    DETAIL,
    Header::may("stage", "the stage that set it aside"),
    Header::may("version", "the version of that stage"),
    Header::must("origin", "topic/partition/offset of the record, or `timer`"),
    Header::may("timer-tag", "of a timer, its tag in hexadecimal digits"),
    Header::may(
        "timer-at",
        "of a timer, when it was due: microseconds since 1970 in UTC",
    ),
];

/// What stands on records that were sent through again out of quarantine.
const AGAIN: [Header; 2] = [
    Header::may(
        "redriven-from",
        "topic/partition/offset of the record in quarantine that was sent through again",
    ),
    Header::may("attempt", "the how manyth time that was"),
];

/// What stands on corrected copies of messages.
const EDITED: [Header; 2] = [
    Header::may(
        "edited-from",
        "topic/partition/offset of the record in quarantine that it is a corrected copy of",
    ),
    Header::may("edited-by", "who corrected it"),
];

const FINDING: [Header; 1] = [Header::must("finding", "the id of the finding")];
const ALERT: [Header; 2] = [
    Header::must("alert", "the id of the alert"),
    Header::must("state", "the state that it is in"),
];
const DELIVERY: [Header; 2] = [
    Header::must("channel", "the channel that is to bring it"),
    Header::must("delivery", "the id of the delivery"),
];
const ATTEMPT: [Header; 1] = [Header::must("channel", "the channel that tried")];
const LATE: [Header; 1] = [Header::may(
    "late-for",
    "the workloads for which it came too late, with blanks between them",
)];
const TICK: [Header; 1] = [Header::must("tick", "always 1")];

/// What a kind of record says of itself alone.
const fn own(kind: RecordKind) -> &'static [Header] {
    match kind {
        RecordKind::Finding | RecordKind::CareGap => &FINDING,
        RecordKind::Alert => &ALERT,
        RecordKind::Delivery => &DELIVERY,
        RecordKind::Attempt => &ATTEMPT,
        RecordKind::Late => &LATE,
        RecordKind::Tick => &TICK,
        _ => &[],
    }
}

/// Gives the headers of a kind of record.
pub(super) fn of(kind: RecordKind) -> Vec<Header> {
    let mut headers = Vec::new();
    if kind.content_type().is_some() && kind != RecordKind::Changelog {
        headers.push(CONTENT_TYPE);
    }
    headers.extend(own(kind));
    match kind {
        RecordKind::Message | RecordKind::Refused => {
            headers.extend(SOURCE);
            headers.push(CONTROL);
            headers.extend(WAY);
            match kind {
                RecordKind::Refused => headers.extend([REASON, DETAIL]),
                _ => headers.extend(AGAIN.iter().chain(&EDITED)),
            }
        }
        RecordKind::ReceivedResource => {
            headers.extend(SOURCE);
            headers.push(CONTROL);
            headers.extend(WAY.iter().chain(&RECEIVED).chain(&AGAIN).chain(&EDITED));
        }
        RecordKind::TransactionSet
        | RecordKind::Vitals
        | RecordKind::DevicePacket
        | RecordKind::DeviceAssociation
        | RecordKind::SubscriptionPosition => {
            headers.extend(SOURCE);
            headers.push(CONTROL);
            headers.extend(WAY.iter().chain(&AGAIN).chain(&EDITED));
        }
        RecordKind::Split => headers.extend(SOURCE.iter().chain(&DERIVED).chain(&AGAIN)),
        RecordKind::Unmapped => headers.extend(SOURCE.iter().chain(&DERIVED)),
        RecordKind::Merge => headers.extend(of_event(&[])),
        RecordKind::VisitMoment => headers.extend(of_event(&[MOMENT])),
        RecordKind::Resource(_) | RecordKind::OtherResource => {
            headers.extend(SOURCE.iter().chain(&DERIVED));
            headers.push(EVENT_ID);
            headers.extend(RESOURCE.iter().chain(&STREAM).chain(&AGAIN));
        }
        RecordKind::Finding
        | RecordKind::Handover
        | RecordKind::PayerHandover
        | RecordKind::VisitHandover
        | RecordKind::RiskHandover
        | RecordKind::CareHandover => {
            headers.extend(CAUSE.iter().chain(&AGAIN));
        }
        RecordKind::CareGap
        | RecordKind::EmergencyVisit
        | RecordKind::Alert
        | RecordKind::Delivery
        | RecordKind::DeviceStatus
        | RecordKind::ProviderWeek
        | RecordKind::VisitMix
        | RecordKind::IntegrityCase
        | RecordKind::Authorization => headers.extend(CAUSE),
        RecordKind::Quarantined | RecordKind::Late => {
            headers.extend(SET_ASIDE.iter().chain(&AGAIN).chain(&EDITED));
        }
        RecordKind::Attempt | RecordKind::Tick | RecordKind::AlertBudget => {}
        RecordKind::Command => headers.extend(AGAIN),
        RecordKind::Activity | RecordKind::SourceStatus | RecordKind::Redriven => {}
        RecordKind::RiskHour | RecordKind::RiskExample | RecordKind::RiskStatus => {}
        RecordKind::Audit | RecordKind::Changelog | RecordKind::EmergencyUnit => {}
        RecordKind::Registration | RecordKind::Site => {}
    }
    headers.extend(TRANSPORT);
    headers
}

/// What stands on an event of the patient stream that is no resource.
fn of_event(own: &[Header]) -> Vec<Header> {
    [&SOURCE[..], &DERIVED, &[EVENT_ID], own, &STREAM, &AGAIN].concat()
}
