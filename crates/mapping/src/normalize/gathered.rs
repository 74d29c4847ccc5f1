//! Orders, drugs, problems, reports and documents, of which each message says a part: what a later one leaves empty stays known.

use clinical::EventTime;
use formats::fhir::definition::{Definition, Element as FhirElement};
use formats::fhir::read::Raw;

use super::bytes::{Decoder, Encoder};
use super::orders::{DRUG, DRUG_STATUS, ORDER, SERVICE, kept};
use super::snapshot::{RESULTS, Snapshot};
use super::splice::{is_same_identifier, items, member};
use super::state::{State, VERSION_7};
use crate::draft::{Draft, Effect, Element, Numbers, Order};

/// How many are kept at most for one patient; the one spoken of least recently goes first.
pub const MAX_GATHERED: usize = 64;
/// How many bytes of what is known of them are kept.
pub const MAX_GATHERED_BYTES: usize = 64 * 1024;
/// How many reports are kept beside them: they come with each result, and would let drugs and problems go.
pub const MAX_REPORTS: usize = 16;
/// How many bytes of reports are kept.
pub const MAX_REPORTS_BYTES: usize = 32 * 1024;
/// What is larger is not kept, such as a report with its pages.
const MAX_ONE_BYTES: usize = 16 * 1024;
/// Of how many orders it is kept what ORC alone said of them.
pub const MAX_OF_ORDERS: usize = 64;
/// How many bytes of that are kept.
pub const MAX_OF_ORDERS_BYTES: usize = 16 * 1024;
/// How many documents are kept beside those, with what they contain.
pub const MAX_DOCUMENTS: usize = 16;
/// How many bytes of documents are kept.
pub const MAX_DOCUMENTS_BYTES: usize = 64 * 1024;
/// A document that is larger is not kept, such as a scan.
pub const MAX_DOCUMENT_BYTES: usize = 32 * 1024;

const REPORT: &str = "DiagnosticReport";
const DOCUMENT: &str = "DocumentReference";
/// The types, each by its number in stored state.
const KINDS: [&str; 8] = [
    SERVICE,
    DRUG,
    "Condition",
    "Goal",
    "CarePlan",
    REPORT,
    DOCUMENT,
    ORDER,
];
/// What whoever fulfils an order says of it, though it is another's: that it is done, or will not be.
const ENDS: [&[u8]; 2] = [b"\"completed\"", b"\"revoked\""];
/// The status of a document that stands, and of one that should not have been.
const CURRENT: &[u8] = b"\"current\"";
const IN_ERROR: &[u8] = b"\"entered-in-error\"";
/// What a document is to the one in whose place it stands.
const REPLACES: &[u8] = b"\"replaces\"";

/// Says whether several messages make up a resource of a type.
pub(crate) fn is_gathered(kind: &str) -> bool {
    matches!(kind, "Patient" | "Encounter") || KINDS.contains(&kind)
}

/// A resource as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gathered {
    kind: &'static str,
    snapshot: Snapshot,
    /// The numbers of the order that it is or belongs to.
    numbers: Numbers,
}

impl Gathered {
    /// Takes over what a message says.
    fn take(&mut self, draft: &Draft, said: EventTime) {
        if let Some(order) = &draft.order {
            self.numbers.take(&order.numbers);
        }
        match draft.effect {
            Effect::Mention => self.mention(draft, said),
            _ => self.snapshot.apply(draft, said),
        }
    }

    /// Takes over what is said beside something else: whatever is said otherwise stands, but for the end of an order.
    fn mention(&mut self, draft: &Draft, said: EventTime) {
        for (name, element) in draft.elements() {
            match element {
                Element::Set(value)
                    if self.kind == "ServiceRequest"
                        && name == "status"
                        && ENDS.contains(&value) =>
                {
                    self.snapshot.as_of = self.snapshot.as_of.max(said);
                    self.snapshot.set(name, value, said);
                }
                Element::Set(value) => self.snapshot.mention(name, value, draft.parts(name)),
                Element::Default(value) => self.snapshot.fill(name, value),
                Element::Clear => {}
            }
        }
    }

