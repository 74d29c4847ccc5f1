//! FHIR R4 as JSON bytes: written straight, read through views that borrow.

pub mod json;

pub mod element;

pub mod resource;

pub mod read;

pub mod view;

pub mod definition;

pub mod validate;

pub mod refused;

pub mod strict;

pub mod reference;

pub mod links;

pub mod modifier;

pub mod bundle;

pub mod notification;
