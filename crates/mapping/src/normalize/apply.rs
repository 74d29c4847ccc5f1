//! What one message says, taken over resource by resource.

use std::borrow::Cow;

use clinical::{EventId, EventTime, PatientKey, RecordedTime};
use formats::fhir::definition::{Definition, Element as FhirElement};
use formats::fhir::read::Raw;

use super::snapshot::statements::{Moment, Statement};
use super::snapshot::{DEFAULT, Snapshot, resource_json};
use super::splice::{readdressed, with_item, without_item};
use super::state::{State, Version, content, fingerprint};
use super::{Output, Outputs, RawInfo, Shows, member, visit, way};
use crate::draft::{Draft, Effect, Element};

/// The rank of what should never have been sent: whatever else is said of it, it stays that.
const IN_ERROR: u8 = 9;

/// The records that one input leads to, each with the next name.
pub(super) struct Writer<'a> {
    /// What tells this input from others of the same message and patient.
    cause: Vec<u8>,
    pub(super) key: PatientKey,
    pub(super) raw: &'a RawInfo<'a>,
    ordinal: u32,
    /// The statement that the next resource shows, where that is not this message's.
    pub(super) shows: Option<Shows>,
    pub(super) outputs: Outputs,
}

impl<'a> Writer<'a> {
    pub(super) fn new(key: PatientKey, raw: &'a RawInfo<'a>, cause: &[&[u8]]) -> Self {
        Self {
            cause: cause.concat(),
            key,
            raw,
            ordinal: 0,
            shows: None,
            outputs: Outputs::default(),
        }
    }

    pub(super) fn next_id(&mut self) -> EventId {
        let ordinal = self.ordinal.to_be_bytes();
        self.ordinal += 1;
        let (message, key) = (self.raw.message_id.as_bytes(), self.key.as_bytes());
        EventId::derive(&[message, key, &self.cause, &ordinal])
    }

    pub(super) fn resource(
        &mut self,
        (resource_type, id): (&str, &str),
        json: Vec<u8>,
        (event_time, recorded): (EventTime, Option<RecordedTime>),
    ) {
        let event_id = self.next_id();
        self.outputs.records.push(Output::Resource {
            event_id,
            resource_type: resource_type.into(),
            id: id.into(),
            json,
            event_time,
            recorded,
            shows: self.shows,
        });
    }

    /// Tells how a visit stood before it became another, or another's.
    pub(super) fn moments(&mut self, moments: &[Moment]) {
        for moment in moments {
            self.moment(moment);
        }
    }

    /// Tells how a visit stood at a moment.
    fn moment(&mut self, moment: &Moment) {
        let event_id = self.next_id();
        self.outputs.records.push(Output::Moment {
            event_id,
            json: moment.snapshot.to_json("Encounter"),
            event_time: moment.at,
            shows: moment.shows,
        });
    }

    /// Writes a snapshot as its next version, where it says anything else than before.
    pub(super) fn snapshot(
        &mut self,
        resource_type: &str,
        before: Option<&Snapshot>,
        now: &mut Snapshot,
        times: (EventTime, Option<RecordedTime>),
    ) {
        if before.is_some_and(|before| before.says_the_same(now)) {
            self.outputs.unchanged += 1;
            return;
        }
        now.version += 1;
        let json = now.to_json(resource_type);
        self.resource((resource_type, &now.id), json, times);
    }

    /// Writes a visit that became another, or another's: that says nothing of where they are, which was said before.
    pub(super) fn visit(
        &mut self,
        before: Option<&Snapshot>,
        now: &mut Snapshot,
        times: (EventTime, Option<RecordedTime>),
    ) {
        let said = now.as_of;
        let known = said > DEFAULT;
        self.shows = known.then(|| Shows {
            said,
            ..Shows::by(self.raw)
        });
        self.snapshot("Encounter", before, now, times);
        self.shows = None;
    }
}

