//! One clinical fact, as workloads see it.

use crate::plausible::Flag;
use crate::{Code, EventId, EventTime, PatientKey, Quantity, ReceivedTime, RecordedTime};

/// One clinical fact about one patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name; the same after a replay.
    pub id: EventId,
    /// Whose it is.
    pub patient: PatientKey,
    /// When it was true.
    pub at: EventTime,
    /// When it was stored at the source, where the source says so.
    pub recorded: Option<RecordedTime>,
    /// When this platform accepted it.
    pub received: ReceivedTime,
    /// Where the patient stream keeps it.
    pub origin: Origin,
    /// Whether it is history that was loaded, and no news.
    pub backfill: bool,
    /// What it says.
    pub fact: Fact,
}

/// A place in the patient stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Origin {
    /// The partition.
    pub partition: u16,
    /// The offset in it.
    pub offset: u64,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Something measured or found: a vital sign, a laboratory result.
    Observation(Observation),
    /// Something asked for or given: a culture, an antibiotic.
    Order(Order),
    /// A diagnosis or a problem that somebody wrote down.
    Problem(Problem),
    /// A stay or visit, as it now stands.
    Encounter(Encounter),
    /// Who the patient is, as far as workloads need it.
    Person(Person),
    /// Two identities became one.
    Merge(Merge),
    /// The state that a retired identity hands to its survivor, in the owner's own encoding.
    Handover {
        /// Whose state it is.
        from: PatientKey,
        /// The state.
        state: Box<[u8]>,
    },
}

/// How far an observation can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObservationStatus {
    /// Expected, no value yet.
    Registered,
    /// A first value that may change.
    Preliminary,
    /// Released.
    Final,
    /// Replaces an earlier value because that was wrong.
    Corrected,
    /// Adds to an earlier value.
    Amended,
    /// Will not come.
    Cancelled,
    /// Should never have been sent: it takes back what it said.
    EnteredInError,
    /// The source does not say.
    Unknown,
}

impl ObservationStatus {
    /// Reads a FHIR observation status.
    pub fn parse(text: &str) -> Self {
        match text {
            "registered" => Self::Registered,
            "preliminary" => Self::Preliminary,
            "final" => Self::Final,
            "corrected" => Self::Corrected,
            "amended" => Self::Amended,
            "cancelled" => Self::Cancelled,
            "entered-in-error" => Self::EnteredInError,
            _ => Self::Unknown,
        }
    }

    /// Says whether a value may be used for scores and alerts.
    pub const fn is_usable(self) -> bool {
        match self {
            Self::Preliminary | Self::Final | Self::Corrected | Self::Amended | Self::Unknown => {
                true
            }
            Self::Registered | Self::Cancelled | Self::EnteredInError => false,
        }
    }
}

/// Something measured or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The FHIR id of its resource: a correction has the same one.
    pub resource: Box<str>,
    /// What was observed, in every coding the source gave.
    pub codes: Vec<Code>,
    /// The result; panels have none of their own.
    pub value: Option<Value>,
    /// The parts of a panel, such as systolic and diastolic.
    pub components: Vec<(Vec<Code>, Value)>,
    /// How far it can be relied on.
    pub status: ObservationStatus,
    /// The source's own judgements, such as `HH`, in every coding it gave.
    pub interpretation: Vec<Box<str>>,
    /// Words beside the value, such as "haemolysed".
    pub notes: Vec<Box<str>>,
    /// What is doubted of it.
    pub flags: Vec<Flag>,
    /// What measured it, by its identifier or reference, where that is said.
    pub device: Option<Box<str>>,
}

/// A result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number with its unit.
    Quantity(Quantity),
    /// A coded answer.
    Coded(Vec<Code>),
    /// Words, or a number that could not be read as one.
    Text(Box<str>),
}

/// What is ordered or given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// A laboratory or diagnostic service.
    Service,
    /// A specimen that was collected.
    Specimen,
    /// A medication that was ordered.
    MedicationOrdered,
    /// A medication that was given.
    MedicationGiven,
}

/// Something asked for or given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The FHIR id of its resource: a cancellation has the same one.
    pub resource: Box<str>,
    /// What kind it is.
    pub kind: OrderKind,
    /// What was ordered, in every coding the source gave.
    pub codes: Vec<Code>,
    /// Whether it stands: false after a cancellation or when entered in error.
    pub active: bool,
    /// How much was given, and how fast.
    pub given: Given,
}

/// A diagnosis or a problem, as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The FHIR id of its resource: a correction has the same one.
    pub resource: Box<str>,
    /// What it is, in every coding the source gave.
    pub codes: Vec<Code>,
    /// When it was written down, or else when it began, where the source gives a moment and not a day.
    pub written: Option<EventTime>,
    /// Whether it stands: false once it was refuted or entered in error.
    pub active: bool,
    /// Whether it is only thought of, and not confirmed.
    pub doubtful: bool,
    /// Whether the patient has it no more; what was so while it lasted stays so.
    pub over: bool,
}

/// How much of a medication was given; what the source does not say is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The amount.
    pub dose: Option<Quantity>,
    /// The amount in a time.
    pub rate: Option<Quantity>,
    /// When it was over.
    pub end: Option<EventTime>,
}

/// Where a visit takes place, as far as workloads need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncounterClass {
    /// Emergency department.
    Emergency,
    /// Admitted.
    Inpatient,
    /// Outpatient.
    Ambulatory,
    /// Anything else.
    Other,
}

/// How far a visit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncounterStatus {
    /// Not begun.
    Planned,
    /// The patient is there, treatment has not begun.
    Arrived,
    /// Under way.
    InProgress,
    /// On leave.
    OnLeave,
    /// Over.
    Finished,
    /// Did not take place.
    Cancelled,
    /// Should never have been sent.
    EnteredInError,
    /// The source does not say.
    Unknown,
}

/// A stay or visit, as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encounter {
    /// The FHIR id of its resource.
    pub resource: Box<str>,
    /// Where it takes place.
    pub class: EncounterClass,
    /// How far it has come.
    pub status: EncounterStatus,
    /// The current location in words, such as `4 West / 412 / A`; may be empty.
    pub location: Box<str>,
    /// When it began.
    pub start: Option<EventTime>,
    /// When it ended.
    pub end: Option<EventTime>,
}

/// Who the patient is, as far as workloads need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The birth date as FHIR writes it (`1954`, `1954-02`, `1954-02-11`).
    pub birth_date: Option<Box<str>>,
    /// The administrative gender's FHIR code.
    pub gender: Option<Box<str>>,
    /// Whether the patient has died.
    pub deceased: bool,
}

/// Which side of a merge a record is addressed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeRole {
    /// The identity that goes.
    Retired,
    /// The identity that stays.
    Survivor,
}

/// Two identities became one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Which side this event's patient is.
    pub role: MergeRole,
    /// The other side.
    pub other: PatientKey,
}
