//! A place for brokers of one run: a folder and ports that no other run on this machine uses meanwhile.

use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::cluster::Cluster;
use super::library::{failed, remove};
use super::options::Options;
use crate::step::{Failed, root};

/// So many runs at a time.
const SLOTS: u16 = 16;
/// The first slot's first port: away from the usual one, and below those that the system gives to clients.
const FIRST_PORT: u16 = 20_000;
/// Room for the ports of three brokers.
const PORTS_OF_A_SLOT: u16 = 100;

/// A slot, taken until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Slot {
    options: Options,
    _lock: File,
}

impl Slot {
    /// Takes the first free one, and clears away what a run that was killed has left there.
    pub(crate) fn take(brokers: u16) -> Result<Self, Failed> {
        let home = root().join("target/kafka");
        for number in 0..SLOTS {
            let options = Options {
                brokers,
                dir: home.join(format!("run-{number}")),
                port: FIRST_PORT + number * PORTS_OF_A_SLOT,
            };
            let lock = lock_file(&options.dir)?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(failed(&options.dir, &error)),
            }
            if let Ok(left_over) = Cluster::of(&options.dir) {
                left_over.stop()?;
            }
            remove(&options.dir)?;
            if options.ports().all(is_free) {
                return Ok(Self {
                    options,
                    _lock: lock,
                });
            }
        }
        Err(Failed(format!(
            "kafka: {SLOTS} runs have brokers already, or other programs hold their ports from {FIRST_PORT} on"
        )))
    }

    /// Brokers for this slot.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }
}

/// Waits until no other process makes or starts brokers in this folder.
pub(crate) fn alone_in(dir: &Path) -> Result<File, Failed> {
    let file = lock_file(dir)?;
    file.lock().map_err(|error| failed(dir, &error))?;
    Ok(file)
}

/// Beside the folder, since that may be removed.
fn lock_file(dir: &Path) -> Result<File, Failed> {
    let path = dir.with_added_extension("lock");
    let home = path.parent().unwrap_or(dir);
    std::fs::create_dir_all(home).map_err(|error| failed(home, &error))?;
    File::create(&path).map_err(|error| failed(&path, &error))
}

/// Whether nobody listens there.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_have_nothing_in_common() {
        let one = Slot::take(3).expect("a slot");
        let other = Slot::take(3).expect("another slot");
        let (one, other) = (one.options(), other.options());
        assert_ne!(one.dir, other.dir);
        assert!(one.ports().all(|port| !other.ports().contains(&port)));
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = held.local_addr().expect("it is bound").port();
        assert!(!is_free(port));
    }
}
