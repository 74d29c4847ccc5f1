//! Received FHIR R4 resources: whom each is about, when it was true, and the draft that it is.
//!
//! A resource is stated whole: what it does not say is no longer so. References and ids inside a bundle are put right before
//! ([`formats::fhir::bundle`]), and what is no JSON is refused before that ([`formats::fhir::strict`]).

mod table;

mod path;

mod moment;

mod identifier;

mod subject;

mod deletion;

mod modifier;

mod draft;

pub use draft::{Names, deletion, draft};
pub use identifier::{Identifier, patient_identifiers};
pub use modifier::not_understood;
pub(crate) use modifier::{is_declined, is_understood, usable};
pub use moment::times;
pub use subject::{Subject, patient_references, subject};
pub use table::{is_kept, resource_types};

#[cfg(test)]
mod tests;

#[cfg(test)]
mod corpus;
