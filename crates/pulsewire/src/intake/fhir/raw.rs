//! A resource as its raw record, with what it is a sign of.

use std::sync::Arc;

use clinical::{MessageId, PatientKey, ReceivedTime};
use formats::fhir::read::Raw;
use formats::fhir::reference::resource_type;

use super::index::{DELETE, VERSION};
use super::{CONTENT_TYPE, Interaction, Sender, State};
use crate::intake::activity::Sign;
use crate::intake::keep::{INTERACTION, RETIRED_KEY, Received};
use crate::topics;

/// The raw record of a resource.
pub(super) fn received(
    state: &State,
    sender: &Sender,
    (interaction, retired): (Interaction, Option<PatientKey>),
    bytes: &Arc<[u8]>,
) -> Received {
    let header = |name: &str, value: &str| (name.into(), value.as_bytes().into());
    let word = match (interaction, state.version) {
        (Interaction::Delete, _) => DELETE,
        (_, 1) => "create",
        _ => "update",
    };
    let version = state.version.to_string();
    let mut headers = vec![header(INTERACTION, word), header(VERSION, &version)];
    headers.extend(retired.map(|key| header(RETIRED_KEY, &key.to_string())));
    let named = format!("{}/{}", state.resource_type, state.id);
    let parts = [
        sender.source.as_bytes(),
        named.as_bytes(),
        version.as_bytes(),
        &state.hash,
    ];
    let sign = Sign {
        signals: resource_type(&state.resource_type).into_iter().collect(),
        made: made(bytes),
    };
    Received {
        topic: topics::FHIR_RECEIVED.into(),
        key: state.key,
        id: MessageId::derive(&parts),
        control: None,
        content_type: CONTENT_TYPE,
        source: Arc::clone(&sender.source),
        way: sender.way,
        event_time: None,
        backfill: sender.backfill,
        headers,
        sign,
        bytes: bytes.as_ref().into(),
    }
}

/// When a server says that it made a resource as it is: when it last changed there, or else when it was issued.
fn made(bytes: &[u8]) -> Option<i64> {
    let resource = Raw::read_before(bytes)?;
    let changed = || resource.get("meta").ok()??.get("lastUpdated").ok()?;
    let said = changed().or_else(|| resource.get("issued").ok()?)?;
    ReceivedTime::parse(&said.text().ok()?).map(ReceivedTime::micros)
}
