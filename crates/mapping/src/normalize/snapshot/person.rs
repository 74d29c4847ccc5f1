//! A patient of whom a message speaks that does not register them: what it says fills gaps, and takes no identifier away.

use std::borrow::Cow;
use std::cmp::Reverse;

use clinical::EventTime;
use formats::fhir::read::Raw;

use super::super::splice::{
    as_old, code_of_type, is_old, is_same_identifier, items, list, member, text,
};
use super::{DEFAULT, Field, Known, Snapshot};
use crate::draft::{Draft, Element, Part};

/// How many identifiers are kept that are only mentioned; the one that was said least recently goes first.
pub(in crate::normalize) const MAX_MENTIONED: usize = 64;

pub(super) const IDENTIFIER: &str = "identifier";
const ACTIVE: &str = "active";
/// What stands for the field of identifiers that are only mentioned.
const MENTIONED: &str = "mentioned";

/// All that is only mentioned was said before this, in its order: whatever is said otherwise is newer.
const REGISTERED: EventTime = EventTime::from_micros(i64::MIN / 4);
/// What another identity of the patient was registered with: less than is said of this one, more than a mention.
const LENT: EventTime = EventTime::from_micros(i64::MIN / 8);

/// Gives when something was said that is only mentioned.
fn in_passing(said: EventTime) -> EventTime {
    let most = i64::MAX / 8;
    EventTime::from_micros(i64::MIN / 2 + said.micros().clamp(-most, most))
}

/// Gives when something that another identity of the patient was said to be counts as said of this one.
pub(super) fn lent(said: EventTime) -> EventTime {
    if is_registered(said) { LENT } else { DEFAULT }
}

/// Says whether something was said otherwise than in passing.
fn is_registered(said: EventTime) -> bool {
    said > REGISTERED
}

/// An identifier that is only mentioned, and when.
type Mentioned = (EventTime, Box<[u8]>);

impl Snapshot {
    /// Takes over what is said of a patient by whoever does not register them.
    pub(in crate::normalize) fn mention_person(&mut self, draft: &Draft, said: EventTime) {
        let others = draft.elements().filter(|(name, _)| *name != IDENTIFIER);
        let others = draft.restated(others.map(|(name, element)| (name.clone(), element)));
        self.apply(&others, in_passing(said));
        self.as_of = self.as_of.max(said);
        if let Some(Element::Set(own) | Element::Default(own)) = draft.element(IDENTIFIER) {
            let own = items(own).map(|one| (said, one.as_bytes().into()));
            self.add_mentioned(own.collect());
        }
    }

    /// Says whether anything was said of the patient since by whoever registers them.
    pub(in crate::normalize) fn is_registered_after(&self, said: EventTime) -> bool {
        let mut known = self.elements.iter();
        known.any(|known| known.said > said)
    }

    /// Takes back that the person was deleted (A29); who states them whole says that themselves.
    pub(in crate::normalize) fn revive(&mut self, said: EventTime) {
        if self.get(ACTIVE) == Some(b"false") && self.all_else().is_none() {
            self.set(ACTIVE, b"true", said);
        }
    }

