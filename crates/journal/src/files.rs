//! The segment files that are open, as many as the limit allows.

use crate::segment::{cannot, path_of};
use crate::storage::{Mode, Storage, StorageFile};
use crate::{Error, Offset, TopicPartition};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The files of one journal.
pub(crate) struct Files {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) dir: PathBuf,
    pub(crate) id: [u8; 16],
    mode: Mode,
    limit: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    files: BTreeMap<(TopicPartition, Offset), (Arc<dyn StorageFile>, u64)>,
    uses: u64,
}

impl Files {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        dir: &Path,
        id: [u8; 16],
        mode: Mode,
        limit: usize,
    ) -> Self {
        Self {
            storage,
            dir: dir.to_owned(),
            id,
            mode,
            limit: limit.max(1),
            open: Mutex::default(),
        }
    }

    /// Gives a segment's file, opening it when it is not open.
    pub(crate) fn get(
        &self,
        partition: &TopicPartition,
        base: Offset,
    ) -> Result<Arc<dyn StorageFile>, Error> {
        let key = (partition.clone(), base);
        if let Some(file) = self.open().touch(&key) {
            return Ok(file);
        }
        let path = path_of(&self.dir, partition, base);
        let file = self
            .storage
            .open(&path, self.mode)
            .map_err(|error| cannot("open", &path, error))?;
        self.keep(key, Arc::clone(&file));
        Ok(file)
    }

    /// Makes a segment's file, with its directory.
    pub(crate) fn create(
        &self,
        partition: &TopicPartition,
        base: Offset,
    ) -> std::io::Result<Arc<dyn StorageFile>> {
        let path = path_of(&self.dir, partition, base);
        if let Some(dir) = path.parent() {
            self.storage.create_dir(dir)?;
        }
        let file = self.storage.open(&path, Mode::Create)?;
        file.write_at(&crate::segment::header(self.id, partition, base), 0)?;
        self.keep((partition.clone(), base), Arc::clone(&file));
        Ok(file)
    }

    /// Forgets a segment's file.
    pub(crate) fn close(&self, partition: &TopicPartition, base: Offset) {
        self.open().files.remove(&(partition.clone(), base));
    }

    fn keep(&self, key: (TopicPartition, Offset), file: Arc<dyn StorageFile>) {
        let mut open = self.open();
        while open.files.len() >= self.limit {
            let oldest = open
                .files
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            open.files.remove(&oldest);
        }
        open.uses = open.uses.saturating_add(1);
        let used = open.uses;
        open.files.insert(key, (file, used));
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open
            .lock()
            .expect("nothing panics while it holds the open files")
    }
}

impl Open {
    fn touch(&mut self, key: &(TopicPartition, Offset)) -> Option<Arc<dyn StorageFile>> {
        self.uses = self.uses.saturating_add(1);
        let (file, used) = self.files.get_mut(key)?;
        *used = self.uses;
        Some(Arc::clone(file))
    }
}
