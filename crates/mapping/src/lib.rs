//! HL7 v2 to FHIR R4 to clinical events; the tables are data files.

pub mod draft;

pub mod event;

pub mod normalize;

pub mod source;

pub mod identity;

mod tables;

pub mod map;

pub mod issue;

pub mod coverage;

pub mod bundle;
