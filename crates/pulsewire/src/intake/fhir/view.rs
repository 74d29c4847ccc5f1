//! How resources stand while several things are asked at once: the index, and on top of it what was decided so far.

use std::collections::HashMap;

use clinical::{PatientKey, SiteKey};

use super::asked::{Asked, Criteria, Interaction, Refusal};
use super::identity::{self, About, Keyed};
use super::index::{Entry, Error, Index, Key, State, identifiers_of, name, token};
use crate::intake::sources::Source;

/// The index with what was decided on top of it.
pub(super) struct View<'a> {
    index: &'a Index,
    site: &'a SiteKey,
    source: &'a Source,
    states: HashMap<Key, State>,
    /// The names of what was looked at and what it is found by.
    names: Vec<Key>,
}

/// The resource that is meant, and what it is now.
pub(super) struct Named {
    pub(super) name: Key,
    pub(super) id: String,
    /// Nothing where there never was one.
    pub(super) before: Option<State>,
}

/// What something that is asked comes to.
pub(super) enum Target {
    Is(Named),
    Unchanged(Option<Entry>),
    Refused(Refusal),
}

impl<'a> View<'a> {
    pub(super) fn new(index: &'a Index, site: &'a SiteKey, source: &'a Source) -> Self {
        Self {
            index,
            site,
            source,
            states: HashMap::new(),
            names: Vec::new(),
        }
    }

