//! A source as pages show it: what came in the last minutes, what was answered, and how it stands.

use std::collections::{BTreeMap, BTreeSet};

use clinical::ReceivedTime;

use crate::intake::activity::Told;
use crate::stages::SourceStatus;

/// So many minutes are kept: the trend of a page.
pub(crate) const MINUTES_KEPT: i64 = 60;
/// The rate now is that of so many minutes.
const MINUTES_NOW: i64 = 5;
/// So many codes of answers are told apart.
const CODES_MAX: usize = 64;

/// What is known of a source.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceView {
    pub(crate) ways: BTreeSet<String>,
    /// New messages by minute since the epoch, over all processes.
    minutes: BTreeMap<i64, u64>,
    /// The newest minute that was told of.
    newest: i64,
    pub(crate) answers: BTreeMap<String, u64>,
    pub(crate) backfill: u64,
    pub(crate) bytes: u64,
    pub(crate) last: Option<ReceivedTime>,
    pub(crate) lag_ms: Option<u64>,
    pub(crate) certificate_expires: Option<ReceivedTime>,
    /// What the sources station says of it.
    pub(crate) standing: Option<SourceStatus>,
}

impl SourceView {
    pub(crate) fn take_activity(&mut self, told: &Told) {
        let time = |text: &Option<String>| text.as_deref().and_then(ReceivedTime::parse);
        let Some(minute) = told.minute() else {
            return;
        };
        self.newest = self.newest.max(minute);
        *self.minutes.entry(minute).or_default() += told.messages;
        let oldest = self.newest - MINUTES_KEPT;
        self.minutes.retain(|minute, _| *minute > oldest);
        self.ways.extend(told.ways.iter().cloned());
        for answer in &told.answers {
            if self.answers.len() < CODES_MAX || self.answers.contains_key(&answer.code) {
                *self.answers.entry(answer.code.clone()).or_default() += answer.count;
            }
        }
        self.backfill += told.backfill;
        self.bytes += told.bytes;
        let last = time(&told.last);
        if last >= self.last && told.lag_ms.is_some() {
            self.lag_ms = told.lag_ms;
        }
        self.last = self.last.max(last);
        self.certificate_expires = time(&told.certificate_expires).or(self.certificate_expires);
    }

    /// Messages in the last minutes that are over, as a rate by the hour.
    pub(crate) fn per_hour(&self, now: ReceivedTime) -> u64 {
        let over = now.micros().div_euclid(60 * 1_000_000);
        let counts = self.minutes.range(over - MINUTES_NOW..over);
        let count: u64 = counts.map(|(_, count)| count).sum();
        count * 60 / MINUTES_NOW.unsigned_abs()
    }

    /// Messages by minute, oldest first; the last is the newest that is over.
    pub(crate) fn trend(&self, now: ReceivedTime) -> Vec<u64> {
        let over = now.micros().div_euclid(60 * 1_000_000);
        let each = over - MINUTES_KEPT + 1..over;
        each.map(|minute| self.minutes.get(&minute).copied().unwrap_or_default())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(minute: i64, process: &str, messages: u64) -> Told {
        let at = ReceivedTime::from_micros(minute * 60 * 1_000_000).to_string();
        let json = serde_json::json!({"version": 1, "source": "lab", "process": process, "minute": at, "ways": ["mllp"],
            "messages": messages, "signals": [], "backfill": 0, "answers": [{"code": "AA", "count": messages}], "bytes": 10,
            "last": at, "lagMs": minute});
        Told::from_json(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn minutes_of_several_processes_add_up_and_old_ones_go() {
        let mut view = SourceView::default();
        for minute in 1_000..1_100 {
            view.take_activity(&told(minute, "one", 2));
            view.take_activity(&told(minute, "two", 1));
        }
        let now = ReceivedTime::from_micros(1_100 * 60 * 1_000_000 + 1);
        assert_eq!(view.per_hour(now), 180);
        assert_eq!(view.minutes.len(), 60);
        let trend = view.trend(now);
        assert_eq!((trend.len(), trend.iter().sum::<u64>()), (59, 59 * 3));
        assert_eq!(view.answers["AA"], 300);
        assert_eq!(view.lag_ms, Some(1_099));
        // Where nobody tells anything any more, there is nothing now.
        let later = ReceivedTime::from_micros(1_106 * 60 * 1_000_000);
        assert_eq!(view.per_hour(later), 0);
    }
}
