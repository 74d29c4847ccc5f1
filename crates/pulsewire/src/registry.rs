//! The schema registry: our own or one over HTTP, and what is registered there before anything is written by it.

mod ask;
mod client;
mod embedded;
mod ours;
mod rest;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use journal::Journal;
use schema::compatibility::{Language, Mode, Policy, Schema};

use crate::clock::Clock;
use crate::config::Config;

pub(crate) use ask::{Ask, Kept, sentences};
pub(crate) use client::Client;
pub(crate) use embedded::Embedded;
pub(crate) use ours::{Ours, ours};
pub(crate) use rest::routes;

/// The first wait before a registry that could not be reached is asked again; each is twice as long as the one before.
const WAIT_FIRST: Duration = Duration::from_millis(250);
/// The longest such wait.
const WAIT_LONGEST: Duration = Duration::from_secs(8);

/// Why a registry did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{}", .0.message())]
    Refused(schema::registry::Refusal),
    #[error("the schema registry refuses with code {code}: {message}")]
    Answered { code: u32, message: String },
    #[error(
        "the schema registry at {url} cannot be reached: {why}; start it, or correct schema_registry.url"
    )]
    Unreachable { url: String, why: String },
    #[error(
        "{url} answers as no schema registry does: {what}; is schema_registry.url its base address?"
    )]
    Strange { url: String, what: String },
    #[error("schema_registry: {0}")]
    Setting(String),
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error(transparent)]
    Damaged(#[from] schema::registry::Damaged),
    #[error("what was written to the topic of schemas could not be read back in time; ask again")]
    Behind,
    #[error(
        "the schemas of this version would break who reads by others:\n{}\nDeploy readers that take both first, or choose another compatibility for the subject",
        .0.join("\n")
    )]
    Breaks(Vec<String>),
}

impl Error {
    /// Whether it may be otherwise a little later.
    const fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Behind => true,
            Self::Answered { code, .. } => {
                matches!(*code, 429 | 500..=599 | 42_900..=42_999) || *code >= 50_000
            }
            _ => false,
        }
    }

    /// The code that clients of registries know.
    const fn code(&self) -> u32 {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Answered { code, .. } => *code,
            _ => 50_001,
        }
    }
}

/// The ids of the schemas that records are written by, by topic, in the digits in which records carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SchemaIds(Arc<BTreeMap<journal::Topic, Box<str>>>);

impl SchemaIds {
    /// Counts them.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Gives the id of the schema that a topic's records are written by; nothing where none is registered.
    pub(crate) fn of(&self, topic: &str) -> Option<&str> {
        self.0.get(topic).map(|id| &**id)
    }
}

impl FromIterator<(journal::Topic, u32)> for SchemaIds {
    fn from_iter<I: IntoIterator<Item = (journal::Topic, u32)>>(ids: I) -> Self {
        let ids = ids.into_iter();
        Self(Arc::new(
            ids.map(|(topic, id)| (topic, id.to_string().into()))
                .collect(),
        ))
    }
}

/// The registry that the configuration names.
pub(crate) fn open(
    config: &Config,
    journal: &Arc<dyn Journal>,
    clock: Clock,
) -> Result<Box<dyn Ask>, Error> {
    Ok(if config.schema_registry.url.is_empty() {
        Box::new(Embedded::new(Arc::clone(journal), clock))
    } else {
        Box::new(Client::new(&config.schema_registry)?)
    })
}

/// Registers all schemas that records are written by and gives their ids; where one of them would break readers, none
/// is registered and the differences are told. To be called when the journal is open and before a stage starts.
pub(crate) fn prepare(
    config: &Config,
    journal: &Arc<dyn Journal>,
    clock: Clock,
) -> Result<SchemaIds, Error> {
    let settings = &config.schema_registry;
    let registry = open(config, journal, clock)?;
    let ours = ours();
    let ids = patiently(settings.retry_for, || {
        register(&*registry, &ours, settings.compatibility)
    })?;
    for one in &ours {
        tell_of_other_settings(&*registry, &one.subject, settings.compatibility);
    }
    if !settings.url.is_empty() {
        warn_of_refusals_to_come(&*registry, &ours);
    }
    Ok(ids)
}

