//! The commit thread: takes what waits, makes it durable with one sync, makes it readable, answers.

use crate::appender::Appender;
use crate::bytes::{put_text, u32_of, u64_of};
use crate::commit_file::CommitFile;
use crate::entry::{Kind, Place, begin, finish, put_topic, seed};
use crate::queue::Item;
use crate::record::store;
use crate::shared::Shared;
use crate::{Committed, Done, Error, Offset, TopicSpec, Write, limits};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// What the disk refused is tried again after this time.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// The state of the commit thread.
pub(crate) struct Committer {
    shared: Arc<Shared>,
    appender: Appender,
    commit_file: CommitFile,
    /// The number of the next entry.
    next: u64,
    group: Vec<u8>,
    group_first: u64,
    answers: Vec<Answer>,
    records: u64,
    seed: u32,
    touched: Touched,
}

/// What is told when the group is durable.
enum Answer {
    Write(Done, Result<Committed, Error>),
    Topic(SyncSender<Result<(), Error>>, Result<(), Error>),
}

impl Answer {
    fn give(self) {
        match self {
            Self::Write(done, result) => done(result),
            // Who asked may have gone.
            Self::Topic(done, result) => drop(done.send(result)),
        }
    }

    fn refuse(item: Item, error: Error) {
        match item {
            Item::Write { done, .. } => done(Err(error)),
            Item::Topic { done, .. } => drop(done.send(Err(error))),
        }
    }

    /// Turns success into failure.
    fn fail(&mut self, error: &Error) {
        match self {
            Self::Write(_, result) if result.is_ok() => *result = Err(error.clone()),
            Self::Topic(_, result) if result.is_ok() => *result = Err(error.clone()),
            Self::Write(..) | Self::Topic(..) => {}
        }
    }
}

/// The partitions that one write names, in the order it does.
#[derive(Default)]
struct Touched {
    slots: Vec<usize>,
    /// For each record, then for each group, which of them.
    numbers: Vec<usize>,
}

impl Touched {
    fn fill(&mut self, write: &Write, appender: &Appender) -> Result<(), Error> {
        self.slots.clear();
        self.numbers.clear();
        let records = write.records.iter().map(|(to, _)| to);
        for partition in records.chain(write.offsets.iter().map(|(_, of, _)| of)) {
            let slot = appender.find(partition)?;
            let known = self.slots.iter().position(|one| *one == slot);
            self.numbers.push(known.unwrap_or(self.slots.len()));
            if known.is_none() {
                self.slots.push(slot);
            }
        }
        Ok(())
    }
}

impl Committer {
    pub(crate) fn new(shared: Arc<Shared>, appender: Appender, commit_file: CommitFile) -> Self {
        let next = shared.catalog().sequence.saturating_add(1);
        let seed = seed(shared.files.id);
        Self {
            shared,
            appender,
            commit_file,
            next,
            group: Vec::new(),
            group_first: next,
            answers: Vec::new(),
            records: 0,
            seed,
            touched: Touched::default(),
        }
    }