    /// Says whether it is a document that stands in the place of another.
    fn replaces(&self, other: &Self) -> bool {
        let is_document = self.kind == DOCUMENT && other.kind == DOCUMENT;
        let number = other.snapshot.get("masterIdentifier");
        let number = number.and_then(|number| Raw::read(number).ok());
        let Some(number) = number.filter(|_| is_document && self.status() != IN_ERROR) else {
            return false;
        };
        let is_it = |relation: Raw<'_>| {
            let is_replacing =
                member(relation, "code").is_some_and(|code| code.as_bytes() == REPLACES);
            let target = member(relation, "target").and_then(|target| member(target, "identifier"));
            is_replacing && target.is_some_and(|target| is_same_identifier(target, number))
        };
        let relations = self.snapshot.get("relatesTo").unwrap_or_default();
        items(relations).any(is_it)
    }

    /// Makes it a document in whose place another stands; says whether it was not.
    fn supersede(&mut self, said: EventTime) -> bool {
        let is_current = self.status() == CURRENT;
        if is_current {
            self.snapshot.force("status", b"\"superseded\"", said);
            self.snapshot.force("_status", b"", said);
            self.snapshot.as_of = self.snapshot.as_of.max(said);
        }
        is_current
    }

    fn status(&self) -> &[u8] {
        self.snapshot.get("status").unwrap_or_default()
    }

    fn most_bytes(&self) -> usize {
        match self.kind {
            DOCUMENT => MAX_DOCUMENT_BYTES,
            _ => MAX_ONE_BYTES,
        }
    }

    /// Describes it whole, as what a draft leads to.
    fn stated(&self, draft: &Draft) -> Draft {
        let definition = Definition::of(self.kind);
        let place = |name: &str| {
            let base = name.strip_prefix('_').unwrap_or(name);
            let element = definition.and_then(|kind| kind.element(base));
            let order = element.map_or(usize::MAX, FhirElement::order);
            (order, base.len() < name.len())
        };
        let mut all: Vec<_> = self.snapshot.elements().collect();
        all.sort_by_key(|(name, _)| place(name));
        let all = all.into_iter();
        draft.restated(all.map(|(name, value)| (name.to_owned().into(), Element::Set(value))))
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        let kind = KINDS.iter().position(|kind| *kind == self.kind);
        let kind = kind.and_then(|at| u8::try_from(at).ok());
        out.byte(kind.expect("only these types are gathered"));
        self.snapshot.encode(out);
        self.numbers.encode(out);
    }

    pub(super) fn decode(fields: &mut Decoder<'_>, version: u8) -> Option<Self> {
        Some(Self {
            kind: KINDS.get(usize::from(fields.byte()?))?,
            snapshot: Snapshot::decode(fields)?,
            numbers: match version > VERSION_7 {
                true => Numbers::decode(fields)?,
                false => Numbers::default(),
            },
        })
    }
}

impl State {
    /// Takes over what a message says of an order, a drug, a problem, a report or a document; gives it whole, and when it was last spoken of. Of one that
    /// is deleted, nothing is known any more.
    pub(super) fn gather(&mut self, draft: &Draft, said: EventTime) -> Option<(Draft, EventTime)> {
        let kind = KINDS.iter().find(|kind| **kind == draft.resource_type)?;
        let is_it = |one: &Gathered| one.kind == *kind && one.snapshot.id == draft.id;
        if matches!(draft.effect, Effect::Delete | Effect::TakeBack) {
            self.gathered.retain(|one| !is_it(one));
            return None;
        }
        let mut one = match self.gathered.iter().position(is_it) {
            Some(at) => self.gathered.remove(at),
            None => self.begun(kind, draft),
        };
        one.take(draft, said);
        if self.gathered.iter().any(|other| other.replaces(&one)) {
            one.supersede(said);
        }
        let whole = (one.stated(draft), one.snapshot.as_of);
        // Of a report that is too large its results stay known, which no later message has.
        if *kind == REPORT && one.snapshot.size() > one.most_bytes() {
            one.snapshot.keep_only(RESULTS);
        }
        if one.snapshot.size() <= one.most_bytes() {
            self.gathered.push(one);
        }
        Some(whole)
    }

    /// Begins what is not known yet, with what ORC alone said of its order before.
    fn begun(&self, kind: &'static str, draft: &Draft) -> Gathered {
        let mut one = Gathered {
            kind,
            snapshot: Snapshot::new(&draft.id),
            numbers: Numbers::default(),
        };
        let order = draft.order.as_deref();
        let Some(order) = order.filter(|_| matches!(kind, SERVICE | DRUG)) else {
            return one;
        };
        for known in self.gathered.iter().filter(|known| known.kind == ORDER) {
            if self.is_one_order(&known.numbers, &order.numbers) {
                let said = known.snapshot.of_order(kind == DRUG, DRUG_STATUS);
                one.snapshot.take_newer(&said);
            }
        }
        one
    }

    /// Keeps what ORC alone says of an order.
    pub(super) fn keep_of_order(&mut self, draft: &Draft, order: &Order, said: EventTime) {
        let known = |one: &Gathered| one.kind == ORDER && one.numbers == order.numbers;
        let mut one = match self.gathered.iter().position(known) {
            Some(at) => self.gathered.remove(at),
            None => Gathered {
                kind: ORDER,
                snapshot: Snapshot::new(&draft.id),
                numbers: order.numbers.clone(),
            },
        };
        one.take(&kept(draft, order), said);
        if one.snapshot.size() <= MAX_OF_ORDERS_BYTES {
            self.gathered.push(one);
        }
    }