/// Takes over a message, unless it was seen before.
pub(super) fn message(
    key: PatientKey,
    state: &mut State,
    raw: &RawInfo<'_>,
    drafts: &[Draft],
) -> Outputs {
    state.forget(raw.received_time);
    if !state.remember(raw.message_id, raw.received_time) {
        return Outputs {
            resent: true,
            ..Outputs::default()
        };
    }
    let mut writer = Writer::new(key, raw, &[b"message"]);
    all(&mut writer, state, drafts);
    state.trim();
    writer.outputs
}

/// Takes over every draft.
pub(super) fn all(writer: &mut Writer<'_>, state: &mut State, drafts: &[Draft]) {
    let (key, addressed) = (writer.key, writer.raw.addressed);
    let forwarded = addressed != key;
    let came = (writer.raw.way, writer.raw.received_time);
    let settled = way::settle(state, drafts, came);
    for (draft, content) in drafts.iter().zip(&settled.keys) {
        let draft = if forwarded {
            Cow::Owned(for_survivor(draft, addressed, key))
        } else {
            Cow::Borrowed(draft)
        };
        let draft = match visit::renamed(&draft, state) {
            Some(renamed) => Cow::Owned(renamed),
            None => draft,
        };
        let draft = settled.renamed(&draft).map_or(draft, Cow::Owned);
        let draft = draft.as_ref();
        match (draft.resource_type, draft.effect) {
            ("Patient", _) if *draft.id == *key.to_string() => {
                patient(writer, state, draft, forwarded);
            }
            // The other side of a merge speaks for itself.
            ("Patient", _) => {}
            ("Encounter", Effect::Superseded) => visit::supersede(writer, state, draft),
            ("Encounter", Effect::Moved) => visit::ask_for(writer, state, draft),
            ("Encounter", _) => encounter(writer, state, draft),
            ("Account", Effect::Moved) => {
                visit::ask_for_account(writer, state, draft);
                // Whose it was may never have been heard of, and it is not theirs.
                let others = draft.elements().filter(|(name, _)| *name != "subject");
                let said = others.map(|(name, element)| (name.clone(), element));
                stated_whole(writer, state, &draft.restated(said), None);
            }
            // One a message, and never stated again: there is no version to remember.
            ("Provenance", _) => stated_once(writer, draft),
            _ => stated_whole(writer, state, draft, *content),
        }
    }
}

/// Makes what was said of a retired identity speak of its survivor.
fn for_survivor(draft: &Draft, addressed: PatientKey, key: PatientKey) -> Draft {
    let is_own = draft.resource_type == "Patient" && *draft.id == *addressed.to_string();
    let id = if is_own {
        key.to_string()
    } else {
        draft.id.to_string()
    };
    draft.rewritten(&id, |_, json| Some(readdressed(json, addressed, key)))
}

fn patient(writer: &mut Writer<'_>, state: &mut State, draft: &Draft, forwarded: bool) {
    let before = state.patient.clone();
    let is_mention = draft.effect == Effect::Mention;
    if is_mention
        && draft.is_of_some
        && before
            .as_ref()
            .is_some_and(|known| member::is_other(known, draft))
    {
        writer.outputs.unchanged += 1;
        return;
    }
    let mut now = before.clone().unwrap_or_else(|| Snapshot::new(&draft.id));
    let said = writer.raw.message_time;
    if forwarded {
        // What is still sent under the retired identity fills gaps, but does not overrule the survivor's own.
        let mut other = Snapshot::new(&draft.id);
        match is_mention {
            true => other.mention_person(draft, said),
            false => other.apply(draft, said),
        }
        now.absorb(&other, said);
    } else if draft.is_of_some {
        member::apply(&mut now, draft, said);
    } else if is_mention {
        now.mention_person(draft, said);
    } else {
        let stands = now.is_registered_after(said);
        now.apply(draft, said);
        match draft.effect {
            Effect::Delete if !stands => _ = now.set("active", b"false", said),
            // Whoever is registered again after it is one of the patients.
            Effect::State => now.revive(said),
            _ => {}
        }
    }
    relink(&mut now, state, draft, writer);
    let times = (draft.event_time, draft.recorded);
    writer.snapshot("Patient", before.as_ref(), &mut now, times);
    state.patient = Some(now);
}

