//! HL7 v2 to FHIR R4 to clinical events; the tables are data files.
//!
//! The way: [`identity::subjects`] says whom a message is about, [`map()`] makes [`draft::Draft`]s of it by the tables,
//! [`normalize`] sets them against what was known, and [`event`] reads the result for workloads. [`outbound`] makes HL7 v2
//! of FHIR again, for receivers that take nothing else. [`x12`] makes drafts of a payer's transactions in the same way.
#![forbid(unsafe_code)]

pub mod source;

pub mod identity;

pub mod map;

mod tables;

pub mod issue;

mod unmapped;

pub mod coverage;

pub mod explain;

pub mod draft;

pub mod bundle;

mod content_key;

pub mod normalize;

pub mod event;

pub mod care;

pub mod payer;

pub mod visit;

pub mod fhir;

pub mod outbound;

pub mod x12;

pub mod extract;

pub use bundle::bundle;
pub use content_key::content_key;
pub use identity::{PatientIdentifier, Subjects, subjects};
pub use map::{Mapped, map};
pub use source::Source;
pub use unmapped::UnmappedCode;
