//! What a person says to a station that rests: to try now, or to go on and set aside what fails.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{AuditTopic, Control, OPERATOR, respond};
use crate::quarantine::redrive::WHO_MAX;
use crate::stages::Word;

/// Where it is said.
pub(crate) const PATH: &str = "/api/stations/resume";

/// What is said to which station.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) station: String,
    /// Whether what cannot be used goes to quarantine until something can.
    #[serde(default)]
    pub(crate) set_aside: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<String>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// The partitions of the station that rested.
    pub(crate) partitions: u64,
}

/// Writes down who says so, then tells the station.
pub(super) async fn answer(control: &Arc<Control>, headers: &HeaderMap, body: &Bytes) -> Response {
    if !respond::is_json(headers) {
        let why = "send the request as application/json";
        return wrong(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    }
    let request: Request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => {
            let why = format!("the request is wrong: {error}");
            return wrong(StatusCode::BAD_REQUEST, &why);
        }
    };
    let shared = Arc::clone(control);
    let done = tokio::task::spawn_blocking(move || tell(&shared, &request)).await;
    match done {
        Ok(Ok(partitions)) => respond::json(StatusCode::OK, &Answer { partitions }),
        Ok(Err((status, why))) => wrong(status, &why),
        Err(error) => {
            tracing::error!(%error, "a station could not be told to go on");
            let why = "it could not be done; the log says why";
            wrong(StatusCode::INTERNAL_SERVER_ERROR, why)
        }
    }
}

fn tell(control: &Control, request: &Request) -> Result<u64, (StatusCode, String)> {
    let all = || control.stages.iter();
    let Some(stage) = all().find(|stage| stage.name == request.station) else {
        let names: Vec<_> = all().map(|stage| stage.name).collect();
        let why = format!(
            "this process has no such station; it has {}",
            names.join(", ")
        );
        return Err((StatusCode::NOT_FOUND, why));
    };
    let who: String = request.who.iter().flat_map(|who| who.chars()).collect();
    let who: String = who
        .chars()
        .filter(|c| !c.is_control())
        .take(WHO_MAX)
        .collect();
    let who = if who.is_empty() { OPERATOR } else { &who };
    let (word, what) = match request.set_aside {
        true => (Word::SetAside, "set aside what it cannot use and go on"),
        false => (Word::TryNow, "try again now"),
    };
    let audit = AuditTopic {
        journal: &*control.desk.journal,
        partitions: control.config.journal.partitions,
    };
    let purpose = format!("let the station {} {what}", stage.name);
    audit
        .note(who, &purpose, control.clock.now())
        .map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    tracing::warn!(stage = stage.name, who, what, "a person says to a station");
    Ok(stage.say(word))
}

fn wrong(status: StatusCode, why: &str) -> Response {
    respond::json(status, &serde_json::json!({ "error": why }))
}
