//! `backfill`: brings history in through the same way as everything else, behind what is live.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::bar::{self, Bar, ratio};
use super::{Configured, Failure};
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::intake::files::{Kind, Mapping, Progress, Report, Request};
use crate::intake::sources::Sources;
use crate::pipeline;
use crate::tasks::Tasks;

/// How often it is looked how far it is.
const LOOK: Duration = Duration::from_millis(250);

/// Bring history in from files
///
/// Reads HL7 v2, FHIR as JSON or NDJSON, X12, or CSV by a mapping file, and keeps each message or resource like one that comes
/// live, marked as history: it is used, and nobody is paged for it. Where Pulsewire runs on this data directory, it does the
/// work, and history stands back behind live messages; where it does not run, this command does, and the next start takes up
/// what was kept. Stopped and asked for again, it goes on where it was; what was read before makes nothing twice.
#[derive(Args)]
pub(crate) struct Backfill {
    #[command(flatten)]
    configured: Configured,
    /// A file, or a folder of some
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Whose it is: a [source.NAME] of the configuration
    #[arg(long, value_name = "NAME", default_value = "default")]
    source: String,
    /// What it holds, where that is not to be found out from each file: hl7, fhir-ndjson, fhir, csv or x12
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// What the rows of CSV become
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Records a second, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Read files though they were read before
    #[arg(long)]
    again: bool,
    /// Only say what would become of it; nothing is kept
    #[arg(long)]
    dry_run: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = || Kind::NAMES.map(|(name, _)| name).join(", ");
    Kind::parse(name).ok_or_else(|| format!("give one of {}", names()))
}

impl Backfill {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let request = self.request(&config)?;
        let progress = if self.dry_run {
            let sources = Sources::new(&config.sources).map_err(|error| Failure::new(error, ""))?;
            let mut bar = Bar::new(!self.json);
            let progress = request.dry_run(&sources, Clock::system(), &mut |progress| {
                bar.show(|since| line(progress, since));
            });
            bar.end();
            progress
        } else {
            self.bring_in(&request, &config)?
        };
        self.print(&progress, out)?;
        let is_clean =
            progress.error.is_none() && progress.failed.is_empty() && progress.total.refused == 0;
        match (is_clean, progress.error) {
            (true, _) => Ok(()),
            (false, Some(error)) => Err(Failure::new(error, "")),
            (false, None) => Err(Failure::Said),
        }
    }

    fn request(&self, config: &Config) -> Result<Request, Failure> {
        let whole = |path: &PathBuf| {
            path.canonicalize().map_err(|error| {
                Failure::new(
                    format!("{}: {error}", path.display()),
                    "name a file or a folder of some",
                )
            })
        };
        if !config.sources.contains_key(&self.source) {
            let what = format!("there is no [source.{}] in the configuration", self.source);
            return Err(Failure::new(
                what,
                "add it, so that it is known whose the files are",
            ));
        }
        if let Some(mapping) = &self.mapping {
            Mapping::load(mapping).map_err(|mistakes| {
                Failure::new(
                    mistakes.join("\n"),
                    "docs/files.md says what a mapping file may hold",
                )
            })?;
        }
        Ok(Request {
            path: whole(&self.path)?,
            source: self.source.clone(),
            kind: self.kind,
            mapping: self.mapping.as_ref().map(whole).transpose()?,
            rate: self.rate,
            again: self.again,
        })
    }

    /// Has it done by the process that runs, or does it where none does.
    fn bring_in(&self, request: &Request, config: &Config) -> Result<Progress, Failure> {
        let runtime = super::runtime()?;
        let tasks = Tasks::new(runtime.handle().clone());
        let mut bar = Bar::new(!self.json);
        let opened = pipeline::open_files(config, Clock::system(), &tasks);
        let progress = match opened {
            Ok((shared, journal)) => {
                let stop = tasks.stop();
                let rest = |span| {
                    stop.rest(span);
                    !stop.is_asked()
                };
                let progress = request.run(&shared, &rest, &mut |progress| bar.show(|since| line(progress, since)));
                shared.flush().map_err(|error| Failure::new(error, ""))?;
                if let Err(error) = journal.checkpoint() {
                    tracing::warn!(%error, "no checkpoint was written; the next start reads a little more");
                }
                progress
            }
            Err(
                pipeline::Error::Journal(journal::Error::InUse { .. })
                // On Apache Kafka the journal is shared, but not what is beside it.
                | pipeline::Error::Resends(_),
            ) => {
                beside(request, config, &mut bar)?
            }
            Err(error) => return Err(super::run::starting(error)),
        };
        bar.end();
        runtime.block_on(tasks.stop_all());
        Ok(progress)
    }

    fn print(&self, progress: &Progress, out: &mut dyn Write) -> io::Result<()> {
        if self.json {
            let json = serde_json::to_string(progress).expect("words and numbers always make JSON");
            return writeln!(out, "{json}");
        }
        let total = &progress.total;
        let rows = [
            (
                "files",
                format!("{} of {}", progress.files_ended, progress.files),
            ),
            ("rows", total.rows.to_string()),
            (
                "accepted",
                format!("{} ({} records)", total.accepted, total.records),
            ),
            ("already known", total.already_known.to_string()),
            ("made nothing", total.made_nothing.to_string()),
            ("refused", total.refused.to_string()),
        ];
        for (what, count) in rows {
            writeln!(out, "{what:<14} {count}")?;
        }
        for (code, count) in &total.reasons {
            writeln!(out, "  {code:<28} {count}")?;
        }
        for (kind, count) in &total.left_out {
            writeln!(out, "left out       {count} entries of bundles: {kind}")?;
        }
        for (file, why) in &progress.failed {
            writeln!(out, "failed         {file}: {why}")?;
        }
        Ok(())
    }
}

/// Leaves the request for the process that runs, and waits for it.
fn beside(request: &Request, config: &Config, bar: &mut Bar) -> Result<Progress, Failure> {
    let directory = &config.journal.directory;
    request.leave(directory)?;
    let watch = Stopwatch::start();
    loop {
        if let Some(progress) = request.progress(directory) {
            bar.show(|since| line(&progress, since));
            if progress.has_ended {
                request.clear(directory)?;
                return Ok(progress);
            }
        } else if watch.elapsed() > Duration::from_secs(30) {
            request.clear(directory)?;
            let what = "the process that runs does not take it up";
            return Err(Failure::new(
                what,
                "it must have the role intake, and be of this version",
            ));
        }
        std::thread::park_timeout(LOOK);
    }
}

/// How far it is, and how fast.
fn line(progress: &Progress, since: Duration) -> String {
    let Report { rows, refused, .. } = &progress.total;
    let speed = ratio(*rows, 1) / since.as_secs_f64().max(1e-3);
    let share = ratio(progress.bytes_read, progress.bytes);
    bar::line(
        share,
        since,
        &format!("{rows} rows {speed:.0}/s, {refused} refused"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_how_far_it_is() {
        let mut progress = Progress {
            bytes: 400,
            bytes_read: 100,
            ..Progress::default()
        };
        progress.total.rows = 50;
        let shown = line(&progress, Duration::from_secs(10));
        assert_eq!(
            shown,
            "[########......................]  25 % 50 rows 5/s, 0 refused, 00:00:30 left "
        );
        assert!(line(&Progress::default(), Duration::ZERO).contains("  0 % 0 rows"));
    }
}
