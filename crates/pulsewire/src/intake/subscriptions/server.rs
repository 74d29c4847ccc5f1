//! The FHIR server whose subscriptions come: asked for what a notification only names, and for what was missed.

use formats::fhir::read::Raw;

use crate::config::{Subscription, secret};
use crate::delivery::agent;

/// What each answer must be.
const FHIR_JSON: &str = "application/fhir+json";

/// One server.
pub(super) struct Server {
    agent: ureq::Agent,
    /// Without the slash at its end.
    base: String,
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
    #[error("its server cannot be reached ({0})")]
    Unreachable(String),
    #[error("it is elsewhere than on the server that is configured")]
    Elsewhere,
    #[error("what its server answers is not what was asked for")]
    Strange,
}

impl Server {
    /// Prepares to ask a server; nothing where none is configured.
    pub(super) fn new(config: &Subscription, size: usize) -> Result<Option<Self>, String> {
        if config.server.is_empty() {
            return Ok(None);
        }
        let token = config.token_file.as_deref().map(secret).transpose()?;
        Ok(Some(Self {
            agent: agent(&config.server, config.ca.as_deref(), config.timeout)?,
            base: config.server.trim_end_matches('/').to_owned(),
            token,
            size: size as u64,
            queries: config.queries.clone(),
        }))
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

    fn get(&self, url: &str) -> Result<Vec<u8>, Failure> {
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
            status => return Err(Failure::Answered(status)),
        }
        let body = answer.body_mut().with_config().limit(self.size);
        body.read_to_vec().map_err(unreachable)
    }
}
