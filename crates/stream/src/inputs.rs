//! The inputs of a partition, met in the order in which they were committed.

use crate::TaskError;
use journal::{Batch, BatchIter, Journal, Offset, RecordRef, TopicPartition};
use std::iter::{Peekable, Skip};

/// The inputs of a task, in the order of its spec.
#[derive(Debug)]
pub(crate) struct Inputs {
    names: Vec<TopicPartition>,
    sources: Vec<Source>,
    read_bytes: usize,
}

#[derive(Debug)]
struct Source {
    /// The next offset to be taken.
    position: Offset,
    /// The end at the last look.
    end: Offset,
    /// Before this, what was committed earlier is before the ends of the other sources.
    settled: Offset,
    /// The batch that is being taken, and how many of its records are.
    batch: Batch,
    taken: usize,
}

/// What became of a record that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was taken, and so may the next one be.
    More,
    /// It was taken, and the round is over.
    Last,
    /// It stays where it is, and the round is over.
    Not,
}

/// One round's view of a source.
struct Head<'a> {
    records: Peekable<Skip<BatchIter<'a>>>,
    end: Offset,
    settled: Offset,
    /// Where the batch ends.
    next: Option<Offset>,
    taken: usize,
    position: Offset,
}

impl Inputs {
    /// Reads on at the given positions.
    pub(crate) fn new(names: Vec<TopicPartition>, positions: &[Offset], read_bytes: usize) -> Self {
        let source = |&position| Source {
            position,
            end: position,
            settled: position,
            batch: Batch::default(),
            taken: 0,
        };
        let sources = positions.iter().map(source).collect();
        Self {
            names,
            sources,
            read_bytes,
        }
    }

    /// Gives the inputs' names.
    pub(crate) fn names(&self) -> &[TopicPartition] {
        &self.names
    }

    /// Counts what was readable at the last look and is not taken.
    pub(crate) fn lag(&self) -> u64 {
        self.sources
            .iter()
            .map(|source| source.end.saturating_sub(source.position))
            .sum()
    }

    /// Looks where the inputs end now, all at one moment.
    ///
    /// Gives how many records retention removed before they were taken.
    pub(crate) fn look(&mut self, journal: &dyn Journal) -> Result<u64, TaskError> {
        let settled = journal.settled(&self.names);
        let bounds = journal.bounds(&self.names)?;
        let settled = settled.unwrap_or_else(|| bounds.iter().map(|one| one.end).collect());
        let mut skipped = 0;
        for ((source, bounds), settled) in self.sources.iter_mut().zip(bounds).zip(settled) {
            source.end = bounds.end;
            source.settled = settled;
            if source.position < bounds.start && source.taken == source.batch.len() {
                skipped += bounds.start - source.position;
                source.position = bounds.start;
            }
        }
        Ok(skipped)
    }

    /// Keeps the next rounds before the given ends.
    pub(crate) fn limit(&mut self, ends: &[Offset]) {
        for (source, &end) in self.sources.iter_mut().zip(ends) {
            source.end = source.end.min(end);
        }
    }

    /// Gives records in order to `each`, which may stop the round, until a batch is used up; counts them.
    pub(crate) fn round(
        &mut self,
        journal: &dyn Journal,
        mut each: impl FnMut(usize, &TopicPartition, RecordRef<'_>) -> Result<Taken, TaskError>,
    ) -> Result<usize, TaskError> {
        self.fill(journal)?;
        let mut heads: Vec<Head<'_>> = self.sources.iter().map(Head::of).collect();
        let (mut count, mut outcome) = (0, Ok(Taken::More));
        while heads.iter_mut().any(Head::is_settled)
            && let Some((input, record)) = first(&mut heads)
        {
            let name = self.names.get(input).expect("as many names as sources");
            outcome = each(input, name, record);
            if matches!(outcome, Err(_) | Ok(Taken::Not)) {
                break;
            }
            count += 1;
            let used_up = heads
                .get_mut(input)
                .expect("the one just found")
                .advance(record.offset);
            if used_up || matches!(outcome, Ok(Taken::Last)) {
                break;
            }
        }
        let after: Vec<_> = heads
            .iter()
            .map(|head| (head.position, head.taken))
            .collect();
        for (source, after) in self.sources.iter_mut().zip(after) {
            (source.position, source.taken) = after;
        }
        outcome.map(|_| count)
    }

    /// Reads a batch wherever the last one is used up and there is more.
    fn fill(&mut self, journal: &dyn Journal) -> Result<(), TaskError> {
        for (name, source) in self.names.iter().zip(&mut self.sources) {
            while source.taken == source.batch.len() && source.position < source.end {
                source.batch = journal.read(name, source.position, self.read_bytes)?;
                source.taken = 0;
                if source.batch.is_empty() {
                    let next = source.batch.next_offset();
                    let Some(next) = next.filter(|next| *next > source.position) else {
                        let (input, offset) = (name.clone(), source.position);
                        return Err(TaskError::NothingRead { input, offset });
                    };
                    source.position = next;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Head<'a> {
    fn of(source: &'a Source) -> Self {
        let &Source {
            position,
            end,
            settled,
            taken,
            ref batch,
        } = source;
        let records = batch.iter().skip(taken).peekable();
        Self {
            records,
            end,
            settled,
            next: batch.next_offset(),
            taken,
            position,
        }
    }

    /// Gives the next record before the end.
    fn peek(&mut self) -> Option<RecordRef<'a>> {
        let end = self.end;
        self.records
            .peek()
            .copied()
            .filter(|record| record.offset < end)
    }

    /// Tells whether its next record has its place among those of the other sources.
    fn is_settled(&mut self) -> bool {
        let settled = self.settled;
        self.peek().is_some_and(|record| record.offset < settled)
    }

    /// Leaves the record at `offset` behind; tells whether another batch is to be read.
    fn advance(&mut self, offset: Offset) -> bool {
        self.records.next();
        self.taken += 1;
        self.position = offset + 1;
        if self.records.peek().is_some() {
            return false;
        }
        self.position = self
            .next
            .map_or(self.position, |next| next.max(self.position));
        self.position < self.end
    }
}

/// Finds the record that was committed first; without that order, the one that was received first.
fn first<'a>(heads: &mut [Head<'a>]) -> Option<(usize, RecordRef<'a>)> {
    if let [only] = heads {
        return only.peek().map(|record| (0, record));
    }
    let heads = heads.iter_mut().enumerate();
    let records = heads.filter_map(|(input, head)| head.peek().map(|record| (input, record)));
    records.min_by_key(|(input, record)| {
        (record.sequence, record.received_time, *input, record.offset)
    })
}
