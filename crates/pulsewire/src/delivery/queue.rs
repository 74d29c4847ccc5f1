//! What one channel still has to bring, and when: pure, so that retries can be tested without waiting.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{AlertId, Delivery, DeliveryId, ReceivedTime, Severity};
use serde::{Deserialize, Serialize};

use crate::retry_after::Again;

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

/// Why news was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) why: String,
    /// When the receiver wants to be asked again.
    pub(super) again: Option<Again>,
}

impl<W: Into<String>> From<W> for Failed {
    fn from(why: W) -> Self {
        Self {
            why: why.into(),
            again: None,
        }
    }
}

/// When it is tried and where the journal keeps it.
type Place = (ReceivedTime, u16, u64);
/// What is tried first: the most severe; of one severity what was never tried, then what waits longest.
type Rank = (Reverse<Severity>, bool, Place);

/// The news of an alert that waits.
struct Waiting {
    revision: u32,
    severity: Severity,
    place: Place,
}

/// What is pending: what can be tried by its rank, the rest by the time of its next try.
///
/// Of one alert only the newest news waits: what it takes the place of would be told hours after it was true.
pub(super) struct Queue {
    retry: Retry,
    ready: BTreeMap<Rank, Due>,
    pending: BTreeMap<Place, Due>,
    waiting: BTreeMap<AlertId, Waiting>,
    offsets: BTreeSet<(u16, u64)>,
    tried: BTreeMap<DeliveryId, Attempt>,
}

impl Queue {
    pub(super) fn new(retry: Retry) -> Self {
        Self {
            retry,
            ready: BTreeMap::new(),
            pending: BTreeMap::new(),
            waiting: BTreeMap::new(),
            offsets: BTreeSet::new(),
            tried: BTreeMap::new(),
        }
    }

    /// Takes in a try of an earlier run.
    pub(super) fn remember(&mut self, attempt: Attempt) {
        self.tried.insert(attempt.delivery, attempt);
    }

    /// Takes in news; what has arrived or was given up is not taken again, and what is older than it is not told any more.
    pub(super) fn add(&mut self, due: Due) {
        let before = self
            .tried
            .get(&due.delivery.id)
            .map(|attempt| &attempt.ended);
        let is_over = matches!(before, Some(Ended::Delivered | Ended::GivenUp { .. }));
        if self.offsets.contains(&(due.partition, due.offset)) {
            return;
        }
        let alert = &due.delivery.alert;
        let other = self.waiting.get(&alert.id);
        if other.is_some_and(|other| other.revision > alert.revision) {
            return;
        }
        self.let_go(alert.id);
        if !is_over {
            self.offsets.insert((due.partition, due.offset));
            self.plan(due);
        }
    }

    /// Lets go of what waits of an alert.
    fn let_go(&mut self, alert: AlertId) {
        let Some(old) = self.waiting.remove(&alert) else {
            return;
        };
        let (_, partition, offset) = old.place;
        self.offsets.remove(&(partition, offset));
        let rank = |is_tried| (Reverse(old.severity), is_tried, old.place);
        let due = self.pending.remove(&old.place);
        let due = due.or_else(|| self.ready.remove(&rank(false)));
        if let Some(due) = due.or_else(|| self.ready.remove(&rank(true))) {
            self.tried.remove(&due.delivery.id);
        }
    }

    /// Gives what is due now: the most severe; of one severity what was never tried, then what waits longest for another try.
    pub(super) fn next_due(&mut self, now: ReceivedTime) -> Option<Due> {
        while let Some(entry) = self.pending.first_entry()
            && entry.key().0 <= now
        {
            let (place, due) = entry.remove_entry();
            let rank = (Reverse(due.delivery.alert.severity), true, place);
            self.ready.insert(rank, due);
        }
        self.ready.pop_first().map(|(_, due)| due)
    }

