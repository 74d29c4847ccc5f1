//! The pages, the live streams, the actions on alerts, the health checks and the metrics, over HTTP on loopback.

mod actions;
mod audit;
mod live;
mod models;
mod page;
pub(crate) mod quarantine;
pub(crate) mod rates;
mod respond;
pub(crate) mod resume;
pub(crate) mod status;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::any;
use clinical::{ReceivedTime, SiteKey};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::Config;
use crate::delivery;
use crate::engine::Engine;
use crate::intake::sources::Sources;
use crate::metrics::Metrics;
use crate::quarantine::Desk;
use crate::quarantine::edit::EDITED_BYTES_MAX;
use crate::registry;
use crate::roles::Role;
use crate::stages::StageHealth;
use crate::tasks::Tasks;
use crate::views;
use page::Page;

pub(crate) use audit::{AuditTopic, OPERATOR, permit};
pub(crate) use models::care_gaps::{CareGapsTold, Gap as CareGapTold};
pub(crate) use models::held::{AlertsTold, Held as HeldTold};
pub(crate) use models::risk::RiskTold;
pub(crate) use models::sources::{Source, Sources as SourcesTold};
pub(crate) use models::totals;
pub(crate) use models::workload::{Pack, packs};

/// The largest body of a form, where it is not a corrected message.
const FORM_BYTES_MAX: usize = 16 << 10;
/// The largest body of all: in a form, a sign of a message can take three bytes.
const BODY_BYTES_MAX: usize = 3 * EDITED_BYTES_MAX + FORM_BYTES_MAX;
/// Where scripts ask for the sources.
pub(crate) const SOURCES_PATH: &str = "/status/sources";
/// Where scripts ask for what is held back of alerts.
pub(crate) const ALERTS_PATH: &str = "/status/alerts";
/// Where scripts ask how learned models stand.
pub(crate) const RISK_PATH: &str = "/status/risk";
/// Where scripts ask for care gaps.
pub(crate) const CARE_GAPS_PATH: &str = "/status/care-gaps";
/// Where scripts ask for rule packs.
const WORKLOADS_PATH: &str = "/status/workloads";
/// How many live streams may be open at once.
const LIVE_MAX: usize = 256;
/// How many may look at once at how something was: each reads the journal, which others read as well.
const LOOKING_BACK_MAX: usize = 4;

/// Why the pages cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}: {source}; choose another address for control.listen")]
pub(crate) struct Error {
    listen: SocketAddr,
    source: io::Error,
}

/// What the pages are made of.
pub(crate) struct Control {
    pub(crate) journal: Engine,
    pub(crate) views: views::Shared,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) stages: Vec<Arc<StageHealth>>,
    pub(crate) rates: rates::Rates,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) mllp: Option<SocketAddr>,
    /// Our own certificates: on which way they are shown, and when they run out.
    pub(crate) certificates: Vec<(String, ReceivedTime)>,
    pub(crate) started: ReceivedTime,
    /// Made anew at each start: a form of an earlier run is refused.
    pub(crate) csrf: String,
    pub(crate) site: String,
    pub(crate) places: Places,
    pub(crate) tasks: Tasks,
    pub(crate) desk: Desk,
}

/// The places of what only so many may do at once.
pub(crate) struct Places {
    live: Semaphore,
    looking_back: Semaphore,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            live: Semaphore::new(LIVE_MAX),
            looking_back: Semaphore::new(LOOKING_BACK_MAX),
        }
    }
}

impl Control {
    fn asset(path: &str) -> Option<Response> {
        let asset = ui::assets().iter().find(|asset| asset.path == path)?;
        Some(respond::asset(asset.content_type, asset.bytes))
    }
}

/// Takes the address, so that a start that cannot succeed fails before anything else is done.
pub(crate) async fn bind(listen: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(listen)
        .await
        .map_err(|source| Error { listen, source })
}

/// Starts what tells people, and whoever watches from outside, how it is.
pub(crate) fn start(door: TcpListener, control: &Arc<Control>) -> Result<(), delivery::Error> {
    control.tasks.spawn(serve(door, Arc::clone(control)));
    let rates = crate::upkeep::look_at_rates(Arc::clone(control));
    control.tasks.spawn(rates);
    crate::heartbeat::start(control)
}

