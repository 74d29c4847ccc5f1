//! The program's own log: constant words with fields, on standard error, without anything that identifies a person.

mod repeats;

use std::io::IsTerminal;
use std::str::FromStr;
use std::sync::Arc;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::Failure;
use repeats::{Cut, Repeats, Telling};

/// Starts it at a level. From here on a panic tells where it happened and not its words: they may quote a record.
pub(crate) fn start(level: &str) -> Result<(), Failure> {
    let level = LevelFilter::from_str(level)
        .map_err(|error| Failure::new(error, "use error, warn, info or debug"))?;
    tracing_subscriber::registry()
        .with(level)
        .with(lines(std::io::stderr, std::io::stderr().is_terminal()))
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

/// Writes lines, as many of each place in the program as somebody can read.
fn lines<S, W>(writer: W, ansi: bool) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let repeats = Arc::new(Repeats::default());
    let format = tracing_subscriber::fmt::format().with_target(false);
    tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(ansi)
        .event_format(Telling::of(format.with_ansi(ansi), &repeats))
        .with_filter(Cut(repeats))
}
