//! What a file holds on its way in: each message, resource or transaction set kept as by every other way.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::MessageId;
use formats::fhir::bundle::{Bundle, Entry};
use formats::fhir::read::Raw;
use formats::fhir::reference::{is_id, resource_type};
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;
use formats::{hl7v2, x12};
use mapping::identity::Subjects;
use tokio::runtime::Handle;

use super::job::{Outcome, Piece, What};
use crate::intake::Intake;
use crate::intake::accept::CONTENT_TYPE;
use crate::intake::activity::Sign;
use crate::intake::fhir::{Asked, Done, Fhir, Interaction, Refusal, Sender};
use crate::intake::keep::{Patience, Received, Way, X12};
use crate::intake::sources::{NOT_PRODUCTION, NOT_PRODUCTION_TEXT, Source, Sources};
use crate::metrics;
use crate::topics;

/// The source whose HL7 v2 messages are whose they say.
const ANYBODY: &str = "default";
/// The raw record's header that says which row, message or transaction set of its file it was.
const ROW: &str = "row";

/// Keeps what files hold.
pub(crate) struct Door {
    fhir: Arc<Fhir>,
    runtime: Handle,
}

impl Door {
    pub(crate) const fn new(fhir: Arc<Fhir>, runtime: Handle) -> Self {
        Self { fhir, runtime }
    }

    pub(super) fn intake(&self) -> &Arc<Intake> {
        &self.fhir.intake
    }

    /// Keeps all pieces and waits until they are durable; not for the runtime's own threads. A file is of one kind.
    pub(super) fn take(&self, source: &str, pieces: Vec<Piece>) -> Result<Vec<Outcome>, String> {
        match pieces.first().map(|piece| &piece.what) {
            Some(What::Resource(_)) => self.runtime.block_on(self.resources(source, pieces)),
            Some(_) => self.runtime.block_on(self.records(source, &pieces)),
            None => Ok(Vec::new()),
        }
    }

