//! Visits that get another number or another patient, and what is known of them by both.

use clinical::{EventId, PatientKey};
use formats::fhir::read::Raw;

use super::apply::Writer;
use super::awaited::Awaited;
use super::bytes::{Decoder, Encoder};
use super::merge::send;
use super::snapshot::Snapshot;
use super::snapshot::stay::Stay;
use super::splice::{as_old, readdressed, replaced};
use super::split::Notice;
use super::state::{Renamed, State, VERSION_4};
use super::{Outputs, RawInfo, Reason, Refusal};
use crate::draft::{Draft, Effect, Element};

/// A visit of one patient that is another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage<'a> {
    /// The Encounter's id where it was.
    pub before: &'a str,
    /// The Encounter's id where it belongs.
    pub now: &'a str,
}

/// An account of one patient that is another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedAccount<'a> {
    /// The Account's id where it was.
    pub id: &'a str,
    /// Its number.
    pub number: &'a str,
}

/// A visit is known by another number from now on: what was known of it goes to that.
pub(super) fn supersede(writer: &mut Writer<'_>, state: &mut State, draft: &Draft) {
    let Some(now) = target(draft, "partOf", "Encounter/") else {
        return;
    };
    let known = state
        .renamed
        .iter()
        .any(|renamed| renamed.before == draft.id);
    if known || *now == *draft.id {
        writer.outputs.unchanged += 1;
        return;
    }
    let times = (draft.event_time, draft.recorded);
    let old = state.take_stay(&draft.id);
    let before = old.as_ref().map(|stay| stay.snapshot.clone());
    let mut gone = before.clone().unwrap_or_else(|| Snapshot::new(&draft.id));
    if before.is_none() {
        gone.apply(draft, writer.raw.message_time);
    }
    retire(&mut gone, &now, writer.raw);
    writer.visit(before.as_ref(), &mut gone, times);
    let identifiers = before.as_ref().unwrap_or(&gone).get("identifier");
    let identifiers = as_old(identifiers.unwrap_or_default());
    if let Some(mut stay) = state.take_stay(&now) {
        let before = stay.snapshot.clone();
        match &old {
            Some(old) => stay.absorb(old),
            None => {
                let mut unknown = Stay::new(&draft.id);
                unknown.snapshot.add_old(&identifiers);
                stay.follow(&unknown);
            }
        }
        stay.snapshot.add_old(&identifiers);
        writer.visit(Some(&before), &mut stay.snapshot, times);
        if let Some(old) = &old {
            writer.moments(&old.moments_as(&now));
        }
        state.encounters.push(stay);
    }
    state.rename(Renamed {
        before: draft.id.clone(),
        now,
    });
}

/// A visit was another patient's all along: that one is asked for it.
pub(super) fn ask_for(writer: &mut Writer<'_>, state: &mut State, draft: &Draft) {
    let key = writer.key;
    let from = target(draft, "subject", "Patient/");
    let from = from.as_deref().and_then(PatientKey::parse);
    let Some(from) = from.filter(|from| *from != key && !state.absorbed.contains(from)) else {
        return supersede(writer, state, draft);
    };
    let Some(now) = target(draft, "partOf", "Encounter/") else {
        return;
    };
    let visit = Passage {
        before: &draft.id,
        now: &now,
    };
    send(writer, from, Some(Notice::Release { to: key, visit }));
}

/// An account was another patient's all along: it is stated as that, and its visits are asked for.
pub(super) fn ask_for_account(writer: &mut Writer<'_>, state: &State, draft: &Draft) {
    let from = item(draft, "subject").and_then(|subject| referred(subject, "Patient/"));
    let from = from.as_deref().and_then(PatientKey::parse);
    let number = item(draft, "identifier").and_then(|one| one.get("value").ok()?);
    let number = number.and_then(|value| value.text().ok());
    let is_other = |from: &PatientKey| *from != writer.key && !state.absorbed.contains(from);
    let (Some(from), Some(number)) = (from.filter(is_other), number) else {
        return;
    };
    let to = writer.key;
    let account = NamedAccount {
        id: &draft.id,
        number: &number,
    };
    send(writer, from, Some(Notice::ReleaseAccount { to, account }));
}

