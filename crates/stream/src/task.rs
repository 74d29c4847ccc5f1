//! One partition of one stage: what its runner calls again and again.

use crate::commit::Commits;
use crate::context::output_bytes;
use crate::inputs::Inputs;
use crate::processor::{Processor, StepError};
use crate::recovery::{Plan, plan};
use crate::spec::{StageSpec, late_topic, quarantine_topic};
use crate::stepper::Stepper;
use crate::{Counters, Head, Progress, Recovery, Store, StoreError};
use journal::{Group, Journal, Offset, Record, RecordRef, Topic, TopicPartition, Write};
use std::sync::Arc;

/// Positions without outputs are committed once the records' received times have come this much further.
const IDLE_COMMIT_MICROS: i64 = 10 * 1_000_000;

/// A partition of a stage.
///
/// It is driven from outside: [`Task::run_once`] as often as there is something to read, [`Task::flush`] before it is
/// given up. After an error it does nothing more: drop it and open it again, which starts from what is committed.
pub struct Task<P: Processor, S: Store> {
    journal: Arc<dyn Journal>,
    inputs: Inputs,
    core: Core<P, S>,
    /// Before these offsets, outputs are committed already.
    committed_before: Vec<Offset>,
    recovery: Recovery,
    failed: bool,
}

/// What a round changes while the inputs are being read.
struct Core<P: Processor, S: Store> {
    stepper: Stepper<P>,
    store: S,
    commits: Commits,
    positions: Vec<(TopicPartition, Offset)>,
    /// Where it stands in the journal how many outputs are committed ahead of the positions they belong to.
    ahead_at: (Group, TopicPartition),
    /// Outputs to come that an earlier run has committed already; `None` when none ever was.
    ahead: Option<u64>,
    /// Records taken in since the last commit was sent off.
    uncommitted: usize,
    received: i64,
    received_at_commit: i64,
    steps_at_flush: u64,
    flushes: u64,
    evicted: u64,
}

/// Why a task cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The journal failed; nothing of the last commit is known to be made.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The processor cannot read a stored state.
    #[error(
        "a stored state cannot be read ({0}): use the newer program, or delete the state directory: it is rebuilt from the journal"
    )]
    State(#[from] StepError),
    /// A topic of the stage does not exist or has another number of partitions.
    #[error(
        "stage {stage} needs topic {topic} with {partitions} partitions: create it before the stage is started"
    )]
    Topic {
        /// The stage.
        stage: String,
        /// The topic.
        topic: Topic,
        /// How many partitions it is to have.
        partitions: u16,
    },
    /// The journal has bounds that it does not keep to.
    #[error("the journal gave no record at offset {offset} of {} {}, before its end: verify the journal", input.topic, input.partition)]
    NothingRead {
        /// The partition.
        input: TopicPartition,
        /// Where it was read.
        offset: Offset,
    },
    /// The task has failed before.
    #[error("the task has stopped after an error: drop it and open it again")]
    Stopped,
}

impl<P: Processor, S: Store> Task<P, S> {
    /// Opens a partition of a stage where it was left; the first calls of [`Task::run_once`] bring its state up to there.
    ///
    /// All topics of the stage must exist. There may be no other open task of the same stage and partition.
    ///
    /// # Errors
    /// When a topic is missing, or journal or store cannot be read.
    pub fn open(
        spec: StageSpec,
        partition: u16,
        processor: Arc<P>,
        journal: Arc<dyn Journal>,
        mut store: S,
    ) -> Result<Self, TaskError> {
        check_topics(&spec, &*journal)?;
        let name = |topic: &Topic| TopicPartition::new(topic.clone(), partition);
        let names: Vec<_> = spec.inputs.iter().map(name).collect();
        let Plan {
            positions,
            committed,
            watermark,
            timers,
            recovery,
        } = plan(&*journal, &mut store, &spec.name, &names)?;
        let inputs = Inputs::new(names.clone(), &positions, spec.limits.read_bytes);
        let mut stepper = Stepper::new(processor, spec, &names);
        (stepper.watermark, stepper.timers) = (watermark, timers);
        stepper.repeating = recovery.repeated > 0;
        stepper.counters.skipped = recovery.missing;
        let ahead_at = ahead_at(&stepper.spec().name, &names);
        let ahead = journal.committed(&ahead_at.0).get(&ahead_at.1).copied();
        let core = Core {
            stepper,
            ahead_at,
            ahead,
            store,
            commits: Commits::default(),
            positions: names.into_iter().zip(positions).collect(),
            uncommitted: 0,
            received: i64::MIN,
            received_at_commit: i64::MIN,
            steps_at_flush: 0,
            flushes: 0,
            evicted: 0,
        };
        Ok(Self {
            journal,
            inputs,
            core,
            committed_before: committed,
            recovery,
            failed: false,
        })
    }

