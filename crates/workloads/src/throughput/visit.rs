//! One visit, as it was reported: each of its milestones as the newest report says.

use clinical::{EventId, EventTime, ReceivedTime};

/// A visit: a hash of its resource, so that nothing in it identifies a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VisitKey(pub u64);

/// A moment of a visit that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Milestone {
    /// The patient is registered.
    Arrival,
    /// Urgency was judged.
    Triage,
    /// The patient is in a treatment room.
    Room,
    /// A physician or one of like standing saw the patient first.
    Provider,
    /// It was decided to admit.
    Decision,
    /// A bed was asked for.
    BedRequest,
    /// The stay as an inpatient began.
    Admission,
    /// A bed was assigned.
    BedAssigned,
    /// The patient left the department.
    Departure,
}

impl Milestone {
    /// All of them, in the order in which they are usually reached.
    pub const ALL: [Self; MILESTONES] = [
        Self::Arrival,
        Self::Triage,
        Self::Room,
        Self::Provider,
        Self::Decision,
        Self::BedRequest,
        Self::Admission,
        Self::BedAssigned,
        Self::Departure,
    ];

    /// Gives its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Triage => "triage",
            Self::Room => "room",
            Self::Provider => "provider",
            Self::Decision => "decision",
            Self::BedRequest => "bed-request",
            Self::Admission => "admission",
            Self::BedAssigned => "bed-assigned",
            Self::Departure => "departure",
        }
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// To home or the like.
    Discharged,
    /// To a bed of this hospital.
    Admitted,
    /// To another hospital.
    Transferred,
    /// Left before anyone of standing saw the patient.
    LeftUnseen,
    /// Left later, against advice.
    LeftAgainstAdvice,
    /// Died.
    Died,
}

impl Disposition {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Discharged,
        Self::Admitted,
        Self::Transferred,
        Self::LeftUnseen,
        Self::LeftAgainstAdvice,
        Self::Died,
    ];

    /// Gives its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Discharged => "discharged",
            Self::Admitted => "admitted",
            Self::Transferred => "transferred",
            Self::LeftUnseen => "left-unseen",
            Self::LeftAgainstAdvice => "left-against-advice",
            Self::Died => "died",
        }
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

/// What a report says of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// When a milestone was reached; nothing takes back what was said.
    Reached(Milestone, Option<EventTime>),
    /// How the visit ended.
    Disposition(Option<Disposition>),
    /// In which unit the patient is.
    Unit(Box<str>),
    /// Whether it became an observation stay.
    Observation(bool),
    /// Whether the patient is ventilated.
    Ventilated(bool),
    /// Whether the visit was called off.
    Cancelled(bool),
}

/// One thing that was reported of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The visit.
    pub visit: VisitKey,
    /// The event that said so.
    pub event: EventId,
    /// When it reached us; of two reports of one thing the later one holds.
    pub known: ReceivedTime,
    /// What was said.
    pub said: Said,
}

/// Something with the report that said it last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Last<T> {
    value: T,
    by: (ReceivedTime, EventId),
}

impl<T: PartialEq> Last<T> {
    /// Takes a report in, and says whether anything changed.
    fn take(&mut self, value: T, by: (ReceivedTime, EventId)) -> bool {
        if by <= self.by {
            return false;
        }
        self.by = by;
        let changed = self.value != value;
        self.value = value;
        changed
    }
}

/// How many milestones there are.
const MILESTONES: usize = Milestone::Departure as usize + 1;

/// A visit as it now stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    reached: [Last<Option<EventTime>>; MILESTONES],
    disposition: Last<Option<Disposition>>,
    unit: Last<Box<str>>,
    observation: Last<bool>,
    ventilated: Last<bool>,
    cancelled: Last<bool>,
}

impl Visit {
    /// Makes a visit of all that is said of it.
    pub fn of(said: impl IntoIterator<Item = Said>) -> Self {
        let mut visit = Self::default();
        // Nothing is later than anything else here: each report is above the default, which nobody made.
        let by = (ReceivedTime::from_micros(1), EventId::default());
        for said in said {
            visit.say(said, by);
        }
        visit
    }

    /// Takes a report in, and says whether anything changed. In whatever order reports come, the same visit results.
    pub fn take(&mut self, report: Report) -> bool {
        self.say(report.said, (report.known, report.event))
    }

    fn say(&mut self, said: Said, by: (ReceivedTime, EventId)) -> bool {
        match said {
            Said::Reached(milestone, at) => self
                .reached
                .get_mut(milestone as usize)
                .is_some_and(|last| last.take(at, by)),
            Said::Disposition(said) => self.disposition.take(said, by),
            Said::Unit(said) => self.unit.take(said, by),
            Said::Observation(said) => self.observation.take(said, by),
            Said::Ventilated(said) => self.ventilated.take(said, by),
            Said::Cancelled(said) => self.cancelled.take(said, by),
        }
    }

    /// Gives when a milestone was reached.
    pub fn at(&self, milestone: Milestone) -> Option<EventTime> {
        self.reached.get(milestone as usize)?.value
    }

    /// Gives the unit that the patient is in.
    pub fn unit(&self) -> &str {
        &self.unit.value
    }

    /// Gives how the visit ended, where that was said.
    pub fn disposition(&self) -> Option<Disposition> {
        self.disposition.value
    }

    /// Says whether it became an observation stay.
    pub fn is_observation(&self) -> bool {
        self.observation.value
    }

    /// Says whether it was called off.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.value
    }

    /// Says whether it counts: the patient arrived, and nobody called the visit off.
    pub fn counts(&self) -> bool {
        !self.cancelled.value && self.at(Milestone::Arrival).is_some()
    }

    /// Says whether the patient is in the department at a time.
    pub fn is_there(&self, now: EventTime) -> bool {
        let came = self.at(Milestone::Arrival).is_some_and(|at| at <= now);
        let left = self.at(Milestone::Departure).is_some_and(|at| at <= now);
        self.counts() && came && !left
    }

    /// Says whether the patient is ventilated.
    pub fn is_ventilated(&self) -> bool {
        self.ventilated.value
    }

    /// Says whether the patient left before anyone of standing saw them.
    pub fn left_unseen(&self) -> bool {
        self.counts() && self.disposition() == Some(Disposition::LeftUnseen)
    }

    /// Gives since when the patient is to be admitted: the first of decision, bed request and admission.
    pub fn to_be_admitted(&self) -> Option<EventTime> {
        [
            Milestone::Decision,
            Milestone::BedRequest,
            Milestone::Admission,
        ]
        .into_iter()
        .filter_map(|milestone| self.at(milestone))
        .min()
    }

    /// Gives the whole minutes from one milestone to another, where both were reached in this order.
    pub fn minutes(&self, from: Milestone, to: Milestone) -> Option<u64> {
        whole_minutes(self.at(from)?, self.at(to)?)
    }
}

/// Gives the whole minutes that passed; what is left of a minute does not count.
pub fn whole_minutes(from: EventTime, to: EventTime) -> Option<u64> {
    Some(to.since(from)?.as_secs() / 60)
}
