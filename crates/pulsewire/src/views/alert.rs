//! One alert as its page shows it: as it stands, with what its rule said each time and who was told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{
    Alert, AlertState, Delivery, DeliveryId, DeliveryKind, Finding, ReceivedTime, wire,
};
use journal::RecordRef;

use super::Views;
use crate::delivery::{Attempt, Ended};

/// So many tries are kept whose news is not read yet.
const EARLY_ATTEMPTS_MAX: usize = 20_000;
/// So many revisions of the reason are kept.
const FINDINGS_MAX: usize = 50;

/// An alert with the findings behind it.
pub(crate) struct AlertView {
    pub(crate) alert: Alert,
    /// What its rule said, oldest first.
    pub(crate) findings: Vec<Finding>,
}

impl AlertView {
    pub(crate) fn new(alert: Alert, first: Option<Finding>) -> Self {
        Self {
            alert,
            findings: first.into_iter().collect(),
        }
    }

    /// Takes in what the rule says anew, while somebody may still have to act.
    pub(crate) fn take_finding(&mut self, finding: &Finding) {
        if self.alert.state.is_active() {
            if self.findings.len() == FINDINGS_MAX {
                self.findings.remove(0);
            }
            self.findings.push(finding.clone());
        }
    }
}

/// One piece of news, and how far it came.
pub(crate) struct DeliveryView {
    pub(crate) id: DeliveryId,
    pub(crate) kind: DeliveryKind,
    pub(crate) channel: Box<str>,
    pub(crate) at: ReceivedTime,
    pub(crate) attempt: Option<Attempt>,
}

impl DeliveryView {
    pub(crate) fn new(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id,
            kind: delivery.kind,
            channel: delivery.channel.clone(),
            at: delivery.at,
            attempt: None,
        }
    }
}

/// The channels by which nobody was reached: the last that became of any news there is that it was given up.
pub(crate) fn given_up(deliveries: &[DeliveryView]) -> BTreeSet<&str> {
    let mut channels = BTreeSet::new();
    for view in deliveries {
        match view.attempt.as_ref().map(|attempt| &attempt.ended) {
            Some(Ended::GivenUp { .. }) => {
                channels.insert(&*view.channel);
            }
            Some(Ended::Delivered) => {
                channels.remove(&*view.channel);
            }
            Some(Ended::Failed { .. }) | None => {}
        }
    }
    channels
}

/// The channels that did not bring what somebody must act on within a time, and have not given it up: what they brought before
/// it counts for nothing.
pub(crate) fn late(
    deliveries: &[DeliveryView],
    within: Duration,
    now: ReceivedTime,
) -> BTreeSet<&str> {
    let mut since: BTreeMap<&str, ReceivedTime> = BTreeMap::new();
    for view in deliveries {
        let ended = view.attempt.as_ref().map(|attempt| &attempt.ended);
        let asks = matches!(view.kind, DeliveryKind::Raised | DeliveryKind::Escalated);
        match ended {
            Some(Ended::Delivered) => {
                since.remove(&*view.channel);
            }
            _ if asks => {
                since.entry(&view.channel).or_insert(view.at);
            }
            _ => {}
        }
    }
    let given_up = given_up(deliveries);
    since.retain(|channel, at| !given_up.contains(channel) && at.plus(within) <= now);
    since.into_keys().collect()
}

/// Says whether later news by the same channel took the place of news that did not arrive.
pub(crate) fn is_superseded(view: &DeliveryView, later: &[DeliveryView]) -> bool {
    let ended = view.attempt.as_ref().map(|attempt| &attempt.ended);
    matches!(ended, None | Some(Ended::Failed { .. }))
        && later.iter().any(|later| later.channel == view.channel)
}

impl Views {
    /// The channels by which nobody was reached with an alert that nobody has taken.
    pub(crate) fn unreached(&self, alert: &Alert) -> BTreeSet<&str> {
        let deliveries = self.deliveries.get(&alert.id);
        let deliveries = deliveries.filter(|_| alert.state == AlertState::Open);
        deliveries.map_or_else(BTreeSet::new, |all| given_up(all))
    }