/// Gives up a visit that is another patient's: here it was entered in error.
pub(super) fn release(
    key: PatientKey,
    state: &mut State,
    to: PatientKey,
    visit: Passage<'_>,
    raw: &RawInfo<'_>,
) -> Outputs {
    let mut writer = Writer::new(key, raw, &[b"release", visit.before.as_bytes()]);
    give_up(&mut writer, state, to, visit);
    writer.outputs
}

/// Gives up the visits of an account that is another patient's.
pub(super) fn release_account(
    key: PatientKey,
    state: &mut State,
    to: PatientKey,
    account: NamedAccount<'_>,
    raw: &RawInfo<'_>,
) -> Outputs {
    let mut writer = Writer::new(key, raw, &[b"release", account.id.as_bytes()]);
    let reference = format!("\"Account/{}\"", account.id);
    let mut number = b"\"value\":".to_vec();
    number.extend(formats::fhir::json::string(account.number));
    let marks = [reference.as_bytes(), &number];
    let is_of = |stay: &&Stay| {
        let accounts = stay.snapshot.get("account").unwrap_or_default();
        let holds = |mark: &[u8]| accounts.windows(mark.len()).any(|part| part == mark);
        marks.into_iter().any(holds)
    };
    let stays = state.encounters.iter().filter(is_of);
    let stays: Vec<Box<str>> = stays.map(|stay| stay.snapshot.id.clone()).collect();
    for before in &stays {
        let now = EventId::derive(&[to.as_bytes(), b"Encounter", b"moved", before.as_bytes()]);
        let visit = Passage {
            before,
            now: &now.to_string(),
        };
        give_up(&mut writer, state, to, visit);
    }
    writer.outputs
}

pub(super) fn give_up(
    writer: &mut Writer<'_>,
    state: &mut State,
    to: PatientKey,
    visit: Passage<'_>,
) {
    if to == writer.key {
        // The two became one on the way.
        return;
    }
    let raw = *writer.raw;
    let stay = state.take_stay(visit.before);
    let version = match &stay {
        Some(stay) => stay.snapshot.version + 1,
        None => state.version_given_up(visit.before),
    };
    let earlier = state.awaited(visit.before, raw.message_time);
    let one = earlier.unwrap_or_else(|| Awaited {
        before: visit.before.into(),
        now: visit.now.into(),
        to,
        said: raw.message_time,
        version,
    });
    state.wait_for(Awaited { version, ..one });
    let Some(stay) = stay else {
        return;
    };
    let mut handed_over = Encoder::default();
    handed_over.byte(VERSION_4);
    stay.encode(&mut handed_over);
    let before = stay.snapshot;
    let mut gone = before.clone();
    retire(&mut gone, visit.now, &raw);
    let times = (raw.message_time, None);
    writer.visit(Some(&before), &mut gone, times);
    let moved = Notice::Moved {
        from: writer.key,
        visit,
        stay: &handed_over.0,
    };
    send(writer, to, Some(moved));
}

