//! Runs a stage: its partitions in turn on one thread, until it is time to stop.

mod lag;
mod slot;

mod resting;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use journal::TopicPartition;
use stream::{FjallDatabase, Processor, StageSpec, TaskError};

use crate::clock::Stopwatch;
use crate::engine::{Change, Share};
use crate::metrics::{Metrics, StageLabel};
use crate::tasks::{Stop, Tasks};
pub(crate) use resting::Word;
use slot::{Opening, Slot};

/// How long a stage without work waits for news before it looks at the word to stop.
const WAIT: Duration = Duration::from_millis(500);
/// So many different patients failing one after the other are no longer about one message: the station is not well.
const FAILING_KEYS: u32 = 20;

/// How many tasks are opened beside each other.
const OPENED_AT_ONCE: usize = 4;

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
    /// The partitions that rest, since all that comes would fill the quarantine.
    pub(crate) resting: AtomicU64,
    /// What a person said, until it is heard.
    word: Mutex<Option<Word>>,
}

impl StageHealth {
    /// One of which nothing is known yet.
    pub(crate) fn new(name: &'static str) -> Self {
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
            resting: AtomicU64::new(0),
            word: Mutex::default(),
        }
    }

    /// Says a word to those of its partitions that rest; tells how many these are.
    pub(crate) fn say(&self, word: Word) -> u64 {
        let resting = self.resting.load(Ordering::Relaxed);
        if resting > 0 {
            *self.word.lock().unwrap_or_else(PoisonError::into_inner) = Some(word);
        }
        resting
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
    /// What of this, asked then, no task takes in now.
    lag_known: u64,
    /// Why it has no place in its group, while it has none.
    outside: String,
}

