//! Asks a running process for its status over HTTP.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use serde::de::DeserializeOwned;

use crate::commands::process::Process;
use crate::commands::{Configured, Failure};
use crate::control::status::{PATH, Status};

/// A process waits for brokers before it answers, and says so when they do not.
const ASK_TIMEOUT: Duration = Duration::from_secs(60);
/// A longer answer is no status: a site has hundreds of partitions, and each takes a line.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// Which process is asked, and how its answer is printed.
#[derive(Args)]
pub(in crate::commands) struct Asked {
    #[command(flatten)]
    configured: Configured,
    /// Where a process has its pages and checks, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    at: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Asked {
    /// Asks for what stands at a path, and prints it as it came or as it is shown.
    pub(in crate::commands) fn print<T: DeserializeOwned>(
        &self,
        path: &str,
        out: &mut dyn Write,
        show: fn(&T, &mut dyn Write) -> std::io::Result<()>,
    ) -> Result<T, Failure> {
        let address = match &self.at {
            Some(address) => address.clone(),
            None => self.configured.load()?.control_listen.to_string(),
        };
        let (text, told) = json(&address, path)?;
        match self.json {
            true => writeln!(out, "{text}")?,
            false => show(&told, out)?,
        }
        Ok(told)
    }
}

/// Asks the process at an address; gives its answer as it was sent and as it was read.
pub(super) fn status(address: &str) -> Result<(String, Status), Failure> {
    json(address, PATH)
}

/// Asks for what stands at a path; gives it as it was sent and as it was read.
fn json<T: DeserializeOwned>(address: &str, path: &str) -> Result<(String, T), Failure> {
    let process = Process {
        address,
        timeout: ASK_TIMEOUT,
        answer_bytes_max: ANSWER_BYTES_MAX,
        hint: "is it running? name its control.listen with --at, or its configuration with --config; from elsewhere, go through an SSH tunnel",
    };
    let (code, text) = process.get(path)?;
    let told = serde_json::from_str(&text).ok();
    let told = told.filter(|_| code.is_success());
    told.map(|told| (text, told)).ok_or_else(|| {
        let what = format!("{address} answers {code}, and not with what this version asks for");
        Failure::new(
            what,
            "is it the control.listen of a Pulsewire of this version?",
        )
    })
}
