//! Clinical stories that are tests: what happens, and what a workload must say of it.
//!
//! A scenario file is prose, a line `Tests: deterioration` that names the workloads it is about, and steps with their times;
//! `scenarios/` has those of the project, and a site may have its own. Beside the workloads that are named those run that run
//! unless told otherwise; with `Tests alone:` nothing does.

mod papers;
mod story;
mod words;

mod expected;
mod run;

mod cares;
mod stays;

mod clock;
mod department;
mod engine;
mod gaps;
mod made;
mod members;
mod providers;

mod built_in;

use std::time::Duration;

use clinical::Decimal;

use crate::measures::{self, Measure, MeasuresConfig};
use crate::payer::{PROVIDERS, PayerConfig, payer_workloads};
use crate::throughput::{self, Department, UnitBeds};
use crate::{Config, WORKLOADS};
pub use engine::Engine;
pub use made::{
    Place, event, event_time, merge, observation, observed, patient, received_time, told,
};
use run::Run;
use story::{Action, Step, Story};

/// A scenario file that was understood.
#[derive(Debug)]
pub struct Scenario {
    /// Its name: that of its file without the ending.
    pub name: String,
    story: Story,
}

/// With what a story runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of the workloads that read the chart.
    pub chart: Config,
    /// Of those that read what payers and providers send.
    pub payer: PayerConfig,
    /// Of the emergency department.
    pub department: Department,
    /// Of quality measures.
    pub measures: MeasuresConfig,
}

impl Default for Settings {
    /// As shipped, with what is a site's to say in the stories' own words: a panel, where patients wait, how many beds there
    /// are, when a year has settled.
    fn default() -> Self {
        let beds = UnitBeds {
            department: 10,
            hospital: 100,
        };
        Self {
            chart: Config::default(),
            department: Department {
                waiting: ["WAIT".into()].into(),
                left_unseen: ["LWBS".into()].into(),
                beds: [("ED".into(), beds)].into(),
                tells: true,
                ..Department::default()
            },
            measures: MeasuresConfig {
                measures: Measure::ALL.into(),
                utc_offset_seconds: 0,
                settles_after: Some(Duration::from_secs(90 * 24 * 60 * 60)),
            },
            payer: PayerConfig {
                panels: vec![("urn:pulsewire:panel|high-risk".into(), "high risk".into())],
                seen_after_emergency: Some(7),
                ..PayerConfig::default()
            },
        }
    }
}

/// Gives the names of all workloads that scenarios can be tests of.
pub fn testable() -> impl Iterator<Item = &'static str> {
    let chart = WORKLOADS.iter().map(|workload| workload.name);
    let others = [PROVIDERS, throughput::NAME, measures::NAME];
    chart.chain(payer_workloads()).chain(others)
}

