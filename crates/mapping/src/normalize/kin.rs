//! What is known under the id that another identity of the same patient gave it: the same thing keeps its id after a merge.

use std::collections::{BTreeMap, BTreeSet};

use clinical::PatientKey;

use super::splice::replaced_each;
use super::state::{State, fingerprint};
use crate::draft::Draft;

/// How many other identities of a patient a message is mapped for as well; those that came last are asked first.
pub(super) const MAX_KIN: usize = 16;

impl State {
    /// Gives the other identities of the patient `key` under which a message may speak of what is known.
    ///
    /// Of each, [`State::adopt`] wants the drafts of the message.
    pub fn kin(
        &self,
        key: PatientKey,
        addressed: PatientKey,
    ) -> impl Iterator<Item = PatientKey> + use<> {
        let own = (key != addressed).then_some(key);
        let mut others = [&*self.moved_from, &*self.absorbed].concat();
        others.reverse();
        own.into_iter()
            .chain(others)
            .filter(move |kin| *kin != addressed)
            .take(MAX_KIN)
    }

    /// Gives resources of a message the ids under which they are known, where that is what another identity called them.
    ///
    /// `as_kin` is the same message as mapped for that identity.
    pub fn adopt(&self, drafts: &mut [Draft], as_kin: &[Draft]) {
        let stays = |draft: &&Draft| draft.resource_type != "Patient";
        let others: Vec<&Draft> = as_kin.iter().filter(stays).collect();
        let pairs = drafts.iter().filter(stays).zip(others);
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for (draft, other) in pairs {
            let kind = draft.resource_type;
            let is_known_there = kind == other.resource_type
                && draft.id != other.id
                && self.knows(kind, &other.id)
                && !self.knows(kind, &draft.id);
            if is_known_there {
                names.insert(name(kind, &draft.id), name(kind, &other.id));
            }
        }
        rename(drafts, &names);
    }

    /// Gives results of a message the ids under which they are known, where that is what they are called with the other
    /// coding of their code first. `others` has their ids, each with that other.
    pub fn recognize(&self, drafts: &mut [Draft], others: &[(Box<str>, Box<str>)]) {
        const KIND: &str = "Observation";
        let is_called =
            |(id, other): &&(Box<str>, Box<str>)| !self.knows(KIND, id) && self.knows(KIND, other);
        let called: Vec<_> = others.iter().filter(is_called).collect();
        if called.is_empty() {
            return;
        }
        // Two results of one message are never one.
        let own: BTreeSet<&str> = drafts.iter().map(|draft| &*draft.id).collect();
        let mut claims: BTreeMap<&str, u32> = BTreeMap::new();
        for (_, other) in others {
            *claims.entry(other).or_default() += 1;
        }
        let is_free = |other: &str| !own.contains(other) && claims.get(other) == Some(&1);
        let free = called.into_iter().filter(|(_, other)| is_free(other));
        let names = free.map(|(id, other)| (name(KIND, id), name(KIND, other)));
        let names: BTreeMap<String, String> = names.collect();
        rename(drafts, &names);
    }

    fn knows(&self, kind: &str, id: &str) -> bool {
        if kind == "Encounter" {
            let mut stays = self.encounters.iter();
            let mut renamed = self.renamed.iter();
            return stays.any(|stay| *stay.snapshot.id == *id)
                || renamed.any(|one| *one.before == *id);
        }
        let name = fingerprint(&[kind.as_bytes(), id.as_bytes()]);
        self.versions.contains_key(&name)
    }
}

/// Gives resources other ids, and what refers to them.
fn rename(drafts: &mut [Draft], names: &BTreeMap<String, String>) {
    if names.is_empty() {
        return;
    }
    for draft in drafts {
        let known = names.get(&name(draft.resource_type, &draft.id));
        let known = known.and_then(|known| known.rsplit('/').next());
        let id: Box<str> = match known {
            Some(id) => id.trim_end_matches('"').into(),
            None => draft.id.clone(),
        };
        *draft = draft.rewritten(&id, |_, json| Some(replaced_each(json, names)));
    }
}

/// Names a resource as references do, to the closing quote.
fn name(kind: &str, id: &str) -> String {
    format!("{kind}/{id}\"")
}