/// Links the person to another, or takes that back, where nothing newer was said of it.
fn relink(now: &mut Snapshot, state: &mut State, draft: &Draft, writer: &Writer<'_>) {
    let change = match draft.effect {
        Effect::Link => with_item,
        Effect::Unlink => without_item,
        _ => return,
    };
    let Some(Element::Set(said)) = draft.element("link") else {
        return;
    };
    let own = format!("Patient/{}\"", writer.key);
    let raw = Raw::read(said).ok();
    for link in raw.into_iter().flat_map(Raw::items).flatten() {
        let bytes = link.as_bytes();
        let is_own = bytes.windows(own.len()).any(|part| part == own.as_bytes());
        if !is_own && state.speak_of_link(bytes, writer.raw.message_time) {
            let links = change(now.get("link").unwrap_or_default(), bytes);
            now.force("link", &links, writer.raw.message_time);
        }
    }
}

fn encounter(writer: &mut Writer<'_>, state: &mut State, draft: &Draft) {
    let known = state.take_stay(&draft.id);
    let said = writer.raw.message_time;
    let awaited = state.awaited(&draft.id, said).filter(|_| known.is_none());
    let is_known = known.is_some();
    let mut now = known.unwrap_or_else(|| state.new_stay(&draft.id));
    let own = Shows {
        undoes: draft.effect.undoes_a_move(),
        ..Shows::by(writer.raw)
    };
    let taken = now.take(Statement {
        shows: own,
        told: false,
        draft: draft.clone(),
    });
    if let Some(other) = awaited {
        state.encounters.push(now);
        return visit::give_up(writer, state, other.to, other.passage());
    }
    let times = match taken.newest {
        None => (draft.event_time, draft.recorded),
        Some((_, at)) => (at, None),
    };
    writer.shows = Some(taken.newest.map_or(own, |(shows, _)| shows));
    let before = Some(&taken.before).filter(|_| is_known);
    writer.snapshot("Encounter", before, &mut now.snapshot, times);
    writer.shows = None;
    writer.moments(&taken.moments);
    state.encounters.push(now);
}

fn stated_once(writer: &mut Writer<'_>, draft: &Draft) {
    let (kind, id) = (draft.resource_type, &*draft.id);
    let json = resource_json(kind, id, 1, elements_of(draft).into_iter());
    writer.resource((kind, id), json, (draft.event_time, draft.recorded));
}

/// Takes over a resource that every message states whole: the newest version stands.
fn stated_whole(writer: &mut Writer<'_>, state: &mut State, draft: &Draft, said: Option<[u8; 16]>) {
    let (way, received) = (writer.raw.way, writer.raw.received_time);
    let rank = rank(&elements_of(draft));
    let name = fingerprint(&[draft.resource_type.as_bytes(), draft.id.as_bytes()]);
    let same = said.map_or(0, |key| fingerprint(&[&key]));
    if draft.effect == Effect::TakeBack {
        state.contents.take_back(&draft.id, way);
        if let Some(known) = state.versions.get_mut(&name)
            && known.by & !way.bit() != 0
        {
            known.by &= !way.bit();
            writer.outputs.unchanged += 1;
            return;
        }
    } else if let Some(known) = state.versions.get_mut(&name)
        && known.rank != IN_ERROR
        && same != 0
        && known.same == same
    {
        known.by |= way.bit();
    }
    if let Some(key) = said
        && state.contents.hear((key, &draft.id), (rank, way), received)
    {
        writer.outputs.duplicates_across_ways += 1;
        return;
    }
    let gathered = state.gather(draft, writer.raw.message_time);
    match gathered {
        None => newest(writer, state, draft, (said, draft_time(draft, writer))),
        Some((whole, at)) => {
            let whole = visit::renamed(&whole, state).unwrap_or(whole);
            newest(writer, state, &whole, (said, at));
            for (gone, at) in state.supersede(draft, writer.raw.message_time) {
                let gone = visit::renamed(&gone, state).unwrap_or(gone);
                newest(writer, state, &gone, (None, at));
            }
        }
    }
}

