//! How fast things go: counters looked at every few seconds, the last minutes kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;

/// How often the counters are looked at.
pub(crate) const EVERY: Duration = Duration::from_secs(2);
/// So many looks are kept: the trend of a page.
const KEPT: usize = 90;

/// Rates by station.
#[derive(Clone, Default)]
pub(crate) struct Rates(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    last: Option<Stopwatch>,
    counts: BTreeMap<&'static str, u64>,
    trends: BTreeMap<&'static str, VecDeque<f64>>,
}

impl Rates {
    /// Takes in what the counters say now.
    pub(crate) fn look(&self, counts: &[(&'static str, u64)]) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = inner.last.map(|last| last.elapsed().as_secs_f64());
        inner.last = Some(Stopwatch::start());
        for (name, count) in counts {
            let before = inner.counts.insert(name, *count);
            let (Some(before), Some(elapsed)) = (before, elapsed) else {
                continue;
            };
            let more = u32::try_from(count.saturating_sub(before)).unwrap_or(u32::MAX);
            let trend = inner.trends.entry(name).or_default();
            trend.push_back(f64::from(more) / elapsed.max(1e-3));
            if trend.len() > KEPT {
                trend.pop_front();
            }
        }
    }

    /// The rates of a station, oldest first; the last is the one now.
    pub(crate) fn trend(&self, name: &str) -> Vec<f64> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .trends
            .get(name)
            .map(|trend| trend.iter().copied().collect())
            .unwrap_or_default()
    }
}
