//! What a device measured, over HTTP: kept as what comes through a broker is.

use std::sync::Arc;

use formats::device::{Reason, Unreadable};
use formats::fhir::json;
use formats::fhir::validate::IssueCode;

use super::Door;
use super::answer::Answer;
use super::request::{Asking, essence};
use crate::intake::fhir::Refusal;
use crate::intake::keep::{Kept, Patience, Way};
use crate::intake::measurements::{self, Sender, sniffed};
use crate::tasks::aside;
use crate::topics;

/// Keeps what a device measured, all of it in one write, and tells where.
pub(super) async fn take(
    door: &Arc<Door>,
    asking: &Asking,
    bytes: Vec<u8>,
) -> Result<Answer, Refusal> {
    let intake = &door.fhir.intake;
    let device = asking.named.device.as_deref().unwrap_or_default();
    let place = format!("/devices/{device}/measurements");
    let sender = Sender {
        source: Arc::clone(&asking.sender.source),
        way: Way::Http,
        place: &place,
        device: Some(device),
    };
    let given = essence(&asking.headers);
    // Many send a resource as what it is written in.
    let kind = match given.as_str() {
        measurements::JSON => sniffed(&bytes),
        given => given,
    };
    let bytes = match kind {
        measurements::FHIR => asking.own.relative(bytes),
        _ => bytes,
    };
    let read = aside(bytes.len(), || intake.measurements(&sender, kind, &bytes));
    let read = read.and_then(|received| match received.is_empty() {
        true => Err(Unreadable {
            reason: Reason::Empty,
            what: "the message holds no number of a known time: send OBX of type NM".to_owned(),
        }),
        false => Ok(received),
    });
    let received = read.map_err(|error| {
        let (status, code) = match error.reason {
            Reason::TooMuch => (413, IssueCode::TooLong),
            Reason::Malformed => (400, IssueCode::Structure),
            Reason::OtherDevice => (400, IssueCode::Value),
            Reason::NoDevice | Reason::NoTime | Reason::NoCode | Reason::Empty => {
                (400, IssueCode::Required)
            }
        };
        Refusal::because(
            status,
            code,
            format!("{}: {}", error.reason.code(), error.what),
        )
    })?;
    Ok(match intake.keep(received, Patience::Refuse).await {
        Ok(kept) => told(&kept),
        Err(refusal) => refusal.into(),
    })
}

/// Says where everything is: what was kept before is where it was.
fn told(kept: &[Kept]) -> Answer {
    let status = if kept.iter().all(|one| one.again) {
        200
    } else {
        202
    };
    let body = json::object(|parameters| {
        parameters.string("resourceType", "Parameters");
        parameters.array("parameter", |all| {
            for one in kept {
                all.object(|parameter| {
                    parameter.string("name", "kept");
                    parameter.array("part", |parts| {
                        let texts = [
                            ("topic", one.topic.to_string()),
                            ("partition", one.partition.to_string()),
                            ("offset", one.offset.to_string()),
                        ];
                        for (name, text) in texts {
                            parts.object(|part| {
                                part.string("name", name).string("valueString", &text);
                            });
                        }
                    });
                });
            }
        });
    });
    let is_packet = |one: &&Kept| &*one.topic == topics::DEVICE_VITALS;
    let first = kept.iter().find(is_packet).or(kept.first());
    match first {
        Some(first) => Answer::new(status, body)
            .with("pulsewire-topic", &first.topic)
            .with("pulsewire-partition", &first.partition.to_string())
            .with("pulsewire-offset", &first.offset.to_string()),
        None => Answer::new(status, body),
    }
}
