//! What payers' documents say of their members: some of the identifiers that they have, and in an answer nobody's name.

use clinical::EventTime;
use formats::fhir::read::Raw;

use super::snapshot::Snapshot;
use super::splice::{code_of_type, is_old, items, list, member, text};
use crate::draft::{Draft, Effect, Element};

/// What says who somebody is.
const WHO: [&str; 2] = ["name", "birthDate"];

/// Whether an answer names or dates somebody other than who is known: it is of whoever shares a number with them.
pub(super) fn is_other(known: &Snapshot, draft: &Draft) -> bool {
    let said = |name: &str| match draft.element(name) {
        Some(Element::Set(json) | Element::Default(json)) => json,
        _ => b"",
    };
    let (born, known_born) = (said("birthDate"), known.get("birthDate"));
    let is_born_else = !born.is_empty() && known_born.is_some_and(|known| known != born);
    let names = names(known.get("name").unwrap_or_default());
    let said = self::names(said("name"));
    let is_named = said
        .iter()
        .any(|one| names.iter().any(|other| is_name(one, other)));
    is_born_else || (!names.is_empty() && !said.is_empty() && !is_named)
}

/// Takes over what is said of a member; an answer fills who they are, and changes nothing of it.
pub(super) fn apply(now: &mut Snapshot, draft: &Draft, said: EventTime) {
    let is_answer = draft.effect == Effect::Mention;
    let known = now.get("identifier").unwrap_or_default().to_vec();
    if is_answer {
        let is_left = |name: &str| WHO.contains(&name) && now.get(name).is_some();
        let elements = draft.elements().filter(|(name, _)| !is_left(name));
        let rest = draft.restated(elements.map(|(name, element)| (name.clone(), element)));
        now.apply(&rest, said);
    } else {
        now.apply(draft, said);
    }
    if let Some(Element::Set(own)) = draft.element("identifier")
        && !known.is_empty()
    {
        let is_newer = now.get("identifier") != Some(&*known);
        now.force("identifier", &joined(&known, own, is_newer), said);
    }
}

/// Puts identifiers beside those that are known: of one kind those that were said last stand.
fn joined(known: &[u8], own: &[u8], is_newer: bool) -> Vec<u8> {
    let [known, own] = [known, own].map(|all| items(all).collect::<Vec<_>>());
    let has = |all: &[Raw<'_>], one: Raw<'_>| all.iter().any(|other| is_of_kind(*other, one));
    let is_there = |one: Raw<'_>| known.iter().any(|other| other.as_bytes() == one.as_bytes());
    let stays = |one: Raw<'_>| {
        let is_own = own.iter().any(|other| other.as_bytes() == one.as_bytes());
        !is_newer || is_own || !has(&own, one)
    };
    let comes = |one: Raw<'_>| !is_there(one) && (is_newer || !has(&known, one));
    let kept = known.iter().filter(|one| stays(**one));
    let all = kept.chain(own.iter().filter(|one| comes(**one)));
    list(all.map(|one| one.as_bytes()))
}

/// Whether two identifiers are of one system and type; what is an old one is of no kind.
fn is_of_kind(one: Raw<'_>, other: Raw<'_>) -> bool {
    !is_old(one)
        && !is_old(other)
        && text(one, "system") == text(other, "system")
        && code_of_type(one) == code_of_type(other)
}

/// A name as it is compared: the family's, and the first of those given.
struct Name {
    family: String,
    given: String,
}

fn names(json: &[u8]) -> Vec<Name> {
    let name = |one: Raw<'_>| {
        let given = items_of(member(one, "given")).next();
        let given = given.and_then(|given| given.text().ok());
        let given = given.unwrap_or_default();
        Name {
            family: letters(&text(one, "family").unwrap_or_default()),
            given: letters(given.split_whitespace().next().unwrap_or_default()),
        }
    };
    let all = items(json).map(name);
    all.filter(|name| !name.family.is_empty()).collect()
}

/// Whether two names may be one's; who is named by the family alone may be any of it.
fn is_name(one: &Name, other: &Name) -> bool {
    let is_given = one.given.is_empty() || other.given.is_empty() || one.given == other.given;
    one.family == other.family && is_given
}

fn letters(text: &str) -> String {
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_uppercase).collect()
}

fn items_of<'a>(raw: Option<Raw<'a>>) -> impl Iterator<Item = Raw<'a>> {
    raw.into_iter().flat_map(Raw::items).flatten()
}
