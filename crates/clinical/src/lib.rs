//! The nouns of Pulsewire: event, finding, alert, delivery, and the words in them.
//!
//! It knows no format and does no I/O. What is kept in the journal in our own shape is written and read by [`wire`].
#![forbid(unsafe_code)]

pub mod alert;
pub mod code;
pub mod event;
pub mod finding;
pub mod id;
pub mod phi;
pub mod plausible;
pub mod quantity;
pub mod time;
pub mod unit;
pub mod wire;

pub use alert::{Actor, Alert, AlertState, Change, Command, CommandKind, Delivery, DeliveryKind};
pub use code::{Code, System};
pub use event::{
    Encounter, EncounterClass, EncounterStatus, Event, Fact, Merge, MergeRole, Observation,
    ObservationStatus, Order, OrderKind, Origin, Person, Value,
};
pub use finding::{Evidence, Finding, FindingState, Severity};
pub use id::{AlertId, DeliveryId, EventId, FindingId, MessageId, PatientKey, SiteKey};
pub use phi::{Audit, Permit, Phi};
pub use quantity::{Comparator, Decimal, Quantity};
pub use time::{EventTime, ReceivedTime, RecordedTime};