    /// Takes in how a try ended, and plans the next if there is one.
    pub(super) fn ended(
        &mut self,
        due: &Due,
        carried: Result<(), Failed>,
        now: ReceivedTime,
    ) -> Attempt {
        let id = due.delivery.id;
        let before = self.tried.get(&id);
        let number = before.map_or(0, |attempt| attempt.number).saturating_add(1);
        let first_at = before.map_or(now, |attempt| attempt.first_at);
        let ended = match carried {
            Ok(()) => Ended::Delivered,
            Err(Failed { why, .. }) if now >= first_at.plus(self.retry.give_up_after) => {
                Ended::GivenUp { why }
            }
            Err(Failed { why, again }) => Ended::Failed {
                why,
                next: now.plus(self.pause(number, again, now)),
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
            self.waiting.remove(&due.delivery.alert.id);
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
        let alert = &due.delivery.alert;
        let at = next.unwrap_or(due.delivery.at);
        let place = (at, due.partition, due.offset);
        let waiting = Waiting {
            revision: alert.revision,
            severity: alert.severity,
            place,
        };
        let rank = (Reverse(alert.severity), false, place);
        self.waiting.insert(alert.id, waiting);
        match next {
            Some(_) => self.pending.insert(place, due),
            None => self.ready.insert(rank, due),
        };
    }

    /// How long until the next try: twice as long each time, or what the receiver asks for, within what is configured.
    fn pause(&self, number: u32, again: Option<Again>, now: ReceivedTime) -> Duration {
        let doubled = 1_u32
            .checked_shl(number.saturating_sub(1))
            .unwrap_or(u32::MAX);
        again
            .map(|again| again.after(now))
            .unwrap_or_else(|| self.retry.first.saturating_mul(doubled))
            .clamp(self.retry.first, self.retry.longest.max(self.retry.first))
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
    fn of_one_alert_the_newest_news_alone_is_told_and_at_once() {
        let mut queue = Queue::new(RETRY);
        let mut later = due("a", 9);
        later.delivery.id = DeliveryId::derive(&[b"later"]);
        later.delivery.alert.revision = 2;
        queue.add(due("a", 7));
        let first = queue.next_due(at(0)).unwrap();
        queue.ended(&first, Err("x".into()), at(0));
        queue.add(later.clone());
        assert_eq!(queue.oldest(3), Some(9));
        // What was never tried does not wait for the next try of what it takes the place of.
        let newest = queue.next_due(at(1)).unwrap();
        assert_eq!(newest.offset, 9);
        let attempt = queue.ended(&newest, Ok(()), at(1));
        assert!(queue.next_due(at(9)).is_none() && queue.is_empty());

        // Whoever goes on knows it, too, though the place in the journal is before both.
        let mut after = Queue::new(RETRY);
        after.remember(attempt);
        after.add(due("a", 7));
        after.add(later);
        assert!(after.next_due(at(9)).is_none() && after.is_empty());
    }

    #[test]
    fn the_most_severe_goes_first_and_of_one_severity_the_oldest() {
        let mut queue = Queue::new(RETRY);
        let severities = [
            Severity::Medium,
            Severity::Critical,
            Severity::High,
            Severity::Critical,
            Severity::Medium,
        ];
        for (offset, severity) in (0..).zip(severities) {
            let mut due = due(&format!("{offset}"), offset);
            due.delivery.alert.severity = severity;
            queue.add(due);
        }
        let first = queue.next_due(at(0)).unwrap();
        assert_eq!(first.offset, 1);
        queue.ended(&first, Err("x".into()), at(0));
        assert_eq!(queue.next_due(at(0)).unwrap().offset, 3);
        // A critical one whose time has come again goes before less severe ones that were never tried.
        let order = std::iter::from_fn(|| queue.next_due(at(2)));
        let order: Vec<u64> = order.map(|due| due.offset).collect();
        assert_eq!(order, [1, 2, 0, 4]);
    }

    #[test]
    fn a_receiver_says_when_it_is_asked_again_within_what_is_configured() {
        let pause = |again| {
            let mut queue = Queue::new(RETRY);
            queue.add(due("a", 7));
            let job = queue.next_due(at(100)).unwrap();
            let failed = Failed {
                why: "429".into(),
                again: Some(again),
            };
            match queue.ended(&job, Err(failed), at(100)).ended {
                Ended::Failed { next, .. } => next.micros() / 1_000_000 - 100,
                other => panic!("{other:?}"),
            }
        };
        let seconds = |count| pause(Again::In(Duration::from_secs(count)));
        assert_eq!([0, 7, 10, 11].map(seconds), [2, 7, 10, 10]);
        assert_eq!(
            [99, 107, 200].map(|time| pause(Again::At(at(time)))),
            [2, 7, 10]
        );
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
