//! One partition of one stage: what its runner calls again and again.

mod cycle;

use self::cycle::{Cycle, ahead_group};
use crate::breaker::Breaker;
use crate::changelog::Changelog;
use crate::inputs::{Inputs, Taken};
use crate::processor::{Processor, StepError};
use crate::recovery::{Plan, plan, timers};
use crate::restore::{Restore, positions};
use crate::spec::{StageSpec, late_topic, quarantine_topic};
use crate::stepper::Stepper;
use crate::time::Watermark;
use crate::{Counters, Progress, Recovery, Store, StoreError};
use journal::{Journal, Offset, Topic, TopicPartition};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A partition of a stage.
///
/// It is driven from outside: [`Task::run_once`] as often as there is something to read, [`Task::flush`] before it is
/// given up. After an error it does nothing more: drop it and open it again, which starts from what is committed. With
/// a changelog that is exact, whoever opens it and with whatever store: the store has nothing that was not committed.
pub struct Task<P: Processor, S: Store> {
    journal: Arc<dyn Journal>,
    inputs: Inputs,
    cycle: Cycle<P, S>,
    /// Before these offsets, outputs are committed already.
    committed_before: Vec<Offset>,
    /// What is left to do before the state is whole.
    restore: Option<Restore>,
    recovery: Recovery,
    failed: bool,
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
    /// The end of a changelog cannot be read: a transaction that was open when the task was opened still is.
    #[error("offsets {offset} to {until} of changelog {} {} cannot be read, since a transaction there is still open: it ends by itself within its timeout, and the task can be opened again then; if it does not, let the brokers abort it", changelog.topic, changelog.partition)]
    Unrestored {
        /// The partition of the changelog.
        changelog: TopicPartition,
        /// Where it cannot be read on.
        offset: Offset,
        /// Where its end was.
        until: Offset,
    },
    /// A changelog holds a record that no stage wrote.
    #[error("the record at offset {offset} of changelog {} {} is not of a state that this program knows: use the newer program; nothing else may write to this topic", changelog.topic, changelog.partition)]
    ForeignChange {
        /// The partition of the changelog.
        changelog: TopicPartition,
        /// The record.
        offset: Offset,
    },
    /// The positions of the group are not those that the state in the changelog is true for.
    #[error("group {group} stands at offset {committed} of {} {}, but the state in its changelog is true for {logged}: if the group's offsets were set, set them back; if the changelog was lost, delete the group's offsets and what the stage has written, and it starts anew", input.topic, input.partition)]
    Positions {
        /// The stage's group.
        group: String,
        /// The input.
        input: TopicPartition,
        /// The group's position.
        committed: Offset,
        /// The changelog's.
        logged: Offset,
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
        check_topics(&spec, None, &*journal)?;
        let names = names(&spec.inputs, partition);
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
        let ahead = journal.committed(&ahead_group(&stepper.spec().name))?;
        let positions: Vec<_> = names.into_iter().zip(positions).collect();
        journal.follow(&positions)?;
        let cycle = Cycle::new(stepper, store, positions, &ahead, None);
        Ok(Self {
            journal,
            inputs,
            cycle,
            committed_before: committed,
            restore: None,
            recovery,
            failed: false,
        })
    }

    /// Opens a partition of a stage that keeps its state in a changelog, a topic of this stage alone with as many partitions:
    /// each commit carries what it changes of the state, and the store is made of the changelog, never of the inputs.
    ///
    /// It returns at once; [`Task::run_once`] restores the store in slices. Whoever wrote to this partition of the
    /// changelog before must be fenced off by now.
    ///
    /// # Errors
    /// As with [`Task::open`].
    pub fn open_with_changelog(
        spec: StageSpec,
        changelog: Topic,
        partition: u16,
        processor: Arc<P>,
        journal: Arc<dyn Journal>,
        mut store: S,
    ) -> Result<Self, TaskError> {
        check_topics(&spec, Some(&changelog), &*journal)?;
        let names = names(&spec.inputs, partition);
        let to = TopicPartition::new(changelog, partition);
        let mut recovery = Recovery::default();
        let restore = Restore::open(&*journal, &mut store, to.clone(), &mut recovery)?;
        journal.follow(&[restore.position()])?;
        let unknown = vec![0; names.len()];
        let inputs = Inputs::new(names.clone(), &unknown, spec.limits.read_bytes);
        let mut stepper = Stepper::new(processor, spec, &names);
        stepper.watermark = Watermark(restore.head().watermark);
        let records = restore.place().records;
        let changelog = Some(Changelog { to, records });
        let cycle = Cycle::new(stepper, store, Vec::new(), &BTreeMap::new(), changelog);
        Ok(Self {
            journal,
            inputs,
            cycle,
            committed_before: Vec::new(),
            restore: Some(restore),
            recovery,
            failed: false,
        })
    }

    /// Lets it rest before it fills the quarantine: [`Progress::resting_for`] tells when.
    #[must_use]
    pub fn with_breaker(mut self, breaker: Breaker) -> Self {
        self.cycle.stepper.breaker = Some(breaker);
        self
    }

