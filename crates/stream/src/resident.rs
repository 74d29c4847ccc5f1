//! The states in memory, found by key; the cold ones make room.

use crate::Key;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The states of the keys in use.
#[derive(Debug)]
pub(crate) struct Resident<T> {
    index: HashMap<Key, usize, KeyHash>,
    slots: Vec<Option<Slot<T>>>,
    free: Vec<usize>,
    dirty: Vec<usize>,
    dirty_bytes: usize,
    stored_bytes: u64,
    hand: usize,
}

/// A state and what is known of it.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) key: Key,
    pub(crate) state: T,
    stored_bytes: usize,
    dirty: bool,
    used: bool,
}

/// What a state is taken to weigh before it was encoded once.
const UNKNOWN_BYTES: usize = 256;

impl<T> Default for Resident<T> {
    fn default() -> Self {
        Self {
            index: HashMap::default(),
            slots: Vec::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            dirty_bytes: 0,
            stored_bytes: 0,
            hand: 0,
        }
    }
}

impl<T> Resident<T> {
    /// Counts the keys in memory.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Gives about how many bytes a flush would write.
    pub(crate) fn dirty_bytes(&self) -> usize {
        self.dirty_bytes
    }

    /// Gives how many bytes the states in memory had when they were last stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Tells whether something has changed since the last flush.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Finds a key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// Takes in a state that was not in memory.
    pub(crate) fn insert(&mut self, key: Key, state: T, stored_bytes: usize) -> usize {
        let slot = Slot {
            key: key.clone(),
            state,
            stored_bytes,
            dirty: false,
            used: true,
        };
        self.stored_bytes += stored_bytes as u64;
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        *self.slots.get_mut(at).expect("free or pushed above") = Some(slot);
        self.index.insert(key, at);
        at
    }

    /// Gives the state at a place that [`Resident::find`] or [`Resident::insert`] gave.
    pub(crate) fn slot(&mut self, at: usize) -> &mut Slot<T> {
        let slot = self.slots.get_mut(at).and_then(Option::as_mut);
        slot.expect("a place in the index or the dirty list is taken")
    }

    /// Notes that a state has changed.
    pub(crate) fn touch(&mut self, at: usize) {
        let slot = self.slot(at);
        slot.used = true;
        if !std::mem::replace(&mut slot.dirty, true) {
            let weight = slot.stored_bytes.max(UNKNOWN_BYTES);
            self.dirty_bytes += weight;
            self.dirty.push(at);
        }
    }

    /// Encodes what has changed, in order of change; an encoding of `None` is a state worth nothing, and the key stays in
    /// memory until [`Resident::forget`].
    pub(crate) fn take_changes(
        &mut self,
        mut encode: impl FnMut(&T) -> Option<Box<[u8]>>,
    ) -> Vec<(Key, Option<Box<[u8]>>)> {
        let dirty = std::mem::take(&mut self.dirty);
        self.dirty_bytes = 0;
        let mut changes = Vec::with_capacity(dirty.len());
        for at in dirty {
            let slot = self.slot(at);
            slot.dirty = false;
            let (key, encoded) = (slot.key.clone(), encode(&slot.state));
            let bytes = encoded.as_ref().map_or(0, |bytes| bytes.len());
            let before = std::mem::replace(&mut slot.stored_bytes, bytes);
            self.stored_bytes = self.stored_bytes + bytes as u64 - before as u64;
            changes.push((key, encoded));
        }
        changes
    }

    /// Takes a key out of memory, unless it has changed since [`Resident::take_changes`].
    pub(crate) fn forget(&mut self, key: &[u8]) {
        if let Some(at) = self.find(key)
            && !self.slot(at).dirty
        {
            self.remove(at);
        }
    }

    /// Takes unchanged keys out of memory until `keep` are left, those not used since the last time first.
    pub(crate) fn evict(&mut self, keep: usize) -> usize {
        let before = self.len();
        let mut looks = self.slots.len() * 2;
        while self.len() > keep && looks > 0 {
            looks -= 1;
            self.hand = (self.hand + 1) % self.slots.len();
            let at = self.hand;
            let Some(Some(slot)) = self.slots.get_mut(at) else {
                continue;
            };
            if !slot.dirty && !std::mem::replace(&mut slot.used, false) {
                self.remove(at);
            }
        }
        before - self.len()
    }

    fn remove(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at).and_then(Option::take) {
            self.index.remove(&slot.key);
            self.stored_bytes -= slot.stored_bytes as u64;
            self.free.push(at);
        }
    }
}

/// The way keys are hashed: the same everywhere, and quick, since keys are pseudonyms that no sender can choose.
pub(crate) type KeyHash = BuildHasherDefault<KeyHasher>;

/// A multiply-and-rotate hash over words of eight bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyHasher(u64);

/// An odd number near 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(SPREAD);
    }

    fn write_usize(&mut self, length: usize) {
        self.write_u64(length as u64);
    }

    fn finish(&self) -> u64 {
        (self.0 ^ (self.0 >> 29)).wrapping_mul(SPREAD)
    }
}