    /// Tells how the task came by its state.
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Gives the task's inputs.
    pub fn inputs(&self) -> &[TopicPartition] {
        self.inputs.names()
    }

    /// Takes in up to `max_records` of what is readable now, and commits what came of it.
    ///
    /// A commit may still be on its way when it returns; a call that finds nothing to read waits for it.
    ///
    /// # Errors
    /// When the task cannot go on; see [`TaskError`].
    pub fn run_once(&mut self, max_records: usize) -> Result<Progress, TaskError> {
        self.guarded(|task| task.advance(max_records))
    }

    /// Commits everything taken in, waits for it, and writes what has changed to the store.
    ///
    /// # Errors
    /// When the task cannot go on; see [`TaskError`].
    pub fn flush(&mut self) -> Result<(), TaskError> {
        self.guarded(|task| task.core.flush(&*task.journal))
    }

    /// Gives the totals and what the task holds.
    pub fn counters(&self) -> Counters {
        let core = &self.core;
        Counters {
            late: core.stepper.effects.late,
            commits: core.commits.made(),
            flushes: core.flushes,
            evicted: core.evicted,
            resident_keys: core.stepper.resident.len(),
            timers: core.stepper.timers.len(),
            state_bytes: core.stepper.resident.stored_bytes(),
            ..core.stepper.counters
        }
    }

    fn guarded<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T, TaskError>,
    ) -> Result<T, TaskError> {
        if self.failed {
            return Err(TaskError::Stopped);
        }
        // Stays set if the call unwinds: what it left half done is not to be gone on with.
        self.failed = true;
        let result = call(self);
        self.failed = result.is_err();
        result
    }

    fn advance(&mut self, max_records: usize) -> Result<Progress, TaskError> {
        let journal = &*self.journal;
        let core = &mut self.core;
        core.stepper.counters.skipped += self.inputs.look(journal)?;
        if core.stepper.repeating {
            self.inputs.limit(&self.committed_before);
        }
        let mut records = 0;
        while records < max_records {
            let left = max_records - records;
            let mut taken = 0;
            let count = self.inputs.round(journal, |input, from, record| {
                core.take(journal, (input, from), record)?;
                taken += 1;
                Ok(taken < left)
            })?;
            if count == 0 {
                break;
            }
            records += count;
        }
        if core.stepper.repeating && self.inputs.lag() == 0 {
            core.stepper.repeating = false;
            self.inputs.look(journal)?;
        }
        core.end_of_batch(journal, records == 0)?;
        Ok(Progress {
            records,
            committed: core.commits.is_free()? && !core.is_commit_due(),
            recovering: core.stepper.repeating,
            lag: self.inputs.lag(),
            watermark: core.stepper.watermark.0,
            failed_keys_in_a_row: core.stepper.failed_keys_in_a_row(),
        })
    }
}

impl<P: Processor, S: Store> Core<P, S> {
    fn take(
        &mut self,
        journal: &dyn Journal,
        (input, from): (usize, &TopicPartition),
        record: RecordRef<'_>,
    ) -> Result<(), TaskError> {
        self.stepper.record(&self.store, (input, from), record)?;
        let (_, position) = self.positions.get_mut(input).expect("one for each input");
        *position = record.offset + 1;
        self.received = record.received_time;
        self.uncommitted += 1;
        let limits = &self.stepper.spec().limits;
        if self.uncommitted >= limits.commit_records
            || self.stepper.effects.bytes >= limits.commit_bytes
        {
            self.commit(journal)?;
            self.keep_bounds(journal)?;
        }
        Ok(())
    }

    fn end_of_batch(&mut self, journal: &dyn Journal, nothing_read: bool) -> Result<(), TaskError> {
        if nothing_read {
            if self.is_commit_due() {
                self.commit(journal)?;
            }
            self.commits.wait()?;
        } else if self.is_commit_due() && self.commits.is_free()? {
            self.commit(journal)?;
        }
        self.keep_bounds(journal)
    }

    /// Positions alone wait for company: without outputs, to step again is as good as to have committed.
    fn is_commit_due(&self) -> bool {
        let idle = self.received.saturating_sub(self.received_at_commit) >= IDLE_COMMIT_MICROS;
        !self.stepper.effects.records.is_empty() || (self.uncommitted > 0 && idle)
    }

    /// Sends off outputs and positions as one write.
    fn commit(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        self.uncommitted = 0;
        self.received_at_commit = self.received;
        if self.stepper.repeating {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.stepper.effects.bytes);
        let mut records = std::mem::take(&mut self.stepper.effects.records);
        self.stepper.effects.records.reserve(records.len());
        let known = self.drop_known(&mut records);
        if bytes > self.stepper.spec().limits.commit_bytes.saturating_mul(2) {
            records = self.commit_ahead(journal, records, known)?;
        }
        let group = &self.stepper.spec().name;
        let offset =
            |(input, offset): &(TopicPartition, Offset)| (group.clone(), input.clone(), *offset);
        let mut offsets: Vec<_> = self.positions.iter().map(offset).collect();
        if let Some(ahead) = self.ahead {
            let (group, at) = self.ahead_at.clone();
            offsets.push((group, at, ahead));
        }
        self.commits.submit(journal, Write { records, offsets })
    }

