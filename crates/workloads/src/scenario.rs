//! Clinical stories that are tests: what happens, and what a workload must say of it.
//!
//! A scenario file is prose, a line `Tests: deterioration` that names the workloads it is about, and steps with their times;
//! `scenarios/` has those of the project, and a site may have its own. Beside the workloads that are named those run that run
//! unless told otherwise; with `Tests alone:` nothing does.

mod papers;
mod story;
mod words;

mod engine;
mod made;
mod members;

mod built_in;

use std::collections::BTreeMap;

use clinical::{Decimal, Event, Finding, FindingState, MergeRole, PatientKey, Severity};

use crate::payer::{PayerConfig, payer_workloads};
use crate::{Config, WORKLOADS};
pub use engine::Engine;
use made::events;
pub use made::{Place, event, event_time, merge, observation, patient, received_time, told};
use members::Members;
use story::{Action, Expectation, Step, Story, Wanted};

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
}

impl Default for Settings {
    /// As shipped, with a panel of the stories' own: what is a panel is a site's to say.
    fn default() -> Self {
        Self {
            chart: Config::default(),
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
    chart.chain(payer_workloads())
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
        let mut run = Run {
            engine: Engine::of(chart),
            members: payer_workloads()
                .any(tests)
                .then(|| Members::of(settings.payer.clone())),
            names: BTreeMap::new(),
            offset: 0,
        };
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

/// A story on its way.
struct Run {
    engine: Engine,
    /// Where the story is a test of a workload of payers.
    members: Option<Members>,
    names: BTreeMap<PatientKey, String>,
    offset: u64,
}

impl Run {
    /// Takes a step, and holds what came of it against what must.
    fn step(&mut self, step: &Step, claims: &[Step]) -> Option<Difference> {
        self.engine.quality.clear();
        self.engine.late = 0;
        let mut difference = Difference {
            line: step.line,
            step: step.text.clone(),
            missing: Vec::new(),
            came: Vec::new(),
        };
        if let Err(what) = self.perform(step) {
            difference.missing.push(what);
            return Some(difference);
        }
        let mut came = std::mem::take(&mut self.engine.findings);
        if let Some(members) = &mut self.members {
            came.append(&mut members.findings);
        }
        let twice = told_twice(&came).map(|finding| format!("told twice: {}", self.show(finding)));
        for claim in claims {
            if let Action::Expect(expectation) = &claim.action
                && !self.claim(expectation, &mut came)
            {
                difference.missing.push(said(expectation));
            }
        }
        let is_missing = !difference.missing.is_empty();
        let asks = |finding: &&Finding| {
            let is_news = finding.severity > Severity::None;
            is_missing || is_news || finding.state != FindingState::Asserted
        };
        let left = came.iter().filter(asks).map(|finding| self.show(finding));
        difference.came = left.chain(twice).collect();
        (is_missing || !difference.came.is_empty()).then_some(difference)
    }

    fn perform(&mut self, step: &Step) -> Result<(), String> {
        let place = Place {
            at: step.at,
            arrives: step.arrives,
            offset: self.offset,
        };
        if let Some(members) = &mut self.members {
            members.tick(received_time(step.arrives));
        }
        if let Action::Paper(paper) = &step.action {
            self.names.insert(patient(&paper.who), paper.who.clone());
            let members = self.members.as_mut();
            let members = members.ok_or("no workload of payers is tested by this story")?;
            let document = paper.document(&members.config, place)?;
            members.say(&paper.who, place, document, step.loaded);
        }
        let made = if let Action::Merge { from, into } = &step.action {
            self.names.insert(patient(into), into.clone());
            if let Some(members) = &mut self.members {
                members.merge(from, into, place);
            }
            vec![
                event(from, place, 0, merge(MergeRole::Retired, into)),
                event(into, place, 1, merge(MergeRole::Survivor, from)),
            ]
        } else {
            let (who, made) = events(&step.action, place)?;
            self.names.insert(patient(&who), who);
            made
        };
        let made: Vec<Event> = made
            .into_iter()
            .map(|event| Event {
                backfill: step.loaded,
                ..event
            })
            .collect();
        self.offset += 100;
        self.engine.tick(received_time(step.arrives));
        if let Action::Merge { .. } | Action::Series { .. } = &step.action {
            for event in &made {
                self.engine.tick(event.received);
                self.engine.take(event);
            }
        } else {
            self.engine.take_message(&made);
        }
        Ok(())
    }

    /// Takes what an expectation is about away from what came; says whether it was there.
    fn claim(&self, expectation: &Expectation, came: &mut Vec<Finding>) -> bool {
        let place = match expectation {
            Expectation::Nothing if came.is_empty() => return true,
            Expectation::Late if self.engine.late > 0 => return true,
            Expectation::Quality(kind)
                if self
                    .engine
                    .quality
                    .iter()
                    .any(|issue| issue.kind.word() == kind) =>
            {
                return true;
            }
            Expectation::Nothing | Expectation::Late | Expectation::Quality(_) => None,
            Expectation::Finding(wanted) => came.iter().position(|finding| fits(wanted, finding)),
            Expectation::Retracted {
                condition,
                who,
                as_of,
                reason,
            } => came.iter().position(|finding| {
                is_of(condition, finding)
                    && finding.patient == patient(who)
                    && as_of.is_none_or(|at| finding.as_of == event_time(at))
                    && finding.state == FindingState::Retracted(reason.as_str().into())
            }),
        };
        match place {
            Some(place) => {
                came.remove(place);
                true
            }
            None => false,
        }
    }

    fn show(&self, finding: &Finding) -> String {
        let minute = (finding.as_of.micros() - event_time(0).micros()) / 60_000_000;
        let who = self
            .names
            .get(&finding.patient)
            .map_or("somebody", String::as_str);
        let score = finding
            .score
            .map_or(String::new(), |score| format!(" score {score}"));
        let state = match &finding.state {
            FindingState::Asserted => "finding ".to_owned(),
            FindingState::Retracted(reason) => format!("retracted ({reason}) "),
        };
        format!(
            "{state}{} {who}{} revision {} severity {}{score} {:?}",
            finding.condition,
            clock_words(Some(minute)),
            finding.revision,
            finding.severity.word(),
            &*finding.summary,
        )
    }
}

/// Nobody is told two things about one time by one message.
fn told_twice(came: &[Finding]) -> Option<&Finding> {
    let of = |finding: &Finding| (finding.patient, finding.condition.clone(), finding.as_of);
    let mut all = came.iter().enumerate();
    all.find_map(|(place, finding)| {
        let mut later = came.iter().skip(place + 1);
        later
            .any(|other| of(other) == of(finding))
            .then_some(finding)
    })
}

/// Whether a finding is of a condition; what is of matters of a member has their names behind its own, which no story knows.
fn is_of(condition: &str, finding: &Finding) -> bool {
    let is_matter = |part: &str| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let rest = finding.condition.strip_prefix(condition);
    rest.is_some_and(|rest| match rest.strip_prefix('/') {
        Some(matters) => matters.split('/').all(is_matter),
        None => rest.is_empty(),
    })
}

fn fits(wanted: &Wanted, finding: &Finding) -> bool {
    is_of(&wanted.condition, finding)
        && finding.patient == patient(&wanted.who)
        && finding.state == FindingState::Asserted
        && finding.backfill == wanted.history
        && wanted
            .as_of
            .is_none_or(|at| finding.as_of == event_time(at))
        && wanted
            .severity
            .as_ref()
            .is_none_or(|severity| finding.severity.word() == severity)
        && wanted
            .score
            .is_none_or(|score| finding.score == Some(score))
        && wanted
            .revision
            .is_none_or(|revision| finding.revision == revision)
        && wanted
            .text
            .as_ref()
            .is_none_or(|text| finding.summary.contains(text.as_str()))
}

fn said(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Nothing => "nothing".into(),
        Expectation::Late => "an event that is late".into(),
        Expectation::Quality(kind) => format!("quality {kind}"),
        Expectation::Retracted {
            condition,
            who,
            as_of,
            reason,
        } => {
            format!(
                "retracted {condition} {who}{} {reason}",
                clock_words(*as_of)
            )
        }
        Expectation::Finding(wanted) => {
            let mut text = format!(
                "finding {} {}{}",
                wanted.condition,
                wanted.who,
                clock_words(wanted.as_of)
            );
            let parts = [
                wanted
                    .severity
                    .as_ref()
                    .map(|severity| format!(" severity {severity}")),
                wanted.score.map(|score| format!(" score {score}")),
                wanted
                    .revision
                    .map(|revision| format!(" revision {revision}")),
                wanted.text.as_ref().map(|text| format!(" {text:?}")),
            ];
            text.extend(parts.into_iter().flatten());
            text
        }
    }
}

fn clock_words(minute: Option<i64>) -> String {
    minute.map_or(String::new(), |minute| {
        let day = if minute < 24 * 60 {
            String::new()
        } else {
            format!(" d+{}", minute / (24 * 60))
        };
        format!(" at {:02}:{:02}{day}", minute / 60 % 24, minute % 60)
    })
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
    fn a_story_goes_on_after_a_step_that_went_another_way() {
        let story = "10:00 lab ann potassium 7.1 mmol/L\n\
                     11:00 correct ann 10:00 potassium 4.1 mmol/L\n\
                     \x20 expect retracted critical-result/potassium ann at 10:00 corrected";
        let wrong = run(story);
        assert_eq!(wrong.iter().map(|one| one.line).collect::<Vec<_>>(), [1]);
    }
}
