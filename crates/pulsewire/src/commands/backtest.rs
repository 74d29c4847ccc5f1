//! `backtest`: plays history to a workload as it was known, and says what its alerts would have been worth.

mod figure;
mod page;
mod told;

use std::io::Write;
use std::path::PathBuf;

use backtest::{Course, History, Player, RiskPlayer, measure};
use clap::Args;
use workloads::{RiskScore, WORKLOADS, Workload};

use super::Failure;
use super::bar::{self, Bar};
use super::workload::named;
use crate::config::{self, Config};
use crate::control::packs;
use crate::history::{self, Kind, LeftOut, Step, Unreadable};
use crate::pipeline;
use told::Told;

/// Play history to a workload and measure its alerts
///
/// Each fact reaches the workload at the moment at which it was known, and its findings go through the site's settings and alert
/// policy, as live; nobody is told of anything. What would have been raised is held against what became of the patients: as the
/// data say it, or as another workload says it in the end (--label).
#[derive(Args)]
pub(crate) struct Backtest {
    /// The configuration file, for the settings of workloads and the alert policy; without one the defaults hold
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which one, such as deterioration, or sepsis-risk for the learned one
    #[arg(value_name = "WORKLOAD")]
    workload: String,
    /// Rows of the PhysioNet challenge 2019, a folder of FHIR .ndjson or of MIMIC tables, or a data directory of Pulsewire
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// What it holds, where that is not to be found out: physionet, fhir, mimic or journal
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// The workload that says in the end who had it, and since when, such as sepsis-3
    #[arg(long, value_name = "WORKLOAD")]
    label: Option<String>,
    /// Take each fact as known when it was true, where times of storing say only when data were loaded
    #[arg(long)]
    at_once: bool,
    /// No more than so many stays
    #[arg(long, value_name = "N", value_parser = count)]
    stays: Option<usize>,
    /// Write a report with plots to this file, whole in itself
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = || Kind::NAMES.map(|(name, _)| name).join(", ");
    Kind::parse(name).ok_or_else(|| format!("give one of {}", names()))
}

fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "give a number from 1 on".to_owned())
}