    /// Leaves out what an earlier run has committed ahead of its position; counts it.
    fn drop_known(&mut self, records: &mut Vec<(TopicPartition, Record)>) -> u64 {
        let Some(ahead) = &mut self.ahead else {
            return 0;
        };
        let known = records
            .len()
            .min(usize::try_from(*ahead).unwrap_or(usize::MAX));
        records.drain(..known);
        *ahead -= known as u64;
        known as u64
    }

    /// Commits the front of more outputs than fit into one write, and with each piece how many there are by then.
    ///
    /// One record can bring about any number of them: a tick after a long silence lets the timers of all keys fire.
    fn commit_ahead(
        &mut self,
        journal: &dyn Journal,
        mut records: Vec<(TopicPartition, Record)>,
        known: u64,
    ) -> Result<Vec<(TopicPartition, Record)>, TaskError> {
        let limit = self.stepper.spec().limits.commit_bytes;
        let mut ahead = known;
        loop {
            let mut bytes = 0;
            let over = records.iter().position(|(to, record)| {
                bytes += output_bytes(to, record);
                bytes > limit
            });
            let Some(cut) = over
                .map(|over| over.max(1))
                .filter(|cut| *cut < records.len())
            else {
                return Ok(records);
            };
            let rest = records.split_off(cut);
            ahead += records.len() as u64;
            let (group, at) = self.ahead_at.clone();
            let offsets = vec![(group, at, ahead)];
            self.commits.submit(journal, Write { records, offsets })?;
            self.ahead = Some(0);
            records = rest;
        }
    }

    /// Flushes when enough has changed, and makes room when too many keys are in memory.
    fn keep_bounds(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        let limits = self.stepper.spec().limits.clone();
        let counters = &self.stepper.counters;
        let steps = counters.steps + counters.timers_fired;
        if steps - self.steps_at_flush >= limits.flush_steps
            || self.stepper.resident.dirty_bytes() >= limits.flush_bytes
        {
            self.flush(journal)?;
        }
        if self.stepper.resident.len() > limits.resident_max_keys {
            // Room for an eighth more, so that not every new key makes room for itself alone.
            let keep = limits.resident_max_keys - limits.resident_max_keys / 8;
            self.evict(keep);
            if self.stepper.resident.len() > keep && self.stepper.resident.is_dirty() {
                self.flush(journal)?;
                self.evict(keep);
            }
        }
        Ok(())
    }

    fn evict(&mut self, keep: usize) {
        self.evicted += self.stepper.resident.evict(keep) as u64;
    }

    /// The store is written only after the journal: it never claims what is not committed.
    fn flush(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        if self.uncommitted > 0 || !self.stepper.effects.records.is_empty() {
            self.commit(journal)?;
        }
        self.commits.wait()?;
        let counters = &self.stepper.counters;
        self.steps_at_flush = counters.steps + counters.timers_fired;
        let mut batch = self.stepper.take_changes();
        batch.head = Head {
            offsets: self.positions.clone(),
            watermark: self.stepper.watermark.0,
        };
        self.store.apply(batch)?;
        self.flushes += 1;
        Ok(())
    }
}

/// A position of a group of its own, in a topic whose positions nobody reads.
fn ahead_at(stage: &str, inputs: &[TopicPartition]) -> (Group, TopicPartition) {
    let first = inputs.first();
    let topic = first.map_or_else(|| "".into(), |input| quarantine_topic(&input.topic));
    let partition = first.map_or(0, |input| input.partition);
    (
        format!("{stage}.ahead").into(),
        TopicPartition { topic, partition },
    )
}

fn check_topics(spec: &StageSpec, journal: &dyn Journal) -> Result<(), TaskError> {
    let known = journal.topics();
    let sides = spec
        .inputs
        .iter()
        .flat_map(|input| [quarantine_topic(input), late_topic(input)]);
    let needed = spec
        .inputs
        .iter()
        .chain(&spec.outputs)
        .cloned()
        .chain(sides);
    for topic in needed {
        let fits = |spec_of: &journal::TopicSpec| {
            spec_of.name == topic && spec_of.partitions == spec.partitions
        };
        if !known.iter().any(fits) {
            let (stage, partitions) = (spec.name.to_string(), spec.partitions);
            return Err(TaskError::Topic {
                stage,
                topic,
                partitions,
            });
        }
    }
    Ok(())
}
