//! What one channel still has to bring, and when: pure, so that retries can be tested without waiting.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use clinical::{AlertId, Delivery, DeliveryId, ReceivedTime};
use serde::{Deserialize, Serialize};

/// How often to try: twice as long each time, up to a longest pause, until it is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    pub(super) first: Duration,
    pub(super) longest: Duration,
    pub(super) give_up_after: Duration,
}

/// News that is due, and where the journal keeps it.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) delivery: Delivery,
    pub(super) json: Box<[u8]>,
    pub(super) partition: u16,
    pub(super) offset: u64,
}

/// One try, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) delivery: DeliveryId,
    pub(crate) number: u32,
    /// When it was first tried: what could not be tried while the platform was down is not given up for that.
    pub(crate) first_at: ReceivedTime,
    pub(crate) at: ReceivedTime,
    pub(crate) ended: Ended,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Delivered,
    Failed { why: String, next: ReceivedTime },
    GivenUp { why: String },
}

/// A try in the journal's JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    delivery: String,
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    first_at: Option<String>,
    at: String,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next_attempt_at: Option<String>,
}

impl Attempt {
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let (outcome, why, next) = match &self.ended {
            Ended::Delivered => ("delivered", None, None),
            Ended::Failed { why, next } => ("failed", Some(why.clone()), Some(next.to_string())),
            Ended::GivenUp { why } => ("given-up", Some(why.clone()), None),
        };
        let written = Written {
            delivery: self.delivery.to_string(),
            number: self.number,
            first_at: Some(self.first_at.to_string()),
            at: self.at.to_string(),
            outcome: outcome.to_owned(),
            why,
            next_attempt_at: next,
        };
        serde_json::to_vec(&written).expect("words and numbers always make JSON")
    }

    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(json).ok()?;
        let why = written.why.unwrap_or_default();
        let ended = match written.outcome.as_str() {
            "delivered" => Ended::Delivered,
            "failed" => Ended::Failed {
                why,
                next: ReceivedTime::parse(&written.next_attempt_at?)?,
            },
            "given-up" => Ended::GivenUp { why },
            _ => return None,
        };
        Some(Self {
            delivery: DeliveryId::parse(&written.delivery)?,
            number: written.number,
            first_at: ReceivedTime::parse(written.first_at.as_ref().unwrap_or(&written.at))?,
            at: ReceivedTime::parse(&written.at)?,
            ended,
        })
    }
}

/// What is pending: what was never tried in the order of the journal, the rest by the time of its next try.
///
/// News of one alert goes out in its order: while an earlier piece of it is pending, the later ones wait behind it.
pub(super) struct Queue {
    retry: Retry,
    fresh: BTreeMap<(ReceivedTime, u16, u64), Due>,
    pending: BTreeMap<(ReceivedTime, u16, u64), Due>,
    behind: BTreeMap<AlertId, VecDeque<Due>>,
    offsets: BTreeSet<(u16, u64)>,
    tried: BTreeMap<DeliveryId, Attempt>,
}

impl Queue {
    pub(super) fn new(retry: Retry) -> Self {
        Self {
            retry,
            fresh: BTreeMap::new(),
            pending: BTreeMap::new(),
            behind: BTreeMap::new(),
            offsets: BTreeSet::new(),
            tried: BTreeMap::new(),
        }
    }

    /// Takes in a try of an earlier run.
    pub(super) fn remember(&mut self, attempt: Attempt) {
        self.tried.insert(attempt.delivery, attempt);
    }

    /// Takes in news; what has arrived or was given up is not taken again.
    pub(super) fn add(&mut self, due: Due) {
        let before = self
            .tried
            .get(&due.delivery.id)
            .map(|attempt| &attempt.ended);
        if matches!(before, Some(Ended::Delivered | Ended::GivenUp { .. })) {
            return;
        }
        if !self.offsets.insert((due.partition, due.offset)) {
            return;
        }
        match self.behind.get_mut(&due.delivery.alert.id) {
            Some(behind) => behind.push_back(due),
            None => {
                self.behind.insert(due.delivery.alert.id, VecDeque::new());
                self.plan(due);
            }
        }
    }

    /// Gives what is due now: what was never tried first, then what waits longest for another try.
    pub(super) fn next_due(&mut self, now: ReceivedTime) -> Option<Due> {
        if let Some((_, due)) = self.fresh.pop_first() {
            return Some(due);
        }
        let entry = self
            .pending
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }

    /// Takes in how a try ended, and plans the next if there is one.
    pub(super) fn ended(
        &mut self,
        due: &Due,
        carried: Result<(), String>,
        now: ReceivedTime,
    ) -> Attempt {
        let id = due.delivery.id;
        let before = self.tried.get(&id);
        let number = before.map_or(0, |attempt| attempt.number).saturating_add(1);
        let first_at = before.map_or(now, |attempt| attempt.first_at);
        let ended = match carried {
            Ok(()) => Ended::Delivered,
            Err(why) if now >= first_at.plus(self.retry.give_up_after) => Ended::GivenUp { why },
            Err(why) => Ended::Failed {
                why,
                next: now.plus(self.pause(number)),
            },
        };
        let attempt = Attempt {
            delivery: id,
            number,
            first_at,
            at: now,
            ended,
        };
        if let Ended::Failed { .. } = &attempt.ended {
            self.tried.insert(id, attempt.clone());
            self.plan(due.clone());
        } else {
            self.tried.remove(&id);
            self.offsets.remove(&(due.partition, due.offset));
            self.follow(due.delivery.alert.id);
        }
        attempt
    }

