//! Who may connect to a listener: so many at once, and so many from one address.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::open_files;
use crate::tasks::Stop;

/// How long a listener rests when the system can open no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of one listener.
pub(super) struct Connections {
    all: Arc<Semaphore>,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    per_address: usize,
}

/// Why a connection is closed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are as many as there may be.
    All,
    /// There are as many from its address as there may be.
    Address,
}

/// A connection's place, which is free again once this is gone.
pub(super) struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
    _one_of_all: OwnedSemaphorePermit,
}

impl Connections {
    /// So many at once as `setting` says and as there are files for.
    pub(super) fn new(at_once: usize, setting: &str, per_address: usize) -> Arc<Self> {
        let at_once = open_files::connections(at_once, setting);
        Arc::new(Self {
            all: Arc::new(Semaphore::new(at_once)),
            by_address: Mutex::default(),
            per_address,
        })
    }

    /// Waits for the next connection; gives nothing once it is time to stop.
    pub(super) async fn next(
        socket: &TcpListener,
        stop: &mut Stop,
    ) -> Option<(TcpStream, SocketAddr)> {
        loop {
            let accepted = tokio::select! {
                () = stop.asked() => return None,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok(accepted) => return Some(accepted),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    stop.sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Gives a connection its place, if there is one.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, Full> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned();
        let one_of_all = one_of_all.map_err(|_| Full::All)?;
        let mut by_address = self.by_address();
        let here = by_address.entry(address).or_default();
        if *here >= self.per_address {
            return Err(Full::Address);
        }
        *here += 1;
        Ok(Place {
            connections: Arc::clone(self),
            address,
            _one_of_all: one_of_all,
        })
    }

    fn by_address(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        let all = self.by_address.lock();
        all.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.connections.by_address();
        if let Some(here) = by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_connection_is_gone() {
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let connections = Connections::new(3, "a test", 2);
        let first = connections.enter(one).ok();
        let second = connections.enter(one).ok();
        assert!(first.is_some() && second.is_some());
        assert_eq!(connections.enter(one).err(), Some(Full::Address));
        let third = connections.enter(other).ok();
        assert!(third.is_some());
        assert_eq!(connections.enter(other).err(), Some(Full::All));
        drop((first, second, third));
        assert!(connections.by_address().is_empty());
        assert!(connections.enter(other).is_ok());
    }
}
