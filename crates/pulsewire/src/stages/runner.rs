//! Runs a stage: its partitions in turn on one thread, until it is time to stop.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use journal::{Journal, TopicPartition};
use stream::{FjallDatabase, FjallStore, Processor, StageSpec, Task, TaskError};

use crate::metrics::{Metrics, StageLabel};
use crate::tasks::{Stop, Tasks};

/// How many records a task takes before the next task has its turn.
const TURN_RECORDS: usize = 2_000;
/// How long a stage without work waits for news before it looks at the word to stop.
const WAIT: Duration = Duration::from_millis(500);
/// How long a stage rests after a failure before it tries again.
const REST: Duration = Duration::from_secs(1);
/// So many different patients failing one after the other are no longer about one message: the station is not well.
const FAILING_KEYS: u32 = 20;

/// What every stage is opened with.
pub(crate) struct Shared {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) states: FjallDatabase,
    pub(crate) metrics: Arc<Metrics>,
}

/// How a stage is doing, for pages and checks.
#[derive(Default)]
pub(crate) struct StageHealth {
    pub(crate) name: &'static str,
    pub(crate) records: AtomicU64,
    pub(crate) lag: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    pub(crate) watermark: AtomicI64,
    pub(crate) failing: AtomicBool,
    pub(crate) recovering: AtomicBool,
    pub(crate) error: Mutex<String>,
}

/// A stage with all its tasks, ready to run.
pub(crate) struct Stage<P: Processor> {
    name: &'static str,
    spec: StageSpec,
    processor: Arc<P>,
    tasks: Vec<Task<P, FjallStore>>,
    shared: Arc<Shared>,
    health: Arc<StageHealth>,
}

impl<P: Processor + 'static> Stage<P> {
    /// Opens the state of every partition; what is missing is rebuilt while it runs.
    pub(crate) fn open(
        name: &'static str,
        spec: StageSpec,
        processor: P,
        shared: &Arc<Shared>,
    ) -> Result<Self, TaskError> {
        let health = Arc::new(StageHealth {
            name,
            ..StageHealth::default()
        });
        let (processor, shared) = (Arc::new(processor), Arc::clone(shared));
        let mut stage = Self {
            name,
            spec,
            processor,
            tasks: Vec::new(),
            shared,
            health,
        };
        for partition in 0..stage.spec.partitions {
            stage.tasks.push(stage.open_task(partition)?);
        }
        Ok(stage)
    }

    fn open_task(&self, partition: u16) -> Result<Task<P, FjallStore>, TaskError> {
        let store = self.shared.states.store(&self.spec.name, partition)?;
        let journal: Arc<dyn Journal> = Arc::clone(&self.shared.journal);
        Task::open(
            self.spec.clone(),
            partition,
            Arc::clone(&self.processor),
            journal,
            store,
        )
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
            // Asked before the turn, so that what comes during it ends the wait.
            let newest = self.shared.journal.wait(0, Duration::ZERO);
            let worked = self.turn(stop);
            if !worked && newest == seen {
                self.shared.journal.wait(newest, WAIT);
            }
            seen = if worked { 0 } else { newest };
        }
        for task in &mut self.tasks {
            if let Err(error) = task.flush() {
                tracing::warn!(stage = self.name, %error, "state was not written before stopping; it is rebuilt at the next start");
            }
        }
    }

    /// Gives every task a turn; tells whether any had work.
    fn turn(&mut self, stop: &Stop) -> bool {
        let mut worked = false;
        let mut lag = 0;
        let mut failing = false;
        let mut recovering = false;
        for number in 0..self.tasks.len() {
            if stop.is_asked() {
                return false;
            }
            let Some(task) = self.tasks.get_mut(number) else {
                continue;
            };
            match task.run_once(TURN_RECORDS) {
                Ok(progress) => {
                    worked |= progress.records > 0 || !progress.committed;
                    lag += progress.lag;
                    failing |= progress.failed_keys_in_a_row >= FAILING_KEYS;
                    recovering |= progress.recovering;
                    self.health
                        .watermark
                        .store(progress.watermark, Ordering::Relaxed);
                }
                Err(error) => {
                    failing = true;
                    self.failed(number, &error);
                }
            }
        }
        self.publish(lag, failing, recovering);
        worked
    }

    /// Says so, rests, and opens the task again: it goes on from what is committed.
    fn failed(&mut self, number: usize, error: &TaskError) {
        tracing::error!(stage = self.name, partition = number, %error, "a task failed; it is opened again");
        *self
            .health
            .error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = error.to_string();
        self.shared.journal.wait(u64::MAX, REST);
        let again = u16::try_from(number)
            .ok()
            .map(|partition| self.open_task(partition));
        if let (Some(Ok(task)), Some(slot)) = (again, self.tasks.get_mut(number)) {
            *slot = task;
        }
    }

    fn publish(&self, lag: u64, failing: bool, recovering: bool) {
        let counters = self.tasks.iter().map(Task::counters);
        let (mut records, mut quarantined, mut late, mut keys) = (0, 0, 0, 0);
        for each in counters {
            records += each.steps;
            quarantined += each.quarantined;
            late += each.late;
            keys += each.resident_keys;
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
            .set(i64::try_from(lag).unwrap_or(i64::MAX));
        metrics
            .stage_keys
            .get_or_create(&label)
            .set(i64::try_from(keys).unwrap_or(i64::MAX));
        self.health.records.store(records, Ordering::Relaxed);
        self.health
            .quarantined
            .store(quarantined, Ordering::Relaxed);
        self.health.lag.store(lag, Ordering::Relaxed);
        self.health.failing.store(failing, Ordering::Relaxed);
        self.health.recovering.store(recovering, Ordering::Relaxed);
        if !failing {
            self.health
                .error
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
    }
}

/// The partitions of topics, for those that read all of them.
pub(crate) fn partitions_of(topics: &[journal::Topic], partitions: u16) -> Vec<TopicPartition> {
    topics
        .iter()
        .flat_map(|topic| (0..partitions).map(|p| TopicPartition::new(topic.clone(), p)))
        .collect()
}
