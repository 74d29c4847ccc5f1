//! `workload test`: runs the scenarios of rule packs, and shows where one goes another way.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use workloads::scenario::{Difference, Scenario, Settings, testable};
use workloads::throughput::Department;

use super::unknown;
use crate::commands::{Failure, files};
use crate::config::Config;
use crate::control;
use crate::pipeline;

/// What a scenario file ends in.
const ENDING: &str = "scenario";

#[derive(Args)]
pub(super) struct Test {
    /// Its name, such as deterioration; without one the scenarios of all
    name: Option<String>,
    /// A folder with scenarios of the site, which run with the site's settings; those of the project run with what is shipped
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// As JSON, one a line
    #[arg(long)]
    json: bool,
}

/// What became of one scenario.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    name: String,
    tests: Vec<&'static str>,
    passed: bool,
    /// Why it was not understood, where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Step>,
}

/// A step that went another way.
#[derive(Serialize)]
struct Step {
    line: usize,
    step: String,
    missing: Vec<String>,
    came: Vec<String>,
}

impl Test {
    pub(super) fn run(&self, config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
        let packs = control::packs(config);
        if let Some(name) = &self.name
            && packs.iter().all(|pack| pack.name != name)
        {
            return Err(unknown(name, testable().collect()));
        }
        let mut outcomes: Vec<Outcome> = Scenario::built_in()
            .iter()
            .map(|scenario| Outcome::of(scenario, &Settings::default()))
            .collect();
        if let Some(dir) = &self.dir {
            outcomes.extend(own(dir, &settings(config))?);
        }
        if let Some(name) = self.name.as_deref() {
            // What is not understood may be a test of anything.
            outcomes.retain(|one| one.wrong.is_some() || one.tests.contains(&name));
            if outcomes.is_empty() {
                return Err(untested(name));
            }
        }
        for outcome in &outcomes {
            outcome.tell(self.json, out)?;
        }
        let failed = outcomes.iter().filter(|one| !one.passed).count();
        if !self.json {
            writeln!(out, "{} passed, {failed} failed", outcomes.len() - failed)?;
        }
        match failed {
            0 => Ok(()),
            _ => Err(Failure::Said),
        }
    }
}

/// What the site has set; where it does not look at something, stories of that are told by what is shipped.
fn settings(config: &Config) -> Settings {
    let shipped = Settings::default();
    let own = &config.workloads;
    let department = own.emergency.clone();
    let measures = config.care_gaps.as_ref();
    Settings {
        chart: pipeline::settings(config),
        payer: own.payer.clone().unwrap_or(shipped.payer),
        // Stories are of what clocks tell, whether or not a site lets that become alerts.
        department: department.map_or(shipped.department, |department| Department {
            tells: true,
            ..department
        }),
        measures: measures.map_or(shipped.measures, |of| of.measures.clone()),
    }
}

fn untested(name: &str) -> Failure {
    let what = format!("no scenario is a test of {name}");
    let hint = match testable().any(|known| known == name) {
        true => format!(
            "write one with the line `Tests: {name}` and give its folder with --dir; docs/scenarios.md says how"
        ),
        false => format!(
            "scenarios tell of patients one at a time; this counts many of them, or looks at what never reaches a chart; `pulsewire workload show {name}` says what it reads"
        ),
    };
    Failure::new(what, hint)
}

/// Runs the scenarios of a folder and of those in it.
fn own(dir: &Path, settings: &Settings) -> Result<Vec<Outcome>, Failure> {
    let mut found = files::walk(&[dir.to_owned()])?;
    found.retain(|file| file.extension().is_some_and(|ending| ending == ENDING));
    if found.is_empty() {
        let what = format!("{}: holds no .{ENDING} files", dir.display());
        return Err(Failure::new(
            what,
            "docs/scenarios.md says how one is written",
        ));
    }
    found
        .iter()
        .map(|file| {
            let bytes = files::read(file, "scenarios")?;
            let name = file.display().to_string();
            let text = String::from_utf8_lossy(&bytes);
            Ok(match Scenario::parse(&name, &text) {
                Ok(scenario) => Outcome::of(&scenario, settings),
                Err(wrong) => Outcome {
                    name,
                    tests: Vec::new(),
                    passed: false,
                    wrong: Some(wrong),
                    differences: Vec::new(),
                },
            })
        })
        .collect()
}

impl Outcome {
    fn of(scenario: &Scenario, settings: &Settings) -> Self {
        let differences = scenario.run(settings);
        Self {
            name: scenario.name.clone(),
            tests: scenario.tests().to_vec(),
            passed: differences.is_empty(),
            wrong: None,
            differences: differences.into_iter().map(Step::of).collect(),
        }
    }

    fn tell(&self, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
        if json {
            let line = serde_json::to_string(self).expect("words always make JSON");
            writeln!(out, "{line}")?;
            return Ok(());
        }
        let word = if self.passed { "pass" } else { "FAIL" };
        writeln!(out, "{word}  {}", self.name)?;
        if let Some(wrong) = &self.wrong {
            writeln!(out, "      line {wrong}")?;
        }
        for step in &self.differences {
            writeln!(out, "      line {}: {}", step.line, step.step)?;
            for line in &step.missing {
                writeln!(out, "      - {line}")?;
            }
            for line in &step.came {
                writeln!(out, "      + {line}")?;
            }
        }
        Ok(())
    }
}

impl Step {
    fn of(difference: Difference) -> Self {
        let Difference {
            line,
            step,
            missing,
            came,
        } = difference;
        Self {
            line,
            step,
            missing,
            came,
        }
    }
}
