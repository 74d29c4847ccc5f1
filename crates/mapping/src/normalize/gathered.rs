//! Orders, drugs, problems, reports and documents, of which each message says a part: what a later one leaves empty stays known.

use clinical::EventTime;
use formats::fhir::definition::{Definition, Element as FhirElement};
use formats::fhir::read::Raw;

use super::bytes::{Decoder, Encoder};
use super::snapshot::{RESULTS, Snapshot};
use super::splice::{is_same_identifier, items, member};
use super::state::State;
use crate::draft::{Draft, Effect, Element};

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
/// How many documents are kept beside those, with what they contain.
pub const MAX_DOCUMENTS: usize = 16;
/// How many bytes of documents are kept.
pub const MAX_DOCUMENTS_BYTES: usize = 64 * 1024;
/// A document that is larger is not kept, such as a scan.
pub const MAX_DOCUMENT_BYTES: usize = 32 * 1024;

const REPORT: &str = "DiagnosticReport";
const DOCUMENT: &str = "DocumentReference";
/// The types, each by its number in stored state.
const KINDS: [&str; 7] = [
    "ServiceRequest",
    "MedicationRequest",
    "Condition",
    "Goal",
    "CarePlan",
    REPORT,
    DOCUMENT,
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
}

impl Gathered {
    /// Takes over what a message says.
    fn take(&mut self, draft: &Draft, said: EventTime) {
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
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            kind: KINDS.get(usize::from(fields.byte()?))?,
            snapshot: Snapshot::decode(fields)?,
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
            None => Gathered {
                kind,
                snapshot: Snapshot::new(&draft.id),
            },
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
        let mut documents = Room(MAX_DOCUMENTS, MAX_DOCUMENTS_BYTES);
        let mut others = Room(MAX_GATHERED, MAX_GATHERED_BYTES);
        let newest = self.gathered.iter().rev();
        let mut kept: Vec<bool> = newest
            .map(|one| match one.kind {
                REPORT => reports.take(one.snapshot.size()),
                DOCUMENT => documents.take(one.snapshot.size()),
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
