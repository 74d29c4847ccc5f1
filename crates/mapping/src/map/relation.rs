//! What a message says of two identities or two stays at once: merges, links, renumbered and moved visits.

use std::borrow::Cow;

use clinical::{PatientKey, SiteKey};
use formats::fhir::json;
use formats::hl7v2::{Message, Segment};

use super::link::{hex, id};
use super::piece::pictured;
use super::write::Frame;
use crate::draft::{Draft, Effect, Element};
use crate::identity::{self, PatientIdentifier, Subjects};
use crate::normalize::as_old;
use crate::source::Source;

/// Events whose MRG names the visit that PV1 now is (HL7 v2.5.1, 3.3.42, 3.3.45, 3.3.50, 3.3.51), and those that may give
/// the patient of a visit another class and number (3.3.6, 3.3.7).
const STAYS: [&str; 6] = ["A42", "A45", "A50", "A51", "A06", "A07"];
/// Those of them whose visit stays the same patient's.
const OF_CLASS: [&str; 2] = ["A06", "A07"];
/// Events whose MRG names the account that PID-18 now is (HL7 v2.5.1, 3.3.35, 3.3.36, 3.3.41, 3.3.44, 3.3.49).
const ACCOUNTS: [&str; 5] = ["A35", "A36", "A41", "A44", "A49"];
/// The visit number of a stay before and now, by kind of number: MRG-5 and PV1-19, MRG-6 and PV1-50.
const NUMBERS: [(usize, usize); 2] = [(5, 19), (6, 50)];

/// A message of one patient, and what of it was mapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Related<'a, 'm> {
    pub(crate) message: &'m Message<'m>,
    pub(crate) source: &'a Source,
    pub(crate) site: &'a SiteKey,
    pub(crate) subjects: &'a Subjects,
    /// Under whose ids its resources are mapped.
    pub(crate) key: PatientKey,
    /// Of a merge, the identifiers of the identity that goes: a JSON array of Identifier.
    pub(crate) retired_identifiers: &'a [u8],
}

/// Derives the id of a stay from its number; `kind` says whose number it is: a `visit`'s or an `account`'s.
pub(crate) fn stay_id(patient: PatientKey, kind: &str, authority: &str, number: &str) -> String {
    id(&[
        patient.as_bytes(),
        b"Encounter",
        kind.as_bytes(),
        authority.as_bytes(),
        number.as_bytes(),
    ])
}

/// Derives the id of an account from its number.
fn account_id(patient: PatientKey, authority: &str, number: &str) -> String {
    id(&[
        patient.as_bytes(),
        b"Account",
        authority.as_bytes(),
        number.as_bytes(),
    ])
}

/// Names an account by its number: PID-18, or MRG-3 where it is the one that MRG names.
pub(crate) fn account_name(
    patient: PatientKey,
    anchor: &'static str,
    frame: Frame<'_, '_>,
) -> Option<String> {
    let (segment, field) = match anchor {
        "MRG" => ("MRG", 3),
        _ => ("PID", 18),
    };
    let (authority, number) = number(&frame.segments(segment).next()?, field)?;
    Some(account_id(patient, &authority, &number))
}

/// Adds to the drafts of a message what it says of the other identity or stay.
pub(crate) fn relate(related: &Related<'_, '_>, drafts: &mut Vec<Draft>) {
    let header = related.message.header();
    let event = header.map(|header| header.trigger_event().trim().to_owned());
    let event = event.as_deref().unwrap_or_default();
    if let Subjects::Merge { retired, .. } = related.subjects {
        merge(related, retired.key(related.site), drafts);
    }
    match event {
        "A24" => link(related, Effect::Link, drafts),
        "A37" => link(related, Effect::Unlink, drafts),
        event if STAYS.contains(&event) => stays(related, event, drafts),
        event if ACCOUNTS.contains(&event) => accounts(related, drafts),
        _ => {}
    }
}

/// Who stays replaces who goes, and keeps the identifiers of that as old ones.
fn merge(related: &Related<'_, '_>, retired: PatientKey, drafts: &mut Vec<Draft>) {
    let (key, identifiers) = (related.key, related.retired_identifiers);
    if retired == key {
        return;
    }
    let Some(survivor) = person(related, drafts) else {
        return;
    };
    let mut gone = Draft::new("Patient", &hex(retired.as_bytes()), survivor.event_time, []);
    gone.recorded = survivor.recorded;
    put(survivor, "active", Element::Default(b"true"));
    let replaced = link_to(retired, "replaces");
    put(survivor, "link", Element::Set(&replaced));
    if !identifiers.is_empty() {
        put(&mut gone, "identifier", Element::Set(identifiers));
        add_identifiers(survivor, &as_old(identifiers));
    }
    put(&mut gone, "active", Element::Set(b"false"));
    let replacing = link_to(key, "replaced-by");
    put(&mut gone, "link", Element::Set(&replacing));
    drafts.insert(0, gone);
}

