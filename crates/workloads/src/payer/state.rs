//! What is kept of one member between two inputs.

pub(super) mod wire;

use std::time::Duration;

use clinical::payer::{Document, DocumentKind, EVERY_PRODUCT, Link, Standing, Stated};
use clinical::{EventId, EventTime, FindingId, Origin, PatientKey, ReceivedTime};

use super::ledger::Told;
use crate::config::hours;

/// The most documents that are kept of a member; beyond it those that were made first go.
pub(crate) const MAX_DOCUMENTS: usize = 64;
/// So far back findings are revised: duplicates are looked for within a year, and a claim is answered within months.
pub(crate) const REVISE: Duration = hours(24 * 400);
/// So much longer documents are kept, so that what is revised is concluded from all that it rests on.
const KEEP: Duration = hours(24 * 800);

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// What is kept of one member between two inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// In the order of their own times.
    pub(crate) documents: Vec<Held>,
    /// What was published, by condition.
    pub(crate) lines: Vec<Line>,
    /// What was told of claims to the weeks of providers.
    pub(crate) told: Vec<Told>,
    /// Up to here documents were given up for room: what rests on them is left as it was published.
    pub(crate) floor: Option<EventTime>,
    /// The identity that took this one over.
    pub(crate) retired: Option<PatientKey>,
    /// Whether something is known of which nothing was concluded yet.
    pub(crate) pending: bool,
    /// The timer that is set.
    pub(crate) wake: Option<EventTime>,
}

/// A document with how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) document: Document,
    /// When this version was accepted; of two versions the later one stands.
    pub(crate) known: ReceivedTime,
    /// When any version was first accepted.
    pub(crate) first_known: ReceivedTime,
    pub(crate) event: EventId,
    pub(crate) origin: Origin,
    pub(crate) backfill: bool,
}

impl Held {
    /// What another version of the same has in common with it. A server that changes an answer in place says neither
    /// when it was put off nor when it was given: what was undecided stays beside what was decided.
    fn version(&self) -> (DocumentKind, Link, Option<Stated>, bool) {
        let document = &self.document;
        // Of what is a state, and no message, the newest version alone stands.
        let is_state = matches!(
            document.kind,
            DocumentKind::Coverage
                | DocumentKind::Remittance
                | DocumentKind::Visit
                | DocumentKind::Member
                | DocumentKind::Panel
        );
        let created = document.created.filter(|_| !is_state);
        let undecided =
            document.kind == DocumentKind::AuthorizationAnswer && is_undecided(document);
        (document.kind, document.resource, created, undecided)
    }

    /// Whether it says what the member is, however long ago it was said.
    const fn is_lasting(&self) -> bool {
        matches!(
            self.document.kind,
            DocumentKind::Member | DocumentKind::Panel
        )
    }

    /// When it was made, as far as that can be told without a zone; or when it was first known.
    pub(crate) fn at(&self) -> EventTime {
        let known = EventTime::from_micros(self.first_known.micros());
        // A membership that was told years ago, and is loaded now, is kept as long as what is told now.
        let created = self.document.created;
        match created.filter(|_| self.document.kind != DocumentKind::Coverage) {
            Some(Stated::Moment(moment)) => moment.min(known),
            // History has no other time than the day that it states.
            Some(Stated::Day(day)) if self.backfill => {
                EventTime::from_micros(i64::from(day) * DAY_US).min(known)
            }
            Some(Stated::Day(_)) | None => known,
        }
    }

    fn order(&self) -> (EventTime, DocumentKind, Link, EventId) {
        (
            self.at(),
            self.document.kind,
            self.document.resource,
            self.event,
        )
    }
}

/// The earlier of two times, a day from its beginning on.
fn earlier(one: Option<Stated>, other: Option<Stated>) -> Option<Stated> {
    let order = |stated: &Stated| match stated {
        Stated::Day(day) => (i64::from(*day) * DAY_US, 0),
        Stated::Moment(moment) => (moment.micros(), 1),
    };
    one.into_iter().chain(other).min_by_key(order)
}

