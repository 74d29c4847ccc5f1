//! What records on topics look like, and whether a change breaks who reads them.
#![forbid(unsafe_code)]

mod json_schema;

pub mod resource;
pub mod vitals;

pub mod record;

pub mod topic;

pub mod asyncapi;

pub mod compatibility;

pub mod registry;
