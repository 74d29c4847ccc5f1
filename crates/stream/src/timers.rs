//! The timers of all keys of a partition, in the order (time, key, tag).

use crate::context::TimerChanges;
use crate::resident::KeyHash;
use crate::{Key, Tag};
use std::collections::{BTreeSet, HashMap};

#[cfg(test)]
mod tests;

/// The set timers, and what has changed since the last flush.
///
/// A timer that is put off again and again keeps its old place in the queue until that comes up: putting off is the
/// most frequent change there is, and costs no more than a look-up this way.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(i64, Key, Tag)>,
    of_key: HashMap<Key, Vec<Entry>, KeyHash>,
    dirty: Vec<(Key, Tag)>,
    set: usize,
}

#[derive(Debug)]
struct Entry {
    tag: Tag,
    /// When it is due; `None` when it was cancelled or has fired.
    at: Option<i64>,
    /// Its place in the queue, at or before `at`.
    queued: Option<i64>,
    /// See [`Due::depth`].
    depth: u32,
    dirty: bool,
}

/// A timer that has come up.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) at: i64,
    pub(crate) key: Key,
    pub(crate) tag: Tag,
    /// How many timers in a row were set by the one before it to be due at once.
    pub(crate) depth: u32,
}

impl Timers {
    /// Counts the timers that are set.
    pub(crate) fn len(&self) -> usize {
        self.set
    }

    /// Puts back a timer that was stored.
    pub(crate) fn restore(&mut self, key: Key, tag: &[u8], at: i64) {
        self.change(&key, tag, Some(at), 0, false);
    }

    /// Carries out what a step asked for.
    pub(crate) fn apply(&mut self, key: &Key, changes: &TimerChanges, depth: u32) {
        for (tag, at) in changes.iter() {
            self.change(key, tag, at, depth, true);
        }
    }

    /// Takes out the first timer that is due at or before `watermark`.
    pub(crate) fn pop(&mut self, watermark: i64) -> Option<Due> {
        loop {
            if self.queue.first()?.0 > watermark {
                return None;
            }
            let (queued, key, tag) = self.queue.pop_first()?;
            let entry = entry_mut(&mut self.of_key, &key, &tag);
            match entry.at {
                None => entry.queued = None,
                Some(at) if at > queued => {
                    entry.queued = Some(at);
                    self.queue.insert((at, key, tag));
                }
                Some(at) => {
                    (entry.at, entry.queued) = (None, None);
                    self.set -= 1;
                    let depth = entry.depth;
                    if !std::mem::replace(&mut entry.dirty, true) {
                        self.dirty.push((key.clone(), tag.clone()));
                    }
                    return Some(Due {
                        at,
                        key,
                        tag,
                        depth,
                    });
                }
            }
        }
    }

    /// Hands out what has changed since the last time, in order of change, and forgets what is no more.
    pub(crate) fn take_changes(&mut self) -> Vec<(Key, Tag, Option<i64>)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty
            .into_iter()
            .map(|(key, tag)| self.settle(key, tag))
            .collect()
    }

    fn settle(&mut self, key: Key, tag: Tag) -> (Key, Tag, Option<i64>) {
        let entry = entry_mut(&mut self.of_key, &key, &tag);
        entry.dirty = false;
        let at = entry.at;
        if at.is_none() {
            if let Some(queued) = entry.queued.take() {
                self.queue.remove(&(queued, key.clone(), tag.clone()));
            }
            if let Some(entries) = self.of_key.get_mut(&key) {
                entries.retain(|entry| entry.tag != tag);
                if entries.is_empty() {
                    self.of_key.remove(&key);
                }
            }
        }
        (key, tag, at)
    }

    fn change(&mut self, key: &Key, tag: &[u8], at: Option<i64>, depth: u32, dirty: bool) {
        if !self.of_key.contains_key(key) {
            if at.is_none() {
                return;
            }
            self.of_key.insert(key.clone(), Vec::new());
        }
        let entries = self
            .of_key
            .get_mut(key)
            .expect("inserted above if it was missing");
        let place = entries.iter().position(|entry| *entry.tag == *tag);
        let place = place.unwrap_or_else(|| {
            let tag = tag.into();
            entries.push(Entry {
                tag,
                at: None,
                queued: None,
                depth: 0,
                dirty: false,
            });
            entries.len() - 1
        });
        let entry = entries.get_mut(place).expect("found or pushed above");
        self.set = self.set + usize::from(at.is_some()) - usize::from(entry.at.is_some());
        (entry.at, entry.depth) = (at, depth);
        if dirty && !std::mem::replace(&mut entry.dirty, true) {
            self.dirty.push((key.clone(), entry.tag.clone()));
        }
        let Some(at) = at else { return };
        if let Some(queued) = entry.queued {
            if queued <= at {
                return;
            }
            self.queue.remove(&(queued, key.clone(), entry.tag.clone()));
        }
        entry.queued = Some(at);
        self.queue.insert((at, key.clone(), entry.tag.clone()));
    }
}

fn entry_mut<'a>(
    of_key: &'a mut HashMap<Key, Vec<Entry>, KeyHash>,
    key: &Key,
    tag: &Tag,
) -> &'a mut Entry {
    of_key
        .get_mut(key)
        .and_then(|entries| entries.iter_mut().find(|entry| entry.tag == *tag))
        .expect("what is queued or changed has an entry until it is settled")
}