/// What another registry holds subjects to is told before a later version is refused for it.
fn warn_of_refusals_to_come(registry: &dyn Ask, ours: &[Ours]) {
    match too_strict(registry, ours) {
        Ok(strict) if strict.is_empty() => {}
        Ok(strict) => tracing::warn!(
            subjects = strict.join(", "),
            "the schema registry will refuse the next version that maps further elements; set these subjects to FORWARD_TRANSITIVE there, and schema_registry.compatibility = \"forward_transitive\" here"
        ),
        Err(error) => {
            tracing::warn!(%error, "what the schema registry holds our subjects to is not known");
        }
    }
}

/// The subjects for which a registry would refuse an element that is added to an open object, each with its mode.
fn too_strict(registry: &dyn Ask, ours: &[Ours]) -> Result<Vec<String>, Error> {
    let mut strict = Vec::new();
    // An Avro schema is not open: each new field of it has a default.
    let open = ours
        .iter()
        .filter(|one| one.schema.language() == Language::Json);
    for one in open {
        let settings = registry.settings(&one.subject)?;
        let takes_more = matches!(
            settings.mode,
            Mode::None | Mode::Forward | Mode::ForwardTransitive
        );
        if !takes_more && settings.policy == Policy::Strict {
            strict.push(format!("{} ({})", one.subject, settings.mode.name()));
        }
    }
    Ok(strict)
}

/// Tries again while the registry cannot be reached, as long as the waits are no longer than that together.
fn patiently<T>(limit: Duration, mut work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let (_kept, never) = std::sync::mpsc::sync_channel::<()>(1);
    let (mut waited, mut wait) = (Duration::ZERO, WAIT_FIRST);
    loop {
        match work() {
            Err(error) if error.passes() && waited + wait <= limit => {
                tracing::warn!(%error, "the schema registry is asked again");
                let (Ok(()) | Err(_)) = never.recv_timeout(wait);
                waited += wait;
                wait = (wait * 2).min(WAIT_LONGEST);
            }
            done => return done,
        }
    }
}

/// First it looks at all of them, so that nothing is registered where one breaks.
fn register(registry: &dyn Ask, ours: &[Ours], mode: Mode) -> Result<SchemaIds, Error> {
    let mut ids = Vec::with_capacity(ours.len());
    let mut missing = Vec::new();
    let mut broken = Vec::new();
    for one in ours {
        if let Some(id) = registry.lookup(&one.subject, &one.schema)? {
            ids.push((one.topic.clone(), id));
            continue;
        }
        missing.push(one);
        let lines = breaks(registry, &one.subject, &one.schema)?;
        broken.extend(
            lines
                .into_iter()
                .map(|line| format!("  {}: {line}", one.subject)),
        );
    }
    if !broken.is_empty() {
        return Err(Error::Breaks(broken));
    }
    for one in missing {
        if registry.versions(&one.subject)?.is_empty() {
            // Who governs schemas may have said beforehand what the subject is held to.
            if registry.own_settings(&one.subject)?.is_none() {
                registry.settle(&one.subject, mode)?;
            }
        }
        let id = registry.register(&one.subject, &one.schema)?;
        tracing::info!(subject = one.subject, id, "a schema was registered");
        ids.push((one.topic.clone(), id));
    }
    Ok(ids.into_iter().collect())
}

/// A subject that is there keeps what it is held to, whatever the configuration says of new ones.
fn tell_of_other_settings(registry: &dyn Ask, subject: &str, mode: Mode) {
    if let Ok(settings) = registry.settings(subject)
        && settings.mode != mode
    {
        let (held, configured) = (settings.mode.name(), mode.name());
        tracing::info!(
            subject,
            held,
            configured,
            "the subject is held to its own compatibility; schema_registry.compatibility is for new ones"
        );
    }
}

/// What a schema would break, in words; nothing where the registry would take it.
pub(crate) fn breaks(
    registry: &dyn Ask,
    subject: &str,
    new: &Schema,
) -> Result<Vec<String>, Error> {
    let refused = registry.check(subject, new)?;
    if refused.is_empty() {
        return Ok(refused);
    }
    // Our own words name who breaks; where our rules find nothing, the registry's words stand.
    let told = ask::told(registry, subject, new)?;
    Ok(if told.is_empty() { refused } else { told })
}

#[cfg(test)]
mod tests;
