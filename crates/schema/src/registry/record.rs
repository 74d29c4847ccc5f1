//! The records that a registry is made of: JSON keys and values of one compacted topic, in a format with a number.

use serde::{Deserialize, Serialize};

use super::{Access, Entry, Found, Late, Registry, Settings};
use crate::compatibility::{Language, Mode, Policy, Schema};

/// The number of the format.
const FORMAT: u32 = 1;

/// A record to be written; without a value it deletes what its key named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Option<Vec<u8>>,
}

/// A record is not one of a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record is none of a schema registry: {0}; was something else written to its topic?")]
pub struct Damaged(pub String);

#[derive(Serialize, Deserialize)]
struct Key {
    keytype: Sort,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// Of the schema: two that are registered as one version at the same moment do not overwrite each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    magic: u32,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Sort {
    Schema,
    Config,
    Mode,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SchemaValue {
    subject: String,
    version: u32,
    id: u32,
    schema_type: String,
    schema: String,
    deleted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigValue {
    compatibility_level: String,
    compatibility_policy: String,
}

#[derive(Serialize, Deserialize)]
struct ModeValue {
    mode: String,
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("words and numbers always make JSON")
}

fn key(keytype: Sort, subject: Option<&str>) -> Vec<u8> {
    json(&Key {
        keytype,
        subject: subject.map(str::to_owned),
        version: None,
        id: None,
        magic: FORMAT,
    })
}

fn version_key(subject: &str, version: u32, id: Option<u32>) -> Vec<u8> {
    json(&Key {
        keytype: Sort::Schema,
        subject: Some(subject.to_owned()),
        version: Some(version),
        id,
        magic: FORMAT,
    })
}

/// A version of a subject, there or deleted for now. `keyed` is whether its key names the schema, as that of every new one does.
pub(super) fn version(found: &Found<'_>, keyed: bool) -> Change {
    Change {
        key: version_key(found.subject, found.version, keyed.then_some(found.id)),
        value: Some(json(&SchemaValue {
            subject: found.subject.to_owned(),
            version: found.version,
            id: found.id,
            schema_type: found.schema.language().name().to_owned(),
            schema: found.schema.text().to_owned(),
            deleted: found.deleted,
        })),
    }
}

/// A version that is gone for ever, or that came too late.
pub(super) fn no_version(subject: &str, version: u32, id: Option<u32>) -> Change {
    Change {
        key: version_key(subject, version, id),
        value: None,
    }
}

pub(super) fn settings(subject: Option<&str>, settings: Option<Settings>) -> Change {
    Change {
        key: key(Sort::Config, subject),
        value: settings.map(|settings| {
            json(&ConfigValue {
                compatibility_level: settings.mode.name().to_owned(),
                compatibility_policy: settings.policy.name().to_owned(),
            })
        }),
    }
}

pub(super) fn access(subject: Option<&str>, access: Option<Access>) -> Change {
    Change {
        key: key(Sort::Mode, subject),
        value: access.map(|access| {
            json(&ModeValue {
                mode: access.name().to_owned(),
            })
        }),
    }
}

impl Registry {
    /// Takes in a record of the topic, in the order in which they were written.
    ///
    /// # Errors
    /// When it is no record of a registry, or one of a newer program.
    pub fn apply(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Damaged> {
        let key: Key = read(key)?;
        if key.magic != FORMAT {
            return Err(Damaged(format!(
                "its format is {}, this program reads {FORMAT}: use the newer program",
                key.magic
            )));
        }
        match key.keytype {
            Sort::Schema => self.apply_schema(&key, value),
            Sort::Config => {
                let settings = value.map(read_settings).transpose()?;
                match key.subject {
                    Some(subject) => self.subjects.entry(subject).or_default().settings = settings,
                    None => self.settings = settings,
                }
                Ok(())
            }
            Sort::Mode => {
                let access = value.map(read_access).transpose()?;
                match key.subject {
                    Some(subject) => self.subjects.entry(subject).or_default().access = access,
                    None => self.access = access,
                }
                Ok(())
            }
        }
    }

    fn apply_schema(&mut self, key: &Key, value: Option<&[u8]>) -> Result<(), Damaged> {
        let (Some(subject), Some(version)) = (key.subject.as_deref(), key.version) else {
            return Err(Damaged("a schema has a subject and a version".to_owned()));
        };
        let Some(value) = value else {
            self.remove(subject, version, key.id);
            return Ok(());
        };
        let value: SchemaValue = read(value)?;
        let language = Language::parse(&value.schema_type)
            .ok_or_else(|| Damaged(format!("{} is no schema type", value.schema_type)))?;
        let schema = Schema::parse(language, &value.schema)
            .map_err(|error| Damaged(format!("{subject} version {version}: {error}")))?;
        let entry = Entry {
            id: value.id,
            deleted: value.deleted,
            keyed: key.id.is_some(),
        };
        let kept = self.subjects.entry(subject.to_owned()).or_default();
        if kept
            .versions
            .get(&version)
            .is_some_and(|first| first.key() != entry.key())
        {
            // Two were registered as one version at the same moment: the first one is it.
            let new = Late {
                version,
                entry,
                schema,
            };
            match kept.late.iter_mut().find(|late| late.has(version, key.id)) {
                Some(late) => *late = new,
                None => kept.late.push(new),
            }
            return Ok(());
        }
        kept.versions.insert(version, entry);
        self.schemas.entry(value.id).or_insert(schema);
        Ok(())
    }

    /// Where a version that came too late was never taken back, it is the version when the first one is gone: so it is for whoever
    /// reads the topic later, too.
    fn remove(&mut self, subject: &str, version: u32, key: Option<u32>) {
        let Some(kept) = self.subjects.get_mut(subject) else {
            return;
        };
        kept.late.retain(|late| !late.has(version, key));
        let first = kept.versions.get(&version);
        if first.is_some_and(|first| first.key() == key) {
            kept.versions.remove(&version);
            let next = kept.late.iter().position(|late| late.version == version);
            if let Some(next) = next {
                let late = kept.late.remove(next);
                kept.versions.insert(version, late.entry);
                self.schemas.entry(late.entry.id).or_insert(late.schema);
            }
        }
        self.forget_unused();
    }

    /// What no version names any more is gone.
    fn forget_unused(&mut self) {
        let used: std::collections::BTreeSet<u32> = self
            .subjects
            .values()
            .flat_map(|subject| subject.versions.values().map(|entry| entry.id))
            .collect();
        self.schemas.retain(|id, _| used.contains(id));
    }
}

impl Late {
    fn has(&self, version: u32, key: Option<u32>) -> bool {
        self.version == version && self.entry.key() == key
    }
}

fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Damaged> {
    serde_json::from_slice(bytes).map_err(|error| Damaged(error.to_string()))
}

fn read_settings(value: &[u8]) -> Result<Settings, Damaged> {
    let value: ConfigValue = read(value)?;
    match (
        Mode::parse(&value.compatibility_level),
        Policy::parse(&value.compatibility_policy),
    ) {
        (Some(mode), Some(policy)) => Ok(Settings { mode, policy }),
        _ => Err(Damaged(format!(
            "{} {} is no compatibility",
            value.compatibility_level, value.compatibility_policy
        ))),
    }
}

fn read_access(value: &[u8]) -> Result<Access, Damaged> {
    let value: ModeValue = read(value)?;
    Access::parse(&value.mode).ok_or_else(|| Damaged(format!("{} is no mode", value.mode)))
}
