//! Which documents are about one matter: those that share a number, directly or through others.

use std::collections::BTreeSet;

use clinical::payer::{DocumentKind, Link};

use super::state::Held;

const MINUTE_US: i64 = 60 * 1_000_000;

/// The documents of one matter, in the order of their own times.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) documents: Vec<&'a Held>,
}

impl<'a> Case<'a> {
    /// Names it by the document that was made first, and no word of its. X12 states minutes: of two that were made within one it is
    /// the one that came first, so that no name changes by what comes by another way.
    pub(crate) fn name(&self) -> String {
        let minute = |held: &&&Held| held.at().micros().div_euclid(MINUTE_US);
        let order = |held: &&&Held| (minute(held), held.first_known);
        let first = self.documents.iter().min_by_key(order);
        let resource = first.map_or(0, |held| held.document.resource);
        format!("{resource:016x}")
    }

    /// The claim as it was sent last; of two that were made at one time the one that stands in place of another.
    pub(crate) fn claim(&self) -> Option<&'a Held> {
        let all = self.of(DocumentKind::Claim);
        all.max_by_key(|held| (held.at(), !held.document.replaces.is_empty()))
    }

    /// Its documents of one kind.
    pub(crate) fn of(&self, kind: DocumentKind) -> impl Iterator<Item = &'a Held> {
        self.documents
            .iter()
            .copied()
            .filter(move |held| held.document.kind == kind)
    }
}

/// Puts documents of the given kinds together.
pub(crate) fn cases<'a>(documents: &[&'a Held], kinds: &[DocumentKind]) -> Vec<Case<'a>> {
    let mut found: Vec<(BTreeSet<Link>, Vec<&'a Held>)> = Vec::new();
    for held in documents {
        if !kinds.contains(&held.document.kind) {
            continue;
        }
        let (mut links, mut own) = (links(held), vec![*held]);
        let (joined, apart) = found
            .into_iter()
            .partition(|(others, _): &(BTreeSet<Link>, _)| !others.is_disjoint(&links));
        found = apart;
        for (others, documents) in joined {
            links.extend(others);
            own.extend(documents);
        }
        found.push((links, own));
    }
    let mut all: Vec<Case<'a>> = found
        .into_iter()
        .map(|(_, mut documents)| {
            documents.sort_by_key(|held| (held.at(), held.document.kind, held.event));
            Case { documents }
        })
        .collect();
    all.sort_by_key(Case::name);
    all
}

fn links(held: &Held) -> BTreeSet<Link> {
    let document = &held.document;
    let all = document.links.iter().chain(&document.replaces);
    all.copied().collect()
}