    /// The offset of the oldest news of a partition that is still pending.
    pub(super) fn oldest(&self, partition: u16) -> Option<u64> {
        let of = self.offsets.range((partition, 0)..=(partition, u64::MAX));
        of.map(|(_, offset)| *offset).next()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    fn plan(&mut self, due: Due) {
        let next = match self
            .tried
            .get(&due.delivery.id)
            .map(|attempt| &attempt.ended)
        {
            Some(Ended::Failed { next, .. }) => Some(*next),
            _ => None,
        };
        let at = next.unwrap_or(due.delivery.at);
        let line = if next.is_some() {
            &mut self.pending
        } else {
            &mut self.fresh
        };
        line.insert((at, due.partition, due.offset), due);
    }

    /// Lets the next news of an alert go, now that the one before it is done with.
    fn follow(&mut self, alert: AlertId) {
        match self.behind.get_mut(&alert).and_then(VecDeque::pop_front) {
            Some(next) => self.plan(next),
            None => {
                self.behind.remove(&alert);
            }
        }
    }

    fn pause(&self, number: u32) -> Duration {
        let doubled = 1_u32
            .checked_shl(number.saturating_sub(1))
            .unwrap_or(u32::MAX);
        self.retry
            .first
            .saturating_mul(doubled)
            .min(self.retry.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clinical::{
        Alert, AlertId, AlertState, DeliveryKind, EventTime, FindingId, PatientKey, Severity,
    };

    const RETRY: Retry = Retry {
        first: Duration::from_secs(2),
        longest: Duration::from_secs(10),
        give_up_after: Duration::from_secs(60),
    };

    fn at(second: i64) -> ReceivedTime {
        ReceivedTime::from_micros(second * 1_000_000)
    }

    fn due(name: &str, offset: u64) -> Due {
        let alert = Alert {
            id: AlertId::derive(&[name.as_bytes()]),
            patient: PatientKey::default(),
            condition: "deterioration".into(),
            episode: 1,
            revision: 1,
            severity: Severity::High,
            state: AlertState::Open,
            reason: "".into(),
            rule: "".into(),
            as_of: EventTime::default(),
            known_at: at(0),
            opened_at: at(0),
            finding: FindingId::default(),
            evidence: vec![],
            history: vec![],
        };
        let id = DeliveryId::derive(&[name.as_bytes()]);
        let delivery = Delivery {
            id,
            alert,
            kind: DeliveryKind::Raised,
            channel: "pager".into(),
            at: at(0),
        };
        Due {
            delivery,
            json: Box::default(),
            partition: 3,
            offset,
        }
    }

    #[test]
    fn a_failed_try_comes_back_later_and_later() {
        let mut queue = Queue::new(RETRY);
        queue.add(due("a", 7));
        let mut pauses = Vec::new();
        let mut now = 0;
        for _ in 0..5 {
            let job = queue.next_due(at(now)).unwrap();
            let Ended::Failed { next, .. } =
                queue.ended(&job, Err("refused".into()), at(now)).ended
            else {
                panic!()
            };
            assert!(queue.next_due(at(now)).is_none());
            pauses.push(next.micros() / 1_000_000 - now);
            now = next.micros() / 1_000_000;
        }
        assert_eq!(pauses, [2, 4, 8, 10, 10]);
        assert_eq!(queue.oldest(3), Some(7));
    }

    #[test]
    fn it_ends_when_delivered_and_when_given_up() {
        let mut queue = Queue::new(RETRY);
        queue.add(due("a", 7));
        queue.add(due("b", 8));
        let first = queue.next_due(at(0)).unwrap();
        assert_eq!(queue.ended(&first, Ok(()), at(0)).ended, Ended::Delivered);
        let second = queue.next_due(at(500)).unwrap();
        let failed = queue.ended(&second, Err("x".into()), at(500)).ended;
        assert!(
            matches!(failed, Ended::Failed { .. }),
            "a first try is never the last"
        );
        let again = queue.next_due(at(561)).unwrap();
        let ended = queue.ended(&again, Err("x".into()), at(561)).ended;
        assert!(matches!(ended, Ended::GivenUp { .. }));
        assert!(queue.is_empty());
    }

    #[test]
    fn news_of_one_alert_keeps_its_order_and_new_alerts_do_not_wait_for_it() {
        let mut queue = Queue::new(RETRY);
        let mut later = due("a", 9);
        later.delivery.id = DeliveryId::derive(&[b"later"]);
        queue.add(due("a", 7));
        queue.add(later);
        let first = queue.next_due(at(0)).unwrap();
        queue.ended(&first, Err("x".into()), at(0));
        assert!(
            queue.next_due(at(1)).is_none(),
            "the later news waits behind the first"
        );
        queue.add(due("b", 11));
        assert_eq!(queue.next_due(at(2)).unwrap().offset, 11);
        let again = queue.next_due(at(2)).unwrap();
        assert_eq!(again.offset, 7);
        queue.ended(&again, Ok(()), at(2));
        assert_eq!(queue.next_due(at(2)).unwrap().offset, 9);
    }

    #[test]
    fn a_restart_goes_on_where_it_was() {
        let mut before = Queue::new(RETRY);
        before.add(due("a", 7));
        before.add(due("b", 8));
        let mut kept = Vec::new();
        for _ in 0..2 {
            let job = before.next_due(at(0)).unwrap();
            let carried = if job.offset == 7 {
                Err("x".into())
            } else {
                Ok(())
            };
            kept.push(before.ended(&job, carried, at(0)).to_json());
        }
        let mut after = Queue::new(RETRY);
        for json in &kept {
            after.remember(Attempt::from_json(json).unwrap());
        }
        after.add(due("a", 7));
        after.add(due("b", 8));
        assert!(after.next_due(at(1)).is_none());
        let job = after.next_due(at(2)).unwrap();
        assert_eq!(job.offset, 7);
        assert_eq!(after.ended(&job, Err("x".into()), at(2)).number, 2);
    }
}
