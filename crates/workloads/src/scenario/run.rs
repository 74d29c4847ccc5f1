//! Takes a story's steps, and holds what comes of each against what must.

use std::collections::BTreeMap;

use clinical::payer::link;
use clinical::{Event, Finding, FindingState, MergeRole, PatientKey, ReceivedTime, Severity};

use super::department::Visits;
use super::engine::Engine;
use super::expected::{Expectation, clock_words, fits, is_of, said};
use super::gaps::Gaps;
use super::made::{Place, event, event_time, events, merge, patient, received_time};
use super::members::Members;
use super::story::{Action, Step};
use super::{Difference, Settings, cares};
use crate::payer::{PROVIDERS, payer_workloads};
use crate::{Config, measures, throughput};

/// A story on its way.
pub(super) struct Run {
    engine: Engine,
    /// Where the story is a test of a workload of payers.
    members: Option<Members>,
    /// Where it is one of an emergency department.
    visits: Option<Visits>,
    /// Where it is one of quality measures.
    gaps: Option<Gaps>,
    names: BTreeMap<PatientKey, String>,
    offset: u64,
}

impl Run {
    /// Begins a story that is a test of these workloads.
    pub(super) fn of(chart: Config, settings: &Settings, tests: &[&str]) -> Self {
        let is_tested = |name: &str| tests.contains(&name);
        let providers = is_tested(PROVIDERS);
        let members = providers || payer_workloads().any(is_tested);
        Self {
            engine: Engine::of(chart),
            members: members.then(|| Members::of(settings.payer.clone(), providers)),
            visits: is_tested(throughput::NAME).then(|| Visits::of(settings.department.clone())),
            gaps: is_tested(measures::NAME).then(|| Gaps::of(settings.measures.clone())),
            names: BTreeMap::new(),
            offset: 0,
        }
    }

    /// Takes a step, and holds what came of it against what must.
    pub(super) fn step(&mut self, step: &Step, claims: &[Step]) -> Option<Difference> {
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
        let others = [
            self.members.as_mut().map(|members| &mut members.findings),
            self.visits.as_mut().map(|visits| &mut visits.findings),
            self.gaps.as_mut().map(|gaps| &mut gaps.findings),
        ];
        for findings in others.into_iter().flatten() {
            came.append(findings);
        }
        let twice = told_twice(&came).map(|finding| format!("told twice: {}", self.show(finding)));
        let mut figures = Vec::new();
        for claim in claims {
            if let Action::Expect(expectation) = &claim.action
                && !self.claim(expectation, &mut came)
            {
                difference.missing.push(said(expectation));
                figures.extend(self.instead(expectation));
            }
        }
        let is_missing = !difference.missing.is_empty();
        let asks = |finding: &&Finding| {
            let is_news = finding.severity > Severity::None;
            is_missing || is_news || finding.state != FindingState::Asserted
        };
        let left = came.iter().filter(asks).map(|finding| self.show(finding));
        difference.came = left.chain(figures).chain(twice).collect();
        (is_missing || !difference.came.is_empty()).then_some(difference)
    }

    fn perform(&mut self, step: &Step) -> Result<(), String> {
        let place = Place {
            at: step.at,
            arrives: step.arrives,
            offset: self.offset,
        };
        self.tick(received_time(step.arrives));
        self.tell(step, place)?;
        let made = if let Action::Merge { from, into } = &step.action {
            self.names.insert(patient(into), into.clone());
            self.merge(from, into, place);
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

    fn tick(&mut self, received: ReceivedTime) {
        if let Some(members) = &mut self.members {
            members.tick(received);
        }
        if let Some(visits) = &mut self.visits {
            visits.tick(received);
        }
        if let Some(gaps) = &mut self.gaps {
            gaps.tick(received);
        }
    }

    /// Tells what stands in no chart to whom it is for.
    fn tell(&mut self, step: &Step, place: Place) -> Result<(), String> {
        let mut named = |who: &str| self.names.insert(patient(who), who.to_owned());
        if let Action::Paper(paper) = &step.action {
            named(&paper.who);
            for provider in &paper.providers {
                named(provider);
            }
            let members = self.members.as_mut();
            let members = members.ok_or("no workload of payers is tested by this story")?;
            if let Some(providers) = &mut members.providers {
                let names = paper.providers.iter();
                names.for_each(|name| providers.know(link(name), name));
            }
            let document = paper.document(&members.config, place)?;
            members.say(&paper.who, place, document, step.loaded);
        } else if let Action::Stay(stay) = &step.action {
            named(&stay.who);
            let visits = self.visits.as_mut();
            let visits = visits.ok_or("this story is no test of emergency")?;
            visits.say(stay, place, step.loaded)?;
        } else if let Action::Cared(said) = &step.action {
            named(&said.who);
            let gaps = self.gaps.as_mut();
            let gaps = gaps.ok_or("this story is no test of care-gaps")?;
            gaps.say(said, place, step.loaded);
        } else if let Action::Person { who, born, gender } = &step.action
            && let Some(gaps) = &mut self.gaps
        {
            gaps.say(&cares::person(who, born, gender), place, step.loaded);
        }
        Ok(())
    }

    fn merge(&mut self, from: &str, into: &str, place: Place) {
        if let Some(members) = &mut self.members {
            members.merge(from, into, place);
        }
        if let Some(visits) = &mut self.visits {
            visits.merge(from, into, place);
        }
        if let Some(gaps) = &mut self.gaps {
            gaps.merge(from, into, place);
        }
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
            Expectation::Unit { unit, word, figure }
                if self
                    .visits
                    .as_ref()
                    .and_then(|visits| visits.figure(unit, word))
                    == Some(*figure) =>
            {
                return true;
            }
            Expectation::Nothing
            | Expectation::Late
            | Expectation::Quality(_)
            | Expectation::Unit { .. } => None,
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

    /// Says what a figure is that is not what was expected of it.
    fn instead(&self, expectation: &Expectation) -> Option<String> {
        let Expectation::Unit { unit, word, .. } = expectation else {
            return None;
        };
        let visits = self.visits.as_ref();
        let figure = visits.and_then(|visits| visits.figure(unit, word));
        let figure = figure.map_or("has no figure".to_owned(), |figure| figure.to_string());
        Some(format!("unit {unit} {word} {figure}"))
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
