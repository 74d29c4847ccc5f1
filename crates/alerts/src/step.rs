//! The one step: a patient's state, an input and the time become new revisions, news and timers.

use clinical::{
    Alert, AlertId, AlertState, Command, CommandKind, Delivery, EventTime, Finding, FindingId,
    PatientKey, ReceivedTime, Severity,
};

use crate::budget::{Grant, Report, day_of};
use crate::episode::Scene;
use crate::hold::{self, Hold};
use crate::policy::is_of_the_platform;
use crate::{Policy, State};

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod stories_of_budget;
#[cfg(test)]
mod stories_of_correction;
#[cfg(test)]
mod stories_of_critical;
#[cfg(test)]
mod stories_of_hearing;
#[cfg(test)]
mod stories_of_history;
#[cfg(test)]
mod stories_of_holding;

/// How many conditions a patient can have; more is a workload that names them wrongly.
pub const MAX_CONDITIONS: usize = 256;

/// Turns a patient's findings and people's commands into alerts and the news due to each channel.
///
/// One alert is open per condition. It is opened by the newest finding of a workload when that reaches the threshold;
/// a late finding, older than what its workload said since, opens nothing: it enters the history of an open alert as
/// what was, and nobody is told, since there is nothing to do about it now.
///
/// What rests on nothing but history that was loaded tells nobody: where it would have opened an alert, one is kept that is over,
/// and its history says why. It does not stand in the way of news: the next live finding opens its own alert as usual.
#[derive(Clone, Debug)]
pub struct Alerts {
    policy: Policy,
}

/// What a step is taken on.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// What a workload concluded.
    Finding(&'a Finding),
    /// What a person asks.
    Command(&'a Command),
    /// A timer that was asked for is due.
    Timer {
        /// Its tag.
        tag: &'a [u8],
        /// When it was due.
        at: EventTime,
    },
    /// What a patient's step reports to the budget; under the key of the budget.
    Report {
        /// The patient.
        patient: PatientKey,
        /// What it reports.
        report: Report,
    },
    /// The budget has room for an alert of this patient.
    Room(AlertId),
}

/// When a step is taken, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The watermark, the input's own time included.
    pub watermark: EventTime,
    /// When the input was accepted.
    pub received: ReceivedTime,
    /// The patient.
    pub patient: PatientKey,
}

/// What a step leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Each new revision of an alert, as a full snapshot.
    pub alerts: Vec<Alert>,
    /// The news due, each once.
    pub deliveries: Vec<Delivery>,
    /// The timers to set, or to cancel where there is no time; of one tag the last counts.
    pub timers: Vec<(Vec<u8>, Option<EventTime>)>,
    /// The commands that could not be carried out.
    pub refused: Vec<Refused>,
    /// The findings that reached the threshold and were not raised.
    pub suppressed: Vec<Suppressed>,
    /// The alerts that were opened, or were to be told of again, and are held back.
    pub held: Vec<Held>,
    /// What is to be reported to the budget, in this order.
    pub reports: Vec<Report>,
    /// The alerts that the budget has room for.
    pub grants: Vec<Grant>,
}

/// An alert of which nobody is told for now; its history says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The alert.
    pub alert: AlertId,
    /// How much it matters.
    pub severity: Severity,
    /// The rule that holds it back.
    pub rule: &'static str,
}

/// A command that could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The command.
    pub command: Command,
    /// Why.
    pub why: Refusal,
}

/// Why a command could not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The patient has no such alert, or had it too long ago.
    #[error("no such alert of this patient; list the open ones and try again")]
    Unknown,
    /// The alert is over.
    #[error("the alert is already {}; nothing is left to do", .0.word())]
    Ended(AlertState),
    /// The command does not say who asks.
    #[error("the command names nobody; sign in or state a name")]
    Unnamed,
}

/// A finding that was not raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding.
    pub finding: FindingId,
    /// Why.
    pub why: Suppression,
}

/// Why a finding was not raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// An alert of the same severity ended shortly before; it is looked at again when the quiet time is over.
    Quiet {
        /// When that is.
        until: EventTime,
    },
    /// Its workload has since said something about a later time: it is what was, not what is.
    Late,
    /// It speaks of a time before the findings that are kept.
    TooOld,
    /// All that it rests on is history that was loaded, and an alert of it is kept already.
    History,
}

/// A step could not be taken; the state is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The record is about another patient than its key says.
    #[error("a record about patient {found} came under the key of {expected}; check what wrote it")]
    OtherPatient {
        /// The patient of the key.
        expected: PatientKey,
        /// The patient in the record.
        found: PatientKey,
    },
    /// The timer is not one of this stage.
    #[error("timer `{tag}` is unknown; was the state written by a newer version?")]
    UnknownTimer {
        /// Its tag.
        tag: String,
    },
    /// The patient has more conditions than a patient can have.
    #[error(
        "condition `{condition}` is one more than {MAX_CONDITIONS} of a patient; check that the workload names kinds of problems"
    )]
    TooManyConditions {
        /// The condition.
        condition: Box<str>,
    },
}

/// The timers of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The alert must be acknowledged by then.
    Acknowledge,
    /// The alert follows its findings down then.
    Fall,
    /// The quiet time is over then.
    Quiet,
    /// What holds the alert back is over then; of no condition, what is kept of the patient for a while.
    Hold,
}

impl Timer {
    const ALL: [Self; 4] = [Self::Acknowledge, Self::Fall, Self::Quiet, Self::Hold];

    /// Gives the tag of this timer for a condition.
    pub fn tag(self, condition: &str) -> Vec<u8> {
        [self.word(), "/", condition].concat().into_bytes()
    }

