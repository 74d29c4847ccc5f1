//! Quarantine over HTTP: reasons, lists and counts as JSON, and what scripts, commands and forms ask of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use clinical::ReceivedTime;
use serde::Serialize;
use serde_json::json;

use super::{Control, respond};
use crate::quarantine::edit::EDITED_BYTES_MAX;
use crate::quarantine::list::{self, Filter, PAGE_MAX, Place};
use crate::quarantine::reason::{self, ReasonCode};
use crate::quarantine::redrive::{Outcome, Request};
use crate::quarantine::{Error, attempt};
use crate::views::QuarantineView;

/// What begins the addresses here.
pub(crate) const PATH: &str = "/api/quarantine";
/// The words of a query that say which records are wanted, and those that say which of them come now.
const FILTERS: [&str; 5] = ["reason", "source", "topic", "since", "before"];
const PAGES: [&str; 2] = ["after", "limit"];
/// A page has so many records where nothing else is asked.
const PAGE: usize = 100;

/// A record in quarantine without what it holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    place: String,
    reason: &'a str,
    what: &'static str,
    severity: &'static str,
    source: &'a str,
    topic: &'a str,
    detail: &'a str,
    stage: &'a str,
    content_type: &'a str,
    received: String,
    /// The record that it is a copy of.
    origin: &'a str,
    /// How often it was sent through again before it came here.
    attempt: u32,
    /// When and by whom it was sent through again since.
    #[serde(skip_serializing_if = "Option::is_none")]
    redriven: Option<&'a attempt::Attempt>,
    advice: &'static str,
}

impl<'a> Row<'a> {
    fn new(view: &'a QuarantineView, redriven: Option<&'a attempt::Attempt>) -> Self {
        let known = ReasonCode::parse(&view.reason);
        Self {
            place: view.place().to_string(),
            reason: &view.reason,
            what: known.map_or("", |known| known.what),
            severity: known.map_or("", |known| known.severity),
            source: &view.source,
            topic: view.at.topic.trim_end_matches(".quarantine"),
            detail: &view.detail,
            stage: &view.stage,
            content_type: &view.content_type,
            received: view.received.to_string(),
            origin: &view.origin,
            attempt: view.attempt,
            redriven,
            advice: reason::advice(&view.reason),
        }
    }
}

/// Answers what is asked under [`PATH`].
pub(super) async fn answer(
    control: &Arc<Control>,
    (method, path): (&Method, &str),
    query: BTreeMap<String, String>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let asked = path.trim_start_matches(PATH).trim_matches('/').to_owned();
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if reads && asked == "reasons" {
        return respond::json(StatusCode::OK, &reason::all());
    }
    if !reads && asked == "redrive" {
        return redrive(control, headers, body).await;
    }
    if !reads || !(asked.is_empty() || asked == "counts") {
        return wrong(
            StatusCode::NOT_FOUND,
            "there is GET /api/quarantine, /api/quarantine/counts and /api/quarantine/reasons, and POST /api/quarantine/redrive",
        );
    }
    let pages: &[&str] = if asked.is_empty() { &PAGES } else { &[] };
    if let Err(why) = known(&query, &[FILTERS.as_slice(), pages].concat()) {
        return wrong(StatusCode::BAD_REQUEST, &why);
    }
    let filter = match filter(&query) {
        Ok(filter) => filter,
        Err(why) => return wrong(StatusCode::BAD_REQUEST, &why),
    };
    let (control, counts) = (Arc::clone(control), asked == "counts");
    let made = tokio::task::spawn_blocking(move || match counts {
        true => counted(&control, &filter),
        false => page(&control, &filter, &query),
    });
    match made.await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => failed(&error),
        Err(error) => {
            tracing::error!(%error, "quarantine could not be read");
            wrong(
                StatusCode::INTERNAL_SERVER_ERROR,
                "it could not be read; the log says why",
            )
        }
    }
}

/// Refuses what is asked in words that nothing here reads: what they were to leave out would be there.
fn known(query: &BTreeMap<String, String>, words: &[&str]) -> Result<(), String> {
    match query.keys().find(|name| !words.contains(&&***name)) {
        None => Ok(()),
        Some(name) => {
            let words = words.join(", ");
            Err(format!("there is no {name} to ask by; there are {words}"))
        }
    }
}

