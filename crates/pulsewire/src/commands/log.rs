//! The program's own log: constant words with fields, on standard error, without anything that identifies a person.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing_subscriber::filter::LevelFilter;

use super::Failure;

/// Starts it at a level. From here on a panic tells where it happened and not its words: they may quote a record.
pub(crate) fn start(level: &str) -> Result<(), Failure> {
    let level = LevelFilter::from_str(level)
        .map_err(|error| Failure::new(error, "use error, warn, info or debug"))?;
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init()
        .map_err(|error| Failure::new(error, ""))?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "a panic");
    }));
    Ok(())
}
