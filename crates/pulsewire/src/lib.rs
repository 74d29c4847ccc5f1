//! The shell around the pure crates: sockets, the clock, configuration and commands. Start reading at `pipeline.rs`.
#![forbid(unsafe_code)]

mod pipeline;

mod control;
mod delivery;
mod engine;
mod explain;
mod heartbeat;
mod history;
mod intake;
mod quarantine;
mod stages;
mod views;
mod ward;

mod clock;
mod clock_offset;
mod commands;
mod config;
#[cfg(feature = "kafka")]
mod kafka_login;
mod metrics;
mod registry;
mod retry_after;
mod roles;
mod site_key;
mod tasks;
mod topics;
mod unmapped;
mod upkeep;
mod whole_topic;

/// Does what the command line says and tells how it went.
pub fn main(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> std::process::ExitCode {
    commands::main(arguments)
}