    /// Reads a tag.
    pub fn parse(tag: &[u8]) -> Option<(Self, &str)> {
        let (word, condition) = std::str::from_utf8(tag).ok()?.split_once('/')?;
        let timer = Self::ALL.into_iter().find(|timer| timer.word() == word)?;
        Some((timer, condition))
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Fall => "fall",
            Self::Quiet => "quiet",
            Self::Hold => "hold",
        }
    }
}

impl Alerts {
    /// Takes the site's rules.
    pub const fn new(policy: Policy) -> Self {
        Self { policy }
    }

    /// Gives the site's rules.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes one input in. The same finding revision, command or timer seen again changes nothing.
    ///
    /// # Errors
    /// When the input is not one for this patient and this stage; nothing has changed then.
    pub fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), StepError> {
        let forgot_at = match input {
            Input::Finding(finding) => {
                same_patient(now, finding.patient)?;
                let full = state.conditions.len() >= MAX_CONDITIONS;
                if full && !state.conditions.contains_key(&finding.condition) {
                    let condition = finding.condition.clone();
                    return Err(StepError::TooManyConditions { condition });
                }
                let forgot_at = state.prune(now.watermark);
                let holds = hold::holds(&self.policy, state, &finding.condition, now, false);
                self.count_day(state, finding, now, effects);
                let course = state.conditions.entry(finding.condition.clone());
                let mut scene = self.scene(now, &finding.condition, &holds, effects);
                course.or_default().take(&mut scene, finding);
                forgot_at
            }
            Input::Command(command) => {
                same_patient(now, command.patient)?;
                let forgot_at = state.prune(now.watermark);
                self.obey(state, command, now, effects);
                forgot_at
            }
            Input::Timer { tag, at } => {
                let Some((timer, condition)) = Timer::parse(tag) else {
                    let tag = String::from_utf8_lossy(tag).into_owned();
                    return Err(StepError::UnknownTimer { tag });
                };
                let watermark = now.watermark.max(at);
                let now = Now { watermark, ..now };
                let forgot_at = state.prune(now.watermark);
                let holds = hold::holds(&self.policy, state, condition, now, false);
                if let Some(course) = state.conditions.get_mut(condition) {
                    course.fire(&mut self.scene(now, condition, &holds, effects), timer);
                }
                forgot_at
            }
            Input::Report { patient, report } => {
                let pool = state.pool.get_or_insert_default();
                let grants = pool.take(self.policy.budget, patient, report, now);
                effects.grants.extend(grants);
                None
            }
            Input::Room(alert) => {
                let forgot_at = state.forgets_at();
                let conditions: Vec<Box<str>> = state.conditions.keys().cloned().collect();
                for condition in conditions {
                    let holds = hold::holds(&self.policy, state, &condition, now, false);
                    if let Some(course) = state.conditions.get_mut(&condition) {
                        let mut scene = self.scene(now, &condition, &holds, effects);
                        course.take_room(&mut scene, alert);
                    }
                }
                forgot_at
            }
        };
        self.release(state, now, effects);
        let forgets_at = state.forgets_at();
        if forgets_at != forgot_at {
            // A program before this one wakes by it for nothing, and goes on.
            effects.timers.push((Timer::Hold.tag(""), forgets_at));
        }
        Ok(())
    }

    /// Reports a day on which something was concluded of the patient, once.
    fn count_day(&self, state: &mut State, finding: &Finding, now: Now, effects: &mut Effects) {
        let day = Some(day_of(now.watermark));
        let is_news = !finding.backfill && !is_of_the_platform(&finding.condition);
        if self.policy.budget > 0 && is_news && day > state.day {
            state.day = day;
            effects.reports.push(Report::PatientDay);
        }
    }

    /// Tells of what nothing holds back any more.
    fn release(&self, state: &mut State, now: Now, effects: &mut Effects) {
        let held = state
            .conditions
            .iter()
            .filter(|(_, course)| course.is_held());
        let held: Vec<Box<str>> = held.map(|(condition, _)| condition.clone()).collect();
        for condition in held {
            let holds = hold::holds(&self.policy, state, &condition, now, true);
            if let Some(course) = state.conditions.get_mut(&condition) {
                course.release(&mut self.scene(now, &condition, &holds, effects));
            }
        }
    }

    fn obey(&self, state: &mut State, command: &Command, now: Now, effects: &mut Effects) {
        let outcome = state.conditions.iter_mut().find_map(|(condition, course)| {
            let done = course.obey(&mut self.scene(now, condition, &[], effects), command)?;
            Some(done.map(|()| condition.clone()))
        });
        if let (Some(Ok(condition)), CommandKind::Acknowledge) = (&outcome, command.kind) {
            // Who takes an alert takes what was told with it.
            for (other, course) in &mut state.conditions {
                if other != condition {
                    course.go_along(
                        &mut self.scene(now, other, &[], effects),
                        command,
                        condition,
                    );
                }
            }
        }
        if let Err(why) = outcome.unwrap_or(Err(Refusal::Unknown)) {
            let command = command.clone();
            effects.refused.push(Refused { command, why });
        }
    }

    const fn scene<'a>(
        &'a self,
        now: Now,
        condition: &'a str,
        holds: &'a [Hold],
        effects: &'a mut Effects,
    ) -> Scene<'a> {
        Scene {
            policy: &self.policy,
            now,
            condition,
            holds,
            effects,
        }
    }
}

fn same_patient(now: Now, found: PatientKey) -> Result<(), StepError> {
    if found == now.patient {
        Ok(())
    } else {
        Err(StepError::OtherPatient {
            expected: now.patient,
            found,
        })
    }
}
