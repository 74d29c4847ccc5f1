//! Runs a stage: its partitions in turn on one thread, until it is time to stop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use journal::TopicPartition;
use stream::{FjallDatabase, FjallStore, Processor, StageSpec, Task, TaskError, changelog_topic};

use crate::clock::Stopwatch;
use crate::engine::{Change, Share};
use crate::metrics::{Metrics, StageLabel};
use crate::tasks::{Stop, Tasks};

/// How many records a task takes before the next task has its turn.
const TURN_RECORDS: usize = 2_000;
/// How long a stage without work waits for news before it looks at the word to stop.
const WAIT: Duration = Duration::from_millis(500);
/// How long a stage rests after a failure before it tries again; twice as long after each that follows.
const REST: Duration = Duration::from_secs(1);
/// It rests no longer than this.
const REST_LONGEST: Duration = Duration::from_secs(15);
/// So many different patients failing one after the other are no longer about one message: the station is not well.
const FAILING_KEYS: u32 = 20;

/// How often the lag is asked for where asking is a question to brokers.
const LAG_EVERY: Duration = Duration::from_secs(2);

/// What every stage is opened with.
pub(crate) struct Shared {
    pub(crate) states: FjallDatabase,
    pub(crate) metrics: Arc<Metrics>,
}

/// How a stage is doing, for pages and checks.
pub(crate) struct StageHealth {
    pub(crate) name: &'static str,
    pub(crate) records: AtomicU64,
    /// Unknown, and so the most there is, until every task had its first turn.
    pub(crate) lag: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    pub(crate) watermark: AtomicI64,
    /// Input records that retention removed before they were taken in: what they said is lost to the state.
    pub(crate) missing: AtomicU64,
    pub(crate) failing: AtomicBool,
    pub(crate) recovering: AtomicBool,
    /// Records that are left before the state is what was committed.
    pub(crate) restoring: AtomicU64,
    /// The partitions that this process has of it.
    pub(crate) partitions: Mutex<Vec<u16>>,
    pub(crate) error: Mutex<String>,
}