    pub(super) fn names(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.names)
    }

    pub(super) fn set(&mut self, name: Key, state: State) {
        self.states.insert(name, state);
    }

    /// The resource of the index, where nothing was decided about it.
    pub(super) fn entry(&self, name: &Key) -> Result<Option<Entry>, Error> {
        match self.states.contains_key(name) {
            true => Ok(None),
            false => self.index.get(name),
        }
    }

    /// Finds the resource that is meant and says whether what is asked of it can be done.
    pub(super) fn target(&mut self, one: &Asked) -> Result<Target, Error> {
        let found = match &one.criteria {
            None => None,
            Some(criteria) => {
                let mut matches = self.matches(one.resource_type, criteria)?;
                if matches.len() > 1 {
                    return Ok(Target::Refused(Refusal::several()));
                }
                Some(matches.pop())
            }
        };
        match (one.interaction, found) {
            (Interaction::Create, Some(Some((name, _)))) => Ok(match self.entry(&name)? {
                Some(entry) => Target::Unchanged(Some(entry)),
                None => Target::Refused(Refusal::twice()),
            }),
            (Interaction::Create, _) => self.new_one(one),
            (Interaction::Update, None) => self.update(one, one.id.clone()),
            (Interaction::Update, Some(Some((_, id)))) => self.update(one, Some(id)),
            (Interaction::Update, Some(None)) => {
                let id = one.own_id().or_else(|| one.id.clone());
                self.update(one, id)
            }
            (Interaction::Delete, Some(None)) => Ok(Target::Unchanged(None)),
            (Interaction::Delete, Some(Some((_, id)))) => self.delete(one, id),
            (Interaction::Delete, None) => self.delete(one, one.id.clone().unwrap_or_default()),
        }
    }

    fn new_one(&mut self, one: &Asked) -> Result<Target, Error> {
        let id = one.id.clone().unwrap_or_default();
        if one.is_new {
            let name = name(self.site, &self.source.name, one.resource_type, &id);
            self.names.push(name);
            return Ok(Target::Is(Named {
                name,
                id,
                before: None,
            }));
        }
        let named = self.named(one.resource_type, id)?;
        let Some(before) = named.before.as_ref().filter(|before| before.version > 0) else {
            return Ok(Target::Is(named));
        };
        // The same creation again: its sender did not hear the first answer.
        let bytes = one.with_id(&named.id);
        let same = bytes.is_ok_and(|bytes| super::hash(&bytes) == before.hash);
        Ok(match (same, self.entry(&named.name)?) {
            (true, Some(entry)) => Target::Unchanged(Some(entry)),
            _ => Target::Refused(Refusal::used_key()),
        })
    }

    fn update(&mut self, one: &Asked, id: Option<String>) -> Result<Target, Error> {
        let id = id.unwrap_or_default();
        if one.own_id().is_some_and(|own| own != id) {
            return Ok(Target::Refused(Refusal::other_id()));
        }
        let named = self.named(one.resource_type, id)?;
        let is_there = named.before.as_ref().is_some_and(|before| !before.deleted);
        Ok(match wrong_version(one, &named) {
            Some(refusal) => Target::Refused(refusal),
            None if one.must_be_new && is_there => Target::Refused(Refusal::is_there()),
            None => Target::Is(named),
        })
    }

    fn delete(&mut self, one: &Asked, id: String) -> Result<Target, Error> {
        let named = self.named(one.resource_type, id)?;
        if let Some(refusal) = wrong_version(one, &named) {
            return Ok(Target::Refused(refusal));
        }
        let is_there = named.before.as_ref().is_some_and(|before| !before.deleted);
        Ok(match is_there {
            true => Target::Is(named),
            false => Target::Unchanged(None),
        })
    }

    fn named(&mut self, resource_type: &str, id: String) -> Result<Named, Error> {
        let name = name(self.site, &self.source.name, resource_type, &id);
        let before = self.state(&name)?;
        self.names.push(name);
        // It may lose them: then who looks for them must wait.
        self.names
            .extend(before.iter().flat_map(|before| &before.identifiers));
        Ok(Named { name, id, before })
    }

    fn state(&self, name: &Key) -> Result<Option<State>, Error> {
        match self.states.get(name) {
            Some(state) => Ok(Some(state.clone())),
            None => Ok(self.index.get(name)?.map(|entry| entry.state)),
        }
    }

    /// The resources that are found by criteria: name and id.
    fn matches(
        &mut self,
        resource_type: &str,
        criteria: &Criteria,
    ) -> Result<Vec<(Key, String)>, Error> {
        let source = &*self.source.name;
        match criteria {
            Criteria::Id(id) => {
                let name = name(self.site, source, resource_type, id);
                self.names.push(name);
                let there = self.state(&name)?.filter(|state| !state.deleted);
                Ok(there.map(|_| (name, id.clone())).into_iter().collect())
            }
            Criteria::Identifier(tokens) => {
                let mut found: Vec<(Key, String)> = Vec::new();
                for wanted in tokens {
                    let key = token(self.site, source, resource_type, wanted);
                    found.extend(self.having(key)?);
                }
                found.sort_unstable();
                found.dedup();
                Ok(found)
            }
        }
    }

    /// The resources that are found by one identifier.
    fn having(&mut self, key: Key) -> Result<Vec<(Key, String)>, Error> {
        self.names.push(key);
        let listed = self.index.having(&key)?.into_iter();
        let mut found: Vec<_> = listed
            .map(|entry| (entry.state.name(self.site), entry.state.id.to_string()))
            .filter(|(name, _)| !self.states.contains_key(name))
            .collect();
        let decided = self
            .states
            .iter()
            .filter(|(_, state)| !state.deleted && state.identifiers.contains(&key));
        found.extend(decided.map(|(name, state)| (*name, state.id.to_string())));
        self.names.extend(found.iter().map(|(name, _)| *name));
        Ok(found)
    }

    /// The pseudonyms of a resource's identifiers.
    pub(super) fn identifiers(&self, one: &Asked) -> Vec<Key> {
        let source = &*self.source.name;
        let pairs = one.identifiers.iter();
        let keys =
            pairs.flat_map(|pair| identifiers_of(self.site, source, one.resource_type, pair));
        let mut keys: Vec<Key> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whom a resource is about, as the key of its record.
    pub(super) fn key(&mut self, one: &Asked, target: &Named) -> Result<Keyed, Error> {
        let (site, source) = (self.site, self.source);
        match identity::about(one.resource_type, &one.bytes, source) {
            About::Nobody => Ok(Keyed::of(PatientKey::from_bytes(target.name))),
            About::Identified(patient) => {
                let key = patient.key(site);
                let is_patient = one.resource_type == "Patient";
                let before = target.before.as_ref().filter(|_| is_patient);
                let retired = before
                    .map(|before| before.key)
                    .filter(|before| *before != key);
                Ok(Keyed {
                    retired,
                    ..Keyed::of(key)
                })
            }
            About::Unidentified => {
                // Once it was known by an identifier, it stays known by that.
                let before = target.before.as_ref().map(|before| before.key);
                let unknown = || identity::unidentified(site, &source.name, &target.id);
                Ok(Keyed::of(before.unwrap_or_else(unknown)))
            }
            About::Patient(id) => self.of_patient(&id),
            About::Found(query) => {
                let found = match Criteria::parse(&query) {
                    Ok(criteria) => self.matches("Patient", &criteria)?,
                    Err(_) => Vec::new(),
                };
                match found.as_slice() {
                    [(_, id)] => self.of_patient(id),
                    _ => Ok(Keyed::of(PatientKey::from_bytes(target.name))),
                }
            }
        }
    }

    /// What is about a patient by the source's own id is keyed as that patient is.
    fn of_patient(&mut self, id: &str) -> Result<Keyed, Error> {
        let name = name(self.site, &self.source.name, "Patient", id);
        if let Some(state) = self.state(&name)? {
            return Ok(Keyed::of(state.key));
        }
        self.names.push(name);
        let key = identity::unidentified(self.site, &self.source.name, id);
        let placeholder = identity::placeholder(&self.source.name, id, key);
        Ok(Keyed {
            placeholder: Some((name, placeholder)),
            ..Keyed::of(key)
        })
    }
}

fn wrong_version(one: &Asked, named: &Named) -> Option<Refusal> {
    let wanted = one.if_match?;
    let before = named.before.as_ref().filter(|before| !before.deleted);
    match before.map(|before| before.version) {
        Some(version) if version == wanted => None,
        there => Some(Refusal::other_version(there)),
    }
}
