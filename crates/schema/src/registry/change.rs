//! What changes a registry: decided here, true once its records were written and taken in.

use super::record::{self, Change};
use super::{
    Access, Found, ID_MAX, Refusal, Registry, SUBJECT_BYTES_MAX, Scope, Settings, Which, is_same,
};
use crate::compatibility::Schema;

/// An answer, and the records that make it true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<T> {
    /// The answer.
    pub answer: T,
    /// To be written together; none where nothing changes.
    pub changes: Vec<Change>,
}

/// Where a schema was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The schema's id.
    pub id: u32,
    /// Its version under the subject.
    pub version: u32,
}

impl Registry {
    /// Registers a schema under a subject, unless it is there; with an id or a version only while it imports.
    ///
    /// # Errors
    /// When it would break readers, or the subject's mode or name does not allow it.
    pub fn register(
        &self,
        subject: &str,
        schema: &Schema,
        id: Option<u32>,
        version: Option<u32>,
    ) -> Result<Decision<Registered>, Refusal> {
        if subject.is_empty()
            || subject.len() > SUBJECT_BYTES_MAX
            || subject.chars().any(char::is_control)
        {
            return Err(Refusal::InvalidSubject(subject.to_owned()));
        }
        if let Ok(found) = self.lookup(subject, schema, Scope::Present)
            && id.is_none_or(|id| id == found.id)
        {
            return Ok(Decision {
                answer: Registered {
                    id: found.id,
                    version: found.version,
                },
                changes: vec![],
            });
        }
        self.writable(subject)?;
        let importing = self.access(Some(subject)) == Access::Import;
        if !importing && (id.is_some() || version.is_some()) {
            let mode = self.access(Some(subject)).name();
            let why = format!(
                "subject '{subject}' is in mode {mode}: ids and versions are given only in mode IMPORT"
            );
            return Err(Refusal::NotPermitted(why));
        }
        if !importing {
            let breaks = self.check(subject, schema);
            if !breaks.is_empty() {
                return Err(Refusal::Incompatible(breaks));
            }
        }
        let registered = Registered {
            id: self.free_id(schema, id)?,
            version: version.unwrap_or_else(|| self.next_version(subject)),
        };
        let new = Found {
            subject,
            version: registered.version,
            id: registered.id,
            schema,
            deleted: false,
        };
        let other = self.found(subject, registered.version);
        if let Some(other) = other.filter(|other| other.id != registered.id) {
            let why = format!(
                "version {} of subject '{subject}' is schema {}: delete it for ever first, or give another version",
                other.version, other.id
            );
            return Err(Refusal::NotPermitted(why));
        }
        Ok(Decision {
            answer: registered,
            changes: vec![record::version(&new, self.keyed(subject, new.version))],
        })
    }

    /// Takes back what was registered as a version that another one was by then; to be written before other changes.
    pub fn take_back_late(&self) -> Vec<Change> {
        let all = self.subjects.iter().flat_map(|(subject, kept)| {
            let late = kept.late.iter();
            late.map(move |late| record::no_version(subject, late.version, late.entry.key()))
        });
        all.collect()
    }

    /// Whether the key of a version's record names the schema; that of a new one does.
    fn keyed(&self, subject: &str, version: u32) -> bool {
        let kept = self.subjects.get(subject);
        let entry = kept.and_then(|kept| kept.versions.get(&version));
        entry.is_none_or(|entry| entry.keyed)
    }

    /// The id that was asked for, unless another schema has it; else the schema's own.
    fn free_id(&self, schema: &Schema, asked: Option<u32>) -> Result<u32, Refusal> {
        let Some(id) = asked else {
            return Ok(self.id_of(schema));
        };
        let other = self
            .schemas
            .get(&id)
            .filter(|known| !is_same(known, schema));
        if other.is_some() || id == 0 || id > ID_MAX {
            let why = format!("id {id} is another schema's, or no number from 1 to {ID_MAX}");
            return Err(Refusal::NotPermitted(why));
        }
        Ok(id)
    }

    fn next_version(&self, subject: &str) -> u32 {
        let last = self
            .subjects
            .get(subject)
            .and_then(|subject| subject.versions.last_key_value());
        last.map_or(1, |(version, _)| version.saturating_add(1))
    }

    fn writable(&self, subject: &str) -> Result<(), Refusal> {
        if self.access(Some(subject)) == Access::ReadOnly {
            let why = format!("subject '{subject}' is in mode READONLY");
            return Err(Refusal::NotPermitted(why));
        }
        Ok(())
    }

