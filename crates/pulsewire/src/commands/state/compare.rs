//! One partition's state beside the state that a rebuild from the journal gives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use journal::Journal;
use stream::{
    EachState, EachTimer, FjallDatabase, Head, MemoryStore, Processor, StageSpec, Store,
    StoreBatch, StoreError, Task, TaskError,
};

use crate::commands::Failure;

/// How many records are repeated at a time.
const TURN_RECORDS: usize = 10_000;

/// A store in memory that can still be read when a task has it.
#[derive(Clone, Default)]
struct Rebuilt(Arc<Mutex<MemoryStore>>);

impl Rebuilt {
    fn inner(&self) -> MutexGuard<'_, MemoryStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Rebuilt {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        self.inner().head()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Box<[u8]>>, StoreError> {
        self.inner().get(key)
    }

    fn scan_states(&self, each: &mut EachState<'_>) -> Result<(), StoreError> {
        self.inner().scan_states(each)
    }

    fn scan_timers(&self, each: &mut EachTimer<'_>) -> Result<(), StoreError> {
        self.inner().scan_timers(each)
    }

    fn apply(&mut self, batch: StoreBatch) -> Result<(), StoreError> {
        self.inner().apply(batch)
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        self.inner().wipe()
    }
}

/// Brings the stored state up to what was committed, rebuilds it beside, and tells what differs.
pub(super) fn rebuild<P: Processor>(
    spec: &StageSpec,
    partition: u16,
    processor: &Arc<P>,
    journal: &Arc<dyn Journal>,
    states: &FjallDatabase,
) -> Result<Vec<String>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(error, "");
    let store = || {
        states
            .store(&spec.name, partition)
            .map_err(|error| failed(&error))
    };
    bring_up(spec, partition, processor, journal, store()?).map_err(|error| failed(&error))?;
    let rebuilt = Rebuilt::default();
    bring_up(spec, partition, processor, journal, rebuilt.clone())
        .map_err(|error| failed(&error))?;
    let (kept, anew) = (contents(&store()?), contents(&rebuilt));
    let (kept, anew) = (
        kept.map_err(|error| failed(&error))?,
        anew.map_err(|error| failed(&error))?,
    );
    let keys: std::collections::BTreeSet<_> = kept.keys().chain(anew.keys()).collect();
    let differing = keys
        .into_iter()
        .filter(|key| kept.get(*key) != anew.get(*key));
    let hex = |key: &[u8]| {
        key.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    Ok(differing
        .map(|(kind, key)| format!("{kind} {} of {} partition {partition}", hex(key), spec.name))
        .collect())
}

/// Steps again what was committed, until the state is true for it.
fn bring_up<P: Processor, S: Store>(
    spec: &StageSpec,
    partition: u16,
    processor: &Arc<P>,
    journal: &Arc<dyn Journal>,
    store: S,
) -> Result<(), TaskError> {
    let mut task = Task::open(
        spec.clone(),
        partition,
        Arc::clone(processor),
        Arc::clone(journal),
        store,
    )?;
    if task.recovery().repeated > 0 {
        while task.run_once(TURN_RECORDS)?.recovering {}
    }
    task.flush()
}

type Contents = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

fn contents(store: &impl Store) -> Result<Contents, StoreError> {
    let mut all = Contents::new();
    store.scan_states(&mut |key, state| {
        all.insert(("state", key.to_vec()), state.to_vec());
    })?;
    store.scan_timers(&mut |key, tag, at| {
        all.insert(
            ("timer", [key, b"/", tag].concat()),
            at.to_be_bytes().to_vec(),
        );
    })?;
    Ok(all)
}
