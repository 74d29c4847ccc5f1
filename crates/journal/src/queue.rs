//! The writes that wait for the commit thread, bounded by their number and their bytes.

use crate::{Done, Error, TopicSpec, Write, check, limits};
use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Something to commit.
pub(crate) enum Item {
    Write {
        write: Write,
        done: Done,
        bytes: usize,
    },
    Topic {
        spec: TopicSpec,
        done: SyncSender<Result<(), Error>>,
    },
}

impl Item {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Write { bytes, .. } => *bytes,
            Self::Topic { .. } => check::TOPIC_BYTES,
        }
    }
}

/// What waits.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    taken: Condvar,
}

#[derive(Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
    closed: bool,
}

/// Why an item was not queued; the item is given back.
pub(crate) enum Refused {
    Full(Item),
    Closed(Item),
}

impl Queue {
    /// Queues an item, waiting for space.
    pub(crate) fn push(&self, item: Item) -> Result<(), Item> {
        let mut waiting = self.lock();
        while !waiting.closed && !waiting.has_space(item.bytes()) {
            waiting = self
                .taken
                .wait(waiting)
                .expect("nothing panics while it holds the queue");
        }
        self.add(waiting, item)
    }

    /// Queues an item if there is space.
    pub(crate) fn try_push(&self, item: Item) -> Result<(), Refused> {
        let waiting = self.lock();
        if !waiting.closed && !waiting.has_space(item.bytes()) {
            return Err(Refused::Full(item));
        }
        self.add(waiting, item).map_err(Refused::Closed)
    }

    fn add(&self, mut waiting: MutexGuard<'_, Waiting>, item: Item) -> Result<(), Item> {
        if waiting.closed {
            return Err(item);
        }
        waiting.bytes = waiting.bytes.saturating_add(item.bytes());
        waiting.items.push_back(item);
        let first = waiting.items.len() == 1;
        drop(waiting);
        if first {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Takes what waits, up to a group's size and at least one item; nothing when the queue is closed and empty.
    pub(crate) fn take(&self, into: &mut Vec<Item>) -> bool {
        let mut waiting = self.lock();
        while waiting.items.is_empty() {
            if waiting.closed {
                return false;
            }
            waiting = self
                .arrived
                .wait(waiting)
                .expect("nothing panics while it holds the queue");
        }
        let mut bytes = 0_usize;
        while let Some(item) = waiting.items.front() {
            bytes = bytes.saturating_add(item.bytes());
            if !into.is_empty() && bytes > limits::GROUP_BYTES_MAX {
                break;
            }
            waiting.bytes = waiting.bytes.saturating_sub(item.bytes());
            into.extend(waiting.items.pop_front());
        }
        drop(waiting);
        self.taken.notify_all();
        true
    }

    /// Takes everything that waits, without waiting for it.
    pub(crate) fn drain(&self) -> VecDeque<Item> {
        let mut waiting = self.lock();
        waiting.bytes = 0;
        let items = std::mem::take(&mut waiting.items);
        drop(waiting);
        self.taken.notify_all();
        items
    }

    /// Waits a bounded time, so that what the disk refused can be tried again; tells whether to go on.
    pub(crate) fn pause(&self, at_most: Duration) -> bool {
        let waiting = self.lock();
        let waited = self
            .taken
            .wait_timeout_while(waiting, at_most, |waiting| !waiting.closed);
        !waited
            .expect("nothing panics while it holds the queue")
            .0
            .closed
    }

    /// Takes no more; what waits is still committed.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.taken.notify_all();
    }

    /// Counts the writes that wait, and their bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let waiting = self.lock();
        (waiting.items.len(), waiting.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting
            .lock()
            .expect("nothing panics while it holds the queue")
    }
}

impl Waiting {
    fn has_space(&self, bytes: usize) -> bool {
        self.items.is_empty()
            || (self.items.len() < limits::QUEUE_WRITES_MAX
                && self.bytes.saturating_add(bytes) <= limits::QUEUE_BYTES_MAX)
    }
}
