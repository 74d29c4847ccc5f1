//! What changed in a chart, and why; between two events of one message it waits for the rest.

use clinical::{EventId, EventTime};
use smallvec::{SmallVec, smallvec};

use crate::Parameter;
use crate::workload::{Condition, Workload};

/// What changed and was not concluded from yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    /// The earliest time that may have changed; nothing means all of it.
    pub(crate) from: Option<EventTime>,
    /// Why every workload is to look, if it is.
    pub(crate) everything: Option<Reason>,
    /// What changed, each once and in order, and why.
    pub(crate) parameters: SmallVec<[(Parameter, Reason); 8]>,
    /// The last event that changed something; nothing where time did.
    pub(crate) event: Option<EventId>,
}

impl Touched {
    /// Something that may have changed everything.
    pub(crate) fn everything(reason: Reason) -> Self {
        Self {
            from: None,
            everything: Some(reason),
            parameters: SmallVec::new(),
            event: None,
        }
    }

    /// One parameter from a time on.
    pub(crate) fn parameter(parameter: Parameter, from: EventTime, reason: Reason) -> Self {
        Self {
            from: Some(from),
            everything: None,
            parameters: smallvec![(parameter, reason)],
            event: None,
        }
    }

    /// Time alone, for what one workload reads.
    pub(crate) fn by_time(workload: &Workload) -> Self {
        let mut parameters: SmallVec<_> = workload
            .reads
            .iter()
            .map(|parameter| (*parameter, Reason::TimePassed))
            .collect();
        parameters.sort_unstable();
        Self {
            from: None,
            everything: None,
            parameters,
            event: None,
        }
    }

    /// Adds what changed after it.
    pub(crate) fn add(&mut self, later: Self) {
        self.from = self.from.zip(later.from).map(|(one, other)| one.min(other));
        self.everything = self.everything.max(later.everything);
        for (parameter, reason) in later.parameters {
            match self
                .parameters
                .binary_search_by_key(&parameter, |(known, _)| *known)
            {
                Ok(place) => {
                    if let Some((_, known)) = self.parameters.get_mut(place) {
                        *known = reason.max(*known);
                    }
                }
                Err(place) => self.parameters.insert(place, (parameter, reason)),
            }
        }
        self.event = later.event.or(self.event);
    }

    /// Says whether a workload has to look.
    pub(crate) fn concerns(&self, workload: &Workload) -> bool {
        self.everything.is_some()
            || self
                .parameters
                .iter()
                .any(|(parameter, _)| workload.reads.contains(parameter))
    }

    /// Gives why something that was said of a condition is no longer true.
    pub(crate) fn reason(&self, condition: Condition) -> Reason {
        let speaks_of = |parameter: &Parameter| match condition.of_parameter() {
            Some(own) => own == *parameter,
            None => condition.workload().reads.contains(parameter),
        };
        self.parameters
            .iter()
            .filter(|(parameter, _)| speaks_of(parameter))
            .map(|(_, reason)| *reason)
            .chain(self.everything)
            .max()
            .unwrap_or(Reason::LateData)
    }
}

/// Why something changed; of several reasons the last in this order is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Nothing came, and that says something.
    TimePassed,
    /// Something came that was true before.
    LateData,
    /// The birth date became known, or the patient died.
    PersonChanged,
    /// A stay began, ended or was called off.
    StayChanged,
    /// A result was corrected.
    Corrected,
    /// It will not come or was called off.
    Cancelled,
    /// It should never have been sent.
    EnteredInError,
    /// The patient is known under another identity.
    Merged,
    /// Another identity of the patient knew more.
    Joined,
}

impl Reason {
    /// All of them; the place is the number in stored state.
    pub(crate) const ALL: [Self; 9] = [
        Self::TimePassed,
        Self::LateData,
        Self::PersonChanged,
        Self::StayChanged,
        Self::Corrected,
        Self::Cancelled,
        Self::EnteredInError,
        Self::Merged,
        Self::Joined,
    ];

    /// Gives the word for it in findings.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::TimePassed => "time passed",
            Self::LateData => "late-data",
            Self::PersonChanged => "person-changed",
            Self::StayChanged => "stay-changed",
            Self::Corrected => "corrected",
            Self::Cancelled => "cancelled",
            Self::EnteredInError => "entered-in-error",
            Self::Merged => "merged",
            Self::Joined => "joined",
        }
    }

    /// Says it to a person.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::TimePassed => "no longer true",
            Self::LateData => "a value charted late shows otherwise",
            Self::PersonChanged => "the patient's details changed",
            Self::StayChanged => "the patient's stay changed",
            Self::Corrected => "the result was corrected",
            Self::Cancelled => "it was cancelled",
            Self::EnteredInError => "it was entered in error",
            Self::Merged => "the record was merged into another",
            Self::Joined => "what another record of the patient knew shows otherwise",
        }
    }
}