/// Which records a query wants.
fn filter(query: &BTreeMap<String, String>) -> Result<Filter, String> {
    let value = |name: &str| query.get(name).filter(|text| !text.is_empty()).cloned();
    let time = |name: &str| {
        let read = |text: String| {
            ReceivedTime::parse(&text).ok_or_else(|| {
                format!("{name}={text} is no time: give one such as 2026-03-01T09:00:00Z")
            })
        };
        value(name).map(read).transpose()
    };
    Ok(Filter {
        reason: value("reason"),
        source: value("source"),
        topic: value("topic"),
        since: time("since")?,
        before: time("before")?,
    })
}

fn page(
    control: &Control,
    filter: &Filter,
    query: &BTreeMap<String, String>,
) -> Result<Response, Error> {
    let after = match query.get("after") {
        None => None,
        Some(text) => match Place::parse(text) {
            Some(place) => Some(place),
            None => {
                let why = "after is no place: give the `next` of the page before";
                return Ok(wrong(StatusCode::BAD_REQUEST, why));
            }
        },
    };
    let limit = match query.get("limit").map(|text| text.parse::<usize>()) {
        None => PAGE,
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
        Some(_) => {
            let why = format!("limit is a number from 1 to {PAGE_MAX}");
            return Ok(wrong(StatusCode::BAD_REQUEST, &why));
        }
    };
    let journal = &*control.desk.journal;
    filter.check(journal).map_err(Error::NotKnown)?;
    let page = list::page(journal, filter, after.as_ref(), limit)?;
    let attempts = attempt::all(journal, control.config.journal.partitions)?;
    let rows = page.records.iter().map(|view| {
        let place = view.place().to_string();
        Row::new(view, attempts.get(&place))
    });
    let rows: Vec<Row<'_>> = rows.collect();
    let next = page.next.map(|place| place.to_string());
    Ok(respond::json(
        StatusCode::OK,
        &json!({ "records": rows, "next": next }),
    ))
}

fn counted(control: &Control, filter: &Filter) -> Result<Response, Error> {
    let journal = &*control.desk.journal;
    filter.check(journal).map_err(Error::NotKnown)?;
    let counts = list::counts(journal, filter)?;
    let each = counts.by_reason_and_source.iter();
    let each: Vec<_> = each
        .map(|((reason, source), count)| json!({ "reason": reason, "source": source, "count": count }))
        .collect();
    let total: u64 = counts.by_reason_and_source.values().sum();
    Ok(respond::json(
        StatusCode::OK,
        &json!({ "total": total, "complete": counts.is_complete, "counts": each }),
    ))
}

/// Takes a request as JSON; a form of another site cannot say that it is that.
async fn redrive(control: &Arc<Control>, headers: &HeaderMap, body: &Bytes) -> Response {
    if !respond::is_json(headers) {
        let why = "send the request as application/json";
        return wrong(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    }
    let request: Request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => {
            return wrong(
                StatusCode::BAD_REQUEST,
                &format!("the request is wrong: {error}"),
            );
        }
    };
    let times = [&request.since, &request.before].into_iter().flatten();
    let is_wrong = times
        .map(|text| ReceivedTime::parse(text))
        .any(|read| read.is_none())
        || request.after.as_deref().map(Place::parse) == Some(None);
    if is_wrong {
        let why = "`since` and `before` are times such as 2026-03-01T09:00:00Z, and `after` the `next` of an answer";
        return wrong(StatusCode::BAD_REQUEST, why);
    }
    if let Err(why) = is_meant(&request) {
        return wrong(StatusCode::BAD_REQUEST, why);
    }
    let shared = Arc::clone(control);
    let made = tokio::task::spawn_blocking(move || shared.desk.redrive(&request)).await;
    match made {
        Ok(Ok(answer)) => respond::json(StatusCode::OK, &answer),
        Ok(Err(error)) => failed(&error),
        Err(error) => {
            tracing::error!(%error, "quarantine could not be sent through again");
            wrong(
                StatusCode::INTERNAL_SERVER_ERROR,
                "it could not be done; the log says why",
            )
        }
    }
}

