//! `run`: starts the platform from a configuration and runs it until it is asked to stop.

use std::io::{ErrorKind, Write};
use std::path::Path;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{Configured, Failure};
use crate::clock::Clock;
use crate::pipeline;
use crate::roles::{Role, Roles};

/// Run the platform
///
/// Takes HL7 v2 over MLLP, keeps it, and does all that the configuration says, until SIGINT or SIGTERM. Both addresses
/// are taken before anything else, and every sender in the middle of a message is let finish when it stops.
#[derive(Args)]
pub(crate) struct Run {
    #[command(flatten)]
    configured: Configured,
    /// Take and keep messages, and make nothing of them until it runs again without this
    ///
    /// For the time in which a mapping or a workload must not run: senders are answered, nothing is normalized, nobody is
    /// alerted, and all of it is caught up with later.
    #[arg(long, conflicts_with = "roles")]
    intake_only: bool,
    /// Do only these of intake, normalize, workloads, alerts, delivery, sinks and ui, separated by commas
    ///
    /// For several processes that share one journal on Apache Kafka ([kafka] in the configuration): each station's work is
    /// divided among the processes that have its role. Without it a process has all of them. A journal on this machine has one
    /// process: what that leaves out, nobody does.
    #[arg(long, value_name = "ROLES")]
    roles: Option<Roles>,
}

impl Run {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let mut config = self.configured.load_to_run()?;
        config.roles = match (&self.roles, self.intake_only) {
            (Some(roles), _) => roles.clone(),
            (None, true) => Roles::intake_only(),
            (None, false) => Roles::all(),
        };
        if config.roles.do_nothing() {
            return Err(Failure::new(
                "a process with the role sinks alone has nothing to do in this version",
                "leave it out, or name another role beside it",
            ));
        }
        if config.journal.directory.join(pipeline::SIMULATED).exists() {
            let what = format!(
                "{} holds simulated patients",
                config.journal.directory.display()
            );
            return Err(Failure::new(
                what,
                "name a directory of its own in journal.directory",
            ));
        }
        super::log::start(&config.log_level)?;
        for warning in &config.warnings {
            tracing::warn!(line = warning.line, hint = warning.hint, "{}", warning.what);
        }
        if self
            .roles
            .as_ref()
            .is_some_and(|roles| roles.has(Role::Sinks))
        {
            tracing::warn!("the role sinks does nothing in this version");
        }
        let runtime = super::runtime()?;
        runtime.block_on(async {
            let running = pipeline::start(&config, Clock::system(), "Pulsewire")
                .await
                .map_err(|error| starting_in(&config.journal.directory, error))?;
            writeln!(out, "{}", super::addresses(&running, &config))?;
            out.flush()?;
            asked_to_stop().await?;
            tracing::info!("stopping");
            running.stop().await;
            Ok(())
        })
    }
}

/// What keeps the platform from starting where its data are: a folder that it may not write is named rather than the file in it.
fn starting_in(directory: &Path, error: pipeline::Error) -> Failure {
    use pipeline::Error::{Control, Formats, Http, Mllp};
    // Without its addresses, or on state of a newer program, a start changes nothing.
    if matches!(error, Mllp(_) | Http(_) | Control(_) | Formats(_)) {
        return starting(error);
    }
    unwritable(directory).unwrap_or_else(|| starting(error))
}

fn unwritable(directory: &Path) -> Option<Failure> {
    let error = super::doctor::probe(directory).err()?;
    let is_kept_out = matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    );
    is_kept_out.then(|| {
        let what = format!(
            "the data directory {} cannot be written: {error}",
            directory.display()
        );
        let hint = "give the user that runs the platform a directory of its own, on a local disk that is not mounted read-only, and name it in journal.directory";
        Failure::new(what, hint)
    })
}

/// What keeps the platform from starting, with the exit code it deserves.
pub(crate) fn starting(error: pipeline::Error) -> Failure {
    match error {
        pipeline::Error::Journal(error) => Failure::Journal(error),
        pipeline::Error::Formats(error) => Failure::Formats(error),
        other => Failure::new(other, ""),
    }
}

/// Returns when somebody wants it to end.
pub(crate) async fn asked_to_stop() -> Result<(), Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_that_may_not_be_written_is_named() {
        // No user makes a folder there.
        let told = unwritable(Path::new("/sys/pulsewire"));
        assert!(
            matches!(&told, Some(Failure::Other { what, .. }) if what.starts_with("the data directory /sys/pulsewire cannot be written")),
            "{told:?}"
        );
        let folder = tempfile::tempdir().expect("there is room");
        assert!(unwritable(folder.path()).is_none());
    }
}
