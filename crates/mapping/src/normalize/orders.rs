//! Orders by their numbers: whoever says one of two is understood where both are known, and ORC alone reaches the order that it is of.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use clinical::EventTime;
use formats::fhir::read::Raw;

use super::bytes::{Decoder, Encoder};
use super::splice::{items, member, replaced_each};
use super::state::{State, VERSION_7, fingerprint};
use crate::draft::{Draft, Effect, Element, Number, Numbers, Order};

/// Of how many orders it is known that two numbers are of one; the one that was heard of least recently goes first.
pub const MAX_NUMBERS: usize = 256;
/// What nobody has as a number: longer ones are not kept.
const MAX_NUMBER_BYTES: usize = 256;

pub(super) const SERVICE: &str = "ServiceRequest";
pub(super) const DRUG: &str = "MedicationRequest";
/// What ORC alone said, by number: whichever resource turns out to be of that.
pub(super) const ORDER: &str = "Order";
/// The status that a drug has by what ORC alone said.
pub(super) const DRUG_STATUS: &str = "drugStatus";
/// Where R4 has the reason of an order's status.
const REASON: &str = "\"http://hl7.org/fhir/StructureDefinition/request-statusReason\"";
/// The rank of what should never have been sent.
const IN_ERROR: u8 = 9;

/// Gives the drafts of a message under the ids that their orders have here, each of ORC alone as one of each order that it is
/// of; nothing where they stand as they are.
pub(super) fn settled(state: &mut State, drafts: &[Draft], said: EventTime) -> Option<Vec<Draft>> {
    for order in drafts.iter().filter_map(|draft| draft.order.as_deref()) {
        state.learn(&order.numbers);
    }
    let mut settling = Settling::default();
    for draft in drafts {
        match (&draft.order, draft.effect) {
            (Some(order), Effect::OfOrder) => settling.of_order(state, draft, order, said),
            (Some(order), _) if draft.resource_type != "Provenance" => {
                settling.name(state, draft, order);
            }
            _ => {}
        }
    }
    settling.finish(drafts)
}

#[derive(Default)]
struct Settling {
    /// What resources are called here, each reference to its closing quote.
    names: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// What each draft of ORC alone becomes, by its own reference.
    of_orders: BTreeMap<String, Vec<Draft>>,
    /// What was known twice, and is no longer.
    gone: Vec<Draft>,
}

impl Settling {
    /// Finds what a resource is called here.
    fn name(&mut self, state: &mut State, draft: &Draft, order: &Order) {
        let kind = draft.resource_type;
        let others = state.other_ids(order);
        if others.is_empty() {
            return;
        }
        let is_both = order.numbers.are_both();
        let mut known = others
            .iter()
            .filter(|id| !self.taken.contains(&reference(kind, id)) && state.has_order(kind, id));
        let (first, more) = (known.next().cloned(), known.next().is_some());
        if state.has_order(kind, &draft.id) {
            if let Some(gone) = first.filter(|_| is_both && !more) {
                state.unify(kind, (&draft.id, &gone));
                let mut gone = draft.rewritten(&gone, |_, json| Some(json.to_vec()));
                gone.effect = Effect::Delete;
                self.gone.push(gone);
            }
            return;
        }
        let only = match &others[..] {
            [only] if !is_both && order.by != order.preferred => Some(only.clone()),
            _ => None,
        };
        if let Some(called) = first.filter(|_| !more).or(only) {
            let own = reference(kind, &draft.id);
            let called = reference(kind, &called);
            self.taken.insert(called.clone());
            self.names.insert(own, called);
        }
    }

    /// Keeps what ORC alone says for orders that come later, and says it of those that are known.
    fn of_order(&mut self, state: &mut State, draft: &Draft, order: &Order, said: EventTime) {
        state.keep_of_order(draft, order, said);
        let found = state.orders_of(&order.numbers, draft.resource_type);
        let own = reference(draft.resource_type, &draft.id);
        if let Some((kind, id)) = found.first() {
            self.names.insert(own.clone(), reference(kind, id));
        }
        let drafts = found
            .into_iter()
            .map(|(kind, id)| of_kind(draft, order, kind, &id));
        self.of_orders.insert(own, drafts.collect());
    }

    fn finish(mut self, drafts: &[Draft]) -> Option<Vec<Draft>> {
        let is_as_it_was =
            self.names.is_empty() && self.of_orders.is_empty() && self.gone.is_empty();
        if is_as_it_was {
            return None;
        }
        let unknown: Vec<String> = self.of_orders.keys().cloned().collect();
        let unknown: Vec<_> = unknown
            .into_iter()
            .filter(|own| !self.names.contains_key(own))
            .collect();
        let mut all = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let own = reference(draft.resource_type, &draft.id);
            if let Some(of_orders) = self.of_orders.remove(&own) {
                all.extend(of_orders);
                continue;
            }
            // Who said something of an order that nobody knows is told with that order or not at all.
            if draft.resource_type == "Provenance" && refers(draft, &unknown) {
                continue;
            }
            all.push(self.renamed(draft));
        }
        let gone = std::mem::take(&mut self.gone);
        all.extend(gone.iter().map(|draft| self.renamed(draft)));
        Some(all)
    }

    fn renamed(&self, draft: &Draft) -> Draft {
        if self.names.is_empty() {
            return draft.clone();
        }
        let own = reference(draft.resource_type, &draft.id);
        let called = self.names.get(&own);
        let id = called.and_then(|called| called.trim_end_matches('"').split_once('/'));
        let id = id.map_or(&*draft.id, |(_, id)| id);
        draft.rewritten(id, |_, json| Some(replaced_each(json, &self.names)))
    }
}

fn reference(kind: &str, id: &str) -> String {
    format!("{kind}/{id}\"")
}