    /// Takes over the identifiers that another identity of the patient had: a merge names those that are old, and one of another kind
    /// than those that are known here stays in use.
    pub(super) fn lend_identifiers(&mut self, theirs: &[u8], said: EventTime) {
        let known = self.get(IDENTIFIER).unwrap_or_default().to_vec();
        let listed = self.said(IDENTIFIER).filter(|listed| *listed <= said);
        let is_old = |one: &Raw<'_>| {
            let kind = Kind::of(*one);
            let is_of_kind = items(&known).any(|other| Kind::of(other) == kind);
            kind.is_old || listed.is_none() || is_of_kind
        };
        let (old, lent): (Vec<_>, Vec<_>) = items(theirs).partition(is_old);
        self.add_old(&as_old(&list(old.iter().map(|one| one.as_bytes()))));
        let lent = lent.iter().map(|one| (said, one.as_bytes().into()));
        self.add_mentioned(lent.collect());
    }

    /// Takes out the identifiers that are only mentioned.
    pub(super) fn take_mentioned(&mut self) -> Vec<Mentioned> {
        let mut mentioned = Vec::new();
        let Some(at) = self
            .elements
            .iter()
            .position(|one| *one.name == *IDENTIFIER)
        else {
            return mentioned;
        };
        let Some(known) = self.elements.get_mut(at) else {
            return mentioned;
        };
        let mut all = items(&known.value);
        let mut stays = Vec::new();
        for field in &known.fields {
            let own = all.by_ref().take(field.part.count);
            match &*field.part.field {
                MENTIONED => mentioned.extend(own.map(|one| (field.said, one.as_bytes().into()))),
                _ => stays.extend(own),
            }
        }
        stays.extend(all);
        if mentioned.is_empty() {
            return mentioned;
        }
        known.value = list(stays.into_iter().map(Raw::as_bytes)).into();
        known.fields.retain(|field| *field.part.field != *MENTIONED);
        if known.value.is_empty() && known.said == DEFAULT {
            self.elements.remove(at);
        }
        mentioned
    }

    /// Adds identifiers that are only mentioned to those that are not: where nobody said which they are since, each of a kind of which
    /// none is registered.
    pub(super) fn add_mentioned(&mut self, more: Vec<Mentioned>) {
        let before = self.take_mentioned();
        let listed = self.said(IDENTIFIER).filter(|said| is_registered(*said));
        let known = self.elements.iter().find(|one| *one.name == *IDENTIFIER);
        let known = known.cloned().unwrap_or_else(|| Known {
            name: IDENTIFIER.into(),
            value: Box::default(),
            said: DEFAULT,
            fields: Vec::new(),
        });
        let registered: Vec<_> = items(&known.value).collect();
        let stands = |(said, one): &Mentioned| {
            let Ok(raw) = Raw::read(one) else {
                return false;
            };
            let is_it = |other: &Raw<'_>| {
                is_same_identifier(raw, *other)
                    || listed.is_some() && Kind::of(*other) == Kind::of(raw)
            };
            listed.is_none_or(|listed| listed <= *said) && !registered.iter().any(is_it)
        };
        let mut added: Vec<Mentioned> = before.into_iter().filter(&stands).collect();
        // What a message says twice is known twice.
        let kept = added.len();
        for (said, one) in more.into_iter().filter(&stands) {
            let mut others = added.iter_mut().take(kept);
            match others.find(|(_, other)| is_same(&one, other)) {
                Some((last, _)) => *last = said.max(*last),
                None => added.push((said, one)),
            }
        }
        while added.len() > MAX_MENTIONED {
            let places = added.iter().enumerate();
            let oldest = places.min_by_key(|(at, (said, _))| (*said, Reverse(*at)));
            let Some((at, _)) = oldest else { break };
            added.remove(at);
        }
        if !added.is_empty() {
            let value = put_between(&known, &registered, &added);
            self.place(value);
        }
    }
}

/// Puts identifiers behind those whose fields are known, and before those of none.
fn put_between(known: &Known, registered: &[Raw<'_>], added: &[Mentioned]) -> Known {
    let of_fields = known.fields.iter().map(|field| field.part.count).sum();
    let (before, after) = registered.split_at(registered.len().min(of_fields));
    let [before, after] = [before, after].map(|all| all.iter().map(|one| one.as_bytes()));
    let mentioned = added.iter().map(|(_, one)| &**one);
    let value = list(before.chain(mentioned).chain(after));
    let mentions = added.iter().map(|(said, _)| Field {
        part: Part {
            at: u8::MAX,
            field: MENTIONED.into(),
            count: 1,
        },
        said: *said,
    });
    Known {
        value: value.into(),
        fields: known.fields.iter().cloned().chain(mentions).collect(),
        ..known.clone()
    }
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (Raw::read(one), Raw::read(other)) {
        (Ok(one), Ok(other)) => is_same_identifier(one, other),
        _ => false,
    }
}

/// What tells kinds of identifiers apart.
#[derive(PartialEq, Eq)]
struct Kind<'a> {
    system: Option<Cow<'a, str>>,
    assigner: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    is_old: bool,
}

impl<'a> Kind<'a> {
    fn of(identifier: Raw<'a>) -> Self {
        Self {
            system: text(identifier, "system"),
            assigner: member(identifier, "assigner").and_then(|by| text(by, "display")),
            code: code_of_type(identifier),
            is_old: is_old(identifier),
        }
    }
}
