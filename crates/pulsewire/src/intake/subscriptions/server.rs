//! The FHIR server whose subscriptions come: asked for what a notification only names, and for what was missed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use formats::fhir::read::Raw;

use crate::clock::{Clock, Stopwatch};
use crate::config::{Subscription, secret};
use crate::delivery::agent;
use crate::retry_after::Again;

/// What each answer must be.
const FHIR_JSON: &str = "application/fhir+json";

/// A server that wants to be left alone for longer is asked after this all the same.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// One server.
pub(super) struct Server {
    agent: ureq::Agent,
    /// Without the slash at its end.
    base: String,
    /// Other addresses by which it names what it has.
    bases: Vec<String>,
    clock: Clock,
    /// Since when and for how long it does not want to be asked.
    pause: Mutex<Option<(Stopwatch, Duration)>>,
    token: Option<String>,
    /// The largest answer.
    size: u64,
    queries: Vec<String>,
}

/// Why it gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("it was deleted")]
    Deleted,
    #[error("its server does not know it")]
    Unknown,
    #[error("no server is configured for it: set server in [subscription.NAME]")]
    Unconfigured,
    #[error("its server answers {0}")]
    Answered(u16),
    #[error("its server does not let us in: it answers {0}")]
    NotLetIn(u16),
    #[error("its server wants to be asked again in {} s", .0.as_secs())]
    Paused(Duration),
    #[error("its server cannot be reached ({0})")]
    Unreachable(String),
    #[error("it is elsewhere than on the server that is configured")]
    Elsewhere,
    #[error("what its server answers is not what was asked for")]
    Strange,
}

impl Server {
    /// Prepares to ask a server; nothing where none is configured.
    pub(super) fn new(
        config: &Subscription,
        size: usize,
        clock: Clock,
    ) -> Result<Option<Self>, String> {
        if config.server.is_empty() {
            return Ok(None);
        }
        let token = config.token_file.as_deref().map(secret).transpose()?;
        Ok(Some(Self {
            agent: agent(&config.server, config.ca.as_deref(), config.timeout)?,
            base: config.server.trim_end_matches('/').to_owned(),
            bases: config.bases.clone(),
            clock,
            pause: Mutex::default(),
            token,
            size: size as u64,
            queries: config.queries.clone(),
        }))
    }

    /// Whether what an address begins with is this server.
    pub(super) fn is_at(&self, base: &str) -> bool {
        let others = self.bases.iter().map(|base| base.trim_end_matches('/'));
        base == self.base || others.into_iter().any(|own| own == base)
    }

    /// What is asked for where its server does not say what happened.
    pub(super) fn queries(&self) -> &[String] {
        &self.queries
    }

    /// The resource that a reference names.
    pub(super) fn read(&self, resource_type: &str, id: &str) -> Result<Vec<u8>, Failure> {
        let bytes = self.get(&format!("{}/{resource_type}/{id}", self.base))?;
        let text = |name: &str| {
            let raw = Raw::read(&bytes).ok()?.get(name).ok().flatten()?;
            Some(raw.text().ok()?.into_owned())
        };
        match (text("resourceType"), text("id")) {
            (Some(kind), Some(own)) if kind == resource_type && own == id => Ok(bytes),
            _ => Err(Failure::Strange),
        }
    }

    /// What happened from one event of a subscription to another.
    pub(super) fn events(
        &self,
        subscription: &str,
        from: u64,
        until: u64,
    ) -> Result<Vec<u8>, Failure> {
        self.get(&format!(
            "{}/Subscription/{subscription}/$events?eventsSinceNumber={from}&eventsUntilNumber={until}&content=full-resource",
            self.base
        ))
    }

    /// The first page of what a query finds that changed at or after a time.
    pub(super) fn changed(&self, query: &str, since: &str) -> Result<Vec<u8>, Failure> {
        let joint = if query.contains('?') { '&' } else { '?' };
        self.get(&format!(
            "{}/{query}{joint}_lastUpdated=ge{since}",
            self.base
        ))
    }

    /// The page that another leads to.
    pub(super) fn page(&self, url: &str) -> Result<Vec<u8>, Failure> {
        let rest = url.strip_prefix(&self.base);
        match rest.is_some_and(|rest| rest.starts_with(['/', '?'])) {
            true => self.get(url),
            false => Err(Failure::Elsewhere),
        }
    }

    fn pause(&self) -> MutexGuard<'_, Option<(Stopwatch, Duration)>> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much longer it does not want to be asked.
    fn paused(&self) -> Option<Duration> {
        let (since, span) = (*self.pause())?;
        span.checked_sub(since.elapsed())
            .filter(|left| !left.is_zero())
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, Failure> {
        if let Some(left) = self.paused() {
            return Err(Failure::Paused(left));
        }
        let mut request = self.agent.get(url).header("Accept", FHIR_JSON);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let unreachable = |error: ureq::Error| Failure::Unreachable(error.to_string());
        let mut answer = request.call().map_err(unreachable)?;
        match answer.status().as_u16() {
            200..=299 => {}
            404 => return Err(Failure::Unknown),
            410 => return Err(Failure::Deleted),
            status @ (401 | 403) => return Err(Failure::NotLetIn(status)),
            status @ (429 | 503) => {
                let Some(again) = Again::of(answer.headers()) else {
                    return Err(Failure::Answered(status));
                };
                let span = again.after(self.clock.now()).min(PAUSE_MAX);
                tracing::warn!(
                    status,
                    seconds = span.as_secs(),
                    "the server of a subscription wants to be asked again later"
                );
                *self.pause() = Some((Stopwatch::start(), span));
                return Err(Failure::Paused(span));
            }
            status => return Err(Failure::Answered(status)),
        }
        let body = answer.body_mut().with_config().limit(self.size);
        body.read_to_vec().map_err(unreachable)
    }
}