    /// Keeps messages or transaction sets in one write.
    async fn records(&self, source: &str, pieces: &[Piece]) -> Result<Vec<Outcome>, String> {
        let mut received = Vec::new();
        let mut outcomes = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let one = match &piece.what {
                What::X12(bytes) => self.transaction_set(source, piece, bytes),
                _ => self.message(source, piece),
            };
            outcomes.push(match one {
                Ok(one) => {
                    received.push(one);
                    None
                }
                Err(refused) => Some(refused),
            });
        }
        let kept = self.intake().keep(received, Patience::Wait).await;
        let mut kept = kept.map_err(|refusal| refusal.to_string())?.into_iter();
        let outcomes = outcomes.into_iter().map(|outcome| {
            outcome.unwrap_or_else(|| match kept.next() {
                Some(kept) if kept.again => Outcome::Known,
                _ => Outcome::Accepted,
            })
        });
        Ok(outcomes.collect())
    }

    /// A message as its raw topic keeps it, or why it is refused: the file is the copy that is kept for inspection.
    fn message(&self, source: &str, piece: &Piece) -> Result<Received, Outcome> {
        let intake = self.intake();
        let bytes = piece.what.bytes();
        let source = source_of(&intake.sources, source, bytes);
        let readable = source.mapping.readable(bytes);
        let message = readable.message();
        if let Some(refused) = unusable(&message, source) {
            intake.count(&source.name, Way::File, metrics::Outcome::Refused);
            return Err(refused);
        }
        // As from every other way: a message that came by one is known by all.
        let header = message.header();
        let control_id = header
            .as_ref()
            .map_or(&b""[..], |header| header.control_id().raw());
        let hash = blake3::hash(bytes);
        let id = MessageId::derive(&[source.name.as_bytes(), control_id, hash.as_bytes()]);
        let control = intake.site_key.unassigned(&source.name, control_id);
        let key = intake.sources.key(&message, source, &intake.site_key);
        let kind = header.map(|header| header.message_type().into_owned());
        Ok(Received {
            topic: topics::hl7(&kind.unwrap_or_default()),
            key: key.unwrap_or(control),
            id,
            control: Some(control),
            content_type: CONTENT_TYPE,
            source: Arc::clone(&source.name),
            way: Way::File,
            event_time: intake.sources.time(&message, source),
            backfill: piece.is_history,
            headers: vec![row(piece)],
            sign: Sign::default(),
            bytes: bytes.into(),
        })
    }

    /// A transaction set in its envelope as its raw topic keeps it, keyed by its member where it has one.
    fn transaction_set(
        &self,
        source: &str,
        piece: &Piece,
        bytes: &[u8],
    ) -> Result<Received, Outcome> {
        let intake = self.intake();
        let source = intake.sources.named(source);
        let file = x12::read(bytes);
        let set = file.sets().next();
        let Some(set) = set else {
            let hint = "there is no transaction set in it: send it from ST to SE";
            return Err(Outcome::Refused(
                "transaction-set-missing".into(),
                hint.into(),
            ));
        };
        let of_interchange = set.interchange_header().map(|isa| isa.element(13));
        let of_group = set.group_header().map(|gs| gs.element(6));
        let numbers = [of_interchange, of_group, Some(set.control())];
        let numbers = numbers.map(|number| number.map_or(&b""[..], |number| number.raw()));
        let control = intake
            .site_key
            .unassigned(&source.name, &numbers.join(&b'|'));
        let key = match mapping::x12::subjects(&set, &source.mapping) {
            Subjects::One(member) => member.key(&intake.site_key),
            _ => control,
        };
        let hash = blake3::hash(bytes);
        Ok(Received {
            topic: topics::X12_RECEIVED.into(),
            key,
            id: MessageId::derive(&[source.name.as_bytes(), hash.as_bytes()]),
            // Senders count each day anew.
            control: None,
            content_type: X12,
            source: Arc::clone(&source.name),
            way: Way::File,
            event_time: None,
            backfill: piece.is_history,
            headers: vec![row(piece)],
            sign: Sign::default(),
            bytes: bytes.into(),
        })
    }

    async fn resources(&self, source: &str, pieces: Vec<Piece>) -> Result<Vec<Outcome>, String> {
        let sender = Sender {
            source: source.into(),
            way: Way::File,
            backfill: pieces.iter().any(|piece| piece.is_history),
            patience: Patience::Wait,
        };
        let mut outcomes = Outcomes::default();
        // Resources go together as long as no bundle comes, which is kept as a whole or not at all, and none says another
        // thing of what one before it speaks of.
        let mut alone = Vec::new();
        for piece in pieces {
            match self.asked(&sender, piece.what.into_bytes()) {
                Ok(Stated::One(asked)) => {
                    if outcomes.is_said(&asked) {
                        continue;
                    }
                    if outcomes.is_said_otherwise(&asked) {
                        self.keep(&sender, &mut alone, &mut outcomes).await?;
                    }
                    outcomes.wait_for(&asked);
                    alone.push(*asked);
                }
                Ok(Stated::Bundle(bytes)) => {
                    self.keep(&sender, &mut alone, &mut outcomes).await?;
                    let outcome = self.bundle(&sender, &bytes).await?;
                    outcomes.all.push(Place::Known(outcome));
                }
                Err(refusal) => {
                    self.intake()
                        .count(&sender.source, Way::File, metrics::Outcome::Refused);
                    outcomes.all.push(Place::Known(refused(&refusal)));
                }
            }
        }
        self.keep(&sender, &mut alone, &mut outcomes).await?;
        Ok(outcomes.settled())
    }

    async fn keep(
        &self,
        sender: &Sender,
        alone: &mut Vec<Asked>,
        outcomes: &mut Outcomes,
    ) -> Result<(), String> {
        if alone.is_empty() {
            return Ok(());
        }
        let done = self.fhir.take(std::mem::take(alone), sender, false).await;
        let done = done.map_err(|refusal| refusal.to_string())?;
        outcomes.arrive(done.iter().map(outcome));
        Ok(())
    }

    /// What a resource states: it is as it says; one without an id gets the one that its content has.
    fn asked(&self, sender: &Sender, bytes: Vec<u8>) -> Result<Stated, Refusal> {
        let Some((kind, id)) = stated(&bytes)? else {
            return Ok(Stated::Bundle(bytes));
        };
        let mut asked = Asked::new(Interaction::Update, kind, bytes);
        asked.id = Some(id.unwrap_or_else(|| self.fhir.content_id(sender, kind, &asked.bytes)));
        Ok(Stated::One(Box::new(asked)))
    }

    /// Keeps all that a bundle states, or nothing of it.
    async fn bundle(&self, sender: &Sender, bytes: &[u8]) -> Result<Outcome, String> {
        let (asked, left_out) = match self.entries(sender, bytes) {
            Ok(entries) => entries,
            Err(refusal) => return Ok(refused(&refusal)),
        };
        if asked.is_empty() {
            return Ok(Outcome::Refused(NOTHING_KEPT.into(), NOTHING_WORDS.into()));
        }
        let done = self.fhir.take(asked, sender, true).await;
        let done = done.map_err(|refusal| refusal.to_string())?;
        let outcomes: Vec<Outcome> = done.iter().map(outcome).collect();
        let is_new = |one: &&Outcome| **one == Outcome::Accepted;
        let records = outcomes.iter().filter(is_new).count() as u64;
        let worst = outcomes
            .into_iter()
            .find(|one| matches!(one, Outcome::Refused(..)));
        Ok(match worst {
            Some(refused) => refused,
            None if records == 0 => Outcome::Known,
            None => Outcome::Several(records, left_out),
        })
    }

    /// What the entries of a bundle state, and the types of those that are not kept by themselves.
    fn entries(&self, sender: &Sender, bytes: &[u8]) -> Result<Entries, Refusal> {
        let bundle = Bundle::read(bytes)?;
        let new = |entry: &Entry<'_>| {
            let kind = entry.resource_type.unwrap_or_default();
            let bytes = entry.resource.map(Raw::as_bytes).unwrap_or_default();
            self.fhir.content_id(sender, kind, bytes)
        };
        let id = |entry: &Entry<'_>| {
            let own = entry.id.as_deref().filter(|id| is_id(id));
            Some(own.map_or_else(|| new(entry), str::to_owned))
        };
        let ids: Vec<Option<String>> = bundle.entries.iter().map(id).collect();
        let links = bundle.links(&ids);
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        // A history has the oldest last.
        for entry in bundle.in_order() {
            let kind = entry
                .resource_type
                .filter(|kind| mapping::fhir::is_kept(kind));
            let (Some(kind), Some(_)) = (kind, entry.resource) else {
                let kind = entry.resource_type.unwrap_or(UNKNOWN);
                left_out.push(entry.resource.map_or(REQUEST, |_| kind));
                continue;
            };
            let id = ids.get(entry.number).cloned().flatten();
            let bytes = bundle.resolved(entry, &links, id.as_deref())?;
            let mut asked = Asked::new(Interaction::Update, kind, bytes);
            asked.id = id;
            all.push(asked);
        }
        Ok((all, left_out))
    }
}

