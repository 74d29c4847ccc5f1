//! The disk alone: 4 KiB written and synced, in a file whose blocks are there already.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often.
const TIMES: u64 = 1500;
/// How much at once.
const BYTES: usize = 4096;
/// A probe slower than this is not the disk's but the scheduler's.
const SLOWEST: Duration = Duration::from_millis(1);

/// Two floors that differ by more than this are not of the same machine.
pub(crate) const FLOORS_DIFFER_AT_MOST: f64 = 0.15;

/// What the disk did just now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Probe {
    /// Measures in this folder.
    pub(crate) fn take(folder: &Path) -> Self {
        let file = zeroed(&folder.join("probe"), TIMES * BYTES as u64);
        let mut times: Vec<_> = (0..TIMES)
            .map(|number| {
                let began = Instant::now();
                file.write_all_at(&[7; BYTES], number * BYTES as u64)
                    .unwrap();
                file.sync_data().unwrap();
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        Self {
            p50: times[times.len() / 2],
            p99: times[times.len() * 99 / 100],
        }
    }

    /// Whether it tells of the disk.
    pub(crate) fn is_valid(&self) -> bool {
        self.p50 < SLOWEST
    }
}

/// A file of zeros, durable.
pub(crate) fn zeroed(path: &Path, bytes: u64) -> File {
    let file = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .open(path)
        .unwrap();
    let zeros = vec![0; 1 << 20];
    let mut at = 0;
    while at < bytes {
        let some = usize::try_from(bytes - at).unwrap().min(zeros.len());
        file.write_all_at(&zeros[..some], at).unwrap();
        at += some as u64;
    }
    file.sync_all().unwrap();
    file
}
