//! FHIR resources on their way in, whichever way they came: what is asked of which, decided one at a time per resource, and
//! kept in one write.

mod asked;
mod identity;
mod index;
mod locks;
mod lookup;
mod raw;
mod view;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use clinical::plausible::Circumstances;
use clinical::{MessageId, PatientKey, ReceivedTime};
use formats::fhir::validate::{Issue, IssueCode, Severity};
use journal::TopicPartition;

use super::accept::Intake;
use super::keep::{self, Kept, Patience, Received, Way};
use crate::metrics::Outcome;
use crate::stages::{Mode, Plausibility, Validation};
use crate::tasks::aside;
use crate::topics;

pub(crate) use asked::{Asked, Criteria, Interaction, Refusal, Token};
use index::{Change, hash};
pub(crate) use index::{Entry, Error as IndexError, Index, State};
use locks::Locks;
use raw::received;
use view::View;

/// What a resource is called on a topic.
const CONTENT_TYPE: &str = mapping::event::FHIR_JSON;

/// Who sends resources, and how.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    /// The configured name of the source.
    pub(crate) source: Arc<str>,
    pub(crate) way: Way,
    pub(crate) backfill: bool,
    pub(crate) patience: Patience,
}

/// What became of one thing that was asked.
#[derive(Clone, Debug)]
pub(crate) enum Done {
    /// It is durable; nothing of these bytes is there where it was deleted.
    Kept {
        kept: Kept,
        state: State,
        /// What is not valid in it, where that is only told.
        issues: Vec<Issue>,
        bytes: Arc<[u8]>,
    },
    /// It was so already; nothing where what was to be deleted is not there.
    Unchanged(Option<Entry>),
    /// It is not taken.
    Refused(Refusal),
}

/// Takes FHIR resources in.
pub(crate) struct Fhir {
    pub(crate) intake: Arc<Intake>,
    index: Arc<Index>,
    locks: Arc<Locks>,
    validation: Validation,
    plausibility: Plausibility,
}

/// What was decided about one thing that was asked, before anything is written.
enum Decision {
    /// The record of this number makes it true.
    Write {
        record: usize,
        state: State,
        issues: Vec<Issue>,
        bytes: Arc<[u8]>,
    },
    Unchanged(Option<Entry>),
    Refused(Refusal),
}

impl Fhir {
    /// Opens the index beside the journal.
    pub(crate) fn open(
        intake: Arc<Intake>,
        directory: &Path,
        (validation, plausibility): (&Validation, &Plausibility),
    ) -> Result<Self, IndexError> {
        let raw: Vec<TopicPartition> = (0..intake.partitions)
            .map(|partition| TopicPartition::new(topics::FHIR_RECEIVED, partition))
            .collect();
        let index = Index::open(directory, &*intake.journal, &raw, &intake.site_key)?;
        Ok(Self {
            intake,
            index: Arc::new(index),
            locks: Arc::default(),
            validation: validation.clone(),
            plausibility: plausibility.clone(),
        })
    }

    /// The index, to be brought to disk now and then.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Does what is asked in one write: each for itself, or, where `together`, all of it or nothing: then the first that
    /// is refused is the answer to all.
    pub(crate) async fn take(
        &self,
        asked: Vec<Asked>,
        sender: &Sender,
        together: bool,
    ) -> Result<Vec<Done>, keep::Refusal> {
        self.take_all(asked, sender, (together, Vec::new())).await
    }

    /// Does what is asked, each for itself, in one write with what is kept beside it.
    pub(crate) async fn take_beside(
        &self,
        asked: Vec<Asked>,
        sender: &Sender,
        beside: Vec<Received>,
    ) -> Result<Vec<Done>, keep::Refusal> {
        self.take_all(asked, sender, (false, beside)).await
    }