fn link(related: &Related<'_, '_>, effect: Effect, drafts: &mut Vec<Draft>) {
    let Some(other) = other(related) else { return };
    let key = other.key(related.site);
    let Some(person) = person(related, drafts) else {
        return;
    };
    put(person, "link", Element::Set(&link_to(key, "seealso")));
    person.effect = effect;
    let mut named = named(&other, key, person);
    if effect == Effect::Link {
        let back = link_to(related.key, "seealso");
        put(&mut named, "link", Element::Set(&back));
    }
    drafts.insert(0, named);
}

/// Names another person, so that what refers to them leads somewhere; they speak for themselves in messages of their own.
fn named(other: &PatientIdentifier, key: PatientKey, beside: &Draft) -> Draft {
    let identifiers = json::array(|array| {
        array.object(|identifier| {
            identifier.string("value", &pictured(Cow::Borrowed(&other.value)));
            identifier.object("assigner", |assigner| {
                assigner.string("display", &pictured(Cow::Borrowed(&other.authority)));
            });
        });
    });
    let said = [("identifier".into(), Element::Set(&identifiers))];
    let mut draft = Draft::new("Patient", &hex(key.as_bytes()), beside.event_time, said);
    draft.recorded = beside.recorded;
    draft
}

/// Whom MRG names, where that is not the patient.
fn other(related: &Related<'_, '_>) -> Option<PatientIdentifier> {
    let patient = related.subjects.patient()?;
    identity::other(related.message, related.source, patient)
}

/// The visit that MRG names is the one that PV1 names from now on, under this patient.
fn stays(related: &Related<'_, '_>, event: &str, drafts: &mut Vec<Draft>) {
    let key = related.key;
    let message = related.message;
    let (Some(merge), Some(visit)) = (message.segment(b"MRG"), message.segment(b"PV1")) else {
        return;
    };
    let other = other(related).filter(|_| !OF_CLASS.contains(&event));
    let owner = other.as_ref().map_or(key, |owner| owner.key(related.site));
    let stay = drafts
        .iter()
        .find(|draft| draft.resource_type == "Encounter");
    let Some(stay) = stay else { return };
    // Of one without a number nobody said that it is that one.
    if event != "A45" && !identity::is_numbered(&visit) {
        return;
    }
    let stay = stay.clone();
    let class = stay.element("class");
    let (times, now) = ((stay.event_time, stay.recorded), stay.id.clone());
    let owner_named = other.map(|other| named(&other, owner, &stay));
    // The alternate number names a visit only where it has no other.
    let has_number = merge.field(5).is_valued() || visit.field(19).is_valued();
    let numbers = if has_number && event != "A45" { 1 } else { 2 };
    for (prior, _) in NUMBERS.into_iter().take(numbers) {
        let Some((authority, number)) = number(&merge, prior) else {
            continue;
        };
        let before = stay_id(owner, "visit", &authority, &number);
        if before == *now {
            continue;
        }
        let identifier = prior_number("VN", &authority, &number);
        let status = Element::Set(b"\"entered-in-error\"");
        let subject = reference(&format!("Patient/{}", hex(owner.as_bytes())), "");
        let whole = reference(&format!("Encounter/{now}"), "");
        let said = [
            ("identifier", Some(Element::Set(&identifier))),
            ("status", Some(status)),
            ("class", class),
            ("subject", Some(Element::Set(&subject))),
            ("partOf", Some(Element::Set(&whole))),
        ];
        let said = said
            .into_iter()
            .filter_map(|(name, element)| Some((name.into(), element?)));
        let mut draft = Draft::new("Encounter", &before, times.0, said);
        draft.recorded = times.1;
        draft.effect = if owner == key {
            Effect::Superseded
        } else {
            Effect::Moved
        };
        drafts.push(draft);
    }
    if let Some(owner) = owner_named {
        drafts.insert(0, owner);
    }
}

