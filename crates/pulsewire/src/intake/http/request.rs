//! One request from its head to its answer: who asks, what for, and whether it is taken here.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use formats::fhir::validate::IssueCode;

use super::answer::{Answer, Prefer};
use super::body::Spent;
use super::own::Own;
use super::routes::{self, Found, Named, Operation, Route};
use super::{
    Door, Peer, body, bundle, capabilities, lines, measure, notified, openapi, read, write,
};
use crate::control::is_ours;
use crate::intake::fhir::{Refusal, Sender};
use crate::intake::keep::{Patience, Way};
use crate::intake::measurements;
use crate::metrics::Outcome;

/// Names the source of what is sent, where the connection does not.
pub(super) const SOURCE: &str = "x-pulsewire-source";
/// Marks what is sent as history.
pub(super) const BACKFILL: &str = "pulsewire-backfill";
/// The name of the source that all have who name no other.
const DEFAULT_SOURCE: &str = "default";

/// What is known of a request when its body has not been read.
pub(super) struct Asking {
    pub(super) named: Named,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) sender: Sender,
    /// The addresses of this server, as its client knows it first.
    pub(super) own: Own,
    pub(super) prefer: Prefer,
    /// What reading it took so far.
    pub(super) spent: Spent,
}

impl Asking {
    /// Asks with what a form says added to the query.
    fn with_form(mut self, form: &[u8]) -> Result<Self, Refusal> {
        let form = std::str::from_utf8(form).map_err(|_| {
            let words = "the form is not text: send it as application/x-www-form-urlencoded has it";
            Refusal::because(400, IssueCode::Structure, words)
        })?;
        if !self.query.is_empty() && !form.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(form);
        Ok(self)
    }
}