    /// Commits until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut guard = StopGuard {
            shared: Arc::clone(&self.shared),
            finished: false,
        };
        let mut items = Vec::new();
        while self.shared.queue.take(&mut items) {
            self.commit(&mut items);
        }
        guard.finished = true;
    }

    fn commit(&mut self, items: &mut Vec<Item>) {
        let bytes = items.iter().map(Item::bytes).fold(0, usize::saturating_add);
        let refused = self
            .shared
            .poisoned()
            .or_else(|| self.shared.room.take(bytes).err());
        if let Some(error) = refused {
            if matches!(error, Error::DiskFull { .. }) {
                self.shared
                    .counts
                    .refused_disk_full
                    .add(u64_of(items.len()));
            }
            items
                .drain(..)
                .for_each(|item| Answer::refuse(item, error.clone()));
            return;
        }
        for item in items.drain(..) {
            if !self.make_room(item.bytes()) {
                let closed = self.shared.poisoned().unwrap_or(Error::Closed);
                Answer::refuse(item, closed);
                continue;
            }
            let answer = match item {
                Item::Write { write, done, .. } => Answer::Write(done, self.stage(write)),
                Item::Topic { spec, done } => Answer::Topic(done, self.stage_topic(spec)),
            };
            self.answers.push(answer);
        }
        self.flush();
    }

    /// Goes on in the other commit file when this one is full; waits until that one is free.
    fn make_room(&mut self, bytes: usize) -> bool {
        if self
            .commit_file
            .has_room(self.group.len().saturating_add(bytes))
        {
            return true;
        }
        self.flush();
        let mut turn = self.shared.turns.lock();
        if let Some(needed) = turn.needed.get_mut(self.commit_file.current()) {
            *needed = Some(self.next.saturating_sub(1));
        }
        turn.due = true;
        self.shared.turns.changed.notify_all();
        let other = self.commit_file.other();
        while turn.needed.get(other).is_some_and(Option::is_some) {
            if self.shared.poisoned().is_some() {
                return false;
            }
            turn = self.shared.turns.wait(turn);
        }
        self.commit_file.switch();
        true
    }

    fn place(&mut self) -> Place {
        if self.group.is_empty() {
            self.group_first = self.next;
        }
        let place = Place {
            generation: self.commit_file.generation(),
            sequence: self.next,
            group_first: self.group_first,
        };
        self.next = self.next.saturating_add(1);
        place
    }

    fn stage(&mut self, write: Write) -> Result<Committed, Error> {
        let mut touched = std::mem::take(&mut self.touched);
        let staged = touched
            .fill(&write, &self.appender)
            .map(|()| self.encode(write, &touched));
        self.touched = touched;
        staged
    }

    fn encode(&mut self, write: Write, touched: &Touched) -> Committed {
        let place = self.place();
        let start = begin(Kind::Write, place, &mut self.group);
        put_count(&mut self.group, touched.slots.len());
        for slot in &touched.slots {
            let name = self.appender.name(*slot);
            put_text(&mut self.group, &name.topic);
            self.group.extend_from_slice(&name.partition.to_le_bytes());
        }
        let mut committed = Vec::with_capacity(write.records.len());
        let mut numbers = touched.numbers.iter().copied();
        let mut next = || {
            let number = numbers.next().unwrap_or_default();
            (
                number,
                touched.slots.get(number).copied().unwrap_or_default(),
            )
        };
        put_count(&mut self.group, write.records.len());
        for (_, record) in &write.records {
            let (number, slot) = next();
            put_count(&mut self.group, number);
            let offset: Offset = self.appender.next_offset(slot);
            let begun = self.group.len();
            store(record, offset, place.sequence, &mut self.group);
            let stored = self.group.get(begun..).unwrap_or_default();
            self.appender
                .push(slot, stored, offset, record.received_time);
            committed.push(offset);
        }
        put_count(&mut self.group, write.offsets.len());
        for (group, _, offset) in write.offsets {
            let (number, slot) = next();
            put_text(&mut self.group, &group);
            put_count(&mut self.group, number);
            self.group.extend_from_slice(&offset.to_le_bytes());
            self.appender.push_offset(group, slot, offset);
        }
        finish(start, self.seed, &mut self.group);
        self.records = self.records.saturating_add(u64_of(committed.len()));
        committed
    }

    fn stage_topic(&mut self, spec: TopicSpec) -> Result<(), Error> {
        self.appender.check_topic(&spec)?;
        let place = self.place();
        let start = begin(Kind::Topic, place, &mut self.group);
        put_topic(&mut self.group, &spec);
        finish(start, self.seed, &mut self.group);
        self.appender.add_topic(spec);
        Ok(())
    }

    /// Makes the group durable, then readable, then answers.
    fn flush(&mut self) {
        if !self.group.is_empty() {
            let durable = match self.shared.poisoned() {
                Some(error) => Err(error),
                None => self.sync(),
            };
            match durable {
                Ok(()) => self.make_readable(),
                Err(error) => self
                    .answers
                    .iter_mut()
                    .for_each(|answer| answer.fail(&error)),
            }
            self.group.clear();
            self.group
                .shrink_to(limits::GROUP_BYTES_MAX.saturating_mul(2));
        }
        self.answer();
    }

    fn answer(&mut self) {
        self.answers.drain(..).for_each(Answer::give);
    }

    fn sync(&mut self) -> Result<(), Error> {
        if let Err(error) = self.commit_file.append(&self.group) {
            self.shared
                .poison(&Error::io("cannot sync the commit file", error));
            return Err(self.shared.poisoned().unwrap_or(Error::Closed));
        }
        let counts = &self.shared.counts;
        counts.groups.add(1);
        counts.syncs.add(1);
        counts.commit_bytes.add(u64_of(self.group.len()));
        counts
            .writes
            .add(self.next.saturating_sub(self.group_first));
        counts.records.add(std::mem::take(&mut self.records));
        Ok(())
    }

    fn refuse_waiting(&self) {
        let Err(full) = self.shared.room.refusal() else {
            return;
        };
        for item in self.shared.queue.drain() {
            self.shared.counts.refused_disk_full.add(1);
            Answer::refuse(item, full.clone());
        }
    }

    fn make_readable(&mut self) {
        while let Err(error) = self.appender.write() {
            // The group is durable in the commit file: it is acknowledged, and readable as soon as there is space.
            self.answer();
            let full = error.kind() == io::ErrorKind::StorageFull;
            self.shared.room.ran_out();
            if !full || !self.shared.queue.pause(RETRY_AFTER) {
                self.shared
                    .poison(&Error::io("cannot write a segment", error));
                return;
            }
            self.refuse_waiting();
        }
        let sequence = self.next.saturating_sub(1);
        self.appender
            .publish(&mut self.shared.catalog_mut(), sequence);
        self.shared.announce(sequence);
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32_of(count).to_le_bytes());
}

/// Lets nobody wait for a thread that has panicked.
struct StopGuard {
    shared: Arc<Shared>,
    finished: bool,
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let panicked = io::Error::other("a callback panicked");
        self.shared
            .poison(&Error::io("the commit thread stopped", panicked));
        self.shared.queue.close();
        for item in self.shared.queue.drain() {
            Answer::refuse(item, self.shared.poisoned().unwrap_or(Error::Closed));
        }
    }
}
