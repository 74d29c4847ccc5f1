//! Merges: what the survivor, the retired identity and everything after it do.

use clinical::{Merge, MergeRole, PatientKey};
use formats::fhir::element::Reference;
use formats::fhir::json;

use super::apply::{self, Writer};
use super::claimed;
use super::snapshot::Snapshot;
use super::splice::{as_old, items, readdressed, with_item, without_item};
use super::split::{Notice, Split};
use super::state::State;
use super::{Input, Output, Outputs, RawInfo, Reason, Refusal, visit};
use crate::draft::{Draft, Effect, Element};

/// The survivor takes another identity in: it says so, and asks that identity to go.
pub(super) fn accept(
    key: PatientKey,
    state: &mut State,
    raw: &RawInfo<'_>,
    drafts: &[Draft],
    (retired, identifiers): (PatientKey, &[u8]),
) -> Result<Outputs, Refusal> {
    if retired == key {
        return Err(self_merge());
    }
    if state.absorbed.contains(&retired) {
        return Ok(apply::message(key, state, raw, drafts));
    }
    state.forget(raw.received_time);
    if !state.remember(raw.message_id, raw.received_time) {
        return Ok(Outputs {
            resent: true,
            ..Outputs::default()
        });
    }
    let mut writer = Writer::new(key, raw, &[b"merge"]);
    apply::all(&mut writer, state, drafts);
    let before = state.patient.clone();
    let mut now = before.clone().unwrap_or_else(|| own_patient(key));
    now.add_old(&as_old(identifiers));
    now.fill("active", b"true");
    link(&mut now, retired, "replaces", raw);
    writer.snapshot(
        "Patient",
        before.as_ref(),
        &mut now,
        (raw.message_time, None),
    );
    state.patient = Some(now);
    state.absorbed.push(retired);
    announce(&mut writer, MergeRole::Survivor, retired, raw);
    send(&mut writer, retired, Some(Notice::Retire { into: key }));
    state.trim();
    Ok(writer.outputs)
}

/// The retired identity goes: it says so, hands over what it knows, and forwards from now on.
pub(super) fn retire(
    key: PatientKey,
    state: &mut State,
    into: PatientKey,
    raw: &RawInfo<'_>,
) -> Outputs {
    if state.merged_into == Some(into) {
        return Outputs::default();
    }
    if into == key || state.absorbed.contains(&into) {
        return stay(key, into, raw, cycle());
    }
    if state.merged_into.is_some() {
        let detail = "the identity was merged into another one before: undo that merge at the source, or merge the two survivors";
        return stay(key, into, raw, Refusal::new(Reason::AlreadyMerged, detail));
    }
    let handed_over = state.encode();
    let mut writer = Writer::new(key, raw, &[b"retire"]);
    let before = state.patient.take();
    let mut now = before.clone().unwrap_or_else(|| own_patient(key));
    now.force("active", b"false", raw.message_time);
    link(&mut now, into, "replaced-by", raw);
    writer.snapshot(
        "Patient",
        before.as_ref(),
        &mut now,
        (raw.message_time, None),
    );
    announce(&mut writer, MergeRole::Retired, into, raw);
    let handover = Notice::Handover {
        from: key,
        state: &handed_over,
    };
    send(&mut writer, into, Some(handover));
    *state = State {
        patient: Some(now),
        merged_into: Some(into),
        absorbed: std::mem::take(&mut state.absorbed),
        ..State::default()
    };
    writer.outputs
}

/// The identity does not go, and tells the one that took it in.
fn stay(key: PatientKey, into: PatientKey, raw: &RawInfo<'_>, refusal: Refusal) -> Outputs {
    let mut writer = Writer::new(key, raw, &[b"stay"]);
    send(&mut writer, into, Some(Notice::Kept { by: key }));
    writer.outputs.refused = Some(refusal);
    writer.outputs
}

/// The survivor takes back that it took an identity in.
pub(super) fn keep(
    key: PatientKey,
    state: &mut State,
    by: PatientKey,
    raw: &RawInfo<'_>,
) -> Outputs {
    let mut writer = Writer::new(key, raw, &[b"keep"]);
    state.absorbed.retain(|absorbed| *absorbed != by);
    // It is in quarantine now, and may be sent through again once what contradicts it is undone.
    state.unremember(raw.message_id);
    if let Some(before) = state.patient.take() {
        let mut now = before.clone();
        let links = without_item(
            now.get("link").unwrap_or_default(),
            &link_to(by, "replaces"),
        );
        now.force("link", &links, raw.message_time);
        let times = (raw.message_time, None);
        writer.snapshot("Patient", Some(&before), &mut now, times);
        state.patient = Some(now);
    }
    writer.outputs
}

/// What arrives for an identity that has gone is sent on to its survivor.
pub(super) fn forward(
    key: PatientKey,
    state: &State,
    input: &Input<'_>,
) -> Result<Outputs, Refusal> {
    let Some(survivor) = state.merged_into else {
        return Ok(Outputs::default());
    };
    if let Input::Merge { retired, .. } = *input {
        if retired == key {
            return Err(self_merge());
        }
        if retired == survivor {
            return Err(cycle());
        }
    }
    let raw = *input.raw();
    let mut writer = Writer::new(key, &raw, &[b"forward"]);
    send(&mut writer, survivor, input.notice());
    Ok(writer.outputs)
}