    async fn take_all(
        &self,
        asked: Vec<Asked>,
        sender: &Sender,
        (together, beside): (bool, Vec<Received>),
    ) -> Result<Vec<Done>, keep::Refusal> {
        let mut wanted: BTreeSet<locks::Key> = self.names(&asked, sender).into_iter().collect();
        let (held, mut decided) = loop {
            let held = self.locks.hold(wanted.iter().copied().collect()).await;
            let bytes = asked.iter().map(|one| one.bytes.len()).sum();
            let decided = aside(bytes, || self.decide(&asked, sender, together));
            let decided = decided.map_err(|error| keep::Refusal::History(error.to_string()))?;
            let more = decided.names.iter().any(|name| !wanted.contains(name));
            if !more {
                break (held, decided);
            }
            // What is there already has names of its own: they are taken with the others, and all is looked at anew.
            wanted.extend(decided.names);
        };
        let count = |outcome| self.intake.count(&sender.source, sender.way, outcome);
        if together && let Some(refused) = decided.refusal() {
            count(Outcome::Refused);
            return Ok(vec![Done::Refused(refused); asked.len()]);
        }
        for decision in &decided.decisions {
            match decision {
                Decision::Refused(_) => count(Outcome::Refused),
                Decision::Unchanged(_) => count(Outcome::Resent),
                Decision::Write { .. } => {}
            }
        }
        let prepared = self.index.prepare(decided.changes);
        let prepared = prepared.map_err(|error| keep::Refusal::History(error.to_string()))?;
        let then = move |kept: &[Option<Kept>]| {
            prepared.apply(kept);
            drop(held);
        };
        // At the end: what was decided knows its records by their numbers.
        decided.received.extend(beside);
        let kept = match decided.received.is_empty() {
            true => Vec::new(),
            false => {
                let kept = self
                    .intake
                    .keep_and(decided.received, sender.patience, then);
                kept.await?
            }
        };
        let done = decided
            .decisions
            .into_iter()
            .map(|decision| match decision {
                Decision::Unchanged(entry) => Done::Unchanged(entry),
                Decision::Refused(refusal) => Done::Refused(refusal),
                Decision::Write {
                    record,
                    mut state,
                    issues,
                    bytes,
                } => {
                    let kept = kept.get(record).cloned();
                    let kept = kept.expect("each record that was kept has a place");
                    state.at = kept.at;
                    Done::Kept {
                        kept,
                        state,
                        issues,
                        bytes,
                    }
                }
            });
        Ok(done.collect())
    }

    /// An id that no resource has yet.
    pub(crate) fn new_id(&self, sender: &Sender, resource_type: &str, bytes: &[u8]) -> String {
        let at = self.intake.stamp().micros().to_be_bytes();
        derived(&[b"new", &at], sender, resource_type, bytes)
    }

    /// An id that the same content of the same source has again.
    pub(crate) fn content_id(&self, sender: &Sender, resource_type: &str, bytes: &[u8]) -> String {
        derived(&[b"content"], sender, resource_type, bytes)
    }

    /// The names that are asked about before anything is looked up.
    fn names(&self, asked: &[Asked], sender: &Sender) -> Vec<locks::Key> {
        let site = &self.intake.site_key;
        let source = &*sender.source;
        let mut names = Vec::new();
        for one in asked {
            let kind = one.resource_type;
            names.extend(one.id.iter().map(|id| index::name(site, source, kind, id)));
            let found_by = |pair| index::identifiers_of(site, source, kind, pair);
            names.extend(one.identifiers.iter().flat_map(found_by));
            match &one.criteria {
                Some(Criteria::Identifier(tokens)) => {
                    let token = |token| index::token(site, source, kind, token);
                    names.extend(tokens.iter().map(token));
                }
                Some(Criteria::Id(id)) => names.push(index::name(site, source, kind, id)),
                None => {}
            }
        }
        names
    }