/// Answers a request.
pub(super) async fn answer(
    door: &Arc<Door>,
    request: Request<Body>,
    (peer, spent): (&Peer, &Spent),
) -> Answer {
    let (head, body) = request.into_parts();
    let route = match found(head.method.as_str(), head.uri.path()) {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    if let Err(refusal) = allowed(door, &head.headers) {
        return refusal.into();
    }
    let (route, named) = route;
    let by_path = named.source.as_deref();
    let sender = match sender(door, &head.headers, (peer, by_path)) {
        Ok(sender) => sender,
        Err(refusal) => {
            count(door, route, DEFAULT_SOURCE, &refusal);
            return refusal.into();
        }
    };
    if let Some(expires) = peer.expires {
        door.fhir
            .intake
            .showed(&sender.source, Way::Http.name(), expires);
    }
    let own = Own::of(&door.config.base, &head.headers, peer.is_tls);
    let asking = Asking {
        named,
        query: head.uri.query().unwrap_or_default().to_owned(),
        own,
        prefer: Prefer::of(&head.headers),
        headers: head.headers,
        sender,
        spent: spent.clone(),
    };
    let source = Arc::clone(&asking.sender.source);
    let done = carry_out(door, route, asking, body).await;
    done.unwrap_or_else(|refusal| {
        count(door, route, &source, &refusal);
        Answer::from(refusal)
    })
}

/// Counts what is refused before it is known what it states; each resource of what is not is counted by itself.
fn count(door: &Door, route: &Route, source: &str, refusal: &Refusal) {
    let outcome = match refusal.status {
        500.. => Outcome::Deferred,
        _ => Outcome::Refused,
    };
    if route.writes() {
        door.fhir.intake.count(source, Way::Http, outcome);
    }
}

async fn carry_out(
    door: &Arc<Door>,
    route: &'static Route,
    asking: Asking,
    body: Body,
) -> Result<Answer, Refusal> {
    if !matches!(route.operation, Operation::OpenApi) {
        takes_json(&asking.headers)?;
    }
    match route.body {
        routes::Body::None => {}
        routes::Body::Lines => {
            is_media(&asking.headers, &LINES)?;
            return lines::import(door, &asking, body).await;
        }
        // What has no body needs no kind: that is looked at when it is read.
        routes::Body::Notification => {}
        routes::Body::Form => is_media(&asking.headers, &FORM)?,
        routes::Body::Resource | routes::Body::Bundle | routes::Body::Message => {
            is_media(&asking.headers, &JSON)?;
        }
        routes::Body::Measurements => is_media(&asking.headers, &MEASUREMENTS)?,
    }
    let read = match route.body {
        routes::Body::None => None,
        _ => Some(body::whole(body, &asking, (&door.config, &door.in_flight)).await?),
    };
    let (bytes, share) = read.unzip();
    let bytes = bytes.unwrap_or_default();
    if route.body == routes::Body::Notification && !bytes.is_empty() {
        is_media(&asking.headers, &JSON)?;
    }
    let answer = match route.operation {
        Operation::Capabilities => Ok(capabilities::answer(door, asking.own.base())),
        Operation::OpenApi => Ok(openapi::answer(door, asking.own.base())),
        Operation::Bundle => bundle::carry_out(door, &asking, bytes).await,
        Operation::ProcessMessage => bundle::message(door, &asking, bytes).await,
        Operation::Notification => notified::notified(door, &asking, &bytes).await,
        Operation::NotifiedUpdate => notified::resource(door, &asking, Some(bytes)).await,
        Operation::NotifiedDelete => notified::resource(door, &asking, None).await,
        Operation::Import => unreachable!("lines were taken above"),
        Operation::Search => read::search(door, &asking).await,
        Operation::SearchByForm => read::search(door, &asking.with_form(&bytes)?).await,
        Operation::Read | Operation::ReadVersion => read::read(door, &asking).await,
        Operation::Create
        | Operation::Update
        | Operation::UpdateFound
        | Operation::Delete
        | Operation::DeleteFound => write::one(door, route.operation, &asking, bytes).await,
        Operation::Measure => measure::take(door, &asking, bytes).await,
    };
    drop(share);
    answer
}

fn found(method: &str, path: &str) -> Result<(&'static Route, Named), Box<Answer>> {
    let missing = |words: &str| Box::new(Answer::because(404, IssueCode::NotFound, words));
    match routes::find(method, path) {
        Found::Route(route, named) => Ok((route, named)),
        Found::Methods(methods) => {
            let methods = methods.join(", ");
            let words = format!("this takes {methods} and no other method");
            let answer = Answer::because(405, IssueCode::NotSupported, &words);
            Err(Box::new(answer.with("allow", &methods)))
        }
        Found::NoType => Err(missing(
            "the address names no resource type of FHIR R4 that is kept by itself: look for its right name",
        )),
        Found::NoId => Err(missing(
            "the address names no id: 1 to 64 letters, digits, hyphens and points",
        )),
        Found::NoDevice => Err(missing(
            "the address names no device: give its name in UTF-8, percent-encoded, of at most 256 bytes",
        )),
        Found::Nothing => Err(missing(
            "there is nothing here: /fhir/metadata and /fhir/openapi.json tell what there is",
        )),
    }
}

/// Refuses what a page of another site makes a browser send.
fn allowed(door: &Door, headers: &HeaderMap) -> Result<(), Refusal> {
    if door.is_loopback && !is_ours(headers) {
        let words = "ask for this service by the address it listens on";
        return Err(Refusal::because(421, IssueCode::Security, words));
    }
    // Programs send no origin; a page of another site that a browser shows does.
    if headers.contains_key(header::ORIGIN) {
        let words = "this is for programs, not for pages: send no Origin";
        return Err(Refusal::because(403, IssueCode::Forbidden, words));
    }
    Ok(())
}

/// Whose it is: as the client's certificate says, else as the request does.
fn sender(
    door: &Door,
    headers: &HeaderMap,
    (peer, in_path): (&Peer, Option<&str>),
) -> Result<Sender, Refusal> {
    let named = headers
        .get(SOURCE)
        .map(|value| value.to_str().unwrap_or_default());
    let named = match (in_path, named) {
        (Some(path), Some(header)) if path != header => {
            let words =
                "the address names another source than X-Pulsewire-Source: leave the header out";
            return Err(Refusal::because(400, IssueCode::Value, words));
        }
        (path, header) => path.or(header),
    };
    let source = match (&peer.source, named) {
        (Some(own), Some(named)) if **own != *named => {
            let words = "the certificate of the connection is another source's than the request names: leave X-Pulsewire-Source out, and notify the source itself";
            return Err(Refusal::because(403, IssueCode::Forbidden, words));
        }
        (Some(own), _) => Arc::clone(own),
        (None, named) => {
            let found = door
                .fhir
                .intake
                .sources
                .find(named.unwrap_or(DEFAULT_SOURCE));
            let words = "the request names no source that there is: add [source.NAME] to the configuration, or name one that is there";
            let found = found.ok_or_else(|| Refusal::because(400, IssueCode::Value, words))?;
            Arc::clone(&found.name)
        }
    };
    let backfill = match headers.get(BACKFILL).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"false") => false,
        Some(b"true") => true,
        Some(_) => {
            let words = "Pulsewire-Backfill is true or false";
            return Err(Refusal::because(400, IssueCode::Value, words));
        }
    };
    Ok(Sender {
        source,
        way: Way::Http,
        backfill,
        patience: Patience::Refuse,
    })
}

