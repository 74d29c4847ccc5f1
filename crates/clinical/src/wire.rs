//! What the journal holds in our own shape: findings, alerts, commands and deliveries as JSON.
//!
//! Names are camel case, ids 32 hexadecimal digits, times RFC 3339 in UTC with a fraction only where there is one,
//! words those of the types' own `word` functions. A field without a value is left out. `version` moves only when the
//! meaning of a field does: a reader takes every version up to its own and passes over fields it does not know.
//!
//! A finding (`state` is `asserted`, or `retracted` with its `reason`; `backfill` is `true` where all that it rests on is
//! history that was loaded):
//!
//! ```json
//! {"version":1,"id":"1f…","workload":"news2","rule":"news2 1.0.0","patient":"9a…","condition":"deterioration",
//!  "asOf":"2026-03-01T09:00:00Z","knownAt":"2026-03-01T09:14:03.25Z","revision":2,"replaces":"77…","state":"asserted",
//!  "severity":"high","score":7,"summary":"NEWS2 7","evidence":[{"what":"respiratory rate","value":"25 /min","points":3,
//!  "at":"2026-03-01T09:00:00Z","event":"c4…","origin":{"partition":3,"offset":1207}}],"missing":["temperature"],"cause":"c4…"}
//! ```
//!
//! Where a patient stands in a quality measure, which holds the whole finding that says so:
//!
//! ```json
//! {"version":1,"measure":"cms130","title":"colorectal cancer screening","year":2026,"status":"open",
//!  "due":"2027-01-01T00:00:00Z","finding":{"version":1,"id":"1f…"}}
//! ```
//!
//! An alert (`by` is a `person` or a `rule`):
//!
//! ```json
//! {"version":1,"id":"2c…","patient":"9a…","condition":"deterioration","episode":1,"revision":2,"severity":"high",
//!  "state":"acknowledged","reason":"NEWS2 7","rule":"news2 1.0.0","asOf":"2026-03-01T09:00:00Z",
//!  "knownAt":"2026-03-01T09:14:03.25Z","openedAt":"2026-03-01T09:14:03.25Z","finding":"1f…","evidence":[],
//!  "history":[{"at":"2026-03-01T09:16:00Z","by":{"person":"ward-4"},"to":"acknowledged","severity":"high","why":"on my way"}]}
//! ```
//!
//! A command (`kind` is `acknowledge`, `resolve` or `dismiss`), and a delivery, which holds the whole alert as it stood:
//!
//! ```json
//! {"version":1,"alert":"2c…","patient":"9a…","kind":"acknowledge","by":"ward-4","at":"2026-03-01T09:16:00Z","note":"on my way"}
//! {"version":1,"id":"e0…","alert":{"version":1,"id":"2c…"},"kind":"raised","channel":"pager","at":"2026-03-01T09:14:03.25Z"}
//! ```

mod shape;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{Alert, CareGap, Command, Delivery, Finding};

/// The newest version of the shapes in this file.
pub const VERSION: u32 = 1;
/// The `content-type` of a record that holds a finding.
pub const FINDING_CONTENT_TYPE: &str = "application/vnd.pulsewire.finding+json";
/// The `content-type` of a record that holds where a patient stands in a quality measure.
pub const CARE_GAP_CONTENT_TYPE: &str = "application/vnd.pulsewire.care-gap+json";
/// The `content-type` of a record that holds an alert.
pub const ALERT_CONTENT_TYPE: &str = "application/vnd.pulsewire.alert+json";
/// The `content-type` of a record that holds a command.
pub const COMMAND_CONTENT_TYPE: &str = "application/vnd.pulsewire.command+json";
/// The `content-type` of a record that holds a delivery.
pub const DELIVERY_CONTENT_TYPE: &str = "application/vnd.pulsewire.delivery+json";

/// A record in our own shape could not be read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// It is not JSON of the shape expected.
    #[error(
        "not a {what} as this program writes it: {cause}; check the record's `content-type` header"
    )]
    Shape {
        /// What was expected.
        what: &'static str,
        /// What the JSON reader says.
        cause: serde_json::Error,
    },
    /// It was written by a newer program.
    #[error("version {found} of a {what}, and this program reads up to {VERSION}: upgrade it")]
    Version {
        /// What was expected.
        what: &'static str,
        /// The version found.
        found: u32,
    },
    /// A field holds what its type does not allow.
    #[error("field `{field}` of a {what} cannot hold `{value}`; expected {expected}")]
    Field {
        /// What was being read.
        what: &'static str,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: Box<str>,
        /// What it may hold.
        expected: &'static str,
    },
}

/// Writes a finding.
pub fn finding_to_json(finding: &Finding) -> Vec<u8> {
    to_json(&shape::Finding::of(finding))
}

/// Reads a finding.
///
/// # Errors
/// When the bytes are not a finding as [`finding_to_json`] writes it, or of a newer version.
pub fn finding_from_json(json: &[u8]) -> Result<Finding, WireError> {
    from_json::<shape::Finding<'_>>(json, "finding")?.read()
}

/// Writes where a patient stands in a quality measure.
pub fn care_gap_to_json(gap: &CareGap) -> Vec<u8> {
    to_json(&shape::CareGap::of(gap))
}

/// Reads where a patient stands in a quality measure.
///
/// # Errors
/// When the bytes are not what [`care_gap_to_json`] writes, or of a newer version.
pub fn care_gap_from_json(json: &[u8]) -> Result<CareGap, WireError> {
    from_json::<shape::CareGap<'_>>(json, "care gap")?.read()
}

/// Writes an alert.
pub fn alert_to_json(alert: &Alert) -> Vec<u8> {
    to_json(&shape::Alert::of(alert))
}

/// Reads an alert.
///
/// # Errors
/// When the bytes are not an alert as [`alert_to_json`] writes it, or of a newer version.
pub fn alert_from_json(json: &[u8]) -> Result<Alert, WireError> {
    from_json::<shape::Alert<'_>>(json, "alert")?.read()
}

/// Writes a command.
pub fn command_to_json(command: &Command) -> Vec<u8> {
    to_json(&shape::Command::of(command))
}

/// Reads a command.
///
/// # Errors
/// When the bytes are not a command as [`command_to_json`] writes it, or of a newer version.
pub fn command_from_json(json: &[u8]) -> Result<Command, WireError> {
    from_json::<shape::Command<'_>>(json, "command")?.read()
}

/// Writes a delivery.
pub fn delivery_to_json(delivery: &Delivery) -> Vec<u8> {
    to_json(&shape::Delivery::of(delivery))
}

/// Reads a delivery.
///
/// # Errors
/// When the bytes are not a delivery as [`delivery_to_json`] writes it, or of a newer version.
pub fn delivery_from_json(json: &[u8]) -> Result<Delivery, WireError> {
    from_json::<shape::Delivery<'_>>(json, "delivery")?.read()
}

fn to_json(shape: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shape).expect("the shapes have text keys and nothing that can fail to write")
}

/// The version is read by itself first: a newer shape must be refused for its version, not for what is new in it.
fn from_json<'a, T: Deserialize<'a>>(json: &'a [u8], what: &'static str) -> Result<T, WireError> {
    #[derive(Deserialize)]
    struct Head {
        version: u32,
    }
    let shape = |cause| WireError::Shape { what, cause };
    let head: Head = serde_json::from_slice(json).map_err(shape)?;
    if head.version > VERSION {
        return Err(WireError::Version {
            what,
            found: head.version,
        });
    }
    serde_json::from_slice(json).map_err(shape)
}
