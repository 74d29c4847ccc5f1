//! One at a time per name: who looks whether something is there and then makes it, is not overtaken meanwhile.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A pseudonym of what is locked.
pub(super) type Key = [u8; 16];

/// What is locked now.
#[derive(Debug, Default)]
pub(super) struct Locks {
    held: Mutex<HashSet<Key>>,
    freed: Notify,
}

/// Some names, held until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    locks: Arc<Locks>,
    keys: Vec<Key>,
}

impl Locks {
    /// Waits until all of the names are free and takes them together: nobody who waits holds any.
    pub(super) async fn hold(self: &Arc<Self>, mut keys: Vec<Key>) -> Held {
        keys.sort_unstable();
        keys.dedup();
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // From here on nothing that is freed goes unnoticed.
            freed.as_mut().enable();
            {
                let mut held = self.held();
                if keys.iter().all(|key| !held.contains(key)) {
                    held.extend(keys.iter().copied());
                    break;
                }
            }
            freed.await;
        }
        Held {
            locks: Arc::clone(self),
            keys,
        }
    }

    fn held(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.locks.held();
        for key in &self.keys {
            held.remove(key);
        }
        drop(held);
        self.locks.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_a_name_that_is_held_waits_until_it_is_free() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let locks = Arc::new(Locks::default());
        runtime.block_on(async {
            let first = locks.hold(vec![[1; 16], [2; 16], [1; 16]]).await;
            let other = locks.hold(vec![[3; 16]]).await;
            let mut second = Box::pin(locks.hold(vec![[2; 16], [4; 16]]));
            let waits = |second: &mut _| asked_once(second);
            assert!(waits(&mut second).is_none());
            drop(other);
            assert!(waits(&mut second).is_none());
            drop(first);
            assert!(waits(&mut second).is_some());
        });
        assert_eq!(locks.held().len(), 0);
    }

    /// What a future gives when it is asked once.
    fn asked_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
