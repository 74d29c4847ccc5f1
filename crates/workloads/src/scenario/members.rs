//! Runs the payer workloads over what a story tells of members, as the stream does: timers first, then what was said.

use std::collections::{BTreeMap, VecDeque};

use clinical::payer::{Document, PayerEvent, PayerFact};
use clinical::{EventId, EventTime, Finding, Merge, MergeRole, Origin, PatientKey, ReceivedTime};

use super::made::{Place, patient, received_time};
use super::providers::Providers;
use crate::Now;
use crate::payer::{Effects, Input, Payer, PayerConfig, State};

/// All members of a story.
pub(super) struct Members {
    payer: Payer,
    pub(super) config: PayerConfig,
    states: BTreeMap<PatientKey, State>,
    /// Where the story is a test of what providers did.
    pub(super) providers: Option<Providers>,
    watermark: EventTime,
    /// What was published since it was last taken.
    pub(super) findings: Vec<Finding>,
}

impl Members {
    pub(super) fn of(config: PayerConfig, counts_providers: bool) -> Self {
        Self {
            payer: Payer::new(config.clone()),
            providers: counts_providers.then(|| Providers::of(config.clone())),
            config,
            states: BTreeMap::new(),
            watermark: EventTime::from_micros(0),
            findings: Vec::new(),
        }
    }

    /// Moves time on, as a tick record does.
    pub(super) fn tick(&mut self, received: ReceivedTime) {
        self.watermark = self
            .watermark
            .max(EventTime::from_micros(received.micros()));
        let due = |(key, state): (&PatientKey, &State)| {
            let wake = state.wake?;
            Some((wake, *key))
        };
        while let Some((at, member)) = self
            .states
            .iter()
            .filter_map(due)
            .min()
            .filter(|(at, _)| *at <= self.watermark)
        {
            // What a timer says could be known when it rang, whenever the story goes on.
            let rang = ReceivedTime::from_micros(at.micros());
            self.step(member, Input::Timer(at), (at, rang));
        }
    }

    /// Takes in what was said of a member.
    pub(super) fn say(&mut self, who: &str, place: Place, document: Document, backfill: bool) {
        let fact = PayerFact::Document(document.into());
        self.take(PayerEvent {
            backfill,
            ..event(patient(who), place, 0, fact)
        });
    }

    /// Makes two members one.
    pub(super) fn merge(&mut self, from: &str, into: &str, place: Place) {
        let side = |role, other: &str| {
            let other = patient(other);
            PayerFact::Merge(Merge { role, other })
        };
        let retired = side(MergeRole::Retired, into);
        self.take(event(patient(from), place, 0, retired));
        let survivor = side(MergeRole::Survivor, from);
        self.take(event(patient(into), place, 1, survivor));
    }

    fn take(&mut self, event: PayerEvent) {
        let mut queue = VecDeque::from([event]);
        while let Some(event) = queue.pop_front() {
            let now = (self.watermark, event.received);
            let effects = self.step(event.patient, Input::Event(&event), now);
            if let Some((to, state)) = effects.handover {
                let (from, state) = (event.patient, state.into());
                queue.push_back(PayerEvent {
                    id: EventId::derive(&[b"handover", event.id.as_bytes()]),
                    patient: to,
                    fact: PayerFact::Handover { from, state },
                    ..event
                });
            }
        }
    }

    fn step(
        &mut self,
        member: PatientKey,
        input: Input<'_>,
        (watermark, received): (EventTime, ReceivedTime),
    ) -> Effects {
        let mut effects = Effects::default();
        let now = Now {
            watermark,
            received,
            patient: member,
        };
        let state = self.states.entry(member).or_default();
        self.payer
            .step(state, input, now, &mut effects)
            .expect("no story merges a member with itself, and states are our own");
        self.findings.append(&mut effects.findings);
        if let Some(providers) = &mut self.providers {
            for claim in std::mem::take(&mut effects.claims) {
                let found = providers.take(member, claim, (watermark, received));
                self.findings.extend(found);
            }
        }
        effects
    }
}

fn event(member: PatientKey, place: Place, ordinal: u64, fact: PayerFact) -> PayerEvent {
    let offset = place.offset + ordinal;
    PayerEvent {
        id: EventId::derive(&[b"paper", &offset.to_be_bytes()]),
        patient: member,
        received: received_time(place.arrives),
        origin: Origin {
            partition: 0,
            offset,
        },
        backfill: false,
        fact,
    }
}