    /// Decides about all that is asked as things stand now.
    fn decide(
        &self,
        asked: &[Asked],
        sender: &Sender,
        together: bool,
    ) -> Result<Decided, IndexError> {
        let source = self.intake.sources.named(&sender.source);
        let mut view = View::new(&self.index, &self.intake.site_key, source);
        let mut decided = Decided::default();
        // Those who are patients first: what is about them is keyed as they are.
        let patients = |one: &Asked| one.resource_type == "Patient";
        let mut order: Vec<usize> = (0..asked.len()).collect();
        if together {
            order.sort_by_key(|index| !asked.get(*index).is_some_and(patients));
        }
        let mut decisions: Vec<Option<Decision>> = Vec::new();
        decisions.resize_with(asked.len(), || None);
        for index in order {
            let (Some(one), Some(decision)) = (asked.get(index), decisions.get_mut(index)) else {
                continue;
            };
            *decision = Some(self.decide_one(one, sender, &mut view, &mut decided)?);
        }
        decided.decisions = decisions.into_iter().flatten().collect();
        decided.names.extend(view.names());
        Ok(decided)
    }

    fn decide_one(
        &self,
        one: &Asked,
        sender: &Sender,
        view: &mut View<'_>,
        decided: &mut Decided,
    ) -> Result<Decision, IndexError> {
        if let Some(refusal) = &one.refusal {
            return Ok(Decision::Refused(refusal.clone()));
        }
        let target = match view.target(one)? {
            view::Target::Is(target) => target,
            view::Target::Unchanged(entry) => return Ok(Decision::Unchanged(entry)),
            view::Target::Refused(refusal) => return Ok(Decision::Refused(refusal)),
        };
        let (bytes, issues) = match self.bytes_of(one, &target, sender) {
            Ok(found) => found,
            Err(refusal) => return Ok(Decision::Refused(refusal)),
        };
        let hash = hash(&bytes);
        let before = target.before.as_ref();
        let same = before.is_some_and(|before| before.hash == hash && !before.deleted);
        if same && one.interaction == Interaction::Update {
            return Ok(match view.entry(&target.name)? {
                Some(entry) => Decision::Unchanged(Some(entry)),
                // It is among what is asked at once, and comes with the other.
                None => Decision::Refused(Refusal::twice()),
            });
        }
        let keyed = match one.interaction {
            Interaction::Delete => identity::Keyed::of_deleted(before),
            _ => view.key(one, &target)?,
        };
        let mut version = before.map_or(0, |before| before.version) + 1;
        if let Some(former) = self.moved_from(&target, view, keyed.key, &bytes)? {
            let left = left(former, (version, keyed.key), sender);
            decided.received.push(left);
            version += 1;
        }
        let state = State {
            source: (*sender.source).into(),
            resource_type: one.resource_type.into(),
            id: target.id.as_str().into(),
            version,
            deleted: one.interaction == Interaction::Delete,
            key: keyed.key,
            hash,
            at: ReceivedTime::from_micros(0),
            identifiers: match one.interaction {
                Interaction::Delete => Vec::new(),
                _ => view.identifiers(one),
            },
        };
        let bytes: Arc<[u8]> = bytes.into();
        let record = decided.received.len();
        let mut received = received(&state, sender, (one.interaction, keyed.retired), &bytes);
        received.headers.extend(one.headers.iter().cloned());
        decided.received.push(received);
        let former = target.before.map(|before| before.identifiers);
        decided.change(
            record,
            target.name,
            state.clone(),
            former.unwrap_or_default(),
        );
        if let Some((name, unknown)) = keyed.placeholder {
            decided.change(record, name, unknown.clone(), Vec::new());
            view.set(name, unknown);
        }
        view.set(target.name, state.clone());
        Ok(Decision::Write {
            record,
            state,
            issues,
            bytes,
        })
    }

