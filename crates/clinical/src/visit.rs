//! What an Encounter says of a visit at one time, reduced to what throughput asks: class, status, places and times.

use crate::EventTime;

/// Of which kind a visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VisitClass {
    /// In the emergency department.
    Emergency,
    /// Admitted.
    Inpatient,
    /// Kept for observation.
    Observation,
    /// Anything else.
    Other,
}

/// How far a visit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VisitStatus {
    /// Not begun.
    Planned,
    /// The patient is there, and nobody has begun.
    Arrived,
    /// Urgency was judged.
    Triaged,
    /// Under way.
    InProgress,
    /// Over.
    Finished,
    /// Called off, or entered in error.
    Cancelled,
    /// The source does not say.
    Unknown,
}

/// Whether a patient is at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Yes.
    Here,
    /// Not any more.
    Left,
    /// Not yet: the place is kept for them.
    Kept,
}

/// A place of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitPlace {
    /// Its words, such as `ED / BAY2 / 1`, or the reference to it where it has none.
    pub words: Box<str>,
    /// Whether the patient is there.
    pub presence: Presence,
    /// Since when, where the source says so.
    pub from: Option<EventTime>,
    /// Until when, where the source says so.
    pub to: Option<EventTime>,
}

/// What an Encounter says of a visit at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitState {
    /// The visit: a hash of the id of its resource.
    pub visit: u64,
    /// Of which kind it is.
    pub class: VisitClass,
    /// How far it has come.
    pub status: VisitStatus,
    /// When it began.
    pub start: Option<EventTime>,
    /// When it ended.
    pub end: Option<EventTime>,
    /// Where the patient is, was and will be.
    pub places: Vec<VisitPlace>,
    /// Which statuses it had, and since when, where the source says so.
    pub statuses: Vec<(VisitStatus, EventTime)>,
    /// Of which kinds it was, and since when, where the source says so.
    pub classes: Vec<(VisitClass, EventTime)>,
    /// The code of where the patient went; empty where none is given.
    pub disposition: Box<str>,
}

impl VisitState {
    /// Gives where the patient is, in words.
    pub fn here(&self) -> Option<&VisitPlace> {
        let mut places = self.places.iter();
        places.find(|place| place.presence == Presence::Here)
    }
}
