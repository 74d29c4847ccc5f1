//! A store in memory: for tests, and where a restart may replay the whole journal.

use super::{
    EachState, EachTimer, Head, Store, StoreBatch, StoreError, put_timer_key, split_timer_key,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A store that lives as long as its last clone.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    head: Option<Vec<u8>>,
    states: BTreeMap<Box<[u8]>, Box<[u8]>>,
    timers: BTreeMap<Box<[u8]>, i64>,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0
            .lock()
            .expect("nothing panics while it holds the content")
    }
}

impl Store for MemoryStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.content().head.as_deref().and_then(Head::decode))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Box<[u8]>>, StoreError> {
        Ok(self.content().states.get(key).cloned())
    }

    fn scan_states(&self, each: &mut EachState<'_>) -> Result<(), StoreError> {
        for (key, state) in &self.content().states {
            each(key, state);
        }
        Ok(())
    }

    fn scan_timers(&self, each: &mut EachTimer<'_>) -> Result<(), StoreError> {
        for (stored, at) in &self.content().timers {
            let (key, tag) = split_timer_key(stored)?;
            each(key, tag, *at);
        }
        Ok(())
    }

    fn apply(&mut self, batch: StoreBatch) -> Result<(), StoreError> {
        let mut content = self.content();
        for (key, state) in batch.states {
            let key = Box::from(&*key);
            match state {
                Some(state) => content.states.insert(key, state),
                None => content.states.remove(&key),
            };
        }
        for (key, tag, at) in batch.timers {
            let mut stored = Vec::new();
            put_timer_key(&mut stored, &key, &tag);
            match at {
                Some(at) => content.timers.insert(stored.into(), at),
                None => content.timers.remove(&*stored),
            };
        }
        content.head = Some(batch.head.encode());
        Ok(())
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        *self.content() = Content::default();
        Ok(())
    }
}
