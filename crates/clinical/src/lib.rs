//! The nouns of Pulsewire: event, finding, alert, delivery, and the words in them.
//!
//! It knows no format and does no I/O. What is kept in the journal in our own shape is written and read by [`wire`].
#![forbid(unsafe_code)]

pub mod alert;
pub mod care;
pub mod care_gap;
pub mod code;
pub mod event;
pub mod finding;
pub mod id;
pub mod moment;
pub mod payer;
pub mod phi;
pub mod plausible;
pub mod quantity;
pub mod time;
pub mod unit;
pub mod value_set;
pub mod visit;
pub mod wire;

pub use alert::{
    Actor, Alert, AlertState, Change, Command, CommandKind, Delivery, DeliveryKind, FALSE_ALARM,
};
pub use care::{
    Care, CareClass, CareDetail, CareFact, CareGender, CareStatus, CareValue, Diagnosis, Place,
};
pub use care_gap::{CareGap, GapStatus};
pub use code::{Code, System};
pub use event::{
    Encounter, EncounterClass, EncounterStatus, Event, Fact, Given, Merge, MergeRole, Observation,
    ObservationStatus, Order, OrderKind, Origin, Person, Problem, Value,
};
pub use finding::{Evidence, Finding, FindingState, Severity};
pub use id::{
    AlertId, DeliveryId, EventId, FindingId, MessageId, PatientKey, SiteKey, resource_hash,
};
pub use moment::{Age, AgeUnit, Moment, When};
pub use phi::{Audit, Permit, Phi};
pub use quantity::{Comparator, Decimal, Quantity, RoundingStrategy};
pub use time::{EventTime, ReceivedTime, RecordedTime};
pub use value_set::{Members, ValueSets};
pub use visit::{Presence, VisitClass, VisitPlace, VisitState, VisitStatus};