/// Refuses a request that may send what nobody named, or in nobody's name.
fn is_meant(request: &Request) -> Result<(), &'static str> {
    let is_named = request
        .who
        .as_deref()
        .is_some_and(|who| !who.trim().is_empty());
    if !request.says_which() {
        Err(
            "nothing says which records to send: name `places`, `reason`, `source`, `topic` or `since`, or say `\"all\": true`; `\"dryRun\": true` only tries",
        )
    } else if !request.dry_run && !is_named {
        Err(
            "say as `who` who sends them: it stands in the audit and beside each; `\"dryRun\": true` only tries",
        )
    } else {
        Ok(())
    }
}

/// Sends one record through again, as a form asks.
pub(super) async fn redrive_one(
    control: &Arc<Control>,
    headers: &HeaderMap,
    id: &str,
    form: &BTreeMap<String, String>,
) -> Response {
    let request = Request {
        places: vec![id.replace(':', "/")],
        who: form.get("who").cloned(),
        ..Request::default()
    };
    if !is_named(form) {
        return respond::refusal(
            control,
            headers,
            400,
            "Say who you are: it stands beside what is sent through again.",
        );
    }
    let shared = Arc::clone(control);
    let made = tokio::task::spawn_blocking(move || shared.desk.redrive(&request)).await;
    match made {
        Ok(Ok(answer)) => match answer.records.first() {
            Some(sent) if sent.outcome == Outcome::Skipped => {
                let what = format!("It was not sent through again: {}", sent.why);
                respond::refusal(control, headers, 409, &what)
            }
            _ => respond::see_other(&format!("/quarantine/{id}")),
        },
        Ok(Err(error)) => refused(control, headers, &error),
        Err(error) => {
            tracing::error!(%error, "a record could not be sent through again");
            respond::refusal(
                control,
                headers,
                500,
                "It could not be done. The log says why.",
            )
        }
    }
}

/// Takes a corrected copy from a form.
pub(super) async fn edit(
    control: &Arc<Control>,
    headers: &HeaderMap,
    id: &str,
    form: &BTreeMap<String, String>,
) -> Response {
    let text = form.get("text").cloned().unwrap_or_default();
    if !is_named(form) || text.trim().is_empty() || text.len() > EDITED_BYTES_MAX {
        let what = "Say who you are, and leave some of the message, of no more than a megabyte.";
        return respond::refusal(control, headers, 400, what);
    }
    let Some(place) = Place::parse(id) else {
        return respond::refusal(
            control,
            headers,
            404,
            "There is no such record in quarantine.",
        );
    };
    let request = Request {
        who: form.get("who").cloned(),
        ..Request::default()
    };
    let shared = Arc::clone(control);
    let made = tokio::task::spawn_blocking(move || shared.desk.edit(&place, &text, &request.who()));
    match made.await {
        Ok(Ok(_)) => respond::see_other(&format!("/quarantine/{id}")),
        Ok(Err(error)) => refused(control, headers, &error),
        Err(error) => {
            tracing::error!(%error, "a corrected copy could not be kept");
            respond::refusal(
                control,
                headers,
                500,
                "It could not be done. The log says why.",
            )
        }
    }
}

fn is_named(form: &BTreeMap<String, String>) -> bool {
    form.get("who").is_some_and(|who| !who.trim().is_empty())
}

fn refused(control: &Control, headers: &HeaderMap, error: &Error) -> Response {
    let status = match error {
        Error::NotThere(_) => 404,
        Error::NotEditable(_) => 409,
        Error::NotKnown(_) => 400,
        Error::Journal(_) | Error::Unaudited(_) => {
            tracing::error!(%error, "quarantine cannot be worked at");
            503
        }
    };
    respond::refusal(
        control,
        headers,
        status,
        &format!("It was not done: {error}."),
    )
}

fn failed(error: &Error) -> Response {
    let status = match error {
        Error::NotThere(_) => StatusCode::NOT_FOUND,
        Error::NotEditable(_) => StatusCode::CONFLICT,
        Error::NotKnown(_) => StatusCode::BAD_REQUEST,
        Error::Journal(_) | Error::Unaudited(_) => {
            tracing::error!(%error, "quarantine cannot be worked at");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    wrong(status, &error.to_string())
}

fn wrong(status: StatusCode, why: &str) -> Response {
    respond::json(status, &json!({ "error": why }))
}
