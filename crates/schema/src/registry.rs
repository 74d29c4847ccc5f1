//! Subjects, versions and ids, as a function of the records that say what was registered.
//!
//! A [`Registry`] is fed with the records of one compacted topic and answers from them. What changes something is
//! decided without changing anything: a [`Decision`] holds the answer and the records that make it true, and it is
//! true once these were written and fed back. The id of a schema is derived from the schema itself, so that every
//! instance and every site gives the same one without asking another.

mod change;
mod record;
mod refusal;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::compatibility::{self, Break, Language, Mode, Policy, Schema, Version};

pub use change::{Decision, Registered};
pub use record::{Change, Damaged};
pub use refusal::Refusal;

/// The longest name of a subject, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 255;

/// What holds for a subject, or for all that have nothing of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which readers must not break.
    pub mode: Mode,
    /// Whether what a schema allows without naming it counts as written.
    pub policy: Policy,
}

impl Default for Settings {
    /// All that is kept must stay readable; and only what a schema names was written, since who writes here is known.
    fn default() -> Self {
        Self {
            mode: Mode::BackwardTransitive,
            policy: Policy::Lenient,
        }
    }
}

/// What may be done with a subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    #[default]
    ReadWrite,
    /// Nothing that changes it.
    ReadOnly,
    /// Schemas are taken with the ids and versions they had elsewhere, unchecked.
    Import,
}

impl Access {
    const ALL: [(&'static str, Self); 3] = [
        ("READWRITE", Self::ReadWrite),
        ("READONLY", Self::ReadOnly),
        ("IMPORT", Self::Import),
    ];

    /// Gives its name as registries write it.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, known)| *known == self);
        found.map_or("", |(name, _)| name)
    }

    /// Reads its name as registries write it, in capitals or not.
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::ALL
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, access)| *access)
    }
}

/// Which version of a subject is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The last one.
    Latest,
    /// The one of this number.
    Number(u32),
}

impl Which {
    /// Reads `latest`, `-1` or a number from 1 on.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "latest" | "-1" => Ok(Self::Latest),
            _ => match text.parse::<u32>() {
                Ok(number) if number > 0 && i32::try_from(number).is_ok() => {
                    Ok(Self::Number(number))
                }
                _ => Err(Refusal::InvalidVersion(text.to_owned())),
            },
        }
    }
}

/// Which versions count: those that are there, those deleted for now as well, or only these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those that are there.
    #[default]
    Present,
    /// Those deleted for now as well.
    WithDeleted,
    /// Only those deleted for now.
    OnlyDeleted,
}

impl Scope {
    const fn has(self, deleted: bool) -> bool {
        match self {
            Self::Present => !deleted,
            Self::WithDeleted => true,
            Self::OnlyDeleted => deleted,
        }
    }
}

/// A version of a subject, with its schema.
#[derive(Clone, Copy, Debug)]
pub struct Found<'r> {
    /// The subject.
    pub subject: &'r str,
    /// The version's number.
    pub version: u32,
    /// The schema's id.
    pub id: u32,
    /// The schema.
    pub schema: &'r Schema,
    /// Whether it is deleted for now.
    pub deleted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u32,
    deleted: bool,
    /// Whether its record's key names the id; those of the first programs do not.
    keyed: bool,
}

impl Entry {
    /// What tells its record from others of the same version.
    fn key(&self) -> Option<u32> {
        self.keyed.then_some(self.id)
    }
}

#[derive(Clone, Debug)]
struct Late {
    version: u32,
    entry: Entry,
    schema: Schema,
}

#[derive(Clone, Debug, Default)]
struct Subject {
    versions: BTreeMap<u32, Entry>,
    /// What was registered as a version that another one was by then, in the order in which it was written.
    late: Vec<Late>,
    settings: Option<Settings>,
    access: Option<Access>,
}

