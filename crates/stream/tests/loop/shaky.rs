//! A journal that fails when it is told so, answers on another thread if it is told so, and settles what it is told to.

use journal::{
    Batch, Bounds, Done, Error, Journal, MemoryJournal, Offset, TopicPartition, TopicSpec, Write,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a write that fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    NotWritten,
    /// It was written, and the answer got lost.
    Written,
}

pub(crate) struct Shaky {
    pub(crate) journal: Arc<MemoryJournal>,
    queue: Option<SyncSender<(Write, Done)>>,
    /// So many writes succeed before one fails.
    until_failure: AtomicI64,
    is_written: AtomicBool,
    /// What it says of the order over topics, in place of what the journal says.
    pub(crate) settled: Mutex<Option<Vec<Offset>>>,
    /// Whether waiting takes the time it should.
    pub(crate) waits: bool,
    /// Writes whose answers are held back, while they are.
    held: Mutex<Option<Vec<(Write, Done)>>>,
}

impl Shaky {
    pub(crate) fn new(journal: Arc<MemoryJournal>, delayed: bool) -> Self {
        let (queue, waiting) = sync_channel::<(Write, Done)>(4);
        let behind = journal.clone();
        std::thread::spawn(move || {
            for (write, done) in waiting {
                std::thread::yield_now();
                behind.submit(write, done);
            }
        });
        Self {
            journal,
            queue: delayed.then_some(queue),
            until_failure: AtomicI64::new(i64::MAX),
            is_written: AtomicBool::new(false),
            settled: Mutex::default(),
            waits: true,
            held: Mutex::default(),
        }
    }

    /// Holds writes back from now on.
    pub(crate) fn hold(&self) {
        *self.held.lock().expect("nothing panics with it") = Some(Vec::new());
    }

    /// Makes the writes that were held back, and those to come.
    pub(crate) fn let_go(&self) {
        let held = self.held.lock().expect("nothing panics with it").take();
        for (write, done) in held.into_iter().flatten() {
            self.journal.submit(write, done);
        }
    }

    pub(crate) fn fail_after(&self, writes: i64, failure: Failure) {
        let is_written = matches!(failure, Failure::Written);
        self.is_written.store(is_written, Ordering::Relaxed);
        self.until_failure.store(writes, Ordering::Relaxed);
    }
}

impl Journal for Shaky {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        self.journal.ensure_topic(spec)
    }
    fn topics(&self) -> Vec<TopicSpec> {
        self.journal.topics()
    }
    fn submit(&self, write: Write, done: Done) {
        if self.until_failure.fetch_sub(1, Ordering::Relaxed) == 0 {
            if self.is_written.load(Ordering::Relaxed) {
                self.journal.append(write).expect("it is written");
            }
            done(Err(Error::Aborted("it was asked to fail".to_owned())));
            return;
        }
        if let Some(held) = &mut *self.held.lock().expect("nothing panics with it") {
            return held.push((write, done));
        }
        match &self.queue {
            Some(queue) => queue
                .send((write, done))
                .expect("the thread lives as long as the queue"),
            None => self.journal.submit(write, done),
        }
    }
    fn read(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, Error> {
        self.journal.read(from, offset, max_bytes)
    }
    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        self.journal.bounds(of)
    }
    fn written(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        self.journal.written(of)
    }
    fn settled(&self, of: &[TopicPartition]) -> Option<Vec<Offset>> {
        let told = self.settled.lock().expect("nothing panics with it").clone();
        told.or_else(|| self.journal.settled(of))
    }
    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        self.journal.committed(group)
    }
    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        let at_most = if self.waits { at_most } else { Duration::ZERO };
        self.journal.wait(seen, at_most)
    }
}
