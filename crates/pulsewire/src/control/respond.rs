//! Answers: pages, files, refusals, readiness, with the headers that keep pages to themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response as Parts, StatusCode, Uri, header};
use axum::response::Response;
use clinical::Severity;
use clinical::phi::AuditError;
use serde::Serialize;
use ui::{Frame, Refusal, Theme};

use super::Control;
use super::audit::AuditTopic;
use super::models::{care_gaps, held, risk, sources, workload};
use super::page::{self, Form, Page};
use super::status;
use crate::metrics::Metrics;
use crate::roles::{Role, Roles};

/// Scripts, styles and pictures come from here and nowhere else, and nothing is inline.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

/// An answer with a body.
pub(super) fn with(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Parts::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Plain words.
pub(super) fn plain(status: StatusCode, words: impl Into<Body>) -> Response {
    with(status, "text/plain; charset=utf-8", words)
}

/// JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("words and numbers always make JSON");
    with(status, "application/json", bytes)
}

/// Whether a request says that it is JSON, which a form of another site cannot.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|given| given.as_bytes().starts_with(b"application/json"))
}

/// Where the pages are others' to show.
pub(super) fn no_pages(roles: &Roles) -> Response {
    let words = format!(
        "This process shows no pages: its roles are {roles}. Ask one that has the role ui; here are /health, /ready, /metrics and /status.\n"
    );
    plain(StatusCode::NOT_FOUND, words)
}

/// What the process tells of its sources.
pub(super) async fn sources(control: Arc<Control>) -> Response {
    told(move || json_of(&sources::told(&control))).await
}

/// How rule packs do, all or the one that is named; it is about nobody.
pub(super) async fn workloads(control: Arc<Control>, query: BTreeMap<String, String>) -> Response {
    told(move || {
        let name = query.get("name").map(String::as_str);
        json_of(&workload::told(&control, name))
    })
    .await
}

/// How learned models stand; it names nobody.
pub(super) async fn risk(control: Arc<Control>) -> Response {
    told(move || json_of(&risk::told(&control))).await
}

/// Where patients stand in quality measures, by their pseudonyms; that it was told is written down first.
pub(super) async fn care_gaps(control: Arc<Control>, query: BTreeMap<String, String>) -> Response {
    let wanted = care_gaps::Wanted::of(&query);
    noted(control, "list care gaps", move |control| {
        json_of(&care_gaps::told(control, &wanted))
    })
    .await
}

/// What is held back of alerts, by pseudonyms; that it was told is written down first.
pub(super) async fn alerts(control: Arc<Control>) -> Response {
    noted(control, "list alerts that are held back", |control| {
        json_of(&held::told(control))
    })
    .await
}

/// Tells what concerns patients once it is written down that it is told.
async fn noted(
    control: Arc<Control>,
    what: &'static str,
    tell: impl FnOnce(&Control) -> Vec<u8> + Send + 'static,
) -> Response {
    let told = tokio::task::spawn_blocking(move || {
        let audit = AuditTopic {
            journal: &*control.journal,
            partitions: control.config.journal.partitions,
        };
        audit.note(super::audit::OPERATOR, what, control.clock.now())?;
        Ok::<_, AuditError>(tell(&control))
    });
    match told.await {
        Ok(Ok(told)) => with(StatusCode::OK, "application/json", told),
        Ok(Err(error)) => {
            tracing::error!(%error, what, "it was not told");
            let words = "the audit record could not be kept, so nothing is told\n";
            plain(StatusCode::SERVICE_UNAVAILABLE, words)
        }
        Err(error) => {
            tracing::error!(%error, what, "it could not be told");
            let words = "it could not be told; the log says why\n";
            plain(StatusCode::INTERNAL_SERVER_ERROR, words)
        }
    }
}

/// What the process tells of itself; it waits for brokers.
pub(super) async fn status(control: Arc<Control>) -> Response {
    told(move || json_of(&status::status(&control))).await
}

fn json_of(told: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(told).expect("words and numbers always make JSON")
}

/// Answers with JSON that is found out off the runtime's threads.
async fn told(find: impl FnOnce() -> Vec<u8> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(find).await {
        Ok(json) => with(StatusCode::OK, "application/json", json),
        Err(error) => {
            tracing::error!(%error, "the status could not be told");
            let words = "the status could not be told; the log says why\n";
            plain(StatusCode::INTERNAL_SERVER_ERROR, words)
        }
    }
}

/// A file whose name changes with its content.
pub(super) fn asset(content_type: &'static str, bytes: &'static [u8]) -> Response {
    let mut response = with(StatusCode::OK, content_type, bytes);
    let for_ever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, for_ever);
    response
}

/// The metrics, as Prometheus reads them.
pub(super) fn metrics(metrics: &Metrics) -> Response {
    with(
        StatusCode::OK,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        metrics.text(),
    )
}