/// Takes in what was known of a visit where it did not belong.
pub(super) fn take_in(
    key: PatientKey,
    state: &mut State,
    (from, visit): (PatientKey, Passage<'_>),
    handed_over: &[u8],
    raw: &RawInfo<'_>,
) -> Result<Outputs, Refusal> {
    let mut fields = Decoder(handed_over);
    let version = fields.byte().filter(|version| *version <= VERSION_4);
    let stay = version.and_then(|version| Stay::decode(&mut fields, version));
    let stay = stay.filter(|_| fields.0.is_empty());
    let Some(mut other) = stay else {
        let detail = "the visit handed over was not written by this program, or by a newer version: upgrade before reading it";
        return Err(Refusal::new(Reason::UnreadableHandover, detail));
    };
    other.rewrite(|json| readdressed(json, from, key));
    let mut writer = Writer::new(key, raw, &[b"moved", visit.before.as_bytes()]);
    let known = state.take_stay(visit.now);
    let before = known.as_ref().map(|stay| stay.snapshot.clone());
    let mut stay = known.unwrap_or_else(|| state.new_stay(visit.now));
    stay.absorb(&other);
    let times = (raw.message_time, None);
    writer.visit(before.as_ref(), &mut stay.snapshot, times);
    writer.moments(&other.moments_as(visit.now));
    state.encounters.push(stay);
    state.rename(Renamed {
        before: visit.before.into(),
        now: visit.now.into(),
    });
    state.remember_source(from);
    // It went on from here before it came.
    if let Some(onward) = state.awaited(visit.now, raw.message_time) {
        give_up(&mut writer, state, onward.to, onward.passage());
    }
    state.trim();
    Ok(writer.outputs)
}

/// Gives a draft with the ids that its visits have now; nothing where it names none that has another.
pub(super) fn renamed(draft: &Draft, state: &State) -> Option<Draft> {
    let gone = matches!(draft.effect, Effect::Superseded | Effect::Moved);
    let mut out: Option<Draft> = None;
    for one in &state.renamed {
        let current = out.as_ref().unwrap_or(draft);
        let is_it = !gone && draft.resource_type == "Encounter" && current.id == one.before;
        let from = format!("Encounter/{}\"", one.before);
        let names = |element: Element<'_>| match element {
            Element::Set(json) | Element::Default(json) => json
                .windows(from.len())
                .any(|window| window == from.as_bytes()),
            Element::Clear => false,
        };
        if !is_it && !current.elements().any(|(_, element)| names(element)) {
            continue;
        }
        let to = format!("Encounter/{}\"", one.now);
        let id = if is_it { &one.now } else { &current.id };
        let next = current.rewritten(id, |name, json| {
            // The number that it still has there is not its own any more.
            let is_own = !(is_it && name == "identifier");
            is_own.then(|| replaced(json, &from, &to))
        });
        out = Some(next);
    }
    out
}

/// Takes in a visit that another identity of the patient had; what was said of it here before is of the same one.
pub(super) fn take_over(writer: &mut Writer<'_>, state: &mut State, mut stay: Stay) {
    let times = (writer.raw.message_time, None);
    let number = stay.snapshot.get("identifier");
    let is_same = |own: &Stay| number.is_some() && own.snapshot.get("identifier") == number;
    match state.encounters.iter().position(is_same) {
        None => {
            writer.visit(None, &mut stay.snapshot, times);
            writer.moments(&stay.moments_as(&stay.snapshot.id));
            state.encounters.push(stay);
        }
        Some(place) => {
            let mut own = state.encounters.remove(place);
            let (known, before) = (stay.snapshot.clone(), own.snapshot.clone());
            let now = own.snapshot.id.clone();
            let mut gone = known.clone();
            retire(&mut gone, &now, writer.raw);
            writer.visit(Some(&known), &mut gone, times);
            own.join(&stay);
            writer.visit(Some(&before), &mut own.snapshot, times);
            writer.moments(&own.moments_as(&now));
            state.encounters.push(own);
            state.rename(Renamed {
                before: known.id,
                now,
            });
        }
    }
}

fn retire(gone: &mut Snapshot, now: &str, raw: &RawInfo<'_>) {
    gone.force("status", b"\"entered-in-error\"", raw.message_time);
    let whole = formats::fhir::json::object(|whole| {
        whole.string("reference", &format!("Encounter/{now}"));
    });
    gone.force("partOf", &whole, raw.message_time);
    gone.as_of = gone.as_of.max(raw.message_time);
}

/// Gives the id that an element of a draft refers to.
fn target(draft: &Draft, name: &str, kind: &str) -> Option<Box<str>> {
    referred(Raw::read(stated(draft, name)?).ok()?, kind)
}

/// Gives the first item of an element of a draft.
fn item<'d>(draft: &'d Draft, name: &str) -> Option<Raw<'d>> {
    Raw::read(stated(draft, name)?).ok()?.items().next()?.ok()
}

fn stated<'d>(draft: &'d Draft, name: &str) -> Option<&'d [u8]> {
    match draft.element(name)? {
        Element::Set(json) | Element::Default(json) => Some(json),
        Element::Clear => None,
    }
}

/// Gives the id that a reference leads to.
fn referred(reference: Raw<'_>, kind: &str) -> Option<Box<str>> {
    let text = reference.get("reference").ok()??.text().ok()?;
    text.strip_prefix(kind).map(Box::from)
}
