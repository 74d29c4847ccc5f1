//! What can be asked of the program: one file per verb, its arguments, its help and its work together.

mod alerts;
mod backfill;
mod backtest;
mod bar;
mod care_gaps;
mod check;
mod completions;
mod demo;

mod doctor;
mod explain;
mod files;
mod log;
mod map;
mod process;
mod reading;
mod redrive;
mod resume;
mod risk;
mod run;
mod schema;
mod send;
mod sources;
mod state;
mod status;

mod tail;
mod topics;
mod validate;
mod workload;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config};
use crate::pipeline::Running;
use crate::roles::Role;
use crate::stages;

/// Clinical events as they happen: HL7 v2 in, FHIR events in the journal, alerts out.
///
/// It is a secondary notification system, not a primary alarm and not a medical device.
#[derive(Parser)]
#[command(name = "pulsewire", version, after_help = EXIT_CODES, max_term_width = 110)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 it did not work, or what was looked for is not so; 2 the command line is wrong; \
3 the configuration is wrong; 4 the journal is in use or damaged, or the state is a newer program's.";

#[derive(Subcommand)]
enum Verb {
    Demo(demo::Demo),
    Run(run::Run),
    Check(check::Check),
    Explain(explain::Explain),
    Map(map::Map),
    Send(send::Send),
    Backfill(backfill::Backfill),
    Backtest(backtest::Backtest),
    Workload(workload::Workload),
    Topics(topics::Topics),
    Tail(tail::Tail),
    Redrive(redrive::Redrive),
    Resume(resume::Resume),
    State(state::State),
    Status(status::Ask),
    Sources(sources::Ask),
    Alerts(alerts::Ask),
    Risk(risk::Ask),
    CareGaps(care_gaps::Ask),
    Validate(validate::Validate),
    Schema(schema::Schema),

    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

/// Where the configuration is.
#[derive(Args)]
pub(crate) struct Configured {
    /// The configuration file; without one the defaults hold
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The data directory, instead of the configured one
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

impl Configured {
    /// Reads it.
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        self.load_by(config::load)
    }

    /// Reads it to run by it: files that it names must be there.
    pub(crate) fn load_to_run(&self) -> Result<Config, Failure> {
        self.load_by(config::load_to_run)
    }

    fn load_by(
        &self,
        load: fn(&Path) -> Result<Config, Vec<config::Problem>>,
    ) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(path) => load(path).map_err(Failure::Config)?,
            None => config::defaults(),
        };
        if let Some(data) = &self.data {
            config.journal.directory.clone_from(data);
        }
        Ok(config)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The configuration is wrong, in these places.
    Config(Vec<config::Problem>),
    /// The journal cannot be opened or read.
    Journal(journal::Error),
    /// The stored state is of a newer program.
    Formats(stages::state_formats::Error),
    /// Anything else, with what to do about it.
    Other {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// What was looked for is not so, and that was already said.
    Said,
}

impl Failure {
    /// Says what is wrong and what to do.
    pub(crate) fn new(what: impl ToString, hint: impl Into<String>) -> Self {
        Self::Other {
            what: what.to_string(),
            hint: hint.into(),
        }
    }

    const fn code(&self) -> u8 {
        match self {
            Self::Other { .. } | Self::Said => 1,
            Self::Config(_) => 3,
            Self::Journal(_) | Self::Formats(_) => 4,
        }
    }

    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Config(problems) => {
                writeln!(out, "the configuration has {} mistake(s)", problems.len())?;
                problems
                    .iter()
                    .try_for_each(|problem| writeln!(out, "  {problem}"))
            }
            Self::Journal(error) => writeln!(out, "error: {error}"),
            Self::Formats(error) => writeln!(out, "error: {error}"),
            Self::Other { what, hint } if hint.is_empty() => writeln!(out, "error: {what}"),
            Self::Other { what, hint } => writeln!(out, "error: {what}\n  hint: {hint}"),
            Self::Said => Ok(()),
        }
    }
}

impl From<journal::Error> for Failure {
    fn from(error: journal::Error) -> Self {
        Self::Journal(error)
    }
}

