//! `workload`: the rule packs, what each reads, where its rules come from, whether it runs here, and its tests.

mod test;

use std::io::Write;
use std::time::Duration;

use backtest::RiskPlayer;
use clap::{Args, Subcommand};
use serde::Serialize;
use ui::Runs;
use workloads::{RiskScore, WORKLOADS, Workload as OfChart};

use super::{Configured, Failure};
use crate::config::Config;
use crate::control::{Pack, packs};

/// List the workloads, show what one is, or run its tests
///
/// A workload is a rule pack with what must be known to trust it. Which run is said by the configuration.
#[derive(Args)]
pub(crate) struct Workload {
    #[command(flatten)]
    configured: Configured,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List them, with whether they run
    List {
        /// As JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Show one: its sources, who answers for it, what it reads and what a late item does
    Show {
        /// Its name, such as deterioration
        name: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Run the scenarios that are its tests; exit code 1 where one goes another way
    Test(test::Test),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    name: &'static str,
    rule: &'static str,
    concludes: &'static str,
    runs: &'static str,
    owner: &'static str,
    sources: &'static [&'static str],
    rests_on: &'static [&'static str],
    reads: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    late_window_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revise_window_seconds: Option<u64>,
    late_items: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    scored: Option<Scored>,
}

/// What scores the learned risk here, and who approved that where it is not the model.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Scored {
    scored_by: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    approved_by: String,
}

impl Scored {
    fn of(pack: &Pack, config: &Config) -> Option<Self> {
        let settings = &config.workloads;
        (pack.name == RiskPlayer::NAME).then(|| Self {
            scored_by: settings.risk_score.word(),
            approved_by: match settings.risk_score {
                RiskScore::Model => String::new(),
                RiskScore::Rule => settings.risk_approved_by.clone(),
            },
        })
    }

    fn words(&self) -> String {
        match self.approved_by.as_str() {
            "" => format!("the {}", self.scored_by),
            name => format!(
                "the {} in place of the model, approved by {name}",
                self.scored_by
            ),
        }
    }
}

impl Workload {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let packs = packs(&config);
        match &self.verb {
            Verb::List { json: true } => {
                for pack in &packs {
                    write_json(&line(pack), out)?;
                }
            }
            Verb::List { json: false } => {
                writeln!(out, "{:<28} {:<38} RUNS", "WORKLOAD", "RULE")?;
                for pack in &packs {
                    writeln!(out, "{:<28} {:<38} {}", pack.name, pack.rule, runs(pack))?;
                }
            }
            Verb::Test(test) => return test.run(&config, out),
            Verb::Show { name, json } => {
                let found = packs.iter().find(|pack| pack.name == name);
                let names = || packs.iter().map(|pack| pack.name).collect();
                let pack = found.ok_or_else(|| unknown(name, names()))?;
                let mut line = line(pack);
                line.scored = Scored::of(pack, &config);
                if *json {
                    write_json(&line, out)?;
                } else {
                    show(&line, pack, out)?;
                }
            }
        }
        Ok(())
    }
}

/// Finds a workload of the chart by its name.
pub(super) fn named(name: &str) -> Result<&'static OfChart, Failure> {
    let found = WORKLOADS.iter().find(|pack| pack.name == name);
    found.ok_or_else(|| unknown(name, WORKLOADS.iter().map(|pack| pack.name).collect()))
}

fn unknown(name: &str, names: Vec<&str>) -> Failure {
    let hint = format!("give one of {}", names.join(", "));
    Failure::new(format!("there is no workload `{name}`"), hint)
}

const fn runs(pack: &Pack) -> &'static str {
    match pack.runs {
        Runs::On => "yes",
        Runs::Silent => "yes, told to nobody",
        Runs::Off => "no",
    }
}

fn line(pack: &Pack) -> Line {
    Line {
        name: pack.name,
        rule: pack.rule,
        concludes: pack.concludes,
        runs: runs(pack),
        owner: pack.owner,
        sources: pack.sources,
        rests_on: pack.rests_on,
        reads: pack.reads.clone(),
        late_window_seconds: pack.late_window.map(|window| window.as_secs()),
        revise_window_seconds: pack.revise_window.map(|window| window.as_secs()),
        late_items: pack.late_items,
        scored: None,
    }
}

fn write_json(line: &Line, out: &mut dyn Write) -> Result<(), Failure> {
    let json = serde_json::to_string(line).expect("words and numbers always make JSON");
    Ok(writeln!(out, "{json}")?)
}

fn show(line: &Line, pack: &Pack, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{:<14} {}", "workload", line.name)?;
    writeln!(out, "{:<14} {}", "rule", line.rule)?;
    writeln!(out, "{:<14} {}", "concludes", line.concludes)?;
    writeln!(out, "{:<14} {}", "runs", line.runs)?;
    if let Some(scored) = &line.scored {
        writeln!(out, "{:<14} {}", "scored by", scored.words())?;
    }
    writeln!(out, "{:<14} {}", "owner", line.owner)?;
    for source in line.sources {
        writeln!(out, "{:<14} {source}", "source")?;
    }
    for other in line.rests_on {
        writeln!(out, "{:<14} {other}", "rests on")?;
    }
    writeln!(out, "{:<14} {}", "reads", line.reads.join(", "))?;
    if let Some(window) = pack.late_window {
        writeln!(out, "{:<14} {}", "late by up to", span(window))?;
    }
    if let Some(window) = pack.revise_window {
        writeln!(out, "{:<14} {} back", "revises", span(window))?;
    }
    writeln!(out, "{:<14} {}", "late items", line.late_items)?;
    Ok(())
}

fn span(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