/// Goes elsewhere after a form.
pub(super) fn see_other(place: &str) -> Response {
    let mut response = with(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    // A place that cannot stand in a header leads to the overview.
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// A page, made off the runtime's threads: it waits for the audit record and reads the journal.
pub(super) async fn page(
    control: Arc<Control>,
    page: Page,
    form: Form,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let frame = frame(
        &control,
        &headers,
        &uri.path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
    );
    let shared = Arc::clone(&control);
    let made = tokio::task::spawn_blocking(move || {
        let permit = page::permit(&shared, &page)?;
        page::render(&shared, &page, form, &frame, permit.as_ref())
    })
    .await;
    match made {
        Ok(Ok(html)) => with(StatusCode::OK, "text/html; charset=utf-8", html),
        Ok(Err(refused)) => refusal(&control, &headers, refused.status, refused.what),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            refusal(
                &control,
                &headers,
                500,
                "The page could not be made. The log says why.",
            )
        }
    }
}

/// A page that says what is wrong.
pub(super) fn refusal(control: &Control, headers: &HeaderMap, status: u16, what: &str) -> Response {
    let frame = frame(control, headers, "/");
    let refusal = Refusal {
        status,
        what: what.to_owned(),
        reference: String::new(),
    };
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    with(
        code,
        "text/html; charset=utf-8",
        ui::refusal_page(&frame, &refusal),
    )
}

/// What every page carries.
pub(super) fn frame(control: &Control, headers: &HeaderMap, path: &str) -> Frame {
    Frame {
        now_us: control.clock.now().micros(),
        zone: control
            .config
            .sources
            .get("default")
            .map(|source| source.zone.clone())
            .unwrap_or_default(),
        site: control.site.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        viewer: super::audit::OPERATOR.to_owned(),
        path: path.to_owned(),
        theme: Theme::parse(cookie(headers, "theme").unwrap_or_default()),
        csrf: control.csrf.clone(),
        alarms: troubles(control),
    }
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get(header::COOKIE)?.to_str().ok()?;
    all.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// What keeps this process from doing its work, in words.
pub(super) fn troubles(control: &Control) -> Vec<String> {
    let status = control.journal.status();
    let mut troubles = Vec::new();
    if let Some(why) = &status.poisoned {
        troubles.push(format!(
            "The journal has stopped and nothing is taken in: {why}. Restart the process."
        ));
    }
    match status.disk {
        journal::Disk::Enough => {}
        journal::Disk::Low => troubles.push("The disk of the journal is getting full.".to_owned()),
        journal::Disk::Full => troubles.push(
            "The disk of the journal is full: senders are told to send again later.".to_owned(),
        ),
    }
    for stage in control
        .stages
        .iter()
        .filter(|stage| stage.failing.load(Ordering::Relaxed))
    {
        let error = stage
            .error
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        troubles.push(format!("The station {} is failing. {error}", stage.name));
    }
    troubles.extend(control.tasks.faults());
    troubles.extend(crate::heartbeat::set_back(control).map(|why| {
        format!("What is told by the clock, such as that an alert waits, is not told: {why}. Set the clock right.")
    }));
    for stage in &control.stages {
        let missing = stage.missing.load(Ordering::Relaxed);
        if missing > 0 {
            troubles.push(format!("The station {} never saw {missing} records: retention removed them first. Lengthen journal.retention.", stage.name));
        }
    }
    if status.counters.removed_unread_records > 0 {
        troubles.push(format!(
            "Retention removed {} records that a station had not read. Lengthen journal.retention.",
            status.counters.removed_unread_records
        ));
    }
    for name in control.tasks.ended_early() {
        troubles.push(format!("The part {name} has ended in a defect and does nothing any more. Restart the process; the log says where."));
    }
    if control.stages.is_empty() && !control.journal.is_shared() {
        troubles.push("Only intake runs: messages are kept, nothing is concluded from them and nobody is alerted.".to_owned());
    }
    troubles.extend(reaching_nobody(control));
    troubles
}

/// Why alerts reach nobody: there is no way, or the ways that there are have been given up.
fn reaching_nobody(control: &Control) -> Vec<String> {
    let mut troubles = Vec::new();
    if control.config.roles.has(Role::Alerts) && control.config.delivery.is_empty() {
        troubles.push("No channel is configured: alerts are raised, and nobody is told of them. Add [delivery.NAME] to the configuration.".to_owned());
    }
    let views = control.views.read();
    let now = control.clock.now();
    let (mut given_up, mut late) = (Unreached::default(), Unreached::default());
    for view in views.alerts.values() {
        given_up.count(&view.alert, views.unreached(&view.alert));
        late.count(&view.alert, views.late(&view.alert, now));
    }
    troubles.extend(given_up.told("were given up by"));
    troubles.extend(late.told("were not brought by their deadline by"));
    troubles
}

/// Open alerts that channels did not bring.
#[derive(Default)]
struct Unreached<'v> {
    open: u64,
    critical: u64,
    channels: BTreeSet<&'v str>,
}

impl<'v> Unreached<'v> {
    fn count(&mut self, alert: &clinical::Alert, channels: BTreeSet<&'v str>) {
        if !channels.is_empty() {
            self.open += 1;
            self.critical += u64::from(alert.severity == Severity::Critical);
            self.channels.extend(channels);
        }
    }

    fn told(self, what: &str) -> Option<String> {
        let channels = Vec::from_iter(self.channels).join(", ");
        let Self { open, critical, .. } = self;
        (open > 0).then(|| format!("Open alerts that {what} {channels}: {open}, of them critical: {critical}. Tell whom they concern, and see why at /alerts."))
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    troubles: Vec<String>,
}

/// Whether senders may send here: 200, or 503 with the reasons.
pub(super) fn ready(control: &Control) -> Response {
    let status = control.journal.status();
    let ready = status.poisoned.is_none() && status.disk != journal::Disk::Full;
    let body = serde_json::to_vec(&Ready {
        ready,
        troubles: troubles(control),
    })
    .expect("words always make JSON");
    with(
        if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        },
        "application/json",
        body,
    )
}
