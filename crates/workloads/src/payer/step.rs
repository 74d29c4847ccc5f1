//! One input of one member: what it changes in what is known, and what follows from that.

use clinical::payer::{Document, DocumentKind, PayerEvent, PayerFact};
use clinical::{EventTime, Finding, Merge, MergeRole, PatientKey};

use super::authorization::Authorization;
use super::calendar::Calendar;
use super::care;
use super::config::PayerConfig;
use super::ledger::{self, WeekClaim};
use super::publish::{Cause, publish};
use super::rule::{RULES, View};
use super::state::{Held, REVISE, State};
use super::tables::Tables;
use crate::{Now, StepError};

/// All payer workloads with what they were configured to do.
#[derive(Clone, Debug)]
pub struct Payer {
    config: PayerConfig,
    tables: Tables,
}

/// What comes in.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Something that was said, alone or the last of its message.
    Event(&'a PayerEvent),
    /// Something that another record of the same message follows: it is taken in, and concluded from with the rest.
    Part(&'a PayerEvent),
    /// The end of a message whose last record says nothing.
    End,
    /// The time of a timer that was set before.
    Timer(EventTime),
}

/// What follows from an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Findings, revisions and retractions.
    pub findings: Vec<Finding>,
    /// How authorizations stand now.
    pub authorizations: Vec<Authorization>,
    /// What claims now add to weeks of providers.
    pub claims: Vec<WeekClaim>,
    /// The one timer, where it changed.
    pub timer: Option<Option<EventTime>>,
    /// State for another identity of the same member.
    pub handover: Option<(PatientKey, Vec<u8>)>,
}

impl Payer {
    /// Makes the workloads ready.
    pub fn new(config: PayerConfig) -> Self {
        Self {
            config,
            tables: Tables::new(),
        }
    }

    /// Takes one input of a member.
    ///
    /// # Errors
    /// When the input cannot be used; the state is then as it was.
    pub fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), StepError> {
        // What still arrives for a retired identity is forwarded by whoever keeps the chart, but for what was handed to it.
        if let Some(survivor) = state.retired {
            effects.handover = handed(input).map(|handed| (survivor, handed.to_vec()));
            return Ok(());
        }
        let mut cause = Cause {
            patient: now.patient,
            known_at: now.received,
            event: None,
            timer: None,
            reason: "no-longer-so",
        };
        match input {
            Input::Event(event) | Input::Part(event) => {
                cause.event = Some(event.id);
                state.pending |= self.take(state, event, now, &cause, effects)?;
            }
            Input::Timer(at) => {
                cause.timer = Some(at);
                state.wake = None;
                state.pending = true;
            }
            Input::End => {}
        }
        let is_part = matches!(input, Input::Part(_));
        if state.pending && !is_part && state.retired.is_none() {
            state.pending = false;
            self.conclude(state, now, &cause, effects);
        }
        Ok(())
    }

    /// Takes in what was said, and says whether that is news.
    fn take(
        &self,
        state: &mut State,
        event: &PayerEvent,
        now: Now,
        cause: &Cause,
        effects: &mut Effects,
    ) -> Result<bool, StepError> {
        match &event.fact {
            // Of the many flags that a member may have those of the site's panels are kept, and what became of them.
            PayerFact::Document(document)
                if document.kind == DocumentKind::Panel
                    && care::word(&self.config, document).is_none()
                    && !state.has(document) =>
            {
                Ok(false)
            }
            PayerFact::Document(document) => Ok(state.put(Held {
                document: Document::clone(document),
                known: event.received,
                first_known: event.received,
                event: event.id,
                origin: event.origin,
                backfill: event.backfill,
            })),
            PayerFact::Merge(merge) if merge.other == now.patient => Err(StepError::SelfMerge),
            PayerFact::Merge(Merge {
                role: MergeRole::Retired,
                other,
            }) => {
                retire(state, *other, cause, effects);
                Ok(false)
            }
            PayerFact::Merge(Merge {
                role: MergeRole::Survivor,
                ..
            }) => Ok(false),
            PayerFact::Handover { state: bytes, .. } => {
                state.absorb(State::decode(bytes)?);
                Ok(true)
            }
        }
    }

    fn view<'v>(&'v self, state: &'v State, now: Now) -> View<'v> {
        View {
            config: &self.config,
            tables: &self.tables,
            calendar: Calendar {
                zone: &self.config.zone,
                holidays: &self.tables.holidays,
            },
            documents: state.standing(),
            watermark: now.watermark,
        }
    }

    fn conclude(&self, state: &mut State, now: Now, cause: &Cause, effects: &mut Effects) {
        state.expire(now.watermark);
        // What was concluded of documents that are given up is left as it was published.
        let window = now.watermark.minus(REVISE);
        let above = |floor: EventTime| EventTime::from_micros(floor.micros().saturating_add(1));
        let frozen = state.floor.map_or(window, |floor| window.max(above(floor)));
        let mut wake = None;
        for (place, rule) in (0_u8..).zip(&RULES) {
            let mut concluded = (rule.conclude)(&self.view(state, now));
            concluded.conclusions.retain(|one| one.as_of >= frozen);
            wake = wake.into_iter().chain(concluded.wake).min();
            publish(place, cause, frozen, concluded.conclusions, state, effects);
        }
        let claims = ledger::claims(&self.view(state, now));
        ledger::tell(claims, cause, frozen, state, effects);
        if state.wake != wake {
            state.wake = wake;
            effects.timer = Some(wake);
        }
    }
}

/// The state that an input hands over.
fn handed(input: Input<'_>) -> Option<&[u8]> {
    match input {
        Input::Event(event) | Input::Part(event) => match &event.fact {
            PayerFact::Handover { state, .. } => Some(state),
            PayerFact::Document(_) | PayerFact::Merge(_) => None,
        },
        Input::End | Input::Timer(_) => None,
    }
}

/// Hands over what is known, and takes back what was told of an identity that is none any more.
fn retire(state: &mut State, survivor: PatientKey, cause: &Cause, effects: &mut Effects) {
    let cause = Cause {
        reason: "merged",
        ..*cause
    };
    let everything = EventTime::from_micros(i64::MIN);
    for (place, _) in (0_u8..).zip(&RULES) {
        publish(place, &cause, everything, Vec::new(), state, effects);
    }
    ledger::tell(Vec::new(), &cause, everything, state, effects);
    let mut bytes = Vec::new();
    let handed = State {
        documents: std::mem::take(&mut state.documents),
        floor: state.floor,
        ..State::default()
    };
    if handed.encode(&mut bytes) {
        effects.handover = Some((survivor, bytes));
    }
    if state.wake.take().is_some() {
        effects.timer = Some(None);
    }
    *state = State {
        retired: Some(survivor),
        ..State::default()
    };
}