    /// Lets it take in whatever comes, to quarantine if need be, until something can be used: a person said so.
    pub fn pass_breaker(&mut self) {
        if let Some(breaker) = &mut self.cycle.stepper.breaker {
            breaker.pass();
        }
    }

    /// Tells how the task came by its state; with a changelog, how far that is by now.
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Gives the task's inputs.
    pub fn inputs(&self) -> &[TopicPartition] {
        self.inputs.names()
    }

    /// Takes in up to `max_records` of what is readable now, and commits what came of it.
    ///
    /// A commit may still be on its way when it returns; without a changelog, a call that finds nothing to read waits for
    /// it. There is nothing more to do until something new is readable once it gives neither records nor lag, and
    /// everything is committed.
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
        self.guarded(|task| task.cycle.flush(&*task.journal))
    }

    /// Gives the totals and what the task holds.
    pub fn counters(&self) -> Counters {
        self.cycle.counters()
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
        if let Some(left) = self.restore_slice()? {
            return Ok(left);
        }
        self.look()?;
        let journal = &*self.journal;
        let cycle = &mut self.cycle;
        if let Some(breaker) = &mut cycle.stepper.breaker {
            breaker.try_again();
        }
        let mut records = 0;
        while records < max_records {
            let left = max_records - records;
            let mut taken = 0;
            let count = self.inputs.round(journal, |input, from, record| {
                if cycle.must_wait((input, from), record)? {
                    return Ok(Taken::Not);
                }
                cycle.take(journal, (input, from), record)?;
                taken += 1;
                Ok(match taken < left {
                    true => Taken::More,
                    false => Taken::Last,
                })
            })?;
            if count == 0 || cycle.stepper.resting_for().is_some() {
                records += count;
                break;
            }
            records += count;
        }
        let recovered = cycle.stepper.repeating && self.inputs.lag() == 0;
        cycle.stepper.repeating &= !recovered;
        cycle.end_of_batch(journal, records == 0)?;
        // Asked before looking: what is committed by then is looked at.
        let committed = cycle.is_free()? && !cycle.is_commit_due();
        if recovered || records == 0 {
            // What was just committed may be this task's own input.
            self.look()?;
        }
        let cycle = &mut self.cycle;
        Ok(Progress {
            records,
            committed,
            recovering: cycle.stepper.repeating,
            lag: self.inputs.lag(),
            watermark: cycle.stepper.watermark.0,
            failed_keys_in_a_row: cycle.stepper.failed_keys_in_a_row(),
            resting_for: cycle.stepper.resting_for(),
        })
    }

    /// Restores a slice of the state, if it is not whole; tells how far that came, unless it is whole by now.
    fn restore_slice(&mut self) -> Result<Option<Progress>, TaskError> {
        let Some(restore) = &mut self.restore else {
            return Ok(None);
        };
        let (journal, cycle) = (&*self.journal, &mut self.cycle);
        restore.advance(journal, &mut cycle.store, &mut self.recovery)?;
        let (head, lag) = (restore.head(), restore.left());
        if lag > 0 {
            return Ok(Some(Progress {
                records: 0,
                committed: false,
                recovering: true,
                lag,
                watermark: head.watermark,
                failed_keys_in_a_row: 0,
                resting_for: None,
            }));
        }
        let (group, names) = (&cycle.stepper.spec().name, self.inputs.names().to_vec());
        let offsets = positions(journal, group, &names, head, &mut self.recovery)?;
        cycle.stepper.watermark = Watermark(head.watermark);
        cycle.stepper.timers = timers(&cycle.store)?;
        cycle.stepper.counters.skipped = self.recovery.missing;
        let records = restore.place().records;
        cycle.changelog = cycle
            .changelog
            .take()
            .map(|log| Changelog { records, ..log });
        let read_bytes = cycle.stepper.spec().limits.read_bytes;
        self.inputs = Inputs::new(names.clone(), &offsets, read_bytes);
        cycle.positions = names.into_iter().zip(offsets).collect();
        journal.follow(&cycle.positions)?;
        self.restore = None;
        Ok(None)
    }

    fn look(&mut self) -> Result<(), TaskError> {
        let skipped = self.inputs.look(&*self.journal)?;
        self.cycle.stepper.counters.skipped += skipped;
        if self.cycle.stepper.repeating {
            self.inputs.limit(&self.committed_before);
        }
        Ok(())
    }
}

fn names(topics: &[Topic], partition: u16) -> Vec<TopicPartition> {
    let name = |topic: &Topic| TopicPartition::new(topic.clone(), partition);
    topics.iter().map(name).collect()
}

fn check_topics(
    spec: &StageSpec,
    changelog: Option<&Topic>,
    journal: &dyn Journal,
) -> Result<(), TaskError> {
    let known = journal.topics();
    let sides = spec
        .inputs
        .iter()
        .flat_map(|input| [quarantine_topic(input), late_topic(input)]);
    let needed = spec
        .inputs
        .iter()
        .chain(&spec.outputs)
        .chain(changelog)
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