/// Gives when a message says what it says; whatever is said of a resource otherwise is newer than a mention.
fn draft_time(draft: &Draft, writer: &Writer<'_>) -> EventTime {
    match draft.effect {
        Effect::Mention => DEFAULT,
        _ => writer.raw.message_time,
    }
}

/// Writes a resource as its next version, where nothing newer is known of it and it says anything else than before.
fn newest(
    writer: &mut Writer<'_>,
    state: &mut State,
    draft: &Draft,
    (said, at): (Option<[u8; 16]>, EventTime),
) {
    let elements = elements_of(draft);
    let (way, received) = (writer.raw.way, writer.raw.received_time);
    let rank = rank(&elements);
    let name = fingerprint(&[draft.resource_type.as_bytes(), draft.id.as_bytes()]);
    let same = said.map_or(0, |key| fingerprint(&[&key]));
    let parts = elements
        .iter()
        .flat_map(|(name, json)| [name.as_bytes(), *json]);
    let mut version = Version {
        message_time: at,
        rank,
        content: content(parts),
        number: 1,
        received,
        way,
        said: as_said(draft, said, rank),
        same,
        by: way.bit(),
    };
    if let Some(known) = state.versions.get_mut(&name) {
        // Who states it whole may bring back what was deleted.
        let whole = draft.effect == Effect::Whole;
        let order = |v: &Version| (v.rank == IN_ERROR && !whole, v.message_time, v.rank);
        if order(&version) < order(known) {
            writer.outputs.stale += 1;
            return;
        }
        let is_same = version.said == known.said && version.said != 0;
        if version.content == known.content || is_same && version.way != known.way {
            known.message_time = version.message_time;
            known.received = version.received;
            writer.outputs.unchanged += 1;
            return;
        }
        version.number = known.number.saturating_add(1);
        if same != 0 && same == known.same {
            version.by |= known.by;
        }
    }
    state.versions.insert(name, version);
    let (kind, id) = (draft.resource_type, &*draft.id);
    let json = resource_json(kind, id, version.number, elements.iter().copied());
    writer.resource((kind, id), json, (draft.event_time, draft.recorded));
}

/// Gives what is said as another way would say it, or 0 where that cannot be known: a report or an order says more than its
/// identifiers, and two ways do not say it in the same words.
fn as_said(draft: &Draft, said: Option<[u8; 16]>, rank: u8) -> u64 {
    match said {
        _ if rank == IN_ERROR => 1,
        Some(key) if draft.resource_type == "Observation" => fingerprint(&[&key, &[rank]]),
        _ => 0,
    }
}

/// Gives what a draft alone says; of one that deletes, with the status that says so.
fn elements_of(draft: &Draft) -> Vec<(&str, &[u8])> {
    let mut elements = Vec::new();
    let deletes = matches!(draft.effect, Effect::Delete | Effect::TakeBack);
    let deleted = deletes && has_error_status(draft.resource_type);
    if deleted {
        elements.push(("status", b"\"entered-in-error\"".as_slice()));
    }
    for (name, element) in draft.elements() {
        match element {
            Element::Set(json) | Element::Default(json) if !(deleted && name == "status") => {
                elements.push((name.as_ref(), json));
            }
            _ => {}
        }
    }
    elements
}

/// Says whether the status of a resource type can be that it was entered in error.
fn has_error_status(resource_type: &str) -> bool {
    let status = Definition::of(resource_type).and_then(|kind| kind.element("status"));
    let codes = status.and_then(FhirElement::codes);
    codes.is_some_and(|codes| codes.contains(&"entered-in-error"))
}

/// How far the status of a result has come; two messages of the same second are told apart by it.
fn rank(elements: &[(&str, &[u8])]) -> u8 {
    let status = elements.iter().find(|(name, _)| *name == "status");
    match status.map_or(b"".as_slice(), |(_, json)| *json) {
        b"\"entered-in-error\"" => IN_ERROR,
        b"\"corrected\"" | b"\"amended\"" | b"\"appended\"" => 4,
        b"\"cancelled\"" => 3,
        b"\"final\"" => 2,
        b"\"preliminary\"" | b"\"partial\"" => 1,
        _ => 0,
    }
}