/// Serves until it is time to stop.
async fn serve(listener: TcpListener, control: Arc<Control>) {
    let mut stop = control.tasks.stop();
    let schemas = registry::routes(&control.config, control.journal.shared(), control.clock);
    let app = Router::new()
        .fallback(any(answer))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(control)
        .merge(schemas);
    let served =
        axum::serve(listener, app).with_graceful_shutdown(async move { stop.asked().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the pages are no longer served");
    }
}

/// One request, from its path to its answer.
async fn answer(
    State(control): State<Arc<Control>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_ours(&headers) {
        return respond::plain(
            StatusCode::MISDIRECTED_REQUEST,
            "ask for this service by the address it listens on\n",
        );
    }
    let path = uri.path().to_owned();
    match (&method, path.as_str()) {
        (&Method::GET | &Method::HEAD, "/health") => {
            return respond::plain(StatusCode::OK, "alive\n");
        }
        (&Method::GET | &Method::HEAD, "/ready") => return respond::ready(&control),
        (&Method::GET | &Method::HEAD, "/metrics") => return respond::metrics(&control.metrics),
        (&Method::GET | &Method::HEAD, status::PATH) => return respond::status(control).await,
        (&Method::GET | &Method::HEAD, SOURCES_PATH) => return respond::sources(control).await,
        (&Method::GET | &Method::HEAD, RISK_PATH) => return respond::risk(control).await,
        (&Method::GET | &Method::HEAD, ALERTS_PATH) => return respond::alerts(control).await,
        (&Method::GET | &Method::HEAD, CARE_GAPS_PATH) => {
            let query = query(uri.query().unwrap_or_default());
            return respond::care_gaps(control, query).await;
        }
        (&Method::GET | &Method::HEAD, WORKLOADS_PATH) => {
            let query = query(uri.query().unwrap_or_default());
            return respond::workloads(control, query).await;
        }
        (&Method::GET | &Method::HEAD, path) if path.starts_with("/assets/") => {
            return Control::asset(path)
                .unwrap_or_else(|| respond::plain(StatusCode::NOT_FOUND, "no such file\n"));
        }
        (&Method::POST, resume::PATH) => return resume::answer(&control, &headers, &body).await,
        (_, path) if path.starts_with(quarantine::PATH) => {
            let query = query(uri.query().unwrap_or_default());
            let asked = (&method, path);
            return quarantine::answer(&control, asked, query, &headers, &body).await;
        }
        _ if !control.config.roles.has(Role::Ui) => {
            return respond::no_pages(&control.config.roles);
        }
        (&Method::POST, _) => return actions::act(&control, &path, &headers, &body).await,
        (&Method::GET | &Method::HEAD, _) => {}
        _ => {
            return respond::plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET and POST are answered here\n",
            );
        }
    }
    let query = query(uri.query().unwrap_or_default());
    if let Some(rest) = path.strip_prefix("/live") {
        return match Page::parse(rest, &query) {
            Some(page) => live::stream(control, page, headers).await,
            None => respond::refusal(&control, &headers, 404, "There is no such page."),
        };
    }
    let Some(page) = Page::parse(&path, &query) else {
        return respond::refusal(&control, &headers, 404, "There is no such page.");
    };
    let form = if headers.contains_key("hx-request") && !headers.contains_key("hx-boosted") {
        page::Form::Fragment
    } else {
        page::Form::Whole
    };
    respond::page(control, page, form, headers, uri).await
}

/// Whether a request names us: a page of another site that a name server points here does not.
pub(crate) fn is_ours(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return false;
    };
    let name = authority.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn query(text: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// The token that forms of this run carry.
pub(crate) fn csrf(key: &SiteKey, now: ReceivedTime) -> String {
    let token = key.unassigned("csrf", &now.micros().to_be_bytes());
    token.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_ours() {
        let asks = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, axum::http::HeaderValue::from_static(host));
            is_ours(&headers)
        };
        for ours in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "127.0.0.2",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(asks(ours), "{ours}");
        }
        for other in [
            "127.attacker.example",
            "127.0.0.1.attacker.example:8080",
            "attacker.example",
            "10.0.0.1",
            "",
        ] {
            assert!(!asks(other), "{other}");
        }
        assert!(!is_ours(&HeaderMap::new()));
    }
}