/// A step that went another way than the story says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step's line in the file, from 1.
    pub line: usize,
    /// What the step is.
    pub step: String,
    /// What was expected and did not come.
    pub missing: Vec<String>,
    /// What came and was not expected; where something is missing, all that came instead.
    pub came: Vec<String>,
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// When a line is not understood: it is named, with what would be right.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let story = story::parse(text).map_err(|error| error.to_string())?;
        Ok(Self {
            name: name.to_owned(),
            story,
        })
    }

    /// Gives those that are part of the program, by their names.
    pub fn built_in() -> Vec<Self> {
        let parsed = built_in::FILES.iter();
        parsed
            .map(|(name, text)| Self::parse(name, text).expect("a test runs every one of them"))
            .collect()
    }

    /// Gives what it shows, in its own words.
    pub fn title(&self) -> &str {
        &self.story.title
    }

    /// Gives the workloads that it is a test of.
    pub fn tests(&self) -> &[&'static str] {
        &self.story.tests
    }

    /// Runs it with these settings, and gives where it went another way.
    pub fn run(&self, settings: &Settings) -> Vec<Difference> {
        let mut chart = settings.chart.clone();
        chart.running = Config::default().running;
        if self.story.alone {
            chart.running.clear();
        }
        // The bundle takes nothing for fever where a site has not said which edition of the measure it reports by; its stories do not
        // turn on what editions differ in.
        chart.bundle.fever.get_or_insert(Decimal::new(383, 1));
        let tests = |name: &str| self.tests().contains(&name);
        for workload in WORKLOADS.iter().filter(|workload| tests(workload.name)) {
            chart.start(workload);
        }
        let mut run = Run::of(chart, settings, self.tests());
        let mut differences = Vec::new();
        let mut steps = self.story.steps.as_slice();
        while let Some((step, after)) = steps.split_first() {
            let is_claim = |step: &Step| matches!(step.action, Action::Expect(_));
            let claims = after.iter().take_while(|step| is_claim(step)).count();
            let (claims, rest) = after.split_at(claims);
            differences.extend(run.step(step, claims));
            steps = rest;
        }
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_goes_as_it_is_told() {
        let told: Vec<String> = Scenario::built_in()
            .iter()
            .map(|scenario| (scenario, scenario.run(&Settings::default())))
            .filter(|(scenario, wrong)| !wrong.is_empty() || scenario.tests().is_empty())
            .map(|(scenario, wrong)| format!("{}: {wrong:#?}", scenario.name))
            .collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }

    #[test]
    fn every_workload_has_a_scenario() {
        let all = Scenario::built_in();
        let untested = testable().filter(|name| {
            let mut tests = all.iter().flat_map(Scenario::tests);
            !tests.any(|test| test == name)
        });
        assert_eq!(untested.collect::<Vec<_>>(), [""; 0]);
    }

    fn run(text: &str) -> Vec<Difference> {
        let scenario = Scenario::parse("story", text).unwrap();
        scenario.run(&Settings::default())
    }

    #[test]
    fn a_wrong_expectation_says_what_came() {
        let story = "10:00 lab ann potassium 7.1 mmol/L\n  expect finding critical-result/sodium ann severity low";
        let wrong = run(story);
        assert_eq!(wrong[0].line, 1);
        assert_eq!(wrong[0].step, "10:00 lab ann potassium 7.1 mmol/L");
        assert_eq!(
            wrong[0].missing,
            ["finding critical-result/sodium ann severity low"]
        );
        assert_eq!(
            wrong[0].came,
            [
                "finding critical-result/potassium ann at 10:00 revision 1 severity critical \"potassium 7.1 mmol/L, critically high\""
            ]
        );
        let silent = "10:00 lab ann potassium 7.1 mmol/L\n  expect nothing";
        assert_eq!(run(silent)[0].missing, ["nothing"]);
        let unsaid = "10:00 lab ann potassium 7.1 mmol/L";
        let wrong = run(unsaid);
        assert_eq!((wrong[0].missing.len(), wrong[0].came.len()), (0, 1));
        let unknown = "10:00 vitals ann mood 7\n  expect nothing";
        assert_eq!(
            run(unknown)[0].missing,
            ["\"mood\" is not a name of scenarios"]
        );
    }

    #[test]
    fn what_is_of_a_case_is_named_without_it() {
        let covered = "Tests: eligibility\n\
                       08:00 coverage ann K-1 from 2025-01-01 until 2026-02-28\n\
                       09:00 claim ann C-1 200 service 99213 on 2026-03-02";
        for name in ["claim-not-covered", "claim-not-covered/2026-03-02"] {
            let story = format!("{covered}\n  expect finding {name} ann severity low");
            assert_eq!(run(&story), []);
        }
        let other = format!("{covered}\n  expect finding claim-not-covered/2026-03-01 ann");
        assert_eq!(run(&other).len(), 1);
        let pair = "Tests: claim-integrity\n\
                    08:00 claim ann C-1 200 service SYN01 on 2026-03-02 service SYN02 on 2026-03-02";
        for name in ["ncci-pair", "ncci-pair/SYN01/SYN02"] {
            let story = format!("{pair}\n  expect finding {name} ann severity low");
            assert_eq!(run(&story), []);
        }
        let other = format!("{pair}\n  expect finding ncci-pair/SYN01/SYN03 ann");
        assert_eq!(run(&other).len(), 1);
        let units = "Tests: claim-integrity\n\
                     08:00 claim ann C-1 200 service SYN08 on 2026-03-02 units 5";
        for name in ["unlikely-units/SYN08", "unlikely-units/SYN08/2026-03-02"] {
            let story = format!("{units}\n  expect finding {name} ann severity low");
            assert_eq!(run(&story), []);
        }
        // Who gave a service counts as in claims that are sent.
        let by = |who: &str| {
            format!(
                "Tests: claim-integrity\n\
            08:00 claim ann C-1 100 service SYN09 on 2026-03-02 modifier 76 units 2 by dr-a\n\
            08:01 claim ann C-2 100 service SYN09 on 2026-03-02 modifier 76 units 2 by {who}\n  \
            expect finding unlikely-units/SYN09 ann severity low"
            )
        };
        assert_eq!(run(&by("dr-a")), []);
        assert_eq!(run(&by("dr-b")).len(), 1);
        // What kind of result it is belongs to the name.
        let kind = "10:00 lab ann potassium 7.1 mmol/L\n  expect finding critical-result ann";
        assert_eq!(run(kind).len(), 1);
    }

    #[test]
    fn a_figure_that_is_another_is_told_with_what_it_is() {
        let story = "Tests: emergency\n\
                     08:00 ed ann \"ED / WAIT\" visit V-1\n  expect unit ED waiting 7\n  expect unit ICU waiting 1";
        let wrong = run(story);
        assert_eq!(
            wrong[0].missing,
            ["unit ED waiting 7", "unit ICU waiting 1"]
        );
        assert_eq!(
            wrong[0].came,
            ["unit ED waiting 1", "unit ICU waiting has no figure"]
        );
    }

    #[test]
    fn a_story_goes_on_after_a_step_that_went_another_way() {
        let story = "10:00 lab ann potassium 7.1 mmol/L\n\
                     11:00 correct ann 10:00 potassium 4.1 mmol/L\n\
                     \x20 expect retracted critical-result/potassium ann at 10:00 corrected";
        let wrong = run(story);
        assert_eq!(wrong.iter().map(|one| one.line).collect::<Vec<_>>(), [1]);
    }
}
