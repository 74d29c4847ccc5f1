//! `send`: sends HL7 v2 messages over MLLP, checks every answer and measures; the load generator as well.

mod load;
mod report;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::Failure;
pub(crate) use load::{Content, read};
use load::{Load, Target};

/// Send HL7 v2 messages over MLLP
///
/// Sends each message of the files, waits for its acknowledgement and checks that MSA-2 is its MSH-10. Prints the
/// acknowledgements by code and the latencies. With --rate the messages are sent on a fixed schedule and latencies
/// count from the scheduled time, so that a slow receiver cannot hide by slowing the sender.
#[derive(Args)]
pub(crate) struct Send {
    /// Files with messages: one or many each, with or without MLLP or batch envelopes; folders are walked
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where to: mllp://HOST:PORT, or mllps://HOST:PORT for TLS
    #[arg(long, value_name = "URL")]
    to: String,
    /// Connections at once; messages are dealt out in turn, so the order holds only within one
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Messages a second over all connections; without it each waits for the answer before the next
    #[arg(long)]
    rate: Option<u32>,
    /// Send all of it this often; from the second time on with control ids of its own
    #[arg(long, default_value_t = 1)]
    repeat: u32,
    /// Give up on an answer after this many seconds
    #[arg(long, default_value_t = 30)]
    timeout_s: u64,
    /// The authority whose certificates to trust with mllps, as PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Send {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let read = load::read(&self.files)?.into_iter();
        let messages: Vec<Vec<u8>> = read.flat_map(|content| content.messages).collect();
        if messages.is_empty() {
            return Err(Failure::new(
                "there is no message in these files",
                "a message starts with MSH at the start of a line",
            ));
        }
        let target = Target::parse(&self.to, self.ca.as_deref())?;
        let load = Load {
            target,
            messages: Arc::new(messages),
            connections: usize::from(self.connections),
            rate: self.rate,
            repeat: self.repeat,
            timeout: std::time::Duration::from_secs(self.timeout_s),
        };
        let total = load.run();
        if self.json {
            total.print_json(out)?;
        } else {
            total.print(out)?;
        }
        if total.is_clean() {
            Ok(())
        } else {
            Err(Failure::Said)
        }
    }
}