impl StageHealth {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            records: AtomicU64::new(0),
            lag: AtomicU64::new(u64::MAX),
            quarantined: AtomicU64::new(0),
            watermark: AtomicI64::new(i64::MAX),
            missing: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            recovering: AtomicBool::new(true),
            restoring: AtomicU64::new(0),
            partitions: Mutex::default(),
            error: Mutex::default(),
        }
    }

    /// The partitions that this process has of it now.
    pub(crate) fn partitions(&self) -> Vec<u16> {
        let partitions = self.partitions.lock();
        partitions.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A stage with all its tasks, ready to run.
pub(crate) struct Stage<P: Processor> {
    name: &'static str,
    spec: StageSpec,
    processor: Arc<P>,
    share: Share,
    slots: BTreeMap<u16, Slot<P>>,
    shared: Arc<Shared>,
    health: Arc<StageHealth>,
    lag_asked: Option<Stopwatch>,
    /// Why it has no place in its group, while it has none.
    outside: String,
}

/// A partition's place: its task, or why it has none and since when; neither before it is opened first.
struct Slot<P: Processor> {
    task: Option<Task<P, FjallStore>>,
    /// What went wrong last; it stands until something was committed after it.
    cause: String,
    failed: Option<Stopwatch>,
    /// How often it failed since it last committed anything.
    failures: u32,
    /// How many records it has told to be missing.
    missing: u64,
}

/// What all tasks of a stage told in one turn.
struct Turn {
    worked: bool,
    /// Which one may be opened: that may take long, and the place in the group must be kept between two of them.
    to_open: Option<u16>,
    lag: u64,
    failing: bool,
    recovering: bool,
    restoring: u64,
    watermark: i64,
    cause: String,
}

impl<P: Processor + 'static> Stage<P> {
    /// Opens the state of every partition that is its own from the start; what is missing is rebuilt while it runs.
    pub(crate) fn open(
        name: &'static str,
        spec: StageSpec,
        processor: P,
        share: Share,
        shared: &Arc<Shared>,
    ) -> Result<Self, TaskError> {
        let health = Arc::new(StageHealth::new(name));
        let (processor, shared) = (Arc::new(processor), Arc::clone(shared));
        let mut stage = Self {
            name,
            spec,
            processor,
            share,
            slots: BTreeMap::new(),
            shared,
            health,
            lag_asked: None,
            outside: String::new(),
        };
        for partition in stage.share.held_at_the_start(stage.spec.partitions) {
            let mut slot = Slot::empty();
            slot.open(stage.open_task(partition)?);
            stage.slots.insert(partition, slot);
        }
        stage.tell_partitions();
        Ok(stage)
    }

    fn open_task(&self, partition: u16) -> Result<Task<P, FjallStore>, TaskError> {
        let store = self.shared.states.store(&self.spec.name, partition)?;
        let (spec, processor) = (self.spec.clone(), Arc::clone(&self.processor));
        let journal = self.share.task(partition)?;
        match self.share.is_shared() {
            false => Task::open(spec, partition, processor, journal, store),
            true => {
                let changelog = changelog_topic(&self.spec.name);
                Task::open_with_changelog(spec, changelog, partition, processor, journal, store)
            }
        }
    }

    /// What it tells of itself.
    pub(crate) fn health(&self) -> Arc<StageHealth> {
        Arc::clone(&self.health)
    }

    /// Starts its thread.
    pub(crate) fn start(mut self, tasks: &Tasks) -> std::io::Result<()> {
        tasks.thread(self.name, move |stop| self.run(&stop))
    }

    fn run(&mut self, stop: &Stop) {
        let mut seen = 0;
        while !stop.is_asked() {
            self.take_part();
            // Asked before the turn, so that what comes during it ends the wait.
            let newest = self.share.wait(0, Duration::ZERO);
            let worked = self.turn(stop);
            if !worked && newest == seen {
                self.share.wait(newest, WAIT);
            }
            seen = if worked { 0 } else { newest };
        }
        self.finish();
    }

    /// Takes on partitions that became its own, and gives up those that are to be another's.
    fn take_part(&mut self) {
        match self.share.poll(Duration::ZERO) {
            // Whoever has partitions has a place; where there are none, that nothing is told is no news.
            Ok(None) if !self.slots.is_empty() => self.outside.clear(),
            Ok(None) => {}
            Ok(Some(Change::Assigned(partitions))) => {
                tracing::info!(
                    stage = self.name,
                    ?partitions,
                    "these partitions are this process's now"
                );
                self.outside.clear();
                let each = partitions.into_iter();
                self.slots.extend(each.map(|one| (one, Slot::empty())));
                self.tell_partitions();
            }
            Ok(Some(change)) => {
                tracing::info!(
                    stage = self.name,
                    ?change,
                    "the partitions go to whoever is to have them"
                );
                if change == Change::Revoking {
                    self.finish();
                }
                self.slots.clear();
                self.tell_partitions();
                if let Err(error) = self.share.release() {
                    tracing::error!(stage = self.name, %error, "the partitions cannot be given up");
                }
            }
            Err(error) => {
                let cause = error.to_string();
                if self.outside != cause {
                    tracing::error!(stage = self.name, %error, "this process cannot take part");
                    self.outside = cause;
                }
                self.share.wait(u64::MAX, WAIT);
            }
        }
    }

    fn tell_partitions(&self) {
        let mut told = self
            .health
            .partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *told = self.slots.keys().copied().collect();
    }

    /// Commits and keeps what was taken in.
    fn finish(&mut self) {
        for task in self
            .slots
            .values_mut()
            .filter_map(|slot| slot.task.as_mut())
        {
            if let Err(error) = task.flush() {
                tracing::warn!(stage = self.name, %error, "state was not written before stopping; it is rebuilt at the next start");
            }
        }
    }

    /// Gives every task a turn; tells whether any had work.
    fn turn(&mut self, stop: &Stop) -> bool {
        let mut turn = Turn {
            worked: false,
            to_open: self.next_to_open(),
            lag: 0,
            failing: !self.outside.is_empty(),
            recovering: false,
            restoring: 0,
            watermark: i64::MAX,
            cause: self.outside.clone(),
        };
        let partitions: Vec<_> = self.slots.keys().copied().collect();
        for partition in partitions {
            if stop.is_asked() {
                return false;
            }
            self.task_turn(partition, &mut turn);
        }
        self.ask_lag(&mut turn);
        self.publish(&turn);
        turn.worked
    }

    /// Asks how much there is still to come, where a task knows only of what has come.
    fn ask_lag(&mut self, turn: &mut Turn) {
        if !self.share.is_shared() || turn.recovering {
            return;
        }
        let known = self.health.lag.load(Ordering::Relaxed);
        turn.lag = turn.lag.max(known);
        if self
            .lag_asked
            .as_ref()
            .is_some_and(|asked| asked.elapsed() < LAG_EVERY)
        {
            return;
        }
        self.lag_asked = Some(Stopwatch::start());
        let partitions: Vec<_> = self.slots.keys().copied().collect();
        match self.share.lag(&partitions) {
            Ok(lag) => turn.lag = lag,
            Err(error) => tracing::warn!(stage = self.name, %error, "the lag is not known"),
        }
    }

    fn task_turn(&mut self, partition: u16, turn: &mut Turn) {
        self.open_slot(partition, turn);
        let Some(slot) = self.slots.get_mut(&partition) else {
            return;
        };
        match slot.task.as_mut().map(|task| task.run_once(TURN_RECORDS)) {
            Some(Ok(progress)) => {
                turn.worked |= progress.records > 0 || !progress.committed;
                turn.lag = turn.lag.saturating_add(progress.lag);
                turn.failing |= progress.failed_keys_in_a_row >= FAILING_KEYS;
                if progress.recovering {
                    turn.recovering = true;
                    turn.restoring = turn.restoring.saturating_add(progress.lag);
                }
                turn.watermark = turn.watermark.min(progress.watermark);
                if progress.committed && !progress.recovering {
                    slot.cause.clear();
                    slot.failures = 0;
                }
                if let Some(missing) = slot.newly_missing() {
                    tracing::error!(
                        stage = self.name,
                        partition,
                        missing,
                        "records that the state should rest on are past their retention: what they said is lost to it"
                    );
                }
            }
            Some(Err(error)) => {
                tracing::error!(stage = self.name, partition, %error, "a task failed; it is opened again");
                slot.fail(&error);
            }
            None => turn.recovering |= slot.cause.is_empty(),
        }
        if !slot.cause.is_empty() {
            turn.failing = true;
            turn.cause.clone_from(&slot.cause);
        }
    }

    /// Of what is to be opened now, that which failed least often: what fails for long must not keep others from their turn.
    fn next_to_open(&self) -> Option<u16> {
        let due = self.slots.iter().filter(|(_, slot)| slot.is_due());
        let first = due.min_by_key(|(_, slot)| slot.failures);
        first.map(|(partition, _)| *partition)
    }

    /// Opens a task that is new, or failed a while ago: it goes on from what is committed. One in a turn, so that the others wait
    /// for no more than one.
    fn open_slot(&mut self, partition: u16, turn: &mut Turn) {
        if !self.slots.get(&partition).is_some_and(Slot::is_due) {
            return;
        }
        // Whatever is still to be opened is work.
        turn.worked = true;
        if turn.to_open != Some(partition) {
            return;
        }
        let opened = self.open_task(partition);
        let Some(slot) = self.slots.get_mut(&partition) else {
            return;
        };
        match opened {
            Ok(task) => slot.open(task),
            Err(error) => {
                tracing::error!(stage = self.name, partition, %error, "a task cannot be opened yet");
                slot.fail(&error);
            }
        }
    }

    fn publish(&self, turn: &Turn) {
        let (mut records, mut quarantined, mut late, mut keys, mut missing) = (0, 0, 0, 0, 0);
        for task in self.slots.values().filter_map(|slot| slot.task.as_ref()) {
            let each = task.counters();
            records += each.steps;
            quarantined += each.quarantined;
            late += each.late;
            keys += each.resident_keys;
            missing += each.skipped;
        }
        let label = StageLabel { stage: self.name };
        let metrics = &self.shared.metrics;
        for (family, total) in [
            (&metrics.stage_records, records),
            (&metrics.quarantined, quarantined),
            (&metrics.late, late),
        ] {
            let counted = family.get_or_create(&label);
            counted.inc_by(total.saturating_sub(counted.get()));
        }
        metrics
            .stage_lag
            .get_or_create(&label)
            .set(i64::try_from(turn.lag).unwrap_or(i64::MAX));
        metrics
            .stage_keys
            .get_or_create(&label)
            .set(i64::try_from(keys).unwrap_or(i64::MAX));
        self.health.records.store(records, Ordering::Relaxed);
        self.health
            .quarantined
            .store(quarantined, Ordering::Relaxed);
        self.health.missing.store(missing, Ordering::Relaxed);
        self.health.lag.store(turn.lag, Ordering::Relaxed);
        self.health
            .watermark
            .store(turn.watermark, Ordering::Relaxed);
        self.health.failing.store(turn.failing, Ordering::Relaxed);
        self.health
            .recovering
            .store(turn.recovering, Ordering::Relaxed);
        self.health
            .restoring
            .store(turn.restoring, Ordering::Relaxed);
        self.health
            .error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&turn.cause);
    }
}

