//! One step of the dev loop: a command, its name, and whether it went well.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A step did not go well.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A command with a name that a person understands.
pub(crate) struct Step {
    name: &'static str,
    command: Command,
}

impl Step {
    /// Runs cargo, the same one that runs this.
    pub(crate) fn cargo(name: &'static str, arguments: &[&str]) -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        Self::new(name, cargo, arguments)
    }

    /// Runs any program in the workspace's root.
    pub(crate) fn new(
        name: &'static str,
        program: impl Into<OsString>,
        arguments: &[&str],
    ) -> Self {
        let mut command = Command::new(program.into());
        command.args(arguments).current_dir(root());
        Self { name, command }
    }

    /// Adds arguments.
    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable for it.
    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self
    }

    /// Runs it in a folder of the workspace.
    pub(crate) fn within(mut self, folder: &str) -> Self {
        self.command.current_dir(root().join(folder));
        self
    }

    /// Runs it and waits.
    pub(crate) fn run(mut self) -> Result<(), Failed> {
        println!("── {}", self.name);
        let status = self
            .command
            .status()
            .map_err(|error| Failed(format!("{}: cannot start: {error}", self.name)))?;
        if status.success() {
            Ok(())
        } else {
            Err(Failed(format!("{}: {status}", self.name)))
        }
    }
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("xtask lies in the workspace")
        .to_owned()
}