/// Says whether an answer puts off what it answers, by its codes alone.
fn is_undecided(document: &Document) -> bool {
    let mut lines = document.lines.iter();
    match document.lines.is_empty() {
        true => &*document.code == "queued",
        false => lines.any(|line| matches!(&*line.action, "A4" | "CT")),
    }
}

/// One line of revisions, as it was published last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) workload: u8,
    pub(crate) condition: Box<str>,
    pub(crate) as_of: EventTime,
    pub(crate) revision: u32,
    pub(crate) finding: FindingId,
    /// A hash of what it says.
    pub(crate) digest: u64,
    /// Whether it stands.
    pub(crate) asserted: bool,
}

impl State {
    /// Takes a document in, and says whether it is news.
    pub(crate) fn put(&mut self, mut held: Held) -> bool {
        let same = |other: &Held| other.version() == held.version();
        if let Some(place) = self.documents.iter().position(same)
            && let Some(old) = self.documents.get_mut(place)
        {
            let first = old.first_known.min(held.first_known);
            // Who sends a remittance again in another file makes no later one of it.
            let mut is_news = first < old.first_known;
            if held.document.kind == DocumentKind::Remittance {
                let made = earlier(old.document.created, held.document.created);
                is_news |= made != old.document.created;
                (old.document.created, held.document.created) = (made, made);
            }
            if (old.known, old.event) >= (held.known, held.event) {
                old.first_known = first;
                self.sort();
                return is_news;
            }
            held.first_known = first;
            self.documents.remove(place);
        }
        self.documents.push(held);
        self.sort();
        if self.documents.len() > MAX_DOCUMENTS {
            let oldest = self.documents.iter().position(|held| !held.is_lasting());
            let given_up = self.documents.remove(oldest.unwrap_or_default()).at();
            self.floor = self.floor.max(Some(given_up));
        }
        true
    }

    /// Puts documents that were kept beside each other by an earlier rule together, by the one that holds now.
    fn put_again(mut self) -> Self {
        for held in std::mem::take(&mut self.documents) {
            self.put(held);
        }
        self
    }

    /// Says of coverages that were kept before they said so themselves which of them ended a membership.
    fn with_ended_memberships(mut self) -> Self {
        for held in &mut self.documents {
            let document = &mut held.document;
            let is_end = document.kind == DocumentKind::Coverage
                && document.standing == Standing::Cancelled
                && document.code.is_empty()
                && document.from.is_none();
            if is_end {
                document.code = EVERY_PRODUCT.into();
            }
        }
        self
    }

    /// Says whether any version of a document is known.
    pub(crate) fn has(&self, document: &Document) -> bool {
        self.documents.iter().any(|held| {
            (held.document.kind, held.document.resource) == (document.kind, document.resource)
        })
    }

    fn sort(&mut self) {
        self.documents.sort_by_key(Held::order);
    }

    /// The documents that stand or were called off: of what was withdrawn nothing stands, whatever its version.
    pub(crate) fn standing(&self) -> Vec<&Held> {
        let withdrawn = |held: &Held| {
            self.documents.iter().any(|other| {
                let same = (other.document.kind, other.document.resource)
                    == (held.document.kind, held.document.resource);
                same && other.document.standing == Standing::Withdrawn
                    && (other.known, other.event) >= (held.known, held.event)
            })
        };
        self.documents
            .iter()
            .filter(|held| !withdrawn(held))
            .collect()
    }

    /// Takes in what another identity of the same member knew.
    pub(crate) fn absorb(&mut self, other: Self) {
        for held in other.documents {
            self.put(held);
        }
        self.floor = self.floor.max(other.floor);
    }

    /// Drops what nothing can use any more. What is known of the member stays.
    pub(crate) fn expire(&mut self, watermark: EventTime) {
        self.documents
            .retain(|held| held.is_lasting() || held.at() >= watermark.minus(KEEP));
        self.lines
            .retain(|line| line.as_of >= watermark.minus(REVISE));
        self.told.retain(|told| told.at >= watermark.minus(REVISE));
    }
}
