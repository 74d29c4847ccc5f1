//! Our own registry over HTTP, under the paths, codes and media type of Confluent's REST interface.

mod answer;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::any;
use journal::Journal;
use schema::compatibility::SCHEMA_BYTES_MAX;

use super::{Embedded, Error};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::is_ours;
use answer::Answer;
use request::Request;

/// The media type of every answer.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// The largest body: a schema in it is text within text, in which a character may take two.
const BODY_BYTES_MAX: usize = 2 * SCHEMA_BYTES_MAX + (64 << 10);
/// The paths that are the registry's.
const PATHS: [&str; 8] = [
    "/subjects",
    "/subjects/{*rest}",
    "/schemas",
    "/schemas/{*rest}",
    "/compatibility/{*rest}",
    "/config",
    "/config/{*rest}",
    "/mode",
];

/// The routes of our own registry; none where the configuration names another one.
pub(crate) fn routes(config: &Config, journal: Arc<dyn Journal>, clock: Clock) -> Router {
    if !config.schema_registry.url.is_empty() {
        return Router::new();
    }
    serving(Arc::new(Embedded::new(journal, clock)))
}

/// The routes of a registry.
pub(super) fn serving(registry: Arc<Embedded>) -> Router {
    let paths = PATHS.into_iter().chain(["/mode/{*rest}"]);
    paths
        .fold(Router::new(), |router, path| router.route(path, any(serve)))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(registry)
}

async fn serve(
    State(registry): State<Arc<Embedded>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_ours(&headers) {
        let what = "ask for this service by the address it listens on";
        return refused(StatusCode::MISDIRECTED_REQUEST, 421, what);
    }
    // Programs send no origin; a page of another site that a browser shows does.
    if method != Method::GET && method != Method::HEAD && headers.contains_key(header::ORIGIN) {
        let what = "changes are taken from programs, not from pages";
        return refused(StatusCode::FORBIDDEN, 403, what);
    }
    if !is_json(&headers) {
        let what = "send JSON, as application/vnd.schemaregistry.v1+json";
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, 415, what);
    }
    let answered = tokio::task::spawn_blocking(move || {
        answer::answer(&registry, &Request::new(&method, &uri, &body))
    });
    match answered.await {
        Ok(Ok(answer)) => match answer {
            Answer::Json(value) => with(StatusCode::OK, value.to_string()),
            Answer::Schema(text) => with(StatusCode::OK, text),
        },
        Ok(Err(error)) => {
            let code = error.code();
            let status = if code < 1000 { code } else { code / 100 };
            let status = u16::try_from(status)
                .ok()
                .and_then(|it| StatusCode::from_u16(it).ok());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if status.is_server_error() {
                tracing::error!(%error, "the schema registry could not answer");
            }
            let what = match &error {
                Error::Answered { message, .. } => message.clone(),
                other => other.to_string(),
            };
            refused(status, code, &what)
        }
        Err(error) => {
            tracing::error!(%error, "the schema registry could not answer");
            refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                50_001,
                "the log says why",
            )
        }
    }
}

/// Whether a body may be taken for JSON: what a form of a page sends may not.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(media) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let media = media.to_str().unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim();
    essence.ends_with("json") || essence == "application/octet-stream"
}

fn refused(status: StatusCode, code: u32, what: &str) -> Response {
    let body = serde_json::json!({"error_code": code, "message": what});
    with(status, body.to_string())
}

fn with(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