/// The survivor takes over what a retired identity knew.
pub(super) fn take_over(
    key: PatientKey,
    state: &mut State,
    from: PatientKey,
    handed_over: &[u8],
    raw: &RawInfo<'_>,
) -> Result<Outputs, Refusal> {
    let other = State::decode(handed_over)
        .map_err(|error| Refusal::new(Reason::UnreadableHandover, error.to_string()))?;
    let mut writer = Writer::new(key, raw, &[b"handover", from.as_bytes()]);
    for message in other.messages {
        if !state.messages.iter().any(|(_, known)| *known == message.1) {
            state.messages.push(message);
        }
    }
    for (name, version) in other.versions {
        state.versions.entry(name).or_insert(version);
    }
    for gone in std::iter::once(from).chain(other.absorbed) {
        if !state.absorbed.contains(&gone) {
            state.absorbed.push(gone);
        }
    }
    state.contents.absorb(other.contents);
    for source in other.moved_from {
        state.remember_source(source);
    }
    for one in other.renamed {
        state.rename(one);
    }
    state.gather_from(other.gathered, |json| readdressed(json, from, key));
    state.know_links(other.links);
    for one in other.awaited {
        state.wait_for(one);
    }
    claimed::take_over(&mut writer, state, from, other.claims);
    let times = (raw.message_time, None);
    if let Some(retired) = other.patient {
        let before = state.patient.clone();
        let mut now = before.clone().unwrap_or_else(|| own_patient(key));
        now.absorb(&retired, raw.message_time);
        writer.snapshot("Patient", before.as_ref(), &mut now, times);
        state.patient = Some(now);
    }
    for mut stay in other.encounters {
        if state
            .encounters
            .iter()
            .any(|known| known.snapshot.id == stay.snapshot.id)
        {
            continue;
        }
        stay.rewrite(|json| readdressed(json, from, key));
        visit::take_over(&mut writer, state, stay);
    }
    state.trim();
    Ok(writer.outputs)
}

/// Refuses a message that takes back a link where a merge made the two one: it undoes no merge.
pub(super) fn refuse_unlink(
    key: PatientKey,
    state: &State,
    drafts: &[Draft],
) -> Result<(), Refusal> {
    let own = std::iter::once(&key).chain(&state.absorbed);
    let links: Vec<_> = own.map(|one| link_to(*one, "seealso")).collect();
    let is_one = |draft: &Draft| match draft.element("link") {
        Some(Element::Set(said)) => {
            items(said).any(|one| links.iter().any(|link| link == one.as_bytes()))
        }
        _ => false,
    };
    let mut unlinks = drafts.iter().filter(|draft| draft.effect == Effect::Unlink);
    match unlinks.any(is_one) {
        false => Ok(()),
        true => Err(Refusal::new(Reason::MergedNotLinked, UNMERGED)),
    }
}

const UNMERGED: &str = "the two were merged (A40), not linked (A24), and no message undoes a merge: have the source merge the wrong results and stays away by messages of their own (A43, A44, A45), or state and correct them anew under the number that they belong to";

fn own_patient(key: PatientKey) -> Snapshot {
    Snapshot::new(&key.to_string())
}

fn link(patient: &mut Snapshot, other: PatientKey, kind: &str, raw: &RawInfo<'_>) {
    let links = patient.get("link").unwrap_or_default();
    let links = with_item(links, &link_to(other, kind));
    patient.force("link", &links, raw.message_time);
}

fn link_to(other: PatientKey, kind: &str) -> Vec<u8> {
    let reference = format!("Patient/{other}");
    json::object(|link| {
        let other = Reference {
            reference: &reference,
            ..Reference::default()
        };
        link.one("other", &other).string("type", kind);
    })
}

fn announce(writer: &mut Writer<'_>, role: MergeRole, other: PatientKey, raw: &RawInfo<'_>) {
    let event_id = writer.next_id();
    writer.outputs.records.push(Output::Merge {
        event_id,
        merge: Merge { role, other },
        event_time: raw.message_time,
    });
}

/// Says something to another key because of the message, or sends the message itself on to it.
pub(super) fn send(writer: &mut Writer<'_>, key: PatientKey, notice: Option<Notice<'_>>) {
    let raw = *writer.raw;
    writer.outputs.records.push(Output::Split {
        key,
        bytes: Split { raw, notice }.encode(),
    });
}

fn self_merge() -> Refusal {
    let detail =
        "the message merges an identity into itself: PID-3 and MRG-1 name the same patient";
    Refusal::new(Reason::SelfMerge, detail)
}

fn cycle() -> Refusal {
    let detail = "the message merges an identity into one that was merged into it before: ask the source which of the two stays";
    Refusal::new(Reason::MergeCycle, detail)
}