impl<P: Processor> Slot<P> {
    fn empty() -> Self {
        Self {
            task: None,
            cause: String::new(),
            failed: None,
            failures: 0,
            missing: 0,
        }
    }

    fn open(&mut self, task: Task<P, FjallStore>) {
        self.task = Some(task);
        self.failed = None;
        self.missing = 0;
    }

    /// Whether it is to be opened now.
    fn is_due(&self) -> bool {
        let has_rested = |failed: &Stopwatch| failed.elapsed() >= rest_after(self.failures);
        self.task.is_none() && self.failed.as_ref().is_none_or(has_rested)
    }

    /// Lets go of the task before another is opened: it waits for its commit, which the next one must see.
    fn fail(&mut self, error: &TaskError) {
        self.task = None;
        self.cause = error.to_string();
        self.failed = Some(Stopwatch::start());
        self.failures = self.failures.saturating_add(1);
    }

    /// How many records its task has found to be missing by now, where these are more than before.
    fn newly_missing(&mut self) -> Option<u64> {
        let found = self.task.as_ref()?.counters().skipped;
        let is_more = found > self.missing;
        self.missing = self.missing.max(found);
        is_more.then_some(found)
    }
}

/// How long to rest after so many failures in a row.
fn rest_after(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1));
    REST.saturating_mul(doubled.unwrap_or(u32::MAX))
        .min(REST_LONGEST)
}

/// The partitions of topics, for those that read all of them.
pub(crate) fn partitions_of(topics: &[journal::Topic], partitions: u16) -> Vec<TopicPartition> {
    topics
        .iter()
        .flat_map(|topic| (0..partitions).map(|p| TopicPartition::new(topic.clone(), p)))
        .collect()
}

#[cfg(test)]
mod tests;