/// What all tasks of a stage told in one turn.
struct Turn {
    worked: bool,
    /// How long there is nothing to do if nothing comes.
    rest: Duration,
    lag: u64,
    failing: bool,
    recovering: bool,
    resting: u64,
    restoring: u64,
    watermark: i64,
    cause: String,
    /// Partitions whose task does not know what has come since, as it repeats, rests, or is not there.
    unknown: Vec<u16>,
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
            lag_known: 0,
            outside: String::new(),
        };
        for partition in stage.share.held_at_the_start(stage.spec.partitions) {
            let mut slot = Slot::empty();
            slot.open(stage.opening().open(partition)?);
            stage.slots.insert(partition, slot);
        }
        stage.tell_partitions();
        stage.tell_what_waits();
        Ok(stage)
    }

    fn opening(&self) -> Opening<'_, P> {
        Opening {
            spec: &self.spec,
            processor: &self.processor,
            share: &self.share,
            states: &self.shared.states,
        }
    }

    /// What it tells of itself.
    pub(crate) fn health(&self) -> Arc<StageHealth> {
        Arc::clone(&self.health)
    }

    /// Starts its thread.
    pub(crate) fn start(mut self, tasks: &Tasks) -> std::io::Result<()> {
        tasks.station(self.name, move |stop| self.run(&stop))
    }

    fn run(&mut self, stop: &Stop) {
        let mut seen = 0;
        while !stop.is_asked() {
            self.take_part();
            // Asked before the turn, so that what comes during it ends the wait.
            let newest = self.share.wait(0, Duration::ZERO);
            let (worked, rest) = self.turn(stop);
            if !worked && newest == seen {
                self.share.wait(newest, rest);
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
                self.processor.give_up();
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

    /// Gives every task a turn that is not resting; tells whether any had work, and when the next one is due at the latest.
    fn turn(&mut self, stop: &Stop) -> (bool, Duration) {
        let opened = self.open_due();
        let word = self.health.word.lock();
        if let Some(word) = word.unwrap_or_else(PoisonError::into_inner).take() {
            self.slots.values_mut().for_each(|slot| slot.hear(word));
        }
        let mut turn = Turn {
            // Others may be due by then.
            worked: opened,
            rest: WAIT,
            lag: 0,
            failing: !self.outside.is_empty(),
            recovering: false,
            resting: 0,
            restoring: 0,
            watermark: i64::MAX,
            cause: self.outside.clone(),
            unknown: Vec::new(),
        };
        let partitions: Vec<_> = self.slots.keys().copied().collect();
        for partition in partitions {
            if stop.is_asked() {
                return (false, WAIT);
            }
            self.task_turn(partition, &mut turn);
        }
        self.ask_lag(&mut turn);
        self.publish(&turn);
        (turn.worked, turn.rest)
    }

    fn task_turn(&mut self, partition: u16, turn: &mut Turn) {
        let Some(slot) = self.slots.get_mut(&partition) else {
            return;
        };
        let pace = self.share.pace();
        let rested = slot.resting.is_some();
        match slot.advance(pace, &mut turn.rest) {
            Some(Ok(progress)) => {
                turn.worked |= progress.records > 0 || progress.recovering;
                if slot.resting.is_none() {
                    turn.lag = turn.lag.saturating_add(progress.lag);
                }
                turn.failing |= progress.failed_keys_in_a_row >= FAILING_KEYS;
                if progress.recovering {
                    turn.recovering = true;
                    turn.restoring = turn.restoring.saturating_add(progress.lag);
                }
                turn.watermark = turn.watermark.min(progress.watermark);
                match &slot.resting {
                    Some(resting) if !rested => tracing::error!(
                        stage = self.name,
                        partition,
                        reason = resting.reason,
                        "most of what comes cannot be used: it rests instead of filling the quarantine"
                    ),
                    None if rested => {
                        tracing::info!(stage = self.name, partition, "it goes on after its rest");
                    }
                    _ => {}
                }
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
        if slot.is_behind() {
            turn.unknown.push(partition);
        }
        if let Some(resting) = &slot.resting {
            turn.failing = true;
            turn.resting += 1;
            turn.cause = resting.words();
        }
        if !slot.cause.is_empty() {
            turn.failing = true;
            turn.cause.clone_from(&slot.cause);
        }
    }

    /// Of what is to be opened now, those which failed least often: what fails for long must not keep others from their turn.
    fn due_to_open(&self) -> Vec<u16> {
        let due = self.slots.iter().filter(|(_, slot)| slot.is_due());
        let mut due: Vec<_> = due.map(|(number, slot)| (slot.failures, *number)).collect();
        due.sort_unstable();
        let first = due.into_iter().map(|(_, number)| number);
        first.take(OPENED_AT_ONCE).collect()
    }

    /// Opens tasks that are new, or failed a while ago: each goes on from what is committed. Some in a turn, beside each other,
    /// since each mostly waits for brokers; the place in the group is kept between two turns. Tells whether there were any.
    fn open_due(&mut self) -> bool {
        let due = self.due_to_open();
        let opening = self.opening();
        let opened: Vec<_> = std::thread::scope(|scope| {
            let begin = |number: &u16| {
                let (opening, number) = (&opening, *number);
                (number, scope.spawn(move || opening.open(number)))
            };
            let begun: Vec<_> = due.iter().map(begin).collect();
            let ended = begun.into_iter().map(|(number, thread)| {
                let opened = thread.join();
                (
                    number,
                    opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                )
            });
            ended.collect()
        });
        for (partition, opened) in opened {
            let Some(slot) = self.slots.get_mut(&partition) else {
                continue;
            };
            match opened {
                Ok(task) => slot.open(task),
                Err(error) => {
                    tracing::error!(stage = self.name, partition, %error, "a task cannot be opened yet");
                    slot.fail(&error);
                }
            }
        }
        !due.is_empty()
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
        metrics
            .stage_resting
            .get_or_create(&label)
            .set(i64::try_from(turn.resting).unwrap_or(i64::MAX));
        self.health.resting.store(turn.resting, Ordering::Relaxed);
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

/// The partitions of topics, for those that read all of them.
pub(crate) fn partitions_of(topics: &[journal::Topic], partitions: u16) -> Vec<TopicPartition> {
    topics
        .iter()
        .flat_map(|topic| (0..partitions).map(|p| TopicPartition::new(topic.clone(), p)))
        .collect()
}

#[cfg(test)]
mod tests;