/// What the release of FHIR that is read here is called.
const FHIR_VERSIONS: [&str; 2] = ["4.0", "4.0.1"];
const JSON: [&str; 3] = ["application/fhir+json", "application/json", "text/json"];
const FORM: [&str; 1] = ["application/x-www-form-urlencoded"];
const LINES: [&str; 4] = [
    "application/fhir+ndjson",
    "application/ndjson",
    "application/x-ndjson",
    "application/jsonl",
];

const MEASUREMENTS: [&str; 4] = [
    measurements::JSON,
    measurements::FHIR,
    measurements::HL7,
    "application/hl7-v2",
];

/// Holds the kind of the body against what is read here.
fn is_media(headers: &HeaderMap, kinds: &[&'static str]) -> Result<(), Refusal> {
    let essence = essence(headers);
    let given = headers.get(header::CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    let parameter = |name: &str| {
        let parts = given.unwrap_or_default().split(';').skip(1);
        let mut parts = parts.map(|part| part.trim().to_ascii_lowercase());
        let value = parts.find_map(|part| Some(part.strip_prefix(name)?.to_owned()));
        value.map(|value| value.trim_matches('"').to_owned())
    };
    let charset = parameter("charset=");
    let is_utf8 = charset.is_none_or(|name| matches!(&*name, "utf-8" | "us-ascii"));
    let release = parameter("fhirversion=");
    if release.is_some_and(|release| !FHIR_VERSIONS.contains(&&*release)) {
        let words = "only FHIR R4 (fhirVersion=4.0) is read here: send the resource as R4 has it";
        return Err(Refusal::because(415, IssueCode::NotSupported, words));
    }
    if is_utf8 && kinds.contains(&essence.as_str()) {
        return Ok(());
    }
    let words = format!(
        "only {} in UTF-8 is read here: send it so, and say so in Content-Type",
        kinds.join(" or ")
    );
    Err(Refusal::because(415, IssueCode::NotSupported, words))
}

/// The kind of the body without its parameters, in small letters.
pub(super) fn essence(headers: &HeaderMap) -> String {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    let essence = given.unwrap_or_default().split(';').next();
    essence.unwrap_or_default().trim().to_ascii_lowercase()
}

/// Holds the kinds of answer that are wanted against those there are.
fn takes_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut wanted = headers
        .get_all(header::ACCEPT)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|part| {
            part.split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase()
        })
        .peekable();
    let is_json = |kind: &String| {
        matches!(
            kind.as_str(),
            "" | "*/*" | "application/*" | "text/*" | "json"
        ) || JSON.contains(&kind.as_str())
            || LINES.contains(&kind.as_str())
    };
    if wanted.peek().is_none() || wanted.any(|kind| is_json(&kind)) {
        return Ok(());
    }
    let words = "answers are application/fhir+json and nothing else: accept that";
    Err(Refusal::because(406, IssueCode::NotSupported, words))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn bodies_are_json_in_utf_8() {
        let told = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            is_media(&headers, &JSON).map_err(|refusal| refusal.status)
        };
        assert_eq!(told("application/fhir+json"), Ok(()));
        assert_eq!(told("Application/JSON; Charset=UTF-8"), Ok(()));
        assert_eq!(
            told("application/fhir+json; fhirVersion=4.0; charset=\"utf-8\""),
            Ok(())
        );
        assert_eq!(told("application/fhir+json; charset=utf-16"), Err(415));
        assert_eq!(told("application/fhir+json; fhirVersion=4.0.1"), Ok(()));
        for other in [
            "application/fhir+json; fhirVersion=3.0",
            "application/fhir+json; charset=utf-8; FHIRVersion=\"5.0\"",
            "application/json; fhirVersion=4.3",
        ] {
            assert_eq!(told(other), Err(415), "{other}");
        }
        assert_eq!(told("application/fhir+xml"), Err(415));
        assert_eq!(told(""), Err(415));
    }

    #[test]
    fn answers_are_json() {
        let told = |kinds: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(kinds));
            takes_json(&headers).map_err(|refusal| refusal.status)
        };
        assert_eq!(told("application/fhir+xml, */*;q=0.1"), Ok(()));
        assert_eq!(told("application/fhir+json;q=0.9"), Ok(()));
        assert_eq!(told("application/fhir+xml"), Err(406));
        assert_eq!(takes_json(&HeaderMap::new()), Ok(()));
    }
}
