//! Runs quality measures over what a story tells of care, as the stream does: timers first, then what was said.

use std::collections::BTreeMap;

use clinical::{EventId, Finding, Origin, PatientKey, ReceivedTime};

use super::cares::Said;
use super::clock::Clock;
use super::made::{Place, patient, received_time};
use crate::Now;
use crate::measures::{
    Change, MeasureEffects, MeasureState, MeasureValueSets, Measures, MeasuresConfig,
};

/// All patients of a story, as measures know them.
pub(super) struct Gaps {
    measures: Measures,
    states: BTreeMap<PatientKey, MeasureState>,
    clock: Clock,
    /// What was published since it was last taken.
    pub(super) findings: Vec<Finding>,
}

impl Gaps {
    pub(super) fn of(config: MeasuresConfig) -> Self {
        Self {
            // A story names value sets and no codes.
            measures: Measures::new(config, &MeasureValueSets::new()),
            states: BTreeMap::new(),
            clock: Clock::default(),
            findings: Vec::new(),
        }
    }

    /// Moves time on, as a tick record does.
    pub(super) fn tick(&mut self, received: ReceivedTime) {
        while let Some(now) = self.clock.ring(received) {
            self.conclude(now, None);
        }
    }

    /// Takes in what was said.
    pub(super) fn say(&mut self, said: &Said, place: Place, backfill: bool) {
        let event = EventId::derive(&[b"care", &place.offset.to_be_bytes()]);
        let received = received_time(place.arrives);
        let change = Change {
            event,
            origin: Origin {
                partition: 0,
                offset: place.offset,
            },
            received,
            source: said.source(backfill),
            care: said.care(place.at),
        };
        let mut key = patient(&said.who);
        loop {
            let state = self.states.entry(key).or_default();
            match self.measures.take(state, change.clone()) {
                Ok(true) => return self.conclude(self.clock.now(key, received), Some(event)),
                Ok(false) => return,
                Err(survivor) => key = survivor,
            }
        }
    }

    /// Makes two patients one.
    pub(super) fn merge(&mut self, from: &str, into: &str, place: Place) {
        let (from, into) = (patient(from), patient(into));
        let received = received_time(place.arrives);
        let now = self.clock.now(from, received);
        let state = self.states.entry(from).or_default();
        let (effects, handed) = self.measures.retire(state, into, now, None);
        self.told(from, effects);
        let handed = MeasureState::decode(&handed).expect("what a state hands over is a state");
        let survivor = self.states.entry(into).or_default();
        self.measures.absorb(survivor, handed);
        self.conclude(self.clock.now(into, received), None);
    }

    fn conclude(&mut self, now: Now, cause: Option<EventId>) {
        let state = self.states.entry(now.patient).or_default();
        let effects = self.measures.conclude(state, now, cause);
        self.told(now.patient, effects);
    }

    fn told(&mut self, key: PatientKey, effects: MeasureEffects) {
        let findings = effects.gaps.into_iter().map(|gap| gap.finding);
        self.findings.extend(findings);
        self.clock.set(key, effects.wake);
    }
}
