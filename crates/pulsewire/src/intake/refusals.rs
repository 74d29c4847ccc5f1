//! What refusing costs: whoever has much refused waits for the answers, so that others are served meanwhile.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;

use crate::clock::Stopwatch;
use crate::tasks::Stop;

/// So many bytes of one address are refused without waiting.
const AT_ONCE: u64 = 16 << 20;
/// And so many a second beside them, in the long run.
const BYTES_PER_SECOND: u64 = 1 << 20;
/// An answer waits at most so long: less than clients do.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// So many addresses are remembered; beyond that those go who wait for nothing, and nobody is added.
const ADDRESSES_MAX: usize = 4_096;

/// What was refused of late, by address.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    by_address: Mutex<HashMap<IpAddr, Level>>,
    delayed: Counter,
}

/// How many bytes an address is still to wait for.
#[derive(Debug)]
struct Level {
    bytes: u64,
    at: Stopwatch,
}

impl Refusals {
    /// Counts those that waited.
    pub(super) fn counted(delayed: &Counter) -> Self {
        Self {
            by_address: Mutex::default(),
            delayed: delayed.clone(),
        }
    }

    /// Waits before so many bytes of an address are told to be refused, unless it is time to stop; says whether it did.
    pub(super) async fn hold(&self, address: IpAddr, bytes: u64, stop: &mut Stop) -> bool {
        let wait = if bytes == 0 {
            Duration::ZERO
        } else {
            self.wait(address, bytes)
        };
        if wait.is_zero() {
            return false;
        }
        self.delayed.inc();
        stop.sleep(wait).await;
        true
    }

    /// Notes that so many bytes were read of an address and refused; gives how long its answer waits.
    fn wait(&self, address: IpAddr, bytes: u64) -> Duration {
        let mut all = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES_MAX && !all.contains_key(&address) {
            all.retain(|_, level| left(level.bytes, level.at.elapsed()) > 0);
        }
        let now = Stopwatch::start();
        let held = all.get(&address);
        let before = held.map_or(0, |level| left(level.bytes, level.at.elapsed()));
        let (bytes, wait) = after(before, bytes);
        if held.is_some() || all.len() < ADDRESSES_MAX {
            all.insert(address, Level { bytes, at: now });
        }
        wait
    }
}

/// What is left of a level after a time.
fn left(bytes: u64, elapsed: Duration) -> u64 {
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    bytes.saturating_sub(BYTES_PER_SECOND.saturating_mul(micros) / 1_000_000)
}

/// The level with more bytes, and how long is waited there. It rises no farther than to the longest wait: whoever stops
/// is soon as others are.
fn after(level: u64, more: u64) -> (u64, Duration) {
    let most = AT_ONCE + BYTES_PER_SECOND * WAIT_MAX.as_secs();
    let level = level.saturating_add(more).min(most);
    let beyond = level.saturating_sub(AT_ONCE);
    (
        level,
        Duration::from_millis(beyond.saturating_mul(1_000) / BYTES_PER_SECOND),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_much_refused_waits_and_is_forgiven() {
        assert_eq!(after(0, AT_ONCE), (AT_ONCE, Duration::ZERO));
        let (level, wait) = after(AT_ONCE, BYTES_PER_SECOND / 2);
        assert_eq!(wait, Duration::from_millis(500));
        assert_eq!(left(level, wait), AT_ONCE);
        let (most, wait) = after(level, u64::MAX);
        assert_eq!(wait, WAIT_MAX);
        assert_eq!(left(most, WAIT_MAX), AT_ONCE);
        assert_eq!(left(most, Duration::from_secs(60)), 0);
    }

    #[test]
    fn addresses_wait_for_themselves_alone_and_are_forgotten() {
        let refusals = Refusals::default();
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!(refusals.wait(one, AT_ONCE), Duration::ZERO);
        assert!(refusals.wait(one, 64 << 20) > WAIT_MAX / 2);
        assert_eq!(refusals.wait(other, 1), Duration::ZERO);
        for number in 0..100_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            assert_eq!(refusals.wait(address, 0), Duration::ZERO);
        }
        let kept = refusals.by_address.lock().unwrap().len();
        assert!(kept <= ADDRESSES_MAX, "{kept} are remembered");
        assert!(refusals.wait(one, 1) > WAIT_MAX / 2, "it waits still");
    }
}