fn refers(draft: &Draft, to: &[String]) -> bool {
    let json = draft.to_json();
    let text = std::str::from_utf8(&json).unwrap_or_default();
    to.iter().any(|one| text.contains(one.as_str()))
}

/// Says of an order of a type what ORC alone says: its status, why it has that, its numbers and what is noted.
fn of_kind(draft: &Draft, order: &Order, kind: &'static str, id: &str) -> Draft {
    let is_drug = draft.resource_type == DRUG;
    let set = |name: &str| match draft.element(name) {
        Some(Element::Set(json)) => Some(json.to_vec()),
        _ => None,
    };
    let drug_status = match is_drug {
        true => set("status"),
        false => order.drug.map(|code| format!("\"{code}\"").into_bytes()),
    };
    let reason = match is_drug {
        true => set("statusReason"),
        false => set("extension").and_then(|all| reason_of(&all)),
    };
    let service = |name| set(name).filter(|_| !is_drug);
    let own = match kind {
        SERVICE => [
            ("extension", service("extension")),
            ("status", service("status")),
        ],
        DRUG => [("status", drug_status), ("statusReason", reason)],
        _ => [(DRUG_STATUS, drug_status), ("statusReason", reason)],
    };
    let held = [
        ("extension", service("extension")),
        ("status", service("status")),
    ];
    let held = held.into_iter().filter(|_| kind == ORDER);
    let shared = ["identifier", "note"].map(|name| (name, set(name)));
    let all = own.into_iter().chain(held).chain(shared);
    let all: Vec<_> = all.filter_map(|(name, json)| Some((name, json?))).collect();
    let said = all
        .iter()
        .map(|(name, json)| (Cow::Borrowed(*name), Element::Set(json)));
    let mut stated = draft.clone();
    stated.resource_type = kind;
    stated.id = id.into();
    stated.restated(said)
}

/// Gives the reason of a status from the extension that has it.
fn reason_of(extensions: &[u8]) -> Option<Vec<u8>> {
    let is_it =
        |one: &Raw<'_>| member(*one, "url").is_some_and(|url| url.as_bytes() == REASON.as_bytes());
    let found = items(extensions).find(is_it)?;
    Some(member(found, "valueCodeableConcept")?.as_bytes().to_vec())
}

impl State {
    /// Takes note that two numbers are of one order.
    fn learn(&mut self, numbers: &Numbers) {
        let size = numbers.placer.len() + numbers.filler.len();
        if !numbers.are_both() || size > MAX_NUMBER_BYTES || self.numbers.last() == Some(numbers) {
            return;
        }
        self.numbers.retain(|known| known != numbers);
        self.numbers.push(numbers.clone());
    }

    /// Lets the first of too many go.
    pub(super) fn trim_numbers(&mut self) {
        let over = self.numbers.len().saturating_sub(MAX_NUMBERS);
        self.numbers.drain(..over);
    }

    /// Takes over what another identity of the patient knew; what is known here was heard last.
    pub(super) fn learn_from(&mut self, other: Vec<Numbers>) {
        let known = std::mem::replace(&mut self.numbers, other);
        for numbers in known {
            self.learn(&numbers);
        }
        self.trim_numbers();
    }

    /// Gives the numbers that the other side gave an order, of which one side's is this.
    fn others(&self, number: Number, raw: &[u8]) -> impl Iterator<Item = &[u8]> {
        let known = self.numbers.iter();
        known
            .filter(move |known| known.get(number) == raw)
            .map(move |known| known.get(number.other()))
    }

    /// Gives the ids that a resource has by the other numbers of its order. A number that several orders share is none of one.
    fn other_ids(&self, order: &Order) -> Vec<String> {
        let (by, own) = (order.by, order.numbers.get(order.by));
        let said = order.numbers.get(by.other());
        let others = self.others(by, own);
        let is_own = |other: &&[u8]| said.is_empty() || *other == said;
        let is_of_one = |other: &&[u8]| self.others(by.other(), other).all(|one| one == own);
        let others = others.filter(is_own).filter(is_of_one);
        others.map(|other| order.id_by(by.other(), other)).collect()
    }

    fn has_order(&self, kind: &'static str, id: &str) -> bool {
        let name = fingerprint(&[kind.as_bytes(), id.as_bytes()]);
        let version = self.versions.get(&name);
        match version {
            Some(version) => version.rank != IN_ERROR,
            None => self.has_gathered(kind, id),
        }
    }

    /// Says whether two messages speak of one order: of the same number, or of two that are known to be one's.
    pub(super) fn is_one_order(&self, one: &Numbers, other: &Numbers) -> bool {
        let is_same = |number: Number| {
            let raw = one.get(number);
            !raw.is_empty() && raw == other.get(number)
        };
        let is_paired = |number: Number| {
            let (raw, paired) = (one.get(number), other.get(number.other()));
            !raw.is_empty() && self.others(number, raw).any(|known| known == paired)
        };
        let both = [Number::Placer, Number::Filler];
        both.into_iter().any(is_same) || both.into_iter().any(is_paired)
    }
}

impl Numbers {
    /// Reads those of a patient's state.
    pub(super) fn of_state(fields: &mut Decoder<'_>, version: u8) -> Option<Vec<Self>> {
        match version > VERSION_7 {
            true => fields.list(Self::decode),
            false => Some(Vec::new()),
        }
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.bytes(&self.placer);
        out.bytes(&self.filler);
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            placer: fields.bytes()?.into(),
            filler: fields.bytes()?.into(),
        })
    }
}

/// Says of an order that is to be kept until it is known what ORC alone says.
pub(super) fn kept(draft: &Draft, order: &Order) -> Draft {
    of_kind(draft, order, ORDER, &draft.id)
}
