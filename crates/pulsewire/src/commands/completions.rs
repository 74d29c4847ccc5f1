//! `completions`: a script for a shell, so that it completes our commands.

use std::io::Write;

use clap::Args;

use super::Failure;

/// Print a script that completes commands in a shell
///
/// For bash: pulsewire completions bash > /etc/bash_completion.d/pulsewire
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "pulsewire", &mut script);
        out.write_all(&script)?;
        Ok(())
    }
}