/// What is asked of resources, and the types of what is left out.
type Entries = (Vec<Asked>, Vec<&'static str>);

/// The reason of a bundle that holds nothing which is kept.
const NOTHING_KEPT: &str = "nothing-kept";
const NOTHING_WORDS: &str =
    "the bundle has no resource that is kept by itself: send resources in its entries";
/// What an entry counts as that only asks for something, such as a deletion.
const REQUEST: &str = "request";
/// What an entry without a type that there is counts as.
const UNKNOWN: &str = "unknown";

/// What became of the pieces of a file, as far as it is known.
#[derive(Default)]
struct Outcomes {
    all: Vec<Place>,
    /// Which piece said what of each resource since the last write.
    said: BTreeMap<(&'static str, String), (usize, blake3::Hash)>,
}

/// What is known of one piece.
enum Place {
    Known(Outcome),
    /// It comes with the next write.
    Waits,
    /// It says what another piece said.
    As(usize),
}

impl Outcomes {
    fn said(&self, asked: &Asked) -> Option<(usize, bool)> {
        let name = (asked.resource_type, asked.id.clone()?);
        let (place, hash) = self.said.get(&name)?;
        Some((*place, *hash == blake3::hash(&asked.bytes)))
    }

    /// Whether a piece before it says the same; then it ends as that one does.
    fn is_said(&mut self, asked: &Asked) -> bool {
        let said = self.said(asked).filter(|(_, is_same)| *is_same);
        self.all.extend(said.map(|(place, _)| Place::As(place)));
        said.is_some()
    }

    fn is_said_otherwise(&self, asked: &Asked) -> bool {
        self.said(asked).is_some_and(|(_, is_same)| !is_same)
    }

    fn wait_for(&mut self, asked: &Asked) {
        if let Some(id) = &asked.id {
            let said = (self.all.len(), blake3::hash(&asked.bytes));
            self.said.insert((asked.resource_type, id.clone()), said);
        }
        self.all.push(Place::Waits);
    }

    /// Takes in what became of those that waited.
    fn arrive(&mut self, outcomes: impl Iterator<Item = Outcome>) {
        let waiting = self.all.iter_mut();
        let waiting = waiting.filter(|place| matches!(place, Place::Waits));
        for (place, outcome) in waiting.zip(outcomes) {
            *place = Place::Known(outcome);
        }
        self.said.clear();
    }

    fn settled(self) -> Vec<Outcome> {
        let known = |place: usize| match self.all.get(place) {
            Some(Place::Known(outcome)) => outcome.clone(),
            _ => Outcome::Known,
        };
        let settled = (0..self.all.len()).map(|place| match self.all.get(place) {
            Some(Place::As(first)) => match known(*first) {
                Outcome::Accepted => Outcome::Known,
                other => other,
            },
            _ => known(place),
        });
        settled.collect()
    }
}

/// What a piece of FHIR states.
enum Stated {
    One(Box<Asked>),
    Bundle(Vec<u8>),
}

fn outcome(done: &Done) -> Outcome {
    match done {
        Done::Kept { .. } => Outcome::Accepted,
        Done::Unchanged(_) => Outcome::Known,
        Done::Refused(refusal) => refused(refusal),
    }
}

fn refused(refusal: &Refusal) -> Outcome {
    Outcome::Refused(refusal.code().to_owned(), refusal.words())
}

/// What would become of a piece, as far as it can be told without what is known already.
pub(super) fn judge(sources: &Sources, source: &str, piece: &Piece) -> Outcome {
    match &piece.what {
        What::Message(bytes) => {
            let source = source_of(sources, source, bytes);
            let readable = source.mapping.readable(bytes);
            unusable(&readable.message(), source).unwrap_or(Outcome::Accepted)
        }
        What::Resource(bytes) => match stated(bytes) {
            Ok(Some(_)) => Outcome::Accepted,
            Ok(None) => match Bundle::read(bytes) {
                Ok(_) => Outcome::Accepted,
                Err(wrong) => refused(&wrong.into()),
            },
            Err(refusal) => refused(&refusal),
        },
        // What cannot be used was told when the file was taken apart.
        What::X12(_) => Outcome::Accepted,
    }
}

/// Says which row of its file a record was.
fn row(piece: &Piece) -> (Box<str>, Box<[u8]>) {
    (ROW.into(), piece.row.to_string().into_bytes().into())
}

/// Whose a message is: the folder's, or whose it says.
fn source_of<'s>(sources: &'s Sources, source: &str, bytes: &[u8]) -> &'s Source {
    match source {
        ANYBODY => sources.of(hl7v2::parse(bytes).header().as_ref()),
        name => sources.named(name),
    }
}

