//! The low disk rule: warn, then refuse, and go on by itself when there is space.

use crate::bytes::u64_of;
use crate::segment::cannot;
use crate::storage::Storage;
use crate::{Disk, Error, Options, limits};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

/// The room on the disk, asked for now and then.
pub(crate) struct Room {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    warn_below_bytes: u64,
    refuse_below_bytes: u64,
    seen: Mutex<Seen>,
}

/// What was seen last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) disk: Disk,
    pub(crate) free_bytes: u64,
    since_bytes: u64,
    asked: bool,
    /// Whether the disk refused a write that was within the limits: the next write tells whether it still does.
    refused: bool,
}

impl Room {
    pub(crate) fn new(storage: Arc<dyn Storage>, dir: PathBuf, options: &Options) -> Self {
        let (warn_below_bytes, refuse_below_bytes) =
            (options.warn_below_bytes, options.refuse_below_bytes);
        Self {
            storage,
            dir,
            warn_below_bytes,
            refuse_below_bytes,
            seen: Mutex::default(),
        }
    }

    /// Asks for room; while the disk is full it looks each time.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), Error> {
        let mut seen = self.lock();
        seen.since_bytes = seen.since_bytes.saturating_add(u64_of(bytes));
        let due = seen.since_bytes >= limits::DISK_CHECK_EVERY_BYTES;
        if !seen.asked || due || seen.disk == Disk::Full {
            seen.refused = false;
            self.measure(&mut seen)?;
            seen.asked = true;
            seen.since_bytes = 0;
        }
        self.verdict(*seen)
    }

    /// Looks at the disk, which others fill, too.
    pub(crate) fn look(&self) -> Seen {
        let mut seen = self.lock();
        // Where it cannot be measured, what was seen last stands until a write fails.
        drop(self.measure(&mut seen));
        *seen
    }

    fn measure(&self, seen: &mut Seen) -> Result<(), Error> {
        let free = self.storage.free_bytes(&self.dir);
        seen.free_bytes =
            free.map_err(|error| cannot("measure the free space of", &self.dir, error))?;
        seen.disk = match seen.free_bytes {
            _ if seen.refused => Disk::Full,
            free if free < self.refuse_below_bytes => Disk::Full,
            free if free < self.warn_below_bytes => Disk::Low,
            _ => Disk::Enough,
        };
        Ok(())
    }

    /// Tells whether the disk was full when it was last looked at.
    pub(crate) fn refusal(&self) -> Result<(), Error> {
        self.verdict(*self.lock())
    }

    fn verdict(&self, seen: Seen) -> Result<(), Error> {
        match seen.disk {
            Disk::Full => {
                let (free_bytes, limit_bytes) = (seen.free_bytes, self.refuse_below_bytes);
                Err(Error::DiskFull {
                    free_bytes,
                    limit_bytes,
                })
            }
            Disk::Enough | Disk::Low => Ok(()),
        }
    }

    /// Notes that the disk refused a write that was within the limits.
    pub(crate) fn ran_out(&self) {
        let mut seen = self.lock();
        seen.refused = true;
        seen.disk = Disk::Full;
        drop(self.measure(&mut seen));
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen
            .lock()
            .expect("nothing panics while it holds what was seen")
    }
}