    /// The channels that did not bring an alert that nobody has taken by the time at which it must be acknowledged.
    pub(crate) fn late(&self, alert: &Alert, now: ReceivedTime) -> BTreeSet<&str> {
        let within = alerts::AcknowledgeWithin::default().of(alert.severity);
        let deliveries = self.deliveries.get(&alert.id);
        let deliveries = deliveries.filter(|_| alert.state == AlertState::Open);
        deliveries.map_or_else(BTreeSet::new, |all| late(all, within, now))
    }

    pub(super) fn take_delivery(&mut self, record: &RecordRef<'_>) {
        let Some(delivery) = record
            .value
            .and_then(|json| wire::delivery_from_json(json).ok())
        else {
            return;
        };
        let mut view = DeliveryView::new(&delivery);
        view.attempt = self.early_attempts.remove(&view.id);
        let of_alert = self.deliveries.entry(delivery.alert.id).or_default();
        of_alert.push(view);
    }

    pub(super) fn take_attempt(&mut self, record: &RecordRef<'_>) {
        let Some(attempt) = record.value.and_then(Attempt::from_json) else {
            return;
        };
        let known = self
            .deliveries
            .values_mut()
            .flatten()
            .find(|view| view.id == attempt.delivery);
        if let Some(view) = known {
            view.attempt = Some(attempt);
            return;
        }
        // The two topics are read beside each other: a try can be seen before its news.
        self.early.push_back(attempt.delivery);
        self.early_attempts.insert(attempt.delivery, attempt);
        // What was read first goes first: of news that is gone already, nothing comes.
        if self.early.len() > EARLY_ATTEMPTS_MAX
            && let Some(first) = self.early.pop_front()
        {
            self.early_attempts.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(channel: &str, ended: Option<Ended>) -> DeliveryView {
        let at = ReceivedTime::from_micros(0);
        let id = DeliveryId::derive(&[channel.as_bytes()]);
        DeliveryView {
            id,
            kind: DeliveryKind::Raised,
            channel: channel.into(),
            at,
            attempt: ended.map(|ended| Attempt {
                delivery: id,
                number: 1,
                first_at: at,
                at,
                ended,
            }),
        }
    }

    #[test]
    fn a_channel_that_gave_up_is_named_until_it_brings_something() {
        let given = || Some(Ended::GivenUp { why: "503".into() });
        let mut all = vec![
            news("console", Some(Ended::Delivered)),
            news("pager", given()),
            news("pager", None),
        ];
        assert!(given_up(&all).into_iter().eq(["pager"]));
        all.push(news("pager", Some(Ended::Delivered)));
        assert!(given_up(&all).is_empty());
        assert!(given_up(&[]).is_empty());
    }

    #[test]
    fn a_channel_is_late_from_the_deadline_until_it_brings_the_news() {
        let minute = |count: i64| ReceivedTime::from_micros(count * 60_000_000);
        let within = Duration::from_secs(5 * 60);
        let failed = || {
            Some(Ended::Failed {
                why: "503".into(),
                next: minute(1),
            })
        };
        let told = |all: &[DeliveryView], at| late(all, within, minute(at)).len();
        for ended in [None, failed()] {
            let mut all = vec![
                news("console", Some(Ended::Delivered)),
                news("pager", ended),
            ];
            assert_eq!([told(&all, 4), told(&all, 5)], [0, 1]);
            assert!(late(&all, within, minute(5)).contains("pager"));
            // The reminder is waited for as long as the news before it.
            all.push(DeliveryView {
                at: minute(5),
                kind: DeliveryKind::Escalated,
                ..news("pager", None)
            });
            assert_eq!(told(&all, 5), 1);
            assert!(is_superseded(&all[1], &all[2..]));
            assert!(!is_superseded(&all[0], &all[1..]) && !is_superseded(&all[2], &[]));
            all.push(news("pager", Some(Ended::Delivered)));
            assert_eq!(told(&all, 9), 0);
        }
        let given_up = news("pager", Some(Ended::GivenUp { why: "503".into() }));
        assert_eq!(told(&[given_up], 9), 0, "it is told as given up");
    }
}
