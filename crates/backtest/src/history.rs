//! A patient's history: what was charted, when each of it was known, the stays, and what became of the patient.

use clinical::{Event, EventTime, PatientKey};

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
