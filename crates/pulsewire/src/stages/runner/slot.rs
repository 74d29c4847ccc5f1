//! A partition's place in a stage: its task, why it has none, and when it is its turn again.

use std::sync::Arc;
use std::time::Duration;

use stream::{
    Breaker, FjallDatabase, FjallStore, Processor, Progress, StageSpec, Task, TaskError,
    changelog_topic,
};

use super::resting::{Resting, Word};
use crate::clock::Stopwatch;
use crate::engine::Share;
use crate::quarantine::reason;

/// How many records a task takes before the next task has its turn.
const TURN_RECORDS: usize = 2_000;
/// How long a stage rests after a failure before it tries again; twice as long after each that follows.
const REST: Duration = Duration::from_secs(1);
/// It rests no longer than this.
pub(super) const REST_LONGEST: Duration = Duration::from_secs(15);

/// The header that says by whom a record came.
const SENDER: &str = "source-system";

/// A partition's place: its task, or why it has none and since when; neither before it is opened first.
pub(super) struct Slot<P: Processor> {
    pub(super) task: Option<Task<P, FjallStore>>,
    /// What went wrong last; it stands until something was committed after it.
    pub(super) cause: String,
    pub(super) failed: Option<Stopwatch>,
    /// How often it failed since it last committed anything.
    pub(super) failures: u32,
    /// How many records it has told to be missing.
    missing: u64,
    /// What its task told when it last had a turn, and since when it rests if it took in anything.
    told: Option<Progress>,
    rests: Option<Stopwatch>,
    /// Why its task takes nothing in, where it does not.
    pub(super) resting: Option<Resting>,
}

/// What a task is opened with.
pub(super) struct Opening<'s, P: Processor> {
    pub(super) spec: &'s StageSpec,
    pub(super) processor: &'s Arc<P>,
    pub(super) share: &'s Share,
    pub(super) states: &'s FjallDatabase,
}

impl<P: Processor> Opening<'_, P> {
    pub(super) fn open(&self, partition: u16) -> Result<Task<P, FjallStore>, TaskError> {
        let store = self.states.store(&self.spec.name, partition)?;
        let (spec, processor) = (self.spec.clone(), Arc::clone(self.processor));
        let journal = self.share.task(partition)?;
        let task = match self.share.is_shared() {
            false => Task::open(spec, partition, processor, journal, store),
            true => {
                let changelog = changelog_topic(&self.spec.name);
                Task::open_with_changelog(spec, changelog, partition, processor, journal, store)
            }
        };
        let breaker = Breaker::new(reason::is_systemic, SENDER);
        task.map(|task| task.with_breaker(breaker))
    }
}

impl<P: Processor> Slot<P> {
    pub(super) fn empty() -> Self {
        Self {
            task: None,
            cause: String::new(),
            failed: None,
            failures: 0,
            missing: 0,
            told: None,
            rests: None,
            resting: None,
        }
    }

    pub(super) fn open(&mut self, task: Task<P, FjallStore>) {
        self.task = Some(task);
        self.failed = None;
        self.missing = 0;
        self.resting = None;
        (self.told, self.rests) = (None, None);
    }

    /// Gives its task a turn, unless it had one that took anything in so lately: what comes meanwhile is committed together.
    pub(super) fn advance(
        &mut self,
        pace: Duration,
        rest: &mut Duration,
    ) -> Option<Result<Progress, TaskError>> {
        let task = self.task.as_mut()?;
        if let (Some(resting), Some(told)) = (&self.resting, self.told)
            && !resting.left().is_zero()
        {
            *rest = (*rest).min(resting.left());
            return Some(Ok(Progress { records: 0, ..told }));
        }
        let rested = self.rests.map(Stopwatch::elapsed);
        if let (Some(rested), Some(told)) = (rested, self.told)
            && rested < pace
        {
            *rest = (*rest).min(pace - rested);
            return Some(Ok(Progress { records: 0, ..told }));
        }
        let told = task.run_once(TURN_RECORDS);
        if let Ok(told) = &told {
            self.told = Some(*told);
            self.resting = Resting::after(self.resting.take(), told);
            // Who is behind goes on at once.
            let rests = (1..TURN_RECORDS).contains(&told.records) && !told.recovering;
            self.rests = rests.then(Stopwatch::start);
        }
        Some(told)
    }

    /// Does what a person says, if its task rests.
    pub(super) fn hear(&mut self, word: Word) {
        if self.resting.take().is_some()
            && word == Word::SetAside
            && let Some(task) = &mut self.task
        {
            task.pass_breaker();
        }
    }

    /// Whether its task does not tell all that waits: it is not there, rests, or only repeats what was committed.
    pub(super) fn is_behind(&self) -> bool {
        let repeats = self.told.is_some_and(|told| told.recovering);
        self.task.is_none() || self.resting.is_some() || repeats
    }

    /// Whether it is to be opened now.
    pub(super) fn is_due(&self) -> bool {
        let has_rested = |failed: &Stopwatch| failed.elapsed() >= rest_after(self.failures);
        self.task.is_none() && self.failed.as_ref().is_none_or(has_rested)
    }

    /// Lets go of the task before another is opened: it waits for its commit, which the next one must see.
    pub(super) fn fail(&mut self, error: &TaskError) {
        self.task = None;
        self.cause = error.to_string();
        self.failed = Some(Stopwatch::start());
        self.failures = self.failures.saturating_add(1);
    }

    /// How many records its task has found to be missing by now, where these are more than before.
    pub(super) fn newly_missing(&mut self) -> Option<u64> {
        let found = self.task.as_ref()?.counters().skipped;
        let is_more = found > self.missing;
        self.missing = self.missing.max(found);
        is_more.then_some(found)
    }
}

/// How long to rest after so many failures in a row.
pub(super) fn rest_after(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1));
    REST.saturating_mul(doubled.unwrap_or(u32::MAX))
        .min(REST_LONGEST)
}
