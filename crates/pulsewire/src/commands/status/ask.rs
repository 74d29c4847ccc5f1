//! Asks a running process for its status over HTTP.

use std::time::Duration;

use crate::commands::Failure;
use crate::control::status::{PATH, Status};
use crate::delivery;

/// A process waits for brokers before it answers, and says so when they do not.
const ASK_TIMEOUT: Duration = Duration::from_secs(60);
/// A longer answer is no status: a site has hundreds of partitions, and each takes a line.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// Asks the process at an address; gives its answer as it was sent and as it was read.
pub(super) fn status(address: &str) -> Result<(String, Status), Failure> {
    let silent = |error: &dyn std::fmt::Display| {
        let hint = "is it running? name its control.listen with --at, or its configuration with --config; from elsewhere, go through an SSH tunnel";
        Failure::new(format!("{address} does not answer: {error}"), hint)
    };
    let address_only = address.trim_start_matches("http://").trim_end_matches('/');
    let url = format!("http://{address_only}{PATH}");
    let agent = delivery::agent(&url, None, ASK_TIMEOUT).map_err(|error| silent(&error))?;
    // Whatever leads to it, a process answers to names of its own machine alone.
    let answer = agent.get(&url).header("Host", "localhost").call();
    let answer = answer.map_err(|error| silent(&error))?;
    let code = answer.status();
    let read = answer
        .into_body()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_string();
    let text = read.map_err(|error| silent(&error))?;
    let status = serde_json::from_str(&text).ok();
    let status = status.filter(|_| code.is_success());
    status.map(|status| (text, status)).ok_or_else(|| {
        let what = format!("{address} answers {code}, and not with a status of this version");
        Failure::new(
            what,
            "is it the control.listen of a Pulsewire of this version?",
        )
    })
}
