//! A patient's history: what was charted, when each of it was known, the stays, and what became of the patient.

use clinical::{
    Encounter, EncounterClass, EncounterStatus, Event, EventId, EventTime, Fact, Origin,
    PatientKey, ReceivedTime,
};

use crate::gather::moment;

/// What is known of one patient; of identities that were merged, all of them.
#[derive(Clone, Debug)]
pub struct History {
    /// Whose it is.
    pub patient: PatientKey,
    /// What was charted, in the order in which it was known.
    pub events: Vec<Event>,
    /// The times under observation, in their order.
    pub stays: Vec<Stay>,
}

/// One time under observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Where it was from when on, in the words of the data; nothing where they do not say.
    pub units: Vec<(EventTime, Box<str>)>,
    /// When it began.
    pub began: EventTime,
    /// When it ended.
    pub ended: EventTime,
    /// When the hospital admitted the patient, where it is said; the stay may be a later part of it.
    pub admitted: Option<EventTime>,
    /// What became of the patient.
    pub outcome: Outcome,
    /// How far the site's clock is ahead of UTC, in minutes; nothing where the data hide the hour of the day.
    pub minutes_east: Option<i32>,
}

/// What became of a patient in a stay, as far as the workload is about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The data do not say.
    Unknown,
    /// It did not set in.
    Without,
    /// It set in, and when.
    Onset(EventTime),
}

impl Outcome {
    /// Gives when it set in, where it did.
    pub const fn onset(self) -> Option<EventTime> {
        match self {
            Self::Onset(at) => Some(at),
            Self::Unknown | Self::Without => None,
        }
    }
}

impl History {
    /// Keeps the first stays only, and what was known before the next one began.
    pub fn keep_stays(&mut self, most: usize) {
        let Some(next) = self.stays.get(most) else {
            return;
        };
        let until = next.began;
        self.events.retain(|event| moment(event.received) < until);
        self.stays.truncate(most);
    }

    /// Says the stays as visits on a ward, where no encounter says any: data of intensive care give the times alone.
    pub fn say_visits(&mut self) {
        if self
            .events
            .iter()
            .any(|event| matches!(event.fact, Fact::Encounter(_)))
        {
            return;
        }
        for (stay, number) in self.stays.iter().zip(1_u64..) {
            let visit = |status, end| Encounter {
                resource: format!("stay-{number}").into(),
                class: EncounterClass::Inpatient,
                status,
                location: stay.unit(stay.began).unwrap_or_default().into(),
                start: Some(stay.began),
                end,
            };
            let begun = visit(EncounterStatus::InProgress, None);
            let over = visit(EncounterStatus::Finished, Some(stay.ended));
            for (at, what) in [(stay.began, begun), (stay.ended, over)] {
                let name = [&number.to_be_bytes(), at.micros().to_be_bytes().as_slice()].concat();
                self.events.push(Event {
                    id: EventId::derive(&[self.patient.as_bytes(), b"stay", &name]),
                    patient: self.patient,
                    at,
                    recorded: None,
                    received: ReceivedTime::from_micros(at.micros()),
                    origin: Origin::default(),
                    backfill: false,
                    fact: Fact::Encounter(what),
                });
            }
        }
        // A visit that begins with a fact begins before it.
        let is_other = |event: &Event| !matches!(event.fact, Fact::Encounter(_));
        self.events
            .sort_by_key(|event| (event.received, is_other(event)));
    }
}

impl Stay {
    /// Says whether a moment is in it, its end included.
    pub fn holds(&self, at: EventTime) -> bool {
        (self.began..=self.ended).contains(&at)
    }

    /// Gives where the patient was at a time.
    pub fn unit(&self, at: EventTime) -> Option<&str> {
        let entered = self.units.iter().filter(|(since, _)| *since <= at);
        let entered = entered.max_by_key(|(since, _)| *since);
        let unit = entered.or_else(|| self.units.iter().min_by_key(|(since, _)| *since));
        unit.map(|(_, unit)| &**unit)
    }
}

impl History {
    /// Says what became of the patient where the data do not: by the first of these onsets in each stay.
    pub fn label(&mut self, onsets: &[EventTime]) {
        for stay in &mut self.stays {
            let first = onsets.iter().copied().filter(|at| stay.holds(*at)).min();
            stay.outcome = first.map_or(Outcome::Without, Outcome::Onset);
        }
    }

    /// Takes each fact as known when it was true: for data whose times of storing say only when they were loaded.
    pub fn known_at_once(&mut self) {
        for event in &mut self.events {
            event.received = clinical::ReceivedTime::from_micros(event.at.micros());
            event.recorded = None;
        }
        self.events.sort_by_key(|event| event.received);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    fn at(hour: i64) -> EventTime {
        EventTime::from_micros(hour * HOUR_US)
    }

    fn history() -> History {
        let stay = |began, ended| Stay {
            units: vec![(at(began), "MICU".into())],
            began: at(began),
            ended: at(ended),
            admitted: None,
            outcome: Outcome::Unknown,
            minutes_east: None,
        };
        let event = |hour: i64| Event {
            id: EventId::derive(&[&hour.to_be_bytes()]),
            patient: PatientKey::default(),
            at: at(hour),
            recorded: None,
            received: ReceivedTime::from_micros(hour * HOUR_US),
            origin: Origin::default(),
            backfill: false,
            fact: Fact::Person(clinical::Person {
                birth_date: None,
                gender: None,
                deceased: false,
            }),
        };
        History {
            patient: PatientKey::default(),
            events: [0, 5, 20, 40].map(event).into(),
            stays: vec![stay(0, 10), stay(20, 30), stay(40, 50)],
        }
    }

    #[test]
    fn no_more_stays_are_kept_than_are_asked_for() {
        for (most, stays, events) in [(1, 1, 2), (2, 2, 3), (3, 3, 4), (9, 3, 4)] {
            let mut history = history();
            history.keep_stays(most);
            assert_eq!((history.stays.len(), history.events.len()), (stays, events));
        }
    }

    #[test]
    fn a_stay_that_nobody_says_is_said_as_a_visit_once() {
        let mut history = history();
        history.say_visits();
        history.say_visits();
        assert_eq!(history.events.len(), 4 + 6);
        let first = history.events.first().map(|event| &event.fact);
        assert!(matches!(first, Some(Fact::Encounter(visit)) if &*visit.location == "MICU"));
        let known: Vec<_> = history.events.iter().map(|event| event.received).collect();
        assert!(known.is_sorted());
    }
}