/// All that was registered.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    schemas: BTreeMap<u32, Schema>,
    subjects: BTreeMap<String, Subject>,
    settings: Option<Settings>,
    access: Option<Access>,
}

impl Registry {
    /// Lists the subjects by name.
    pub fn subjects(&self, scope: Scope) -> Vec<&str> {
        let has = |subject: &Subject| {
            let mut entries = subject.versions.values();
            match scope {
                // A subject is deleted when none of its versions is there.
                Scope::OnlyDeleted => {
                    !subject.versions.is_empty() && entries.all(|entry| entry.deleted)
                }
                _ => entries.any(|entry| scope.has(entry.deleted)),
            }
        };
        let found = self.subjects.iter().filter(|(_, subject)| has(subject));
        found.map(|(name, _)| name.as_str()).collect()
    }

    /// Lists the versions of a subject.
    ///
    /// # Errors
    /// When there is no such subject.
    pub fn versions(&self, subject: &str, scope: Scope) -> Result<Vec<u32>, Refusal> {
        let entries = self.entries(subject)?.iter();
        let found: Vec<u32> = entries
            .filter(|(_, entry)| scope.has(entry.deleted))
            .map(|(version, _)| *version)
            .collect();
        if found.is_empty() {
            return Err(Refusal::NoSubject(subject.to_owned()));
        }
        Ok(found)
    }

