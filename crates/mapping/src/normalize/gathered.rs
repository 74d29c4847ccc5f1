//! Orders, drugs, problems and reports, of which each message says a part: what a later one leaves empty stays known.

use clinical::EventTime;
use formats::fhir::definition::{Definition, Element as FhirElement};

use super::bytes::{Decoder, Encoder};
use super::snapshot::Snapshot;
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

const REPORT: &str = "DiagnosticReport";
/// The types, each by its number in stored state.
const KINDS: [&str; 6] = [
    "ServiceRequest",
    "MedicationRequest",
    "Condition",
    "Goal",
    "CarePlan",
    REPORT,
];
/// What whoever fulfils an order says of it, though it is another's: that it is done, or will not be.
const ENDS: [&[u8]; 2] = [b"\"completed\"", b"\"revoked\""];

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
    /// Takes over what a message says of an order, a drug, a problem or a report; gives it whole, and when it was last spoken of. Of one that
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
        let whole = (one.stated(draft), one.snapshot.as_of);
        if one.snapshot.size() <= MAX_ONE_BYTES {
            self.gathered.push(one);
        }
        Some(whole)
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
        let mut others = Room(MAX_GATHERED, MAX_GATHERED_BYTES);
        let newest = self.gathered.iter().rev();
        let mut kept: Vec<bool> = newest
            .map(|one| match one.kind {
                REPORT => reports.take(one.snapshot.size()),
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