    /// What a resource was of the patient whose it is no longer: what followed from it there is to be taken back.
    fn moved_from(
        &self,
        target: &view::Named,
        view: &View<'_>,
        key: PatientKey,
        bytes: &[u8],
    ) -> Result<Option<State>, IndexError> {
        let Some(before) = &target.before else {
            return Ok(None);
        };
        let is_patient = &*before.resource_type == "Patient";
        if is_patient || before.deleted || before.key == key {
            return Ok(None);
        }
        // Of what is asked twice at once nothing was told.
        let Some(entry) = view.entry(&target.name)? else {
            return Ok(None);
        };
        // A patient who is known by an identifier since has another key, and is the same one.
        let is_moved = self
            .bytes(&entry)?
            .is_none_or(|former| identity::names_another(&former, bytes));
        Ok(is_moved.then(|| before.clone()))
    }

    /// The bytes that are to be kept, and what is not valid in them.
    fn bytes_of(
        &self,
        one: &Asked,
        target: &view::Named,
        sender: &Sender,
    ) -> Result<(Vec<u8>, Vec<Issue>), Refusal> {
        if one.interaction == Interaction::Delete {
            return Ok((
                asked::deletion(one.resource_type, &target.id, None),
                Vec::new(),
            ));
        }
        let bytes = one.with_id(&target.id)?;
        if one.resource_type == "Observation" {
            self.believed(&bytes, sender)?;
        }
        let mut issues = self.validation.issues(one.resource_type, &bytes);
        let wrong = issues.iter().any(|issue| issue.severity >= Severity::Error);
        if wrong && self.validation.mode(one.resource_type) == Mode::Reject {
            issues.retain(|issue| issue.severity >= Severity::Error);
            return Err(Refusal::invalid(issues));
        }
        Ok((bytes, issues))
    }
}

impl Fhir {
    /// Refuses a measurement that cannot be true, where the rule that doubts it says so; what else is doubted is normalize's.
    fn believed(&self, bytes: &[u8], sender: &Sender) -> Result<(), Refusal> {
        if !self.plausibility.policy.may_reject(&sender.source) {
            return Ok(());
        }
        let intake = &self.intake;
        let zone = &intake.sources.named(&sender.source).mapping.zone;
        let received = intake.clock.now();
        let (effective, issued) = mapping::fhir::times(bytes, zone, received);
        let given = Circumstances {
            source: &sender.source,
            effective,
            issued,
            received,
            birth: None,
        };
        let Some(reason) = self.plausibility.rejected(bytes, &given) else {
            return Ok(());
        };
        Plausibility::count_refused(reason, &sender.source, &intake.metrics);
        let words = format!(
            "{}: {}; this site does not take it: correct it and send it again",
            reason.code(),
            reason.words()
        );
        Err(Refusal::because(422, IssueCode::Value, words))
    }
}

/// What is kept where a resource left a patient for another: its deletion there.
fn left(former: State, (version, to): (u64, PatientKey), sender: &Sender) -> Received {
    let gone = asked::deletion(&former.resource_type, &former.id, Some(to));
    let state = State {
        version,
        deleted: true,
        hash: hash(&gone),
        identifiers: Vec::new(),
        ..former
    };
    received(&state, sender, (Interaction::Delete, None), &gone.into())
}

fn derived(kind: &[&[u8]], sender: &Sender, resource_type: &str, bytes: &[u8]) -> String {
    let content = hash(bytes);
    let parts = [sender.source.as_bytes(), resource_type.as_bytes(), &content];
    let parts: Vec<&[u8]> = kind.iter().copied().chain(parts).collect();
    MessageId::derive(&parts).to_string()
}

/// All that was decided.
#[derive(Default)]
struct Decided {
    decisions: Vec<Decision>,
    received: Vec<Received>,
    changes: Vec<Change>,
    /// The names of what was looked at: they must be held.
    names: Vec<locks::Key>,
}

impl Decided {
    /// Notes a change, with what the resource was found by before all that is asked at once.
    fn change(&mut self, record: usize, name: locks::Key, state: State, former: Vec<locks::Key>) {
        self.changes.push(Change {
            record,
            name,
            state,
            former,
        });
    }

    fn refusal(&self) -> Option<Refusal> {
        self.decisions.iter().find_map(|decision| match decision {
            Decision::Refused(refusal) => Some(refusal.clone()),
            _ => None,
        })
    }
}
