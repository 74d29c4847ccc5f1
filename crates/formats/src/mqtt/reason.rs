//! Why a broker refuses or ends something, in words: MQTT 3.1.1, 3.2.2.3 and 3.9.3; MQTT 5, 2.4.

use super::Version;

/// A code from this one on says that something is refused.
pub const BAD_FROM: u8 = 0x80;

/// A code, its name in the standard, and what whoever runs the platform can do.
type Row = (u8, &'static str, &'static str);

const V3: [Row; 6] = [
    (
        0x01,
        "unacceptable protocol version",
        "set intake.mqtt.version to one that the broker speaks",
    ),
    (
        0x02,
        "identifier rejected",
        "choose another intake.mqtt.client_id",
    ),
    (0x03, "server unavailable", ""),
    (
        0x04,
        "bad user name or password",
        "look at intake.mqtt.user and password_file",
    ),
    (
        0x05,
        "not authorized",
        "have the broker's access list let this user and client_id in",
    ),
    (
        0x80,
        "failure",
        "have the broker's access list let this user and client_id read the topic",
    ),
];

const V5: [Row; 35] = [
    (0x80, "unspecified error", ""),
    (0x81, "malformed packet", ""),
    (0x82, "protocol error", ""),
    (0x83, "implementation specific error", ""),
    (
        0x84,
        "unsupported protocol version",
        "set intake.mqtt.version to one that the broker speaks",
    ),
    (
        0x85,
        "client identifier not valid",
        "choose another intake.mqtt.client_id",
    ),
    (
        0x86,
        "bad user name or password",
        "look at intake.mqtt.user and password_file, or at the certificate",
    ),
    (
        0x87,
        "not authorized",
        "have the broker's access list let this user and client_id in, and read these topics",
    ),
    (0x88, "server unavailable", ""),
    (0x89, "server busy", ""),
    (
        0x8a,
        "banned",
        "have the broker's administrator take the ban back",
    ),
    (0x8b, "server shutting down", ""),
    (0x8c, "bad authentication method", ""),
    (
        0x8d,
        "keep alive timeout",
        "it did not hear of us in time: look at the network between",
    ),
    (
        0x8e,
        "session taken over",
        "another process uses the same client_id: give each its own",
    ),
    (
        0x8f,
        "topic filter invalid",
        "look at intake.mqtt.topics and status_topics",
    ),
    (0x90, "topic name invalid", ""),
    (0x91, "packet identifier in use", ""),
    (0x92, "packet identifier not found", ""),
    (0x93, "receive maximum exceeded", ""),
    (0x94, "topic alias invalid", ""),
    (0x95, "packet too large", ""),
    (0x96, "message rate too high", ""),
    (
        0x97,
        "quota exceeded",
        "have the broker's administrator raise it",
    ),
    (
        0x98,
        "administrative action",
        "ask the broker's administrator",
    ),
    (0x99, "payload format invalid", ""),
    (0x9a, "retain not supported", ""),
    (0x9b, "QoS not supported", ""),
    (
        0x9c,
        "use another server",
        "name that one in intake.mqtt.broker",
    ),
    (
        0x9d,
        "server moved",
        "name the new address in intake.mqtt.broker",
    ),
    (
        0x9e,
        "shared subscriptions not supported",
        "leave $share/ and the group's name out of the filter",
    ),
    (0x9f, "connection rate exceeded", ""),
    (0xa0, "maximum connect time", ""),
    (0xa1, "subscription identifiers not supported", ""),
    (
        0xa2,
        "wildcard subscriptions not supported",
        "name each topic, or use another broker",
    ),
];

/// Says why something is refused or ended: the code, its name, what the broker says of it, and what can be done.
pub fn reason(code: u8, version: Version, words: Option<&str>) -> String {
    let rows: &[Row] = match version {
        Version::V3 => &V3,
        Version::V5 => &V5,
    };
    let found = rows.iter().find(|(known, ..)| *known == code);
    let (name, hint) = found.map_or(("unknown reason", ""), |(_, name, hint)| (*name, *hint));
    let said = words.filter(|words| !words.is_empty());
    let said = said.map_or_else(String::new, |words| format!(", {:?}", limited(words)));
    let hint = match hint {
        "" => String::new(),
        hint => format!(": {hint}"),
    };
    format!("{name} (0x{code:02x}){said}{hint}")
}

/// No more of what a broker says than a line holds.
fn limited(words: &str) -> String {
    const MOST: usize = 200;
    words.chars().take(MOST).collect()
}
