//! Runs an emergency department's clocks and boards over what a story tells of visits, as the stream does: timers first.

use std::collections::BTreeMap;

use clinical::{Decimal, EventId, Finding, PatientKey, ReceivedTime};

use super::clock::Clock;
use super::made::{Place, patient, received_time};
use super::stays::Stay;
use crate::Now;
use crate::throughput::{Board, Department, Effects, Emergency, Input, PatientState, UnitState};

/// What a story can expect of a unit, by its word.
type Figure = (&'static str, fn(&UnitState) -> Option<Decimal>);

const FIGURES: &[Figure] = &[
    ("patients", |unit| Some(unit.patients.into())),
    ("waiting", |unit| Some(unit.waiting.into())),
    ("boarding", |unit| Some(unit.boarding.into())),
    ("ventilated", |unit| Some(unit.ventilated.into())),
    ("departed", |unit| Some(unit.departed.into())),
    ("left-unseen", |unit| Some(unit.left_unseen.into())),
    ("door-to-room", |unit| unit.door_to_room),
    ("door-to-provider", |unit| unit.door_to_provider),
    ("length-of-stay", |unit| unit.length_of_stay),
    ("boarding-time", |unit| unit.boarding_time),
    ("nedocs", |unit| unit.nedocs.map(|score| score.round_dp(1))),
];

/// Gives the words of all figures of a unit.
pub(super) fn figures() -> impl Iterator<Item = &'static str> {
    FIGURES.iter().map(|(word, _)| *word)
}

/// All visits of a story.
pub(super) struct Visits {
    emergency: Emergency,
    states: BTreeMap<PatientKey, PatientState>,
    boards: BTreeMap<Box<str>, Board>,
    clock: Clock,
    /// What was published since it was last taken.
    pub(super) findings: Vec<Finding>,
}

impl Visits {
    pub(super) fn of(department: Department) -> Self {
        Self {
            emergency: Emergency::new(department),
            states: BTreeMap::new(),
            boards: BTreeMap::new(),
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
    pub(super) fn say(&mut self, stay: &Stay, place: Place, backfill: bool) -> Result<(), String> {
        let input = stay.input(self.emergency.department(), place, backfill)?;
        let event = match &input {
            Input::Visit(heard, _) => heard.event,
            Input::Signs { event, .. } => *event,
        };
        let key = patient(&stay.who);
        if self.states.entry(key).or_default().take(input) {
            let now = self.clock.now(key, received_time(place.arrives));
            self.conclude(now, Some(event));
        }
        Ok(())
    }

    /// Makes two patients one.
    pub(super) fn merge(&mut self, from: &str, into: &str, place: Place) {
        let (from, into) = (patient(from), patient(into));
        let received = received_time(place.arrives);
        let now = self.clock.now(from, received);
        let state = self.states.entry(from).or_default();
        let (mut findings, handed) = self.emergency.retire(state, into, now, None);
        self.findings.append(&mut findings);
        self.clock.set(from, None);
        let survivor = self.states.entry(into).or_default();
        survivor
            .absorb(&handed)
            .expect("what a state hands over is a state");
        self.conclude(self.clock.now(into, received), None);
    }

    fn conclude(&mut self, now: Now, cause: Option<EventId>) {
        let state = self.states.entry(now.patient).or_default();
        let effects = self.emergency.conclude(state, now, cause);
        self.told(now.patient, effects);
    }

    fn told(&mut self, key: PatientKey, effects: Effects) {
        for (unit, standing) in effects.gone {
            self.boards.entry(unit).or_default().remove(standing.key);
        }
        for standing in effects.standings {
            let board = self.boards.entry(standing.unit).or_default();
            board.put(standing.key, standing.visit);
        }
        self.findings.extend(effects.findings);
        self.clock.set(key, effects.wake);
    }

    /// Gives a figure of a unit as it now stands; nothing where it has none.
    pub(super) fn figure(&self, unit: &str, word: &str) -> Option<Decimal> {
        let (_, figure) = FIGURES.iter().find(|(known, _)| *known == word)?;
        let beds = self.emergency.department().beds.get(unit).copied();
        let board = self.boards.get(unit)?;
        figure(&board.unit(unit, self.clock.watermark, beds))
    }
}