/// Why a message cannot be taken.
fn unusable(message: &hl7v2::Message<'_>, source: &Source) -> Option<Outcome> {
    let (code, hint) = match message.first_error() {
        Some(issue) => (issue.code.as_str(), issue.to_string()),
        None if !source.takes(message) => (NOT_PRODUCTION, NOT_PRODUCTION_TEXT.to_owned()),
        None => return None,
    };
    Some(Outcome::Refused(code.to_owned(), hint))
}

/// The type of a resource, and its id; nothing for a bundle.
fn stated(bytes: &[u8]) -> Result<Option<(&'static str, Option<String>)>, Refusal> {
    strict::check(bytes)?;
    let text = |name| Raw::text_of(bytes, name).map(Cow::into_owned);
    let kind = text("resourceType").unwrap_or_default();
    if kind == "Bundle" {
        return Ok(None);
    }
    let kind = resource_type(&kind).filter(|kind| mapping::fhir::is_kept(kind));
    let kind = kind.ok_or_else(|| {
        let words = "the resourceType is none that is kept by itself: look for its right name";
        Refusal::because(422, IssueCode::NotSupported, words)
    })?;
    let id = text("id");
    if id.as_deref().is_some_and(|id| !is_id(id)) {
        let words = "an id has 1 to 64 letters, digits, hyphens and points: change it";
        return Err(Refusal::because(400, IssueCode::Value, words));
    }
    Ok(Some((kind, id)))
}