/// The account that MRG names is a part of the one that PID-18 names from now on; of another patient, it is not theirs any more.
fn accounts(related: &Related<'_, '_>, drafts: &mut Vec<Draft>) {
    let message = related.message;
    let (Some(merge), Some(person)) = (message.segment(b"MRG"), message.segment(b"PID")) else {
        return;
    };
    let Some((authority, prior)) = number(&merge, 3) else {
        return;
    };
    let Some(beside) = drafts.iter().find(|draft| draft.resource_type == "Patient") else {
        return;
    };
    let times = (beside.event_time, beside.recorded);
    let is_merged = matches!(related.subjects, Subjects::Merge { .. });
    let other = other(related).filter(|_| !is_merged);
    let owner = other.as_ref().map(|other| other.key(related.site));
    let named = owner
        .zip(other)
        .map(|(key, other)| named(&other, key, beside));
    let key = owner.unwrap_or(related.key);
    let before = account_id(key, &authority, &prior);
    let now =
        number(&person, 18).map(|(authority, number)| account_id(related.key, &authority, &number));
    if now.as_ref() == Some(&before) {
        return;
    }
    let status: &[u8] = match owner {
        Some(_) => b"\"entered-in-error\"",
        None => b"\"inactive\"",
    };
    let identifier = prior_number("AN", &authority, &prior);
    let subject = json::array(|array| {
        array.raw(&reference(&format!("Patient/{}", hex(key.as_bytes())), ""));
    });
    let is_made = |draft: &Draft, id: &str| draft.resource_type == "Account" && *draft.id == *id;
    let now = now.filter(|now| drafts.iter().any(|draft| is_made(draft, now)));
    let whole = now.map(|now| reference(&format!("Account/{now}"), ""));
    let said = [
        ("identifier", Some(&*identifier)),
        ("status", Some(status)),
        ("subject", Some(&*subject)),
        ("partOf", whole.as_deref()),
    ];
    let said = said
        .into_iter()
        .filter_map(|(name, json)| Some((name.into(), Element::Set(json?))));
    let mut draft = Draft::new("Account", &before, times.0, said);
    draft.recorded = times.1;
    draft.effect = owner.map_or(Effect::State, |_| Effect::Moved);
    drafts.retain(|draft| !is_made(draft, &before));
    drafts.push(draft);
    if let Some(named) = named {
        drafts.insert(0, named);
    }
}

/// Gives the authority and number of a visit or account.
fn number(segment: &Segment<'_>, field: usize) -> Option<(String, String)> {
    let field = segment.field(field);
    let found = field
        .repetitions()
        .find(|one| one.component(1).is_valued())?;
    let text = |component: usize| {
        let part = found.component(component).subcomponent(1);
        let text = part.is_valued().then(|| part.text())?;
        Some(pictured(Cow::Borrowed(text.trim())).into_owned())
    };
    Some((text(4).unwrap_or_default(), text(1)?))
}

fn prior_number(kind: &str, authority: &str, number: &str) -> Box<[u8]> {
    let identifiers = json::array(|array| {
        array.object(|identifier| {
            identifier.string("use", "old");
            identifier.object("type", |concept| {
                concept.array("coding", |array| {
                    array.object(|coding| {
                        coding
                            .string("system", "http://terminology.hl7.org/CodeSystem/v2-0203")
                            .string("code", kind);
                    });
                });
            });
            identifier.string("value", number);
            identifier.object("assigner", |assigner| {
                assigner.string("display", authority);
            });
        });
    });
    identifiers.into()
}

/// Gives a reference as JSON.
fn reference(to: &str, display: &str) -> Vec<u8> {
    json::object(|object| {
        object.string("reference", to).string("display", display);
    })
}

fn link_to(other: PatientKey, kind: &str) -> Box<[u8]> {
    let other = reference(&format!("Patient/{}", hex(other.as_bytes())), "");
    let links = json::array(|array| {
        array.object(|link| {
            link.raw("other", &other).string("type", kind);
        });
    });
    links.into()
}

fn person<'d>(related: &Related<'_, '_>, drafts: &'d mut [Draft]) -> Option<&'d mut Draft> {
    let id = hex(related.key.as_bytes());
    let mut people = drafts.iter_mut();
    people.find(|draft| draft.resource_type == "Patient" && *draft.id == *id)
}

fn add_identifiers(person: &mut Draft, old: &[u8]) {
    let all = match person.element("identifier") {
        Some(Element::Set(own)) => crate::normalize::with_old(own, old),
        _ => old.to_vec(),
    };
    put(person, "identifier", Element::Set(&all));
}

/// Sets an element in its place: identifiers first, then whether the resource is in use, links and wholes last.
fn put(draft: &mut Draft, name: &'static str, element: Element<'_>) {
    let mut said: Vec<(Cow<'static, str>, Element<'_>)> = draft
        .elements()
        .filter(|(known, _)| *known != name)
        .map(|(known, element)| (known.clone(), element))
        .collect();
    let first = |known: &str| match name {
        "identifier" => known == "extension",
        "active" => matches!(known, "extension" | "identifier"),
        _ => true,
    };
    let at = said.iter().take_while(|(known, _)| first(known)).count();
    said.insert(at, (name.into(), element));
    *draft = draft.restated(said);
}

#[cfg(test)]
mod tests;
