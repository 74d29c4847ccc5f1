//! `resume`: tells a station that rests to try now, or to go on and set aside what fails.

use std::io::Write;
use std::time::Duration;

use clap::Args;

use super::process::Process;
use super::{Configured, Failure};
use crate::control::resume::{Answer, PATH, Request};

/// Who says so is written down first, which takes as long as the journal takes.
const ASK_TIMEOUT: Duration = Duration::from_secs(60);
/// A longer answer is none.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Tell a station that rests to try again
///
/// A station rests where most of what comes could not be used: it waits instead of filling the quarantine, and tries by itself
/// now and then. Say this when the cause is mended, so that it tries at once.
#[derive(Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    configured: Configured,
    /// The station, such as normalize; `pulsewire status` says which rests
    station: String,
    /// Go on although the cause is not mended: what cannot be used goes to quarantine until something can
    #[arg(long)]
    set_aside: bool,
    /// Who says so, for the audit
    #[arg(long)]
    who: Option<String>,
    /// Where the running process has its pages, where that is not control.listen
    #[arg(long, value_name = "ADDRESS")]
    process: Option<String>,
}

impl Resume {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let address = match &self.process {
            Some(address) => address.clone(),
            None => self.configured.load()?.control_listen.to_string(),
        };
        let process = Process {
            address: &address,
            timeout: ASK_TIMEOUT,
            answer_bytes_max: ANSWER_BYTES_MAX,
            hint: "is it running? name its control.listen with --process, or its configuration with --config",
        };
        let request = Request {
            station: self.station.clone(),
            set_aside: self.set_aside,
            who: self.who.clone(),
        };
        let body = serde_json::to_vec(&request).expect("words always make JSON");
        let (code, text) = process.post(PATH, &body)?;
        let answer: Option<Answer> = serde_json::from_str(&text).ok();
        match answer.filter(|_| code.is_success()) {
            Some(Answer { partitions: 0 }) => {
                writeln!(out, "{} does not rest", self.station)?;
            }
            Some(Answer { partitions }) => {
                writeln!(
                    out,
                    "{} was told, {partitions} partitions rested",
                    self.station
                )?;
            }
            None => {
                let why: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                let why = why
                    .get("error")
                    .and_then(|why| why.as_str())
                    .unwrap_or_default();
                let what = format!("{address} answers {code}: {why}");
                return Err(Failure::new(what, "`pulsewire status` names its stations"));
            }
        }
        Ok(())
    }
}
