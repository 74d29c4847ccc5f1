//! What is asked of a registry, be it our own or one over HTTP.

use schema::compatibility::{self, Language, Mode, Policy, Schema, Version};
use schema::registry::{self, Settings};

use super::Error;

/// A version of a subject as a registry keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) version: u32,
    pub(crate) id: u32,
    pub(crate) language: String,
    pub(crate) text: String,
}

impl Kept {
    /// The schema in it.
    pub(crate) fn schema(&self) -> Result<Schema, Error> {
        registry::parse(Some(&self.language), &self.text).map_err(Error::Refused)
    }
}

/// A schema registry.
pub(crate) trait Ask: Send + Sync {
    /// The subjects by name.
    fn subjects(&self) -> Result<Vec<String>, Error>;
    /// The versions of a subject; none where there is no such subject.
    fn versions(&self, subject: &str) -> Result<Vec<u32>, Error>;
    /// A version of a subject; the last one where no number is given.
    fn version(&self, subject: &str, number: Option<u32>) -> Result<Kept, Error>;
    /// The id of a schema under a subject, if it is there.
    fn lookup(&self, subject: &str, schema: &Schema) -> Result<Option<u32>, Error>;
    /// Why a schema would not be taken, in words; nothing where it would.
    fn check(&self, subject: &str, schema: &Schema) -> Result<Vec<String>, Error>;
    /// Registers a schema and gives its id.
    fn register(&self, subject: &str, schema: &Schema) -> Result<u32, Error>;
    /// What holds for a subject.
    fn settings(&self, subject: &str) -> Result<Settings, Error>;
    /// What holds for a subject alone; nothing where it is what holds for all.
    fn own_settings(&self, subject: &str) -> Result<Option<Settings>, Error>;
    /// Sets what holds for a subject that is new.
    fn settle(&self, subject: &str, mode: Mode) -> Result<(), Error>;
}

/// What a schema would break beside the versions that a registry keeps, by our own rules and in our own words.
pub(super) fn told(registry: &dyn Ask, subject: &str, new: &Schema) -> Result<Vec<String>, Error> {
    let settings = registry.settings(subject)?;
    let mut earlier = Vec::new();
    for number in registry.versions(subject)? {
        let kept = registry.version(subject, Some(number))?;
        // A schema that our rules cannot read is left to the registry.
        if let Ok(schema) = kept.schema() {
            earlier.push((number, schema));
        }
    }
    Ok(sentences(settings.mode, settings.policy, new, &earlier))
}

/// What a schema would break beside earlier versions: who reads what, and by what it breaks.
pub(crate) fn sentences(
    mode: Mode,
    policy: Policy,
    new: &Schema,
    earlier: &[(u32, Schema)],
) -> Vec<String> {
    let versions: Vec<Version<'_>> = earlier
        .iter()
        .map(|(number, schema)| Version {
            number: *number,
            schema,
        })
        .collect();
    let breaks = compatibility::check(mode, policy, new, &versions);
    breaks
        .iter()
        .map(|found| {
            format!(
                "{} breaks {}: {}",
                found.difference.kind.name(),
                found.readers.words(),
                found.sentence()
            )
        })
        .collect()
}

/// The language of a schema as a request names it; Avro is the one that goes without saying.
pub(super) fn type_of(schema: &Schema) -> Option<&'static str> {
    Some(schema.language())
        .filter(|language| *language != Language::Avro)
        .map(Language::name)
}
