//! What forms ask for: to acknowledge, resolve and dismiss alerts, to send quarantine through again, to choose colours.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use clinical::{AlertId, Command, CommandKind, wire};
use journal::{Record, TopicPartition, Write, partition_for};

use super::{Control, FORM_BYTES_MAX, quarantine, query, respond};
use crate::topics;

/// The longest name of a person and the longest reason that are kept.
const WHO_MAX: usize = 100;
const WHY_MAX: usize = 200;

/// Does what a form asks for.
pub(super) async fn act(
    control: &Arc<Control>,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let is_edit = matches!(parts.as_slice(), ["quarantine", _, "edit"]);
    if body.len() > FORM_BYTES_MAX && !is_edit {
        return respond::refusal(control, headers, 413, "This form is too long.");
    }
    let form = query(&String::from_utf8_lossy(body));
    if form.get("csrf") != Some(&control.csrf) {
        return respond::refusal(
            control,
            headers,
            403,
            "This form is of an earlier start or of another site: load the page again and repeat it.",
        );
    }
    match parts.as_slice() {
        ["ui", "theme"] => theme(&form),
        ["alerts", id, "acknowledge"] => {
            change(control, headers, id, CommandKind::Acknowledge, &form).await
        }
        ["alerts", id, "resolve"] => {
            change(control, headers, id, CommandKind::Resolve, &form).await
        }
        ["alerts", id, "dismiss"] => {
            change(control, headers, id, CommandKind::Dismiss, &form).await
        }
        ["quarantine", id, "redrive"] => quarantine::redrive_one(control, headers, id, &form).await,
        ["quarantine", id, "edit"] => quarantine::edit(control, headers, id, &form).await,
        _ => respond::refusal(
            control,
            headers,
            404,
            "There is nothing here that takes a form.",
        ),
    }
}

fn theme(form: &BTreeMap<String, String>) -> Response {
    let theme = ui::Theme::parse(form.get("theme").map(String::as_str).unwrap_or_default());
    let back = form
        .get("back")
        .map(String::as_str)
        .filter(|back| back.starts_with('/') && !back.starts_with("//"));
    let mut response = respond::see_other(back.unwrap_or("/"));
    let cookie = format!(
        "theme={}; Path=/; SameSite=Strict; Max-Age=31536000",
        theme.word()
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Keeps what a person asks of an alert; the alerts station takes it from the journal like everything else.
async fn change(
    control: &Arc<Control>,
    headers: &HeaderMap,
    id: &str,
    kind: CommandKind,
    form: &BTreeMap<String, String>,
) -> Response {
    let text = |name: &str, most: usize| -> String {
        let given = form.get(name).map(|text| text.trim()).unwrap_or_default();
        given
            .chars()
            .filter(|c| !c.is_control())
            .take(most)
            .collect()
    };
    let (who, why) = (text("who", WHO_MAX), text("why", WHY_MAX));
    let read_back_by = text("read_back_by", WHO_MAX);
    if who.is_empty() || (kind == CommandKind::Resolve && why.is_empty()) {
        return respond::refusal(
            control,
            headers,
            400,
            "Say who you are, and why when you resolve: both stand beside the alert.",
        );
    }
    let known = AlertId::parse(id).and_then(|id| {
        let views = control.views.read();
        views.alerts.get(&id).map(|view| (id, view.alert.patient))
    });
    let Some((alert, patient)) = known else {
        return respond::refusal(control, headers, 404, "There is no such alert.");
    };
    let at = control.clock.now();
    let command = Command {
        alert,
        patient,
        kind,
        by: who.into(),
        at,
        note: why.into(),
        read_back_by: read_back_by.into(),
    };
    let journal = control.journal.clone();
    let partitions = control.config.journal.partitions;
    let kept =
        tokio::task::spawn_blocking(move || journal.append(write(&command, partitions))).await;
    match kept {
        Ok(Ok(_)) => respond::see_other(&format!("/alerts/{alert}")),
        Ok(Err(error)) => {
            tracing::error!(%error, %alert, "what was asked of an alert could not be kept");
            respond::refusal(
                control,
                headers,
                503,
                "It could not be written down, so it did not happen. Try again.",
            )
        }
        Err(error) => {
            tracing::error!(%error, %alert, "what was asked of an alert could not be kept");
            respond::refusal(
                control,
                headers,
                500,
                "It could not be written down, so it did not happen. The log says why.",
            )
        }
    }
}

fn write(command: &Command, partitions: u16) -> Write {
    let key = *command.patient.as_bytes();
    let at = TopicPartition::new(topics::ALERT_STREAM, partition_for(&key, partitions));
    let record = Record {
        key: key.into(),
        event_time: command.at.micros(),
        received_time: command.at.micros(),
        headers: vec![(
            "content-type".into(),
            wire::COMMAND_CONTENT_TYPE.as_bytes().into(),
        )],
        value: Some(wire::command_to_json(command).into()),
        ..Record::default()
    };
    Write {
        records: vec![(at, record)],
        offsets: vec![],
    }
}