impl Backtest {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let label = self.label.as_deref().map(played_to).transpose()?;
        let config = match &self.config {
            Some(path) => config::load(path).map_err(Failure::Config)?,
            None => config::defaults(),
        };
        let kind = match self.kind {
            Some(kind) => kind,
            None => history::kind_of(&self.data)?,
        };
        let playing = self.playing(&config)?;
        let (played, left_out) = self.play(kind, &config, &playing, label)?;
        if played.iter().all(|(history, _)| history.stays.is_empty()) {
            return Err(self.nothing_to_play(&left_out));
        }
        let measures = measure(played.iter().map(|(history, course)| (history, course)));
        let told = Told {
            workload: playing.name(),
            rule: playing.rule(),
            data: kind.name(),
            outcomes: match (label, measures.stays_with_outcome > 0) {
                (Some(label), _) => Some(format!("{} ({})", label.name, label.rule)),
                (None, true) => Some("the data".to_owned()),
                (None, false) => None,
            },
            known_at_once: self.at_once,
            facts_left_out: left_out.facts,
            measures,
        };
        if let Some(path) = &self.html {
            std::fs::write(path, page::page(&told)).map_err(|error| {
                let what = format!("{}: {error}", path.display());
                Failure::new(what, "name a file that can be written")
            })?;
        }
        if self.json {
            let json = serde_json::to_string(&told).expect("words and numbers always make JSON");
            writeln!(out, "{json}")?;
            return Ok(());
        }
        Ok(told.print(out)?)
    }

    fn playing(&self, config: &Config) -> Result<Playing, Failure> {
        let workload = played_to(&self.workload)?;
        let is_risk = workload.name == RiskPlayer::NAME;
        match (is_risk, config.workloads.risk_score) {
            (true, RiskScore::Model) => Ok(Playing::Risk(Box::default())),
            (true, RiskScore::Rule) => Ok(Playing::RiskByRule(
                workload,
                Box::new(player(workload, config)),
            )),
            (false, _) => Ok(Playing::Rules(workload, Box::new(player(workload, config)))),
        }
    }

    /// Figures of nobody would look like those of a workload that raises nothing.
    fn nothing_to_play(&self, left_out: &LeftOut) -> Failure {
        let what = format!(
            "{}: holds no stay of a patient ({} facts left out)",
            self.data.display(),
            left_out.facts
        );
        Failure::new(
            what,
            "docs/backtest.md says what can be played, and what a stay is",
        )
    }

    /// Plays history patient by patient; what was charted is not kept.
    fn play(
        &self,
        kind: Kind,
        config: &Config,
        playing: &Playing,
        label: Option<&'static Workload>,
    ) -> Result<(Vec<(History, Course)>, LeftOut), Failure> {
        let labelling = label.map(|label| player(label, config));
        let wrong = |error| Failure::new(error, "");
        let mut bar = Bar::new(!self.json);
        let (mut played, mut stays) = (Vec::new(), 0);
        let left_out = history::each(kind, &self.data, config, &mut |step| {
            let (mut history, share) = match step {
                Step::Read { share } => {
                    bar.show(|since| bar::line(share, since, "read"));
                    return Ok(true);
                }
                Step::Patient { history, share } => (*history, share),
            };
            if self.at_once {
                history.known_at_once();
            }
            if let Some(labelling) = &labelling {
                let onsets = labelling.onsets(&history).map_err(wrong)?;
                history.label(&onsets);
            }
            if let Some(most) = self.stays {
                history.keep_stays(most.saturating_sub(stays));
            }
            let course = playing.play(&mut history).map_err(wrong)?;
            stays += history.stays.len();
            // What was charted is needed no more.
            history.events = Vec::new();
            played.push((history, course));
            bar.show(|since| bar::line(share, since, &format!("{stays} stays")));
            Ok::<bool, Failure>(self.stays.is_none_or(|most| stays < most))
        })?;
        bar.end();
        Ok((played, left_out))
    }
}

/// What is played to.
enum Playing {
    /// A workload by rules.
    Rules(&'static Workload, Box<Player>),
    /// The learned risk.
    Risk(Box<RiskPlayer>),
    /// What stands in its place where the site says so.
    RiskByRule(&'static Workload, Box<Player>),
}

impl Playing {
    const fn name(&self) -> &'static str {
        match self {
            Self::Rules(workload, _) | Self::RiskByRule(workload, _) => workload.name,
            Self::Risk(_) => RiskPlayer::NAME,
        }
    }

    fn rule(&self) -> String {
        match self {
            Self::Rules(workload, _) => workload.rule.to_owned(),
            Self::Risk(player) => player.rule(),
            Self::RiskByRule(workload, _) => {
                format!(
                    "{}, scored by rule: NEWS2 in place of the model",
                    workload.rule
                )
            }
        }
    }

    fn play(&self, history: &mut History) -> Result<Course, backtest::Error> {
        match self {
            Self::RiskByRule(_, player) => {
                history.say_visits();
                player.play(history)
            }
            Self::Rules(_, player) => player.play(history),
            Self::Risk(player) => Ok(player.play(history)),
        }
    }
}

/// Finds a workload that history is played to by its name.
fn played_to(name: &str) -> Result<&'static Workload, Failure> {
    named(name).map_err(|unknown| {
        let packs = packs(&config::defaults());
        if packs.iter().all(|pack| pack.name != name) {
            return unknown;
        }
        let charted: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
        Failure::new(
            format!("`{name}` has no history to run on: a backtest plays what is charted of patients, which it does not read"),
            format!("give one of {}", charted.join(", ")),
        )
    })
}

/// A workload as the site has set it, behind its alert policy.
fn player(workload: &'static Workload, config: &Config) -> Player {
    let settings = pipeline::settings(config);
    Player::new(workload, settings, pipeline::policy(config))
}

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Self {
        Self::new(error.what, error.hint)
    }
}