    /// Gives the orders that have these numbers: those that have both where there are any, else those that have either. Of
    /// drugs alone where a pharmacy speaks.
    pub(super) fn orders_of(&self, numbers: &Numbers, of: &str) -> Vec<(&'static str, Box<str>)> {
        let is_meant = |one: &&Gathered| {
            let is_order = one.kind == DRUG || one.kind == SERVICE && of == SERVICE;
            is_order && self.is_one_order(numbers, &one.numbers)
        };
        let found: Vec<_> = self.gathered.iter().filter(is_meant).collect();
        let has_both = |one: &&&Gathered| one.numbers == *numbers;
        let exactly = found.iter().any(|one| has_both(&one)) && numbers.are_both();
        let meant = found.iter().filter(|one| !exactly || has_both(one));
        meant
            .map(|one| (one.kind, one.snapshot.id.clone()))
            .collect()
    }

    pub(super) fn has_gathered(&self, kind: &str, id: &str) -> bool {
        let mut known = self.gathered.iter();
        known.any(|one| one.kind == kind && *one.snapshot.id == *id)
    }

    /// Puts what is known of one resource to another, which is the same.
    pub(super) fn unify(&mut self, kind: &str, (stays, goes): (&str, &str)) {
        let is = |one: &Gathered, id: &str| one.kind == kind && *one.snapshot.id == *id;
        let Some(at) = self.gathered.iter().position(|one| is(one, goes)) else {
            return;
        };
        let gone = self.gathered.remove(at);
        if let Some(one) = self.gathered.iter_mut().find(|one| is(one, stays)) {
            one.snapshot.take_newer(&gone.snapshot);
            one.numbers.take(&gone.numbers);
        }
    }

    /// Supersedes the documents that a document replaces; gives each whole, and when it was last spoken of.
    pub(super) fn supersede(&mut self, draft: &Draft, said: EventTime) -> Vec<(Draft, EventTime)> {
        let is_it = |one: &Gathered| one.kind == DOCUMENT && one.snapshot.id == draft.id;
        let Some(by) = self.gathered.iter().find(|one| is_it(one)).cloned() else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        for one in &mut self.gathered {
            let is_other = one.snapshot.id != by.snapshot.id;
            if is_other && by.replaces(one) && one.supersede(said) {
                let of_it = Draft::new(DOCUMENT, &one.snapshot.id, draft.event_time, []);
                gone.push((one.stated(&of_it), one.snapshot.as_of));
            }
        }
        gone
    }

    /// Takes over what another identity of the patient knew; what this one knows itself stands.
    pub(super) fn gather_from(&mut self, other: Vec<Gathered>, rewrite: impl Fn(&[u8]) -> Vec<u8>) {
        let known = std::mem::take(&mut self.gathered);
        for mut one in other {
            let is_it = |own: &Gathered| own.kind == one.kind && own.snapshot.id == one.snapshot.id;
            if !known.iter().any(is_it) {
                one.snapshot.rewrite(&rewrite);
                self.gathered.push(one);
            }
        }
        self.gathered.extend(known);
    }

    /// Lets the first of what is over the limits go.
    pub(super) fn trim_gathered(&mut self) {
        let mut reports = Room(MAX_REPORTS, MAX_REPORTS_BYTES);
        let mut of_orders = Room(MAX_OF_ORDERS, MAX_OF_ORDERS_BYTES);
        let mut documents = Room(MAX_DOCUMENTS, MAX_DOCUMENTS_BYTES);
        let mut others = Room(MAX_GATHERED, MAX_GATHERED_BYTES);
        let newest = self.gathered.iter().rev();
        let mut kept: Vec<bool> = newest
            .map(|one| match one.kind {
                REPORT => reports.take(one.snapshot.size()),
                DOCUMENT => documents.take(one.snapshot.size()),
                ORDER => of_orders.take(one.snapshot.size()),
                _ => others.take(one.snapshot.size()),
            })
            .collect();
        self.gathered.retain(|_| kept.pop().unwrap_or_default());
    }
}

/// How many more are kept, and how many bytes of them.
struct Room(usize, usize);

impl Room {
    /// Says whether there is room for one more; what is older than the first that has none has none either.
    fn take(&mut self, size: usize) -> bool {
        match (self.0.checked_sub(1), self.1.checked_sub(size)) {
            (Some(count), Some(bytes)) => {
                *self = Self(count, bytes);
                true
            }
            _ => {
                *self = Self(0, 0);
                false
            }
        }
    }
}