    /// Deletes a subject for now, or, where that was done before, for ever; gives its versions.
    ///
    /// # Errors
    /// When there is no such subject, or it must be deleted for now before, or was.
    pub fn delete_subject(
        &self,
        subject: &str,
        permanent: bool,
    ) -> Result<Decision<Vec<u32>>, Refusal> {
        self.writable(subject)?;
        let entries = self.entries(subject)?;
        let present: Vec<u32> = self.versions(subject, Scope::Present).unwrap_or_default();
        if permanent {
            if !present.is_empty() {
                return Err(Refusal::SubjectNotDeleted(subject.to_owned()));
            }
            let mut changes: Vec<Change> = entries
                .iter()
                .map(|(version, entry)| record::no_version(subject, *version, entry.key()))
                .collect();
            if self.own_settings(subject).is_some() {
                changes.push(record::settings(Some(subject), None));
            }
            if self.own_access(subject).is_some() {
                changes.push(record::access(Some(subject), None));
            }
            return Ok(Decision {
                answer: entries.keys().copied().collect(),
                changes,
            });
        }
        if present.is_empty() {
            return Err(Refusal::SubjectDeleted(subject.to_owned()));
        }
        let changes = present
            .iter()
            .filter_map(|version| self.deleted(subject, *version))
            .collect();
        Ok(Decision {
            answer: present,
            changes,
        })
    }

    /// Deletes a version for now, or, where that was done before, for ever; gives its number.
    ///
    /// # Errors
    /// When there is no such subject or version, or it must be deleted for now before, or was.
    pub fn delete_version(
        &self,
        subject: &str,
        which: Which,
        permanent: bool,
    ) -> Result<Decision<u32>, Refusal> {
        self.writable(subject)?;
        let scope = match which {
            Which::Latest if !permanent => Scope::Present,
            _ => Scope::WithDeleted,
        };
        let found = self.version(subject, which, scope)?;
        let number = found.version;
        let change = match (permanent, found.deleted) {
            (true, false) => {
                return Err(Refusal::VersionNotDeleted(subject.to_owned(), number));
            }
            (false, true) => return Err(Refusal::VersionDeleted(subject.to_owned(), number)),
            (true, true) => {
                let id = self.keyed(subject, number).then_some(found.id);
                Some(record::no_version(subject, number, id))
            }
            (false, false) => self.deleted(subject, number),
        };
        Ok(Decision {
            answer: number,
            changes: change.into_iter().collect(),
        })
    }

    fn deleted(&self, subject: &str, version: u32) -> Option<Change> {
        let deleted = Found {
            deleted: true,
            ..self.found(subject, version)?
        };
        Some(record::version(&deleted, self.keyed(subject, version)))
    }

    /// Sets what holds for a subject or for all.
    pub fn set_settings(&self, subject: Option<&str>, settings: Settings) -> Decision<Settings> {
        Decision {
            answer: settings,
            changes: vec![record::settings(subject, Some(settings))],
        }
    }

    /// Takes back what holds for a subject or for all; gives what held.
    ///
    /// # Errors
    /// When the subject has nothing of its own.
    pub fn clear_settings(&self, subject: Option<&str>) -> Result<Decision<Settings>, Refusal> {
        let answer = match subject {
            Some(name) => self
                .own_settings(name)
                .ok_or_else(|| Refusal::NoOwnSettings(name.to_owned()))?,
            None => self.settings(None),
        };
        Ok(Decision {
            answer,
            changes: vec![record::settings(subject, None)],
        })
    }

    /// Sets what may be done with a subject or with all.
    pub fn set_access(&self, subject: Option<&str>, access: Access) -> Decision<Access> {
        Decision {
            answer: access,
            changes: vec![record::access(subject, Some(access))],
        }
    }

    /// Takes back what may be done with a subject or with all; gives what held.
    ///
    /// # Errors
    /// When the subject has nothing of its own.
    pub fn clear_access(&self, subject: Option<&str>) -> Result<Decision<Access>, Refusal> {
        let answer = match subject {
            Some(name) => self
                .own_access(name)
                .ok_or_else(|| Refusal::NoOwnAccess(name.to_owned()))?,
            None => self.access(None),
        };
        Ok(Decision {
            answer,
            changes: vec![record::access(subject, None)],
        })
    }
}
