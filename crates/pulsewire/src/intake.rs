//! Frames a message, checks that it is one, keeps its bytes, and answers its sender only when they are durable.

pub(crate) mod accept;
pub(crate) mod activity;
mod answer;
pub(crate) mod certificate;
mod connections;
pub(crate) mod fhir;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod keep;
pub(crate) mod measurements;
pub(crate) mod mllp;
pub(crate) mod mqtt;
pub(crate) mod open_files;
mod refusals;
pub(crate) mod resend;
pub(crate) mod sources;
pub(crate) mod subscriptions;
pub(crate) mod tls;

pub(crate) use accept::Intake;