    /// Gives a version of a subject.
    ///
    /// # Errors
    /// When there is no such subject or version.
    pub fn version(&self, subject: &str, which: Which, scope: Scope) -> Result<Found<'_>, Refusal> {
        let versions = self.versions(subject, scope)?;
        let number = match which {
            Which::Latest => versions.last().copied(),
            Which::Number(number) => versions.contains(&number).then_some(number),
        };
        let found = number.and_then(|number| self.found(subject, number));
        found.ok_or(Refusal::NoVersion(which))
    }

    /// Gives the schema of an id.
    ///
    /// # Errors
    /// When no schema has it.
    pub fn schema(&self, id: u32) -> Result<&Schema, Refusal> {
        self.schemas.get(&id).ok_or(Refusal::NoSchema)
    }

    /// Lists where the schema of an id is used.
    ///
    /// # Errors
    /// When no schema has it.
    pub fn uses(&self, id: u32, scope: Scope) -> Result<Vec<(&str, u32)>, Refusal> {
        self.schema(id)?;
        let all = self.subjects.iter().flat_map(|(name, subject)| {
            let versions = subject.versions.iter();
            versions.map(move |(version, entry)| (name.as_str(), *version, entry))
        });
        let found = all.filter(|(_, _, entry)| entry.id == id && scope.has(entry.deleted));
        Ok(found.map(|(name, version, _)| (name, version)).collect())
    }

    /// Finds a schema among the versions of a subject.
    ///
    /// # Errors
    /// When there is no such subject, or none of its versions is this schema.
    pub fn lookup(
        &self,
        subject: &str,
        schema: &Schema,
        scope: Scope,
    ) -> Result<Found<'_>, Refusal> {
        let versions = self.versions(subject, scope)?;
        let mut found = versions
            .iter()
            .rev()
            .filter_map(|version| self.found(subject, *version));
        found
            .find(|found| is_same(found.schema, schema))
            .ok_or(Refusal::NoSchema)
    }

    /// Gives what holds for a subject: its own, or what holds for all.
    pub fn settings(&self, subject: Option<&str>) -> Settings {
        let own = subject.and_then(|subject| self.own_settings(subject));
        own.or(self.settings).unwrap_or_default()
    }

    /// Gives what holds for a subject alone.
    pub fn own_settings(&self, subject: &str) -> Option<Settings> {
        self.subjects.get(subject)?.settings
    }

    /// Gives what may be done with a subject: its own, or what holds for all.
    pub fn access(&self, subject: Option<&str>) -> Access {
        let own = subject.and_then(|subject| self.own_access(subject));
        own.or(self.access).unwrap_or_default()
    }

    /// Gives what may be done with a subject where it has that of its own.
    pub fn own_access(&self, subject: &str) -> Option<Access> {
        self.subjects.get(subject)?.access
    }

    /// Lists what a schema would break beside the versions of a subject that its mode looks at.
    pub fn check(&self, subject: &str, schema: &Schema) -> Vec<Break> {
        let settings = self.settings(Some(subject));
        let versions = self.present(subject);
        compatibility::check(settings.mode, settings.policy, schema, &versions)
    }

    /// Lists what a schema would break beside one version of a subject.
    ///
    /// # Errors
    /// When there is no such subject or version.
    pub fn check_one(
        &self,
        subject: &str,
        which: Which,
        schema: &Schema,
    ) -> Result<Vec<Break>, Refusal> {
        let found = self.version(subject, which, Scope::Present)?;
        let settings = self.settings(Some(subject));
        let version = Version {
            number: found.version,
            schema: found.schema,
        };
        Ok(compatibility::check(
            settings.mode,
            settings.policy,
            schema,
            &[version],
        ))
    }

    fn present(&self, subject: &str) -> Vec<Version<'_>> {
        let versions = self.versions(subject, Scope::Present).unwrap_or_default();
        let found = versions
            .iter()
            .filter_map(|number| self.found(subject, *number));
        found
            .map(|found| Version {
                number: found.version,
                schema: found.schema,
            })
            .collect()
    }

    fn entries(&self, subject: &str) -> Result<&BTreeMap<u32, Entry>, Refusal> {
        let found = self.subjects.get(subject).map(|subject| &subject.versions);
        found
            .filter(|versions| !versions.is_empty())
            .ok_or_else(|| Refusal::NoSubject(subject.to_owned()))
    }

    fn found(&self, subject: &str, version: u32) -> Option<Found<'_>> {
        let (subject, kept) = self.subjects.get_key_value(subject)?;
        let entry = kept.versions.get(&version)?;
        Some(Found {
            subject,
            version,
            id: entry.id,
            schema: self.schemas.get(&entry.id)?,
            deleted: entry.deleted,
        })
    }

    /// The id that a schema has or would get.
    fn id_of(&self, schema: &Schema) -> u32 {
        let known = self
            .schemas
            .iter()
            .find(|(_, known)| is_same(known, schema));
        if let Some((id, _)) = known {
            return *id;
        }
        let mut id = derived_id(schema);
        while self.schemas.contains_key(&id) {
            id = if id >= ID_MAX {
                1
            } else {
                id.saturating_add(1)
            };
        }
        id
    }
}

/// Ids are positive numbers of four bytes with a sign: clients read them as such.
const ID_MAX: u32 = 0x7fff_ffff;

fn derived_id(schema: &Schema) -> u32 {
    let mut hash = Sha256::new();
    hash.update(schema.language().name());
    hash.update([0]);
    hash.update(schema.canonical());
    let digest = hash.finalize();
    let first = digest.first_chunk::<4>().copied().unwrap_or_default();
    (u32::from_be_bytes(first) & ID_MAX).max(1)
}

fn is_same(a: &Schema, b: &Schema) -> bool {
    a.language() == b.language() && a.canonical() == b.canonical()
}

/// Reads a schema as a request brings it; without a type it is Avro, as everywhere.
///
/// # Errors
/// When the type is not known or the text is no schema of it.
pub fn parse(schema_type: Option<&str>, text: &str) -> Result<Schema, Refusal> {
    let name = schema_type.unwrap_or(Language::Avro.name());
    let language = Language::parse(name).ok_or_else(|| {
        Refusal::InvalidSchema(format!("schema type {name} is not known: AVRO, JSON"))
    })?;
    Schema::parse(language, text).map_err(|error| Refusal::InvalidSchema(error.to_string()))
}

#[cfg(test)]
mod tests;