impl From<stages::state_formats::Error> for Failure {
    fn from(error: stages::state_formats::Error) -> Self {
        Self::Formats(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error, "")
    }
}

/// Reads the command line and does what it says.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // Help and version are such errors too; clap knows where each is printed.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = io::stdout();
    let done = match line.verb {
        Verb::Demo(demo) => demo.run(&mut out),
        Verb::Run(run) => run.run(&mut out),
        Verb::Check(check) => check.run(&mut out),
        Verb::Explain(explain) => explain.run(&mut out),
        Verb::Map(map) => map.run(&mut out),
        Verb::Send(send) => send.run(&mut out),
        Verb::Backfill(backfill) => backfill.run(&mut out),
        Verb::Backtest(backtest) => backtest.run(&mut out),
        Verb::Workload(workload) => workload.run(&mut out),
        Verb::Topics(topics) => topics.run(&mut out),
        Verb::Tail(tail) => tail.run(&mut out),
        Verb::Redrive(redrive) => redrive.run(&mut out),
        Verb::Resume(resume) => resume.run(&mut out),
        Verb::State(state) => state.run(&mut out),
        Verb::Status(status) => status.run(&mut out),
        Verb::Sources(sources) => sources.run(&mut out),
        Verb::Alerts(alerts) => alerts.run(&mut out),
        Verb::Risk(risk) => risk.run(&mut out),
        Verb::CareGaps(care_gaps) => care_gaps.run(&mut out),
        Verb::Validate(validate) => validate.run(&mut out),
        Verb::Schema(schema) => schema.run(&mut out),

        Verb::Doctor(doctor) => doctor.run(&mut out),
        Verb::Completions(completions) => completions.run(&mut out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has had enough of it: that is no failure.
        Err(Failure::Other { what, .. }) if what.contains("Broken pipe") => ExitCode::SUCCESS,
        Err(failure) => {
            drop(failure.tell(&mut io::stderr()));
            ExitCode::from(failure.code())
        }
    }
}

/// The runtime that sockets and pages share.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| {
        Failure::new(
            error,
            "the system gives no threads or files: raise its limits",
        )
    })
}

/// Where everything is, as an address book.
fn addresses(running: &Running, config: &Config) -> String {
    let pages = running.control;
    let mllp = match (running.mllp, &config.mllp.tls) {
        (Some(mllp), Some(_)) => format!("mllps://{mllp}"),
        (Some(mllp), None) => format!("mllp://{mllp}"),
        (None, _) => "taken by other processes".to_owned(),
    };
    let http = match (running.http, &config.http.tls) {
        (Some(http), Some(_)) => format!("https://{http}/fhir"),
        (Some(http), None) => format!("http://{http}/fhir"),
        (None, _) => "not taken here".to_owned(),
    };
    let has_pages = config.roles.has(Role::Ui);
    let shown = match has_pages {
        true => format!("http://{pages}/"),
        false => format!("shown by other processes; checks are at http://{pages}/"),
    };
    let rows = [
        ("HL7 v2 in (MLLP)", mllp),
        ("FHIR in (HTTP)", http),
        ("pages", shown),
        ("alerts", format!("http://{pages}/alerts")),
        ("patients", format!("http://{pages}/patients")),
        ("metrics", format!("http://{pages}/metrics")),
        ("status", format!("http://{pages}/status")),
        (
            "health, readiness",
            format!("http://{pages}/health, http://{pages}/ready"),
        ),
        ("data", config.journal.directory.display().to_string()),
    ];
    let lines = rows
        .iter()
        .filter(|(what, _)| has_pages || !matches!(*what, "alerts" | "patients"))
        .map(|(what, place)| format!("  {what:<18} {place}"));
    let notice = "A secondary notification system: not a primary alarm and not a medical device.";
    format!(
        "Pulsewire {} is running.\n{}\n{notice}",
        env!("CARGO_PKG_VERSION"),
        lines.collect::<Vec<_>>().join("\n")
    )
}

/// The command line, for completions and for the reference.
pub(crate) fn command() -> clap::Command {
    <CommandLine as clap::CommandFactory>::command()
}
